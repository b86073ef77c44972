/* Cryptographic hashes: MD5 (RFC 1321), SHA-1, SHA-224, SHA-256, SHA-384, SHA-512 (FIPS 180-4), SM3 (GB/T 32905). MD5 and
 * SHA-1 are for protocols that prescribe them. */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/slice.h"
#include "base/status.h"

enum hash_kind { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512, HASH_SHA224, HASH_SM3 };
enum { HASH_KINDS = 7, HASH_MAX_BYTES = 64, HASH_MAX_BLOCK_BYTES = 128 };
enum { HASH_MD5_BYTES = 16, HASH_SHA1_BYTES = 20, HASH_SHA256_BYTES = 32 };
enum { HASH_SHA384_BYTES = 48, HASH_SHA512_BYTES = 64, HASH_SHA224_BYTES = 28, HASH_SM3_BYTES = 32 };

/* Bytes of the digest: 16 to 64. */
size_t hash_size(enum hash_kind kind);
/* Bytes the function works on at a time: 64, or 128 for SHA-384 and SHA-512. */
size_t hash_block_size(enum hash_kind kind);

/* `out` has hash_size(kind) bytes. INTERNAL. */
status hash_once(enum hash_kind kind, slice bytes, uint8_t *out);

/* A hash over bytes that come in pieces. Start with {0}; one stream may be begun again and again, which reuses its
 * memory. hash_stream_clear frees it, finished or not. */
typedef struct hash_stream {
    struct evp_md_ctx_st *context;
    enum hash_kind kind;
} hash_stream;

status hash_begin(hash_stream *s, enum hash_kind kind); /* drops what was hashed before */
status hash_update(hash_stream *s, slice bytes);
/* The digest of all since hash_begin, hash_size(kind) bytes; then only begin or clear. */
status hash_finish(hash_stream *s, uint8_t *out);
void hash_stream_clear(hash_stream *s);

#endif
