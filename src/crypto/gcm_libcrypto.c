/* AES-256-GCM by libcrypto: one context, whose key and nonce are set anew. */
#include "crypto/gcm.h"
#include "crypto/libcrypto.h"

static status state_new(void **out) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    ENSURE(context != NULL, OUT_OF_MEMORY);
    *out = context;
    return OK;
}

static void state_free(void *state) { EVP_CIPHER_CTX_free(state); }

static status set_key(void *state, const uint8_t key[GCM_KEY_BYTES]) {
    const EVP_CIPHER *algorithm = algorithm_aes256_gcm();
    ENSURE(algorithm != NULL, INTERNAL);
    return libcrypto_result(EVP_EncryptInit_ex2(state, algorithm, key, NULL, NULL));
}

static void forget_key(void *state) { (void)EVP_CIPHER_CTX_reset(state); }

static status seal(void *state, const gcm_message *m, uint8_t *out, uint8_t tag[GCM_TAG_BYTES]) {
    int written = 0;
    TRY(libcrypto_result(EVP_EncryptInit_ex2(state, NULL, NULL, m->nonce, NULL)));
    if (m->aad.len) TRY(libcrypto_result(EVP_EncryptUpdate(state, NULL, &written, m->aad.at, (int)m->aad.len)));
    if (m->text.len) TRY(libcrypto_result(EVP_EncryptUpdate(state, out, &written, m->text.at, (int)m->text.len)));
    TRY(libcrypto_result(EVP_EncryptFinal_ex(state, tag, &written))); /* writes nothing in GCM */
    return libcrypto_result(EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_BYTES, tag));
}

static status open(void *state, const gcm_message *m, const uint8_t tag[GCM_TAG_BYTES], uint8_t *out) {
    int written = 0;
    uint8_t expected[GCM_TAG_BYTES];
    memcpy(expected, tag, sizeof expected);
    TRY(libcrypto_result(EVP_DecryptInit_ex2(state, NULL, NULL, m->nonce, NULL)));
    TRY(libcrypto_result(EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_BYTES, expected)));
    if (m->aad.len) TRY(libcrypto_result(EVP_DecryptUpdate(state, NULL, &written, m->aad.at, (int)m->aad.len)));
    if (m->text.len) TRY(libcrypto_result(EVP_DecryptUpdate(state, out, &written, m->text.at, (int)m->text.len)));
    uint8_t nothing[16];
    status result = libcrypto_result(EVP_DecryptFinal_ex(state, nothing, &written));
    return FAILED(result) ? FAIL(VERIFICATION) : OK;
}

const gcm_engine *gcm_engine_libcrypto(void) {
    static const gcm_engine engine = {"libcrypto", state_new, state_free, set_key, forget_key, seal, open};
    return &engine;
}
