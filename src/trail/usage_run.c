/* Writing runs of counted uses, and reading them back. */
#include "trail/usage_run.h"

#include "crypto/crc.h"
#include "system/files.h"

enum { INDEX_BYTES_MOST = 256 << 20 };
#define MAGIC SLICE("KHUSAGE\1")

/* ---- writing */

static status end_block(usage_writer *w) {
    slice bytes = buffer_slice(&w->block);
    if (bytes.len == 0) return OK;
    TRY(files_write_at(w->fd, w->offset, bytes));
    TRY(buffer_append_u64(&w->index, w->offset));
    TRY(buffer_append_u32(&w->index, (uint32_t)bytes.len));
    TRY(buffer_append_u32(&w->index, crc32c_update(0, bytes)));
    TRY(buffer_append(&w->index, slice_of(w->start, sizeof w->start)));
    w->offset += bytes.len;
    buffer_reset(&w->block);
    return OK;
}

status usage_writer_put(usage_writer *w, const usage_row *row) {
    ENSURE(row->order.len >= USAGE_START_BYTES, INVALID_PARAMETER);
    if (w->block.len >= USAGE_BLOCK_BYTES) TRY(end_block(w));
    if (w->block.len == 0) memcpy(w->start, row->order.at, sizeof w->start);
    w->rows++;
    return usage_row_write(row, &w->block);
}

static status put_footer(const usage_writer *w, const usage_range *range, buffer *out) {
    TRY(buffer_append(out, MAGIC));
    TRY(buffer_append_u64(out, range->first));
    TRY(buffer_append_u64(out, range->count));
    TRY(buffer_append(out, slice_of(range->hash.at, MERKLE_HASH_BYTES)));
    TRY(buffer_append_u64(out, w->rows));
    TRY(buffer_append_u64(out, w->offset));
    TRY(buffer_append_u32(out, (uint32_t)(w->index.len / USAGE_INDEX_BYTES)));
    TRY(buffer_append_u32(out, crc32c_update(0, buffer_slice(&w->index))));
    return buffer_append_u32(out, crc32c_update(0, buffer_slice(out)));
}

status usage_writer_end(usage_writer *w, const usage_range *range) {
    OWNED(buffer) footer = {0};
    TRY(end_block(w));
    TRY(put_footer(w, range, &footer));
    TRY(files_write_at(w->fd, w->offset, buffer_slice(&w->index)));
    return files_write_at(w->fd, w->offset + w->index.len, buffer_slice(&footer));
}

void usage_writer_clear(usage_writer *w) {
    buffer_clear(&w->block);
    buffer_clear(&w->index);
}

/* ---- reading */

typedef struct footer {
    usage_range range;
    uint64_t rows, index_offset;
    uint32_t blocks, index_crc;
} footer;

static status read_exactly(int fd, uint64_t offset, size_t bytes, buffer *out) {
    size_t got;
    buffer_reset(out);
    TRY(buffer_reserve(out, bytes));
    TRY(files_read_at(fd, offset, out->at, bytes, &got));
    ENSURE(got == bytes, CORRUPT);
    out->len = bytes;
    return OK;
}

static status take_footer(slice bytes, footer *out) {
    slice rest = bytes, magic, hash;
    uint32_t crc;
    bool is_whole = slice_take(&rest, MAGIC.len, &magic) && slice_take_u64(&rest, &out->range.first) &&
                    slice_take_u64(&rest, &out->range.count) && slice_take(&rest, MERKLE_HASH_BYTES, &hash) &&
                    slice_take_u64(&rest, &out->rows) && slice_take_u64(&rest, &out->index_offset) &&
                    slice_take_u32(&rest, &out->blocks) && slice_take_u32(&rest, &out->index_crc) &&
                    slice_take_u32(&rest, &crc) && rest.len == 0;
    ENSURE(is_whole && slice_equals(magic, MAGIC), CORRUPT);
    ENSURE(crc == crc32c_update(0, slice_head(bytes, bytes.len - 4)), CORRUPT);
    memcpy(out->range.hash.at, hash.at, MERKLE_HASH_BYTES);
    return OK;
}

static status open_all(usage_reader *r) {
    uint64_t size;
    footer f;
    TRY(files_size(r->fd, &size));
    ENSURE(size >= USAGE_FOOTER_BYTES, CORRUPT);
    TRY(read_exactly(r->fd, size - USAGE_FOOTER_BYTES, USAGE_FOOTER_BYTES, &r->block));
    TRY(take_footer(buffer_slice(&r->block), &f));
    uint64_t index_bytes = (uint64_t)f.blocks * USAGE_INDEX_BYTES;
    ENSURE(index_bytes <= INDEX_BYTES_MOST && f.index_offset + index_bytes + USAGE_FOOTER_BYTES == size, CORRUPT);
    TRY(read_exactly(r->fd, f.index_offset, (size_t)index_bytes, &r->index));
    ENSURE(crc32c_update(0, buffer_slice(&r->index)) == f.index_crc, CORRUPT);
    r->range = f.range;
    r->rows = f.rows;
    r->blocks = f.blocks;
    return OK;
}

status usage_reader_open(int fd, usage_reader *out) {
    usage_reader r = {.fd = fd};
    status opened = open_all(&r);
    if (FAILED(opened)) {
        usage_reader_clear(&r);
        return opened;
    }
    *out = r;
    return OK;
}

void usage_reader_clear(usage_reader *r) {
    files_close(r->fd);
    buffer_clear(&r->index);
    buffer_clear(&r->block);
    *r = (usage_reader){.fd = -1};
}

static slice index_entry(const usage_reader *r, uint32_t block) {
    return slice_head(slice_skip(buffer_slice(&r->index), (size_t)block * USAGE_INDEX_BYTES), USAGE_INDEX_BYTES);
}

static status load_block(usage_reader *r, uint32_t block) {
    slice entry = index_entry(r, block);
    uint64_t offset;
    uint32_t bytes, crc;
    ENSURE(slice_take_u64(&entry, &offset) && slice_take_u32(&entry, &bytes) && slice_take_u32(&entry, &crc), CORRUPT);
    ENSURE(bytes <= USAGE_BLOCK_BYTES + USAGE_ORDER_BYTES_MOST + 64, CORRUPT);
    TRY(read_exactly(r->fd, offset, bytes, &r->block));
    ENSURE(crc32c_update(0, buffer_slice(&r->block)) == crc, CORRUPT);
    r->rest = buffer_slice(&r->block);
    r->next_block = block + 1;
    return OK;
}

status usage_reader_next(usage_reader *r) {
    while (r->rest.len == 0) {
        r->is_end = r->next_block >= r->blocks;
        if (r->is_end) return OK;
        TRY(load_block(r, r->next_block));
    }
    ENSURE(usage_row_take(&r->rest, &r->row), CORRUPT);
    return OK;
}

/* The last block whose first line lies before the key and hour: earlier ones hold nothing that is wanted. */
static uint32_t block_before(const usage_reader *r, slice start) {
    uint32_t low = 0, high = r->blocks;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        slice first = slice_skip(index_entry(r, middle), USAGE_INDEX_BYTES - USAGE_START_BYTES);
        if (slice_compare(first, start) < 0) low = middle + 1;
        else high = middle;
    }
    return low ? low - 1 : 0;
}

status usage_reader_seek(usage_reader *r, slice order) {
    r->rest = (slice){0};
    r->is_end = false;
    r->next_block = block_before(r, slice_head(order, USAGE_START_BYTES));
    do TRY(usage_reader_next(r));
    while (!r->is_end && slice_compare(r->row.order, order) < 0);
    return OK;
}
