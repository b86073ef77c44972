/* Outsides of sealed things, and the canonical encryption context. */
#include "contract/sealed.h"

#include <stdlib.h>

static const uint8_t MAGIC[] = {'K', 'H', 1};

static status take_magic(slice *rest, enum sealed_kind kind, enum status_code failure) {
    slice magic;
    uint8_t found;
    if (!slice_take(rest, sizeof MAGIC, &magic) || !slice_equals(magic, slice_of(MAGIC, sizeof MAGIC)))
        return (status){failure};
    if (!slice_take_u8(rest, &found) || found != (uint8_t)kind) return (status){failure};
    return OK;
}

static bool holds_content(slice rest) { return rest.len >= SEALED_NONCE_BYTES + SEALED_TAG_BYTES; }

bool sealed_admits(const sealed_header *permit, slice account) {
    slice rest = permit->accounts, each;
    while (slice_split(&rest, ',', &each))
        if (each.len > 0 && slice_equals(each, account)) return true;
    return false;
}

status sealed_parse(slice blob, enum sealed_kind kind, arena *memory, sealed *out) {
    slice rest = blob, packed;
    uint16_t length;
    TRY(take_magic(&rest, kind, FAILURE_MALFORMED));
    ENSURE(slice_take_u16(&rest, &length) && slice_take(&rest, length, &packed) && holds_content(rest), MALFORMED);
    sealed found = {.kind = kind, .content = rest, .clear = slice_head(blob, blob.len - rest.len)};
    TRY(shape_unpack(&sealed_header_shape, packed, memory, &found.header));
    *out = found;
    return OK;
}

status sealed_begin(enum sealed_kind kind, const sealed_header *header, buffer *out) {
    OWNED(buffer) packed = {0};
    TRY(shape_pack(&sealed_header_shape, header, &packed));
    ENSURE(packed.len <= UINT16_MAX, TOO_LARGE);
    TRY(buffer_append(out, slice_of(MAGIC, sizeof MAGIC)));
    TRY(buffer_append_byte(out, (uint8_t)kind));
    TRY(buffer_append_u16(out, (uint16_t)packed.len));
    return buffer_append(out, buffer_slice(&packed));
}

/* `kind` is SEALED_CIPHERTEXT or SEALED_SECRET; `failure` says what anything else is called. */
static status under_key_parse(slice blob, enum sealed_kind kind, enum status_code failure, ciphertext *out) {
    slice rest = blob;
    ciphertext found;
    TRY(take_magic(&rest, kind, failure));
    bool is_whole = slice_take(&rest, 16, &found.key_id) && slice_take(&rest, 16, &found.key_version_id);
    if (!is_whole || !holds_content(rest)) return (status){failure};
    found.clear = slice_head(blob, CIPHERTEXT_HEADER_BYTES);
    found.content = rest;
    *out = found;
    return OK;
}

static status under_key_begin(enum sealed_kind kind, const uint8_t key_id[16], const uint8_t key_version_id[16],
                              buffer *out) {
    TRY(buffer_append(out, slice_of(MAGIC, sizeof MAGIC)));
    TRY(buffer_append_byte(out, (uint8_t)kind));
    TRY(buffer_append(out, slice_of(key_id, 16)));
    return buffer_append(out, slice_of(key_version_id, 16));
}

status ciphertext_parse(slice blob, ciphertext *out) {
    return under_key_parse(blob, SEALED_CIPHERTEXT, FAILURE_CIPHERTEXT, out);
}

status ciphertext_begin(const uint8_t key_id[16], const uint8_t key_version_id[16], buffer *out) {
    return under_key_begin(SEALED_CIPHERTEXT, key_id, key_version_id, out);
}

status secret_value_parse(slice blob, ciphertext *out) {
    return under_key_parse(blob, SEALED_SECRET, FAILURE_CORRUPT, out);
}

status secret_value_begin(const uint8_t key_id[16], const uint8_t key_version_id[16], buffer *out) {
    return under_key_begin(SEALED_SECRET, key_id, key_version_id, out);
}

static int by_key(const void *a, const void *b) {
    return slice_compare(((const pair *)a)->key, ((const pair *)b)->key);
}

/* Before anything is written. */
static status check_sorted(const pair *sorted, size_t count) {
    for (size_t i = 0; i < count; i++) {
        ENSURE(sorted[i].key.len > 0 && sorted[i].key.len <= UINT16_MAX, INVALID_PARAMETER);
        ENSURE(sorted[i].value.len <= UINT16_MAX, INVALID_PARAMETER);
        ENSURE(i == 0 || !slice_equals(sorted[i - 1].key, sorted[i].key), INVALID_PARAMETER);
    }
    return OK;
}

static status append_text(slice text, buffer *out) {
    TRY(buffer_append_u16(out, (uint16_t)text.len));
    return buffer_append(out, text);
}

status context_canonical(pair_list map, arena *memory, buffer *out) {
    if (map.count == 0) return OK;
    pair *sorted = ARENA_ARRAY(memory, pair, map.count);
    ENSURE(sorted != NULL, OUT_OF_MEMORY);
    memcpy(sorted, map.at, map.count * sizeof *sorted);
    qsort(sorted, map.count, sizeof *sorted, by_key);
    TRY(check_sorted(sorted, map.count));
    for (size_t i = 0; i < map.count; i++) {
        TRY(append_text(sorted[i].key, out));
        TRY(append_text(sorted[i].value, out));
    }
    return OK;
}
