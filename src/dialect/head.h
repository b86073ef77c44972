/* Reading a request's head, for all dialects. */
#ifndef DIALECT_HEAD_H
#define DIALECT_HEAD_H

#include "dialect/dialect.h"
#include "format/form.h"

typedef struct header_list {
    http_header *at;
    size_t count;
} header_list;

/* The target before the first '?', and what follows it (absent without one). */
slice head_path(const http_head *head);
slice head_query(const http_head *head);

/* Refuses what could be read in two ways: a target that does not begin with '/' or has blanks or control characters
 * (MALFORMED), CR, LF or NUL in a header (MALFORMED), a header that decides something there twice (INVALID_PARAMETER:
 * all of x-acs- and x-oss-, Host, Authorization, Date, Content-Type and the like). *detail names it. */
status head_check(const http_head *head, arena *memory, slice *detail);

/* Headers whose names begin with `prefix` (lower case): names lower-cased, values trimmed, sorted by name. */
status head_list_prefixed(const http_head *head, const char *prefix, arena *memory, header_list *out);
void header_list_sort(header_list *list);

/* Whether a list of words with blanks between them has this one. */
bool words_contain(const char *words, slice word);
/* Copies the text into the arena in lower case (ASCII). */
status text_lower(slice text, arena *memory, slice *out);
/* Moves what a buffer holds into the arena. */
status text_keep(const buffer *text, arena *memory, slice *out);

/* application/x-www-form-urlencoded, with or without parameters. */
bool head_has_form_body(const http_head *head);
/* Without the port. */
slice host_name(slice host);

#endif
