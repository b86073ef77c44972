/* When approvers are lost: the account's root asks for the rule to be lifted, waits, and may then remove it, unless an approver objects. */
#include "contract/held.h"
#include "service/account/approval.h"
#include "service/resolver.h"

/* A person in a session that began with a second factor. */
static bool is_shown(const call *c) {
    return slice_is_absent(c->who.role_name) && c->who.is_session && c->who.mfa_at.is_set;
}

static bool may_object(const call *c) {
    bool is_approver = c->who.approval && held_names_person(c->who.approval, c->who.user_id);
    return is_shown(c) && (c->who.is_root || is_approver);
}

/* No policy has a word in it, or who writes policies could shut approvers or the root out. */
status resolve_recovery(call *c) {
    bool is_object = c->operation == operation_get(OPERATION_OBJECT_TO_APPROVAL_RECOVERY);
    if (is_object ? may_object(c) : c->who.is_root && is_shown(c))
        return arn_principal_root(c->who.account_id, &c->memory, &c->resource);
    TRY(resolve_account(c));
    return call_refuse(c, FAIL(NO_PERMISSION),
                       is_object ? "An approver objects, or the root, in a session that began with a second factor."
                                 : "The account's root asks for it, in a session that began with a second factor.");
}

static status ask_vault(call *c, int act) {
    ENSURE(c->who.approval != NULL, APPROVAL_RULE_NOT_FOUND);
    return call_ask_vault(c, &(key_act){.act = act});
}

static status keep(call *c, maybe_int recover_at, slice reason, approval_rule **out) {
    approval_rule_record *rule = CALL_NEW(c, approval_rule_record);
    ENSURE(rule != NULL, OUT_OF_MEMORY);
    *rule = *c->who.approval;
    rule->recover_at = recover_at;
    rule->recovery_reason = reason;
    TRY(approval_rule_keep(c, rule));
    return approval_rule_view(c, rule, out);
}

status begin_approval_recovery_prepare(call *c, const begin_approval_recovery_in *in,
                                       begin_approval_recovery_out *out) {
    (void)in, (void)out;
    return ask_vault(c, VAULT_ACT_BEGIN_RECOVERY);
}

status begin_approval_recovery_finish(call *c, const begin_approval_recovery_in *in, begin_approval_recovery_out *out) {
    ENSURE(c->results.count == 1, INTERNAL);
    return keep(c, c->results.at[0].time, in->reason, &out->approval_rule);
}

status object_to_approval_recovery_prepare(call *c, const object_to_approval_recovery_in *in,
                                           object_to_approval_recovery_out *out) {
    (void)in, (void)out;
    return ask_vault(c, VAULT_ACT_END_RECOVERY);
}

status object_to_approval_recovery_finish(call *c, const object_to_approval_recovery_in *in,
                                          object_to_approval_recovery_out *out) {
    (void)in;
    return keep(c, (maybe_int){0}, (slice){0}, &out->approval_rule);
}
