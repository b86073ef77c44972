/* Requests to certify a key (PKCS#10, RFC 2986). */
#ifndef CRYPTO_REQUEST_H
#define CRYPTO_REQUEST_H

#include "crypto/asymmetric.h"

enum { REQUEST_PARTS_MOST = 32, REQUEST_NAMES_MOST = 10 };

/* A part of a distinguished name. */
typedef struct name_part {
    const char *type; /* as libcrypto calls it: "CN" */
    slice value;      /* UTF-8 */
} name_part;

typedef struct request_wish {
    const name_part *parts; /* in the order of RFC 4514 §2.1: the last comes first in the request */
    size_t part_count;
    const slice *names; /* DNS names and IP addresses, for the extension subjectAltName */
    size_t name_count;
} request_wish;

/* A request signed with the key (which has its private half): by SHA-256, an SM2 key by SM3 under the user id of GM/T 0009 §10. Appends
 * PEM. CERTIFICATE_SUBJECT when a part does not fit its type, CERTIFICATE_NAMES for a name that is neither; UNSUPPORTED for Ed25519. */
status request_make(const asymmetric *key, const request_wish *wish, buffer *pem);

#endif
