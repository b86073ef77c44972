/* STS: taking a role on. The caller's own policies and the role's trust policy both have to allow it. */
#include "service/account/break_glass.h"
#include "service/ram/mfa.h"
#include "service/sts/sts.h"

enum { SESSION_DEFAULT_S = 3600, CHAINED_MOST_S = 3600 };

/* The resolver has seen to the ARN's form: the name follows its last '/'. */
static slice role_name_of(slice role_arn) {
    slice name = {0}, part;
    while (slice_split(&role_arn, '/', &part)) name = part;
    return name;
}

static bool session_name_is_valid(slice name) { return name.len >= 2 && identity_name_is_valid(name, 64); }

/* How long it may be, the contract says. */
static status check_external_id(call *c, slice id) {
    return identity_text_has_only(id, "+=,.@:/_-") ? OK : call_refuse(c, FAIL(INVALID_PARAMETER), "ExternalId");
}

static status check_session_policy(call *c, slice document) {
    if (slice_is_absent(document)) return OK;
    status checked = document_check(c, document, POLICY_IDENTITY);
    return FAILED_WITH(checked, POLICY_MALFORMED) ? FAIL(SESSION_POLICY) : checked;
}

/* ---- the role's side */

static status put_conditions(call *c, const assume_role_in *in) {
    if (c->owner) return OK; /* the resolver has */
    TRY(call_condition(c, SLICE(CONDITION_SESSION_NAME), in->role_session_name));
    if (!slice_is_absent(in->external_id)) TRY(call_condition(c, SLICE(CONDITION_EXTERNAL_ID), in->external_id));
    return OK;
}

static status check_duration(call *c, const assume_role_in *in, const role_record *role, int64_t *out) {
    int64_t wanted_s = in->duration_seconds.is_set ? in->duration_seconds.value : SESSION_DEFAULT_S;
    int64_t most_s = role->max_session_duration.value;
    if (c->who.is_session && most_s > CHAINED_MOST_S) most_s = CHAINED_MOST_S;
    TRY(break_glass_cut(c, role, &most_s));
    if (role->break_glass && !in->duration_seconds.is_set && wanted_s > most_s) wanted_s = most_s;
    if (wanted_s > most_s) return call_refuse(c, FAIL(ROLE_SESSION_DURATION), "%lld s at most.", (long long)most_s);
    *out = wanted_s;
    return OK;
}

static status session_wanted(call *c, const assume_role_in *in, const role_record *role, session_wish **out) {
    session_wish *wish = CALL_NEW(c, session_wish);
    ENSURE(wish != NULL, OUT_OF_MEMORY);
    *wish = (session_wish){role->role_name, role->role_id, in->role_session_name, in->policy, in->source_identity};
    /* Who a session is at its source stays with it from role to role. */
    slice carried = c->who.source_identity;
    bool differs = !slice_is_absent(carried) && !slice_is_absent(in->source_identity) &&
                   !slice_equals(carried, in->source_identity);
    if (differs) return call_refuse(c, FAIL(NO_PERMISSION), "The session has another source identity.");
    if (!slice_is_absent(carried)) wish->source_identity = carried;
    *out = wish;
    return OK;
}

static status ask_session(call *c, const assume_role_in *in, const role_record *role) {
    new_session *fresh;
    int64_t lifetime_s;
    TRY(check_duration(c, in, role, &lifetime_s));
    TRY(session_begin(c, lifetime_s, &fresh));
    key_act act = {.act = VAULT_ACT_NEW_SESSION, .text = fresh->id, .expires_at = SET_INT(fresh->expires_at_s)};
    TRY(session_wanted(c, in, role, &act.session));
    TRY(mfa_put_code(c, &(mfa_claim){in->serial_number, in->token_code}, &act));
    return call_ask_vault(c, &act);
}

status assume_role_prepare(call *c, const assume_role_in *in, assume_role_out *out) {
    (void)out;
    role_record role;
    if (c->who.is_root) return call_refuse(c, FAIL(NO_PERMISSION), "The account root takes no role on.");
    ENSURE(session_name_is_valid(in->role_session_name), ROLE_SESSION_NAME);
    if (!slice_is_absent(in->source_identity)) TRY(identity_name_check(c, in->source_identity, 64, "SourceIdentity"));
    TRY(check_external_id(c, in->external_id));
    TRY(check_session_policy(c, in->policy));
    TRY(role_load(c, role_name_of(in->role_arn), &role, &c->role_revision));
    TRY(put_conditions(c, in));
    TRY(call_authorise_trust(c, &role, c->resource));
    return ask_session(c, in, &role);
}

status assume_role_finish(call *c, const assume_role_in *in, assume_role_out *out) {
    role_record role;
    assumed_role *assumed = CALL_NEW(c, assumed_role);
    ENSURE(assumed != NULL, OUT_OF_MEMORY);
    TRY(mfa_take_code(c, &(mfa_claim){in->serial_number, in->token_code}, &c->results.at[0]));
    TRY(role_load(c, role_name_of(in->role_arn), &role, NULL));
    TRY(arena_printf(&c->memory, &assumed->assumed_role_id, "%.*s:%.*s", SLICE_ARGS(role.role_id),
                     SLICE_ARGS(in->role_session_name)));
    TRY(arena_printf(&c->memory, &assumed->arn, "acs:ram::%.*s:role/%.*s/%.*s", SLICE_ARGS(call_account(c)),
                     SLICE_ARGS(role.role_name), SLICE_ARGS(in->role_session_name)));
    out->assumed_role_user = assumed;
    out->source_identity = c->acts[0].session->source_identity;
    return session_credentials(c, &out->credentials);
}

/* ---- ending a role's sessions: a moment in the role's record, looked at with every request */

status revoke_role_sessions_prepare(call *c, const revoke_role_sessions_in *in, revoke_role_sessions_out *out) {
    (void)out;
    role_record role;
    uint64_t revision;
    TRY(role_load(c, in->role_name, &role, &revision));
    int64_t before_s = in->before.is_set && in->before.value < c->now_s ? in->before.value : c->now_s;
    bool is_later = !role.ends_before.is_set || before_s > role.ends_before.value;
    if (is_later) role.ends_before = SET_INT(before_s);
    return role_save(c, &role, revision);
}
