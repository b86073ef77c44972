/* A slice is a borrowed run of bytes: it owns nothing and need not end in NUL. Parsers eat from a `slice *rest`. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct slice {
    const uint8_t *at; /* NULL means absent; an empty slice that is present has at != NULL and len == 0 */
    size_t len;        /* bytes */
} slice;

#define SLICE(literal) ((slice){(const uint8_t *)("" literal), sizeof(literal) - 1})
/* For printf: printf("%.*s", SLICE_ARGS(s)). */
#define SLICE_ARGS(s) (int)((s).len), (const char *)((s).at ? (s).at : (const uint8_t *)"")

static inline slice slice_of(const void *at, size_t len) { return (slice){(const uint8_t *)at, len}; }
static inline slice slice_of_text(const char *text) { return text ? slice_of(text, strlen(text)) : (slice){0}; }

static inline bool slice_is_absent(slice s) { return s.at == NULL; }
static inline bool slice_is_empty(slice s) { return s.len == 0; }
/* Not for secrets: the time depends on the content (crypto/ has bytes_equal_secret). */
static inline bool slice_equals(slice a, slice b);
static inline bool slice_equals_text(slice a, const char *b);
bool slice_equals_ignoring_case(slice a, slice b); /* ASCII only */
int slice_compare(slice a, slice b);               /* byte order, shorter first: <0, 0, >0 */
static inline bool slice_starts_with(slice s, slice prefix);
bool slice_ends_with(slice s, slice suffix);
static inline bool slice_contains_byte(slice s, uint8_t byte);
/* Index of the first occurrence, or SIZE_MAX. */
size_t slice_find(slice s, slice needle);
static inline size_t slice_find_byte(slice s, uint8_t byte);

/* The first n bytes, or all if fewer. */
static inline slice slice_head(slice s, size_t n);
/* Without the first n bytes; empty if fewer. */
static inline slice slice_skip(slice s, size_t n);
slice slice_trim(slice s); /* without spaces, tabs, CR and LF at both ends */

/* Takes exactly n bytes off the front of *rest. False, and nothing changed, when fewer are left. */
static inline bool slice_take(slice *rest, size_t n, slice *out);
/* Takes up to the separator (which is dropped) or all of *rest. False when *rest is already absent: after the last
 * field *rest becomes absent, so `while (slice_split(&rest, ',', &field))` sees every field once, empty ones too. */
static inline bool slice_split(slice *rest, uint8_t separator, slice *field);

/* Decimal digits only, no sign, no overflow. False on anything else. */
bool slice_to_u64(slice s, uint64_t *out);
bool slice_to_i64(slice s, int64_t *out); /* an optional leading '-' */

/* -- what every request passes through many times, for the compiler to see through */

static inline bool slice_equals(slice a, slice b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool slice_equals_text(slice a, const char *b) { return slice_equals(a, slice_of_text(b)); }

static inline slice slice_head(slice s, size_t n) { return (slice){s.at, n < s.len ? n : s.len}; }

static inline slice slice_skip(slice s, size_t n) {
    size_t skipped = n < s.len ? n : s.len;
    return (slice){s.at ? s.at + skipped : NULL, s.len - skipped};
}

static inline bool slice_starts_with(slice s, slice prefix) {
    return s.len >= prefix.len && slice_equals(slice_head(s, prefix.len), prefix);
}

static inline size_t slice_find_byte(slice s, uint8_t byte) {
    const uint8_t *hit = s.len ? (const uint8_t *)memchr(s.at, byte, s.len) : NULL;
    return hit ? (size_t)(hit - s.at) : SIZE_MAX;
}

static inline bool slice_contains_byte(slice s, uint8_t byte) { return slice_find_byte(s, byte) != SIZE_MAX; }

static inline bool slice_take(slice *rest, size_t n, slice *out) {
    if (rest->len < n) return false;
    *out = slice_head(*rest, n);
    *rest = slice_skip(*rest, n);
    return true;
}

static inline bool slice_split(slice *rest, uint8_t separator, slice *field) {
    if (slice_is_absent(*rest)) return false;
    size_t end = slice_find_byte(*rest, separator);
    if (end == SIZE_MAX) {
        *field = *rest;
        *rest = (slice){0};
        return true;
    }
    *field = slice_head(*rest, end);
    *rest = slice_skip(*rest, end + 1);
    return true;
}

#endif
