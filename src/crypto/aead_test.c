/* AES-256-GCM in both engines: the vectors of the GCM specification, every change refused, both alike at every size. */
#include "crypto/aead.h"

#include "crypto/gcm.h"
#include "crypto/test_bytes.h"

typedef struct gcm_case {
    const char *key, *nonce, *aad, *plaintext, *sealed;
} gcm_case;

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 to 16. */
static const gcm_case gcm_cases[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "",
     "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

static aead *aead_under(slice key) {
    OWNED(secret) hidden = secret_from(key);
    aead *made = NULL;
    assert_ok(aead_new(&hidden, &made));
    return made;
}

static void check_case(const gcm_case *c) {
    aead *a = aead_under(hex(c->key));
    slice sealed = hex(c->sealed), plaintext = hex(c->plaintext), aad = hex(c->aad);
    uint8_t made[128];
    assert_ok(aead_seal(a, hex(c->nonce).at, aad, plaintext, made));
    assert_bytes(made, plaintext.len + AEAD_TAG_BYTES, sealed);
    uint8_t opened[128];
    assert_ok(aead_open(a, hex(c->nonce).at, aad, sealed, opened));
    assert_bytes(opened, plaintext.len, plaintext);
    assert_ok(aead_open(a, hex(c->nonce).at, aad, sealed, made)); /* in place */
    aead_free(a);
}

static void test_known_answers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof gcm_cases / sizeof gcm_cases[0]; i++) check_case(&gcm_cases[i]);
}

static void check_refused(aead *a, const uint8_t *nonce, slice aad, slice sealed) {
    uint8_t opened[128], zeros[128] = {0};
    memset(opened, 0x55, sizeof opened);
    assert_fails(aead_open(a, nonce, aad, sealed, opened), VERIFICATION);
    if (sealed.len > AEAD_TAG_BYTES) assert_memory_equal(opened, zeros, sealed.len - AEAD_TAG_BYTES);
}

static void test_every_flipped_bit_is_refused(void **state) {
    (void)state;
    const gcm_case *c = &gcm_cases[3];
    aead *a = aead_under(hex(c->key));
    slice sealed = hex(c->sealed), aad = hex(c->aad);
    uint8_t changed[128], nonce[12];
    memcpy(nonce, hex(c->nonce).at, sizeof nonce);
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        memcpy(changed, sealed.at, sealed.len);
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_refused(a, nonce, aad, slice_of(changed, sealed.len));
    }
    for (size_t len = 0; len < sealed.len; len++) check_refused(a, nonce, aad, slice_head(sealed, len));
    check_refused(a, nonce, slice_skip(aad, 1), sealed);
    check_refused(a, nonce, (slice){0}, sealed);
    nonce[11] ^= 1;
    check_refused(a, nonce, aad, sealed);
    aead_free(a);
    a = aead_under(hex(gcm_cases[0].key));
    check_refused(a, hex(c->nonce).at, aad, sealed);
    aead_free(a);
}

static void test_other_key_sizes_are_refused(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 16, 24, 31, 33};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        OWNED(secret) key = {0};
        assert_ok(secret_new(sizes[i], &key));
        aead *a = NULL;
        assert_fails(aead_new(&key, &a), INVALID_PARAMETER);
        assert_null(a);
    }
}

static gcm engine_under(const gcm_engine *engine, slice key) {
    gcm made = {0};
    gcm_engine_use(engine);
    assert_ok(gcm_begin(&made));
    assert_ok(gcm_set_key(&made, key.at));
    gcm_engine_choose();
    return made;
}

/* Lengths of text and of aad around every block boundary, one engine sealing and the other opening. */
static void test_engines_agree(void **state) {
    (void)state;
    if (gcm_engine_ipsec_mb() == NULL) skip();
    slice key = hex(gcm_cases[3].key);
    OWNED(gcm) a = engine_under(gcm_engine_libcrypto(), key);
    OWNED(gcm) b = engine_under(gcm_engine_ipsec_mb(), key);
    enum { MOST = 1100 };
    uint8_t plain[MOST], by_a[MOST + 16], by_b[MOST + 16], opened[MOST + 16];
    for (size_t i = 0; i < MOST; i++) plain[i] = (uint8_t)(i * 7 + 1);
    for (size_t len = 0; len <= MOST; len++) {
        gcm_message m = {hex("000102030405060708090a0b").at, slice_of(plain, len * 13 % 97), slice_of(plain, len)};
        assert_ok(gcm_seal(&a, &m, by_a));
        assert_ok(gcm_seal(&b, &m, by_b));
        assert_memory_equal(by_a, by_b, len + 16);
        m.text = slice_of(by_a, len + 16);
        assert_ok(gcm_open(&b, &m, opened));
        if (len) assert_memory_equal(opened, plain, len);
        assert_ok(gcm_open(&a, &m, opened));
        by_a[len * 31 % (len + 16)] ^= 0x10;
        assert_fails(gcm_open(&a, &m, opened), VERIFICATION);
        assert_fails(gcm_open(&b, &m, opened), VERIFICATION);
    }
}

static void test_forgotten_keys(void **state) {
    (void)state;
    OWNED(gcm) g = engine_under(gcm_engine_libcrypto(), hex(gcm_cases[0].key));
    gcm_message m = {.nonce = hex("000000000000000000000000").at};
    uint8_t tag[16];
    gcm_forget_key(&g);
    assert_fails(gcm_seal(&g, &m, tag), INTERNAL);
    assert_ok(gcm_set_key(&g, hex(gcm_cases[0].key).at));
    assert_ok(gcm_seal(&g, &m, tag));
    assert_bytes(tag, 16, hex(gcm_cases[0].sealed));
}

static int use_libcrypto(void **state) {
    (void)state;
    gcm_engine_use(gcm_engine_libcrypto());
    return 0;
}

static int use_best(void **state) {
    (void)state;
    gcm_engine_choose();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test_setup_teardown(test_known_answers, use_libcrypto, use_best),
        cmocka_unit_test(test_every_flipped_bit_is_refused),
        cmocka_unit_test_setup_teardown(test_every_flipped_bit_is_refused, use_libcrypto, use_best),
        cmocka_unit_test(test_other_key_sizes_are_refused),
        cmocka_unit_test(test_engines_agree),
        cmocka_unit_test(test_forgotten_keys),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
