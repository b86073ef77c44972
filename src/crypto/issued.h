/* Certificates as authorities issue them (RFC 5280), from outside and read with care: PEM (RFC 7468) of bounded size, nothing around it,
 * nothing left over. Whoever reads them should hold no keys. */
#ifndef CRYPTO_ISSUED_H
#define CRYPTO_ISSUED_H

#include "base/arena.h"
#include "crypto/asymmetric.h"

enum { ISSUED_DER_MOST = 8 * 1024, ISSUED_CHAIN_MOST = 10, ISSUED_NAMES_MOST = 64 };

typedef struct issued_claim {
    slice certificate; /* PEM: one certificate */
    slice chain;      /* PEM: each is signed by the one behind it, the first has signed the certificate; absent: none */
    slice public_key; /* SubjectPublicKeyInfo the certificate must be for */
    enum asymmetric_kind kind;
    int64_t now_s;
} issued_claim;

/* What a certificate says of itself. Texts live in the arena. */
typedef struct issued {
    slice subject, issuer;     /* RFC 4514 */
    slice serial;              /* hex */
    slice signature_algorithm; /* "ecdsa-with-SHA256" */
    slice key_id;              /* hex of the subject key identifier; absent: it has none */
    slice *names;              /* DNS names and IP addresses of subjectAltName */
    size_t name_count;
    int64_t not_before_s, not_after_s;
} issued;

/* Reads one certificate. CERTIFICATE_MALFORMED. */
status issued_read(slice pem, arena *memory, issued *out);

/* Checks everything a claim says, with whom a chain ends is the caller's business. CERTIFICATE_MALFORMED; CERTIFICATE_KEY when the
 * certificate is for another key; CERTIFICATE_DATES when it, or one of the chain, is not valid now; CERTIFICATE_CHAIN when the order or
 * a signature is wrong, when an issuer is no authority or may not issue it (path length, name constraints, unknown critical extensions),
 * and for signatures by broken hashes. */
status issued_check(const issued_claim *claim, arena *memory, issued *out);

#endif
