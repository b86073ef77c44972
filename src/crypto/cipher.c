/* AES-128 and AES-192 in GCM, SM4 in counter mode with HMAC-SM3, each message under subkeys of its own. */
#include "crypto/cipher.h"

#include <endian.h>

#include "crypto/compare.h"
#include "crypto/gcm.h"
#include "crypto/libcrypto.h"
#include "crypto/mac.h"
#include "crypto/random.h"

enum { KEY_MOST = 24, SUBKEYS_BYTES = 64 };

static const struct kind_row {
    size_t key_bytes;
    enum short_cipher algorithm;
    bool is_gcm;
} rows[] = {
    [CIPHER_AES_128] = {16, SHORT_CIPHER_AES128_GCM, true},
    [CIPHER_AES_192] = {24, SHORT_CIPHER_AES192_GCM, true},
    [CIPHER_SM4] = {16, SHORT_CIPHER_SM4_CTR, false},
};

size_t cipher_key_bytes(enum cipher_kind kind) { return rows[kind].key_bytes; }

/* A message on its way; `text` is the plaintext, or the ciphertext without its tag. */
typedef struct passing {
    const struct kind_row *row;
    slice aad;
    slice text;
    uint8_t *out;
    uint8_t subkeys[SUBKEYS_BYTES]; /* of GCM the first alone; of SM4 to encrypt and, from 32 on, to authenticate */
} passing;

static status subkey(enum hash_kind kind, const secret *key, const char *label, slice nonce, uint8_t *out) {
    const slice parts[] = {slice_of_text(label), nonce};
    return hmac_parts(kind, secret_expose(key), &(hmac_text){parts, 2}, out);
}

static status subkeys_derive(passing *p, const secret *key, slice nonce) {
    if (p->row->is_gcm) return subkey(HASH_SHA256, key, "keyhold/aes-gcm", nonce, p->subkeys);
    TRY(subkey(HASH_SM3, key, "keyhold/sm4: encrypt", nonce, p->subkeys));
    return subkey(HASH_SM3, key, "keyhold/sm4: authenticate", nonce, p->subkeys + HASH_SM3_BYTES);
}

static status begin(EVP_CIPHER_CTX *context, const passing *p, int encrypts) {
    static const uint8_t IV[16];
    ENSURE(context != NULL, OUT_OF_MEMORY);
    const EVP_CIPHER *algorithm = algorithm_short(p->row->algorithm);
    ENSURE(algorithm != NULL, INTERNAL);
    return libcrypto_result(EVP_CipherInit_ex2(context, algorithm, p->subkeys, IV, encrypts, NULL));
}

static status text_pass(EVP_CIPHER_CTX *context, const passing *p) {
    int written = 0;
    if (p->row->is_gcm && p->aad.len)
        TRY(libcrypto_result(EVP_CipherUpdate(context, NULL, &written, p->aad.at, (int)p->aad.len)));
    if (p->text.len) TRY(libcrypto_result(EVP_CipherUpdate(context, p->out, &written, p->text.at, (int)p->text.len)));
    return OK;
}

static status gcm_pass(passing *p, uint8_t tag[CIPHER_TAG_BYTES], int encrypts) {
    FREED(EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new();
    uint8_t rest[16];
    int written = 0;
    TRY(begin(context, p, encrypts));
    if (!encrypts) TRY(libcrypto_result(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CIPHER_TAG_BYTES, tag)));
    TRY(text_pass(context, p));
    status ended = libcrypto_result(EVP_CipherFinal_ex(context, rest, &written));
    if (FAILED(ended)) return encrypts ? ended : FAIL(VERIFICATION);
    if (!encrypts) return OK;
    return libcrypto_result(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CIPHER_TAG_BYTES, tag));
}

