/* HKDF (RFC 5869): keys from keys. */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "base/secret.h"
#include "crypto/hash.h"

/* RFC 5869 §2.2: the pseudorandom key, hash_size(kind) bytes. An empty salt stands for hash_size(kind) zero bytes.
 * UNSUPPORTED for kinds other than SHA-256 and SHA-512, here and below. */
status hkdf_extract(enum hash_kind kind, slice salt, const secret *input, secret *out);

/* RFC 5869 §2.3: `len` bytes, at most 255 * hash_size(kind), else TOO_LARGE. */
status hkdf_expand(enum hash_kind kind, const secret *key, slice info, size_t len, secret *out);

#endif
