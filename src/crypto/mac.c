/* HMAC from two hashes (RFC 2104 §2): libcrypto's own HMAC costs twice the set-up. */
#include "crypto/mac.h"

#include "crypto/compare.h"

enum { INNER_PAD = 0x36, OUTER_PAD = 0x5c };

/* One stream per kind and thread, kept for the next message. */
static _Thread_local hash_stream kept[HASH_KINDS];

/* Keys longer than a block stand for their hash. */
static status key_fit(enum hash_kind kind, slice key, uint8_t block[HASH_MAX_BLOCK_BYTES]) {
    memset(block, 0, HASH_MAX_BLOCK_BYTES);
    if (key.len > hash_block_size(kind)) return hash_once(kind, key, block);
    if (key.len) memcpy(block, key.at, key.len);
    return OK;
}

static void block_xor(uint8_t block[HASH_MAX_BLOCK_BYTES], uint8_t pad) {
    for (size_t i = 0; i < HASH_MAX_BLOCK_BYTES; i++) block[i] ^= pad;
}

/* `block` is the fitted key and is left changed. */
static status hmac_run(enum hash_kind kind, uint8_t block[HASH_MAX_BLOCK_BYTES], const hmac_text *text, uint8_t *out) {
    hash_stream *s = &kept[kind];
    slice padded = slice_of(block, hash_block_size(kind));
    uint8_t inner[HASH_MAX_BYTES];
    block_xor(block, INNER_PAD);
    TRY(hash_begin(s, kind));
    TRY(hash_update(s, padded));
    for (size_t i = 0; i < text->count; i++) TRY(hash_update(s, text->parts[i]));
    TRY(hash_finish(s, inner));
    block_xor(block, INNER_PAD ^ OUTER_PAD);
    TRY(hash_begin(s, kind));
    TRY(hash_update(s, padded));
    TRY(hash_update(s, slice_of(inner, hash_size(kind))));
    return hash_finish(s, out);
}

status hmac_parts(enum hash_kind kind, slice key, const hmac_text *text, uint8_t *out) {
    ENSURE((size_t)kind < HASH_KINDS, INTERNAL);
    uint8_t block[HASH_MAX_BLOCK_BYTES];
    status result = key_fit(kind, key, block);
    if (!FAILED(result)) result = hmac_run(kind, block, text, out);
    bytes_wipe(block, sizeof block);
    stack_wipe();
    return result;
}

status hmac_bytes(enum hash_kind kind, slice key, slice text, uint8_t *out) {
    return hmac_parts(kind, key, &(hmac_text){&text, 1}, out);
}

status hmac_once(enum hash_kind kind, const secret *key, slice text, uint8_t *out) {
    return hmac_bytes(kind, secret_expose(key), text, out);
}
