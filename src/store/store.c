/* The store: sealing, cache and compare-and-put in front of an engine. */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/cache.h"
#include "store/engine.h"
#include "store/root.h"
#include "store/seal.h"
#include "store/sqlite.h"

enum { CACHE_BYTES = 32 << 20 };

struct store {
    const store_engine *engine;
    void *state;
    sealer *sealer;
    cache *cache;
    store_root root;       /* of what is committed */
    store_root batch_root; /* of what the batch would leave */
    uint64_t
        last_revision; /* never goes back, not even when a batch is rolled back: what was seen is not given twice */
    uint64_t batch;    /* number of the open or last batch */
    bool is_in_batch;
    bool has_changes;
    status spoiled; /* why the open batch cannot be committed */
    buffer sealed;
    buffer corrupt_key;
    store_fault fault;
};

static bool key_is_allowed(slice key) { return key.len > 0 && key.len <= STORE_KEY_MOST && key.at[0] != 0; }

static void say(store *s, const char *text) { snprintf(s->fault.text, sizeof s->fault.text, "%s", text); }

/* Remembers which record it was; in the sentence, bytes that are not printable show as '?'. */
static status corrupt(store *s, slice key) {
    buffer_reset(&s->corrupt_key);
    status_ignore(buffer_append(&s->corrupt_key, key));
    char name[120] = "";
    for (size_t i = 0; i < key.len && i < sizeof name - 1; i++)
        name[i] = key.at[i] >= 0x20 && key.at[i] < 0x7f ? (char)key.at[i] : '?';
    snprintf(s->fault.text, sizeof s->fault.text,
             "the record \"%s\" was changed on disk: it does not open under its key and revision", name);
    return FAIL(CORRUPT);
}

static status row_open(store *s, const store_row *row, arena *memory, slice *value) {
    status opened = sealer_open(s->sealer, row, memory, value);
    return FAILED_WITH(opened, CORRUPT) ? corrupt(s, row->key) : opened;
}

static status row_put(store *s, const store_row *row) {
    if (slice_is_absent(row->value)) return s->engine->put(s->state, row);
    buffer_reset(&s->sealed);
    TRY(sealer_seal(s->sealer, row, &s->sealed));
    store_row sealed = {row->key, buffer_slice(&s->sealed), row->revision};
    return s->engine->put(s->state, &sealed);
}

/* -- opening */

static status root_put(store *s, const store_root *root) {
    OWNED(buffer) text = {0};
    TRY(root_encode(root, &text));
    store_row row = {root_key(), buffer_slice(&text), s->last_revision + 1};
    TRY(row_put(s, &row));
    s->last_revision++;
    return OK;
}

typedef struct root_scan {
    store *store;
    store_root found;
    uint64_t last_revision;
} root_scan;

static status scan_visit(void *context, const store_row *row) {
    root_scan *scan = context;
    if (slice_equals(row->key, root_key())) return OK;
    uint8_t tag[SEAL_TAG_BYTES];
    TRY(sealer_tag(scan->store->sealer, row->key, row->revision, tag));
    root_add(&scan->found, tag);
    return OK;
}

static status root_read(store *s, store_root *out) {
    store_row row = {.key = root_key()};
    OWNED(arena) memory = {0};
    TRY(s->engine->get(s->state, row.key, &row.value, &row.revision));
    slice text;
    TRY(row_open(s, &row, &memory, &text));
    TRY(root_decode(text, out));
    s->last_revision = row.revision;
    return OK;
}

static status root_found(store *s) {
    TRY(s->engine->step(s->state, STORE_STEP_BEGIN));
    status put = root_put(s, &s->root);
    if (!FAILED(put)) return s->engine->step(s->state, STORE_STEP_COMMIT);
    status_ignore(s->engine->step(s->state, STORE_STEP_ROLL_BACK));
    return put;
}

/* Counts what is there and compares with the root. A store without any row is new. */
static status root_check(store *s) {
    root_scan scan = {.store = s};
    store_span all = {.limit = SIZE_MAX, .is_without_values = true};
    TRY(s->engine->range(s->state, &all, scan_visit, &scan));
    status read = root_read(s, &s->root);
    if (FAILED_WITH(read, NOT_FOUND) && scan.found.count == 0) return root_found(s);
    if (FAILED_WITH(read, NOT_FOUND)) {
        say(s, "the store's own record is missing");
        return FAIL(CORRUPT);
    }
    if (FAILED_WITH(read, CORRUPT)) say(s, "the store was sealed under another key, or its own record was changed");
    if (FAILED_WITH(read, UNSUPPORTED)) say(s, "the store was written by a newer version");
    TRY(read);
    if (root_equals(&s->root, &scan.found)) return OK;
    snprintf(s->fault.text, sizeof s->fault.text,
             "records were added, dropped or put back behind the store's back: %llu are there, %llu were stored",
             (unsigned long long)scan.found.count, (unsigned long long)s->root.count);
    return FAIL(CORRUPT);
}

