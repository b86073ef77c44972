/* Constant-time comparison and overwriting. */
#include "crypto/compare.h"

#include <openssl/crypto.h>

enum { STACK_WIPED_BYTES = 4096 };

bool bytes_equal_secret(slice a, slice b) {
    if (a.len != b.len) return false;
    return a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0;
}

void bytes_wipe(void *at, size_t len) {
    if (len) explicit_bzero(at, len);
}

__attribute__((noinline)) void stack_wipe(void) {
    __attribute__((uninitialized)) uint8_t below[STACK_WIPED_BYTES];
    explicit_bzero(below, sizeof below);
}
