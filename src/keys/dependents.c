/* Which records refer to which keys. A further kind is one row, and a new number in derived.h. */
#include "keys/dependents.h"

#include "contract/key_id.h"

#define NO_VERSION SLICE("-")

/* ---- reading references out of records */

typedef struct references {
    reference *at;
    size_t count;
} references;

static void refer(references *all, slice key_id, slice version) {
    if (slice_is_empty(key_id)) return;
    for (size_t i = 0; i < all->count; i++) {
        const reference *known = &all->at[i];
        bool same_version = known->key_version_id.len == version.len &&
                            (version.len == 0 || slice_equals(known->key_version_id, version));
        if (same_version && slice_equals(known->key_id, key_id)) return;
    }
    if (all->count < REFERENCES_MOST) all->at[all->count++] = (reference){key_id, version};
}

static void object_references(const void *record, references *out) {
    const object_record *object = record;
    refer(out, object->key_id, object->key_version_id);
}

static void bucket_references(const void *record, references *out) {
    const bucket_record *bucket = record;
    if (bucket->rule) refer(out, bucket->rule->kms_master_key_id, (slice){0});
}

static void alias_references(const void *record, references *out) {
    const alias_record *alias = record;
    refer(out, alias->key_id, (slice){0});
}

/* The versions' values, and the key that the next one is sealed under. */
static void secret_references(const void *record, references *out) {
    const secret_record *of = record;
    refer(out, of->encryption_key_id, (slice){0});
    for (size_t i = 0; i < of->versions.count; i++)
        refer(out, of->versions.at[i].key_id, of->versions.at[i].key_version_id);
}

static void grant_references(const void *record, references *out) {
    const grant_record *grant = record;
    slice key_id, region;
    key_id_split(grant->key_id, &key_id, &region);
    refer(out, key_id, (slice){0});
}

static const struct source {
    const char *prefix; /* of the store key */
    unsigned cut;       /* parts of the store key before the name */
    bool is_regional;   /* the part before the name is a region, and tells names apart where a key is in several */
    const shape *record;
    void (*read)(const void *record, references *out);
} SOURCES[] = {
    [DEPENDENT_KIND_OBJECT] = {"object/", 1, false, &object_record_shape, object_references},
    [DEPENDENT_KIND_BUCKET] = {"bucket/", 1, false, &bucket_record_shape, bucket_references},
    [DEPENDENT_KIND_GRANT] = {"grant/", 3, false, &grant_record_shape, grant_references},
    [DEPENDENT_KIND_SECRET] = {"secret/", 2, false, &secret_record_shape, secret_references},
    [DEPENDENT_KIND_ALIAS] = {"alias/", 3, true, &alias_record_shape, alias_references},
};
enum { KINDS = sizeof SOURCES / sizeof *SOURCES };

int dependent_kind_of(slice store_key, slice *name) {
    for (int kind = 1; kind < KINDS; kind++) {
        const struct source *s = &SOURCES[kind];
        if (!s->prefix || !slice_starts_with(store_key, slice_of_text(s->prefix))) continue;
        slice rest = store_key, part;
        for (unsigned i = 0; i < s->cut; i++) (void)slice_split(&rest, '/', &part);
        if (slice_is_empty(rest)) return DEPENDENT_KIND_ABSENT;
        *name = rest;
        return kind;
    }
    return DEPENDENT_KIND_ABSENT;
}

status dependent_references(int kind, slice packed, arena *memory, reference out[REFERENCES_MOST], size_t *count) {
    const struct source *s = &SOURCES[kind];
    references found = {.at = out};
    void *record = arena_take(memory, s->record->struct_bytes);
    ENSURE(record != NULL, OUT_OF_MEMORY);
    ENSURE(!FAILED(shape_unpack(s->record, packed, memory, record)), CORRUPT);
    s->read(record, &found);
    *count = found.count;
    return OK;
}

status dependent_name(int kind, slice store_key, slice key_id, arena *memory, slice *out) {
    const struct source *s = &SOURCES[kind];
    slice rest = store_key, region = {0};
    for (unsigned i = 0; i < s->cut; i++) (void)slice_split(&rest, '/', &region);
    *out = rest;
    if (!s->is_regional || !key_id_is_multi_region(key_id)) return OK;
    return ARENA_JOIN(memory, out, region, SLICE("/"), rest);
}

