/* What authenticators make (W3C Web Authentication Level 3): attestation objects and the keys in them, both CBOR (RFC 8949). libcbor takes the
 * items apart one at a time, without memory of its own; which items may stand where, and how many, is decided here. Everything comes from
 * outside: lengths are definite, nesting is bounded, no name stands twice, nothing follows the end. */
#ifndef CRYPTO_COSE_H
#define CRYPTO_COSE_H

#include "crypto/asymmetric.h"

/* RFC 9053 §2, RFC 8812 §2: those that browsers offer. */
enum cose_algorithm { COSE_ES256 = -7, COSE_EDDSA = -8, COSE_ES384 = -35, COSE_ES512 = -36, COSE_RS256 = -257 };

typedef struct cose_key {
    enum cose_algorithm algorithm;
    buffer spki_der; /* SubjectPublicKeyInfo */
} cose_key;
void cose_key_clear(cose_key *k);

/* The key at the beginning of *rest, which is taken off. ES256 on P-256, ES384 on P-384, ES512 on P-521, EdDSA on Ed25519, RS256 with
 * 2048 to 4096 bits. MALFORMED for anything that is none; UNSUPPORTED for one of another algorithm, curve or size. */
status cose_key_read(slice *rest, cose_key *out);

/* VERIFICATION unless it is the key's signature over the message. */
status cose_verify(enum cose_algorithm algorithm, slice spki_der, slice message, slice signature);

/* WebAuthn §6.1: rpIdHash[32] flags signCount:u32, and at registration aaguid[16] credential id with its length:u16, the key. */
enum {
    AUTHENTICATOR_PRESENT = 0x01,
    AUTHENTICATOR_VERIFIED = 0x04,
    AUTHENTICATOR_BACKUP_ELIGIBLE = 0x08,
    AUTHENTICATOR_BACKED_UP = 0x10,
    AUTHENTICATOR_ATTESTED = 0x40,
    AUTHENTICATOR_EXTENDED = 0x80,
    CREDENTIAL_ID_MOST = 1023,
    ATTESTATION_MOST = 8192,
};
typedef struct authenticator_data {
    slice rp_id_hash;
    uint8_t flags;
    uint32_t sign_count;
    slice credential_id; /* absent without AUTHENTICATOR_ATTESTED */
    cose_key key;        /* likewise */
} authenticator_data;
void authenticator_data_clear(authenticator_data *d);
/* MALFORMED, also for a credential that is backed up and may not be (§6.1.3); UNSUPPORTED as for the key. Slices point into `bytes`. */
status authenticator_data_read(slice bytes, authenticator_data *out);

/* WebAuthn §6.5.4. Formats "none" and "packed" with the credential's own key (§8.2, §8.7); others are UNSUPPORTED. */
typedef struct attestation {
    slice data;      /* the authenticator data */
    slice signature; /* of "packed"; absent: "none" */
    int64_t signature_algorithm;
} attestation;
status attestation_read(slice object, attestation *out);

#endif
