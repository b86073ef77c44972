/* AES-256-GCM (NIST SP 800-38D) under one key, for many messages: 12-byte nonce, 16-byte tag at the end.
 * The caller sees to it that no nonce comes twice; where that is hard, use xaes.h. */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/secret.h"

enum { AEAD_KEY_BYTES = 32, AEAD_NONCE_BYTES = 12, AEAD_TAG_BYTES = 16, AEAD_MAX_BYTES = 1 << 30 };

typedef struct aead aead;

/* The key schedule lives in secret memory. INVALID_PARAMETER unless the key has 32 bytes; OUT_OF_MEMORY, INTERNAL. */
status aead_new(const secret *key, aead **out);
void aead_free(aead *a); /* overwrites the key schedule; NULL is allowed */

/* Writes plaintext.len + 16 bytes. `out` is plaintext.at or does not overlap it. TOO_LARGE above AEAD_MAX_BYTES. */
status aead_seal(aead *a, const uint8_t nonce[AEAD_NONCE_BYTES], slice aad, slice plaintext, uint8_t *out);

/* Writes sealed.len - 16 bytes. `out` is sealed.at or does not overlap it. VERIFICATION when anything differs or sealed
 * is shorter than a tag; `out` is then all zeros. */
status aead_open(aead *a, const uint8_t nonce[AEAD_NONCE_BYTES], slice aad, slice sealed, uint8_t *out);

#endif
