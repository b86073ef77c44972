/* STS: taking a role on with a SAML assertion of a provider that the account believes. The session's name, and how long it may last at most,
 * are the assertion's to say. */
#include "base/text.h"
#include "crypto/hash.h"
#include "service/sts/federated.h"
#include "service/sts/provider_saml.h"

enum { SESSION_DEFAULT_S = 3600 };

static federated_wish wish_of(const assume_role_with_saml_in *in) {
    int64_t lifetime_s = in->duration_seconds.is_set ? in->duration_seconds.value : SESSION_DEFAULT_S;
    return (federated_wish){in->role_arn, in->policy, lifetime_s};
}

static status find_provider(call *c, const assume_role_with_saml_in *in, saml_provider_record *out) {
    named provider;
    *out = (saml_provider_record){0};
    if (!named_read(in->saml_provider_arn, "saml-provider/", &provider)) return OK;
    if (!slice_equals(provider.account, c->who.account_id)) return OK;
    status found = saml_load(c, provider.name, out, NULL);
    return FAILED_WITH(found, SAML_PROVIDER_NOT_FOUND) ? OK : found;
}

status assume_role_with_saml_prepare(call *c, const assume_role_with_saml_in *in, assume_role_with_saml_out *out) {
    (void)out;
    meant *m;
    saml_provider_record provider;
    federated_wish wish = wish_of(in);
    TRY(federated_begin(c, &wish, &m));
    TRY(federated_find(c, &wish, FAIL(SAML_ASSERTION), m));
    TRY(find_provider(c, in, &provider));
    ENSURE(provider.sealed.len > 0, SAML_ASSERTION);
    return federated_ask(c, m, &(federated_order){provider.sealed, in->saml_assertion, (slice){0}, in->policy});
}

/* What the other cloud tells subjects of one provider from those of another by: of the issuer, the account and the provider's name. */
static status name_qualifier(call *c, const vouched *who, slice provider_name, slice *out) {
    slice whole;
    uint8_t hash[HASH_SHA1_BYTES];
    OWNED(buffer) text = {0};
    TRY(ARENA_JOIN(&c->memory, &whole, who->issuer, c->who.account_id, SLICE("/"), provider_name));
    TRY(hash_once(HASH_SHA1, whole, hash));
    TRY(base64_encode(&text, slice_of(hash, sizeof hash)));
    return arena_copy(&c->memory, buffer_slice(&text), out);
}

static status put_names(call *c, const vouched *who, slice provider_name, slice *qualifier) {
    slice document;
    TRY(ARENA_JOIN(&c->memory, &document, c->who.account_id, SLICE("/"), provider_name));
    TRY(call_condition(c, SLICE(CONDITION_SAML_DOCUMENT), document));
    TRY(name_qualifier(c, who, provider_name, qualifier));
    return call_condition(c, SLICE(CONDITION_SAML_QUALIFIER), *qualifier);
}

static status put_conditions(call *c, const vouched *who) {
    TRY(call_condition(c, SLICE(CONDITION_SESSION_NAME), who->session_name));
    TRY(call_condition(c, SLICE(CONDITION_SAML_ISSUER), who->issuer));
    TRY(call_condition(c, SLICE(CONDITION_SAML_SUBJECT), who->subject));
    if (who->subject_type.len > 0) TRY(call_condition(c, SLICE(CONDITION_SAML_SUBJECT_TYPE), who->subject_type));
    return call_condition(c, SLICE(CONDITION_SAML_RECIPIENT), who->recipient);
}

/* ---- taken once, also by a vault that has been started anew since */

enum { SWEPT_MOST = 16 };

static status taken_path(call *c, const vouched *who, slice *out) {
    OWNED(buffer) mark = {0};
    TRY(hex_encode(&mark, who->mark));
    return arena_printf(&c->memory, out, "assertion/%016lld/%.*s", (long long)who->lapses_at.value,
                        SLICE_ARGS(buffer_slice(&mark)));
}

/* What has lapsed needs no remembering. */
static status sweep(call *c) {
    slice until;
    store_row *rows;
    size_t count;
    TRY(arena_printf(&c->memory, &until, "assertion/%016lld", (long long)c->now_s));
    TRY(store_range(c->house->store, SLICE("assertion/"), until, SWEPT_MOST, &c->memory, &rows, &count));
    for (size_t i = 0; i < count; i++) TRY(call_change(c, rows[i].key, NULL, NULL, STORE_ANY));
    return OK;
}

static status take_once(call *c, const vouched *who) {
    slice path;
    taken_assertion_record record;
    ENSURE(who->mark.len > 0 && who->lapses_at.is_set, INTERNAL);
    TRY(taken_path(c, who, &path));
    status found = call_load(c, path, &taken_assertion_record_shape, &record, NULL);
    ENSURE(FAILED(found), SAML_ASSERTION);
    if (!FAILED_WITH(found, NOT_FOUND)) return found;
    TRY(sweep(c));
    record = (taken_assertion_record){.account_id = c->who.account_id, .taken_at = SET_INT(c->now_s)};
    return call_change(c, path, &taken_assertion_record_shape, &record, STORE_ABSENT);
}

static status tell_assertion(call *c, const vouched *who, assume_role_with_saml_out *out) {
    saml_assertion_info *info = CALL_NEW(c, saml_assertion_info);
    ENSURE(info != NULL, OUT_OF_MEMORY);
    *info = (saml_assertion_info){who->subject_type, who->subject, who->recipient, who->issuer};
    out->saml_assertion_info = info;
    out->subject = who->subject;
    out->subject_type = who->subject_type;
    out->issuer = who->issuer;
    out->audience = who->recipient; /* as the other cloud calls it */
    out->source_identity = who->source_identity;
    return OK;
}

status assume_role_with_saml_finish(call *c, const assume_role_with_saml_in *in, assume_role_with_saml_out *out) {
    slice provider_arn;
    named provider;
    meant *m = c->memo;
    const key_result *made = &c->results.at[0];
    ENSURE(made->vouched != NULL && named_read(in->saml_provider_arn, "saml-provider/", &provider), INTERNAL);
    TRY(arn_principal_saml(c->who.account_id, provider.name, &c->memory, &provider_arn));
    federated_name_caller(c, m, provider_arn, made->vouched->subject);
    TRY(put_conditions(c, made->vouched));
    TRY(put_names(c, made->vouched, provider.name, &out->name_qualifier));
    TRY(federated_check(c, m));
    int64_t most_s = m->role.max_session_duration.value;
    if (wish_of(in).lifetime_s > most_s)
        return call_refuse(c, FAIL(ROLE_SESSION_DURATION), "%lld s at most.", (long long)most_s);
    ENSURE(made->time.is_set, INTERNAL);
    TRY(take_once(c, made->vouched));
    m->session.expires_at_s = made->time.value;
    TRY(tell_assertion(c, made->vouched, out));
    TRY(federated_tell_role(c, m, made->vouched->session_name, &out->assumed_role_user));
    return session_credentials(c, &out->credentials);
}
