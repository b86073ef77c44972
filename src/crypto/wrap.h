/* AES key wrap with padding under a 256-bit key (RFC 5649, NIST SP 800-38F KWP): how private keys too large for RSA are brought in. */
#ifndef CRYPTO_WRAP_H
#define CRYPTO_WRAP_H

#include "base/buffer.h"
#include "base/secret.h"

enum { WRAP_KEY_BYTES = 32, WRAP_MOST = 16 * 1024 };

/* Appends; 1 to 16 KiB of material. INVALID_PARAMETER for a key of another length, TOO_LARGE. */
status wrap_seal(const secret *key, const secret *material, buffer *out);
/* VERIFICATION when the key is another or anything was changed. */
status wrap_open(const secret *key, slice wrapped, secret *out);

#endif
