/* Keys and signatures as JSON Web Keys and Signatures have them. */
#include "crypto/jose.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>

#include "crypto/libcrypto.h"

enum { EXPONENT_LEAST = 65537, EXPONENT_BYTES_MOST = 8, FIELD_BYTES_MOST = 48 };

static inline void BIGNUM_free_at(BIGNUM **at) { BN_free(*at); }
static inline void ECDSA_SIG_free_at(ECDSA_SIG **at) { ECDSA_SIG_free(*at); }
static inline void OSSL_PARAM_BLD_free_at(OSSL_PARAM_BLD **at) { OSSL_PARAM_BLD_free(*at); }
static inline void OSSL_PARAM_free_at(OSSL_PARAM **at) { OSSL_PARAM_free(*at); }

static size_t field_bytes(enum asymmetric_kind kind) {
    return kind == ASYMMETRIC_P256 ? 32 : kind == ASYMMETRIC_P384 ? FIELD_BYTES_MOST : 0;
}

/* Read back as a key of that kind, so that what is let in is what asymmetric_from_public lets in. */
static status spki_write(EVP_PKEY *key, enum asymmetric_kind kind, buffer *out) {
    unsigned char *der = NULL;
    asymmetric *checked = NULL;
    int length = i2d_PUBKEY(key, &der);
    if (length <= 0) return libcrypto_failure();
    slice made = slice_of(der, (size_t)length);
    status written = asymmetric_from_public(kind, made, &checked);
    asymmetric_free(checked);
    if (!FAILED(written)) written = buffer_append(out, made);
    OPENSSL_free(der);
    return written;
}

static status key_build(const char *type, OSSL_PARAM *parameters, EVP_PKEY **out) {
    FREED(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context == NULL) return libcrypto_failure();
    TRY(libcrypto_result(EVP_PKEY_fromdata_init(context)));
    return FAILED(libcrypto_result(EVP_PKEY_fromdata(context, out, EVP_PKEY_PUBLIC_KEY, parameters))) ? FAIL(MALFORMED)
                                                                                                      : OK;
}

static bool kind_of_bits(int bits, enum asymmetric_kind *kind) {
    static const struct {
        int bits;
        enum asymmetric_kind kind;
    } SIZES[] = {{2048, ASYMMETRIC_RSA_2048}, {3072, ASYMMETRIC_RSA_3072}, {4096, ASYMMETRIC_RSA_4096}};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        if (SIZES[i].bits != bits) continue;
        *kind = SIZES[i].kind;
        return true;
    }
    return false;
}

static bool exponent_is_sound(slice exponent) {
    uint64_t value = 0;
    if (exponent.len == 0 || exponent.len > EXPONENT_BYTES_MOST) return false;
    for (size_t i = 0; i < exponent.len; i++) value = value << 8 | exponent.at[i];
    return value >= EXPONENT_LEAST && value % 2 == 1;
}

status jose_rsa(slice modulus, slice exponent, enum asymmetric_kind *kind, buffer *spki_der) {
    enum { MODULUS_BYTES_MOST = 4096 / 8 };
    ENSURE(modulus.len > 0 && modulus.len <= MODULUS_BYTES_MOST && exponent_is_sound(exponent), MALFORMED);
    FREED(BIGNUM) n = BN_bin2bn(modulus.at, (int)modulus.len, NULL);
    FREED(BIGNUM) e = BN_bin2bn(exponent.at, (int)exponent.len, NULL);
    FREED(OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new();
    ENSURE(n != NULL && e != NULL && builder != NULL, OUT_OF_MEMORY);
    enum asymmetric_kind found;
    ENSURE(kind_of_bits(BN_num_bits(n), &found) && BN_is_odd(n), MALFORMED);
    TRY(libcrypto_result(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n)));
    TRY(libcrypto_result(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e)));
    FREED(OSSL_PARAM) parameters = OSSL_PARAM_BLD_to_param(builder);
    ENSURE(parameters != NULL, OUT_OF_MEMORY);
    FREED(EVP_PKEY) key = NULL;
    TRY(key_build("RSA", parameters, &key));
    TRY(spki_write(key, found, spki_der));
    *kind = found;
    return OK;
}

status jose_ec(enum asymmetric_kind kind, slice x, slice y, buffer *spki_der) {
    size_t size = field_bytes(kind);
    uint8_t point[1 + 2 * FIELD_BYTES_MOST] = {4}; /* uncompressed: SEC 1 §2.3.3 */
    ENSURE(size > 0 && x.len == size && y.len == size, MALFORMED);
    memcpy(point + 1, x.at, size);
    memcpy(point + 1 + size, y.at, size);
    FREED(OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new();
    ENSURE(builder != NULL, OUT_OF_MEMORY);
    const char *curve = kind == ASYMMETRIC_P256 ? "P-256" : "P-384";
    TRY(libcrypto_result(OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0)));
    TRY(libcrypto_result(OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size)));
    FREED(OSSL_PARAM) parameters = OSSL_PARAM_BLD_to_param(builder);
    ENSURE(parameters != NULL, OUT_OF_MEMORY);
    FREED(EVP_PKEY) key = NULL;
    TRY(key_build("EC", parameters, &key));
    return spki_write(key, kind, spki_der);
}

/* The signature takes its numbers over when both are there. */
static status numbers_set(ECDSA_SIG *signature, slice raw, size_t size) {
    BIGNUM *r = BN_bin2bn(raw.at, (int)size, NULL), *s = BN_bin2bn(raw.at + size, (int)size, NULL);
    if (r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1) return OK;
    BN_free(r);
    BN_free(s);
    return FAIL(OUT_OF_MEMORY);
}

status jose_ecdsa(enum asymmetric_kind kind, slice raw, buffer *der) {
    size_t size = field_bytes(kind);
    ENSURE(size > 0 && raw.len == 2 * size, VERIFICATION);
    FREED(ECDSA_SIG) signature = ECDSA_SIG_new();
    ENSURE(signature != NULL, OUT_OF_MEMORY);
    TRY(numbers_set(signature, raw, size));
    unsigned char *made = NULL;
    int length = i2d_ECDSA_SIG(signature, &made);
    if (length <= 0) return libcrypto_failure();
    status written = buffer_append(der, slice_of(made, (size_t)length));
    OPENSSL_free(made);
    return written;
}
