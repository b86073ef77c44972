/* Break-glass: how an owner lets somebody of the platform operator in, for a while and within a policy. */
#include "service/account/break_glass.h"

#include "access/arn_twin.h"
#include "contract/sealed.h"
#include "service/ram/ram.h"
#include "service/sharing.h"

#define RESERVED SLICE(BREAK_GLASS_PREFIX)
#define POLICY_NAME SLICE("break-glass")

static bool has_ended(const call *c, const break_glass_record *grant) {
    return !grant->ends_at.is_set || c->now_s >= grant->ends_at.value;
}

static bool is_reserved(slice name) { return slice_starts_with(name, RESERVED); }

/* ---- what is different about such a role */

status break_glass_spare(call *c, slice role_name) {
    if (!is_reserved(role_name)) return OK;
    return call_refuse(c, FAIL(UNSUPPORTED), "Roles named break-glass-… are for GrantBreakGlass and RevokeBreakGlass.");
}

void break_glass_note(call *c) {
    const break_glass_record *grant = c->who.break_glass;
    if (!grant) return;
    c->break_glass = c->who.role_name;
    call_affects(c, grant->operator);
}

status break_glass_enter(call *c) {
    const break_glass_record *grant = c->who.break_glass;
    break_glass_note(c);
    return grant && has_ended(c, grant) ? FAIL(SECURITY_TOKEN_EXPIRED) : OK;
}

/* What makes identities, sessions and grants, or lets somebody in. */
static bool outlasts(const call *c, const char *action) {
    static const char *const services[] = {"ram:", "iam:", "ims:", "sts:", "keyhold:"};
    static const char *const actions[] = {
        "kms:SetKeyPolicy",      "kms:SetSecretPolicy", "secretsmanager:DeleteResourcePolicy",
        "kms:CreateGrant",       "kms:ReplicateKey",    "oss:PutBucketPolicy",
        "oss:DeleteBucketPolicy"};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(action, actions[i]) == 0) return true;
    if (!c->operation || c->operation->level != LEVEL_WRITE) return false;
    if (!slice_is_absent(call_input_text(c, "Policy"))) return true; /* of a key or secret that is to be made */
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (slice_starts_with(slice_of_text(action), slice_of_text(services[i]))) return true;
    return false;
}

status break_glass_check(call *c, const char *action) {
    if (!c->who.break_glass) return OK;
    if (c->owner) return call_refuse(c, FAIL(NO_PERMISSION), "A break-glass grant is for one account.");
    if (!outlasts(c, action)) return OK;
    return call_refuse(c, FAIL(NO_PERMISSION), "%s under a break-glass grant would outlast it.", action);
}

status break_glass_cut(call *c, const role_record *role, int64_t *most_s) {
    const break_glass_record *grant = role->break_glass;
    if (!grant) return OK;
    c->break_glass = role->role_name;
    if (has_ended(c, grant)) return call_refuse(c, FAIL(NO_PERMISSION), "The break-glass grant has ended.");
    int64_t left_s = grant->ends_at.value - c->now_s;
    if (*most_s > left_s) *most_s = left_s;
    return OK;
}

/* ---- how it is shown */

static status view_of(call *c, const role_record *role, break_glass_view *out) {
    const break_glass_record *grant = role->break_glass;
    break_glass_view view = {.grant_name = role->role_name, .grantee = grant->grantee, .reason = grant->reason};
    TRY(arn_principal_role(c->who.account_id, role->role_name, &c->memory, &view.role_arn));
    if (role->own_policies.count) view.policy_document = role->own_policies.at[0].document;
    view.issuer = grant->issuer;
    view.status = has_ended(c, grant) ? BREAK_GLASS_STATUS_ENDED : BREAK_GLASS_STATUS_ACTIVE;
    if (grant->is_revoked.value) view.status = BREAK_GLASS_STATUS_REVOKED;
    view.create_date = role->created_at;
    view.expire_date = grant->ends_at;
    *out = view;
    return OK;
}

