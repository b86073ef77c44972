/* Argon2id (RFC 9106) for what people remember, and time-based one-time codes (RFC 6238) for what they carry. */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/secret.h"

enum { PASSWORD_SALT_BYTES = 16, PASSWORD_HASH_BYTES = 32 };

/* What one hash costs. */
typedef struct password_cost {
    uint32_t memory_kib, passes, lanes;
} password_cost;

/* 19 MiB and two passes over one lane: some 25 ms. */
extern const password_cost password_cost_default;

/* `out` gets PASSWORD_HASH_BYTES, to be compared with bytes_equal_secret. The working memory is the process's own, and
 * overwritten. OUT_OF_MEMORY; INVALID_PARAMETER for a cost or salt the function does not have. */
status password_hash(const password_cost *cost, slice salt, const secret *password, secret *out);

enum { TOTP_SEED_BYTES = 20, TOTP_STEP_S = 30, TOTP_DIGITS = 6 };

/* The code of a step (Unix seconds / TOTP_STEP_S) by HMAC-SHA-1, six digits (RFC 4226 §5.3). `out` has room for them. */
status totp_code(const secret *seed, int64_t step, char out[TOTP_DIGITS]);

#endif
