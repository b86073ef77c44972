/* KWP by libcrypto. */
#include "crypto/wrap.h"

#include "crypto/compare.h"
#include "crypto/libcrypto.h"

enum { BLOCK_BYTES = 8 };

static status run(const secret *key, int encrypts, slice from, uint8_t *out, int *written) {
    FREED(EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new();
    ENSURE(context != NULL, OUT_OF_MEMORY);
    const EVP_CIPHER *algorithm = algorithm_short(SHORT_CIPHER_AES256_KWP);
    ENSURE(algorithm != NULL, INTERNAL);
    EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    TRY(libcrypto_result(EVP_CipherInit_ex2(context, algorithm, secret_expose(key).at, NULL, encrypts, NULL)));
    status result = libcrypto_result(EVP_CipherUpdate(context, out, written, from.at, (int)from.len));
    stack_wipe();
    return result;
}

status wrap_seal(const secret *key, const secret *material, buffer *out) {
    ENSURE(key->len == WRAP_KEY_BYTES, INVALID_PARAMETER);
    ENSURE(material->len > 0 && material->len <= WRAP_MOST, TOO_LARGE);
    int written = 0;
    TRY(buffer_reserve(out, material->len + 3 * BLOCK_BYTES));
    TRY(run(key, 1, secret_expose(material), out->at + out->len, &written));
    out->len += (size_t)written;
    return OK;
}

status wrap_open(const secret *key, slice wrapped, secret *out) {
    ENSURE(key->len == WRAP_KEY_BYTES, INVALID_PARAMETER);
    bool is_possible =
        wrapped.len >= 2 * BLOCK_BYTES && wrapped.len % BLOCK_BYTES == 0 && wrapped.len <= WRAP_MOST + 2 * BLOCK_BYTES;
    ENSURE(is_possible, VERIFICATION);
    OWNED(secret) whole = {0};
    int written = 0;
    TRY(secret_new(wrapped.len, &whole));
    status opened = run(key, 0, wrapped, secret_fill(&whole), &written);
    if (FAILED(opened)) return FAILED_WITH(opened, OUT_OF_MEMORY) ? opened : FAIL(VERIFICATION);
    ENSURE(written > 0, VERIFICATION);
    return secret_copy(slice_head(secret_expose(&whole), (size_t)written), out);
}
