/* Whether a request needs the approval of others, and has it. */
#include "base/text.h"
#include "contract/canonical.h"
#include "contract/held.h"
#include "crypto/hash.h"
#include "service/account/approval.h"
#include "service/ram/passkey.h"

/* ---- nobody becomes somebody else to approve, nor takes an approver away: what touches credentials and places of approvers is held */

static bool is_one_of(const operation *op, const enum operation_id *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (op == operation_get(list[i])) return true;
    return false;
}

static bool is_about_person(const operation *op) {
    static const enum operation_id OPERATIONS[] = {OPERATION_CREATE_ACCESS_KEY,
                                                   OPERATION_UPDATE_ACCESS_KEY,
                                                   OPERATION_DELETE_ACCESS_KEY,
                                                   OPERATION_CREATE_LOGIN_PROFILE,
                                                   OPERATION_UPDATE_LOGIN_PROFILE,
                                                   OPERATION_DELETE_LOGIN_PROFILE,
                                                   OPERATION_BIND_MFA_DEVICE,
                                                   OPERATION_UNBIND_MFA_DEVICE,
                                                   OPERATION_DEACTIVATE_MFA_DEVICE,
                                                   OPERATION_RESYNC_MFA_DEVICE,
                                                   OPERATION_BEGIN_PASSKEY_REGISTRATION,
                                                   OPERATION_FINISH_PASSKEY_REGISTRATION,
                                                   OPERATION_DELETE_PASSKEY,
                                                   OPERATION_DELETE_USER,
                                                   OPERATION_REVOKE_USER_SESSIONS};
    return is_one_of(op, OPERATIONS, sizeof OPERATIONS / sizeof *OPERATIONS);
}

static bool is_about_place(const operation *op) {
    static const enum operation_id OPERATIONS[] = {OPERATION_ADD_USER_TO_GROUP, OPERATION_REMOVE_USER_FROM_GROUP,
                                                   OPERATION_DELETE_GROUP};
    return is_one_of(op, OPERATIONS, sizeof OPERATIONS / sizeof *OPERATIONS);
}

/* Whom such an operation is about; NOT_FOUND: nobody, and the handler will say so. */
static status load_subject(call *c, user_record *out) {
    slice path, name = call_input_text(c, "UserName");
    if (slice_is_absent(name)) name = c->who.user_name;
    ENSURE(!slice_is_absent(name) || c->who.is_root, NOT_FOUND);
    TRY(user_path(c->who.account_id, name, &c->memory, &path));
    TRY(call_load(c, path, &user_record_shape, out, NULL));
    if (slice_is_absent(name)) out->user_id = c->who.account_id;
    return OK;
}

/* An approver's own are theirs to change, once they have shown their second factor: an access key alone could be anybody's. */
static status is_of_approver(call *c, const approval_rule_record *rule, bool *out) {
    user_record user;
    *out = false;
    if (!is_about_person(c->operation)) return OK;
    status loaded = load_subject(c, &user);
    if (FAILED_WITH(loaded, NOT_FOUND)) return OK;
    TRY(loaded);
    bool is_own = slice_is_absent(c->who.role_name) && slice_equals(user.user_id, c->who.user_id);
    if (is_own && c->who.mfa_at.is_set) return OK;
    *out = held_names_person(rule, user.user_id) || held_has_name(rule, user.user_name);
    return OK;
}

static status is_of_approvers_group(call *c, const approval_rule_record *rule, bool *out) {
    slice path, name = call_input_text(c, "GroupName");
    group_record group;
    *out = false;
    if (!is_about_place(c->operation)) return OK;
    TRY(group_path(c->who.account_id, name, &c->memory, &path));
    status loaded = call_load(c, path, &group_record_shape, &group, NULL);
    if (FAILED_WITH(loaded, NOT_FOUND)) return OK;
    TRY(loaded);
    *out = approvers_have_group(rule, group.group_id);
    return OK;
}

static status is_held(call *c, const approval_rule_record *rule, bool *out) {
    *out = held_by_rule(rule, c->operation);
    if (!*out) TRY(is_of_approver(c, rule, out));
    return *out ? OK : is_of_approvers_group(c, rule, out);
}

/* ---- a rule that nobody could satisfy any more would be a lock without a key */

static bool takes_factor(const operation *op, const user_record *user) {
    bool is_device =
        op == operation_get(OPERATION_UNBIND_MFA_DEVICE) || op == operation_get(OPERATION_DEACTIVATE_MFA_DEVICE);
    if (is_device) return user->passkeys.count == 0;
    bool is_passkey = op == operation_get(OPERATION_DELETE_PASSKEY);
    return is_passkey && user->passkeys.count <= 1 && slice_is_absent(user->mfa_serial);
}

static status takes_place(call *c, const approval_rule_record *rule, const user_record *user, bool *out) {
    bool is_about_group;
    user_record without = *user;
    slice group = call_input_text(c, "GroupName");
    *out = false;
    if (c->operation != operation_get(OPERATION_REMOVE_USER_FROM_GROUP)) return OK;
    TRY(is_of_approvers_group(c, rule, &is_about_group));
    if (!is_about_group) return OK;
    without.groups.at = ARENA_ARRAY(&c->memory, membership_record, user->groups.count + 1);
    without.groups.count = 0;
    ENSURE(without.groups.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < user->groups.count; i++)
        if (!slice_equals(user->groups.at[i].group_name, group))
            without.groups.at[without.groups.count++] = user->groups.at[i];
    bool is_named;
    TRY(approver_is_named(c, rule, &without, &is_named));
    *out = !is_named;
    return OK;
}

