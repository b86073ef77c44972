/* Argon2id by libargon2; one-time codes over our HMAC. */
#include "crypto/password.h"

#include <argon2.h>
#include <endian.h>

#include "crypto/mac.h"

const password_cost password_cost_default = {.memory_kib = 19 << 10, .passes = 2, .lanes = 1};

status password_hash(const password_cost *cost, slice salt, const secret *password, secret *out) {
    OWNED(secret) made = {0};
    TRY(secret_new(PASSWORD_HASH_BYTES, &made));
    slice given = secret_expose(password);
    argon2_context context = {.out = secret_fill(&made),
                              .outlen = PASSWORD_HASH_BYTES,
                              .pwd = (uint8_t *)(uintptr_t)given.at,
                              .pwdlen = (uint32_t)given.len,
                              .salt = (uint8_t *)(uintptr_t)salt.at,
                              .saltlen = (uint32_t)salt.len,
                              .t_cost = cost->passes,
                              .m_cost = cost->memory_kib,
                              .lanes = cost->lanes,
                              .threads = 1,
                              .version = ARGON2_VERSION_13,
                              .flags = ARGON2_DEFAULT_FLAGS};
    int result = argon2id_ctx(&context);
    ENSURE(result != ARGON2_MEMORY_ALLOCATION_ERROR, OUT_OF_MEMORY);
    ENSURE(result == ARGON2_OK, INVALID_PARAMETER);
    *out = made;
    made = (secret){0};
    return OK;
}

status totp_code(const secret *seed, int64_t step, char out[TOTP_DIGITS]) {
    uint8_t mac[HASH_SHA1_BYTES];
    uint64_t counter = htobe64((uint64_t)step);
    TRY(hmac_once(HASH_SHA1, seed, slice_of(&counter, sizeof counter), mac));
    const uint8_t *at = mac + (mac[HASH_SHA1_BYTES - 1] & 0x0f); /* RFC 4226 §5.3: dynamic truncation */
    uint32_t number = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
    for (int i = TOTP_DIGITS - 1; i >= 0; i--, number /= 10) out[i] = (char)('0' + number % 10);
    explicit_bzero(mac, sizeof mac);
    return OK;
}
