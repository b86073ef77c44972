/* The stock of RSA key pairs. */
#include "custody/stock.h"

void key_pair_clear(key_pair *p) {
    secret_clear(&p->private_der);
    buffer_clear(&p->public_der);
}

static bool is_stocked(enum asymmetric_kind kind) { return (size_t)kind < STOCK_KINDS; }

size_t stock_standing(enum asymmetric_kind kind) { return kind == ASYMMETRIC_RSA_2048 ? STOCK_PAIRS : 0; }

size_t stock_count(const stock *s, enum asymmetric_kind kind) { return is_stocked(kind) ? s->counts[kind] : 0; }

status stock_add(stock *s, enum asymmetric_kind kind, secret *private_der, buffer *public_der) {
    ENSURE(is_stocked(kind) && s->counts[kind] < STOCK_PAIRS, TOO_LARGE);
    s->pairs[kind][s->counts[kind]++] = (key_pair){*private_der, *public_der};
    *private_der = (secret){0};
    *public_der = (buffer){0};
    return OK;
}

status stock_take(stock *s, enum asymmetric_kind kind, key_pair *out) {
    ENSURE(stock_count(s, kind) > 0, NOT_FOUND);
    key_pair *last = &s->pairs[kind][--s->counts[kind]];
    *out = *last;
    *last = (key_pair){0};
    return OK;
}

void stock_clear(stock *s) {
    for (size_t kind = 0; kind < STOCK_KINDS; kind++)
        while (s->counts[kind] > 0) key_pair_clear(&s->pairs[kind][--s->counts[kind]]);
}
