/* What is left to be moved. */
#include "keys/rewrap.h"

#include "contract/key_spec.h"

bool rewrap_is_possible(const key_record *key) {
    const key_spec_row *row = key_spec_get(key->spec);
    return row != NULL && row->family == KEY_FAMILY_SYMMETRIC && key->usage == KEY_USAGE_ENCRYPT_DECRYPT;
}

int64_t rewrap_remaining(const key_record *key, const dependents_record *counts) {
    int64_t all = dependents_count(counts, DEPENDENT_KIND_OBJECT, (slice){0});
    return all - dependents_count(counts, DEPENDENT_KIND_OBJECT, key->primary_version);
}

static status list_version(store *s, const reference *of, slice after, size_t limit, arena *memory, rewrap_work *out) {
    slice prefix;
    TRY(dependent_path(of, DEPENDENT_KIND_OBJECT, SLICE(""), memory, &prefix));
    return store_list(s, prefix, after, limit, memory, &out->rows, &out->count);
}

/* Rows of one version stand side by side, so a row to go on behind also says from which version on. */
status rewrap_next(store *s, const key_record *key, slice after, size_t limit, arena *memory, rewrap_work *out) {
    *out = (rewrap_work){0};
    slice best = {0};
    for (size_t i = 0; i < key->versions.count; i++) {
        reference of = {key->key_id, key->versions.at[i].version_id};
        rewrap_work found;
        if (slice_equals(of.key_version_id, key->primary_version)) continue;
        TRY(list_version(s, &of, after, limit, memory, &found));
        bool is_first = found.count && (slice_is_absent(best) || slice_compare(found.rows[0].key, best) < 0);
        if (!is_first) continue;
        best = found.rows[0].key;
        *out = found;
    }
    return OK;
}
