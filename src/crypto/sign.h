/* Ed25519 signatures (RFC 8032 §5.1). */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "base/secret.h"

enum { SIGN_SEED_BYTES = 32, SIGN_PUBLIC_BYTES = 32, SIGN_SIGNATURE_BYTES = 64 };

typedef struct signer signer;

/* INVALID_PARAMETER unless the seed has 32 bytes; OUT_OF_MEMORY, INTERNAL. */
status signer_from_seed(const secret *seed, signer **out);
void signer_free(signer *s); /* NULL is allowed */

void signer_public(const signer *s, uint8_t out[SIGN_PUBLIC_BYTES]);
status signer_sign(signer *s, slice text, uint8_t out[SIGN_SIGNATURE_BYTES]);

/* VERIFICATION unless the signature is the public key's over exactly this text. */
status signature_verify(const uint8_t public_key[SIGN_PUBLIC_BYTES], slice text,
                        const uint8_t signature[SIGN_SIGNATURE_BYTES]);

#endif
