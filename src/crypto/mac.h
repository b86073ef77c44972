/* HMAC (RFC 2104, FIPS 198-1) over any hash of hash.h. */
#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include "base/secret.h"
#include "crypto/hash.h"

/* `out` has hash_size(kind) bytes. Keys of any length. INTERNAL. Compare results with bytes_equal_secret. */
status hmac_once(enum hash_kind kind, const secret *key, slice text, uint8_t *out);

/* The same under a key that is plain bytes: intermediate keys a protocol derives (wiped by the caller). */
status hmac_bytes(enum hash_kind kind, slice key, slice text, uint8_t *out);

/* The same over a text in parts, as if they stood side by side. */
typedef struct hmac_text {
    const slice *parts;
    size_t count;
} hmac_text;
status hmac_parts(enum hash_kind kind, slice key, const hmac_text *text, uint8_t *out);

#endif
