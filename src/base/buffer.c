/* Growable bytes with a limit. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_LIMIT = 1 << 30 };

static bool is_within_limit(const buffer *b, size_t more) {
    size_t limit = b->limit ? b->limit : DEFAULT_LIMIT;
    return more <= limit && b->len <= limit - more;
}

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
