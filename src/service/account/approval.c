/* Asking for approval, approving, taking back. */
#include <stdio.h>

#include "contract/canonical.h"
#include "service/account/approval.h"
#include "service/ram/ram.h"

enum { REQUESTS_MOST = 1000 };

static status prefix_of(call *c, slice *out) { return approval_path(c, SLICE(""), out); }

static status rule_in_force(call *c, const approval_rule_record **out) {
    *out = c->who.approval;
    return *out ? OK : FAIL(APPROVAL_RULE_NOT_FOUND);
}

/* ---- how it is shown */

static status name_of(call *c, slice user_name, slice *out) {
    if (slice_is_absent(user_name)) return arn_principal_root(c->who.account_id, &c->memory, out);
    return arn_principal_user(c->who.account_id, user_name, &c->memory, out);
}

static status list_given(call *c, const approval_record *r, approval_view *view) {
    view->approvals.at = ARENA_ARRAY(&c->memory, approval_given, r->given.count + 1);
    ENSURE(view->approvals.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < r->given.count; i++) {
        approval_given *to = &view->approvals.at[view->approvals.count++];
        to->approve_date = r->given.at[i].at;
        TRY(name_of(c, r->given.at[i].user_name, &to->approver));
    }
    return OK;
}

static status view_of(call *c, const approval_rule_record *rule, const approval_record *r, approval_view *out) {
    int64_t there = 0;
    approval_view view = {.request_hash = r->request_hash,
                          .operation = r->operation,
                          .parameters = r->parameters,
                          .reason = r->reason,
                          .requester = r->requester,
                          .status = APPROVAL_STATUS_PENDING,
                          .count = rule->count,
                          .create_date = r->created_at,
                          .expire_date = r->expires_at};
    TRY(list_given(c, r, &view));
    TRY(approvals_count(c, rule, r, &there));
    if (rule->count.value > 0 && there >= rule->count.value) view.status = APPROVAL_STATUS_APPROVED;
    if (r->expires_at.value <= c->now_s) view.status = APPROVAL_STATUS_EXPIRED;
    *out = view;
    return OK;
}

