/* Several ordered lists of lines read as one, equal lines counted together. For usage.c and usage_merge.c. */
#ifndef TRAIL_USAGE_SOURCES_H
#define TRAIL_USAGE_SOURCES_H

#include "trail/usage.h"
#include "trail/usage_run.h"

typedef struct usage_sources {
    usage_reader *readers;
    size_t count, room;
    const usage_row *counted; /* lines in memory, in order */
    size_t counted_count, counted_next;
    buffer order; /* of the line given last */
} usage_sources;

/* Room for that many runs. */
status usage_sources_need(usage_sources *s, size_t runs);
status usage_sources_add_run(usage_sources *s, const tree *t, const usage_place *place);
/* All of them to the first line that is not before `order`. */
status usage_sources_seek(usage_sources *s, slice order);
/* The next line; its order lives until the next call. */
status usage_sources_next(usage_sources *s, usage_row *out, bool *is_end);
void usage_sources_clear(usage_sources *s);

#endif
