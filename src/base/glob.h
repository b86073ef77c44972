/* Matching text against patterns with * (any run of characters) and ? (one character), in bounded time. */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include "base/slice.h"

/* What a pattern comes down to, so that the common ones cost one comparison. */
enum glob_kind {
    GLOB_ANY,     /* only stars: matches everything */
    GLOB_LITERAL, /* no wildcard */
    GLOB_PREFIX,  /* literal text and then stars */
    GLOB_MIXED,   /* anything else: needs glob_matches */
};
enum glob_kind glob_kind_of(slice pattern);

/* Does the whole text match the whole pattern? A character is a byte with the UTF-8 continuation bytes after it.
 * Never goes back further than the last star, so it takes at most pattern.len * text.len steps; each is taken off
 * *steps_left. When those run out it answers false and leaves *steps_left at 0: the caller must not trust the answer. */
bool glob_matches(slice pattern, slice text, size_t *steps_left);

/* The same for patterns in which these two bytes, which no UTF-8 text contains, are the wildcards, and '*' and '?' stand
 * for themselves. */
enum { GLOB_CODED_ONE = 0xff, GLOB_CODED_STAR = 0xfe };
bool glob_matches_coded(slice pattern, slice text, size_t *steps_left);

#endif
