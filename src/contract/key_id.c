/* Ids of keys and of their replicas. */
#include "contract/key_id.h"

#include "base/text.h"

enum { VERSION_BYTE = 6, MULTI_REGION = 0x80, PREFIX = 4, DIGITS = 32 };

void key_id_mark(uint8_t id[KEY_ID_BYTES]) { id[VERSION_BYTE] = (uint8_t)((id[VERSION_BYTE] & 0x0F) | MULTI_REGION); }

bool key_id_is_marked(const uint8_t id[KEY_ID_BYTES]) { return (id[VERSION_BYTE] & 0xF0) == MULTI_REGION; }

bool key_id_is_multi_region(slice text) { return slice_starts_with(text, SLICE("mrk-")); }

void key_id_format(const uint8_t id[KEY_ID_BYTES], char out[KEY_ID_TEXT]) {
    char uuid[KEY_ID_TEXT];
    size_t used = PREFIX;
    uuid_format(id, uuid);
    memcpy(out, uuid, sizeof uuid);
    if (!key_id_is_marked(id)) return;
    memcpy(out, "mrk-", PREFIX);
    for (size_t i = 0; uuid[i]; i++)
        if (uuid[i] != '-') out[used++] = uuid[i];
    out[used] = 0;
}

static int digit_of(uint8_t c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static status parse_digits(slice digits, uint8_t out[KEY_ID_BYTES]) {
    ENSURE(digits.len == DIGITS, MALFORMED);
    for (size_t i = 0; i < KEY_ID_BYTES; i++) {
        int high = digit_of(digits.at[2 * i]), low = digit_of(digits.at[2 * i + 1]);
        ENSURE(high >= 0 && low >= 0, MALFORMED);
        out[i] = (uint8_t)(high << 4 | low);
    }
    return OK;
}

status key_id_parse(slice text, uint8_t out[KEY_ID_BYTES]) {
    uint8_t id[KEY_ID_BYTES];
    bool is_multi = key_id_is_multi_region(text);
    TRY(is_multi ? parse_digits(slice_skip(text, PREFIX), id) : uuid_parse(text, id));
    ENSURE(key_id_is_marked(id) == is_multi, MALFORMED);
    memcpy(out, id, sizeof id);
    return OK;
}

status key_id_in_region(slice key_id, slice region, arena *memory, slice *out) {
    if (key_id_is_multi_region(key_id)) return ARENA_JOIN(memory, out, key_id, SLICE("@"), region);
    *out = key_id;
    return OK;
}

void key_id_split(slice in_region, slice *key_id, slice *region) {
    slice rest = in_region;
    *region = (slice){0};
    if (slice_split(&rest, '@', key_id) && !slice_is_absent(rest)) *region = rest;
}
