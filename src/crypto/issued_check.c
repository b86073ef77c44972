/* Whether a certificate is for a key, valid now, and issued as its chain says. */
#include "base/text.h"
#include "crypto/issued_private.h"

enum { LEVEL = 1 }; /* of SSL_CTX_set_security_level(3): 80 bits, which MD5 and SHA-1 do not have */

/* The certificate itself comes first. */
typedef struct path {
    X509 *at[ISSUED_CHAIN_MOST + 1];
    size_t count;
} path;

static void path_clear(path *p) {
    for (size_t i = 0; i < p->count; i++) X509_free(p->at[i]);
}

static status path_read(const issued_claim *claim, arena *memory, path *out) {
    slice rest = claim->certificate;
    TRY(issued_take(&rest, memory, &out->at[0]));
    out->count = 1;
    ENSURE(slice_trim(rest).len == 0, CERTIFICATE_MALFORMED);
    for (rest = claim->chain; slice_trim(rest).len > 0; out->count++) {
        ENSURE(out->count <= ISSUED_CHAIN_MOST, CERTIFICATE_MALFORMED);
        TRY(issued_take(&rest, memory, &out->at[out->count]));
    }
    return OK;
}

static status check_key(const issued_claim *claim, const X509 *certificate) {
    asymmetric *key = NULL;
    TRY(asymmetric_from_public(claim->kind, claim->public_key, &key));
    bool is_it = EVP_PKEY_eq(X509_get0_pubkey(certificate), key->key) == 1;
    asymmetric_free(key);
    status_ignore(libcrypto_failure());
    ENSURE(is_it, CERTIFICATE_KEY);
    return OK;
}

static status check_dates(const issued_claim *claim, const path *p) {
    time_t now = (time_t)claim->now_s;
    for (size_t i = 0; i < p->count; i++) {
        int begins = X509_cmp_time(X509_get0_notBefore(p->at[i]), &now);
        int ends = X509_cmp_time(X509_get0_notAfter(p->at[i]), &now);
        ENSURE(begins != 0 && ends != 0, CERTIFICATE_MALFORMED);
        ENSURE(begins < 0 && ends > 0, CERTIFICATE_DATES);
    }
    return OK;
}

/* The order is the chain's own: nothing is searched for. */
static status check_links(const path *p) {
    for (size_t i = 0; i + 1 < p->count; i++) {
        X509 *issuer = p->at[i + 1];
        bool holds = X509_check_issued(issuer, p->at[i]) == X509_V_OK && X509_check_ca(issuer) == 1 &&
                     X509_verify(p->at[i], X509_get0_pubkey(issuer)) == 1;
        status_ignore(libcrypto_failure());
        ENSURE(holds, CERTIFICATE_CHAIN);
    }
    X509 *last = p->at[p->count - 1];
    bool holds = X509_self_signed(last, 0) != 1 || X509_self_signed(last, 1) == 1;
    status_ignore(libcrypto_failure());
    ENSURE(holds, CERTIFICATE_CHAIN);
    return OK;
}

static status fault_of(int error) {
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return FAIL(CERTIFICATE_DATES);
    case X509_V_ERR_OUT_OF_MEM: return FAIL(OUT_OF_MEMORY);
    default: return FAIL(CERTIFICATE_CHAIN);
    }
}

static status rules_set(X509_STORE_CTX *check, const issued_claim *claim) {
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(check);
    X509_VERIFY_PARAM_set_time(rules, (time_t)claim->now_s);
    X509_VERIFY_PARAM_set_depth(rules, ISSUED_CHAIN_MOST);
    X509_VERIFY_PARAM_set_auth_level(rules, LEVEL);
    return libcrypto_result(X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN));
}

/* The rest of RFC 5280 §6, by libcrypto, with the last of the chain taken for granted. */
static status check_path(const issued_claim *claim, const path *p) {
    FREED(X509_STORE) store = X509_STORE_new();
    FREED(X509_STORE_CTX) check = X509_STORE_CTX_new();
    STACK_OF(X509) *between = sk_X509_new_null();
    status done = store && check && between ? OK : FAIL(OUT_OF_MEMORY);
    for (size_t i = 1; !FAILED(done) && i < p->count; i++)
        if (sk_X509_push(between, p->at[i]) <= 0) done = FAIL(OUT_OF_MEMORY);
    if (!FAILED(done)) done = libcrypto_result(X509_STORE_add_cert(store, p->at[p->count - 1]));
    if (!FAILED(done)) done = libcrypto_result(X509_STORE_CTX_init(check, store, p->at[0], between));
    if (!FAILED(done)) done = rules_set(check, claim);
    if (!FAILED(done) && X509_verify_cert(check) != 1) done = fault_of(X509_STORE_CTX_get_error(check));
    status_ignore(libcrypto_failure());
    sk_X509_free(between);
    return done;
}

status issued_check(const issued_claim *claim, arena *memory, issued *out) {
    OWNED(path) p = {0};
    TRY(path_read(claim, memory, &p));
    TRY(issued_describe(p.at[0], memory, out));
    TRY(check_key(claim, p.at[0]));
    TRY(check_dates(claim, &p));
    TRY(check_links(&p));
    return check_path(claim, &p);
}
