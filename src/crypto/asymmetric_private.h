/* For this room only: what an asymmetric key is made of. */
#ifndef CRYPTO_ASYMMETRIC_PRIVATE_H
#define CRYPTO_ASYMMETRIC_PRIVATE_H

#include "crypto/asymmetric.h"
#include "crypto/libcrypto.h"

struct asymmetric {
    EVP_PKEY *key;
    enum asymmetric_kind kind;
};

static inline bool kind_is_rsa(enum asymmetric_kind kind) { return kind <= ASYMMETRIC_RSA_4096; }
/* Signs by ECDSA. */
static inline bool kind_is_curve(enum asymmetric_kind kind) {
    return kind >= ASYMMETRIC_P256 && kind <= ASYMMETRIC_P256K;
}

#endif
