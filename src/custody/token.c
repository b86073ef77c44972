/* The checks of a token, in the order that lets nothing unverified be believed: form, algorithm and key, signature, then what it says. */
#include "custody/token.h"

#include "base/text.h"
#include "crypto/jose.h"
#include "custody/json_values.h"
#include "custody/provider.h"

enum { AUDIENCES_MOST = 16, HOUR_S = 3600, SOURCE_BYTES_MOST = 64 };

/* header "." claims "." signature, each in base64url. */
typedef struct token {
    slice signed_part; /* header "." claims as they stand */
    slice signature;
    json_values header, claims;
} token;

static status part_read(slice text, arena *memory, json_values *out) {
    slice decoded;
    TRY(base64url_decode(text, memory, &decoded));
    return json_values_object(decoded, memory, out);
}

static status token_parse(slice text, arena *memory, token *out) {
    slice rest = text, header, claims, signature;
    ENSURE(text.len <= TOKEN_BYTES_MOST, IDENTITY_TOKEN);
    ENSURE(slice_split(&rest, '.', &header) && slice_split(&rest, '.', &claims), IDENTITY_TOKEN);
    ENSURE(slice_split(&rest, '.', &signature) && slice_is_absent(rest), IDENTITY_TOKEN);
    TRY(part_read(header, memory, &out->header));
    TRY(part_read(claims, memory, &out->claims));
    TRY(base64url_decode(signature, memory, &out->signature));
    out->signed_part = slice_head(text, header.len + 1 + claims.len);
    return OK;
}

/* Absent when it is not there or no text: nothing equals that. */
static slice text_claim(const json_values *from, const char *name) {
    const json_value *found = json_values_find(from, name);
    return found && found->is_text ? found->value : (slice){0};
}

/* ---- algorithm and key */

static const struct algorithm {
    const char *name;
    signing how;
    bool is_rsa;
    enum asymmetric_kind curve; /* where it is not RSA */
} ALGORITHMS[] = {
    {"RS256", {SIGNING_PKCS1, HASH_SHA256, false}, true, 0},
    {"RS384", {SIGNING_PKCS1, HASH_SHA384, false}, true, 0},
    {"RS512", {SIGNING_PKCS1, HASH_SHA512, false}, true, 0},
    {"PS256", {SIGNING_PSS, HASH_SHA256, false}, true, 0},
    {"ES256", {SIGNING_ECDSA, HASH_SHA256, false}, false, ASYMMETRIC_P256},
    {"ES384", {SIGNING_ECDSA, HASH_SHA384, false}, false, ASYMMETRIC_P384},
};

static const struct algorithm *algorithm_find(slice name) {
    for (size_t i = 0; i < sizeof ALGORITHMS / sizeof *ALGORITHMS; i++)
        if (slice_equals_text(name, ALGORITHMS[i].name)) return &ALGORITHMS[i];
    return NULL;
}

/* By its id; a token that names none can only mean the one there is. */
static const provider_key *key_find(const provider_content *p, const json_values *header) {
    const json_value *id = json_values_find(header, "kid");
    if (id == NULL) return p->keys.count == 1 ? &p->keys.at[0] : NULL;
    for (size_t i = 0; id->is_text && i < p->keys.count; i++)
        if (p->keys.at[i].id.len > 0 && slice_equals(p->keys.at[i].id, id->value)) return &p->keys.at[i];
    return NULL;
}

static bool key_fits(const provider_key *key, const struct algorithm *a) {
    int64_t kind = key->kind.value;
    bool is_rsa = kind == ASYMMETRIC_RSA_2048 || kind == ASYMMETRIC_RSA_3072 || kind == ASYMMETRIC_RSA_4096;
    bool is_right_kind = a->is_rsa ? is_rsa : kind == (int64_t)a->curve;
    return is_right_kind && (slice_is_empty(key->algorithm) || slice_equals_text(key->algorithm, a->name));
}

/* RFC 7515 §4.1.11: nothing critical is understood here. RFC 9068: access tokens say that they are such, and are none of an identity. */
static status check_header(const json_values *header) {
    const json_value *type = json_values_find(header, "typ");
    ENSURE(json_values_find(header, "crit") == NULL, IDENTITY_TOKEN);
    ENSURE(type == NULL || (type->is_text && slice_equals_ignoring_case(type->value, SLICE("JWT"))), IDENTITY_TOKEN);
    return OK;
}

static status verify_signature(const provider_key *key, const struct algorithm *a, const token *t) {
    OWNED(buffer) der = {0};
    asymmetric *public = NULL;
    slice signature = t->signature;
    if (!a->is_rsa) {
        TRY(jose_ecdsa(a->curve, signature, &der));
        signature = buffer_slice(&der);
    }
    TRY(asymmetric_from_public((enum asymmetric_kind)key->kind.value, key->public, &public));
    status verified = asymmetric_verify(public, &a->how, t->signed_part, signature);
    asymmetric_free(public);
    return verified;
}

static status check_signature(const provider_content *p, const token *t) {
    TRY(check_header(&t->header));
    const struct algorithm *a = algorithm_find(text_claim(&t->header, "alg"));
    const provider_key *key = key_find(p, &t->header);
    ENSURE(a != NULL && key != NULL && key_fits(key, a), IDENTITY_TOKEN);
    return verify_signature(key, a, t);
}

