/* For the tests of this room: bytes written as hex, and checks of statuses and bytes. */
#ifndef CRYPTO_TEST_BYTES_H
#define CRYPTO_TEST_BYTES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/secret.h"
#include "base/text.h"
#include "crypto/start.h"

#define assert_ok(call) assert_string_equal(status_name(call), "OK")
#define assert_fails(call, name) assert_string_equal(status_name(call), #name)

static inline void assert_bytes(const void *at, size_t len, slice expected) {
    assert_int_equal(len, expected.len);
    if (len) assert_memory_equal(at, expected.at, len);
}

/* Lives until the process ends. */
static inline slice hex(const char *text) {
    static arena memory;
    slice bytes = {0};
    assert_ok(hex_decode(slice_of_text(text), &memory, &bytes));
    return bytes;
}

static inline secret secret_from(slice bytes) {
    secret made = {0};
    assert_ok(secret_copy(bytes, &made));
    return made;
}

static inline int start_crypto(void **state) {
    (void)state;
    return FAILED(crypto_start()) ? -1 : 0;
}

#endif
