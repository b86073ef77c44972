/* HKDF over our HMAC. */
#include "crypto/kdf.h"

#include "crypto/compare.h"
#include "crypto/mac.h"

static bool kind_is_offered(enum hash_kind kind) { return kind == HASH_SHA256 || kind == HASH_SHA512; }

status hkdf_extract(enum hash_kind kind, slice salt, const secret *input, secret *out) {
    ENSURE(kind_is_offered(kind), UNSUPPORTED);
    OWNED(secret) made = {0};
    TRY(secret_new(hash_size(kind), &made));
    /* An empty HMAC key is padded with zeros, which is the zero salt of RFC 5869 §2.2. */
    TRY(hmac_bytes(kind, salt, secret_expose(input), secret_fill(&made)));
    *out = made;
    made = (secret){0};
    return OK;
}

/* T(n) = HMAC(key, T(n-1) || info || n); output = T(1) || T(2) || … */
status hkdf_expand(enum hash_kind kind, const secret *key, slice info, size_t len, secret *out) {
    ENSURE(kind_is_offered(kind), UNSUPPORTED);
    size_t step = hash_size(kind);
    ENSURE(len <= 255 * step, TOO_LARGE);
    size_t steps = (len + step - 1) / step;
    OWNED(secret) whole = {0};
    TRY(secret_new(steps * step, &whole));
    for (size_t i = 0; i < steps; i++) {
        uint8_t number = (uint8_t)(i + 1);
        uint8_t *here = secret_fill(&whole) + i * step;
        slice parts[] = {i ? slice_of(here - step, step) : SLICE(""), info, slice_of(&number, 1)};
        TRY(hmac_parts(kind, secret_expose(key), &(hmac_text){parts, 3}, here));
    }
    return secret_copy(slice_head(secret_expose(&whole), len), out);
}
