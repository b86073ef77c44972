/* KMS: rotation of secrets. A rotation makes a new version with a random value, by the rule its owner set; the vault makes it. With
 * Activation AtOnce it counts from then on. Otherwise it is pending: whoever follows the trail brings the value to where it is used
 * and confirms with UpdateSecretVersionStage. */
#include "service/secrets/secrets.h"

/* ---- UpdateSecretRotationPolicy */

static status rule_of(call *c, const update_secret_rotation_policy_in *in, password_rule **out) {
    password_rule *rule = CALL_NEW(c, password_rule);
    ENSURE(rule != NULL, OUT_OF_MEMORY);
    *rule = PASSWORD_RULE_OF(in);
    *out = rule;
    return OK;
}

/* How short it may be is the setting for keys, where that is shorter than what secrets have. */
static status interval_of(call *c, const update_secret_rotation_policy_in *in, maybe_int *out) {
    int64_t seconds, least_s = SECRET_INTERVAL_LEAST_S;
    *out = (maybe_int){0};
    if (!in->enable_automatic_rotation.value) return OK;
    if (c->house->rotation_least_s < least_s) least_s = c->house->rotation_least_s;
    if (slice_is_empty(in->rotation_interval)) return call_refuse(c, FAIL(MISSING_PARAMETER), "RotationInterval");
    if (FAILED(secret_interval_parse(in->rotation_interval, least_s, &seconds)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "RotationInterval must be between %llds and %ds.",
                           (long long)least_s, SECRET_INTERVAL_MOST_S);
    *out = SET_INT(seconds);
    return OK;
}

/* The owner's leave for the house to rotate by itself is sealed in the vault, with the rule. */
status update_secret_rotation_policy_prepare(call *c, const update_secret_rotation_policy_in *in,
                                             update_secret_rotation_policy_out *out) {
    (void)out;
    maybe_int interval;
    key_act act = {.act = VAULT_ACT_PERMIT_SECRET_ROTATION, .text = c->secret->secret_name};
    TRY(secret_usable(c->secret));
    TRY(interval_of(c, in, &interval));
    if (!interval.is_set) return OK;
    act.secret_id = c->secret->secret_id;
    act.rotation_interval_s = interval;
    TRY(rule_of(c, in, &act.rule));
    return call_ask_vault(c, &act);
}

status update_secret_rotation_policy_finish(call *c, const update_secret_rotation_policy_in *in,
                                            update_secret_rotation_policy_out *out) {
    secret_record *of = c->secret;
    TRY(interval_of(c, in, &of->rotation_interval));
    TRY(rule_of(c, in, &of->rule));
    of->rotation_enabled = (maybe_bool){of->rotation_interval.is_set, of->rotation_interval.is_set};
    of->permit = of->rotation_interval.is_set ? c->results.at[0].output : (slice){0};
    of->rotation_from = SET_INT(c->now_s);
    of->activation = in->activation;
    out->secret_name = of->secret_name;
    return secret_save(c, of, c->secret_revision);
}

/* ---- RotateSecret */

/* Asked twice with the same version id, the version is there already: nothing more is to be done. */
static const secret_version_record *made_before(const secret_record *of, slice version_id) {
    const secret_version_record *known = secret_version(of, version_id);
    bool counts = known && (secret_version_has(known, STAGE_PENDING) || secret_version_has(known, STAGE_CURRENT));
    return counts ? known : NULL;
}

status secret_rotate_ask(call *c, slice given) {
    const secret_record *of = c->secret;
    key_act act;
    slice version_id;
    TRY(secret_usable(of));
    TRY(secret_version_id(c, given, &version_id));
    if (made_before(of, version_id)) return OK;
    ENSURE(of->rule != NULL, SECRET_NOT_ROTATING);
    ENSURE(secret_version(of, version_id) == NULL, SECRET_VERSION_EXISTS);
    ENSURE(secret_version_waiting(of) == NULL, SECRET_ROTATION_PENDING);
    TRY(secret_begin_sealing(c, of, version_id, &act));
    act.act = VAULT_ACT_GENERATE_SECRET;
    act.rule = of->rule;
    return call_ask_vault(c, &act);
}

status secret_rotate_take(call *c, slice version_id) {
    secret_record *of = c->secret;
    secret_version_record version;
    bool at_once = of->activation == ACTIVATION_AT_ONCE;
    slice stage = at_once ? STAGE_CURRENT : STAGE_PENDING;
    ENSURE(c->results.count == 1, CONFLICT); /* it was there when the vault was asked, and is not now */
    TRY(secret_take_sealed(c, of, version_id, &version));
    TRY(secret_admit(c, of, &version, (slice_list){&stage, 1}));
    if (at_once) of->rotated_at = SET_INT(c->now_s);
    return secret_save(c, of, c->secret_revision);
}

status secret_rotate_keep(call *c, slice given, slice *out) {
    TRY(secret_version_id(c, given, out));
    return made_before(c->secret, *out) ? OK : secret_rotate_take(c, *out);
}

status rotate_secret_prepare(call *c, const rotate_secret_in *in, rotate_secret_out *out) {
    (void)out;
    return secret_rotate_ask(c, in->version_id);
}

status rotate_secret_finish(call *c, const rotate_secret_in *in, rotate_secret_out *out) {
    TRY(secret_rotate_keep(c, in->version_id, &out->version_id));
    TRY(secret_arn(c, c->secret, &out->arn));
    out->secret_name = c->secret->secret_name;
    return OK;
}

/* ---- GetRandomPassword */

status secret_ask_random(call *c, const password_rule *rule) {
    password_rule *kept = CALL_NEW(c, password_rule);
    ENSURE(kept != NULL, OUT_OF_MEMORY);
    *kept = *rule;
    key_act act = {.act = VAULT_ACT_RANDOM_PASSWORD, .rule = kept};
    return call_ask_vault(c, &act);
}

status get_random_password_prepare(call *c, const get_random_password_in *in, get_random_password_out *out) {
    (void)out;
    password_rule rule = PASSWORD_RULE_OF(in);
    rule.include_space = in->include_space;
    return secret_ask_random(c, &rule);
}

status get_random_password_finish(call *c, const get_random_password_in *in, get_random_password_out *out) {
    (void)in;
    out->random_password = c->results.at[0].boxed;
    return OK;
}
