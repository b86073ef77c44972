/* STS: taking a role on with a token of a provider that the account believes. The vault measures the token; here is whether the role trusts
 * whom it names. Nobody without a good token learns which providers and roles there are. */
#include "access/policy.h"
#include "service/oidc.h"
#include "service/sts.h"

enum { SESSION_DEFAULT_S = 3600, ACCOUNT_BYTES_MOST = 16 };

/* Bad tokens from one address: each costs a verification. */
static const slowdown_rule ADDRESS = {.free_tries = 50};

/* What the request names, found or not. */
typedef struct meant {
    new_session session; /* first, as session_begin has it */
    role_record role;
    bool has_role;
    slice pace; /* what tries are counted under */
} meant;

/* ---- what an ARN of either cloud says */

typedef struct named {
    slice account, name;
} named;

/* acs:ram::ACCOUNT:KIND/NAME or arn:aws:iam::ACCOUNT:KIND/NAME. */
static bool arn_read(slice text, const char *kind, named *out) {
    slice rest = text, parts[4], account;
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

static status find_account(call *c, slice account) {
    c->who.account_id = account;
    status filled = identity_fill(c->house->identities, &c->memory, &c->who);
    ENSURE(!FAILED_WITH(filled, NOT_FOUND), IDENTITY_TOKEN);
    TRY(filled);
    ENSURE(!c->who.is_frozen, IDENTITY_TOKEN);
    return OK;
}

/* By its ARN; where a client gives none, by the issuer that the token claims, in the role's account. */
static status find_provider(call *c, const assume_role_with_oidc_in *in, oidc_provider_record *out) {
    named provider;
    status found = FAIL(OIDC_PROVIDER_NOT_FOUND);
    if (slice_is_absent(in->oidc_provider_arn)) {
        found = oidc_load_by_issuer(c, in->issuer, out);
    } else if (arn_read(in->oidc_provider_arn, "oidc-provider/", &provider)) {
        bool is_here = slice_equals(provider.account, c->who.account_id);
        if (is_here) found = oidc_load(c, provider.name, out, NULL);
    }
    if (FAILED_WITH(found, OIDC_PROVIDER_NOT_FOUND)) *out = (oidc_provider_record){0};
    return FAILED_WITH(found, OIDC_PROVIDER_NOT_FOUND) ? OK : found;
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

static status check_pace(call *c, meant *m) {
    int64_t wait_s = 0;
    ENSURE(c->peer != NULL && !c->proof, INCOMPLETE_SIGNATURE);
    TRY(ARENA_JOIN(&c->memory, &m->pace, SLICE("token/"), c->peer->source_ip));
    status tried = slowdown_try(c->house->by_address, m->pace, &ADDRESS, c->now_s, &wait_s);
    if (FAILED_WITH(tried, LOGIN_SLOWED)) return call_refuse(c, FAIL(THROTTLED), "%lld s", (long long)wait_s);
    return tried;
}

static status check_form(call *c, const assume_role_with_oidc_in *in, named *role) {
    ENSURE(arn_read(in->role_arn, "role/", role), ROLE_ARN);
    ENSURE(in->role_session_name.len >= 2 && identity_name_is_valid(in->role_session_name, 64), ROLE_SESSION_NAME);
    if (slice_is_absent(in->policy)) return OK;
    status checked = document_check(c, in->policy, POLICY_IDENTITY);
    return FAILED_WITH(checked, POLICY_MALFORMED) ? FAIL(SESSION_POLICY) : checked;
}

static int64_t wanted_s(const assume_role_with_oidc_in *in) {
    return in->duration_seconds.is_set ? in->duration_seconds.value : SESSION_DEFAULT_S;
}

static status begin(call *c, const assume_role_with_oidc_in *in, meant **out) {
    new_session *session;
    if (c->memo) {
        *out = c->memo;
        return OK;
    }
    meant *m = CALL_NEW(c, meant);
    ENSURE(m != NULL, OUT_OF_MEMORY);
    TRY(check_pace(c, m));
    TRY(session_begin(c, wanted_s(in), &session));
    m->session = *session;
    c->memo = m;
    *out = m;
    return OK;
}

static status put_wish(call *c, const assume_role_with_oidc_in *in, const meant *m, key_act *act) {
    session_wish *wish = CALL_NEW(c, session_wish);
    ENSURE(wish != NULL, OUT_OF_MEMORY);
    *wish = (session_wish){m->role.role_name, m->role.role_id, in->role_session_name, in->policy};
    act->session = wish;
    return OK;
}

status assume_role_with_oidc_prepare(call *c, const assume_role_with_oidc_in *in, assume_role_with_oidc_out *out) {
    (void)out;
    named role;
    meant *m;
    oidc_provider_record provider;
    TRY(check_form(c, in, &role));
    TRY(begin(c, in, &m));
    TRY(find_account(c, role.account));
    TRY(find_provider(c, in, &provider));
    TRY(find_role(c, role.name, m));
    key_act act = {.act = VAULT_ACT_ASSUME_FEDERATED, .key = provider.sealed, .input = in->oidc_token};
    act.text = m->session.id;
    act.expires_at = SET_INT(m->session.expires_at_s);
    if (m->has_role) TRY(put_wish(c, in, m, &act));
    return call_ask_vault(c, &act);
}

/* ---- the token is good: does the role trust whom it names */

static status put_claim(call *c, slice issuer, const char *claim, slice value) {
    slice name;
    TRY(arena_printf(&c->memory, &name, CONDITION_OIDC_OF "%.*s:%s", SLICE_ARGS(issuer), claim));
    return call_condition(c, name, value);
}

/* The other cloud's `aud` is the client that asked for the token, where the token tells it. */
static status put_conditions(call *c, const assume_role_with_oidc_in *in, const vouched *who) {
    slice issuer = oidc_issuer_name(who->issuer);
    slice party = slice_is_absent(who->party) ? who->audience.at[0] : who->party;
    TRY(call_condition(c, SLICE(CONDITION_SESSION_NAME), in->role_session_name));
    TRY(call_condition(c, SLICE(CONDITION_OIDC_ISSUER), who->issuer));
    TRY(call_condition(c, SLICE(CONDITION_OIDC_SUBJECT), who->subject));
    TRY(call_condition_list(c, SLICE(CONDITION_OIDC_AUDIENCE), who->audience.at, who->audience.count));
    TRY(put_claim(c, issuer, "sub", who->subject));
    TRY(put_claim(c, issuer, "oaud", who->audience.at[0]));
    return put_claim(c, issuer, "aud", party);
}

static status refuse_trust(call *c, const char *why) {
    return call_refuse(c, FAIL(NO_PERMISSION), "The role %s.", why);
}

/* Under the action's own name, or as a role taken on in any way, which is how one of the clouds says it. */
static enum decision consult(call *c, const policy *trust, slice role_arn) {
    const char *const actions[] = {c->operation->action, "sts:AssumeRole"};
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

static status check_trust(call *c, const meant *m) {
    enum { COMPILING_BYTES_MOST = 4 << 20 };
    slice fault = {0}, role_arn;
    policy *trust = NULL;
    OWNED(arena) memory = {.limit = COMPILING_BYTES_MOST};
    policy_source source = {m->role.trust_policy, POLICY_TRUST, POLICY_BYTES_MOST};
    TRY(arn_role(c->who.account_id, m->role.role_name, &c->memory, &role_arn));
    c->resource = role_arn;
    ENSURE(!FAILED(policy_compile(&source, &memory, &fault, &trust)), CORRUPT);
    enum decision decision = weigh_trust(c, trust, role_arn);
    policy_free(trust);
    return decision == DECISION_ALLOW ? OK : refuse_trust(c, "is not there, or does not trust whom the token names");
}

/* Who it is, as the event tells it. */
static status name_caller(call *c, const assume_role_with_oidc_in *in, const vouched *who) {
    oidc_provider_record provider;
    TRY(find_provider(c, in, &provider));
    ENSURE(provider.name.len > 0, IDENTITY_TOKEN);
    TRY(arn_principal_oidc(c->who.account_id, provider.name, &c->memory, &c->who.federated));
    c->who.subject = who->subject;
    c->who.arn = c->who.federated;
    c->who.user_id = (slice){0};
    c->who.is_root = false;
    return OK;
}

static status tell_role(call *c, const meant *m, slice session_name, assumed_role **out) {
    assumed_role *made = CALL_NEW(c, assumed_role);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    TRY(arena_printf(&c->memory, &made->assumed_role_id, "%.*s:%.*s", SLICE_ARGS(m->role.role_id),
                     SLICE_ARGS(session_name)));
    TRY(arena_printf(&c->memory, &made->arn, "acs:ram::%.*s:role/%.*s/%.*s", SLICE_ARGS(c->who.account_id),
                     SLICE_ARGS(m->role.role_name), SLICE_ARGS(session_name)));
    *out = made;
    return OK;
}

static status join_audience(call *c, const vouched *who, slice *out) {
    *out = who->audience.at[0];
    for (size_t i = 1; i < who->audience.count; i++)
        TRY(ARENA_JOIN(&c->memory, out, *out, SLICE(","), who->audience.at[i]));
    return OK;
}

static status tell_token(call *c, const vouched *who, assume_role_with_oidc_out *out) {
    oidc_token_info *info = CALL_NEW(c, oidc_token_info);
    ENSURE(info != NULL, OUT_OF_MEMORY);
    *info = (oidc_token_info){.subject = who->subject, .issuer = who->issuer, .verification_info = SLICE("Success")};
    info->expiration_time = who->expires_at;
    info->issuance_time = who->issued_at;
    TRY(join_audience(c, who, &info->client_ids));
    out->oidc_token_info = info;
    out->subject_from_web_identity_token = who->subject;
    out->audience = slice_is_absent(who->party) ? who->audience.at[0] : who->party;
    out->provider = c->who.federated;
    return OK;
}

status assume_role_with_oidc_finish(call *c, const assume_role_with_oidc_in *in, assume_role_with_oidc_out *out) {
    meant *m = c->memo;
    const vouched *who = c->results.at[0].vouched;
    ENSURE(who != NULL && who->audience.count > 0, INTERNAL);
    slowdown_take_back(c->house->by_address, m->pace, &ADDRESS);
    TRY(name_caller(c, in, who));
    if (!m->has_role) return refuse_trust(c, "is not there, or does not trust whom the token names");
    TRY(put_conditions(c, in, who));
    TRY(check_trust(c, m));
    int64_t most_s = m->role.max_session_duration.value;
    if (wanted_s(in) > most_s) return call_refuse(c, FAIL(ROLE_SESSION_DURATION), "%lld s at most.", (long long)most_s);
    TRY(tell_token(c, who, out));
    TRY(tell_role(c, m, in->role_session_name, &out->assumed_role_user));
    return session_credentials(c, &out->credentials);
}
