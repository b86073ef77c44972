/* The root record: how many records there are and the sum of their tags. It lies sealed in the store under a key of its
 * own, is written with every batch, and tells at open whether a record was added, dropped, or put back to an older
 * state. */
#ifndef STORE_ROOT_H
#define STORE_ROOT_H

#include "base/buffer.h"
#include "store/seal.h"

enum { STORE_FORMAT_VERSION = 1 };

/* The sum is modulo 2^256: order does not matter, and a tag that was added can be taken out again. Whoever does not
 * know the tags' key cannot make another set of records with the same sum. */
typedef struct store_root {
    uint64_t count;
    uint64_t sum[SEAL_TAG_BYTES / 8]; /* least significant first */
} store_root;

void root_add(store_root *root, const uint8_t tag[SEAL_TAG_BYTES]);
void root_subtract(store_root *root, const uint8_t tag[SEAL_TAG_BYTES]);
bool root_equals(const store_root *a, const store_root *b);

/* version (4) || count (8) || sum (32), all big-endian but the sum's words in the order above. */
status root_encode(const store_root *root, buffer *out);
/* CORRUPT when it is not that; UNSUPPORTED for a newer version. */
status root_decode(slice text, store_root *out);

/* The root's own place: before every other key. */
static inline slice root_key(void) { return SLICE("\0"); }

#endif
