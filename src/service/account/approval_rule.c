/* The rule of approvals: what it holds, how many have to approve, and who may. */
#include "access/action_name.h"
#include "service/account/approval.h"
#include "service/ram/passkey.h"

enum { VALIDITY_S = 24 * 3600 };

/* ---- who may approve */

static bool names(const approval_rule_record *rule, slice user_id) {
    for (size_t i = 0; i < rule->approvers.count; i++) {
        slice id = rule->approvers.at[i].user_id;
        if (!slice_is_empty(id) && slice_equals(id, user_id)) return true;
    }
    return false;
}

static bool names_group(const approval_rule_record *rule, slice group_id) {
    for (size_t i = 0; i < rule->approvers.count; i++) {
        slice id = rule->approvers.at[i].group_id;
        if (!slice_is_empty(id) && slice_equals(id, group_id)) return true;
    }
    return false;
}

status approver_is_named(call *c, const approval_rule_record *rule, const user_record *user, bool *out) {
    *out = names(rule, user->user_id);
    for (size_t i = 0; !*out && i < user->groups.count; i++) {
        group_record group;
        TRY(group_load(c, user->groups.at[i].group_name, &group, NULL));
        *out = names_group(rule, group.group_id);
    }
    return OK;
}

/* The root's record is there once it has anything; its id is the account's. */
static status load_person(call *c, const approver *who, user_record *out) {
    slice path;
    TRY(user_path(c->who.account_id, who->user_name, &c->memory, &path));
    TRY(call_load(c, path, &user_record_shape, out, NULL));
    if (slice_is_absent(who->user_name)) out->user_id = c->who.account_id;
    return OK;
}

status approver_stands(call *c, const approval_rule_record *rule, const approver *who, bool *out) {
    user_record user;
    *out = false;
    status loaded = load_person(c, who, &user);
    if (FAILED_WITH(loaded, NOT_FOUND)) return OK;
    TRY(loaded);
    if (!slice_equals(user.user_id, who->user_id) || !has_second_factor(&user)) return OK;
    return approver_is_named(c, rule, &user, out);
}

static bool came_before(const approval_record *request, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (slice_equals(request->given.at[i].user_id, request->given.at[at].user_id)) return true;
    return false;
}

status approvals_count(call *c, const approval_rule_record *rule, const approval_record *request, int64_t *out) {
    int64_t count = 0;
    for (size_t i = 0; i < request->given.count; i++) {
        const approval_given_record *given = &request->given.at[i];
        approver who = {given->user_id, given->user_name};
        bool stands;
        if (slice_equals(given->user_id, request->requester_id) || came_before(request, i)) continue;
        TRY(approver_stands(c, rule, &who, &stands));
        count += stands;
    }
    *out = count;
    return OK;
}

/* ---- setting it */

/* acs:ram::A:user/NAME or arn:aws:iam::A:user/NAME: what follows the account; absent for anything else. */
static slice name_in_account(const call *c, slice whole) {
    slice prefixes[] = {SLICE("acs:ram::"), SLICE("arn:aws:iam::")}, rest = {0};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (slice_starts_with(whole, prefixes[i])) rest = slice_skip(whole, prefixes[i].len);
    if (!slice_starts_with(rest, c->who.account_id)) return (slice){0};
    rest = slice_skip(rest, c->who.account_id.len);
    return slice_starts_with(rest, SLICE(":")) ? slice_skip(rest, 1) : (slice){0};
}

static status resolve(call *c, slice given, approver_record *out) {
    user_record user;
    group_record group;
    slice name = name_in_account(c, given);
    *out = (approver_record){.principal = given};
    if (slice_equals_text(name, "root")) {
        out->user_id = c->who.account_id;
        return OK;
    }
    if (slice_starts_with(name, SLICE("user/"))) {
        TRY(user_load(c, slice_skip(name, 5), &user, NULL));
        out->user_id = user.user_id;
        return OK;
    }
    if (!slice_starts_with(name, SLICE("group/")))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "Approvers: users and groups of the account, and its root.");
    TRY(group_load(c, slice_skip(name, 6), &group, NULL));
    out->group_id = group.group_id;
    return OK;
}

