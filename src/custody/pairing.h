/* The vault's end of the boxes: one key shared with each gateway, and one with the maker of RSA pairs. */
#ifndef CUSTODY_PAIRING_H
#define CUSTODY_PAIRING_H

#include "crypto/box.h"

typedef struct pairing {
    secret key;
    box *box; /* NULL: not paired */
} pairing;

/* Replaces what was there. The key already in use changes nothing: a second box under it would repeat nonces.
 * INVALID_PARAMETER unless the key has 32 bytes. */
status pairing_set(pairing *p, const secret *key);
void pairing_clear(pairing *p);

#endif
