/* The stock of RSA key pairs. */
#include "custody/stock.h"

void key_pair_clear(key_pair *p) {
    secret_clear(&p->private_der);
    buffer_clear(&p->public_der);
}

status stock_add(stock *s, secret *private_der, buffer *public_der) {
    ENSURE(s->count < STOCK_PAIRS, TOO_LARGE);
    s->pairs[s->count++] = (key_pair){*private_der, *public_der};
    *private_der = (secret){0};
    *public_der = (buffer){0};
    return OK;
}

status stock_take(stock *s, key_pair *out) {
    ENSURE(s->count > 0, NOT_FOUND);
    s->count--;
    *out = s->pairs[s->count];
    s->pairs[s->count] = (key_pair){0};
    return OK;
}

void stock_clear(stock *s) {
    while (s->count > 0) key_pair_clear(&s->pairs[--s->count]);
}
