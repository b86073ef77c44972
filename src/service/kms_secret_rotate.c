/* KMS: rotation of secrets. A rotation makes a new version with a random value, by the rule its owner set; the vault makes it. With
 * Activation AtOnce it counts from then on. Otherwise it is pending: whoever follows the trail brings the value to where it is used
 * and confirms with UpdateSecretVersionStage. */
#include "service/secrets.h"

/* ---- UpdateSecretRotationPolicy */

static void read_rule(const update_secret_rotation_policy_in *in, password_rule *out) {
    if (in->password_length.is_set) out->password_length = in->password_length;
    if (in->exclude_lowercase.is_set) out->exclude_lowercase = in->exclude_lowercase;
    if (in->exclude_uppercase.is_set) out->exclude_uppercase = in->exclude_uppercase;
    if (in->exclude_numbers.is_set) out->exclude_numbers = in->exclude_numbers;
    if (in->exclude_punctuation.is_set) out->exclude_punctuation = in->exclude_punctuation;
    if (in->require_each_included_type.is_set) out->require_each_included_type = in->require_each_included_type;
    if (!slice_is_absent(in->exclude_characters)) out->exclude_characters = in->exclude_characters;
}

static status refuse_automatic(call *c, const update_secret_rotation_policy_in *in) {
    if (!in->enable_automatic_rotation.value) return OK;
    return call_refuse(c, FAIL(UNSUPPORTED), "EnableAutomaticRotation: rotate with RotateSecret.");
}

status update_secret_rotation_policy_prepare(call *c, const update_secret_rotation_policy_in *in,
                                             update_secret_rotation_policy_out *out) {
    secret_record *of = c->secret;
    TRY(secret_usable(of));
    TRY(refuse_automatic(c, in));
    if (!of->rule) {
        of->rule = CALL_NEW(c, password_rule);
        ENSURE(of->rule != NULL, OUT_OF_MEMORY);
    }
    read_rule(in, of->rule);
    if (in->activation) of->activation = in->activation;
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

status rotate_secret_prepare(call *c, const rotate_secret_in *in, rotate_secret_out *out) {
    (void)out;
    const secret_record *of = c->secret;
    key_act act;
    slice version_id;
    TRY(secret_usable(of));
    TRY(secret_version_id(c, in->version_id, &version_id));
    if (made_before(of, version_id)) return OK;
    ENSURE(of->rule != NULL, SECRET_NOT_ROTATING);
    ENSURE(secret_version(of, version_id) == NULL, SECRET_VERSION_EXISTS);
    ENSURE(secret_version_waiting(of) == NULL, SECRET_ROTATION_PENDING);
    TRY(secret_begin_sealing(c, of, version_id, &act));
    act.act = VAULT_ACT_GENERATE_SECRET;
    act.rule = of->rule;
    return call_ask_vault(c, &act);
}

static status take_rotated(call *c, slice version_id) {
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

status rotate_secret_finish(call *c, const rotate_secret_in *in, rotate_secret_out *out) {
    TRY(secret_version_id(c, in->version_id, &out->version_id));
    TRY(secret_arn(c, c->secret, &out->arn));
    out->secret_name = c->secret->secret_name;
    return made_before(c->secret, out->version_id) ? OK : take_rotated(c, out->version_id);
}

/* ---- GetRandomPassword */

status get_random_password_prepare(call *c, const get_random_password_in *in, get_random_password_out *out) {
    (void)out;
    password_rule *rule = CALL_NEW(c, password_rule);
    ENSURE(rule != NULL, OUT_OF_MEMORY);
    *rule = (password_rule){.password_length = in->password_length, .exclude_characters = in->exclude_characters};
    rule->exclude_lowercase = in->exclude_lowercase;
    rule->exclude_uppercase = in->exclude_uppercase;
    rule->exclude_numbers = in->exclude_numbers;
    rule->exclude_punctuation = in->exclude_punctuation;
    rule->include_space = in->include_space;
    rule->require_each_included_type = in->require_each_included_type;
    key_act act = {.act = VAULT_ACT_RANDOM_PASSWORD, .rule = rule};
    return call_ask_vault(c, &act);
}

status get_random_password_finish(call *c, const get_random_password_in *in, get_random_password_out *out) {
    (void)in;
    out->random_password = c->results.at[0].boxed;
    return OK;
}
