/* AWS Secrets Manager: secrets shown, and their versions. */
#include "service/secrets/manager.h"

status manager_rules(call *c, const secret_record *of, manager_rotation_rules **out) {
    if (!of->rotation_interval.is_set) return OK;
    manager_rotation_rules *rules = CALL_NEW(c, manager_rotation_rules);
    ENSURE(rules != NULL, OUT_OF_MEMORY);
    rules->automatically_after_days = SET_INT(of->rotation_interval.value / 86400);
    *out = rules;
    return OK;
}

status manager_key_arn(call *c, slice key_id, slice *out) {
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
    TRY(manager_key_arn(c, of->encryption_key_id, &out->kms_key_id));
    TRY(manager_rules(c, of, &out->rotation_rules));
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

/* ---- ListSecretVersionIds: newest first; the token is the id of the last one of the page before */

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
    const secret_version_record *last = NULL;
    size_t room = in->max_results.is_set ? (size_t)in->max_results.value : SIZE_MAX;
    if (!slice_is_absent(in->next_token)) {
        last = secret_version(of, in->next_token);
        if (!last) return call_refuse(c, FAIL(NEXT_TOKEN), "NextToken");
    }
    out->versions.at = ARENA_ARRAY(&c->memory, manager_version, of->versions.count + 1);
    ENSURE(out->versions.at != NULL, OUT_OF_MEMORY);
    for (size_t i = last ? (size_t)(last - of->versions.at) : of->versions.count; i-- > 0;) {
        if (of->versions.at[i].stages.count == 0 && !in->include_deprecated.value) continue;
        if (out->versions.count == room) {
            out->next_token = out->versions.at[room - 1].version_id;
            break;
        }
        TRY(show_version(c, &of->versions.at[i], &out->versions.at[out->versions.count++]));
    }
    out->name = of->secret_name;
    return manager_arn(c, of, &out->arn);
}
