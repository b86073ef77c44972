/* Making and reading asymmetric keys. */
#include "crypto/asymmetric.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "crypto/asymmetric_private.h"
#include "crypto/compare.h"

static const struct kind_row {
    const char *type;  /* as libcrypto calls it */
    const char *group; /* NULL: there is but one, or none */
    int bits;
} rows[ASYMMETRIC_KINDS] = {
    [ASYMMETRIC_RSA_2048] = {"RSA", NULL, 2048},   [ASYMMETRIC_RSA_3072] = {"RSA", NULL, 3072},
    [ASYMMETRIC_RSA_4096] = {"RSA", NULL, 4096},   [ASYMMETRIC_P256] = {"EC", "prime256v1", 256},
    [ASYMMETRIC_P384] = {"EC", "secp384r1", 384},  [ASYMMETRIC_P521] = {"EC", "secp521r1", 521},
    [ASYMMETRIC_P256K] = {"EC", "secp256k1", 256}, [ASYMMETRIC_SM2] = {"SM2", NULL, 256},
    [ASYMMETRIC_ED25519] = {"ED25519", NULL, 256},
};

static const struct kind_row *row_of(enum asymmetric_kind kind) {
    return (size_t)kind < ASYMMETRIC_KINDS ? &rows[kind] : NULL;
}

bool asymmetric_is_slow(enum asymmetric_kind kind) { return kind_is_rsa(kind); }

static EVP_PKEY *key_make(const struct kind_row *row) {
    if (strcmp(row->type, "RSA") == 0) return EVP_RSA_gen((unsigned int)row->bits);
    if (row->group) return EVP_EC_gen(row->group);
    return EVP_PKEY_Q_keygen(NULL, NULL, row->type);
}

