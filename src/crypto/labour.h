/* What takes milliseconds, done by another process so that nobody waits behind it: private operations with large RSA keys, hashes of passwords.
 * An order names key (or cost and salt), operation and input, in a box both sides share. Whoever does it sees the private key, or the
 * passwords: it must be confined like whoever asks. */
#ifndef CRYPTO_LABOUR_H
#define CRYPTO_LABOUR_H

#include "crypto/asymmetric.h"
#include "crypto/box.h"
#include "crypto/password.h"

/* Appends the boxed order to sign, or to open. `aad` binds order and result to each other. INVALID_PARAMETER for a key that is not
 * heavy (asymmetric_is_heavy), and for a key without its private half; the failures of box_seal. */
status labour_order_sign(box *b, slice aad, const asymmetric *key, const signing *how, slice message, buffer *order);
status labour_order_open(box *b, slice aad, const asymmetric *key, enum asymmetric_sealing how, slice sealed,
                         buffer *order);

/* … or to hash up to LABOUR_PASSWORDS_MOST passwords with one salt. Comes to the salt and a hash of PASSWORD_HASH_BYTES for each, in this order.
 * INVALID_PARAMETER for none, for too many or for one that is too long. */
enum { LABOUR_PASSWORDS_MOST = 2, LABOUR_PASSWORD_BYTES_MOST = 1024 };
typedef struct hashing {
    password_cost cost;
    slice salt;
    const secret *passwords[LABOUR_PASSWORDS_MOST];
    size_t count;
} hashing;
status labour_order_hashes(box *b, slice aad, const hashing *what, buffer *order);
/* The same, done here. */
status labour_hashes(const hashing *what, secret *out);

/* The other side: opens an order, does it, appends the boxed result. VERIFICATION when the order was not boxed by the other side for this
 * aad; MALFORMED; the failures of the operation. */
status labour_run(box *b, slice aad, slice order, buffer *result);

/* What came back. VERIFICATION. */
status labour_result(box *b, slice aad, slice result, secret *out);

#endif
