/* A buffer owns bytes and grows up to a limit. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <endian.h>

#include "base/slice.h"
#include "base/status.h"

typedef struct buffer {
    uint8_t *at;
    size_t len;
    size_t capacity;
    size_t limit; /* bytes it may grow to; 0 means 1 GiB */
} buffer;

/* Makes room for `more` further bytes after len. TOO_LARGE past the limit, OUT_OF_MEMORY. */
status buffer_reserve(buffer *b, size_t more);
static inline status buffer_append(buffer *b, slice bytes);
static inline status buffer_append_text(buffer *b, const char *text);
static inline status buffer_append_byte(buffer *b, uint8_t byte);
static inline status buffer_append_u16(buffer *b, uint16_t value); /* big-endian, as are the next two */
static inline status buffer_append_u32(buffer *b, uint32_t value);
static inline status buffer_append_u64(buffer *b, uint64_t value);
status buffer_printf(buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Drops the first n bytes (moves the rest down). */
void buffer_consume(buffer *b, size_t n);
/* Forgets the content, keeps the memory. */
void buffer_reset(buffer *b);
/* Overwrites all memory it holds, then forgets the content. For what may have held secrets. */
void buffer_wipe(buffer *b);
/* Frees; the buffer may be used again. */
void buffer_clear(buffer *b);

static inline slice buffer_slice(const buffer *b) { return (slice){b->at ? b->at : (const uint8_t *)"", b->len}; }

/* Reading the same integers back; false when too few bytes are left. */
static inline bool slice_take_u8(slice *rest, uint8_t *out);
static inline bool slice_take_u16(slice *rest, uint16_t *out);
static inline bool slice_take_u32(slice *rest, uint32_t *out);
static inline bool slice_take_u64(slice *rest, uint64_t *out);

/* -- what every request passes through many times, for the compiler to see through */

/* Where the next bytes go, NULL when there is no room at once. */
static inline uint8_t *buffer_room(buffer *b, size_t bytes) {
    bool fits = bytes <= b->capacity - b->len && (b->limit == 0 || (b->len <= b->limit && bytes <= b->limit - b->len));
    return fits ? b->at + b->len : NULL;
}

static inline status buffer_append(buffer *b, slice bytes) {
    if (buffer_room(b, bytes.len) == NULL) TRY(buffer_reserve(b, bytes.len));
    if (bytes.len) memcpy(b->at + b->len, bytes.at, bytes.len);
    b->len += bytes.len;
    return OK;
}

static inline status buffer_append_text(buffer *b, const char *text) { return buffer_append(b, slice_of_text(text)); }

static inline status buffer_append_byte(buffer *b, uint8_t byte) { return buffer_append(b, slice_of(&byte, 1)); }

static inline status buffer_append_u16(buffer *b, uint16_t value) {
    uint16_t wire = htobe16(value);
    return buffer_append(b, slice_of(&wire, sizeof wire));
}

static inline status buffer_append_u32(buffer *b, uint32_t value) {
    uint32_t wire = htobe32(value);
    return buffer_append(b, slice_of(&wire, sizeof wire));
}

static inline status buffer_append_u64(buffer *b, uint64_t value) {
    uint64_t wire = htobe64(value);
    return buffer_append(b, slice_of(&wire, sizeof wire));
}

static inline bool slice_take_u8(slice *rest, uint8_t *out) {
    slice taken;
    if (!slice_take(rest, 1, &taken)) return false;
    *out = taken.at[0];
    return true;
}

static inline bool slice_take_u16(slice *rest, uint16_t *out) {
    slice taken;
    uint16_t wire;
    if (!slice_take(rest, sizeof wire, &taken)) return false;
    memcpy(&wire, taken.at, sizeof wire);
    *out = be16toh(wire);
    return true;
}

static inline bool slice_take_u32(slice *rest, uint32_t *out) {
    slice taken;
    uint32_t wire;
    if (!slice_take(rest, sizeof wire, &taken)) return false;
    memcpy(&wire, taken.at, sizeof wire);
    *out = be32toh(wire);
    return true;
}

static inline bool slice_take_u64(slice *rest, uint64_t *out) {
    slice taken;
    uint64_t wire;
    if (!slice_take(rest, sizeof wire, &taken)) return false;
    memcpy(&wire, taken.at, sizeof wire);
    *out = be64toh(wire);
    return true;
}

#endif
