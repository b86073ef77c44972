/* The greedy matcher: on a mismatch only the last star takes one character more. */
#include "base/glob.h"

enum glob_kind glob_kind_of(slice pattern) {
    if (slice_contains_byte(pattern, '?')) return GLOB_MIXED;
    size_t first_star = slice_find_byte(pattern, '*');
    if (first_star == SIZE_MAX) return GLOB_LITERAL;
    for (size_t i = first_star; i < pattern.len; i++)
        if (pattern.at[i] != '*') return GLOB_MIXED;
    return first_star == 0 ? GLOB_ANY : GLOB_PREFIX;
}

/* The place after the character at `at`: RFC 3629 continuation bytes are 10xxxxxx, at most three of them. */
static size_t after_character(slice text, size_t at) {
    size_t end = at + 1;
    while (end < text.len && end < at + 4 && (text.at[end] & 0xc0) == 0x80) end++;
    return end;
}

typedef struct wildcards {
    uint8_t star, one;
} wildcards;

static inline bool matches(slice pattern, slice text, wildcards w, size_t *steps_left) {
    size_t star = SIZE_MAX; /* place of the last star passed */
    size_t taken = 0;       /* where the text not yet taken by that star begins */
    size_t p = 0;
    for (size_t t = 0; t < text.len;) {
        if (*steps_left == 0) return false;
        --*steps_left;
        uint8_t wanted = p < pattern.len ? pattern.at[p] : 0;
        if (p < pattern.len && wanted == w.star) {
            star = p++;
            taken = t;
        } else if (p < pattern.len && wanted == w.one) {
            p++;
            t = after_character(text, t);
        } else if (p < pattern.len && wanted == text.at[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            taken = after_character(text, taken);
            t = taken;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == w.star) p++;
    return p == pattern.len;
}

bool glob_matches(slice pattern, slice text, size_t *steps_left) {
    return matches(pattern, text, (wildcards){'*', '?'}, steps_left);
}

bool glob_matches_coded(slice pattern, slice text, size_t *steps_left) {
    return matches(pattern, text, (wildcards){GLOB_CODED_STAR, GLOB_CODED_ONE}, steps_left);
}
