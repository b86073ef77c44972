/* X.509 certificates (RFC 5280) for HTTPS from the first start on: a local authority and a server's certificate. */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include "base/buffer.h"

/* A self-signed authority (ECDSA P-256 with SHA-256, valid 10 years, may sign no further authorities). `common_name`
 * has 1 to 64 bytes of UTF-8. Appends PEM: PKCS#8 "PRIVATE KEY" and "CERTIFICATE". The caller wipes key_pem.
 * INVALID_PARAMETER, OUT_OF_MEMORY, INTERNAL. */
status certificate_make_authority(slice common_name, buffer *key_pem, buffer *certificate_pem);

/* What the authority signs with, as certificate_make_authority gave it. */
typedef struct certificate_authority {
    slice key_pem;
    slice certificate_pem;
} certificate_authority;

/* A server certificate (P-256, valid 825 days, serverAuth) for `names`: DNS names and IP addresses divided by commas,
 * "localhost,127.0.0.1,::1"; spaces around a name are dropped. The first is the common name. INVALID_PARAMETER when a
 * name is neither, MALFORMED when the authority cannot be read or key and certificate do not belong together. */
status certificate_make_server(const certificate_authority *authority, slice names, buffer *key_pem,
                               buffer *certificate_pem);

/* End of validity (Unix time) of the first certificate in a PEM text. MALFORMED. */
status certificate_not_after(slice certificate_pem, int64_t *time_s);

#endif