static status private_export(EVP_PKEY *key, secret *out) {
    FREED(PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8(key);
    if (info == NULL) return libcrypto_failure();
    int size = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
    if (size <= 0) return libcrypto_failure();
    OWNED(secret) made = {0};
    TRY(secret_new((size_t)size, &made));
    uint8_t *end = secret_fill(&made);
    if (i2d_PKCS8_PRIV_KEY_INFO(info, &end) != size) return libcrypto_failure();
    *out = made;
    made = (secret){0};
    return OK;
}

status asymmetric_generate(enum asymmetric_kind kind, secret *private_der) {
    const struct kind_row *row = row_of(kind);
    ENSURE(row != NULL, UNSUPPORTED);
    FREED(EVP_PKEY) key = key_make(row);
    if (key == NULL) return libcrypto_failure();
    status result = private_export(key, private_der);
    stack_wipe();
    return result;
}

static bool group_is(EVP_PKEY *key, const char *wanted) {
    char name[64];
    size_t length = 0;
    return EVP_PKEY_get_group_name(key, name, sizeof name, &length) == 1 && strcmp(name, wanted) == 0;
}

static bool key_is(EVP_PKEY *key, const struct kind_row *row) {
    if (!EVP_PKEY_is_a(key, row->type)) return false;
    if (row->group) return group_is(key, row->group);
    return EVP_PKEY_get_bits(key) == row->bits || strcmp(row->type, "ED25519") == 0;
}

static status wrap(enum asymmetric_kind kind, EVP_PKEY **key, asymmetric **out) {
    asymmetric *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    *made = (asymmetric){*key, kind};
    *key = NULL;
    *out = made;
    return OK;
}

static status malformed(void) {
    status_ignore(libcrypto_failure());
    return FAIL(MALFORMED);
}

/* Whether the halves belong together. */
static bool is_pair(EVP_PKEY *key) {
    FREED(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    return context != NULL && EVP_PKEY_pairwise_check(context) == 1;
}

static status private_read(const struct kind_row *row, slice der, EVP_PKEY **out) {
    ENSURE(der.len > 0 && der.len <= ASYMMETRIC_DER_MOST, MALFORMED);
    const uint8_t *end = der.at;
    FREED(EVP_PKEY) key = d2i_AutoPrivateKey_ex(NULL, &end, (long)der.len, NULL, NULL);
    if (key == NULL || end != der.at + der.len || !key_is(key, row)) return malformed();
    *out = key;
    key = NULL;
    return OK;
}

status asymmetric_from_private(enum asymmetric_kind kind, const secret *private_der, asymmetric **out) {
    const struct kind_row *row = row_of(kind);
    ENSURE(row != NULL, UNSUPPORTED);
    FREED(EVP_PKEY) key = NULL;
    status read = private_read(row, secret_expose(private_der), &key);
    stack_wipe();
    TRY(read);
    if (kind != ASYMMETRIC_ED25519 && !is_pair(key))
        return malformed(); /* Ed25519 has but one half: the other follows */
    return wrap(kind, &key, out);
}

static status public_decode(slice der, EVP_PKEY **out) {
    ENSURE(der.len > 0 && der.len <= ASYMMETRIC_DER_MOST, MALFORMED);
    const uint8_t *end = der.at;
    FREED(EVP_PKEY) key = d2i_PUBKEY_ex(NULL, &end, (long)der.len, NULL, NULL);
    if (key == NULL || end != der.at + der.len) return malformed();
    *out = key;
    key = NULL;
    return OK;
}

static status public_read(const struct kind_row *row, slice der, EVP_PKEY **out) {
    FREED(EVP_PKEY) key = NULL;
    TRY(public_decode(der, &key));
    if (!key_is(key, row)) return malformed();
    *out = key;
    key = NULL;
    return OK;
}

status asymmetric_from_public(enum asymmetric_kind kind, slice spki_der, asymmetric **out) {
    const struct kind_row *row = row_of(kind);
    ENSURE(row != NULL, UNSUPPORTED);
    FREED(EVP_PKEY) key = NULL;
    TRY(public_read(row, spki_der, &key));
    return wrap(kind, &key, out);
}

static bool exponent_is_sound(EVP_PKEY *key) {
    BIGNUM *exponent = NULL;
    bool is_there = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1;
    bool is_sound = is_there && BN_is_odd(exponent) && BN_num_bits(exponent) > 1;
    BN_free(exponent);
    return is_sound;
}

status asymmetric_from_public_rsa(slice spki_der, asymmetric **out) {
    FREED(EVP_PKEY) key = NULL;
    TRY(public_decode(spki_der, &key));
    ENSURE(EVP_PKEY_is_a(key, "RSA"), MALFORMED);
    int bits = EVP_PKEY_get_bits(key);
    ENSURE(bits >= 2048 && bits <= 4096 && exponent_is_sound(key), UNSUPPORTED);
    return wrap(ASYMMETRIC_RSA_4096, &key, out);
}

void asymmetric_free(asymmetric *a) {
    if (a == NULL) return;
    EVP_PKEY_free(a->key);
    free(a);
}

static status public_append(EVP_PKEY *key, buffer *out) {
    int size = i2d_PUBKEY(key, NULL);
    if (size <= 0) return libcrypto_failure();
    TRY(buffer_reserve(out, (size_t)size));
    uint8_t *end = out->at + out->len;
    if (i2d_PUBKEY(key, &end) != size) return libcrypto_failure();
    out->len += (size_t)size;
    return OK;
}

status asymmetric_private(const asymmetric *a, secret *private_der) {
    status told = private_export(a->key, private_der);
    stack_wipe();
    return FAILED_WITH(told, INTERNAL) ? FAIL(INVALID_PARAMETER) : told;
}

bool asymmetric_is_heavy(const asymmetric *a) {
    return a->kind == ASYMMETRIC_RSA_3072 || a->kind == ASYMMETRIC_RSA_4096;
}

status asymmetric_public(const asymmetric *a, buffer *spki_der) { return public_append(a->key, spki_der); }

status asymmetric_public_of(enum asymmetric_kind kind, const secret *private_der, buffer *spki_der) {
    const struct kind_row *row = row_of(kind);
    ENSURE(row != NULL, UNSUPPORTED);
    FREED(EVP_PKEY) key = NULL;
    status read = private_read(row, secret_expose(private_der), &key);
    if (!FAILED(read)) read = public_append(key, spki_der);
    stack_wipe();
    return read;
}
