/* The ciphers of short keys against an independent reading of cipher.h (Python's cryptography), and what must not open. */
#include "crypto/cipher.h"

#include "crypto/test_bytes.h"

#define PLAIN SLICE("a plaintext of more than one block")
#define AAD SLICE("the aad")

static const struct example {
    enum cipher_kind kind;
    const char *key, *sealed; /* after the nonce 00 01 02 … 17 */
} examples[] = {
    {CIPHER_AES_128, "0102030405060708090a0b0c0d0e0f10",
     "f9c27d878f8bfba0e767f1e5044e941e1baec0cabd908fa5ed7b5c51fc25e905a3827d368d4a1faf00a6f2332eefdda64cff"},
    {CIPHER_AES_192, "0102030405060708090a0b0c0d0e0f101112131415161718",
     "6333e5eeac5c90d5ee66964ef245abc095d7b99e4be667a06ce1e94d136fffb1cd0662018af21fd471373c490f98fcfdb297"},
    {CIPHER_SM4, "0123456789abcdeffedcba9876543210",
     "e22fb935faf0b9226fa1a8795566d6ce6d890f082b8c0c9ee22c5908bc8124b4b289023d2bc181ae968f6ad4640ab59f1473"},
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

static void seal_example(const struct example *e, const secret *key, buffer *out) {
    uint8_t nonce[CIPHER_NONCE_BYTES];
    for (size_t i = 0; i < sizeof nonce; i++) nonce[i] = (uint8_t)i;
    assert_ok(cipher_seal_with_nonce(e->kind, key, AAD, PLAIN, nonce, out));
}

static void test_known_answers(void **state) {
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        OWNED(secret) key = secret_from(hex(examples[i].key));
        OWNED(secret) opened = {0};
        OWNED(buffer) sealed = {0};
        seal_example(&examples[i], &key, &sealed);
        assert_bytes(sealed.at + CIPHER_NONCE_BYTES, sealed.len - CIPHER_NONCE_BYTES, hex(examples[i].sealed));
        assert_ok(cipher_open(examples[i].kind, &key, AAD, buffer_slice(&sealed), &opened));
        assert_bytes(opened.hidden, opened.len, PLAIN);
    }
}

static void check_refused(const struct example *e, const secret *key, slice aad, slice sealed) {
    OWNED(secret) opened = {0};
    assert_fails(cipher_open(e->kind, key, aad, sealed, &opened), VERIFICATION);
    assert_null(opened.hidden);
}

static void test_what_must_not_open(void **state) {
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        const struct example *e = &examples[i];
        OWNED(secret) key = secret_from(hex(e->key));
        OWNED(buffer) sealed = {0};
        seal_example(e, &key, &sealed);
        slice whole = buffer_slice(&sealed);
        for (size_t at = 0; at < sealed.len; at++) {
            sealed.at[at] ^= 4;
            check_refused(e, &key, AAD, whole);
            sealed.at[at] ^= 4;
        }
        for (size_t len = 0; len < whole.len; len++) check_refused(e, &key, AAD, slice_head(whole, len));
        check_refused(e, &key, SLICE("the aac"), whole);
        check_refused(e, &key, SLICE(""), whole);
        key.hidden[3] ^= 1;
        check_refused(e, &key, AAD, whole);
    }
}

static void test_empty_and_random(void **state) {
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        OWNED(secret) key = secret_from(hex(examples[i].key));
        OWNED(secret) empty = {0};
        OWNED(secret) opened = {0};
        OWNED(buffer) sealed = {0};
        OWNED(buffer) again = {0};
        assert_ok(secret_new(0, &empty));
        assert_ok(cipher_seal(examples[i].kind, &key, SLICE(""), &empty, &sealed));
        assert_ok(cipher_seal(examples[i].kind, &key, SLICE(""), &empty, &again));
        assert_int_equal(sealed.len, CIPHER_OVERHEAD_BYTES);
        assert_memory_not_equal(sealed.at, again.at, CIPHER_NONCE_BYTES);
        assert_ok(cipher_open(examples[i].kind, &key, SLICE(""), buffer_slice(&sealed), &opened));
        assert_int_equal(opened.len, 0);
    }
}

static void test_keys_of_another_length(void **state) {
    (void)state;
    static const uint8_t BYTES[32];
    for (size_t i = 0; i < EXAMPLES; i++) {
        for (size_t len = 0; len <= 32; len += 4) {
            if (len == cipher_key_bytes(examples[i].kind)) continue;
            OWNED(secret) key = secret_from(slice_of(BYTES, len));
            OWNED(secret) plain = secret_from(PLAIN);
            OWNED(buffer) none = {0};
            assert_fails(cipher_seal(examples[i].kind, &key, AAD, &plain, &none), INVALID_PARAMETER);
            assert_int_equal(none.len, 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_what_must_not_open),
        cmocka_unit_test(test_empty_and_random),
        cmocka_unit_test(test_keys_of_another_length),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