static status sm4_pass(passing *p) {
    FREED(EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new();
    TRY(begin(context, p, 1));
    return text_pass(context, p);
}

static status sm4_tag(const passing *p, slice ciphertext, uint8_t tag[CIPHER_TAG_BYTES]) {
    uint64_t length = htobe64(p->aad.len);
    uint8_t whole[HASH_SM3_BYTES];
    const slice parts[] = {slice_of(&length, sizeof length), p->aad, ciphertext};
    slice key = slice_of(p->subkeys + HASH_SM3_BYTES, HASH_SM3_BYTES);
    TRY(hmac_parts(HASH_SM3, key, &(hmac_text){parts, 3}, whole));
    memcpy(tag, whole, CIPHER_TAG_BYTES);
    return OK;
}

static status pass_seal(passing *p, uint8_t *tag) {
    if (p->row->is_gcm) return gcm_pass(p, tag, 1);
    TRY(sm4_pass(p));
    return sm4_tag(p, slice_of(p->out, p->text.len), tag);
}

/* Nothing is decrypted before the tag has been found right (SM4), or shown before (GCM). */
static status pass_open(passing *p, const uint8_t *tag) {
    uint8_t expected[CIPHER_TAG_BYTES];
    if (p->row->is_gcm) {
        memcpy(expected, tag, sizeof expected);
        return gcm_pass(p, expected, 0);
    }
    TRY(sm4_tag(p, p->text, expected));
    ENSURE(bytes_equal_secret(slice_of(expected, sizeof expected), slice_of(tag, CIPHER_TAG_BYTES)), VERIFICATION);
    return sm4_pass(p);
}

static status check(enum cipher_kind kind, const secret *key, size_t bytes) {
    ENSURE((size_t)kind < sizeof rows / sizeof *rows && key->len == rows[kind].key_bytes, INVALID_PARAMETER);
    ENSURE(bytes <= GCM_MAX_BYTES, TOO_LARGE);
    return OK;
}

status cipher_seal_with_nonce(enum cipher_kind kind, const secret *key, slice aad, slice plaintext,
                              const uint8_t *nonce, buffer *out) {
    TRY(check(kind, key, plaintext.len));
    TRY(sealed_reserve(out, plaintext.len + CIPHER_OVERHEAD_BYTES, &aad));
    uint8_t *at = out->at + out->len;
    memcpy(at, nonce, CIPHER_NONCE_BYTES);
    passing p = {&rows[kind], aad, plaintext, at + CIPHER_NONCE_BYTES, {0}};
    status result = subkeys_derive(&p, key, slice_of(at, CIPHER_NONCE_BYTES));
    if (!FAILED(result)) result = pass_seal(&p, p.out + plaintext.len);
    bytes_wipe(p.subkeys, sizeof p.subkeys);
    stack_wipe();
    if (!FAILED(result)) out->len += plaintext.len + CIPHER_OVERHEAD_BYTES;
    return result;
}

status cipher_seal(enum cipher_kind kind, const secret *key, slice aad, const secret *plaintext, buffer *out) {
    uint8_t nonce[CIPHER_NONCE_BYTES];
    TRY(random_fill(nonce, sizeof nonce));
    return cipher_seal_with_nonce(kind, key, aad, secret_expose(plaintext), nonce, out);
}

status cipher_open(enum cipher_kind kind, const secret *key, slice aad, slice sealed, secret *out) {
    ENSURE(sealed.len >= CIPHER_OVERHEAD_BYTES, VERIFICATION);
    size_t bytes = sealed.len - CIPHER_OVERHEAD_BYTES;
    TRY(check(kind, key, bytes));
    OWNED(secret) made = {0};
    TRY(secret_new(bytes, &made));
    passing p = {&rows[kind], aad, slice_head(slice_skip(sealed, CIPHER_NONCE_BYTES), bytes), secret_fill(&made), {0}};
    status result = subkeys_derive(&p, key, slice_head(sealed, CIPHER_NONCE_BYTES));
    if (!FAILED(result)) result = pass_open(&p, sealed.at + CIPHER_NONCE_BYTES + bytes);
    bytes_wipe(p.subkeys, sizeof p.subkeys);
    stack_wipe();
    TRY(result);
    *out = made;
    made = (secret){0};
    return OK;
}
