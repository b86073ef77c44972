/* Growable bytes with a limit. */
#include "base/buffer.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_LIMIT = 1 << 30 };

static bool is_within_limit(const buffer *b, size_t more) {
    size_t limit = b->limit ? b->limit : DEFAULT_LIMIT;
    return more <= limit && b->len <= limit - more;
}

static bool has_room(const buffer *b, size_t more) { return more <= b->capacity - b->len && is_within_limit(b, more); }

status buffer_reserve(buffer *b, size_t more) {
    ENSURE(is_within_limit(b, more), TOO_LARGE);
    size_t needed = b->len + more;
    if (needed <= b->capacity) return OK;
    size_t capacity = b->capacity ? b->capacity : 256;
    while (capacity < needed) capacity *= 2;
    uint8_t *grown = realloc(b->at, capacity);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    b->at = grown;
    b->capacity = capacity;
    return OK;
}

status buffer_append(buffer *b, slice bytes) {
    if (!has_room(b, bytes.len)) TRY(buffer_reserve(b, bytes.len));
    if (bytes.len) memcpy(b->at + b->len, bytes.at, bytes.len);
    b->len += bytes.len;
    return OK;
}

status buffer_append_text(buffer *b, const char *text) { return buffer_append(b, slice_of_text(text)); }

status buffer_append_byte(buffer *b, uint8_t byte) {
    if (!has_room(b, 1)) TRY(buffer_reserve(b, 1));
    b->at[b->len++] = byte;
    return OK;
}

status buffer_append_u16(buffer *b, uint16_t value) {
    uint16_t wire = htobe16(value);
    return buffer_append(b, slice_of(&wire, sizeof wire));
}

status buffer_append_u32(buffer *b, uint32_t value) {
    uint32_t wire = htobe32(value);
    return buffer_append(b, slice_of(&wire, sizeof wire));
}

status buffer_append_u64(buffer *b, uint64_t value) {
    uint64_t wire = htobe64(value);
    return buffer_append(b, slice_of(&wire, sizeof wire));
}

status buffer_printf(buffer *b, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int needed = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    ENSURE(needed >= 0, MALFORMED);
    TRY(buffer_reserve(b, (size_t)needed + 1));
    va_start(arguments, format);
    vsnprintf((char *)b->at + b->len, (size_t)needed + 1, format, arguments);
    va_end(arguments);
    b->len += (size_t)needed;
    return OK;
}

void buffer_consume(buffer *b, size_t n) {
    if (n >= b->len) {
        b->len = 0;
        return;
    }
    memmove(b->at, b->at + n, b->len - n);
    b->len -= n;
}

void buffer_reset(buffer *b) { b->len = 0; }

void buffer_wipe(buffer *b) {
    if (b->at) explicit_bzero(b->at, b->capacity);
    b->len = 0;
}

void buffer_clear(buffer *b) {
    free(b->at);
    size_t limit = b->limit;
    *b = (buffer){.limit = limit};
}

bool slice_take_u8(slice *rest, uint8_t *out) {
    slice taken;
    if (!slice_take(rest, 1, &taken)) return false;
    *out = taken.at[0];
    return true;
}

bool slice_take_u16(slice *rest, uint16_t *out) {
    slice taken;
    uint16_t wire;
    if (!slice_take(rest, sizeof wire, &taken)) return false;
    memcpy(&wire, taken.at, sizeof wire);
    *out = be16toh(wire);
    return true;
}

bool slice_take_u32(slice *rest, uint32_t *out) {
    slice taken;
    uint32_t wire;
    if (!slice_take(rest, sizeof wire, &taken)) return false;
    memcpy(&wire, taken.at, sizeof wire);
    *out = be32toh(wire);
    return true;
}

bool slice_take_u64(slice *rest, uint64_t *out) {
    slice taken;
    uint64_t wire;
    if (!slice_take(rest, sizeof wire, &taken)) return false;
    memcpy(&wire, taken.at, sizeof wire);
    *out = be64toh(wire);
    return true;
}
