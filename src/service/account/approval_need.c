/* Whether a request needs the approval of others, and has it. */
#include "access/action_name.h"
#include "base/glob.h"
#include "base/text.h"
#include "contract/canonical.h"
#include "crypto/hash.h"
#include "service/account/approval.h"

enum { MATCHING_STEPS = 1 << 16 };

/* ---- which operations */

/* Approvals themselves, and how people come by a session to approve with. */
static bool is_exempt(const operation *op) {
    bool only_looks = op->level == LEVEL_READ || op->level == LEVEL_LIST;
    return only_looks || op->is_unsigned || strcmp(op->product->name, "sts") == 0 ||
           op == operation_get(OPERATION_REQUEST_APPROVAL) || op == operation_get(OPERATION_APPROVE_REQUEST) ||
           op == operation_get(OPERATION_WITHDRAW_APPROVAL);
}

static bool is_about_rule(const operation *op) {
    return op == operation_get(OPERATION_SET_APPROVAL_RULE) || op == operation_get(OPERATION_DELETE_APPROVAL_RULE);
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

/* Operations that do what others do, among more, to several things at once or elsewhere: what holds those holds these. */
static const struct further {
    enum operation_id operation;
    const char *action;
} FURTHER[] = {
    {OPERATION_BATCH_GET_SECRET_VALUE, "kms:GetSecretValue"},
    {OPERATION_MANAGER_BATCH_GET_SECRET_VALUE, "kms:GetSecretValue"},
    {OPERATION_KMS_TAG_RESOURCES, "kms:TagResource"},
    {OPERATION_KMS_UNTAG_RESOURCES, "kms:UntagResource"},
    {OPERATION_REPLICATE_KEY, "kms:CreateKey"},
    {OPERATION_UPDATE_ROLE, "ram:UpdateAssumeRolePolicy"},
    {OPERATION_TAG_RESOURCE, "secretsmanager:TagResource"},
    {OPERATION_KMS_TAG_RESOURCES, "secretsmanager:TagResource"},
    {OPERATION_UNTAG_RESOURCE, "secretsmanager:UntagResource"},
    {OPERATION_KMS_UNTAG_RESOURCES, "secretsmanager:UntagResource"},
    {OPERATION_UPDATE_ROLE, "iam:UpdateRoleDescription"},
    {OPERATION_UPDATE_ROTATION_POLICY, "kms:EnableKeyRotation"},
    {OPERATION_UPDATE_ROTATION_POLICY, "kms:DisableKeyRotation"},
    {OPERATION_SET_OIDC_PROVIDER_KEYS, "iam:UpdateOpenIDConnectProviderThumbprint"},
};

bool approval_pattern_holds(slice pattern, const operation *op) {
    if (is_exempt(op)) return false;
    if (pattern_names(pattern, op->action)) return true;
    for (size_t i = 0; i < sizeof FURTHER / sizeof *FURTHER; i++)
        if (op == operation_get(FURTHER[i].operation) && pattern_names(pattern, FURTHER[i].action)) return true;
    return false;
}

/* The rule holds itself. */
static bool holds(const approval_rule_record *rule, const operation *op) {
    if (is_about_rule(op)) return true;
    for (size_t i = 0; i < rule->actions.count; i++)
        if (approval_pattern_holds(rule->actions.at[i], op)) return true;
    return false;
}

/* ---- nobody becomes somebody else to approve: what would give the caller an approver's credentials or place is held, too */

static bool gives_credentials(const operation *op) {
    static const enum operation_id OPERATIONS[] = {
        OPERATION_CREATE_ACCESS_KEY,           OPERATION_UPDATE_ACCESS_KEY, OPERATION_CREATE_LOGIN_PROFILE,
        OPERATION_UPDATE_LOGIN_PROFILE,        OPERATION_BIND_MFA_DEVICE,   OPERATION_UNBIND_MFA_DEVICE,
        OPERATION_DEACTIVATE_MFA_DEVICE,       OPERATION_RESYNC_MFA_DEVICE, OPERATION_BEGIN_PASSKEY_REGISTRATION,
        OPERATION_FINISH_PASSKEY_REGISTRATION, OPERATION_DELETE_PASSKEY};
    for (size_t i = 0; i < sizeof OPERATIONS / sizeof *OPERATIONS; i++)
        if (op == operation_get(OPERATIONS[i])) return true;
    return false;
}

/* An approver's own are theirs to change, once they have shown their second factor: an access key alone could be anybody's. */
static status is_of_approver(call *c, const approval_rule_record *rule, bool *out) {
    slice path, name = call_input_text(c, "UserName");
    user_record user;
    *out = false;
    bool is_own = slice_is_absent(name) || slice_equals(name, c->who.user_name);
    if (!gives_credentials(c->operation) || (is_own && c->who.mfa_at.is_set)) return OK;
    if (slice_is_absent(name)) name = c->who.user_name;
    if (slice_is_absent(name) && !c->who.is_root) return OK;
    TRY(user_path(c->who.account_id, name, &c->memory, &path));
    status loaded = call_load(c, path, &user_record_shape, &user, NULL);
    if (FAILED_WITH(loaded, NOT_FOUND)) return OK; /* the handler will say so */
    TRY(loaded);
    if (slice_is_absent(name)) user.user_id = c->who.account_id;
    return approver_is_named(c, rule, &user, out);
}

static status is_of_approvers_group(call *c, const approval_rule_record *rule, bool *out) {
    slice path, name = call_input_text(c, "GroupName");
    group_record group;
    *out = false;
    if (c->operation != operation_get(OPERATION_ADD_USER_TO_GROUP)) return OK;
    TRY(group_path(c->who.account_id, name, &c->memory, &path));
    status loaded = call_load(c, path, &group_record_shape, &group, NULL);
    if (FAILED_WITH(loaded, NOT_FOUND)) return OK;
    TRY(loaded);
    for (size_t i = 0; i < rule->approvers.count; i++)
        if (slice_equals(rule->approvers.at[i].group_id, group.group_id)) *out = true;
    return OK;
}

static status is_held(call *c, const approval_rule_record *rule, bool *out) {
    *out = holds(rule, c->operation);
    if (!*out) TRY(is_of_approver(c, rule, out));
    return *out ? OK : is_of_approvers_group(c, rule, out);
}

/* ---- the request, and whether it has been approved */

status approval_path(call *c, slice hash, slice *out) {
    return arena_printf(&c->memory, out, "approval/%.*s/%.*s", SLICE_ARGS(c->who.account_id), SLICE_ARGS(hash));
}

status approval_hash(call *c, const operation *op, pair_list parameters, slice *out) {
    OWNED(buffer) text = {0};
    OWNED(buffer) hex = {0};
    uint8_t digest[HASH_SHA256_BYTES];
    if (slice_is_absent(c->who.actor_id))
        return call_refuse(c, FAIL(NO_PERMISSION), "It is not known which person is behind the role.");
    canonical_request request = {op, c->who.account_id, c->who.actor_id, parameters};
    TRY(canonical_write(&request, &text));
    TRY(hash_once(HASH_SHA256, buffer_slice(&text), digest));
    TRY(hex_encode(&hex, slice_of(digest, sizeof digest)));
    return arena_copy(&c->memory, buffer_slice(&hex), out);
}

static status refuse(call *c, slice hash, int64_t there, int64_t wanted) {
    return call_refuse(c, FAIL(APPROVAL_REQUIRED), "%lld of %lld approvals for the request %.*s.", (long long)there,
                       (long long)wanted, SLICE_ARGS(hash));
}

static status name_approvers(call *c, const approval_record *request) {
    OWNED(buffer) names = {0};
    for (size_t i = 0; i < request->given.count; i++) {
        slice name = request->given.at[i].user_name;
        if (i) TRY(buffer_append_byte(&names, ','));
        TRY(buffer_append(&names, slice_is_absent(name) ? SLICE("root") : name));
    }
    c->approval = request->request_hash;
    return arena_copy(&c->memory, buffer_slice(&names), &c->approved_by);
}

static status use_up(call *c, const approval_rule_record *rule, slice hash) {
    slice path;
    uint64_t revision;
    approval_record request;
    int64_t there = 0, wanted = rule->count.value;
    TRY(approval_path(c, hash, &path));
    status loaded = call_load(c, path, &approval_record_shape, &request, &revision);
    if (FAILED_WITH(loaded, NOT_FOUND)) return refuse(c, hash, 0, wanted);
    TRY(loaded);
    if (request.expires_at.value <= c->now_s) return refuse(c, hash, 0, wanted);
    TRY(approvals_count(c, rule, &request, &there));
    bool is_enough =
        rule->count.is_set && wanted > 0 && there >= wanted; /* a rule without a count lets nothing through */
    if (!is_enough) return refuse(c, hash, there, wanted);
    TRY(name_approvers(c, &request));
    return call_change(c, path, NULL, NULL, revision);
}

status approval_need(call *c) {
    const approval_rule_record *rule = c->who.approval;
    bool held;
    pair_list parameters;
    slice hash;
    if (!rule) return OK;
    TRY(is_held(c, rule, &held));
    if (!held) return OK;
    TRY(canonical_parameters(c->operation, c->in, &c->memory, &parameters));
    TRY(approval_hash(c, c->operation, parameters, &hash));
    return use_up(c, rule, hash);
}
