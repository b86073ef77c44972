/* Patterns against an operation's action under all its names. */
#include "contract/held.h"

#include "base/glob.h"
#include "contract/action_name.h"

enum { MATCHING_STEPS = 1 << 16 };

/* The way of approvals itself, which must stay open. */
static bool is_of_approvals(const operation *op) {
    static const enum operation_id OPERATIONS[] = {OPERATION_REQUEST_APPROVAL, OPERATION_APPROVE_REQUEST,
                                                   OPERATION_WITHDRAW_APPROVAL, OPERATION_BEGIN_APPROVAL_RECOVERY,
                                                   OPERATION_OBJECT_TO_APPROVAL_RECOVERY};
    for (size_t i = 0; i < sizeof OPERATIONS / sizeof *OPERATIONS; i++)
        if (op == operation_get(OPERATIONS[i])) return true;
    return false;
}

static bool is_exempt(const operation *op) {
    bool only_looks = (op->level == LEVEL_READ || op->level == LEVEL_LIST) && op->acts == 0;
    return only_looks || op->is_unsigned || strcmp(op->product->name, "sts") == 0 || is_of_approvals(op);
}

static bool lower_into(slice text, uint8_t room[ACTION_NAME_BYTES_MOST], slice *out) {
    if (text.len > ACTION_NAME_BYTES_MOST) return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t at = text.at[i];
        room[i] = at >= 'A' && at <= 'Z' ? (uint8_t)(at + 'a' - 'A') : at;
    }
    *out = slice_of(room, text.len);
    return true;
}

/* A pattern that cannot be told apart from one that matches is taken for one. */
static bool names_action(slice pattern, const action_names *names) {
    uint8_t room[ACTION_NAME_BYTES_MOST];
    slice lower;
    size_t steps_left = MATCHING_STEPS;
    if (!lower_into(pattern, room, &lower)) return true;
    for (size_t i = 0; i < names->count; i++)
        if (glob_matches(lower, names->whole[i], &steps_left)) return true;
    return steps_left == 0;
}

static bool pattern_names(slice pattern, const char *action) {
    action_names names;
    return !action_names_find(slice_of_text(action), &names) || names_action(pattern, &names);
}

/* Operations that do, too, what others do: to several things at once, elsewhere, for another wire, or by a way around. What holds those
 * holds these. */
static const struct further {
    enum operation_id operation;
    const char *action;
} FURTHER[] = {
    {OPERATION_BATCH_GET_SECRET_VALUE, "kms:GetSecretValue"},
    {OPERATION_MANAGER_BATCH_GET_SECRET_VALUE, "kms:GetSecretValue"},
    {OPERATION_MANAGER_UPDATE_SECRET, "kms:PutSecretValue"}, /* with a value it puts one */
    {OPERATION_KMS_TAG_RESOURCES, "kms:TagResource"},
    {OPERATION_KMS_UNTAG_RESOURCES, "kms:UntagResource"},
    {OPERATION_TAG_RESOURCE, "secretsmanager:TagResource"},
    {OPERATION_KMS_TAG_RESOURCES, "secretsmanager:TagResource"},
    {OPERATION_UNTAG_RESOURCE, "secretsmanager:UntagResource"},
    {OPERATION_KMS_UNTAG_RESOURCES, "secretsmanager:UntagResource"},
    {OPERATION_UPDATE_ROLE, "ram:UpdateAssumeRolePolicy"},
    {OPERATION_UPDATE_ROLE, "iam:UpdateRoleDescription"},
    {OPERATION_UPDATE_ROTATION_POLICY, "kms:EnableKeyRotation"},
    {OPERATION_UPDATE_ROTATION_POLICY, "kms:DisableKeyRotation"},
    {OPERATION_SET_OIDC_PROVIDER_KEYS, "iam:UpdateOpenIDConnectProviderThumbprint"},
    {OPERATION_REPLICATE_KEY, "kms:CreateKey"},
    {OPERATION_DELETE_ALIAS, "kms:UpdateAlias"}, /* and made anew it means another key */
    {OPERATION_RETIRE_GRANT, "kms:RevokeGrant"},
    {OPERATION_DECRYPT, "kms:AsymmetricDecrypt"}, /* AWS's clients use the one for both */
    {OPERATION_ENCRYPT, "kms:AsymmetricEncrypt"},
    {OPERATION_EXPORT_DATA_KEY, "kms:Decrypt"}, /* for whoever has the private key it is wrapped for */
    {OPERATION_GENERATE_AND_EXPORT_DATA_KEY, "kms:GenerateDataKey"},
    {OPERATION_RE_ENCRYPT, "kms:Decrypt"}, /* under another account's key */
    {OPERATION_RE_ENCRYPT, "kms:ReEncryptTo"},
    {OPERATION_COPY_OBJECT, "oss:GetObject"},
    {OPERATION_COPY_OBJECT, "oss:PutObject"},
    {OPERATION_CREATE_POLICY_VERSION, "ram:SetDefaultPolicyVersion"},
    {OPERATION_SET_GUARD_RAIL, "keyhold:DeleteGuardRail"}, /* one that allows everything is none */
    {OPERATION_DELETE_GUARD_RAIL, "keyhold:SetGuardRail"},
};

bool held_by_pattern(slice pattern, const operation *op) {
    if (is_exempt(op)) return false;
    if (pattern_names(pattern, op->action) || (op->aws && pattern_names(pattern, op->aws))) return true;
    for (size_t i = 0; i < sizeof FURTHER / sizeof *FURTHER; i++)
        if (op == operation_get(FURTHER[i].operation) && pattern_names(pattern, FURTHER[i].action)) return true;
    return false;
}

bool held_by_rule(const approval_rule_record *rule, const operation *op) {
    bool is_own =
        op == operation_get(OPERATION_SET_APPROVAL_RULE) || op == operation_get(OPERATION_DELETE_APPROVAL_RULE);
    if (is_own) return true;
    for (size_t i = 0; i < rule->actions.count; i++)
        if (held_by_pattern(rule->actions.at[i], op)) return true;
    return false;
}

bool held_names_person(const approval_rule_record *rule, slice user_id) {
    for (size_t i = 0; !slice_is_empty(user_id) && i < rule->people.count; i++)
        if (slice_equals(rule->people.at[i].user_id, user_id)) return true;
    return false;
}

bool held_has_name(const approval_rule_record *rule, slice user_name) {
    for (size_t i = 0; !slice_is_empty(user_name) && i < rule->people.count; i++)
        if (slice_equals(rule->people.at[i].user_name, user_name)) return true;
    return false;
}

bool held_recovery_is_under_way(const approval_rule_record *rule, int64_t now_s) {
    return rule->recover_at.is_set && now_s < rule->recover_at.value + HELD_RECOVERY_WINDOW_S;
}

bool held_recovery_is_ripe(const approval_rule_record *rule, int64_t now_s) {
    return held_recovery_is_under_way(rule, now_s) && rule->recover_at.value <= now_s;
}
