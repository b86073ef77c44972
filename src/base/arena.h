/* One arena per request: everything a request allocates, freed at once, and its memory quota. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

typedef struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes handed out */
    size_t limit;               /* bytes it may hand out; 0 means 1 MiB */
} arena;

/* `bytes` of zeroed memory aligned to 16, valid until reset or clear. NULL when the limit is reached. */
void *arena_take(arena *a, size_t bytes);
/* The same, not zeroed: for bytes that are all written at once. */
void *arena_take_raw(arena *a, size_t bytes);
/* A zeroed array of `count` elements; NULL also when count * size overflows. */
void *arena_take_array(arena *a, size_t count, size_t size);
#define ARENA_NEW(a, type) ((type *)arena_take((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_take_array((a), (count), sizeof(type)))

/* A copy that lives as long as the arena, followed by a NUL that is not counted. OUT_OF_MEMORY past the limit. */
status arena_copy(arena *a, slice bytes, slice *out);
/* A buffer of this capacity that lives as long as the arena: it does not grow (TOO_LARGE) and must not be cleared. */
status arena_buffer(arena *a, size_t capacity, buffer *out);
/* The parts end to end, and a NUL that is not counted; several times as fast as arena_printf. */
status arena_join(arena *a, const slice *parts, size_t count, slice *out);
#define ARENA_JOIN(a, out, ...)                                                                                        \
    arena_join((a), (const slice[]){__VA_ARGS__}, sizeof((const slice[]){__VA_ARGS__}) / sizeof(slice), (out))
status arena_printf(arena *a, slice *out, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Forgets everything, keeps one modest block for the next request. */
void arena_reset(arena *a);
/* Overwrites what was handed out, then resets. */
void arena_wipe(arena *a);
void arena_clear(arena *a);

#endif
