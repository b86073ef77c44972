/* Signatures by asymmetric keys. A raw message is hashed first, then both ways are one; Ed25519 and raw SM2 messages take the whole. */
#include <openssl/rsa.h>

#include "crypto/asymmetric_private.h"
#include "crypto/compare.h"

enum { SIGNATURE_MOST = 1024 };

static bool goes_together(enum asymmetric_kind kind, enum signing_scheme scheme) {
    switch (scheme) {
    case SIGNING_PSS:
    case SIGNING_PKCS1: return kind_is_rsa(kind);
    case SIGNING_ECDSA: return kind_is_curve(kind);
    case SIGNING_SM2: return kind == ASYMMETRIC_SM2;
    case SIGNING_ED25519: return kind == ASYMMETRIC_ED25519;
    }
    return false;
}

static bool takes_whole(const signing *how) {
    return how->scheme == SIGNING_ED25519 || (how->scheme == SIGNING_SM2 && !how->is_digest);
}

static enum hash_kind hash_of(const signing *how) { return how->scheme == SIGNING_SM2 ? HASH_SM3 : how->hash; }

static status check(const asymmetric *a, const signing *how, slice message) {
    ENSURE(goes_together(a->kind, how->scheme), UNSUPPORTED);
    ENSURE(how->scheme != SIGNING_ED25519 || !how->is_digest, UNSUPPORTED);
    ENSURE(!how->is_digest || message.len == hash_size(hash_of(how)), INVALID_PARAMETER);
    return OK;
}

static status padding_choose(EVP_PKEY_CTX *context, const signing *how) {
    const EVP_MD *hash = algorithm_hash(hash_of(how));
    ENSURE(hash != NULL, INTERNAL);
    if (how->scheme == SIGNING_SM2) return OK;
    if (how->scheme == SIGNING_ECDSA) return libcrypto_result(EVP_PKEY_CTX_set_signature_md(context, hash));
    int padding = how->scheme == SIGNING_PSS ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
    TRY(libcrypto_result(EVP_PKEY_CTX_set_rsa_padding(context, padding)));
    TRY(libcrypto_result(EVP_PKEY_CTX_set_signature_md(context, hash)));
    if (how->scheme != SIGNING_PSS) return OK;
    TRY(libcrypto_result(EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash)));
    return libcrypto_result(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST));
}

/* The digest to sign: the message itself, or its hash in `room`. */
static status digest_of(const signing *how, slice message, uint8_t room[HASH_MAX_BYTES], slice *out) {
    if (how->is_digest) {
        *out = message;
        return OK;
    }
    TRY(hash_once(hash_of(how), message, room));
    *out = slice_of(room, hash_size(hash_of(how)));
    return OK;
}

static status sign_digest(const asymmetric *a, const signing *how, slice message, uint8_t *out, size_t *size) {
    uint8_t room[HASH_MAX_BYTES];
    slice digest;
    FREED(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey(NULL, a->key, NULL);
    if (context == NULL) return libcrypto_failure();
    TRY(digest_of(how, message, room, &digest));
    TRY(libcrypto_result(EVP_PKEY_sign_init(context)));
    TRY(padding_choose(context, how));
    return libcrypto_result(EVP_PKEY_sign(context, out, size, digest.at, digest.len));
}

/* Ed25519 has its hash inside; SM2 puts the user id before the message. */
static status whole_begin(EVP_MD_CTX *context, const asymmetric *a, const signing *how, EVP_PKEY_CTX **inner) {
    *inner = EVP_PKEY_CTX_new_from_pkey(NULL, a->key, NULL);
    ENSURE(*inner != NULL, OUT_OF_MEMORY);
    EVP_MD_CTX_set_pkey_ctx(context, *inner);
    if (how->scheme != SIGNING_SM2) return OK;
    return EVP_PKEY_CTX_set1_id(*inner, SM2_USER_ID, sizeof SM2_USER_ID - 1) > 0 ? OK : libcrypto_failure();
}

static const EVP_MD *whole_hash(const signing *how) {
    return how->scheme == SIGNING_SM2 ? algorithm_hash(HASH_SM3) : NULL;
}

static status sign_whole(const asymmetric *a, const signing *how, slice message, uint8_t *out, size_t *size) {
    FREED(EVP_PKEY_CTX) inner = NULL;
    FREED(EVP_MD_CTX) context = EVP_MD_CTX_new();
    ENSURE(context != NULL, OUT_OF_MEMORY);
    TRY(whole_begin(context, a, how, &inner));
    TRY(libcrypto_result(EVP_DigestSignInit(context, NULL, whole_hash(how), NULL, a->key)));
    return libcrypto_result(EVP_DigestSign(context, out, size, message.at, message.len));
}

status asymmetric_sign(const asymmetric *a, const signing *how, slice message, buffer *out) {
    TRY(check(a, how, message));
    uint8_t made[SIGNATURE_MOST];
    size_t size = sizeof made;
    status result =
        takes_whole(how) ? sign_whole(a, how, message, made, &size) : sign_digest(a, how, message, made, &size);
    stack_wipe();
    TRY(result);
    return buffer_append(out, slice_of(made, size));
}

static status verify_digest(const asymmetric *a, const signing *how, slice message, slice signature) {
    uint8_t room[HASH_MAX_BYTES];
    slice digest;
    FREED(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey(NULL, a->key, NULL);
    if (context == NULL) return libcrypto_failure();
    TRY(digest_of(how, message, room, &digest));
    TRY(libcrypto_result(EVP_PKEY_verify_init(context)));
    TRY(padding_choose(context, how));
    int result = EVP_PKEY_verify(context, signature.at, signature.len, digest.at, digest.len);
    return FAILED(libcrypto_result(result)) ? FAIL(VERIFICATION) : OK;
}

static status verify_whole(const asymmetric *a, const signing *how, slice message, slice signature) {
    FREED(EVP_PKEY_CTX) inner = NULL;
    FREED(EVP_MD_CTX) context = EVP_MD_CTX_new();
    ENSURE(context != NULL, OUT_OF_MEMORY);
    TRY(whole_begin(context, a, how, &inner));
    TRY(libcrypto_result(EVP_DigestVerifyInit(context, NULL, whole_hash(how), NULL, a->key)));
    int result = EVP_DigestVerify(context, signature.at, signature.len, message.at, message.len);
    return FAILED(libcrypto_result(result)) ? FAIL(VERIFICATION) : OK;
}

status asymmetric_verify(const asymmetric *a, const signing *how, slice message, slice signature) {
    TRY(check(a, how, message));
    ENSURE(signature.len > 0, VERIFICATION);
    return takes_whole(how) ? verify_whole(a, how, message, signature) : verify_digest(a, how, message, signature);
}
