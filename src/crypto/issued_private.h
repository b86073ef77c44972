/* For this room only: certificates from outside as libcrypto has them. */
#ifndef CRYPTO_ISSUED_PRIVATE_H
#define CRYPTO_ISSUED_PRIVATE_H

#include "crypto/asymmetric_private.h"
#include "crypto/issued.h"

/* Takes the first certificate of a text off its front. CERTIFICATE_MALFORMED. The caller frees it. */
status issued_take(slice *rest, arena *memory, X509 **out);
/* CERTIFICATE_MALFORMED when something in it cannot be shown. */
status issued_describe(X509 *certificate, arena *memory, issued *out);

#endif
