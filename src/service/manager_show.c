/* AWS Secrets Manager: secrets shown and listed. */
#include "service/manager.h"

enum { PAGE_STANDARD = 100 };

static status rules_of(call *c, const secret_record *of, manager_rotation_rules **out) {
    if (!of->rotation_interval.is_set) return OK;
    manager_rotation_rules *rules = CALL_NEW(c, manager_rotation_rules);
    ENSURE(rules != NULL, OUT_OF_MEMORY);
    rules->automatically_after_days = SET_INT(of->rotation_interval.value / 86400);
    *out = rules;
    return OK;
}

static status key_arn(call *c, slice key_id, slice *out) {
    arn_home home = call_home(c);
    if (slice_is_absent(key_id)) return OK;
    return arena_printf(&c->memory, out, "arn:aws:kms:%.*s:%.*s:key/%.*s", SLICE_ARGS(home.region),
                        SLICE_ARGS(home.account), SLICE_ARGS(key_id));
}

status manager_describe_secret_prepare(call *c, const manager_describe_secret_in *in,
                                       manager_describe_secret_out *out) {
    (void)in;
    const secret_record *of = c->secret;
    TRY(manager_arn(c, of, &out->arn));
    TRY(key_arn(c, of->encryption_key_id, &out->kms_key_id));
    TRY(rules_of(c, of, &out->rotation_rules));
    TRY(manager_stages_json(c, of, &out->version_ids_to_stages));
    TRY(manager_tags_out(c, of, &out->tags.at));
    out->tags.count = of->tags.count;
    out->name = of->secret_name;
    out->description = of->description;
    out->rotation_enabled = of->rotation_enabled;
    out->last_rotated_date = of->rotated_at;
    out->last_changed_date = of->updated_at;
    out->deleted_date = of->delete_at;
    out->next_rotation_date = secret_next_rotation(of);
    out->created_date = of->created_at;
    return OK;
}

/* ---- ListSecrets: in the order of names; the token is the last name of the page */

typedef struct listing {
    const manager_list_secrets_in *in;
    manager_entry *entries;
    size_t count, room;
    bool has_more;
} listing;

static bool begins_one(const manager_filter *f, slice text) {
    for (size_t i = 0; i < f->values.count; i++) {
        slice value = f->values.at[i];
        bool is_negated = slice_starts_with(value, SLICE("!"));
        if (slice_starts_with(text, is_negated ? slice_skip(value, 1) : value) != is_negated) return true;
    }
    return false;
}

static bool tags_begin(const manager_filter *f, const secret_record *of, bool by_key) {
    for (size_t i = 0; i < of->tags.count; i++)
        if (begins_one(f, by_key ? of->tags.at[i].tag_key : of->tags.at[i].tag_value)) return true;
    return false;
}

static bool passes(const manager_filter *f, const secret_record *of) {
    if (slice_equals_text(f->key, "name")) return begins_one(f, of->secret_name);
    if (slice_equals_text(f->key, "description")) return begins_one(f, of->description);
    if (slice_equals_text(f->key, "tag-key")) return tags_begin(f, of, true);
    if (slice_equals_text(f->key, "tag-value")) return tags_begin(f, of, false);
    return begins_one(f, of->secret_name) || begins_one(f, of->description) || tags_begin(f, of, true) ||
           tags_begin(f, of, false);
}

static status check_filters(call *c, const manager_list_secrets_in *in) {
    static const char *const KNOWN[] = {"name", "description", "tag-key", "tag-value", "all"};
    for (size_t i = 0; i < in->filters.count; i++) {
        bool is_known = false;
        for (size_t k = 0; k < sizeof KNOWN / sizeof *KNOWN; k++)
            is_known = is_known || slice_equals_text(in->filters.at[i].key, KNOWN[k]);
        if (!is_known)
            return call_refuse(c, FAIL(INVALID_PARAMETER), "Filters: name, description, tag-key, tag-value or all.");
    }
    if (in->sort_order == SORT_ORDER_DESC)
        return call_refuse(c, FAIL(UNSUPPORTED), "SortOrder: secrets are listed in the order of their names.");
    return OK;
}

