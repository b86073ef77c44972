/* Sealing of records under keys derived from the store's key. */
#include "store/seal.h"

#include <stdlib.h>

#include "crypto/kdf.h"
#include "crypto/mac.h"
#include "crypto/xaes.h"

struct sealer {
    xaes *values;
    secret records_key;
    buffer place; /* revision (8, big-endian) || key: what a sealed value and a tag are bound to */
};

static status sealer_prepare(sealer *s, const secret *key) {
    OWNED(secret) values_key = {0};
    TRY(hkdf_expand(HASH_SHA256, key, SLICE("keyhold store values"), XAES_KEY_BYTES, &values_key));
    TRY(xaes_new(&values_key, &s->values));
    return hkdf_expand(HASH_SHA256, key, SLICE("keyhold store records"), SEAL_TAG_BYTES, &s->records_key);
}

status sealer_new(const secret *key, sealer **out) {
    ENSURE(key->len == STORE_KEY_BYTES, INVALID_PARAMETER);
    sealer *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    status result = sealer_prepare(made, key);
    if (FAILED(result)) {
        sealer_free(made);
        return result;
    }
    *out = made;
    return OK;
}

void sealer_free(sealer *s) {
    if (!s) return;
    xaes_free(s->values);
    secret_clear(&s->records_key);
    buffer_clear(&s->place);
    free(s);
}

static status place_make(sealer *s, slice key, uint64_t revision) {
    buffer_reset(&s->place);
    TRY(buffer_append_u64(&s->place, revision));
    return buffer_append(&s->place, key);
}

status sealer_seal(sealer *s, const store_row *row, buffer *out) {
    TRY(place_make(s, row->key, row->revision));
    return xaes_seal(s->values, buffer_slice(&s->place), row->value, out);
}

status sealer_open(sealer *s, const store_row *row, arena *memory, slice *value) {
    ENSURE(row->value.len >= XAES_OVERHEAD_BYTES, CORRUPT);
    size_t plain_bytes = row->value.len - XAES_OVERHEAD_BYTES;
    uint8_t *plain = arena_take(memory, plain_bytes);
    ENSURE(plain != NULL, OUT_OF_MEMORY);
    TRY(place_make(s, row->key, row->revision));
    status opened = xaes_open_bytes(s->values, buffer_slice(&s->place), row->value, plain);
    if (FAILED_WITH(opened, VERIFICATION)) return FAIL(CORRUPT);
    TRY(opened);
    *value = slice_of(plain, plain_bytes);
    return OK;
}

status sealer_tag(sealer *s, slice key, uint64_t revision, uint8_t out[SEAL_TAG_BYTES]) {
    TRY(place_make(s, key, revision));
    return hmac_once(HASH_SHA256, &s->records_key, buffer_slice(&s->place), out);
}