/* ---- what it says */

static status read_audience(const json_values *claims, arena *memory, vouched *out) {
    const json_value *given = json_values_find(claims, "aud");
    json_values list = {0};
    ENSURE(given != NULL, IDENTITY_TOKEN);
    if (given->is_text) list = (json_values){(json_value *)(uintptr_t)given, 1};
    else TRY(json_values_array(given->value, memory, &list));
    ENSURE(list.count > 0 && list.count <= AUDIENCES_MOST, IDENTITY_TOKEN);
    out->audience.at = ARENA_ARRAY(memory, slice, list.count);
    ENSURE(out->audience.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < list.count; i++) {
        ENSURE(list.at[i].is_text, IDENTITY_TOKEN);
        out->audience.at[out->audience.count++] = list.at[i].value;
    }
    return OK;
}

/* For one of the clients; with several audiences the token has to say which of them asked for it, and it is a client. */
static status check_audience(const provider_content *p, const json_values *claims, arena *memory, vouched *out) {
    bool is_ours = false;
    const json_value *party = json_values_find(claims, "azp");
    TRY(read_audience(claims, memory, out));
    for (size_t i = 0; i < out->audience.count; i++) is_ours |= provider_has_client(p, out->audience.at[i]);
    ENSURE(is_ours && (party != NULL || out->audience.count == 1), IDENTITY_TOKEN);
    if (party == NULL) return OK;
    ENSURE(party->is_text && provider_has_client(p, party->value), IDENTITY_TOKEN);
    out->party = party->value;
    return OK;
}

static status read_time(const json_values *claims, const char *name, int64_t *out) {
    const json_value *found = json_values_find(claims, name);
    ENSURE(found != NULL && !found->is_text && slice_to_i64(found->value, out), IDENTITY_TOKEN);
    ENSURE(*out >= 0 && *out <= UINT32_MAX, IDENTITY_TOKEN);
    return OK;
}

/* Its expiry is looked at last: who brings a token that is good but old may know that. */
static status check_times(const provider_content *p, const json_values *claims, int64_t now_s, vouched *out) {
    int64_t expires_at, issued_at, not_before = 0;
    TRY(read_time(claims, "exp", &expires_at));
    TRY(read_time(claims, "iat", &issued_at));
    if (json_values_find(claims, "nbf") != NULL) TRY(read_time(claims, "nbf", &not_before));
    ENSURE(issued_at <= now_s + TOKEN_SKEW_S && not_before <= now_s + TOKEN_SKEW_S, IDENTITY_TOKEN);
    out->expires_at = SET_INT(expires_at);
    out->issued_at = SET_INT(issued_at);
    int64_t limit_s = (p->issuance_limit.is_set ? p->issuance_limit.value : ISSUANCE_LIMIT_HOURS) * HOUR_S;
    bool is_old = expires_at + TOKEN_SKEW_S <= now_s || now_s - issued_at > limit_s + TOKEN_SKEW_S;
    ENSURE(!is_old, IDENTITY_TOKEN_EXPIRED);
    return OK;
}

/* What the other cloud's sessions take from tokens. */
static status read_session_claims(const json_values *claims, vouched *out) {
    const json_value *source = json_values_find(claims, "https://aws.amazon.com/source_identity");
    ENSURE(json_values_find(claims, "https://aws.amazon.com/tags") == NULL, SESSION_TAGS);
    if (source == NULL) return OK;
    ENSURE(source->is_text && source->value.len >= 2 && source->value.len <= SOURCE_BYTES_MOST, IDENTITY_TOKEN);
    out->source_identity = source->value;
    return OK;
}

static status check_claims(const provider_content *p, const token *t, int64_t now_s, arena *memory, vouched *out) {
    vouched made = {.issuer = text_claim(&t->claims, "iss"), .subject = text_claim(&t->claims, "sub")};
    ENSURE(slice_equals(made.issuer, p->issuer_url), IDENTITY_TOKEN);
    ENSURE(made.subject.len > 0 && made.subject.len <= SUBJECT_BYTES_MOST, IDENTITY_TOKEN);
    TRY(check_audience(p, &t->claims, memory, &made));
    TRY(check_times(p, &t->claims, now_s, &made));
    TRY(read_session_claims(&t->claims, &made));
    *out = made;
    return OK;
}

static status verify(const provider_content *p, slice text, int64_t now_s, arena *memory, vouched *out) {
    token t;
    TRY(token_parse(text, memory, &t));
    TRY(check_signature(p, &t));
    return check_claims(p, &t, now_s, memory, out);
}

status token_verify(const provider_content *p, slice text, int64_t now_s, arena *memory, vouched *out) {
    status verified = verify(p, text, now_s, memory, out);
    bool is_told = !FAILED(verified) || FAILED_WITH(verified, IDENTITY_TOKEN_EXPIRED) ||
                   FAILED_WITH(verified, SESSION_TAGS) || FAILED_WITH(verified, OUT_OF_MEMORY) ||
                   FAILED_WITH(verified, INTERNAL);
    return is_told ? verified : FAIL(IDENTITY_TOKEN);
}
