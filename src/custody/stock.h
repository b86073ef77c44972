/* RSA key pairs made ahead of time: one takes up to a second to make, and a request should not wait for it. */
#ifndef CUSTODY_STOCK_H
#define CUSTODY_STOCK_H

#include "base/buffer.h"
#include "base/secret.h"

enum { STOCK_PAIRS = 2, STOCK_BITS = 2048, STOCK_PUBLIC_MOST = 1024 };

typedef struct key_pair {
    secret private_der; /* PKCS#8 */
    buffer public_der;  /* SubjectPublicKeyInfo */
} key_pair;
void key_pair_clear(key_pair *p);

typedef struct stock {
    key_pair pairs[STOCK_PAIRS];
    size_t count;
} stock;

/* Takes both over on success. TOO_LARGE when the stock is full. */
status stock_add(stock *s, secret *private_der, buffer *public_der);
/* Gives one away. NOT_FOUND when there is none. */
status stock_take(stock *s, key_pair *out);
void stock_clear(stock *s);

#endif
