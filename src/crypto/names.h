/* For this room only: the names a server's certificate may carry. */
#ifndef CRYPTO_NAMES_H
#define CRYPTO_NAMES_H

#include "base/slice.h"
#include "crypto/libcrypto.h"

/* An IP address (v4 or v6, as text) or a DNS name (RFC 1123 §2.1 labels; the first may be "*", RFC 6125 §6.4.3).
 * INVALID_PARAMETER when it is neither. The caller frees *out. */
status server_name_make(slice name, GENERAL_NAME **out);

#endif
