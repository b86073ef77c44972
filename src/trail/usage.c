/* Keeping an account's runs, and answering from them. */
#include "trail/usage.h"

#include <stdlib.h>

#include "base/clock.h"
#include "system/files.h"
#include "trail/usage_sources.h"

enum { LEAF = 1 << USAGE_LEAF_HEIGHT, FAN = 1 << USAGE_FAN_HEIGHT, LIST_MEMORY = 4 << 20 };

/* ---- which runs there are */

static status runs_push(usage *u, const usage_place *place) {
    if (u->count == u->room) {
        size_t room = u->room ? u->room * 2 : 32;
        usage_place *grown = reallocarray(u->runs, room, sizeof *grown);
        ENSURE(grown != NULL, OUT_OF_MEMORY);
        u->runs = grown;
        u->room = room;
    }
    u->runs[u->count++] = *place;
    u->counted = usage_place_first(place) + usage_place_entries(place);
    return OK;
}

/* By the first entry, and the larger run before those it was made of. */
static int compare_places(const void *a, const void *b) {
    const usage_place *one = a, *other = b;
    uint64_t first = usage_place_first(one), second = usage_place_first(other);
    if (first != second) return first < second ? -1 : 1;
    return (one->level < other->level) - (one->level > other->level);
}

static status open_folder(usage *u, const tree *t) {
    OWNED(arena) memory = {.limit = LIST_MEMORY};
    usage_place *found = NULL;
    size_t count;
    TRY(usage_list_runs(t, &memory, &found, &count));
    if (count) qsort(found, count, sizeof *found, compare_places);
    for (size_t i = 0; i < count; i++) {
        usage_reader r = {.fd = -1};
        bool is_next = usage_place_first(&found[i]) == u->counted && !FAILED(usage_open_run(t, &found[i], &r));
        usage_reader_clear(&r);
        if (is_next) TRY(runs_push(u, &found[i]));
        else usage_remove_run(t, &found[i]);
    }
    u->is_open = true;
    return OK;
}

static status read_through(const tree *t, const usage_place *place) {
    usage_reader r;
    TRY(usage_open_run(t, place, &r));
    status sound = usage_reader_seek(&r, SLICE(""));
    while (!FAILED(sound) && !r.is_end) sound = usage_reader_next(&r);
    usage_reader_clear(&r);
    return sound;
}

/* The first run that is not as it was written goes, and all behind it: they will be made again. False: all are sound. */
static bool forget_damaged(usage *u, const tree *t) {
    size_t first = 0;
    while (first < u->count && !FAILED(read_through(t, &u->runs[first]))) first++;
    if (first == u->count) return false;
    usage_merge_free(u->merging);
    u->merging = NULL;
    for (size_t i = first; i < u->count; i++) usage_remove_run(t, &u->runs[i]);
    u->counted = usage_place_first(&u->runs[first]);
    u->count = first;
    return true;
}

static bool is_damage(status s) { return FAILED_WITH(s, CORRUPT) || FAILED_WITH(s, NOT_FOUND); }

/* ---- counting */

static status tally_bundle(usage_tally *tally, const tree *t, uint64_t bundle, uint64_t from) {
    OWNED(buffer) bytes = {0};
    TRY(tree_bundle(t, bundle, &bytes));
    slice rest = buffer_slice(&bytes), entry;
    for (uint64_t index = bundle * MERKLE_TILE_WIDTH; bundle_take(&rest, &entry); index++)
        if (index >= from) TRY(usage_tally_entry(tally, entry, index));
    ENSURE(rest.len == 0, CORRUPT);
    return OK;
}

static status tally_range(usage_tally *tally, const tree *t, uint64_t first, uint64_t end) {
    for (uint64_t bundle = first / MERKLE_TILE_WIDTH; bundle * MERKLE_TILE_WIDTH < end; bundle++)
        TRY(tally_bundle(tally, t, bundle, first));
    return OK;
}

static status write_run(const tree *t, const usage_place *place, const usage_row *rows, size_t count) {
    usage_writer w = {.fd = -1};
    usage_range range = {.first = usage_place_first(place), .count = usage_place_entries(place)};
    TRY(usage_place_hash(t, place, &range.hash));
    status written = usage_create_run(t, place, &w.fd);
    for (size_t i = 0; i < count && !FAILED(written); i++) written = usage_writer_put(&w, &rows[i]);
    if (!FAILED(written)) written = usage_writer_end(&w, &range);
    usage_writer_clear(&w);
    files_close(w.fd);
    TRY(written);
    return usage_keep_run(t, place);
}

static status make_run(usage *u, const tree *t) {
    OWNED(usage_tally) tally = {0};
    usage_place place = {0, u->counted / LEAF};
    usage_row *rows;
    size_t count;
    TRY(tally_range(&tally, t, u->counted, u->counted + LEAF));
    TRY(usage_tally_rows(&tally, &rows, &count));
    TRY(write_run(t, &place, rows, count));
    return runs_push(u, &place);
}

/* ---- joining */