static status keep_enough(call *c, const approval_rule_record *rule) {
    user_record user;
    bool stands, takes;
    int64_t left = 0;
    if (!is_about_person(c->operation) && !is_about_place(c->operation)) return OK;
    status loaded = load_subject(c, &user);
    if (FAILED_WITH(loaded, NOT_FOUND)) return OK;
    TRY(loaded);
    TRY(approver_stands(c, rule, &(approver){user.user_id, user.user_name}, &stands));
    takes = takes_factor(c->operation, &user);
    if (!takes) TRY(takes_place(c, rule, &user, &takes));
    if (!stands || !takes) return OK;
    TRY(approvers_count(c, rule, user.user_id, &left));
    if (left >= rule->count.value) return OK;
    return call_refuse(c, FAIL(APPROVERS_TOO_FEW), "%lld, and the rule asks for %lld.", (long long)left,
                       (long long)rule->count.value);
}

/* ---- the request, and whether it has been approved */

status approval_path(call *c, slice hash, slice *out) {
    return arena_printf(&c->memory, out, "approval/%.*s/%.*s", SLICE_ARGS(c->who.account_id), SLICE_ARGS(hash));
}

/* Keys and secrets are divided by regions; identities are not. */
static status add_region(call *c, approval_wish *wish) {
    pair_list *list = &wish->parameters;
    bool is_divided = slice_starts_with(slice_of_text(wish->operation->action), SLICE("kms:"));
    bool is_elsewhere = !slice_is_empty(wish->region) && !slice_equals(wish->region, c->house->region);
    if (!is_divided || !is_elsewhere) return OK;
    pair *wider = ARENA_ARRAY(&c->memory, pair, list->count + 1);
    ENSURE(wider != NULL, OUT_OF_MEMORY);
    wider[0] = (pair){SLICE("@Region"), wish->region}; /* before every name of a parameter */
    if (list->count) memcpy(wider + 1, list->at, list->count * sizeof *wider);
    *list = (pair_list){wider, list->count + 1};
    return OK;
}

status approval_hash(call *c, approval_wish *wish, slice *out) {
    OWNED(buffer) text = {0};
    OWNED(buffer) hex = {0};
    uint8_t digest[HASH_SHA256_BYTES];
    if (slice_is_absent(c->who.actor_id))
        return call_refuse(c, FAIL(NO_PERMISSION), "It is not known which person is behind the role.");
    TRY(add_region(c, wish));
    canonical_request request = {wish->operation, c->who.account_id, c->who.actor_id, wish->parameters};
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

/* Another request was quicker, or an answer was lost: the record is still there, and what it holds was used. */
void approval_tell_vault(call *c) {
    if (!FAILED_WITH(c->failure, APPROVAL_REQUIRED) || !c->who.approval || slice_is_absent(c->approval)) return;
    status_ignore(refuse(c, c->approval, 0, c->who.approval->count.value));
}

/* What the vault is to see: of those who still stand. */
static status show_vault(call *c, const approval_rule_record *rule, const approval_record *request) {
    approval_shown *shown = CALL_NEW(c, approval_shown);
    ENSURE(shown != NULL, OUT_OF_MEMORY);
    *shown = (approval_shown){.parameters = request->parameters};
    shown->given.at = ARENA_ARRAY(&c->memory, slice, request->given.count + 1);
    ENSURE(shown->given.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < request->given.count; i++) {
        const approval_given_record *given = &request->given.at[i];
        bool stands;
        TRY(approver_stands(c, rule, &(approver){given->user_id, given->user_name}, &stands));
        if (stands && !slice_is_empty(given->sealed)) shown->given.at[shown->given.count++] = given->sealed;
    }
    c->shown = shown;
    return OK;
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
    TRY(show_vault(c, rule, &request));
    return call_change(c, path, NULL, NULL, revision);
}

bool approval_is_recovered(const call *c) {
    bool is_root_shown = c->who.is_root && c->who.is_session && c->who.mfa_at.is_set;
    return is_root_shown && c->who.approval && held_recovery_is_ripe(c->who.approval, c->now_s);
}

/* Another account cannot ask this one's approvers. */
static status check_owner(call *c) {
    const approval_rule_record *rule = c->owner ? c->owner->account.approval : NULL;
    if (!rule || !held_by_rule(rule, c->operation)) return OK;
    return call_refuse(c, FAIL(APPROVAL_REQUIRED), "The owner's rule lets other accounts have none of it.");
}

status approval_note(call *c) {
    const approval_rule_record *rule = c->who.approval;
    if (!rule || c->stated) return OK;
    bool may_be_held =
        held_by_rule(rule, c->operation) || is_about_person(c->operation) || is_about_place(c->operation);
    if (!may_be_held) return OK;
    pair_list *stated = CALL_NEW(c, pair_list);
    ENSURE(stated != NULL, OUT_OF_MEMORY);
    status listed = canonical_parameters(c->operation, c->in, &c->memory, stated);
    if (FAILED_WITH(listed, TOO_LARGE)) return call_refuse(c, listed, "More parameters than anybody could approve.");
    TRY(listed);
    c->stated = stated;
    return OK;
}

status approval_need(call *c) {
    const approval_rule_record *rule = c->who.approval;
    bool held;
    slice hash;
    approval_wish wish = {.operation = c->operation, .region = call_region(c)};
    TRY(check_owner(c));
    if (!rule) return OK;
    TRY(keep_enough(c, rule));
    TRY(is_held(c, rule, &held));
    bool removes = c->operation == operation_get(OPERATION_DELETE_APPROVAL_RULE);
    if (!held || (removes && approval_is_recovered(c))) return OK;
    ENSURE(c->stated != NULL, INTERNAL);
    wish.parameters = *c->stated;
    TRY(approval_hash(c, &wish, &hash));
    return use_up(c, rule, hash);
}
