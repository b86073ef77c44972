/* Cobblestone-256. */
#include "crypto/chunked.h"

#include <endian.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "crypto/compare.h"
#include "crypto/gcm.h"
#include "crypto/kdf.h"
#include "crypto/random.h"

enum { SALT_BYTES = 24, COMMITMENT_BYTES = 32, MAX_CONTEXT_BYTES = 64 * 1024 };

struct chunked {
    gcm cipher;
    uint8_t header[CHUNKED_HEADER_BYTES];
    uint8_t base_nonce[GCM_NONCE_BYTES];
};

/* key || base nonce || commitment */
enum { DERIVED_BYTES = GCM_KEY_BYTES + GCM_NONCE_BYTES + COMMITMENT_BYTES };

static status keys_derive(const secret *data_key, slice context, slice salt, secret *out) {
    ENSURE(data_key->len == CHUNKED_KEY_BYTES, INVALID_PARAMETER);
    ENSURE(context.len <= MAX_CONTEXT_BYTES, TOO_LARGE);
    OWNED(buffer) info = {0};
    TRY(buffer_append_text(&info, "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM"));
    TRY(buffer_append_byte(&info, 0));
    TRY(buffer_append(&info, salt));
    TRY(buffer_append(&info, context));
    return hkdf_expand(HASH_SHA512, data_key, buffer_slice(&info), DERIVED_BYTES, out);
}

static status chunked_new(slice derived, slice salt, chunked **out) {
    OWNED(gcm) cipher = {0};
    TRY(gcm_begin(&cipher));
    TRY(gcm_set_key(&cipher, derived.at));
    chunked *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    made->cipher = cipher;
    cipher = (gcm){0};
    const uint8_t *base_nonce = derived.at + GCM_KEY_BYTES;
    memcpy(made->base_nonce, base_nonce, GCM_NONCE_BYTES);
    memcpy(made->header, salt.at, SALT_BYTES);
    memcpy(made->header + SALT_BYTES, base_nonce + GCM_NONCE_BYTES, COMMITMENT_BYTES);
    *out = made;
    return OK;
}

status chunked_new_sealer_with_salt(const secret *data_key, slice context, const uint8_t salt[24], chunked **out) {
    OWNED(secret) derived = {0};
    slice salt_bytes = slice_of(salt, SALT_BYTES);
    TRY(keys_derive(data_key, context, salt_bytes, &derived));
    return chunked_new(secret_expose(&derived), salt_bytes, out);
}

status chunked_new_sealer(const secret *data_key, slice context, chunked **out) {
    uint8_t salt[SALT_BYTES];
    TRY(random_fill(salt, sizeof salt));
    return chunked_new_sealer_with_salt(data_key, context, salt, out);
}

status chunked_new_opener(const secret *data_key, slice context, const uint8_t header[CHUNKED_HEADER_BYTES],
                          chunked **out) {
    OWNED(secret) derived = {0};
    slice salt = slice_of(header, SALT_BYTES);
    TRY(keys_derive(data_key, context, salt, &derived));
    slice commitment = slice_skip(secret_expose(&derived), GCM_KEY_BYTES + GCM_NONCE_BYTES);
    ENSURE(bytes_equal_secret(commitment, slice_of(header + SALT_BYTES, COMMITMENT_BYTES)), VERIFICATION);
    return chunked_new(secret_expose(&derived), salt, out);
}

void chunked_free(chunked *c) {
    if (c == NULL) return;
    gcm_clear(&c->cipher);
    bytes_wipe(c, sizeof *c);
    free(c);
}

void chunked_header(const chunked *c, uint8_t out[CHUNKED_HEADER_BYTES]) {
    memcpy(out, c->header, CHUNKED_HEADER_BYTES);
}

/* The base nonce XOR the chunk's number, big-endian and as wide as the nonce. */
static void nonce_of_chunk(const chunked *c, uint64_t chunk, uint8_t nonce[GCM_NONCE_BYTES]) {
    uint64_t tail;
    uint8_t *low = nonce + GCM_NONCE_BYTES - sizeof tail;
    memcpy(nonce, c->base_nonce, GCM_NONCE_BYTES);
    memcpy(&tail, low, sizeof tail);
    tail ^= htobe64(chunk);
    memcpy(low, &tail, sizeof tail);
}

static bool chunks_fit(uint64_t first_chunk, uint64_t count) {
    return first_chunk < CHUNKED_MAX_CHUNKS && count <= CHUNKED_MAX_CHUNKS - first_chunk;
}