static status show_entry(call *c, const store_row *row, manager_entry *out) {
    slice packed;
    secret_record of;
    TRY(arena_copy(&c->memory, row->value, &packed));
    ENSURE(!FAILED(shape_unpack(&secret_record_shape, packed, &c->memory, &of)), CORRUPT);
    *out =
        (manager_entry){.name = of.secret_name, .description = of.description, .rotation_enabled = of.rotation_enabled};
    TRY(manager_arn(c, &of, &out->arn));
    TRY(key_arn(c, of.encryption_key_id, &out->kms_key_id));
    TRY(rules_of(c, &of, &out->rotation_rules));
    TRY(manager_stages_json(c, &of, &out->secret_versions_to_stages));
    TRY(manager_tags_out(c, &of, &out->tags.at));
    out->tags.count = of.tags.count;
    out->last_rotated_date = of.rotated_at;
    out->last_changed_date = of.updated_at;
    out->deleted_date = of.delete_at;
    out->next_rotation_date = secret_next_rotation(&of);
    out->created_date = of.created_at;
    return OK;
}

static status visit(call *c, const store_row *row, void *context) {
    listing *l = context;
    OWNED(arena) memory = {0};
    secret_record of;
    if (l->has_more) return OK;
    ENSURE(!FAILED(shape_unpack(&secret_record_shape, row->value, &memory, &of)), CORRUPT);
    if (!slice_is_absent(l->in->next_token) && slice_compare(of.secret_name, l->in->next_token) <= 0) return OK;
    bool is_gone = of.delete_at.is_set && of.delete_at.value <= c->now_s;
    if (is_gone || (of.delete_at.is_set && !l->in->include_planned_deletion.value)) return OK;
    for (size_t i = 0; i < l->in->filters.count; i++)
        if (!passes(&l->in->filters.at[i], &of)) return OK;
    l->has_more = l->count == l->room;
    return l->has_more ? OK : show_entry(c, row, &l->entries[l->count++]);
}

status manager_list_secrets_prepare(call *c, const manager_list_secrets_in *in, manager_list_secrets_out *out) {
    secret_shelf shelf = call_secrets(c);
    listing l = {.in = in, .room = in->max_results.is_set ? (size_t)in->max_results.value : PAGE_STANDARD};
    slice prefix;
    TRY(check_filters(c, in));
    l.entries = ARENA_ARRAY(&c->memory, manager_entry, l.room);
    ENSURE(l.entries != NULL, OUT_OF_MEMORY);
    TRY(secret_prefix(&shelf, &c->memory, &prefix));
    TRY(records_walk(c, prefix, visit, &l));
    out->secret_list.at = l.entries, out->secret_list.count = l.count;
    if (l.has_more) out->next_token = l.entries[l.count - 1].name;
    return OK;
}

/* ---- ListSecretVersionIds: newest first; there are never more than one page holds */

static status show_version(call *c, const secret_version_record *version, manager_version *out) {
    slice_list stages;
    slice *keys = CALL_NEW(c, slice);
    ENSURE(keys != NULL, OUT_OF_MEMORY);
    *keys = version->key_id;
    TRY(manager_stages(c, version, &stages));
    *out = (manager_version){.version_id = version->version_id, .created_date = version->created_at};
    out->version_stages.at = stages.at, out->version_stages.count = stages.count;
    out->kms_key_ids.at = keys, out->kms_key_ids.count = 1;
    return OK;
}

status manager_list_secret_version_ids_prepare(call *c, const manager_list_secret_version_ids_in *in,
                                               manager_list_secret_version_ids_out *out) {
    const secret_record *of = c->secret;
    if (!slice_is_absent(in->next_token)) return call_refuse(c, FAIL(INVALID_PARAMETER), "NextToken");
    out->versions.at = ARENA_ARRAY(&c->memory, manager_version, of->versions.count + 1);
    ENSURE(out->versions.at != NULL, OUT_OF_MEMORY);
    for (size_t i = of->versions.count; i-- > 0;) {
        if (of->versions.at[i].stages.count == 0 && !in->include_deprecated.value) continue;
        TRY(show_version(c, &of->versions.at[i], &out->versions.at[out->versions.count++]));
    }
    out->name = of->secret_name;
    return manager_arn(c, of, &out->arn);
}
