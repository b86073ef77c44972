/* Cobblestone-256 of c2sp.org/chunked-encryption: large messages in AES-256-GCM chunks, with key commitment and random
 * access.
 *
 *   sealed = salt (24) || commitment (32) || chunk 0 || chunk 1 || … || last chunk
 *   chunk  = ciphertext (16384) || tag (16); the last one is always shorter, empty if need be
 *
 * Chunk k stands at offset 56 + k * 16400 and holds the plaintext from k * 16384. That the last chunk is short marks
 * the end: whoever needs the whole message opens its end with chunked_open_final, which refuses a truncated one. */
#ifndef CRYPTO_CHUNKED_H
#define CRYPTO_CHUNKED_H

#include "base/secret.h"

enum {
    CHUNKED_KEY_BYTES = 32,
    CHUNKED_HEADER_BYTES = 24 + 32,
    CHUNKED_PLAIN_BYTES = 16384,
    CHUNKED_TAG_BYTES = 16,
    CHUNKED_SEALED_BYTES = CHUNKED_PLAIN_BYTES + CHUNKED_TAG_BYTES
};
#define CHUNKED_MAX_CHUNKS (UINT64_C(1) << 38)

typedef struct chunked chunked;

/* For one new message, under a random salt. `context` binds it to its place and may be empty (at most 64 KiB).
 * INVALID_PARAMETER unless the key has 32 bytes; TOO_LARGE, OUT_OF_MEMORY, INTERNAL. */
status chunked_new_sealer(const secret *data_key, slice context, chunked **out);

/* For known-answer tests: the salt is given. A salt used twice under one key gives the plaintexts away. */
status chunked_new_sealer_with_salt(const secret *data_key, slice context, const uint8_t salt[24], chunked **out);

/* For reading. VERIFICATION when key, context or header do not belong together. */
status chunked_new_opener(const secret *data_key, slice context, const uint8_t header[CHUNKED_HEADER_BYTES],
                          chunked **out);
void chunked_free(chunked *c); /* overwrites the key schedule; NULL is allowed */

/* What stands before chunk 0. */
void chunked_header(const chunked *c, uint8_t out[CHUNKED_HEADER_BYTES]);

/* Seals plaintext as chunks first_chunk, first_chunk + 1, …: full ones, and a short one if plaintext.len is no multiple
 * of 16384, which then ends the message. Writes chunked_run_sealed_size(plaintext.len) bytes. No chunk number may be
 * sealed twice. `out` must not overlap plaintext. TOO_LARGE past chunk 2^38. */
status chunked_seal(chunked *c, uint64_t first_chunk, slice plaintext, uint8_t *out);

/* The same for the end of a message: always ends in a short chunk, an empty one when plaintext.len is a multiple of
 * 16384 (or 0). Writes chunked_run_sealed_size_final(plaintext.len) bytes. */
status chunked_seal_final(chunked *c, uint64_t first_chunk, slice plaintext, uint8_t *out);

/* Opens a run of chunks: full ones, and at most one short one at the end. Writes sealed.len minus 16 per chunk.
 * VERIFICATION when a chunk was changed, moved or cut; `out` is then all zeros. `out` must not overlap sealed. */
status chunked_open(chunked *c, uint64_t first_chunk, slice sealed, uint8_t *out);

/* The same, but VERIFICATION too unless the run ends in a short chunk: the message ends here and is not truncated. */
status chunked_open_final(chunked *c, uint64_t first_chunk, slice sealed, uint8_t *out);

/* Bytes of a run of chunks without the header. */
static inline uint64_t chunked_run_sealed_size(uint64_t plain_bytes) {
    return plain_bytes + (plain_bytes + CHUNKED_PLAIN_BYTES - 1) / CHUNKED_PLAIN_BYTES * CHUNKED_TAG_BYTES;
}
static inline uint64_t chunked_run_sealed_size_final(uint64_t plain_bytes) {
    return plain_bytes + (plain_bytes / CHUNKED_PLAIN_BYTES + 1) * CHUNKED_TAG_BYTES;
}

/* Bytes of a whole sealed message, header included; plain_bytes < 4 PiB. */
uint64_t chunked_sealed_size(uint64_t plain_bytes);
/* The way back; false when no message has this sealed size (which a truncated one often has not). */
bool chunked_plain_size(uint64_t sealed_bytes, uint64_t *plain_bytes);
/* Where a chunk begins in the sealed message. */
uint64_t chunked_offset(uint64_t chunk);

#endif