static status chunk_seal(chunked *c, uint64_t chunk, slice plaintext, uint8_t *out) {
    uint8_t nonce[GCM_NONCE_BYTES];
    nonce_of_chunk(c, chunk, nonce);
    return gcm_seal(&c->cipher, &(gcm_message){.nonce = nonce, .text = plaintext}, out);
}

status chunked_seal(chunked *c, uint64_t first_chunk, slice plaintext, uint8_t *out) {
    ENSURE(chunks_fit(first_chunk, plaintext.len / CHUNKED_PLAIN_BYTES + 1), TOO_LARGE);
    while (plaintext.len) {
        TRY(chunk_seal(c, first_chunk++, slice_head(plaintext, CHUNKED_PLAIN_BYTES), out));
        plaintext = slice_skip(plaintext, CHUNKED_PLAIN_BYTES);
        out += CHUNKED_SEALED_BYTES;
    }
    return OK;
}

status chunked_seal_final(chunked *c, uint64_t first_chunk, slice plaintext, uint8_t *out) {
    TRY(chunked_seal(c, first_chunk, plaintext, out));
    if (plaintext.len % CHUNKED_PLAIN_BYTES != 0) return OK;
    uint64_t full = plaintext.len / CHUNKED_PLAIN_BYTES;
    return chunk_seal(c, first_chunk + full, SLICE(""), out + full * CHUNKED_SEALED_BYTES);
}

static status chunk_open(chunked *c, uint64_t chunk, slice sealed, uint8_t *out) {
    uint8_t nonce[GCM_NONCE_BYTES];
    nonce_of_chunk(c, chunk, nonce);
    return gcm_open(&c->cipher, &(gcm_message){.nonce = nonce, .text = sealed}, out);
}

static status run_open(chunked *c, uint64_t first_chunk, slice sealed, uint8_t *out) {
    ENSURE(chunks_fit(first_chunk, sealed.len / CHUNKED_SEALED_BYTES + 1), TOO_LARGE);
    while (sealed.len) {
        TRY(chunk_open(c, first_chunk++, slice_head(sealed, CHUNKED_SEALED_BYTES), out));
        sealed = slice_skip(sealed, CHUNKED_SEALED_BYTES);
        out += CHUNKED_PLAIN_BYTES;
    }
    return OK;
}

/* Bytes a run of chunks opens to, also where its last chunk is too short to be one. */
static size_t run_plain_size(size_t sealed_bytes) {
    size_t full = sealed_bytes / CHUNKED_SEALED_BYTES;
    size_t tail = sealed_bytes % CHUNKED_SEALED_BYTES;
    return full * CHUNKED_PLAIN_BYTES + (tail > CHUNKED_TAG_BYTES ? tail - CHUNKED_TAG_BYTES : 0);
}

status chunked_open(chunked *c, uint64_t first_chunk, slice sealed, uint8_t *out) {
    status result = run_open(c, first_chunk, sealed, out);
    if (FAILED(result)) bytes_wipe(out, run_plain_size(sealed.len));
    return result;
}

status chunked_open_final(chunked *c, uint64_t first_chunk, slice sealed, uint8_t *out) {
    if (sealed.len % CHUNKED_SEALED_BYTES < CHUNKED_TAG_BYTES) {
        bytes_wipe(out, run_plain_size(sealed.len));
        return FAIL(VERIFICATION);
    }
    return chunked_open(c, first_chunk, sealed, out);
}

uint64_t chunked_offset(uint64_t chunk) { return CHUNKED_HEADER_BYTES + chunk * CHUNKED_SEALED_BYTES; }

uint64_t chunked_sealed_size(uint64_t plain_bytes) {
    return CHUNKED_HEADER_BYTES + chunked_run_sealed_size_final(plain_bytes);
}

bool chunked_plain_size(uint64_t sealed_bytes, uint64_t *plain_bytes) {
    if (sealed_bytes < CHUNKED_HEADER_BYTES + CHUNKED_TAG_BYTES) return false;
    uint64_t full = (sealed_bytes - CHUNKED_HEADER_BYTES) / CHUNKED_SEALED_BYTES;
    uint64_t tail = (sealed_bytes - CHUNKED_HEADER_BYTES) % CHUNKED_SEALED_BYTES;
    if (tail < CHUNKED_TAG_BYTES || full >= CHUNKED_MAX_CHUNKS) return false;
    *plain_bytes = full * CHUNKED_PLAIN_BYTES + tail - CHUNKED_TAG_BYTES;
    return true;
}
