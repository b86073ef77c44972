/* The root key and what is derived from it: one key per purpose, nothing else (docs/formats/sealed.md). */
#ifndef CUSTODY_ROOT_H
#define CUSTODY_ROOT_H

#include "base/secret.h"
#include "crypto/xaes.h"

enum { ROOT_KEY_BYTES = 32, DERIVED_KEY_BYTES = 32 };

typedef struct root_keys {
    xaes *wrapping; /* wraps account keys */
    secret store;   /* seals the store's values; given to core */
    secret trail;   /* Ed25519 seed of the trail; given to the auditor */
} root_keys;

/* Reads the root key from an open file straight into secret memory. MALFORMED unless the file has exactly 32 bytes;
 * OUT_OF_MEMORY, IO. The descriptor stays the caller's. */
status root_key_read(int fd, secret *out);

/* INVALID_PARAMETER unless the root key has 32 bytes; OUT_OF_MEMORY, INTERNAL. Freed by root_keys_clear. */
status root_keys_derive(const secret *root_key, root_keys *out);
void root_keys_clear(root_keys *r);

/* HKDF-SHA-256 (RFC 5869) with the salt "keyhold/v1" and the label as info: 32 bytes. */
status key_derive(const secret *from, slice label, secret *out);

#endif
