/* Bump allocation in blocks, each twice as large as the one before; a modest one is kept over resets. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_LIMIT = 1 << 20, BLOCK_BYTES = 8192, KEPT_BYTES = 32768, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *older;
    size_t capacity;
    size_t used;
    _Alignas(16) uint8_t bytes[];
};

static struct arena_block *block_new(struct arena_block *older, size_t capacity) {
    struct arena_block *block = malloc(sizeof *block + capacity);
    if (!block) return NULL;
    block->older = older;
    block->capacity = capacity;
    block->used = 0;
    return block;
}

static size_t block_bytes(const arena *a, size_t needed) {
    size_t bytes = a->blocks ? 2 * a->blocks->capacity : BLOCK_BYTES;
    if (bytes > KEPT_BYTES) bytes = KEPT_BYTES;
    return needed > bytes ? needed : bytes;
}

static size_t rounded_up(size_t bytes) {
    size_t rounded = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    return rounded ? rounded : ALIGNMENT;
}

void *arena_take_raw(arena *a, size_t bytes) {
    size_t limit = a->limit ? a->limit : DEFAULT_LIMIT;
    if (bytes > limit) return NULL;
    size_t rounded = rounded_up(bytes);
    if (a->used > limit - bytes) return NULL;
    if (!a->blocks || a->blocks->capacity - a->blocks->used < rounded) {
        struct arena_block *block = block_new(a->blocks, block_bytes(a, rounded));
        if (!block) return NULL;
        a->blocks = block;
    }
    uint8_t *taken = a->blocks->bytes + a->blocks->used;
    a->blocks->used += rounded;
    a->used += rounded;
    return taken;
}

void *arena_take(arena *a, size_t bytes) {
    void *taken = arena_take_raw(a, bytes);
    if (taken) memset(taken, 0, rounded_up(bytes));
    return taken;
}

void *arena_take_array(arena *a, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    return arena_take(a, bytes);
}

status arena_copy(arena *a, slice bytes, slice *out) {
    uint8_t *copy = arena_take_raw(a, bytes.len + 1);
    ENSURE(copy != NULL, OUT_OF_MEMORY);
    if (bytes.len) memcpy(copy, bytes.at, bytes.len);
    copy[bytes.len] = 0;
    *out = slice_of(copy, bytes.len);
    return OK;
}

status arena_buffer(arena *a, size_t capacity, buffer *out) {
    ENSURE(capacity > 0, INTERNAL); /* a limit of 0 would be none */
    uint8_t *at = arena_take_raw(a, capacity);
    ENSURE(at != NULL, OUT_OF_MEMORY);
    *out = (buffer){.at = at, .capacity = capacity, .limit = capacity};
    return OK;
}

status arena_join(arena *a, const slice *parts, size_t count, slice *out) {
    size_t len = 0;
    for (size_t i = 0; i < count; i++) ENSURE(!__builtin_add_overflow(len, parts[i].len, &len), OUT_OF_MEMORY);
    ENSURE(len < SIZE_MAX, OUT_OF_MEMORY);
    uint8_t *joined = arena_take_raw(a, len + 1), *to = joined;
    ENSURE(joined != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++)
        if (parts[i].len) to = mempcpy(to, parts[i].at, parts[i].len);
    *to = 0;
    *out = slice_of(joined, len);
    return OK;
}

/* What the newest block still has; the text is formatted there when it fits, which saves formatting it twice. */
static slice block_rest(const arena *a) {
    size_t limit = a->limit ? a->limit : DEFAULT_LIMIT;
    size_t room = a->blocks ? a->blocks->capacity - a->blocks->used : 0;
    if (room > limit - a->used) room = limit - a->used;
    return slice_of(a->blocks ? a->blocks->bytes + a->blocks->used : NULL, room);
}

status arena_printf(arena *a, slice *out, const char *format, ...) {
    slice rest = block_rest(a);
    va_list arguments;
    va_start(arguments, format);
    int needed = vsnprintf((char *)(uintptr_t)rest.at, rest.len, format, arguments);
    va_end(arguments);
    ENSURE(needed >= 0, MALFORMED);
    bool is_there = (size_t)needed < rest.len;
    char *text = arena_take_raw(a, (size_t)needed + 1);
    ENSURE(text != NULL, OUT_OF_MEMORY);
    if (!is_there || (const uint8_t *)text != rest.at) {
        va_start(arguments, format);
        vsnprintf(text, (size_t)needed + 1, format, arguments);
        va_end(arguments);
    }
    *out = slice_of(text, (size_t)needed);
    return OK;
}

/* The newest of the modest blocks is the largest of them. */
void arena_reset(arena *a) {
    struct arena_block *kept = NULL;
    for (struct arena_block *block = a->blocks, *older; block; block = older) {
        older = block->older;
        if (!kept && block->capacity <= KEPT_BYTES) kept = block;
        else free(block);
    }
    if (kept) {
        kept->older = NULL;
        kept->used = 0;
    }
    a->blocks = kept;
    a->used = 0;
}

void arena_wipe(arena *a) {
    for (struct arena_block *block = a->blocks; block; block = block->older) explicit_bzero(block->bytes, block->used);
    arena_reset(a);
}

void arena_clear(arena *a) {
    arena_reset(a);
    free(a->blocks);
    a->blocks = NULL;
}