static status store_prepare(store *s, const store_options *options) {
    TRY(sealer_new(options->key, &s->sealer));
    TRY(cache_new(options->cache_bytes ? options->cache_bytes : CACHE_BYTES, &s->cache));
    TRY(s->engine->open(options, &s->fault, &s->state));
    return root_check(s);
}

status store_open(const store_options *options, store **out) {
    store *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    made->engine = options->engine ? options->engine : &store_engine_sqlite;
    status result = store_prepare(made, options);
    if (FAILED(result)) {
        if (options->fault) *options->fault = made->fault;
        store_close(made);
        return result;
    }
    *out = made;
    return OK;
}

void store_close(store *s) {
    if (!s) return;
    if (s->is_in_batch) store_roll_back(s);
    if (s->state) s->engine->close(s->state);
    sealer_free(s->sealer);
    cache_free(s->cache);
    buffer_clear(&s->sealed);
    buffer_clear(&s->corrupt_key);
    free(s);
}

/* -- reading */

static uint64_t current_batch(const store *s) { return s->is_in_batch ? s->batch : 0; }

static status get_from_engine(store *s, slice key, arena *memory, cache_record *out) {
    store_row row = {.key = key};
    cache_record record = {.batch = current_batch(s)};
    status found = s->engine->get(s->state, key, &row.value, &row.revision);
    if (!FAILED(found)) {
        TRY(row_open(s, &row, memory, &record.value));
        record.revision = row.revision;
    } else if (!FAILED_WITH(found, NOT_FOUND)) {
        return found;
    }
    cache_put(s->cache, key, &record);
    *out = record;
    return OK;
}

status store_get(store *s, slice key, arena *memory, slice *value, uint64_t *revision) {
    cache_record record;
    TRY(s->spoiled);
    if (cache_get(s->cache, key, &record)) {
        ENSURE(!slice_is_absent(record.value), NOT_FOUND);
        TRY(arena_copy(memory, record.value, value));
        *revision = record.revision;
        return OK;
    }
    ENSURE(key_is_allowed(key), NOT_FOUND);
    TRY(get_from_engine(s, key, memory, &record));
    ENSURE(!slice_is_absent(record.value), NOT_FOUND);
    *value = record.value;
    *revision = record.revision;
    return OK;
}

/* 0 when the key is not there. */
static status current_revision(store *s, slice key, uint64_t *out) {
    cache_record record;
    if (cache_get(s->cache, key, &record)) {
        *out = record.revision;
        return OK;
    }
    uint64_t revision = 0;
    status found = s->engine->get(s->state, key, NULL, &revision);
    if (FAILED(found) && !FAILED_WITH(found, NOT_FOUND)) return found;
    *out = FAILED(found) ? STORE_ABSENT : revision;
    return OK;
}

status store_revision(store *s, slice key, uint64_t *revision) {
    uint64_t found;
    TRY(s->spoiled);
    ENSURE(key_is_allowed(key), NOT_FOUND);
    TRY(current_revision(s, key, &found));
    ENSURE(found != STORE_ABSENT, NOT_FOUND);
    *revision = found;
    return OK;
}

/* Rows unsealed so far; the array doubles as it fills. */
typedef struct row_list {
    store *store;
    arena *memory;
    store_row *rows;
    size_t count;
    size_t capacity;
} row_list;

static status rows_grow(row_list *list) {
    if (list->count < list->capacity) return OK;
    size_t capacity = list->capacity ? list->capacity * 2 : 16;
    store_row *grown = ARENA_ARRAY(list->memory, store_row, capacity);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    if (list->count) memcpy(grown, list->rows, list->count * sizeof *grown);
    list->rows = grown;
    list->capacity = capacity;
    return OK;
}

static status rows_visit(void *context, const store_row *row) {
    row_list *list = context;
    TRY(rows_grow(list));
    store_row made = {.revision = row->revision};
    TRY(row_open(list->store, row, list->memory, &made.value));
    TRY(arena_copy(list->memory, row->key, &made.key));
    list->rows[list->count++] = made;
    return OK;
}

/* A read says where, how much, and three things about the answer (house_rules: parameters). */
status store_range(store *s, slice from, slice until, size_t limit, arena *memory, store_row **rows, size_t *count) {
    static const uint8_t after_root[] = {0, 0};
    TRY(s->spoiled);
    if (from.len == 0 || from.at[0] == 0) from = slice_of(after_root, sizeof after_root);
    row_list list = {s, memory, NULL, 0, 0};
    store_span span = {from, until, limit, false};
    TRY(s->engine->range(s->state, &span, rows_visit, &list));
    *rows = list.rows;
    *count = list.count;
    return OK;
}

/* The first key that comes after all keys with the prefix: the last byte that can be raised is, the rest is cut off. */
static slice prefix_end(slice prefix, uint8_t out[STORE_KEY_MOST]) {
    while (prefix.len && prefix.at[prefix.len - 1] == 0xff) prefix.len--;
    if (prefix.len == 0) return (slice){0};
    memcpy(out, prefix.at, prefix.len);
    out[prefix.len - 1]++;
    return slice_of(out, prefix.len);
}

