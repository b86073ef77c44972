/* Sealing of records: what the engine gets instead of values, and tags that stand for records in the store's sum. */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/secret.h"
#include "store/store.h"

enum { SEAL_TAG_BYTES = 32 };

typedef struct sealer sealer;

/* Two keys are derived from the store's key (HKDF-SHA256, info "keyhold store values" and "keyhold store records").
 * INVALID_PARAMETER unless the key has STORE_KEY_BYTES. */
status sealer_new(const secret *key, sealer **out);
void sealer_free(sealer *s); /* NULL is allowed */

/* Seals row->value: XAES-256-GCM with revision (8 bytes, big-endian) and key as associated data. Appends. */
status sealer_seal(sealer *s, const store_row *row, buffer *out);
/* The value back, in the arena. CORRUPT when it was not sealed for this key and revision; OUT_OF_MEMORY. */
status sealer_open(sealer *s, const store_row *row, arena *memory, slice *value);
/* A keyed tag of key and revision (HMAC-SHA256 over revision, 8 bytes big-endian, and key). */
status sealer_tag(sealer *s, slice key, uint64_t revision, uint8_t out[SEAL_TAG_BYTES]);

#endif
