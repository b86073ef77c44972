/* Boxes between two processes. */
#include "crypto/box.h"

#include <endian.h>
#include <stdlib.h>

#include "crypto/aead.h"
#include "crypto/gcm.h"

struct box {
    aead *cipher;
    uint8_t own_side;
    uint8_t other_side;
    uint64_t sealed_count;
};

status box_new(const secret *key, enum box_side side, box **out) {
    ENSURE(key->len == BOX_KEY_BYTES, INVALID_PARAMETER);
    aead *cipher = NULL;
    TRY(aead_new(key, &cipher));
    box *made = calloc(1, sizeof *made);
    if (made == NULL) {
        aead_free(cipher);
        return FAIL(OUT_OF_MEMORY);
    }
    made->cipher = cipher;
    made->own_side = side == BOX_SIDE_A ? 'A' : 'B';
    made->other_side = side == BOX_SIDE_A ? 'B' : 'A';
    *out = made;
    return OK;
}

void box_free(box *b) {
    if (b == NULL) return;
    aead_free(b->cipher);
    free(b);
}

static void nonce_next(box *b, uint8_t nonce[AEAD_NONCE_BYTES]) {
    uint64_t counter = htobe64(b->sealed_count++);
    memset(nonce, 0, AEAD_NONCE_BYTES);
    nonce[0] = b->own_side;
    memcpy(nonce + 4, &counter, sizeof counter);
}

status box_seal(box *b, slice aad, slice plaintext, buffer *out) {
    ENSURE(plaintext.len <= AEAD_MAX_BYTES, TOO_LARGE);
    size_t size = plaintext.len + BOX_OVERHEAD_BYTES;
    TRY(sealed_reserve(out, size, &aad));
    uint8_t *at = out->at + out->len;
    nonce_next(b, at);
    TRY(aead_seal(b->cipher, at, aad, plaintext, at + AEAD_NONCE_BYTES));
    out->len += size;
    return OK;
}

status box_seal_secret(box *b, slice aad, const secret *plaintext, buffer *out) {
    return box_seal(b, aad, secret_expose(plaintext), out);
}

status box_seal_kept(box *b, slice aad, slice plaintext, arena *memory, slice *out) {
    buffer sealed;
    ENSURE(plaintext.len <= AEAD_MAX_BYTES, TOO_LARGE);
    TRY(arena_buffer(memory, plaintext.len + BOX_OVERHEAD_BYTES, &sealed));
    TRY(box_seal(b, aad, plaintext, &sealed));
    *out = buffer_slice(&sealed);
    return OK;
}

status box_open(box *b, slice aad, slice sealed, secret *out) {
    ENSURE(sealed.len >= BOX_OVERHEAD_BYTES, VERIFICATION);
    ENSURE(sealed.at[0] == b->other_side, VERIFICATION);
    OWNED(secret) made = {0};
    TRY(secret_new(sealed.len - BOX_OVERHEAD_BYTES, &made));
    TRY(aead_open(b->cipher, sealed.at, aad, slice_skip(sealed, AEAD_NONCE_BYTES), secret_fill(&made)));
    *out = made;
    made = (secret){0};
    return OK;
}

status box_open_plain(box *b, slice aad, slice sealed, arena *memory, slice *out) {
    ENSURE(sealed.len >= BOX_OVERHEAD_BYTES && sealed.at[0] == b->other_side, VERIFICATION);
    size_t len = sealed.len - BOX_OVERHEAD_BYTES;
    uint8_t *opened = arena_take_raw(memory, len + 1);
    ENSURE(opened != NULL, OUT_OF_MEMORY);
    TRY(aead_open(b->cipher, sealed.at, aad, slice_skip(sealed, AEAD_NONCE_BYTES), opened));
    opened[len] = 0; /* as behind all texts of an arena */
    *out = slice_of(opened, len);
    return OK;
}
