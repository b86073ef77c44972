/* STS: taking a role on with a token of an OpenID Connect provider that the account believes. */
#include "service/sts/federated.h"
#include "service/sts/provider_oidc.h"

enum { SESSION_DEFAULT_S = 3600 };

static federated_wish wish_of(const assume_role_with_oidc_in *in) {
    int64_t lifetime_s = in->duration_seconds.is_set ? in->duration_seconds.value : SESSION_DEFAULT_S;
    return (federated_wish){in->role_arn, in->policy, lifetime_s};
}

/* By its ARN; where a client gives none, by the issuer that the token claims, in the role's account. */
static status find_provider(call *c, const assume_role_with_oidc_in *in, oidc_provider_record *out) {
    named provider;
    status found = FAIL(OIDC_PROVIDER_NOT_FOUND);
    if (slice_is_absent(in->oidc_provider_arn)) {
        found = oidc_load_by_issuer(c, in->issuer, out);
    } else if (named_read(in->oidc_provider_arn, "oidc-provider/", &provider)) {
        bool is_here = slice_equals(provider.account, c->who.account_id);
        if (is_here) found = oidc_load(c, provider.name, out, NULL);
    }
    if (FAILED_WITH(found, OIDC_PROVIDER_NOT_FOUND)) *out = (oidc_provider_record){0};
    return FAILED_WITH(found, OIDC_PROVIDER_NOT_FOUND) ? OK : found;
}

status assume_role_with_oidc_prepare(call *c, const assume_role_with_oidc_in *in, assume_role_with_oidc_out *out) {
    (void)out;
    meant *m;
    oidc_provider_record provider;
    federated_wish wish = wish_of(in);
    bool is_named = in->role_session_name.len >= 2 && identity_name_is_valid(in->role_session_name, 64);
    ENSURE(is_named, ROLE_SESSION_NAME);
    TRY(federated_begin(c, &wish, &m));
    TRY(federated_find(c, &wish, FAIL(IDENTITY_TOKEN), m));
    TRY(find_provider(c, in, &provider));
    return federated_ask(c, m, &(federated_order){provider.sealed, in->oidc_token, in->role_session_name, in->policy});
}

/* ---- what the token says, as conditions */

static status put_claim(call *c, slice issuer, const char *claim, slice value) {
    slice name;
    TRY(arena_printf(&c->memory, &name, CONDITION_OIDC_OF "%.*s:%s", SLICE_ARGS(issuer), claim));
    return call_condition(c, name, value);
}

/* The other cloud's `aud` is the client that asked for the token, where the token tells it. */
static slice party_of(const vouched *who) { return slice_is_absent(who->party) ? who->audience.at[0] : who->party; }

static status put_conditions(call *c, const assume_role_with_oidc_in *in, const vouched *who) {
    slice issuer = oidc_issuer_name(who->issuer);
    TRY(call_condition(c, SLICE(CONDITION_SESSION_NAME), in->role_session_name));
    TRY(call_condition(c, SLICE(CONDITION_OIDC_ISSUER), who->issuer));
    TRY(call_condition(c, SLICE(CONDITION_OIDC_SUBJECT), who->subject));
    TRY(call_condition_list(c, SLICE(CONDITION_OIDC_AUDIENCE), who->audience.at, who->audience.count));
    TRY(put_claim(c, issuer, "sub", who->subject));
    TRY(put_claim(c, issuer, "oaud", who->audience.at[0]));
    return put_claim(c, issuer, "aud", party_of(who));
}

static status name_caller(call *c, const assume_role_with_oidc_in *in, const meant *m, const vouched *who) {
    slice provider_arn;
    oidc_provider_record provider;
    TRY(find_provider(c, in, &provider));
    ENSURE(provider.name.len > 0, IDENTITY_TOKEN);
    TRY(arn_principal_oidc(c->who.account_id, provider.name, &c->memory, &provider_arn));
    federated_name_caller(c, m, provider_arn, who->subject);
    return OK;
}

/* ---- the answer */

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
    out->audience = party_of(who);
    out->provider = c->who.federated;
    out->source_identity = who->source_identity;
    return OK;
}

status assume_role_with_oidc_finish(call *c, const assume_role_with_oidc_in *in, assume_role_with_oidc_out *out) {
    const meant *m = c->memo;
    const vouched *who = c->results.at[0].vouched;
    ENSURE(who != NULL && who->audience.count > 0, INTERNAL);
    TRY(name_caller(c, in, m, who));
    TRY(put_conditions(c, in, who));
    TRY(federated_check(c, m));
    int64_t most_s = m->role.max_session_duration.value;
    if (wish_of(in).lifetime_s > most_s)
        return call_refuse(c, FAIL(ROLE_SESSION_DURATION), "%lld s at most.", (long long)most_s);
    TRY(tell_token(c, who, out));
    TRY(federated_tell_role(c, m, in->role_session_name, &out->assumed_role_user));
    return session_credentials(c, &out->credentials);
}
