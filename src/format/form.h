/* Parameters of query strings and of application/x-www-form-urlencoded bodies. */
#ifndef FORMAT_FORM_H
#define FORMAT_FORM_H

#include "base/arena.h"
#include "base/buffer.h"

enum {
    FORM_BYTES_MOST = 4 << 20, /* of text; a caller with a smaller limit compares text.len first */
    FORM_PAIRS_MOST = 1000,
};

typedef struct form_pair {
    slice name;  /* never empty */
    slice value; /* absent for "name" without '=', empty for "name=" */
} form_pair;

/* In the order of the text, duplicates included. */
typedef struct form {
    form_pair *pairs;
    size_t count;
} form;

/* "a=b&c" → {a, b}, {c, absent}; %XX decoded, '+' is a space; empty pieces ("a=1&&b=2") are passed over. Names and
 * values are bytes, not checked to be UTF-8. MALFORMED: a broken escape, NUL, an empty name ("=x"). TOO_LARGE past
 * FORM_BYTES_MOST or FORM_PAIRS_MOST. OUT_OF_MEMORY when the arena's limit is reached. Names and values live in the
 * arena. An absent or empty text gives no pairs. */
status form_parse(slice text, arena *memory, form *out);

/* All pairs of a, then all of b (query and body). TOO_LARGE past FORM_PAIRS_MOST. */
status form_join(const form *a, const form *b, arena *memory, form *out);

/* By the bytes of the name, equal names by the bytes of the value; an absent value sorts as an empty one. */
void form_sort(form *f);

/* The first pair of that name, or NULL. */
const form_pair *form_find(const form *f, slice name);
/* How many pairs have that name. */
size_t form_count(const form *f, slice name);
/* Whether any name comes more than once. Takes room for a sorted copy of the pairs in the arena. */
status form_has_duplicates(const form *f, arena *memory, bool *out);

#endif
