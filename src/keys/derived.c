/* What follows from a change. */
#include "keys/derived.h"

#include <stdlib.h>

#include "keys/due.h"
#include "keys/rewrap.h"

enum { FLUSH_MEMORY = 16 << 20 };

static const slice CERTIFICATES = {(const uint8_t *)"certificate/", 12};

/* Room for one element more in a list that lives in the arena. */
static status make_room(arena *memory, void **at, size_t count, size_t *room, size_t size) {
    if (count < *room) return OK;
    size_t wanted = *room ? *room * 2 : 8;
    void *grown = arena_take_array(memory, wanted, size);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    if (count) memcpy(grown, *at, count * size);
    *at = grown;
    *room = wanted;
    return OK;
}

typedef struct following {
    store *store;
    arena *memory;
    derived_changes *out;
} following;

static status put_row(following *f, slice path, slice value) {
    derived_changes *out = f->out;
    TRY(make_room(f->memory, (void **)&out->at, out->count, &out->room, sizeof *out->at));
    out->at[out->count++] = (store_change){path, value, STORE_ANY};
    return OK;
}

/* ---- dependents */

static bool has(const reference *list, size_t count, const reference *wanted) {
    for (size_t i = 0; i < count; i++) {
        slice a = list[i].key_version_id, b = wanted->key_version_id;
        bool same_version = a.len == b.len && (a.len == 0 || slice_equals(a, b));
        if (same_version && slice_equals(list[i].key_id, wanted->key_id)) return true;
    }
    return false;
}

static status put_dependent(following *f, int kind, const reference *to, slice store_key, int64_t more) {
    derived_changes *out = f->out;
    slice path, name;
    TRY(dependent_name(kind, store_key, to->key_id, f->memory, &name));
    TRY(dependent_path(to, kind, name, f->memory, &path));
    TRY(put_row(f, path, more > 0 ? SLICE("") : (slice){0}));
    TRY(make_room(f->memory, (void **)&out->counts, out->count_count, &out->count_room, sizeof *out->counts));
    out->counts[out->count_count++] = (derived_change){*to, kind, more};
    return OK;
}

typedef struct versions {
    slice before, after; /* packed; absent: no record */
} versions;

static status follow_dependent(following *f, int kind, slice path, const versions *v) {
    reference before[REFERENCES_MOST], after[REFERENCES_MOST];
    size_t before_count = 0, after_count = 0;
    if (!slice_is_absent(v->before)) TRY(dependent_references(kind, v->before, f->memory, before, &before_count));
    if (!slice_is_absent(v->after)) TRY(dependent_references(kind, v->after, f->memory, after, &after_count));
    for (size_t i = 0; i < before_count; i++)
        if (!has(after, after_count, &before[i])) TRY(put_dependent(f, kind, &before[i], path, -1));
    for (size_t i = 0; i < after_count; i++)
        if (!has(before, before_count, &after[i])) TRY(put_dependent(f, kind, &after[i], path, 1));
    return OK;
}

/* A row that is there or not: `path` behind the prefix. */
static status put_mark(following *f, slice prefix, slice path, bool is_there) {
    slice whole;
    TRY(arena_printf(f->memory, &whole, "%.*s%.*s", SLICE_ARGS(prefix), SLICE_ARGS(path)));
    return put_row(f, whole, is_there ? SLICE("") : (slice){0});
}

static status is_unsettled(following *f, slice packed, bool *out) {
    object_record object = {0};
    if (!slice_is_absent(packed))
        ENSURE(!FAILED(shape_unpack(&object_record_shape, packed, f->memory, &object)), CORRUPT);
    *out = !slice_is_absent(object.former_wrapped_key);
    return OK;
}

/* Objects whose blobs' heads have yet to be written. */
static status follow_head(following *f, slice name, const versions *v) {
    bool was_unsettled, is_now;
    TRY(is_unsettled(f, v->before, &was_unsettled));
    TRY(is_unsettled(f, v->after, &is_now));
    return was_unsettled == is_now ? OK : put_mark(f, UNSETTLED_PREFIX, name, is_now);
}

/* ---- keys: what is due, and material let go of */

static bool holds(const key_record *key, slice sealed) {
    for (size_t i = 0; i < key->versions.count; i++)
        if (slice_equals(key->versions.at[i].sealed, sealed)) return true;
    return false;
}

