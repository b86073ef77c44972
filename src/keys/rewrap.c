/* What is left to be moved. */
#include "keys/rewrap.h"

#include "contract/key_spec.h"

bool rewrap_is_possible(const key_record *key) {
    const key_spec_row *row = key_spec_get(key->spec);
    return row != NULL && row->family == KEY_FAMILY_SYMMETRIC && key->usage == KEY_USAGE_ENCRYPT_DECRYPT;
}

/* What is moved, in the order of its rows: names of kinds, alphabetically. */
static const int KINDS[] = {DEPENDENT_KIND_OBJECT, DEPENDENT_KIND_SECRET};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

static bool is_moved(int kind) {
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (KINDS[i] == kind) return true;
    return false;
}

/* A secret also depends on the key without a version: new values will be sealed under it. */
int64_t rewrap_remaining(const key_record *key, const dependents_record *counts) {
    int64_t sum = 0;
    for (size_t i = 0; i < counts->counts.count; i++) {
        const dependent_count *each = &counts->counts.at[i];
        bool is_newest = slice_equals(each->key_version_id, key->primary_version);
        if (is_moved(each->kind) && !slice_is_empty(each->key_version_id) && !is_newest) sum += each->count.value;
    }
    return sum;
}

typedef struct search {
    store *store;
    slice after;
    size_t limit;
    arena *memory;
} search;

/* Keeps what it finds when that comes before what is there already. */
static status look_at(const search *s, const reference *of, int kind, rewrap_work *best) {
    slice prefix;
    rewrap_work found;
    TRY(dependent_path(of, kind, SLICE(""), s->memory, &prefix));
    TRY(store_list(s->store, prefix, s->after, s->limit, s->memory, &found.rows, &found.count));
    if (found.count == 0) return OK;
    bool is_first = best->count == 0 || slice_compare(found.rows[0].key, best->rows[0].key) < 0;
    if (is_first) *best = found;
    return OK;
}

/* Rows of one kind and version stand side by side, so a row to go on behind also says from which on. */
status rewrap_next(store *s, const key_record *key, slice after, size_t limit, arena *memory, rewrap_work *out) {
    search by = {s, after, limit, memory};
    *out = (rewrap_work){0};
    for (size_t i = 0; i < key->versions.count; i++) {
        reference of = {key->key_id, key->versions.at[i].version_id};
        if (slice_equals(of.key_version_id, key->primary_version)) continue;
        for (size_t kind = 0; kind < KIND_COUNT; kind++) TRY(look_at(&by, &of, KINDS[kind], out));
    }
    return OK;
}
