/* Authenticated encryption under the symmetric keys that are shorter than XAES-256-GCM wants: AES-128, AES-192, SM4. Every message is under
 * subkeys of its own, derived from the key and a random nonce, so that any number of messages is safe.
 *
 *   sealed = nonce (24) || ciphertext (as long as the plaintext) || tag (16)
 *
 *   AES-128, AES-192   subkey = HMAC-SHA-256(key, "keyhold/aes-gcm" || nonce), its first 16 or 24 bytes; AES-GCM (NIST SP 800-38D) with
 *                      twelve zero bytes as IV
 *   SM4                k1 = first 16 bytes of HMAC-SM3(key, "keyhold/sm4: encrypt" || nonce), k2 = HMAC-SM3(key, "keyhold/sm4: authenticate"
 *                      || nonce); SM4-CTR (GB/T 32907, 17964) under k1 from a counter of zero; tag = first 16 bytes of
 *                      HMAC-SM3(k2, length of aad (8, big-endian) || aad || ciphertext) */
#ifndef CRYPTO_CIPHER_H
#define CRYPTO_CIPHER_H

#include "base/buffer.h"
#include "base/secret.h"

enum cipher_kind { CIPHER_AES_128, CIPHER_AES_192, CIPHER_SM4 };
enum { CIPHER_NONCE_BYTES = 24, CIPHER_TAG_BYTES = 16, CIPHER_OVERHEAD_BYTES = 24 + 16 };

/* 16, 24, 16. */
size_t cipher_key_bytes(enum cipher_kind kind);

/* Appends plaintext.len + 40 bytes under a random nonce. On failure *out is as before. plaintext must not lie in *out; aad may (a header
 * that was appended before). INVALID_PARAMETER for a key of another length, TOO_LARGE above 1 GiB. */
status cipher_seal(enum cipher_kind kind, const secret *key, slice aad, const secret *plaintext, buffer *out);

/* For known-answer tests: the nonce is given. A nonce used twice under one key gives the plaintexts away. */
status cipher_seal_with_nonce(enum cipher_kind kind, const secret *key, slice aad, slice plaintext,
                              const uint8_t *nonce, buffer *out);

/* The plaintext. VERIFICATION when key, aad or any byte differs, or sealed is shorter than 40 bytes. */
status cipher_open(enum cipher_kind kind, const secret *key, slice aad, slice sealed, secret *out);

#endif
