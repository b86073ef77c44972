/* XAES-256-GCM: a subkey for every message, derived from the key and the first half of the nonce by CMAC. */
#include "crypto/xaes.h"

#include <stdlib.h>

#include "crypto/compare.h"
#include "crypto/gcm.h"
#include "crypto/libcrypto.h"
#include "crypto/random.h"

enum { BLOCK_BYTES = 16, HALF_NONCE_BYTES = 12 };

/* In secret memory beside the block cipher's own context. */
typedef struct xaes_state {
    uint8_t k1[BLOCK_BYTES];
    uint8_t derived[2 * BLOCK_BYTES]; /* the subkey of the message at hand, zeros in between */
} xaes_state;

struct xaes {
    EVP_CIPHER_CTX *block;
    secret memory;
};

/* One per thread serves all keys: its key is set for each message and overwritten after it. */
static _Thread_local gcm message_cipher;

static xaes_state *state_of(xaes *x) { return (xaes_state *)(void *)secret_fill(&x->memory); }

static status blocks_encrypt(xaes *x, slice blocks, uint8_t *out) {
    int written = 0;
    return libcrypto_result(EVP_EncryptUpdate(x->block, out, &written, blocks.at, (int)blocks.len));
}

/* K1 = L << 1, with 0x87 added when a bit falls out (NIST SP 800-38B §6.1). No branch depends on L. */
static void block_double(uint8_t block[BLOCK_BYTES]) {
    uint8_t mask = (uint8_t)(0 - (block[0] >> 7));
    for (size_t i = 0; i + 1 < BLOCK_BYTES; i++) block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7);
    block[BLOCK_BYTES - 1] = (uint8_t)(block[BLOCK_BYTES - 1] << 1 ^ (mask & 0x87));
}

static status xaes_prepare(xaes *x, const secret *key) {
    const EVP_CIPHER *algorithm = algorithm_aes256_ecb();
    ENSURE(algorithm != NULL, INTERNAL);
    x->block = EVP_CIPHER_CTX_new();
    ENSURE(x->block != NULL, OUT_OF_MEMORY);
    TRY(secret_new(sizeof(xaes_state), &x->memory));
    TRY(libcrypto_result(EVP_EncryptInit_ex2(x->block, algorithm, secret_expose(key).at, NULL, NULL)));
    TRY(libcrypto_result(EVP_CIPHER_CTX_set_padding(x->block, 0)));
    static const uint8_t zeros[BLOCK_BYTES];
    TRY(blocks_encrypt(x, slice_of(zeros, sizeof zeros), state_of(x)->k1));
    block_double(state_of(x)->k1);
    return OK;
}

status xaes_new(const secret *key, xaes **out) {
    ENSURE(key->len == XAES_KEY_BYTES, INVALID_PARAMETER);
    xaes *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    status result = xaes_prepare(made, key);
    if (FAILED(result)) {
        xaes_free(made);
        return result;
    }
    *out = made;
    return OK;
}

void xaes_free(xaes *x) {
    if (x == NULL) return;
    EVP_CIPHER_CTX_free(x->block);
    secret_clear(&x->memory);
    free(x);
}

/* The spec's steps 3 to 5. M1 and M2 differ in the counter alone. */
static status subkey_derive(xaes *x, const uint8_t nonce[XAES_NONCE_BYTES]) {
    xaes_state *s = state_of(x);
    uint8_t *m = s->derived; /* encrypted in place */
    for (uint8_t counter = 1; counter <= 2; counter++, m += BLOCK_BYTES) {
        const uint8_t head[] = {0, counter, 'X', 0};
        memcpy(m, head, sizeof head);
        memcpy(m + sizeof head, nonce, HALF_NONCE_BYTES);
        for (size_t i = 0; i < BLOCK_BYTES; i++) m[i] ^= s->k1[i];
    }
    return blocks_encrypt(x, slice_of(s->derived, sizeof s->derived), s->derived);
}

static status message_cipher_set(xaes *x, const uint8_t nonce[XAES_NONCE_BYTES]) {
    if (message_cipher.state == NULL) TRY(gcm_begin(&message_cipher));
    status result = subkey_derive(x, nonce);
    if (!FAILED(result)) result = gcm_set_key(&message_cipher, state_of(x)->derived);
    bytes_wipe(state_of(x)->derived, 2 * BLOCK_BYTES);
    return result;
}

status xaes_seal_with_nonce(xaes *x, const uint8_t nonce[XAES_NONCE_BYTES], slice aad, slice plaintext, buffer *out) {
    ENSURE(plaintext.len <= GCM_MAX_BYTES, TOO_LARGE);
    size_t size = plaintext.len + XAES_OVERHEAD_BYTES;
    TRY(sealed_reserve(out, size, &aad));
    uint8_t *at = out->at + out->len;
    TRY(message_cipher_set(x, nonce));
    memcpy(at, nonce, XAES_NONCE_BYTES);
    gcm_message m = {nonce + HALF_NONCE_BYTES, aad, plaintext};
    status result = gcm_seal(&message_cipher, &m, at + XAES_NONCE_BYTES);
    gcm_forget_key(&message_cipher);
    if (!FAILED(result)) out->len += size;
    return result;
}

status xaes_seal(xaes *x, slice aad, slice plaintext, buffer *out) {
    uint8_t nonce[XAES_NONCE_BYTES];
    TRY(random_fill(nonce, sizeof nonce));
    return xaes_seal_with_nonce(x, nonce, aad, plaintext, out);
}

status xaes_seal_secret(xaes *x, slice aad, const secret *plaintext, buffer *out) {
    return xaes_seal(x, aad, secret_expose(plaintext), out);
}

status xaes_open_bytes(xaes *x, slice aad, slice sealed, uint8_t *out) {
    ENSURE(sealed.len >= XAES_OVERHEAD_BYTES, VERIFICATION);
    ENSURE(sealed.len - XAES_OVERHEAD_BYTES <= GCM_MAX_BYTES, TOO_LARGE);
    TRY(message_cipher_set(x, sealed.at));
    gcm_message m = {sealed.at + HALF_NONCE_BYTES, aad, slice_skip(sealed, XAES_NONCE_BYTES)};
    status result = gcm_open(&message_cipher, &m, out);
    gcm_forget_key(&message_cipher);
    return result;
}

status xaes_open(xaes *x, slice aad, slice sealed, secret *out) {
    ENSURE(sealed.len >= XAES_OVERHEAD_BYTES, VERIFICATION);
    OWNED(secret) made = {0};
    TRY(secret_new(sealed.len - XAES_OVERHEAD_BYTES, &made));
    TRY(xaes_open_bytes(x, aad, sealed, secret_fill(&made)));
    *out = made;
    made = (secret){0};
    return OK;
}
