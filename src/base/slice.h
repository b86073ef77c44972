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
bool slice_equals(slice a, slice b);
bool slice_equals_text(slice a, const char *b);
bool slice_equals_ignoring_case(slice a, slice b); /* ASCII only */
int slice_compare(slice a, slice b);               /* byte order, shorter first: <0, 0, >0 */
bool slice_starts_with(slice s, slice prefix);
bool slice_ends_with(slice s, slice suffix);
bool slice_contains_byte(slice s, uint8_t byte);
/* Index of the first occurrence, or SIZE_MAX. */
size_t slice_find(slice s, slice needle);
size_t slice_find_byte(slice s, uint8_t byte);

/* The first n bytes, or all if fewer. */
slice slice_head(slice s, size_t n);
/* Without the first n bytes; empty if fewer. */
slice slice_skip(slice s, size_t n);
slice slice_trim(slice s); /* without spaces, tabs, CR and LF at both ends */

/* Takes exactly n bytes off the front of *rest. False, and nothing changed, when fewer are left. */
bool slice_take(slice *rest, size_t n, slice *out);
/* Takes up to the separator (which is dropped) or all of *rest. False when *rest is already absent: after the last
 * field *rest becomes absent, so `while (slice_split(&rest, ',', &field))` sees every field once, empty ones too. */
bool slice_split(slice *rest, uint8_t separator, slice *field);

/* Decimal digits only, no sign, no overflow. False on anything else. */
bool slice_to_u64(slice s, uint64_t *out);
bool slice_to_i64(slice s, int64_t *out); /* an optional leading '-' */

#endif
