/* XAES-256-GCM (c2sp.org/XAES-256-GCM): AES-256-GCM with nonces long enough to be drawn at random for any number of
 * messages under one key.
 *
 *   sealed = nonce (24) || ciphertext (as long as the plaintext) || tag (16)
 */
#ifndef CRYPTO_XAES_H
#define CRYPTO_XAES_H

#include "base/buffer.h"
#include "base/secret.h"

enum { XAES_KEY_BYTES = 32, XAES_NONCE_BYTES = 24, XAES_TAG_BYTES = 16, XAES_OVERHEAD_BYTES = 24 + 16 };

typedef struct xaes xaes;

/* Computes what depends on the key alone (the CMAC subkey K1); everything kept is in secret memory.
 * INVALID_PARAMETER unless the key has 32 bytes; OUT_OF_MEMORY, INTERNAL. */
status xaes_new(const secret *key, xaes **out);
void xaes_free(xaes *x); /* NULL is allowed */

/* Appends plaintext.len + 40 bytes under a random nonce. On failure *out is as before. plaintext must not lie in *out;
 * aad may (a header that was appended before). TOO_LARGE above 1 GiB or past the buffer's limit. */
status xaes_seal(xaes *x, slice aad, slice plaintext, buffer *out);

/* The same for a plaintext that is itself key material. */
status xaes_seal_secret(xaes *x, slice aad, const secret *plaintext, buffer *out);

/* For known-answer tests: the nonce is given. A nonce used twice under one key gives the plaintexts away. */
status xaes_seal_with_nonce(xaes *x, const uint8_t nonce[XAES_NONCE_BYTES], slice aad, slice plaintext, buffer *out);

/* The plaintext. VERIFICATION when key, aad or any byte differs, or sealed is shorter than 40 bytes. */
status xaes_open(xaes *x, slice aad, slice sealed, secret *out);

/* The same for a plaintext that is no secret (records of the store): writes sealed.len - 40 bytes. `out` must not overlap
 * sealed and is all zeros when the bytes do not verify. */
status xaes_open_bytes(xaes *x, slice aad, slice sealed, uint8_t *out);

#endif