/* ---- rows and counts */

status dependent_path(const reference *to, int kind, slice name, arena *memory, slice *out) {
    slice version = slice_is_empty(to->key_version_id) ? NO_VERSION : to->key_version_id;
    return arena_printf(memory, out, "dependent/%.*s/%s/%.*s/%.*s", SLICE_ARGS(to->key_id),
                        choice_text(dependent_kind_choices, kind), SLICE_ARGS(version), SLICE_ARGS(name));
}

status dependent_row(slice key_id, const key_dependent *of, arena *memory, slice *out) {
    reference to = {key_id, of->key_version_id};
    slice name = of->name;
    if (of->kind == DEPENDENT_KIND_SECRET)
        TRY(arena_printf(memory, &name, "%.*s/%.*s", SLICE_ARGS(of->region), SLICE_ARGS(of->name)));
    return dependent_path(&to, of->kind, name, memory, out);
}

status dependents_path(slice key_id, arena *memory, slice *out) {
    return arena_printf(memory, out, "dependents/%.*s", SLICE_ARGS(key_id));
}

status dependents_load(store *s, slice key_id, arena *memory, dependents_record *out) {
    slice path, packed;
    uint64_t revision;
    TRY(dependents_path(key_id, memory, &path));
    status found = store_get(s, path, memory, &packed, &revision);
    if (FAILED_WITH(found, NOT_FOUND)) {
        *out = (dependents_record){0};
        return OK;
    }
    TRY(found);
    ENSURE(!FAILED(shape_unpack(&dependents_record_shape, packed, memory, out)), CORRUPT);
    return OK;
}

int64_t dependents_count(const dependents_record *of, int kind, slice key_version_id) {
    int64_t count = 0;
    for (size_t i = 0; i < of->counts.count; i++) {
        const dependent_count *each = &of->counts.at[i];
        if (kind && each->kind != kind) continue;
        if (!slice_is_absent(key_version_id) && !slice_equals(each->key_version_id, key_version_id)) continue;
        count += each->count.value;
    }
    return count;
}

int64_t dependents_total(const dependents_record *of) { return dependents_count(of, 0, (slice){0}); }

/* ---- listing */

static status make_prefix(const dependents_query *q, arena *memory, slice *out) {
    const char *kind = choice_text(dependent_kind_choices, q->kind);
    if (!q->kind) return arena_printf(memory, out, "dependent/%.*s/", SLICE_ARGS(q->key_id));
    if (slice_is_absent(q->key_version_id))
        return arena_printf(memory, out, "dependent/%.*s/%s/", SLICE_ARGS(q->key_id), kind);
    return arena_printf(memory, out, "dependent/%.*s/%s/%.*s/", SLICE_ARGS(q->key_id), kind,
                        SLICE_ARGS(q->key_version_id));
}

static status take_row(slice row, key_dependent *out) {
    slice rest = row, ignored, kind, version;
    bool is_whole = slice_split(&rest, '/', &ignored) && slice_split(&rest, '/', &ignored) &&
                    slice_split(&rest, '/', &kind) && slice_split(&rest, '/', &version) && !slice_is_absent(rest);
    ENSURE(is_whole, CORRUPT);
    *out = (key_dependent){.kind = choice_find(dependent_kind_choices, kind), .name = rest};
    ENSURE(out->kind != DEPENDENT_KIND_ABSENT, CORRUPT);
    bool has_region = out->kind != DEPENDENT_KIND_SECRET || slice_split(&out->name, '/', &out->region);
    ENSURE(has_region && !slice_is_absent(out->name), CORRUPT);
    if (!slice_equals(version, NO_VERSION)) out->key_version_id = version;
    return OK;
}

status dependents_list(store *s, const dependents_query *query, arena *memory, key_dependent **out, size_t *count) {
    slice prefix;
    store_row *rows;
    size_t found;
    TRY(make_prefix(query, memory, &prefix));
    TRY(store_list(s, prefix, query->after, query->limit + 1, memory, &rows, &found));
    key_dependent *list = ARENA_ARRAY(memory, key_dependent, found + 1);
    ENSURE(list != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < found; i++) TRY(take_row(rows[i].key, &list[i]));
    *out = list;
    *count = found;
    return OK;
}
