/* The rule of approvals: what it holds, how many have to approve, and who may. */
#include "contract/action_name.h"
#include "contract/held.h"
#include "service/account/approval.h"
#include "service/ram/passkey.h"

enum { VALIDITY_S = 24 * 3600, RECOVERY_S = 3 * 24 * 3600 };

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
    /* of a group those who were in it when the rule was set, while they are */
    if (!*out && rule->people.count > 0 && !held_names_person(rule, user->user_id)) return OK;
    for (size_t i = 0; !*out && i < user->groups.count; i++) {
        group_record group;
        TRY(group_load(c, user->groups.at[i].group_name, &group, NULL));
        *out = names_group(rule, group.group_id);
    }
    return OK;
}

bool approvers_have_group(const approval_rule_record *rule, slice group_id) { return names_group(rule, group_id); }

/* The root's record is there once it has anything; its id is the account's. */
static status load_by_name(call *c, slice name, user_record *out) {
    slice path;
    TRY(user_path(c->who.account_id, name, &c->memory, &path));
    TRY(call_load(c, path, &user_record_shape, out, NULL));
    if (slice_is_absent(name)) out->user_id = c->who.account_id;
    return OK;
}

status approver_load(call *c, const approver *who, user_record *out) {
    slice path, name = slice_is_empty(who->user_name) ? (slice){0} : who->user_name;
    renamed_record now;
    status loaded = load_by_name(c, name, out);
    bool is_it = !FAILED(loaded) && slice_equals(out->user_id, who->user_id);
    if (is_it || (FAILED(loaded) && !FAILED_WITH(loaded, NOT_FOUND))) return loaded;
    TRY(renamed_path(c->who.account_id, who->user_id, &c->memory, &path));
    TRY(call_load(c, path, &renamed_record_shape, &now, NULL));
    TRY(load_by_name(c, now.user_name, out));
    ENSURE(slice_equals(out->user_id, who->user_id), NOT_FOUND);
    return OK;
}

status approver_stands(call *c, const approval_rule_record *rule, const approver *who, bool *out) {
    user_record user;
    *out = false;
    status loaded = approver_load(c, who, &user);
    if (FAILED_WITH(loaded, NOT_FOUND)) return OK;
    TRY(loaded);
    return has_second_factor(&user) ? approver_is_named(c, rule, &user, out) : OK;
}

status approvers_count(call *c, const approval_rule_record *rule, slice but_user_id, int64_t *out) {
    int64_t count = 0;
    for (size_t i = 0; i < rule->people.count; i++) {
        const approver_person *each = &rule->people.at[i];
        bool stands;
        if (slice_equals(each->user_id, but_user_id)) continue;
        TRY(approver_stands(c, rule, &(approver){each->user_id, each->user_name}, &stands));
        count += stands;
    }
    *out = count;
    return OK;
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
        holds = held_by_pattern(pattern, operation_get(id));
    return holds ? OK
                 : call_refuse(c, FAIL(INVALID_PARAMETER), "Actions: nothing is held by %.*s.", SLICE_ARGS(pattern));
}

/* ---- who is meant */

enum { PEOPLE_MOST = 256 };

static status add_person(call *c, approval_rule_record *rule, const user_record *user) {
    if (held_names_person(rule, user->user_id)) return OK;
    if (rule->people.count == PEOPLE_MOST)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "Approvers: %d people at most.", PEOPLE_MOST);
    approver_person *to = &rule->people.at[rule->people.count++];
    TRY(arena_copy(&c->memory, user->user_id, &to->user_id));
    return slice_is_empty(user->user_name) ? OK : arena_copy(&c->memory, user->user_name, &to->user_name);
}

static status is_in_group(call *c, const approval_rule_record *rule, const user_record *user, bool *out) {
    *out = false;
    for (size_t i = 0; !*out && i < user->groups.count; i++) {
        group_record group;
        TRY(group_load(c, user->groups.at[i].group_name, &group, NULL));
        *out = names_group(rule, group.group_id);
    }
    return OK;
}

static status add_member(call *c, const store_row *row, void *context) {
    approval_rule_record *rule = context;
    user_record user;
    bool is_member;
    OWNED(arena) memory = {0};
    ENSURE(!FAILED(shape_unpack(&user_record_shape, row->value, &memory, &user)), CORRUPT);
    TRY(is_in_group(c, rule, &user, &is_member));
    return is_member ? add_person(c, rule, &user) : OK;
}

static status add_named(call *c, approval_rule_record *rule, slice given) {
    user_record user = {.user_id = c->who.account_id};
    slice name = name_in_account(c, given);
    if (slice_starts_with(name, SLICE("group/"))) return OK;
    if (slice_starts_with(name, SLICE("user/"))) TRY(user_load(c, slice_skip(name, 5), &user, NULL));
    return add_person(c, rule, &user);
}

