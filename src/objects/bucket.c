/* Records of buckets and objects. */
#include "objects/bucket.h"

#include "base/text.h"
#include "contract/sealed.h"

static bool is_name_byte(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool bucket_name_is_valid(slice name) {
    if (name.len < 3 || name.len > 63 || !is_name_byte(name.at[0]) || !is_name_byte(name.at[name.len - 1]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_byte(name.at[i]) && name.at[i] != '-') return false;
    return true;
}

bool object_name_is_valid(slice name) {
    if (name.len < 1 || name.len > 1023 || name.at[0] == '/' || name.at[0] == '\\' || !utf8_is_valid(name))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] < 0x20 && name.at[i] != '\t') return false;
    return true;
}

status bucket_path(slice bucket, arena *memory, slice *out) {
    return arena_printf(memory, out, "bucket/%.*s", SLICE_ARGS(bucket));
}

status bucket_index_path(slice account, slice bucket, arena *memory, slice *out) {
    return arena_printf(memory, out, "buckets/%.*s/%.*s", SLICE_ARGS(account), SLICE_ARGS(bucket));
}

status object_path(slice bucket, slice key, arena *memory, slice *out) {
    return arena_printf(memory, out, "object/%.*s/%.*s", SLICE_ARGS(bucket), SLICE_ARGS(key));
}

status object_prefix(slice bucket, slice key_prefix, arena *memory, slice *out) {
    return object_path(bucket, key_prefix, memory, out);
}

static status load(store *s, slice path, const shape *record, arena *memory, void *out, uint64_t *revision) {
    slice packed;
    uint64_t found;
    TRY(store_get(s, path, memory, &packed, &found));
    ENSURE(!FAILED(shape_unpack(record, packed, memory, out)), CORRUPT);
    if (revision) *revision = found;
    return OK;
}

status bucket_load(store *s, slice bucket, arena *memory, bucket_record *out, uint64_t *revision) {
    ENSURE(bucket_name_is_valid(bucket), BUCKET_NOT_FOUND);
    slice path;
    TRY(bucket_path(bucket, memory, &path));
    status loaded = load(s, path, &bucket_record_shape, memory, out, revision);
    return FAILED_WITH(loaded, NOT_FOUND) ? FAIL(BUCKET_NOT_FOUND) : loaded;
}

status object_load(store *s, slice bucket, slice key, arena *memory, object_record *out, uint64_t *revision) {
    slice path;
    TRY(object_path(bucket, key, memory, &path));
    status loaded = load(s, path, &object_record_shape, memory, out, revision);
    return FAILED_WITH(loaded, NOT_FOUND) ? FAIL(OBJECT_NOT_FOUND) : loaded;
}

status body_context(const body_place *place, arena *memory, slice *out) {
    char id[37];
    uuid_format(place->blob_id, id);
    pair pairs[] = {{SLICE("account"), place->account},
                    {SLICE("blob"), slice_of_text(id)},
                    {SLICE("bucket"), place->bucket},
                    {SLICE("key"), place->key}};
    OWNED(buffer) canonical = {0};
    TRY(context_canonical((pair_list){pairs, 4}, memory, &canonical));
    return arena_copy(memory, buffer_slice(&canonical), out);
}

#define BLOB_MAGIC SLICE("KHBLOB1\n")

status blob_head(const blob_header *header, buffer *out) {
    OWNED(buffer) packed = {0};
    TRY(shape_pack(&blob_header_shape, header, &packed));
    TRY(buffer_append(out, BLOB_MAGIC));
    TRY(buffer_append_u32(out, (uint32_t)packed.len));
    return buffer_append(out, buffer_slice(&packed));
}

status blob_head_parse(slice start, arena *memory, blob_header *out, size_t *head_bytes) {
    slice rest = start, magic, packed;
    uint32_t length;
    blob_header found;
    ENSURE(slice_take(&rest, BLOB_MAGIC.len, &magic) && slice_equals(magic, BLOB_MAGIC), CORRUPT);
    ENSURE(slice_take_u32(&rest, &length) && slice_take(&rest, length, &packed), CORRUPT);
    ENSURE(!FAILED(shape_unpack(&blob_header_shape, packed, memory, &found)), CORRUPT);
    ENSURE(found.blob_id.len == 16, CORRUPT);
    *out = found;
    *head_bytes = start.len - rest.len;
    return OK;
}
