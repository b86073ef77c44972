/* Random bytes, from libcrypto's DRBG (NIST SP 800-90A), which the kernel seeds. */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include "base/secret.h"

/* Called by crypto_start. INTERNAL. */
status random_start(void);

/* For what will be public: nonces, salts, identifiers. Drawn in blocks, because a draw costs a system call's worth;
 * bytes handed out are wiped from the block, and a fork empties it in the child. INTERNAL when the generator fails. */
status random_fill(uint8_t *out, size_t len);

/* For key material: from a generator of its own (RAND_priv_bytes), straight into secret memory. INTERNAL,
 * OUT_OF_MEMORY. */
status random_secret(size_t len, secret *out);

/* A UUID of version 4 and variant 10 (RFC 9562 §5.4), in binary. */
status random_uuid(uint8_t out[16]);

#endif
