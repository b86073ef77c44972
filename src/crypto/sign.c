/* Ed25519 by libcrypto. */
#include "crypto/sign.h"

#include <stdlib.h>

#include "crypto/compare.h"
#include "crypto/libcrypto.h"

struct signer {
    EVP_PKEY *key;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
};

status signer_from_seed(const secret *seed, signer **out) {
    ENSURE(seed->len == SIGN_SEED_BYTES, INVALID_PARAMETER);
    FREED(EVP_PKEY) key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, secret_expose(seed).at, seed->len);
    stack_wipe(); /* the seed was hashed */
    if (key == NULL) return libcrypto_failure();
    signer *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    size_t size = sizeof made->public_key;
    if (EVP_PKEY_get_raw_public_key(key, made->public_key, &size) != 1) {
        free(made);
        return libcrypto_failure();
    }
    made->key = key;
    key = NULL;
    *out = made;
    return OK;
}

void signer_free(signer *s) {
    if (s == NULL) return;
    EVP_PKEY_free(s->key);
    free(s);
}

void signer_public(const signer *s, uint8_t out[SIGN_PUBLIC_BYTES]) { memcpy(out, s->public_key, SIGN_PUBLIC_BYTES); }

status signer_sign(signer *s, slice text, uint8_t out[SIGN_SIGNATURE_BYTES]) {
    FREED(EVP_MD_CTX) context = EVP_MD_CTX_new();
    ENSURE(context != NULL, OUT_OF_MEMORY);
    uint8_t made[SIGN_SIGNATURE_BYTES];
    size_t size = sizeof made;
    TRY(libcrypto_result(EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, s->key, NULL)));
    status result = libcrypto_result(EVP_DigestSign(context, made, &size, text.at, text.len));
    stack_wipe();
    TRY(result);
    memcpy(out, made, sizeof made);
    return OK;
}

status signature_verify(const uint8_t public_key[SIGN_PUBLIC_BYTES], slice text,
                        const uint8_t signature[SIGN_SIGNATURE_BYTES]) {
    FREED(EVP_PKEY) key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public_key, SIGN_PUBLIC_BYTES);
    FREED(EVP_MD_CTX) context = EVP_MD_CTX_new();
    ENSURE(context != NULL, OUT_OF_MEMORY);
    if (key == NULL) return libcrypto_failure();
    TRY(libcrypto_result(EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, key, NULL)));
    status result = libcrypto_result(EVP_DigestVerify(context, signature, SIGN_SIGNATURE_BYTES, text.at, text.len));
    return FAILED(result) ? FAIL(VERIFICATION) : OK;
}
