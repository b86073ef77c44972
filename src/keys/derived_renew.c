/* Making all derived rows anew, when a version of the program knows more of them than the store has. */
#include <stdio.h>

#include "keys/derived.h"

enum { CHUNK = 256, CHUNK_MEMORY = 16 << 20 };
#define MARK SLICE("meta/derived")

/* One chunk of rows in one batch. */
typedef status chunk_work(store *s, derived *counts, const store_row *rows, size_t count, arena *memory);

static status in_batch(store *s, derived *counts, chunk_work *work, const store_row *rows, size_t count) {
    OWNED(arena) memory = {.limit = CHUNK_MEMORY};
    TRY(store_begin(s));
    status worked = work(s, counts, rows, count, &memory);
    if (!FAILED(worked)) worked = derived_flush(counts, s);
    if (!FAILED(worked)) return store_commit(s);
    derived_drop(counts);
    store_roll_back(s);
    return worked;
}

static status for_all(store *s, slice prefix, chunk_work *work) {
    OWNED(arena) memory = {.limit = CHUNK_MEMORY};
    OWNED(buffer) after = {0};
    OWNED(derived) counts = {0};
    for (;;) {
        store_row *rows;
        size_t count;
        TRY(store_list(s, prefix, after.len ? buffer_slice(&after) : (slice){0}, CHUNK, &memory, &rows, &count));
        if (count) TRY(in_batch(s, &counts, work, rows, count));
        if (count < CHUNK) return OK;
        buffer_reset(&after);
        TRY(buffer_append(&after, rows[count - 1].key));
        arena_reset(&memory);
    }
}

static status remove_rows(store *s, derived *counts, const store_row *rows, size_t count, arena *memory) {
    (void)counts, (void)memory;
    for (size_t i = 0; i < count; i++) {
        store_change removal = {rows[i].key, {0}, STORE_ANY};
        TRY(store_apply(s, &removal, 1));
    }
    return OK;
}

/* As if the record had just come: what follows from nothing becoming this. */
static status add_rows(store *s, derived *counts, const store_row *rows, size_t count, arena *memory) {
    for (size_t i = 0; i < count; i++) {
        derived_changes made;
        TRY(derived_from_record(s, &rows[i], memory, &made));
        if (made.count) TRY(store_apply(s, made.at, made.count));
        TRY(derived_count(counts, &made));
    }
    return OK;
}

static status put_mark(store *s, slice text) {
    store_change change = {MARK, text, STORE_ANY};
    TRY(store_begin(s));
    status applied = store_apply(s, &change, 1);
    if (!FAILED(applied)) return store_commit(s);
    store_roll_back(s);
    return applied;
}

status derived_renew(store *s) {
    static const char *const DERIVED[] = {"dependent/", "dependents/", "due/", "rewrapping/", "unsettled/"};
    static const char *const SOURCES[] = {"key/", "alias/", "bucket/", "object/", "secret/", "grant/"};
    OWNED(arena) memory = {0};
    char text[16];
    slice mark;
    uint64_t revision;
    snprintf(text, sizeof text, "%d", DERIVED_VERSION);
    status found = store_get(s, MARK, &memory, &mark, &revision);
    if (FAILED(found) && !FAILED_WITH(found, NOT_FOUND)) return found;
    if (!FAILED(found) && slice_equals_text(mark, text)) return OK;
    for (size_t i = 0; i < sizeof DERIVED / sizeof *DERIVED; i++)
        TRY(for_all(s, slice_of_text(DERIVED[i]), remove_rows));
    for (size_t i = 0; i < sizeof SOURCES / sizeof *SOURCES; i++) TRY(for_all(s, slice_of_text(SOURCES[i]), add_rows));
    return put_mark(s, slice_of_text(text));
}
