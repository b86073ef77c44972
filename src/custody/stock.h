/* RSA key pairs made elsewhere: one takes up to seconds to make, and the vault does not stand still for it. Of the small ones some are
 * made ahead of time, because everybody who imports a key needs one; the others when they are asked for. */
#ifndef CUSTODY_STOCK_H
#define CUSTODY_STOCK_H

#include "base/buffer.h"
#include "base/secret.h"
#include "crypto/asymmetric.h"

/* The kinds are those of crypto/asymmetric.h that are slow: RSA_2048, RSA_3072, RSA_4096, in this order. */
enum { STOCK_KINDS = 3, STOCK_PAIRS = 2, STOCK_PUBLIC_MOST = 1024 };

typedef struct key_pair {
    secret private_der; /* PKCS#8 */
    buffer public_der;  /* SubjectPublicKeyInfo */
} key_pair;
void key_pair_clear(key_pair *p);

typedef struct stock {
    key_pair pairs[STOCK_KINDS][STOCK_PAIRS];
    size_t counts[STOCK_KINDS];
} stock;

/* How many of a kind should be there though nobody waits. */
size_t stock_standing(enum asymmetric_kind kind);
size_t stock_count(const stock *s, enum asymmetric_kind kind);
/* Takes both over on success. TOO_LARGE when the stock is full. */
status stock_add(stock *s, enum asymmetric_kind kind, secret *private_der, buffer *public_der);
/* Gives one away. NOT_FOUND when there is none. */
status stock_take(stock *s, enum asymmetric_kind kind, key_pair *out);
void stock_clear(stock *s);

#endif