static status let_go(following *f, slice sealed) {
    derived_changes *out = f->out;
    TRY(make_room(f->memory, (void **)&out->released, out->released_count, &out->released_room, sizeof *out->released));
    out->released[out->released_count++] = sealed;
    return OK;
}

static status release(following *f, const key_record *before, const key_record *after) {
    for (size_t i = 0; i < before->versions.count; i++) {
        slice sealed = before->versions.at[i].sealed;
        if (slice_is_empty(sealed) || holds(after, sealed)) continue;
        TRY(let_go(f, sealed));
    }
    return OK;
}

static status put_due(following *f, const due *list, size_t count, slice value) {
    for (size_t i = 0; i < count; i++) {
        slice path;
        TRY(due_path(&list[i], f->memory, &path));
        TRY(put_row(f, path, value));
    }
    return OK;
}

static status unpack_key(following *f, slice packed, key_record *out) {
    if (slice_is_absent(packed)) return OK;
    ENSURE(!FAILED(shape_unpack(&key_record_shape, packed, f->memory, out)), CORRUPT);
    return OK;
}

static bool is_rewrapping(const key_record *key) { return key->rewrap && !key->rewrap->finished_at.is_set; }

static status follow_key(following *f, slice path, const versions *v) {
    key_record before = {0}, after = {0};
    due due_before[DUE_KINDS], due_after[DUE_KINDS];
    size_t before_count, after_count;
    TRY(unpack_key(f, v->before, &before));
    TRY(unpack_key(f, v->after, &after));
    TRY(due_of_key(path, &before, due_before, &before_count));
    TRY(due_of_key(path, &after, due_after, &after_count));
    TRY(put_due(f, due_before, before_count, (slice){0}));
    TRY(put_due(f, due_after, after_count, SLICE(""))); /* the later of two changes of a row stays */
    if (is_rewrapping(&before) != is_rewrapping(&after))
        TRY(put_mark(f, REWRAPPING_PREFIX, slice_skip(path, SLICE("key/").len), is_rewrapping(&after)));
    return release(f, &before, &after);
}

/* ---- secrets */

static status secret_due(following *f, slice path, slice packed, due out[DUE_KINDS], size_t *count) {
    secret_record of = {0};
    if (!slice_is_absent(packed)) ENSURE(!FAILED(shape_unpack(&secret_record_shape, packed, f->memory, &of)), CORRUPT);
    return due_of_secret(path, &of, out, count);
}

static status follow_secret(following *f, slice path, const versions *v) {
    due before[DUE_KINDS], after[DUE_KINDS];
    size_t before_count, after_count;
    TRY(secret_due(f, path, v->before, before, &before_count));
    TRY(secret_due(f, path, v->after, after, &after_count));
    TRY(put_due(f, before, before_count, (slice){0}));
    return put_due(f, after, after_count, SLICE(""));
}

/* A certificate's key goes with its record. */
static status follow_certificate(following *f, const versions *v) {
    certificate_record before = {0};
    if (slice_is_absent(v->before) || !slice_is_absent(v->after)) return OK;
    ENSURE(!FAILED(shape_unpack(&certificate_record_shape, v->before, f->memory, &before)), CORRUPT);
    return let_go(f, before.sealed);
}

/* ---- any record */

static status follow(following *f, slice path, const versions *v) {
    slice name;
    int kind = dependent_kind_of(path, &name);
    if (slice_starts_with(path, CERTIFICATES)) return follow_certificate(f, v);
    if (kind == DEPENDENT_KIND_ABSENT) return follow_key(f, path, v);
    if (kind == DEPENDENT_KIND_OBJECT) TRY(follow_head(f, name, v));
    if (kind == DEPENDENT_KIND_SECRET) TRY(follow_secret(f, path, v));
    return follow_dependent(f, kind, path, v);
}

static bool is_of_interest(slice key) {
    slice name;
    if (slice_starts_with(key, CERTIFICATES)) return true;
    return dependent_kind_of(key, &name) != DEPENDENT_KIND_ABSENT || slice_starts_with(key, SLICE("key/"));
}

static status follow_one(following *f, const store_change *change) {
    uint64_t revision;
    versions v = {.after = change->value};
    bool removes_value = slice_is_absent(change->value) && slice_starts_with(change->key, SLICE("secret-value/"));
    f->out->removes_values = f->out->removes_values || removes_value;
    if (!is_of_interest(change->key)) return OK;
    status found = store_get(f->store, change->key, f->memory, &v.before, &revision);
    if (FAILED(found) && !FAILED_WITH(found, NOT_FOUND)) return found;
    if (FAILED(found)) v.before = (slice){0};
    return follow(f, change->key, &v);
}

