/* HMAC against RFC 4231 and RFC 2202, HKDF against RFC 5869. */
#include "crypto/mac.h"

#include "crypto/compare.h"
#include "crypto/kdf.h"
#include "crypto/test_bytes.h"

static void check_hmac(enum hash_kind kind, slice key, slice text, const char *expected) {
    uint8_t mac[HASH_MAX_BYTES];
    OWNED(secret) hidden = secret_from(key);
    assert_ok(hmac_once(kind, &hidden, text, mac));
    assert_bytes(mac, hash_size(kind), hex(expected));
    memset(mac, 0, sizeof mac);
    assert_ok(hmac_bytes(kind, key, text, mac));
    assert_bytes(mac, hash_size(kind), hex(expected));
    slice parts[] = {slice_head(text, 5), SLICE(""), slice_skip(text, 5)};
    assert_ok(hmac_parts(kind, key, &(hmac_text){parts, 3}, mac));
    assert_bytes(mac, hash_size(kind), hex(expected));
}

static void test_rfc4231(void **state) {
    (void)state;
    slice key1 = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    check_hmac(HASH_SHA256, key1, SLICE("Hi There"),
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    check_hmac(HASH_SHA512, key1, SLICE("Hi There"),
               "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
               "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
    slice text2 = SLICE("what do ya want for nothing?");
    check_hmac(HASH_SHA256, SLICE("Jefe"), text2, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    check_hmac(HASH_SHA384, SLICE("Jefe"), text2,
               "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
    check_hmac(HASH_SHA512, SLICE("Jefe"), text2,
               "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
               "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

/* Test cases 6 of both: keys longer than a block. */
static void test_long_keys(void **state) {
    (void)state;
    uint8_t key[131];
    memset(key, 0xaa, sizeof key);
    slice text = SLICE("Test Using Larger Than Block-Size Key - Hash Key First");
    check_hmac(HASH_SHA256, slice_of(key, 131), text,
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    check_hmac(HASH_SHA512, slice_of(key, 131), text,
               "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
               "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
    check_hmac(HASH_SHA1, slice_of(key, 80), text, "aa4ae5e15272d00e95705637ce8a3b55ed402112");
    check_hmac(HASH_MD5, slice_of(key, 80), text, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
}

static void test_rfc2202(void **state) {
    (void)state;
    slice text = SLICE("what do ya want for nothing?");
    check_hmac(HASH_SHA1, SLICE("Jefe"), text, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    check_hmac(HASH_MD5, SLICE("Jefe"), text, "750c783e6ab0b503eaa86e310a5db738");
}

static void test_empty_key_and_text(void **state) {
    (void)state;
    check_hmac(HASH_SHA256, SLICE(""), SLICE(""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

typedef struct hkdf_case {
    const char *input, *salt, *info;
    size_t len;
    const char *key, *output;
} hkdf_case;

/* RFC 5869 appendices A.1 to A.3. */
static const hkdf_case hkdf_cases[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42,
     "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
     "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f"
     "909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
     "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     82, "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
     "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "", 42,
     "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

static void test_rfc5869(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof hkdf_cases / sizeof hkdf_cases[0]; i++) {
        const hkdf_case *c = &hkdf_cases[i];
        OWNED(secret) input = secret_from(hex(c->input));
        OWNED(secret) key = {0};
        OWNED(secret) output = {0};
        assert_ok(hkdf_extract(HASH_SHA256, hex(c->salt), &input, &key));
        assert_bytes(key.hidden, key.len, hex(c->key));
        assert_ok(hkdf_expand(HASH_SHA256, &key, hex(c->info), c->len, &output));
        assert_bytes(output.hidden, output.len, hex(c->output));
    }
}

static void test_expand_limits(void **state) {
    (void)state;
    OWNED(secret) key = secret_from(SLICE("0123456789abcdef0123456789abcdef"));
    OWNED(secret) most = {0};
    OWNED(secret) none = {0};
    OWNED(secret) refused = {0};
    assert_ok(hkdf_expand(HASH_SHA512, &key, SLICE("x"), 255 * 64, &most));
    assert_int_equal(most.len, 255 * 64);
    assert_ok(hkdf_expand(HASH_SHA512, &key, SLICE("x"), 0, &none));
    assert_int_equal(none.len, 0);
    assert_fails(hkdf_expand(HASH_SHA512, &key, SLICE("x"), 255 * 64 + 1, &refused), TOO_LARGE);
    assert_fails(hkdf_expand(HASH_SHA256, &key, SLICE("x"), 255 * 32 + 1, &refused), TOO_LARGE);
    assert_fails(hkdf_expand(HASH_MD5, &key, SLICE("x"), 16, &refused), UNSUPPORTED);
    assert_fails(hkdf_extract(HASH_SHA1, SLICE("x"), &key, &refused), UNSUPPORTED);
    assert_null(refused.hidden);
}

static void test_compare(void **state) {
    (void)state;
    assert_true(bytes_equal_secret(SLICE("same"), SLICE("same")));
    assert_true(bytes_equal_secret(SLICE(""), (slice){0}));
    assert_false(bytes_equal_secret(SLICE("same"), SLICE("samE")));
    assert_false(bytes_equal_secret(SLICE("same"), SLICE("sam")));
    uint8_t bytes[] = {1, 2, 3};
    bytes_wipe(bytes, sizeof bytes);
    assert_bytes(bytes, sizeof bytes, hex("000000"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc4231), cmocka_unit_test(test_long_keys),
        cmocka_unit_test(test_rfc2202), cmocka_unit_test(test_empty_key_and_text),
        cmocka_unit_test(test_rfc5869), cmocka_unit_test(test_expand_limits),
        cmocka_unit_test(test_compare),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
