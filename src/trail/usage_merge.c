/* Joining sixteen runs side by side into one, a piece at a time. */
#include <stdlib.h>

#include "system/files.h"
#include "trail/usage.h"
#include "trail/usage_sources.h"

enum { FAN = 1 << USAGE_FAN_HEIGHT, ROWS_A_STEP = 2048 };

struct usage_merge {
    const tree *tree;
    usage_place place; /* what it will be */
    usage_sources sources;
    usage_writer writer;
};

static status begin(struct usage_merge *m, const usage_place *first) {
    TRY(usage_sources_need(&m->sources, FAN));
    for (uint64_t i = 0; i < FAN; i++) {
        usage_place part = {first->level, first->index + i};
        TRY(usage_sources_add_run(&m->sources, m->tree, &part));
    }
    TRY(usage_sources_seek(&m->sources, SLICE("")));
    return usage_create_run(m->tree, &m->place, &m->writer.fd);
}

status usage_merge_begin(const tree *t, const usage_place *first, struct usage_merge **out) {
    struct usage_merge *m = calloc(1, sizeof *m);
    ENSURE(m != NULL, OUT_OF_MEMORY);
    *m = (struct usage_merge){.tree = t, .writer.fd = -1};
    m->place = (usage_place){first->level + 1, first->index >> USAGE_FAN_HEIGHT};
    status begun = begin(m, first);
    if (FAILED(begun)) {
        usage_merge_free(m);
        return begun;
    }
    *out = m;
    return OK;
}

static status finish(struct usage_merge *m) {
    usage_range range = {.first = usage_place_first(&m->place), .count = usage_place_entries(&m->place)};
    TRY(usage_place_hash(m->tree, &m->place, &range.hash));
    TRY(usage_writer_end(&m->writer, &range));
    return usage_keep_run(m->tree, &m->place);
}

status usage_merge_step(struct usage_merge *m, bool *is_done) {
    for (int i = 0; i < ROWS_A_STEP; i++) {
        usage_row row;
        TRY(usage_sources_next(&m->sources, &row, is_done));
        if (*is_done) return finish(m);
        TRY(usage_writer_put(&m->writer, &row));
    }
    return OK;
}

void usage_merge_free(struct usage_merge *m) {
    if (!m) return;
    usage_sources_clear(&m->sources);
    usage_writer_clear(&m->writer);
    files_close(m->writer.fd);
    free(m);
}
