/* For this room only: what an asymmetric key is made of. */
#ifndef CRYPTO_ASYMMETRIC_PRIVATE_H
#define CRYPTO_ASYMMETRIC_PRIVATE_H

#include "crypto/asymmetric.h"
#include "crypto/libcrypto.h"

struct asymmetric {
    EVP_PKEY *key;
    enum asymmetric_kind kind;
};

/* GM/T 0009 §10: the user id when none was agreed on. */
#define SM2_USER_ID "1234567812345678"

static inline bool kind_is_rsa(enum asymmetric_kind kind) { return kind <= ASYMMETRIC_RSA_4096; }
/* Signs by ECDSA. */
static inline bool kind_is_curve(enum asymmetric_kind kind) {
    return kind >= ASYMMETRIC_P256 && kind <= ASYMMETRIC_P256K;
}

#endif
