/* Hashes through libcrypto's EVP, with contexts kept for the next message. */
#include "crypto/hash.h"

#include "crypto/libcrypto.h"

/* hash_once keeps a context per kind and thread: making one costs as much as hashing a short message. */
static _Thread_local hash_stream kept[HASH_KINDS];

size_t hash_size(enum hash_kind kind) {
    static const uint8_t sizes[HASH_KINDS] = {
        [HASH_MD5] = HASH_MD5_BYTES,       [HASH_SHA1] = HASH_SHA1_BYTES,     [HASH_SHA256] = HASH_SHA256_BYTES,
        [HASH_SHA384] = HASH_SHA384_BYTES, [HASH_SHA512] = HASH_SHA512_BYTES, [HASH_SHA224] = HASH_SHA224_BYTES,
        [HASH_SM3] = HASH_SM3_BYTES,
    };
    return (size_t)kind < HASH_KINDS ? sizes[kind] : 0;
}

size_t hash_block_size(enum hash_kind kind) { return kind == HASH_SHA384 || kind == HASH_SHA512 ? 128 : 64; }

status hash_begin(hash_stream *s, enum hash_kind kind) {
    if (s->context == NULL) s->context = EVP_MD_CTX_new();
    ENSURE(s->context != NULL, OUT_OF_MEMORY);
    const EVP_MD *algorithm = algorithm_hash(kind);
    ENSURE(algorithm != NULL, INTERNAL);
    s->kind = kind;
    return libcrypto_result(EVP_DigestInit_ex2(s->context, algorithm, NULL));
}

status hash_update(hash_stream *s, slice bytes) {
    if (bytes.len == 0) return OK;
    return libcrypto_result(EVP_DigestUpdate(s->context, bytes.at, bytes.len));
}

status hash_finish(hash_stream *s, uint8_t *out) { return libcrypto_result(EVP_DigestFinal_ex(s->context, out, NULL)); }

void hash_stream_clear(hash_stream *s) {
    EVP_MD_CTX_free(s->context);
    s->context = NULL;
}

status hash_once(enum hash_kind kind, slice bytes, uint8_t *out) {
    ENSURE((size_t)kind < HASH_KINDS, INTERNAL);
    hash_stream *s = &kept[kind];
    TRY(hash_begin(s, kind));
    TRY(hash_update(s, bytes));
    return hash_finish(s, out);
}
