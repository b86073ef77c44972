/* RSA-OAEP: both hashes, the sizes, and what must not open. */
#include "crypto/rsa.h"

#include "crypto/test_bytes.h"

/* Made once: key generation is slow. */
static struct {
    secret private_der;
    buffer public_der;
} pair;

static int make_pair(void **state) {
    if (start_crypto(state) != 0) return -1;
    if (FAILED(rsa_generate(2048, &pair.private_der))) return -1;
    return FAILED(rsa_public(&pair.private_der, &pair.public_der)) ? -1 : 0;
}

static int drop_pair(void **state) {
    (void)state;
    secret_clear(&pair.private_der);
    buffer_clear(&pair.public_der);
    return 0;
}

static void check_refused(const secret *key, enum hash_kind kind, slice sealed) {
    OWNED(secret) opened = {0};
    assert_fails(rsa_open_oaep(key, kind, sealed, &opened), KEY_MATERIAL);
    assert_null(opened.hidden);
}

static void test_round_trips(void **state) {
    (void)state;
    static const struct {
        enum hash_kind kind;
        size_t most;
    } kinds[] = {{HASH_SHA1, 214}, {HASH_SHA256, 190}};
    uint8_t plain[256];
    for (size_t i = 0; i < sizeof plain; i++) plain[i] = (uint8_t)i;
    for (size_t k = 0; k < 2; k++) {
        size_t sizes[] = {0, 1, 32, kinds[k].most};
        for (size_t i = 0; i < 4; i++) {
            OWNED(buffer) sealed = {0};
            OWNED(secret) opened = {0};
            slice plaintext = slice_of(plain, sizes[i]);
            assert_ok(rsa_seal_oaep(buffer_slice(&pair.public_der), kinds[k].kind, plaintext, &sealed));
            assert_int_equal(sealed.len, 256);
            assert_ok(rsa_open_oaep(&pair.private_der, kinds[k].kind, buffer_slice(&sealed), &opened));
            assert_bytes(opened.hidden, opened.len, plaintext);
            check_refused(&pair.private_der, kinds[1 - k].kind, buffer_slice(&sealed));
        }
        OWNED(buffer) refused = {0};
        slice too_much = slice_of(plain, kinds[k].most + 1);
        assert_fails(rsa_seal_oaep(buffer_slice(&pair.public_der), kinds[k].kind, too_much, &refused), TOO_LARGE);
        assert_int_equal(refused.len, 0);
    }
}

static void test_what_must_not_open(void **state) {
    (void)state;
    OWNED(buffer) sealed = {0};
    assert_ok(rsa_seal_oaep(buffer_slice(&pair.public_der), HASH_SHA256, SLICE("key material"), &sealed));
    for (size_t at = 0; at < sealed.len; at += 15) {
        sealed.at[at] ^= 0x20;
        check_refused(&pair.private_der, HASH_SHA256, buffer_slice(&sealed));
        sealed.at[at] ^= 0x20;
    }
    check_refused(&pair.private_der, HASH_SHA256, slice_head(buffer_slice(&sealed), 255));
    check_refused(&pair.private_der, HASH_SHA256, SLICE(""));
    assert_ok(buffer_append_byte(&sealed, 0));
    check_refused(&pair.private_der, HASH_SHA256, buffer_slice(&sealed));
    sealed.len--;
    OWNED(secret) no_key = secret_from(SLICE("not a key"));
    check_refused(&no_key, HASH_SHA256, buffer_slice(&sealed));
    OWNED(secret) cut = secret_from(slice_of(pair.private_der.hidden, pair.private_der.len - 1));
    check_refused(&cut, HASH_SHA256, buffer_slice(&sealed));
}

static void test_malformed_keys(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    OWNED(secret) no_key = secret_from(SLICE("not a key"));
    OWNED(secret) none = {0};
    slice spki = buffer_slice(&pair.public_der);
    assert_fails(rsa_public(&no_key, &out), MALFORMED);
    assert_fails(rsa_seal_oaep(slice_head(spki, spki.len - 1), HASH_SHA256, SLICE("x"), &out), MALFORMED);
    assert_fails(rsa_seal_oaep(SLICE(""), HASH_SHA256, SLICE("x"), &out), MALFORMED);
    assert_fails(rsa_seal_oaep(spki, HASH_MD5, SLICE("x"), &out), UNSUPPORTED);
    assert_fails(rsa_open_oaep(&pair.private_der, HASH_SHA512, SLICE("x"), &none), UNSUPPORTED);
    assert_fails(rsa_generate(1024, &none), UNSUPPORTED);
    assert_int_equal(out.len, 0);
}

/* PKCS#8 starts SEQUENCE { INTEGER 0, SEQUENCE { rsaEncryption (1.2.840.113549.1.1.1) … (RFC 5958 §2). */
static void test_private_key_is_pkcs8(void **state) {
    (void)state;
    assert_int_equal(pair.private_der.hidden[0], 0x30);
    assert_bytes(pair.private_der.hidden + 4, 18, hex("020100300d06092a864886f70d0101010500"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_what_must_not_open),
        cmocka_unit_test(test_malformed_keys),
        cmocka_unit_test(test_private_key_is_pkcs8),
    };
    return cmocka_run_group_tests(tests, make_pair, drop_pair);
}