/* Sixteen of one level side by side, beginning where one of the next level begins. */
static bool find_joinable(const usage *u, size_t *out) {
    for (size_t i = 0; i + FAN <= u->count; i++) {
        const usage_place *first = &u->runs[i], *last = &u->runs[i + FAN - 1];
        bool is_whole = first->level == last->level && first->index % FAN == 0 && last->index == first->index + FAN - 1;
        if (!is_whole || first->level + 1 >= USAGE_LEVELS) continue;
        *out = i;
        return true;
    }
    return false;
}

static status begin_joining(usage *u, const tree *t, bool *is_begun) {
    size_t at;
    *is_begun = find_joinable(u, &at);
    return *is_begun ? usage_merge_begin(t, &u->runs[at], &u->merging) : OK;
}

/* The parts leave the list and then the disk: a crash between leaves files that the next start removes. */
static void put_joined(usage *u, const tree *t) {
    size_t at;
    usage_merge_free(u->merging);
    u->merging = NULL;
    if (!find_joinable(u, &at)) return;
    usage_place parts[FAN];
    memcpy(parts, &u->runs[at], sizeof parts);
    u->runs[at] = (usage_place){parts[0].level + 1, parts[0].index >> USAGE_FAN_HEIGHT};
    memmove(&u->runs[at + 1], &u->runs[at + FAN], (u->count - at - FAN) * sizeof *u->runs);
    u->count -= FAN - 1;
    for (size_t i = 0; i < FAN; i++) usage_remove_run(t, &parts[i]);
}

static status join_some(usage *u, const tree *t) {
    bool is_done = false;
    TRY(usage_merge_step(u->merging, &is_done));
    if (is_done) put_joined(u, t);
    return OK;
}

/* One piece of work. */
static status work_once(usage *u, const tree *t, bool *is_done) {
    bool is_begun = false;
    *is_done = false;
    if (!u->is_open) return open_folder(u, t);
    if (u->merging) return join_some(u, t); /* joining comes first: there are never many runs */
    TRY(begin_joining(u, t, &is_begun));
    if (is_begun) return OK;
    *is_done = t->edge.size < u->counted + LEAF;
    return *is_done ? OK : make_run(u, t);
}

status usage_work(usage *u, const tree *t, int budget_ms, bool *is_done) {
    int64_t until_ms = clock_monotonic_ms() + budget_ms;
    do {
        status worked = work_once(u, t, is_done);
        if (is_damage(worked) && forget_damaged(u, t)) worked = OK;
        TRY(worked);
    } while (!*is_done && clock_monotonic_ms() < until_ms);
    return OK;
}

void usage_clear(usage *u) {
    usage_merge_free(u->merging);
    free(u->runs);
    *u = (usage){0};
}

/* ---- answering */

static status put_start(const usage_query *q, buffer *out) {
    TRY(buffer_append(out, q->key_id));
    return buffer_append_u32(out, q->from_hour);
}

/* Whether the line is still of the key and the hours asked for. */
static bool is_within(const usage_query *q, slice order) {
    slice key, rest = order;
    uint32_t hour;
    return slice_take(&rest, USAGE_ID_BYTES, &key) && slice_take_u32(&rest, &hour) && slice_equals(key, q->key_id) &&
           hour <= q->to_hour;
}

static status collect(usage_sources *s, const usage_query *q, arena *memory, usage_answer *out) {
    usage_answer found = {.rows = ARENA_ARRAY(memory, usage_row, q->limit)};
    ENSURE(found.rows != NULL, OUT_OF_MEMORY);
    for (;;) {
        usage_row row;
        bool is_end;
        TRY(usage_sources_next(s, &row, &is_end));
        if (is_end || !is_within(q, row.order)) break;
        if (!slice_is_absent(q->after) && slice_compare(row.order, q->after) <= 0) continue;
        found.has_more = found.count == q->limit;
        if (found.has_more) break;
        TRY(arena_copy(memory, row.order, &row.order));
        found.rows[found.count++] = row;
    }
    *out = found;
    return OK;
}

static status find(const usage *u, const tree *t, const usage_query *q, arena *memory, usage_answer *out) {
    OWNED(usage_sources) sources = {0};
    OWNED(usage_tally) tally = {0};
    OWNED(buffer) start = {0};
    usage_row *rows;
    TRY(tally_range(&tally, t, u->counted, t->edge.size));
    TRY(usage_tally_rows(&tally, &rows, &sources.counted_count));
    sources.counted = rows;
    TRY(usage_sources_need(&sources, u->count));
    for (size_t i = 0; i < u->count; i++) TRY(usage_sources_add_run(&sources, t, &u->runs[i]));
    TRY(put_start(q, &start));
    TRY(usage_sources_seek(&sources, slice_is_absent(q->after) ? buffer_slice(&start) : q->after));
    return collect(&sources, q, memory, out);
}

status usage_find(usage *u, const tree *t, const usage_query *query, arena *memory, usage_answer *out) {
    ENSURE(query->key_id.len == USAGE_ID_BYTES && query->limit > 0, INVALID_PARAMETER);
    ENSURE(u->is_open && t->edge.size < u->counted + LEAF, CONFLICT);
    status found = find(u, t, query, memory, out);
    return is_damage(found) && forget_damaged(u, t) ? FAIL(CONFLICT) : found;
}
