/* AWS Secrets Manager: changes that touch no value, rotation, passwords, tags. */
#include "service/secrets/manager.h"

enum { DAY_S = 24 * 3600, WINDOW_LEAST_DAYS = 7, WINDOW_MOST_DAYS = 30 };

/* ---- labels */

/* A label that is on another version is moved only by who names that version. */
static status check_from(call *c, const manager_update_secret_version_stage_in *in, slice stage) {
    const secret_version_record *holder = secret_version_with(c->secret, stage);
    bool names_one = !slice_is_absent(in->remove_from_version_id);
    bool moves_on = holder && !slice_equals(holder->version_id, in->move_to_version_id);
    if (names_one && (!holder || !slice_equals(holder->version_id, in->remove_from_version_id)))
        return call_refuse(c, FAIL(INVALID_PARAMETER),
                           "The parameter RemoveFromVersionId can't be used: the label is not on that version.");
    if (!names_one && moves_on)
        return call_refuse(c, FAIL(INVALID_PARAMETER),
                           "The parameter RemoveFromVersionId can't be empty. Staging label is currently attached to "
                           "version %.*s, so you must explicitly reference that version in RemoveFromVersionId.",
                           SLICE_ARGS(holder->version_id));
    return OK;
}

status manager_update_secret_version_stage_prepare(call *c, const manager_update_secret_version_stage_in *in,
                                                   manager_update_secret_version_stage_out *out) {
    slice stage = manager_stage_in(in->version_stage);
    bool removes = slice_is_absent(in->move_to_version_id);
    TRY(secret_usable(c->secret));
    if (removes && slice_is_absent(in->remove_from_version_id))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "MoveToVersionId or RemoveFromVersionId is needed.");
    ENSURE(removes || secret_version(c->secret, in->move_to_version_id), SECRET_VERSION_NOT_FOUND);
    TRY(check_from(c, in, stage));
    TRY(secret_change_stage(c, stage, in->move_to_version_id, in->remove_from_version_id));
    out->name = c->secret->secret_name;
    return manager_arn(c, c->secret, &out->arn);
}

/* ---- deletion */

status manager_delete_secret_prepare(call *c, const manager_delete_secret_in *in, manager_delete_secret_out *out) {
    maybe_int days = in->recovery_window_in_days;
    bool at_once = in->force_delete_without_recovery.value;
    if (at_once && days.is_set)
        return call_refuse(c, FAIL(INVALID_PARAMETER),
                           "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
    if (days.is_set && (days.value < WINDOW_LEAST_DAYS || days.value > WINDOW_MOST_DAYS))
        return call_refuse(c, FAIL(INVALID_PARAMETER),
                           "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");
    out->name = c->secret->secret_name;
    out->deletion_date = SET_INT(c->now_s);
    TRY(manager_arn(c, c->secret, &out->arn));
    if (at_once) return secret_forget(c, c->secret, c->secret_revision);
    TRY(secret_usable(c->secret));
    c->secret->delete_at = SET_INT(c->now_s + (days.is_set ? days.value : WINDOW_MOST_DAYS) * DAY_S);
    out->deletion_date = c->secret->delete_at;
    return secret_save(c, c->secret, c->secret_revision);
}

status manager_restore_secret_prepare(call *c, const manager_restore_secret_in *in, manager_restore_secret_out *out) {
    (void)in;
    out->name = c->secret->secret_name;
    TRY(manager_arn(c, c->secret, &out->arn));
    if (!c->secret->delete_at.is_set) return OK;
    c->secret->delete_at = (maybe_int){0};
    return secret_save(c, c->secret, c->secret_revision);
}

/* ---- rotation */

status manager_rotate_secret_prepare(call *c, const manager_rotate_secret_in *in, manager_rotate_secret_out *out) {
    (void)out;
    if (!slice_is_empty(in->rotation_lambda_arn))
        return call_refuse(c, FAIL(UNSUPPORTED),
                           "RotationLambdaARN: values are made here, and a hook of yours brings them to where they are "
                           "used (keyhold secret follow).");
    if (in->rotation_rules)
        return call_refuse(
            c, FAIL(UNSUPPORTED),
            "RotationRules: rotation policies are set with UpdateSecretRotationPolicy (keyhold secret rotation).");
    if (in->rotate_immediately.is_set && !in->rotate_immediately.value)
        return call_refuse(c, FAIL(UNSUPPORTED), "RotateImmediately");
    return secret_rotate_ask(c, in->client_request_token);
}

status manager_rotate_secret_finish(call *c, const manager_rotate_secret_in *in, manager_rotate_secret_out *out) {
    TRY(secret_rotate_keep(c, in->client_request_token, &out->version_id));
    out->name = c->secret->secret_name;
    return manager_arn(c, c->secret, &out->arn);
}

/* What is under way stays: it is confirmed, or its label is taken away. */
status manager_cancel_rotate_secret_prepare(call *c, const manager_cancel_rotate_secret_in *in,
                                            manager_cancel_rotate_secret_out *out) {
    (void)in;
    TRY(secret_usable(c->secret));
    const secret_version_record *pending = secret_version_waiting(c->secret);
    if (pending) out->version_id = pending->version_id;
    out->name = c->secret->secret_name;
    c->secret->rotation_enabled = (maybe_bool){0};
    c->secret->permit = (slice){0};
    TRY(manager_arn(c, c->secret, &out->arn));
    return secret_save(c, c->secret, c->secret_revision);
}

status manager_get_random_password_prepare(call *c, const manager_get_random_password_in *in,
                                           manager_get_random_password_out *out) {
    (void)out;
    password_rule rule = PASSWORD_RULE_OF(in);
    rule.include_space = in->include_space;
    return secret_ask_random(c, &rule);
}

status manager_get_random_password_finish(call *c, const manager_get_random_password_in *in,
                                          manager_get_random_password_out *out) {
    (void)in;
    out->random_password = c->results.at[0].boxed;
    return OK;
}

/* ---- tags */

status manager_tag_resource_prepare(call *c, const manager_tag_resource_in *in, manager_tag_resource_out *out) {
    (void)out;
    tag *tags;
    TRY(secret_usable(c->secret));
    TRY(manager_tags_in(c, in->tags.at, in->tags.count, &tags));
    TRY(secret_set_tags(c, c->secret, tags, in->tags.count));
    return secret_save(c, c->secret, c->secret_revision);
}

status manager_untag_resource_prepare(call *c, const manager_untag_resource_in *in, manager_untag_resource_out *out) {
    (void)out;
    TRY(secret_usable(c->secret));
    secret_drop_tags(c->secret, in->tag_keys.at, in->tag_keys.count);
    return secret_save(c, c->secret, c->secret_revision);
}

/* ---- replicas: a secret lives in the region it was made in */

static status refuse_replicas(call *c) {
    return call_refuse(c, FAIL(UNSUPPORTED), "Replication to other regions is not offered.");
}

status manager_replicate_secret_prepare(call *c, const manager_replicate_secret_in *in,
                                        manager_replicate_secret_out *out) {
    (void)in, (void)out;
    return refuse_replicas(c);
}

status manager_remove_regions_prepare(call *c, const manager_remove_regions_in *in, manager_remove_regions_out *out) {
    (void)in, (void)out;
    return refuse_replicas(c);
}

status manager_stop_replication_prepare(call *c, const manager_stop_replication_in *in,
                                        manager_stop_replication_out *out) {
    (void)in, (void)out;
    return refuse_replicas(c);
}