static status new_view(call *c, const approval_record *r, approval_view **out) {
    *out = CALL_NEW(c, approval_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    return view_of(c, c->who.approval, r, *out);
}

static status save(call *c, const approval_record *r, uint64_t revision) {
    slice path;
    TRY(approval_path(c, r->request_hash, &path));
    return call_change(c, path, &approval_record_shape, r, revision);
}

/* Expired ones are as good as none. */
static status load(call *c, slice hash, approval_record *out, uint64_t *revision) {
    slice path;
    TRY(approval_path(c, hash, &path));
    status loaded = call_load(c, path, &approval_record_shape, out, revision);
    if (FAILED_WITH(loaded, NOT_FOUND)) return FAIL(APPROVAL_NOT_FOUND);
    TRY(loaded);
    return out->expires_at.value > c->now_s ? OK : call_refuse(c, FAIL(APPROVAL_NOT_FOUND), "It has expired.");
}

/* ---- asking */

/* kms:ScheduleKeyDeletion: product and operation. */
static status find_operation(call *c, slice text, const operation **out) {
    char service[32];
    slice name;
    bool is_named = slice_split(&text, ':', &name) && name.len < sizeof service && !slice_is_empty(text);
    if (!is_named) return call_refuse(c, FAIL(INVALID_PARAMETER), "Operation: PRODUCT:NAME, kms:DisableKey.");
    snprintf(service, sizeof service, "%.*s", SLICE_ARGS(name));
    const operation *found = operation_get(operation_find(service, text));
    if (!found) return call_refuse(c, FAIL(INVALID_PARAMETER), "Operation: there is none of that name.");
    *out = found;
    return OK;
}

typedef struct sweep {
    size_t left;
} sweep;

static status sweep_one(call *c, const store_row *row, void *context) {
    sweep *all = context;
    approval_record r;
    slice path;
    OWNED(arena) memory = {0};
    ENSURE(!FAILED(shape_unpack(&approval_record_shape, row->value, &memory, &r)), CORRUPT);
    if (r.expires_at.value > c->now_s) return all->left++, OK;
    TRY(arena_copy(&c->memory, row->key, &path));
    return call_change(c, path, NULL, NULL, row->revision);
}

/* What expired makes room. */
static status make_room(call *c) {
    slice prefix;
    sweep all = {0};
    TRY(prefix_of(c, &prefix));
    TRY(records_walk(c, prefix, sweep_one, &all));
    ENSURE(all.left < REQUESTS_MOST, APPROVAL_LIMIT);
    return OK;
}

/* A request that expired is replaced; one that has not is there already. */
static status revision_of(call *c, slice hash, uint64_t *out) {
    slice path;
    approval_record taken;
    *out = STORE_ABSENT;
    TRY(approval_path(c, hash, &path));
    status loaded = call_load(c, path, &approval_record_shape, &taken, out);
    if (FAILED_WITH(loaded, NOT_FOUND)) return OK;
    TRY(loaded);
    return taken.expires_at.value > c->now_s ? call_refuse(c, FAIL(APPROVAL_EXISTS), "%.*s", SLICE_ARGS(hash)) : OK;
}

status request_approval_prepare(call *c, const request_approval_in *in, request_approval_out *out) {
    const approval_rule_record *rule;
    const operation *op;
    uint64_t revision;
    slice culprit = {0};
    approval_record r = {.operation = in->operation, .reason = in->reason, .requester = c->who.arn};
    TRY(rule_in_force(c, &rule));
    TRY(find_operation(c, in->operation, &op));
    status read = canonical_read(op, in->parameters, &c->memory, &r.parameters, &culprit);
    if (FAILED_WITH(read, INVALID_PARAMETER))
        return call_refuse(c, read, "Parameters: %.*s, of %s", SLICE_ARGS(culprit), op->name);
    TRY(read);
    approval_wish wish = {op, r.parameters, slice_is_absent(in->region) ? c->house->region : in->region};
    if (!call_offers_region(c, wish.region)) return call_refuse(c, FAIL(INVALID_PARAMETER), "Region");
    TRY(approval_hash(c, &wish, &r.request_hash));
    r.parameters = wish.parameters;
    r.requester_id = c->who.actor_id;
    r.created_at = SET_INT(c->now_s);
    r.expires_at = SET_INT(c->now_s + rule->validity_s.value);
    TRY(revision_of(c, r.request_hash, &revision));
    TRY(make_room(c));
    TRY(save(c, &r, revision));
    return new_view(c, &r, &out->approval);
}

/* ---- approving */

/* A person, not a role; with a second factor; named by the rule; not the one who asked. */
static status check_approver(call *c, const approval_rule_record *rule, const approval_record *r) {
    bool stands, is_person = slice_is_absent(c->who.role_name) && !slice_is_absent(c->who.actor_id);
    approver who = {c->who.user_id, c->who.user_name};
    if (!is_person || !c->who.is_session || !c->who.mfa_at.is_set)
        return call_refuse(c, FAIL(NO_PERMISSION), "A person approves, in a session that began with a second factor.");
    if (slice_equals(c->who.actor_id, r->requester_id))
        return call_refuse(c, FAIL(NO_PERMISSION), "Nobody approves what they asked for themselves.");
    TRY(approver_stands(c, rule, &who, &stands));
    return stands ? OK : call_refuse(c, FAIL(NO_PERMISSION), "The account's rule does not name the caller.");
}

static size_t find_given(const approval_record *r, slice user_id) {
    size_t at = 0;
    while (at < r->given.count && !slice_equals(r->given.at[at].user_id, user_id)) at++;
    return at;
}

static status add_given(call *c, approval_record *r, slice sealed) {
    approval_given_record *list = ARENA_ARRAY(&c->memory, approval_given_record, r->given.count + 1);
    ENSURE(list != NULL, OUT_OF_MEMORY);
    if (r->given.count) memcpy(list, r->given.at, r->given.count * sizeof *list);
    list[r->given.count++] = (approval_given_record){c->who.user_id, c->who.user_name, SET_INT(c->now_s), sealed};
    r->given.at = list;
    return OK;
}

static status load_to_approve(call *c, slice hash, approval_record *r, uint64_t *revision) {
    const approval_rule_record *rule;
    TRY(rule_in_force(c, &rule));
    TRY(load(c, hash, r, revision));
    TRY(check_approver(c, rule, r));
    ENSURE(find_given(r, c->who.user_id) == r->given.count, APPROVAL_EXISTS);
    return OK;
}

status approve_request_prepare(call *c, const approve_request_in *in, approve_request_out *out) {
    approval_record r;
    uint64_t revision;
    (void)out;
    TRY(load_to_approve(c, in->request_hash, &r, &revision));
    return call_ask_vault(c,
                          &(key_act){.act = VAULT_ACT_APPROVE, .text = in->request_hash, .expires_at = r.expires_at});
}

status approve_request_finish(call *c, const approve_request_in *in, approve_request_out *out) {
    approval_record r;
    uint64_t revision;
    TRY(load_to_approve(c, in->request_hash, &r, &revision));
    ENSURE(c->results.count == 1, INTERNAL);
    TRY(add_given(c, &r, c->results.at[0].output));
    TRY(save(c, &r, revision));
    return new_view(c, &r, &out->approval);
}

/* ---- showing, taking back */

status list_approvals_prepare(call *c, const list_approvals_in *in, list_approvals_out *out) {
    const approval_rule_record *rule;
    record_page shown;
    page_wish wish = {.marker = in->marker, .most = in->max_items};
    TRY(rule_in_force(c, &rule));
    TRY(prefix_of(c, &wish.prefix));
    TRY(page_read(c, &wish, &shown));
    out->approvals.at = ARENA_ARRAY(&c->memory, approval_view, shown.count + 1);
    ENSURE(out->approvals.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < shown.count; i++) {
        approval_record r;
        TRY(row_unpack(c, &shown.rows[i], &approval_record_shape, &r));
        TRY(view_of(c, rule, &r, &out->approvals.at[out->approvals.count++]));
    }
    out->is_truncated = SET_BOOL(shown.is_truncated);
    if (shown.is_truncated) out->marker = out->approvals.at[shown.count - 1].request_hash;
    return OK;
}

status withdraw_approval_prepare(call *c, const withdraw_approval_in *in, withdraw_approval_out *out) {
    (void)out;
    approval_record r;
    uint64_t revision;
    slice path;
    TRY(load(c, in->request_hash, &r, &revision));
    TRY(approval_path(c, r.request_hash, &path));
    if (slice_equals(r.requester_id, c->who.actor_id)) return call_change(c, path, NULL, NULL, revision);
    size_t at = find_given(&r, c->who.actor_id);
    ENSURE(at < r.given.count, APPROVAL_NOT_FOUND);
    r.given.at[at] = r.given.at[--r.given.count];
    return save(c, &r, revision);
}