status derived_from_record(store *s, const store_row *row, arena *memory, derived_changes *out) {
    derived_changes made = {0};
    following f = {s, memory, &made};
    versions v = {.after = row->value};
    if (is_of_interest(row->key)) TRY(follow(&f, row->key, &v));
    *out = made;
    return OK;
}

/* Of two changes to one key the later one stays. */
static bool comes_again(const store_change *changes, size_t count, size_t at) {
    for (size_t i = at + 1; i < count; i++)
        if (slice_equals(changes[i].key, changes[at].key)) return true;
    return false;
}

status derived_follow(store *s, const store_change *changes, size_t count, arena *memory, derived_changes *out) {
    derived_changes made = {0};
    following f = {s, memory, &made};
    for (size_t i = 0; i < count; i++)
        if (!comes_again(changes, count, i)) TRY(follow_one(&f, &changes[i]));
    *out = made;
    return OK;
}

/* ---- counts */

static status add_count(derived *d, slice name, int64_t more) {
    int64_t *there = table_get(&d->counts, name);
    if (!there) {
        there = calloc(1, sizeof *there);
        ENSURE(there != NULL, OUT_OF_MEMORY);
        status kept = table_put(&d->counts, name, there, NULL);
        if (FAILED(kept)) {
            free(there);
            return kept;
        }
    }
    *there += more;
    return OK;
}

status derived_count(derived *d, const derived_changes *from) {
    for (size_t i = 0; i < from->count_count; i++) {
        const derived_change *c = &from->counts[i];
        OWNED(buffer) name = {0};
        TRY(buffer_printf(&name, "%.*s/%d/%.*s", SLICE_ARGS(c->to.key_id), c->kind, SLICE_ARGS(c->to.key_version_id)));
        TRY(add_count(d, buffer_slice(&name), c->more));
    }
    return OK;
}

void derived_drop(derived *d) {
    size_t cursor = 0;
    void *value;
    while (table_next(&d->counts, &cursor, NULL, &value)) free(value);
    table_clear(&d->counts);
}

void derived_clear(derived *d) { derived_drop(d); }

static bool same_text(slice a, slice b) { return a.len == b.len && (a.len == 0 || slice_equals(a, b)); }

/* The counts with one of them changed; those that came to nothing are left out. */
static status change_counts(dependents_record *record, const dependent_count *more, arena *memory) {
    dependent_count *list = ARENA_ARRAY(memory, dependent_count, record->counts.count + 1);
    ENSURE(list != NULL, OUT_OF_MEMORY);
    size_t count = 0;
    bool is_added = false;
    for (size_t i = 0; i < record->counts.count; i++) {
        dependent_count each = record->counts.at[i];
        if (each.kind == more->kind && same_text(each.key_version_id, more->key_version_id)) {
            each.count.value += more->count.value;
            is_added = true;
        }
        if (each.count.value > 0) list[count++] = each;
    }
    if (!is_added && more->count.value > 0) list[count++] = *more;
    record->counts.at = list;
    record->counts.count = count;
    return OK;
}

static status write_count(store *s, slice key_id, const dependent_count *more) {
    OWNED(arena) memory = {.limit = FLUSH_MEMORY};
    OWNED(buffer) packed = {0};
    dependents_record record;
    store_change change = {.expected = STORE_ANY};
    TRY(dependents_load(s, key_id, &memory, &record));
    TRY(change_counts(&record, more, &memory));
    TRY(dependents_path(key_id, &memory, &change.key));
    TRY(shape_pack(&dependents_record_shape, &record, &packed));
    if (record.counts.count) change.value = buffer_slice(&packed);
    return store_apply(s, &change, 1);
}

status derived_flush(derived *d, store *s) {
    size_t cursor = 0;
    slice name;
    void *value;
    while (table_next(&d->counts, &cursor, &name, &value)) {
        slice key_id, kind;
        int64_t number;
        dependent_count more = {.count = SET_INT(*(int64_t *)value)};
        bool is_whole = slice_split(&name, '/', &key_id) && slice_split(&name, '/', &kind);
        ENSURE(is_whole && slice_to_i64(kind, &number), INTERNAL);
        more.kind = (int)number;
        if (name.len) more.key_version_id = name;
        if (more.count.value) TRY(write_count(s, key_id, &more));
    }
    derived_drop(d);
    return OK;
}
