/* The numbers of JSON Web Keys as public keys, and the form ECDSA signatures have in JSON Web Signatures (RFC 7517, 7518). */
#ifndef CRYPTO_JOSE_H
#define CRYPTO_JOSE_H

#include "crypto/asymmetric.h"

/* Appends the SubjectPublicKeyInfo of an RSA key of 2048, 3072 or 4096 bits (RFC 7518 §6.3.1). MALFORMED for any other, and for a public
 * exponent that is even or below 65537. */
status jose_rsa(slice modulus, slice exponent, enum asymmetric_kind *kind, buffer *spki_der);
/* The same for a point on P-256 or P-384 (RFC 7518 §6.2.1): both coordinates as long as the field. MALFORMED when it is not on the
 * curve. */
status jose_ec(enum asymmetric_kind kind, slice x, slice y, buffer *spki_der);

/* r and s, each as long as the field (RFC 7518 §3.4), into the DER that asymmetric_verify takes; appends. VERIFICATION for another
 * length. */
status jose_ecdsa(enum asymmetric_kind kind, slice raw, buffer *der);

#endif