/* house_rules: parameters, as store_range */
status store_list(store *s, slice prefix, slice after, size_t limit, arena *memory, store_row **rows, size_t *count) {
    uint8_t start[STORE_KEY_MOST + 1], end[STORE_KEY_MOST];
    ENSURE(prefix.len <= STORE_KEY_MOST && after.len <= STORE_KEY_MOST, TOO_LARGE);
    slice from = prefix;
    if (!slice_is_absent(after) && slice_compare(after, prefix) >= 0) {
        if (after.len) memcpy(start, after.at, after.len);
        start[after.len] = 0;
        from = slice_of(start, after.len + 1);
    }
    return store_range(s, from, prefix_end(prefix, end), limit, memory, rows, count);
}

static status count_visit(void *context, const store_row *row) {
    (void)row;
    ++*(size_t *)context;
    return OK;
}

status store_count(store *s, slice prefix, size_t *count) {
    uint8_t end[STORE_KEY_MOST];
    size_t found = 0;
    TRY(s->spoiled);
    ENSURE(prefix.len > 0 && prefix.len <= STORE_KEY_MOST && prefix.at[0] != 0, MALFORMED);
    store_span span = {prefix, prefix_end(prefix, end), SIZE_MAX, true};
    TRY(s->engine->range(s->state, &span, count_visit, &found));
    *count = found;
    return OK;
}

/* -- changing */

status store_begin(store *s) {
    ENSURE(!s->is_in_batch, INTERNAL);
    TRY(s->engine->step(s->state, STORE_STEP_BEGIN));
    s->is_in_batch = true;
    s->has_changes = false;
    s->batch++;
    s->batch_root = s->root;
    return OK;
}

/* Undoes the batch where it stands; it stays open, and its commit tells why it failed. */
static status spoil(store *s, status failure) {
    status_ignore(s->engine->step(s->state, STORE_STEP_ROLL_BACK));
    cache_drop_batch(s->cache, s->batch);
    s->spoiled = failure;
    return failure;
}

static status change_check(store *s, const store_change *change) {
    ENSURE(key_is_allowed(change->key), MALFORMED);
    ENSURE(change->value.len <= STORE_VALUE_MOST, TOO_LARGE);
    if (change->expected == STORE_ANY) return OK;
    uint64_t revision;
    status read = current_revision(s, change->key, &revision);
    if (FAILED(read)) return spoil(s, read);
    ENSURE(revision == change->expected, CONFLICT);
    return OK;
}

/* The root follows every change: the old record's tag goes out, the new one's comes in. */
static status root_follow(store *s, slice key, uint64_t old, uint64_t new) {
    uint8_t tag[SEAL_TAG_BYTES];
    if (old != STORE_ABSENT) {
        TRY(sealer_tag(s->sealer, key, old, tag));
        root_subtract(&s->batch_root, tag);
    }
    if (new != STORE_ABSENT) {
        TRY(sealer_tag(s->sealer, key, new, tag));
        root_add(&s->batch_root, tag);
    }
    return OK;
}

static status change_make(store *s, const store_change *change) {
    bool is_delete = slice_is_absent(change->value);
    uint64_t old;
    TRY(current_revision(s, change->key, &old));
    if (is_delete && old == STORE_ABSENT) return OK;
    store_row row = {change->key, change->value, s->last_revision + 1};
    TRY(row_put(s, &row));
    s->last_revision++;
    s->has_changes = true;
    TRY(root_follow(s, row.key, old, is_delete ? STORE_ABSENT : row.revision));
    cache_record record = {change->value, is_delete ? STORE_ABSENT : row.revision, s->batch};
    cache_put(s->cache, row.key, &record);
    return OK;
}

status store_apply(store *s, const store_change *changes, size_t count) {
    ENSURE(s->is_in_batch, INTERNAL);
    TRY(s->spoiled);
    for (size_t i = 0; i < count; i++) TRY(change_check(s, &changes[i]));
    for (size_t i = 0; i < count; i++) {
        status made = change_make(s, &changes[i]);
        if (FAILED(made)) return spoil(s, made);
    }
    return OK;
}

static status batch_finish(store *s) {
    TRY(s->spoiled);
    if (s->has_changes) TRY(root_put(s, &s->batch_root));
    TRY(s->engine->step(s->state, STORE_STEP_COMMIT));
    s->root = s->batch_root;
    return OK;
}

status store_commit(store *s) {
    ENSURE(s->is_in_batch, INTERNAL);
    status result = batch_finish(s);
    if (FAILED(result)) store_roll_back(s);
    s->is_in_batch = false;
    return result;
}

void store_roll_back(store *s) {
    if (!s->is_in_batch) return;
    status_ignore(s->engine->step(s->state, STORE_STEP_ROLL_BACK));
    cache_drop_batch(s->cache, s->batch);
    s->spoiled = OK;
    s->is_in_batch = false;
}

status store_scrub(store *s) {
    ENSURE(!s->is_in_batch, INTERNAL);
    return s->engine->scrub(s->state);
}

void store_last_corrupt(const store *s, slice *key) {
    *key = s->corrupt_key.len ? buffer_slice(&s->corrupt_key) : (slice){0};
}

const char *store_last_fault(const store *s) { return s->fault.text; }