/* A pattern that matches no operation holds nothing, which was hardly meant. */
static status check_action(call *c, slice pattern) {
    bool matches = pattern.len > 0 && pattern.len <= ACTION_NAME_BYTES_MOST && slice_contains_byte(pattern, ':');
    bool holds = false;
    for (int64_t id = OPERATION_NONE + 1; matches && !holds && id < OPERATION_COUNT; id++)
        holds = approval_pattern_holds(pattern, operation_get(id));
    return holds ? OK
                 : call_refuse(c, FAIL(INVALID_PARAMETER), "Actions: nothing is held by %.*s.", SLICE_ARGS(pattern));
}

typedef struct census {
    const approval_rule_record *rule;
    int64_t count;
} census;

static status count_one(call *c, const store_row *row, void *context) {
    census *all = context;
    user_record user;
    bool is_named = false;
    if (all->count >= all->rule->count.value) return OK;
    OWNED(arena) memory = {0};
    ENSURE(!FAILED(shape_unpack(&user_record_shape, row->value, &memory, &user)), CORRUPT);
    if (has_second_factor(&user)) TRY(approver_is_named(c, all->rule, &user, &is_named));
    all->count += is_named;
    return OK;
}

/* A rule that nobody could satisfy would be a lock without a key. */
static status check_count(call *c, const approval_rule_record *rule) {
    slice users;
    bool root_stands;
    census all = {.rule = rule};
    TRY(approver_stands(c, rule, &(approver){.user_id = c->who.account_id}, &root_stands));
    all.count = root_stands;
    TRY(user_prefix(c->who.account_id, &c->memory, &users));
    TRY(records_walk(c, users, count_one, &all));
    if (all.count >= rule->count.value) return OK;
    return call_refuse(c, FAIL(INVALID_PARAMETER), "Count: only %lld could approve, having a second factor.",
                       (long long)all.count);
}

static status rule_of(call *c, const set_approval_rule_in *in, approval_rule_record *out) {
    approval_rule_record rule = {.actions = {in->actions.at, in->actions.count}, .count = in->count};
    rule.validity_s = in->validity_seconds.is_set ? in->validity_seconds : SET_INT(VALIDITY_S);
    for (size_t i = 0; i < in->actions.count; i++) TRY(check_action(c, in->actions.at[i]));
    rule.approvers.at = ARENA_ARRAY(&c->memory, approver_record, in->approvers.count);
    ENSURE(rule.approvers.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < in->approvers.count; i++)
        TRY(resolve(c, in->approvers.at[i], &rule.approvers.at[rule.approvers.count++]));
    TRY(check_count(c, &rule));
    *out = rule;
    return OK;
}

static status view_of(call *c, const approval_rule_record *rule, approval_rule **out) {
    approval_rule *view = CALL_NEW(c, approval_rule);
    ENSURE(view != NULL, OUT_OF_MEMORY);
    *view = (approval_rule){.actions = {rule->actions.at, rule->actions.count}, .count = rule->count};
    view->validity_seconds = rule->validity_s;
    view->approvers.at = ARENA_ARRAY(&c->memory, slice, rule->approvers.count + 1);
    ENSURE(view->approvers.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < rule->approvers.count; i++)
        view->approvers.at[view->approvers.count++] = rule->approvers.at[i].principal;
    *out = view;
    return OK;
}

static status change(call *c, approval_rule_record *rule) {
    slice path;
    account_record account;
    uint64_t revision;
    TRY(account_path(c->who.account_id, &c->memory, &path));
    TRY(call_load(c, path, &account_record_shape, &account, &revision));
    account.approval = rule;
    return call_change(c, path, &account_record_shape, &account, revision);
}

status set_approval_rule_prepare(call *c, const set_approval_rule_in *in, set_approval_rule_out *out) {
    approval_rule_record *rule = CALL_NEW(c, approval_rule_record);
    ENSURE(rule != NULL, OUT_OF_MEMORY);
    TRY(rule_of(c, in, rule));
    TRY(change(c, rule));
    return view_of(c, rule, &out->approval_rule);
}

status get_approval_rule_prepare(call *c, const get_approval_rule_in *in, get_approval_rule_out *out) {
    (void)in;
    ENSURE(c->who.approval != NULL, APPROVAL_RULE_NOT_FOUND);
    return view_of(c, c->who.approval, &out->approval_rule);
}

status delete_approval_rule_prepare(call *c, const delete_approval_rule_in *in, delete_approval_rule_out *out) {
    (void)in, (void)out;
    ENSURE(c->who.approval != NULL, APPROVAL_RULE_NOT_FOUND);
    return change(c, NULL);
}
