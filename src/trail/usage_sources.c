/* Reading runs and counted lines side by side. */
#include "trail/usage_sources.h"

#include <stdlib.h>

status usage_sources_need(usage_sources *s, size_t runs) {
    s->readers = calloc(runs ? runs : 1, sizeof *s->readers);
    ENSURE(s->readers != NULL, OUT_OF_MEMORY);
    s->room = runs;
    return OK;
}

status usage_sources_add_run(usage_sources *s, const tree *t, const usage_place *place) {
    ENSURE(s->count < s->room, INTERNAL);
    TRY(usage_open_run(t, place, &s->readers[s->count]));
    s->count++;
    return OK;
}

status usage_sources_seek(usage_sources *s, slice order) {
    for (size_t i = 0; i < s->count; i++) TRY(usage_reader_seek(&s->readers[i], order));
    s->counted_next = 0;
    while (s->counted_next < s->counted_count && slice_compare(s->counted[s->counted_next].order, order) < 0)
        s->counted_next++;
    return OK;
}

static const usage_row *row_in_memory(const usage_sources *s) {
    return s->counted_next < s->counted_count ? &s->counted[s->counted_next] : NULL;
}

static const usage_row *first_of(const usage_sources *s) {
    const usage_row *first = row_in_memory(s);
    for (size_t i = 0; i < s->count; i++) {
        if (s->readers[i].is_end) continue;
        if (!first || slice_compare(s->readers[i].row.order, first->order) < 0) first = &s->readers[i].row;
    }
    return first;
}

static status pass_over(usage_sources *s, usage_row *sum) {
    const usage_row *counted = row_in_memory(s);
    if (counted && slice_equals(counted->order, sum->order)) {
        usage_row_add(sum, counted);
        s->counted_next++;
    }
    for (size_t i = 0; i < s->count; i++) {
        usage_reader *r = &s->readers[i];
        if (r->is_end || !slice_equals(r->row.order, sum->order)) continue;
        usage_row_add(sum, &r->row);
        TRY(usage_reader_next(r));
    }
    return OK;
}

status usage_sources_next(usage_sources *s, usage_row *out, bool *is_end) {
    const usage_row *first = first_of(s);
    *is_end = first == NULL;
    if (*is_end) return OK;
    buffer_reset(&s->order); /* the readers move on */
    TRY(buffer_append(&s->order, first->order));
    usage_row sum = {.order = buffer_slice(&s->order), .last_s = INT64_MIN};
    TRY(pass_over(s, &sum));
    *out = sum;
    return OK;
}

void usage_sources_clear(usage_sources *s) {
    for (size_t i = 0; i < s->count; i++) usage_reader_clear(&s->readers[i]);
    free(s->readers);
    buffer_clear(&s->order);
    *s = (usage_sources){0};
}
