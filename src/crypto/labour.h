/* Private operations with large RSA keys, done by another process so that nobody waits behind them: an order names key, operation and input,
 * in a box both sides share. Whoever does it sees the private key: it must be confined like whoever asks. */
#ifndef CRYPTO_LABOUR_H
#define CRYPTO_LABOUR_H

#include "crypto/asymmetric.h"
#include "crypto/box.h"

/* Appends the boxed order to sign, or to open. `aad` binds order and result to each other. INVALID_PARAMETER for a key that is not
 * heavy (asymmetric_is_heavy), and for a key without its private half; the failures of box_seal. */
status labour_order_sign(box *b, slice aad, const asymmetric *key, const signing *how, slice message, buffer *order);
status labour_order_open(box *b, slice aad, const asymmetric *key, enum asymmetric_sealing how, slice sealed,
                         buffer *order);

/* The other side: opens an order, does it, appends the boxed result. VERIFICATION when the order was not boxed by the other side for this
 * aad; MALFORMED; the failures of the operation. */
status labour_run(box *b, slice aad, slice order, buffer *result);

/* What came back. VERIFICATION. */
status labour_result(box *b, slice aad, slice result, secret *out);

#endif