static status new_view(call *c, const role_record *role, break_glass_view **out) {
    *out = CALL_NEW(c, break_glass_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    return view_of(c, role, *out);
}

/* ---- granting */

typedef struct grantee {
    slice name, account;
} grantee;

/* Whether somebody is no user of the operator's or not there at all is not told apart. */
static status refuse_grantee(call *c) {
    return call_refuse(c, FAIL(INVALID_PARAMETER), "Grantee: a user of the platform operator's account.");
}

static status find_grantee(call *c, slice text, grantee *out) {
    arn parts;
    slice id;
    principal account;
    grantee who;
    if (FAILED(arn_canonical(text, &c->memory, &who.name)) || FAILED(arn_parse(who.name, &parts)))
        return refuse_grantee(c);
    bool is_user = identity_is_here(text, &parts) && slice_starts_with(parts.relative, SLICE("user/"));
    if (!is_user || slice_equals(parts.account, c->who.account_id)) return refuse_grantee(c);
    status found = identity_of_account(c->house->identities, parts.account, &c->memory, &account);
    if (FAILED_WITH(found, CORRUPT)) return refuse_grantee(c);
    TRY(found);
    if (!account.is_operator) return refuse_grantee(c);
    found = sharing_id_of(c, who.name, &id);
    if (FAILED_WITH(found, NOT_FOUND)) return refuse_grantee(c);
    TRY(found);
    who.account = account.account_id;
    *out = who;
    return OK;
}

static status trust_of(call *c, const grantee *who, slice *out) {
    return arena_printf(&c->memory, out,
                        "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\","
                        "\"Principal\":{\"RAM\":[\"%.*s\"]}}]}",
                        SLICE_ARGS(who->name));
}

static status check_reason(call *c, slice reason) {
    for (size_t i = 0; i < reason.len; i++)
        if (reason.at[i] < ' ' || reason.at[i] == 0x7f)
            return call_refuse(c, FAIL(INVALID_PARAMETER), "Reason: printable characters only.");
    return OK;
}

/* A name can be used again once its grant has ended: the role is another one then, and sessions of the former are not its. */
static status check_name(call *c, slice name, uint64_t *revision) {
    role_record former;
    slice prefix;
    size_t count;
    *revision = STORE_ABSENT;
    TRY(identity_name_check(c, name, ROLE_NAME_MOST, "GrantName"));
    if (!is_reserved(name)) return call_refuse(c, FAIL(INVALID_PARAMETER), "GrantName begins with break-glass-");
    status found = role_load(c, name, &former, revision);
    if (FAILED_WITH(found, ROLE_NOT_FOUND)) {
        *revision = STORE_ABSENT;
        TRY(role_prefix(c->who.account_id, &c->memory, &prefix));
        TRY(records_count(c, prefix, &count));
        ENSURE(count < ROLES_MOST, ROLE_LIMIT);
        return OK;
    }
    TRY(found);
    ENSURE(former.break_glass != NULL && has_ended(c, former.break_glass), ROLE_EXISTS);
    return OK;
}

/* Chosen once, however often the steps run. */
static status new_role_id(call *c, slice *out) {
    slice *held = c->memo ? c->memo : CALL_NEW(c, slice);
    ENSURE(held != NULL, OUT_OF_MEMORY);
    if (!c->memo) TRY(identity_id_new(c, '3', held));
    c->memo = held;
    *out = *held;
    return OK;
}

static status keep(call *c, const role_record *role, uint64_t revision) {
    slice path;
    c->break_glass = role->role_name;
    call_affects(c, role->break_glass->operator);
    TRY(role_path(c->who.account_id, role->role_name, &c->memory, &path));
    return call_change(c, path, &role_record_shape, role, revision);
}

status grant_break_glass_prepare(call *c, const grant_break_glass_in *in, grant_break_glass_out *out) {
    (void)out;
    grantee who;
    slice trust;
    uint64_t revision;
    session_wish *of = CALL_NEW(c, session_wish);
    ENSURE(of != NULL, OUT_OF_MEMORY);
    TRY(check_name(c, in->grant_name, &revision));
    TRY(check_reason(c, in->reason));
    TRY(document_check(c, in->policy_document, POLICY_IDENTITY));
    TRY(find_grantee(c, in->grantee, &who));
    TRY(trust_of(c, &who, &trust));
    of->role_name = in->grant_name;
    TRY(new_role_id(c, &of->role_id));
    int64_t ends_at_s = c->now_s + in->duration_seconds.value;
    return sharing_ask(c, &(sharing_wish){trust, POLICY_TRUST, {.session = of, .expires_at = SET_INT(ends_at_s)}});
}

status grant_break_glass_finish(call *c, const grant_break_glass_in *in, grant_break_glass_out *out) {
    grantee who;
    uint64_t revision;
    TRY(check_name(c, in->grant_name, &revision));
    TRY(find_grantee(c, in->grantee, &who));
    break_glass_record grant = {.grantee = who.name, .operator= who.account, .reason = in->reason};
    grant.issuer = c->who.arn;
    grant.ends_at = SET_INT(c->now_s + in->duration_seconds.value);
    inline_policy_record allowed = {POLICY_NAME, in->policy_document};
    role_record role = {.role_name = in->grant_name, .description = in->reason, .break_glass = &grant};
    TRY(new_role_id(c, &role.role_id));
    TRY(trust_of(c, &who, &role.trust_policy));
    TRY(sharing_bindings(c, role.trust_policy, POLICY_TRUST, &role.bindings));
    role.own_policies.at = &allowed, role.own_policies.count = 1;
    role.max_session_duration = in->duration_seconds;
    role.created_at = role.updated_at = SET_INT(c->now_s);
    TRY(keep(c, &role, revision));
    return new_view(c, &role, &out->break_glass);
}

/* ---- showing, taking back */

status list_break_glass_prepare(call *c, const list_break_glass_in *in, list_break_glass_out *out) {
    record_page shown;
    page_wish wish = {.marker = in->marker, .most = in->max_items};
    TRY(role_path(c->who.account_id, RESERVED, &c->memory, &wish.prefix));
    if (is_reserved(in->marker)) wish.marker = slice_skip(in->marker, RESERVED.len);
    TRY(page_read(c, &wish, &shown));
    out->break_glass.at = ARENA_ARRAY(&c->memory, break_glass_view, shown.count + 1);
    ENSURE(out->break_glass.at != NULL, OUT_OF_MEMORY);
    out->is_truncated = SET_BOOL(shown.is_truncated);
    for (size_t i = 0; i < shown.count; i++) {
        role_record role;
        TRY(row_unpack(c, &shown.rows[i], &role_record_shape, &role));
        if (shown.is_truncated) out->marker = role.role_name;
        if (!role.break_glass) continue; /* an ordinary role from before the names were reserved */
        TRY(view_of(c, &role, &out->break_glass.at[out->break_glass.count++]));
    }
    return OK;
}

/* Sessions look at the record with every request. */
status revoke_break_glass_prepare(call *c, const revoke_break_glass_in *in, revoke_break_glass_out *out) {
    role_record role;
    uint64_t revision;
    TRY(role_load(c, in->grant_name, &role, &revision));
    ENSURE(role.break_glass != NULL && !has_ended(c, role.break_glass), ROLE_NOT_FOUND);
    break_glass_record ended = *role.break_glass;
    ended.ends_at = SET_INT(c->now_s);
    ended.is_revoked = SET_BOOL(true);
    role.break_glass = &ended;
    role.updated_at = SET_INT(c->now_s);
    TRY(keep(c, &role, revision));
    return new_view(c, &role, &out->break_glass);
}
