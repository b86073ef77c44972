/* Filters of listings: [{"Key":"KeyState","Values":["Enabled"]}], all of which must hold, each by any of its values. */
#ifndef SERVICE_FILTER_H
#define SERVICE_FILTER_H

#include "service/call.h"

struct json;

enum { FILTERS_MOST = 10 };

typedef struct filter {
    slice key;
    const struct json *values;
} filter;

typedef struct filter_list {
    filter at[FILTERS_MOST];
    size_t count;
} filter_list;

/* Reads the JSON text of a parameter Filters; an empty one has none. `known` are the keys there are, NULL at the end.
 * INVALID_PARAMETER for anything else. */
status filters_read(call *c, slice text, const char *const *known, filter_list *out);

/* Whether one of the filter's values is the text; or is its beginning. */
bool filter_equals(const filter *f, slice text);
bool filter_begins(const filter *f, slice text);

#endif