/* People named, and those who are in a group that is, now. */
static status find_people(call *c, approval_rule_record *rule) {
    slice users;
    bool has_group = false;
    rule->people.at = ARENA_ARRAY(&c->memory, approver_person, PEOPLE_MOST);
    ENSURE(rule->people.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < rule->approvers.count; i++) {
        TRY(add_named(c, rule, rule->approvers.at[i].principal));
        has_group |= !slice_is_empty(rule->approvers.at[i].group_id);
    }
    if (!has_group) return OK;
    TRY(user_prefix(c->who.account_id, &c->memory, &users));
    return records_walk(c, users, add_member, rule);
}

/* A rule that nobody could satisfy would be a lock without a key. */
static status check_count(call *c, const approval_rule_record *rule) {
    int64_t there;
    TRY(approvers_count(c, rule, (slice){0}, &there));
    if (there >= rule->count.value) return OK;
    return call_refuse(c, FAIL(INVALID_PARAMETER), "Count: only %lld could approve, having a second factor.",
                       (long long)there);
}

static status rule_of(call *c, const set_approval_rule_in *in, approval_rule_record *out) {
    approval_rule_record rule = {.actions = {in->actions.at, in->actions.count}, .count = in->count};
    rule.validity_s = in->validity_seconds.is_set ? in->validity_seconds : SET_INT(VALIDITY_S);
    rule.recovery_s = in->recovery_seconds.is_set ? in->recovery_seconds : SET_INT(RECOVERY_S);
    for (size_t i = 0; i < in->actions.count; i++) TRY(check_action(c, in->actions.at[i]));
    rule.approvers.at = ARENA_ARRAY(&c->memory, approver_record, in->approvers.count);
    ENSURE(rule.approvers.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < in->approvers.count; i++)
        TRY(resolve(c, in->approvers.at[i], &rule.approvers.at[rule.approvers.count++]));
    TRY(find_people(c, &rule));
    TRY(check_count(c, &rule));
    *out = rule;
    return OK;
}

/* ---- keeping and showing it */

status approval_rule_view(call *c, const approval_rule_record *rule, approval_rule **out) {
    approval_rule *view = CALL_NEW(c, approval_rule);
    ENSURE(view != NULL, OUT_OF_MEMORY);
    *view = (approval_rule){.actions = {rule->actions.at, rule->actions.count}, .count = rule->count};
    view->validity_seconds = rule->validity_s;
    view->recovery_seconds = rule->recovery_s;
    if (held_recovery_is_under_way(rule, c->now_s)) {
        view->recoverable_at = rule->recover_at;
        view->recoverable_until = SET_INT(rule->recover_at.value + HELD_RECOVERY_WINDOW_S);
        view->recovery_reason = rule->recovery_reason;
    }
    view->approvers.at = ARENA_ARRAY(&c->memory, slice, rule->approvers.count + 1);
    ENSURE(view->approvers.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < rule->approvers.count; i++)
        view->approvers.at[view->approvers.count++] = rule->approvers.at[i].principal;
    *out = view;
    return OK;
}

status approval_rule_keep(call *c, approval_rule_record *rule) {
    slice path;
    account_record account;
    uint64_t revision;
    ENSURE(c->results.count == 1, INTERNAL);
    TRY(account_path(c->who.account_id, &c->memory, &path));
    TRY(call_load(c, path, &account_record_shape, &account, &revision));
    /* the vault has sealed the key that was there when it was asked */
    ENSURE(slice_equals(account.sealed_key, c->who.sealed_account), CONFLICT);
    account.sealed_key = c->results.at[0].output;
    account.approval = rule;
    return call_change(c, path, &account_record_shape, &account, revision);
}

/* Names become ids once, however often the steps run: what the vault seals is what is kept. */
status set_approval_rule_prepare(call *c, const set_approval_rule_in *in, set_approval_rule_out *out) {
    approval_rule_record *rule = c->memo ? c->memo : CALL_NEW(c, approval_rule_record);
    (void)out;
    ENSURE(rule != NULL, OUT_OF_MEMORY);
    if (!c->memo) TRY(rule_of(c, in, rule));
    c->memo = rule;
    return call_ask_vault(c, &(key_act){.act = VAULT_ACT_SEAL_RULE, .approval_rule = rule});
}

status set_approval_rule_finish(call *c, const set_approval_rule_in *in, set_approval_rule_out *out) {
    approval_rule_record *rule = c->memo;
    (void)in;
    ENSURE(rule != NULL, INTERNAL);
    TRY(approval_rule_keep(c, rule));
    return approval_rule_view(c, rule, &out->approval_rule);
}

status get_approval_rule_prepare(call *c, const get_approval_rule_in *in, get_approval_rule_out *out) {
    (void)in;
    ENSURE(c->who.approval != NULL, APPROVAL_RULE_NOT_FOUND);
    return approval_rule_view(c, c->who.approval, &out->approval_rule);
}

status delete_approval_rule_prepare(call *c, const delete_approval_rule_in *in, delete_approval_rule_out *out) {
    (void)in, (void)out;
    ENSURE(c->who.approval != NULL, APPROVAL_RULE_NOT_FOUND);
    return call_ask_vault(c, &(key_act){.act = VAULT_ACT_LIFT_RULE});
}

status delete_approval_rule_finish(call *c, const delete_approval_rule_in *in, delete_approval_rule_out *out) {
    (void)in, (void)out;
    return approval_rule_keep(c, NULL);
}
