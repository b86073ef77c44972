/* A buffer owns bytes and grows up to a limit. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

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
status buffer_append(buffer *b, slice bytes);
status buffer_append_text(buffer *b, const char *text);
status buffer_append_byte(buffer *b, uint8_t byte);
status buffer_append_u16(buffer *b, uint16_t value); /* big-endian, as are the next two */
status buffer_append_u32(buffer *b, uint32_t value);
status buffer_append_u64(buffer *b, uint64_t value);
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
bool slice_take_u8(slice *rest, uint8_t *out);
bool slice_take_u16(slice *rest, uint16_t *out);
bool slice_take_u32(slice *rest, uint32_t *out);
bool slice_take_u64(slice *rest, uint64_t *out);

#endif
