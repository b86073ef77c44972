/* Asymmetric keys of every kind offered: making, reading, and what is done with them. RSA (RFC 8017), ECDSA (FIPS 186-5, SEC 1),
 * SM2 (GM/T 0003, 0009), Ed25519 (RFC 8032), ECDH (NIST SP 800-56A). Private halves are PKCS#8 DER (RFC 5958), public halves
 * SubjectPublicKeyInfo DER (RFC 5280 §4.1). Both are read with care: they may come from outside. */
#ifndef CRYPTO_ASYMMETRIC_H
#define CRYPTO_ASYMMETRIC_H

#include "base/buffer.h"
#include "base/secret.h"
#include "crypto/hash.h"

enum asymmetric_kind {
    ASYMMETRIC_RSA_2048,
    ASYMMETRIC_RSA_3072,
    ASYMMETRIC_RSA_4096,
    ASYMMETRIC_P256,
    ASYMMETRIC_P384,
    ASYMMETRIC_P521,
    ASYMMETRIC_P256K, /* secp256k1 */
    ASYMMETRIC_SM2,
    ASYMMETRIC_ED25519,
};
enum { ASYMMETRIC_KINDS = 9, ASYMMETRIC_DER_MOST = 16 * 1024 };

/* Making one takes so long that the vault leaves it to others: RSA. */
bool asymmetric_is_slow(enum asymmetric_kind kind);

typedef struct asymmetric asymmetric;

/* A new pair. RSA takes 0.1 to 10 s, all others less than a millisecond. INTERNAL, OUT_OF_MEMORY. */
status asymmetric_generate(enum asymmetric_kind kind, secret *private_der);

/* The key with its private half, everything of it in libcrypto's memory. MALFORMED unless it is a whole key of that kind whose
 * halves belong together. */
status asymmetric_from_private(enum asymmetric_kind kind, const secret *private_der, asymmetric **out);
/* The public half alone. MALFORMED unless it is a key of that kind. */
status asymmetric_from_public(enum asymmetric_kind kind, slice spki_der, asymmetric **out);
/* An RSA public half of any length from 2048 to 4096 bits, as others have them, to check signatures with. MALFORMED; UNSUPPORTED for another
 * length, and for an exponent that is even or less than 3. */
status asymmetric_from_public_rsa(slice spki_der, asymmetric **out);
void asymmetric_free(asymmetric *a); /* NULL is allowed */

/* The private half. INVALID_PARAMETER when the key has none. */
status asymmetric_private(const asymmetric *a, secret *private_der);
/* Whether an operation with the private half takes milliseconds: RSA-3072 and RSA-4096. */
bool asymmetric_is_heavy(const asymmetric *a);

/* Appends the public half. */
status asymmetric_public(const asymmetric *a, buffer *spki_der);
/* The same straight from a private half. */
status asymmetric_public_of(enum asymmetric_kind kind, const secret *private_der, buffer *spki_der);

/* ---- encryption */

enum asymmetric_sealing { SEALING_OAEP_SHA1, SEALING_OAEP_SHA256, SEALING_SM2 };

/* RSAES-OAEP with MGF1 over the same hash and the empty label; SM2 gives the DER of GM/T 0009 §7.2. Appends. TOO_LARGE when the plaintext
 * does not fit under the key, UNSUPPORTED when kind and sealing do not go together. */
status asymmetric_seal(const asymmetric *a, enum asymmetric_sealing how, slice plaintext, buffer *out);
/* CIPHERTEXT whatever the cause: wrong length, padding, hash, key. UNSUPPORTED as above. */
status asymmetric_open(const asymmetric *a, enum asymmetric_sealing how, slice sealed, secret *out);
/* The most bytes that fit; 0 when kind and sealing do not go together. */
size_t asymmetric_seal_most(enum asymmetric_kind kind, enum asymmetric_sealing how);
/* Bytes of a ciphertext under an RSA key. */
size_t asymmetric_seal_bytes(const asymmetric *a);

/* The same for a key that is used once, as DER. */
status asymmetric_seal_once(enum asymmetric_kind kind, slice spki_der, enum asymmetric_sealing how, slice plaintext,
                            buffer *out);
/* CIPHERTEXT also when the private half is none. */
status asymmetric_open_once(enum asymmetric_kind kind, const secret *private_der, enum asymmetric_sealing how,
                            slice sealed, secret *out);

/* ---- signatures */

enum signing_scheme { SIGNING_PSS, SIGNING_PKCS1, SIGNING_ECDSA, SIGNING_SM2, SIGNING_ED25519 };
typedef struct signing {
    enum signing_scheme scheme;
    enum hash_kind hash; /* of PSS (also its MGF1; the salt has its length), PKCS1 and ECDSA */
    bool is_digest;      /* the message was hashed already (SM2: SM3 over Z and message, GM/T 0009 §8.1) */
} signing;

/* Appends. ECDSA and SM2 signatures are DER (RFC 3279 §2.2.3). INVALID_PARAMETER for a digest of another length, UNSUPPORTED when kind
 * and scheme do not go together, or for Ed25519 over a digest. A raw SM2 message is hashed under the user id of GM/T 0009 §10. */
status asymmetric_sign(const asymmetric *a, const signing *how, slice message, buffer *out);
/* VERIFICATION unless the signature is the key's; the failures of asymmetric_sign. */
status asymmetric_verify(const asymmetric *a, const signing *how, slice message, slice signature);

/* ---- key agreement */

/* ECDH with cofactor 1: the x coordinate of the shared point, as long as the field. P-256, P-384, P-521; UNSUPPORTED otherwise.
 * INVALID_PARAMETER for a public key that is none, of another curve, or not on it. */
status asymmetric_agree(const asymmetric *a, slice peer_spki_der, secret *out);

#endif
