/* RSA key pairs for wrapping imported key material: RSAES-OAEP (RFC 8017 §7.1). */
#ifndef CRYPTO_RSA_H
#define CRYPTO_RSA_H

#include "base/buffer.h"
#include "base/secret.h"
#include "crypto/hash.h"

/* A new key pair as PKCS#8 DER (RFC 5958). bits: 2048 (takes about 0.1-1 s), 3072 or 4096; UNSUPPORTED otherwise. */
status rsa_generate(int bits, secret *private_der);

/* Appends the public half as SubjectPublicKeyInfo DER (RFC 5280 §4.1). MALFORMED when private_der is no RSA key. */
status rsa_public(const secret *private_der, buffer *spki_der);

/* Unwraps what was sealed under the public half, with MGF1 over the same hash and the empty label.
 * Every failure is KEY_MATERIAL, whatever its cause. UNSUPPORTED for kinds other than SHA-1 and SHA-256. */
status rsa_open_oaep(const secret *private_der, enum hash_kind kind, slice sealed, secret *out);

/* The other direction, for clients and tests; appends. TOO_LARGE when the plaintext does not fit under the key,
 * MALFORMED when spki_der is no RSA public key. */
status rsa_seal_oaep(slice spki_der, enum hash_kind kind, slice plaintext, buffer *out);

#endif
