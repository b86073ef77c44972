/* KMS: changes of secrets that touch no value: descriptions, labels, deletion. */
#include "service/secrets/secrets.h"
#include "service/tag_list.h"

enum { DAY_S = 24 * 3600, RECOVERY_DAYS = 30 };

status update_secret_prepare(call *c, const update_secret_in *in, update_secret_out *out) {
    TRY(secret_usable(c->secret));
    if (!slice_is_absent(in->description)) c->secret->description = in->description;
    if (!slice_is_absent(in->extended_config_custom_data)) c->secret->extended_config = in->extended_config_custom_data;
    out->secret_name = c->secret->secret_name;
    return secret_save(c, c->secret, c->secret_revision);
}

/* ---- labels */

/* A new current version that waited for this has been confirmed: the rotation is over. */
static void end_rotation(call *c, secret_version_record *version) {
    if (!secret_version_has(version, STAGE_PENDING)) return;
    secret_stage_remove(version, STAGE_PENDING);
    c->secret->rotated_at = SET_INT(c->now_s);
}

static status remove_stage(call *c, slice stage, slice from) {
    secret_version_record *version = secret_version(c->secret, from);
    bool is_kept = slice_equals(stage, STAGE_CURRENT) || slice_equals(stage, STAGE_PREVIOUS);
    if (is_kept) return call_refuse(c, FAIL(INVALID_PARAMETER), "This label can only be moved to another version.");
    ENSURE(version != NULL, SECRET_VERSION_NOT_FOUND);
    secret_stage_remove(version, stage);
    return secret_save(c, c->secret, c->secret_revision);
}

status secret_change_stage(call *c, slice stage, slice to, slice from) {
    if (slice_is_absent(to)) return remove_stage(c, stage, from);
    secret_version_record *version = secret_version(c->secret, to);
    ENSURE(version != NULL, SECRET_VERSION_NOT_FOUND);
    TRY(secret_stage_move(c->secret, version, stage, &c->memory));
    if (slice_equals(stage, STAGE_CURRENT)) end_rotation(c, version);
    return secret_save(c, c->secret, c->secret_revision);
}

status update_secret_version_stage_prepare(call *c, const update_secret_version_stage_in *in,
                                           update_secret_version_stage_out *out) {
    TRY(secret_usable(c->secret));
    bool moves = !slice_is_absent(in->move_to_version), removes = !slice_is_absent(in->remove_from_version);
    if (!moves && !removes) return call_refuse(c, FAIL(MISSING_PARAMETER), "MoveToVersion");
    if (removes) {
        const secret_version_record *from = secret_version(c->secret, in->remove_from_version);
        ENSURE(from != NULL, SECRET_VERSION_NOT_FOUND);
        if (!secret_version_has(from, in->version_stage))
            return call_refuse(c, FAIL(INVALID_PARAMETER), "RemoveFromVersion: it does not have this label.");
    }
    out->secret_name = c->secret->secret_name;
    return secret_change_stage(c, in->version_stage, in->move_to_version, in->remove_from_version);
}

/* ---- deletion */

status delete_secret_prepare(call *c, const delete_secret_in *in, delete_secret_out *out) {
    bool at_once = in->force_delete_without_recovery.value;
    if (at_once && in->recovery_window_in_days.is_set)
        return call_refuse(c, FAIL(INVALID_PARAMETER),
                           "RecoveryWindowInDays: there is none with ForceDeleteWithoutRecovery.");
    out->secret_name = c->secret->secret_name;
    out->planned_delete_time = SET_INT(c->now_s);
    if (at_once) return secret_forget(c, c->secret, c->secret_revision);
    TRY(secret_usable(c->secret));
    int64_t days = in->recovery_window_in_days.is_set ? in->recovery_window_in_days.value : RECOVERY_DAYS;
    c->secret->delete_at = SET_INT(c->now_s + days * DAY_S);
    out->planned_delete_time = c->secret->delete_at;
    return secret_save(c, c->secret, c->secret_revision);
}

status restore_secret_prepare(call *c, const restore_secret_in *in, restore_secret_out *out) {
    (void)in;
    out->secret_name = c->secret->secret_name;
    if (!c->secret->delete_at.is_set) return OK;
    c->secret->delete_at = (maybe_int){0};
    return secret_save(c, c->secret, c->secret_revision);
}

/* ---- tags */

status secret_set_tags(call *c, secret_record *of, const tag *tags, size_t count) {
    tag_list all = {of->tags.at, of->tags.count};
    TRY(tag_list_set(&all, tags, count, &c->memory));
    ENSURE(all.count <= SECRET_TAGS_MOST, SECRET_LIMIT);
    of->tags.at = all.at, of->tags.count = all.count;
    return OK;
}

void secret_drop_tags(secret_record *of, const slice *names, size_t count) {
    tag_list all = {of->tags.at, of->tags.count};
    tag_list_drop(&all, names, count);
    of->tags.count = all.count;
}
