/* Roles taken on by whom a provider vouches for. The vault measures what they bring; here is whether the role trusts whom it names. Nobody
 * without something good to bring learns which providers and roles there are. */
#include "service/sts/federated.h"

#include "access/address.h"
#include "access/policy.h"
#include "crypto/hash.h"

enum { ACCOUNT_BYTES_MOST = 16, COMPILING_BYTES_MOST = 4 << 20 };

/* Bad tokens from one address: each costs a verification. */
static const slowdown_rule ADDRESS = {.free_tries = 50};

bool named_read(slice whole, const char *kind, named *out) {
    slice rest = whole, parts[4], account;
    for (int i = 0; i < 4; i++)
        if (!slice_split(&rest, ':', &parts[i])) return false;
    bool is_aws = slice_equals_text(parts[0], "arn") && slice_equals_text(parts[2], "iam");
    bool is_ours = slice_equals_text(parts[0], "acs") && slice_equals_text(parts[1], "ram");
    account = parts[3];
    if (is_aws && !slice_split(&rest, ':', &account)) return false;
    slice prefix = slice_of_text(kind);
    if ((!is_aws && !is_ours) || !slice_starts_with(rest, prefix)) return false;
    *out = (named){account, slice_skip(rest, prefix.len)};
    return out->account.len > 0 && out->account.len <= ACCOUNT_BYTES_MOST && out->name.len > 0;
}

/* ---- before the vault has seen the token: nothing found wrong here is told */

static status check_pace(call *c, meant *m) {
    int64_t wait_s = 0;
    slice place;
    ENSURE(c->peer != NULL && !c->proof, INCOMPLETE_SIGNATURE);
    TRY(address_place(c->peer->source_ip, &c->memory, &place));
    TRY(ARENA_JOIN(&c->memory, &m->pace, SLICE("token/"), place));
    status tried = slowdown_try(c->house->by_address, m->pace, &ADDRESS, c->now_s, &wait_s);
    if (FAILED_WITH(tried, LOGIN_SLOWED)) return call_refuse(c, FAIL(THROTTLED), "%lld s", (long long)wait_s);
    return tried;
}

static status check_form(call *c, const federated_wish *wish) {
    named role;
    ENSURE(named_read(wish->role_arn, "role/", &role), ROLE_ARN);
    if (slice_is_absent(wish->policy)) return OK;
    status checked = document_check(c, wish->policy, POLICY_IDENTITY);
    return FAILED_WITH(checked, POLICY_MALFORMED) ? FAIL(SESSION_POLICY) : checked;
}

status federated_begin(call *c, const federated_wish *wish, meant **out) {
    new_session *session;
    TRY(check_form(c, wish));
    if (c->memo) {
        *out = c->memo;
        return OK;
    }
    meant *m = CALL_NEW(c, meant);
    ENSURE(m != NULL, OUT_OF_MEMORY);
    TRY(check_pace(c, m));
    TRY(session_begin(c, wish->lifetime_s, &session));
    m->session = *session;
    c->memo = m;
    *out = m;
    return OK;
}

static status find_role(call *c, slice name, meant *m) {
    m->has_role = false;
    if (!identity_name_is_valid(name, ROLE_NAME_MOST)) return OK;
    status loaded = role_load(c, name, &m->role, NULL);
    if (FAILED_WITH(loaded, ROLE_NOT_FOUND)) return OK;
    TRY(loaded);
    m->has_role = true;
    return OK;
}

status federated_find(call *c, const federated_wish *wish, status refusal, meant *m) {
    named role;
    ENSURE(named_read(wish->role_arn, "role/", &role), ROLE_ARN);
    c->who.account_id = role.account;
    status filled = identity_fill(c->house->identities, &c->memory, &c->who);
    if (FAILED_WITH(filled, NOT_FOUND)) return refusal;
    TRY(filled);
    return c->who.is_frozen ? refusal : find_role(c, role.name, m);
}

status federated_ask(call *c, const meant *m, const federated_order *order) {
    key_act act = {.act = VAULT_ACT_ASSUME_FEDERATED, .key = order->sealed_provider, .input = order->brought};
    act.text = m->session.id;
    act.expires_at = SET_INT(m->session.expires_at_s);
    if (m->has_role) {
        act.session = CALL_NEW(c, session_wish);
        ENSURE(act.session != NULL, OUT_OF_MEMORY);
        *act.session = (session_wish){m->role.role_name, m->role.role_id, order->session_name, order->policy};
        if (m->role.bindings) act.sharing = m->role.bindings->sharing;
    }
    return call_ask_vault(c, &act);
}

