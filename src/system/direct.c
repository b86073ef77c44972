/* The block in which a write ends is kept: the next write begins in it. */
#include "system/direct.h"

#include <stdlib.h>

#include "system/files.h"

enum { KEPT_BYTES = 512 << 10 };

static const uint64_t NO_BLOCK = UINT64_MAX;

status direct_open(int dir_fd, const char *name, direct *out) {
    int fd;
    TRY(files_open_direct(dir_fd, name, &fd));
    *out = (direct){.fd = fd, .held_at = NO_BLOCK};
    return OK;
}

void direct_clear(direct *d) {
    if (d->fd > 0) files_close(d->fd);
    free(d->blocks);
    *d = (direct){0};
}

static uint64_t block_start(uint64_t offset) { return offset - offset % DIRECT_BLOCK_BYTES; }

/* Room for so many bytes, the block held among them; far more than usual is not kept for long. */
static status blocks_need(direct *d, size_t bytes) {
    size_t capacity = d->capacity > KEPT_BYTES ? 0 : d->capacity;
    if (bytes <= capacity) return OK;
    capacity = capacity ? capacity : 16 * (size_t)DIRECT_BLOCK_BYTES;
    while (capacity < bytes) capacity *= 2;
    uint8_t *blocks = aligned_alloc(DIRECT_BLOCK_BYTES, capacity);
    ENSURE(blocks != NULL, OUT_OF_MEMORY);
    if (d->held_at != NO_BLOCK) memcpy(blocks, d->blocks, DIRECT_BLOCK_BYTES);
    free(d->blocks);
    d->blocks = blocks;
    d->capacity = capacity;
    return OK;
}

/* The first block of a write that begins within it. */
static status block_hold(direct *d, uint64_t at) {
    size_t got;
    if (d->held_at == at) return OK;
    d->held_at = NO_BLOCK;
    TRY(files_read_at(d->fd, at, d->blocks, DIRECT_BLOCK_BYTES, &got));
    ENSURE(got == DIRECT_BLOCK_BYTES, IO);
    d->held_at = at;
    return OK;
}

static size_t total_bytes(const slice *parts, size_t count) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) total += parts[i].len;
    return total;
}

status direct_write(direct *d, uint64_t offset, const slice *parts, size_t count) {
    uint64_t first = block_start(offset);
    size_t filled = (size_t)(offset - first), end = filled + total_bytes(parts, count);
    size_t span = (size_t)block_start(end + DIRECT_BLOCK_BYTES - 1);
    if (span == 0) return OK;
    TRY(blocks_need(d, span));
    if (filled) TRY(block_hold(d, first));
    d->held_at = NO_BLOCK;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len) memcpy(d->blocks + filled, parts[i].at, parts[i].len);
        filled += parts[i].len;
    }
    memset(d->blocks + end, 0, span - end);
    TRY(files_write_at(d->fd, first, slice_of(d->blocks, span)));
    size_t last = span - DIRECT_BLOCK_BYTES;
    if (last) memcpy(d->blocks, d->blocks + last, DIRECT_BLOCK_BYTES);
    d->held_at = first + last;
    return OK;
}