/* ---- the token is good: does the role trust whom it names */

void federated_name_caller(call *c, const meant *m, slice provider_arn, slice subject) {
    slowdown_take_back(c->house->by_address, m->pace, &ADDRESS);
    c->who.federated = c->who.arn = provider_arn;
    c->who.subject = subject;
    c->who.user_id = (slice){0};
    c->who.is_root = false;
}

/* Under the action's own name, or as a role taken on in any way, which is how one of the clouds says it. */
static enum decision consult(call *c, const policy *trust, slice role_arn) {
    const char *const actions[] = {c->operation->action, "sts:AssumeRole"}; /* what trust.c in the vault goes by, too */
    enum decision best = DECISION_IMPLICIT_DENY;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        enum policy_reach reach = REACH_NONE;
        enum decision one = call_consult(c, trust, actions[i], role_arn, &reach);
        if (one == DECISION_EXPLICIT_DENY) return one;
        if (one == DECISION_ALLOW && reach != REACH_NONE) best = one;
    }
    return best;
}

/* A policy that lets everybody in means everybody who has an account's leave as well; for whom a provider alone vouches it has to say so. */
static enum decision weigh_trust(call *c, const policy *trust, slice role_arn) {
    slice federated = c->who.federated;
    enum decision named_so = consult(c, trust, role_arn);
    c->who.federated = SLICE("");
    enum decision anybody = consult(c, trust, role_arn);
    c->who.federated = federated;
    return anybody == DECISION_ALLOW ? DECISION_EXPLICIT_DENY : named_so;
}

/* Who it is at the source is taken from a provider where the role lets it say so. */
static bool may_name_source(call *c, const policy *trust, slice role_arn) {
    enum policy_reach reach = REACH_NONE;
    if (slice_is_empty(c->results.at[0].vouched->source_identity)) return true;
    return call_consult(c, trust, "sts:SetSourceIdentity", role_arn, &reach) == DECISION_ALLOW && reach != REACH_NONE;
}

/* For the account's own; who brought the token is not told. */
static status explain(call *c, const meant *m, policy *trust, const char *action) {
    uint8_t digest[HASH_SHA256_BYTES];
    TRY(hash_once(HASH_SHA256, m->role.trust_policy, digest));
    policy_mark(trust, digest);
    return call_explain_trust(c, trust, action, c->resource);
}

static status is_trusted(call *c, const meant *m, bool *out) {
    slice fault = {0}, role_arn;
    policy *trust = NULL;
    OWNED(arena) memory = {.limit = COMPILING_BYTES_MOST};
    policy_source source = {m->role.trust_policy, POLICY_TRUST, POLICY_BYTES_MOST};
    TRY(arn_role(c->who.account_id, m->role.role_name, &c->memory, &role_arn));
    c->resource = role_arn;
    ENSURE(!FAILED(policy_compile(&source, &memory, &fault, &trust)), CORRUPT);
    bool may_come = weigh_trust(c, trust, role_arn) == DECISION_ALLOW;
    *out = may_come && may_name_source(c, trust, role_arn);
    status told = *out ? OK : explain(c, m, trust, may_come ? "sts:SetSourceIdentity" : c->operation->action);
    policy_free(trust);
    return told;
}

status federated_check(call *c, const meant *m) {
    bool trusts = false;
    slice source = c->results.at[0].vouched->source_identity;
    if (!slice_is_empty(source)) TRY(call_condition(c, SLICE(CONDITION_SOURCE_IDENTITY), source));
    if (m->has_role) TRY(is_trusted(c, m, &trusts));
    bool is_made = c->results.at[0].output.len > 0; /* the vault knows a trust policy that its owner signed */
    if (trusts && is_made) return OK;
    slice why = c->diagnosis;
    status refused =
        call_refuse(c, FAIL(NO_PERMISSION), "The role is not there, or does not trust whom the token names.");
    c->diagnosis = why;
    return refused;
}

status federated_tell_role(call *c, const meant *m, slice session_name, assumed_role **out) {
    assumed_role *made = CALL_NEW(c, assumed_role);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    TRY(arena_printf(&c->memory, &made->assumed_role_id, "%.*s:%.*s", SLICE_ARGS(m->role.role_id),
                     SLICE_ARGS(session_name)));
    TRY(arena_printf(&c->memory, &made->arn, "acs:ram::%.*s:role/%.*s/%.*s", SLICE_ARGS(c->who.account_id),
                     SLICE_ARGS(m->role.role_name), SLICE_ARGS(session_name)));
    *out = made;
    return OK;
}
