/* Asymmetric keys: what each kind can do, GM/T's examples for SM2, and what must not open or verify. */
#include "crypto/asymmetric.h"

#include "crypto/compare.h"
#include "crypto/test_bytes.h"

/* Made once: RSA takes long. */
static struct {
    secret private_der[ASYMMETRIC_KINDS];
    buffer public_der[ASYMMETRIC_KINDS];
    asymmetric *key[ASYMMETRIC_KINDS];
} made;

static bool is_made(size_t kind) { return kind != ASYMMETRIC_RSA_3072 && kind != ASYMMETRIC_RSA_4096; }

static int make_all(void **state) {
    if (start_crypto(state) != 0) return -1;
    for (size_t i = 0; i < ASYMMETRIC_KINDS; i++) {
        enum asymmetric_kind kind = (enum asymmetric_kind)i;
        if (!is_made(i)) continue;
        if (FAILED(asymmetric_generate(kind, &made.private_der[i]))) return -1;
        if (FAILED(asymmetric_public_of(kind, &made.private_der[i], &made.public_der[i]))) return -1;
        if (FAILED(asymmetric_from_private(kind, &made.private_der[i], &made.key[i]))) return -1;
    }
    return 0;
}

static int drop_all(void **state) {
    (void)state;
    for (size_t i = 0; i < ASYMMETRIC_KINDS; i++) {
        secret_clear(&made.private_der[i]);
        buffer_clear(&made.public_der[i]);
        asymmetric_free(made.key[i]);
    }
    return 0;
}

/* ---- reading */

static void test_kinds_are_told_apart(void **state) {
    (void)state;
    for (size_t i = 0; i < ASYMMETRIC_KINDS; i++) {
        if (!is_made(i)) continue;
        for (size_t j = 0; j < ASYMMETRIC_KINDS; j++) {
            if (i == j) continue;
            asymmetric *none = NULL;
            assert_fails(asymmetric_from_private((enum asymmetric_kind)j, &made.private_der[i], &none), MALFORMED);
            assert_fails(asymmetric_from_public((enum asymmetric_kind)j, buffer_slice(&made.public_der[i]), &none),
                         MALFORMED);
            assert_null(none);
        }
    }
}

static void test_malformed_keys(void **state) {
    (void)state;
    asymmetric *none = NULL;
    OWNED(secret) empty = {0};
    assert_fails(asymmetric_from_private(ASYMMETRIC_P256, &empty, &none), MALFORMED);
    assert_fails(asymmetric_from_public(ASYMMETRIC_P256, SLICE(""), &none), MALFORMED);
    for (size_t i = 0; i < ASYMMETRIC_KINDS; i++) {
        if (!is_made(i)) continue;
        enum asymmetric_kind kind = (enum asymmetric_kind)i;
        slice spki = buffer_slice(&made.public_der[i]);
        slice der = {made.private_der[i].hidden, made.private_der[i].len};
        OWNED(secret) cut = secret_from(slice_head(der, der.len - 1));
        OWNED(buffer) longer = {0};
        assert_ok(buffer_append(&longer, spki));
        assert_ok(buffer_append_byte(&longer, 0));
        assert_fails(asymmetric_from_private(kind, &cut, &none), MALFORMED);
        assert_fails(asymmetric_from_public(kind, slice_head(spki, spki.len - 1), &none), MALFORMED);
        assert_fails(asymmetric_from_public(kind, buffer_slice(&longer), &none), MALFORMED);
    }
}

/* The public half of another key inside: libcrypto would use it without a word. */
static void test_halves_that_do_not_belong_together(void **state) {
    (void)state;
    OWNED(secret) other = {0};
    OWNED(buffer) other_public = {0};
    assert_ok(asymmetric_generate(ASYMMETRIC_P256, &other));
    assert_ok(asymmetric_public_of(ASYMMETRIC_P256, &other, &other_public));
    OWNED(secret)
    mixed = secret_from((slice){made.private_der[ASYMMETRIC_P256].hidden, made.private_der[ASYMMETRIC_P256].len});
    slice point = slice_skip(buffer_slice(&other_public), other_public.len - 65);
    memcpy(mixed.hidden + mixed.len - 65, point.at, 65);
    asymmetric *none = NULL;
    assert_fails(asymmetric_from_private(ASYMMETRIC_P256, &mixed, &none), MALFORMED);
}

/* PKCS#8 starts SEQUENCE { INTEGER 0, SEQUENCE { rsaEncryption (1.2.840.113549.1.1.1) … (RFC 5958 §2). */
static void test_private_key_is_pkcs8(void **state) {
    (void)state;
    const secret *der = &made.private_der[ASYMMETRIC_RSA_2048];
    assert_int_equal(der->hidden[0], 0x30);
    assert_bytes(der->hidden + 4, 18, hex("020100300d06092a864886f70d0101010500"));
}

/* ---- encryption */

static void check_refused(const asymmetric *key, enum asymmetric_sealing how, slice sealed) {
    OWNED(secret) opened = {0};
    assert_fails(asymmetric_open(key, how, sealed, &opened), CIPHERTEXT);
    assert_null(opened.hidden);
}

static void check_round_trip(enum asymmetric_kind kind, enum asymmetric_sealing how, size_t bytes) {
    static uint8_t plain[8192];
    for (size_t i = 0; i < bytes; i++) plain[i] = (uint8_t)i;
    OWNED(buffer) sealed = {0};
    OWNED(secret) opened = {0};
    assert_ok(asymmetric_seal(made.key[kind], how, slice_of(plain, bytes), &sealed));
    assert_ok(asymmetric_open(made.key[kind], how, buffer_slice(&sealed), &opened));
    assert_bytes(opened.hidden, opened.len, slice_of(plain, bytes));
    for (size_t at = 0; at < sealed.len; at += sealed.len / 11 + 1) {
        sealed.at[at] ^= 0x20;
        check_refused(made.key[kind], how, buffer_slice(&sealed));
        sealed.at[at] ^= 0x20;
    }
    check_refused(made.key[kind], how, slice_head(buffer_slice(&sealed), sealed.len - 1));
    check_refused(made.key[kind], how, SLICE(""));
    assert_ok(buffer_append_byte(&sealed, 0));
    check_refused(made.key[kind], how, buffer_slice(&sealed));
    sealed.len--;
    if (how != SEALING_SM2)
        check_refused(made.key[kind], how == SEALING_OAEP_SHA1 ? SEALING_OAEP_SHA256 : SEALING_OAEP_SHA1,
                      buffer_slice(&sealed));
}

static void test_encryption(void **state) {
    (void)state;
    static const struct {
        enum asymmetric_kind kind;
        enum asymmetric_sealing how;
        size_t most;
    } ways[] = {{ASYMMETRIC_RSA_2048, SEALING_OAEP_SHA1, 214},
                {ASYMMETRIC_RSA_2048, SEALING_OAEP_SHA256, 190},
                {ASYMMETRIC_SM2, SEALING_SM2, 6047}};
    static uint8_t too_much[8192];
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(asymmetric_seal_most(ways[i].kind, ways[i].how), ways[i].most);
        check_round_trip(ways[i].kind, ways[i].how, 32);
        check_round_trip(ways[i].kind, ways[i].how, ways[i].most);
        OWNED(buffer) refused = {0};
        assert_fails(
            asymmetric_seal(made.key[ways[i].kind], ways[i].how, slice_of(too_much, ways[i].most + 1), &refused),
            TOO_LARGE);
        assert_int_equal(refused.len, 0);
    }
    assert_int_equal(asymmetric_seal_most(ASYMMETRIC_RSA_3072, SEALING_OAEP_SHA256), 318);
    assert_int_equal(asymmetric_seal_most(ASYMMETRIC_RSA_4096, SEALING_OAEP_SHA1), 470);
    OWNED(buffer) none = {0};
    OWNED(secret) nothing = {0};
    assert_fails(asymmetric_seal(made.key[ASYMMETRIC_P256], SEALING_OAEP_SHA1, SLICE("x"), &none), UNSUPPORTED);
    assert_fails(asymmetric_seal(made.key[ASYMMETRIC_RSA_2048], SEALING_SM2, SLICE("x"), &none), UNSUPPORTED);
    assert_fails(asymmetric_open(made.key[ASYMMETRIC_ED25519], SEALING_OAEP_SHA1, SLICE("x"), &nothing), UNSUPPORTED);
}

/* ---- signatures */

static const struct way {
    enum asymmetric_kind kind;
    signing how;
} ways_to_sign[] = {
    {ASYMMETRIC_RSA_2048, {SIGNING_PSS, HASH_SHA256, false}},
    {ASYMMETRIC_RSA_2048, {SIGNING_PSS, HASH_SHA384, false}},
    {ASYMMETRIC_RSA_2048, {SIGNING_PSS, HASH_SHA512, false}},
    {ASYMMETRIC_RSA_2048, {SIGNING_PKCS1, HASH_SHA256, false}},
    {ASYMMETRIC_RSA_2048, {SIGNING_PKCS1, HASH_SHA384, false}},
    {ASYMMETRIC_RSA_2048, {SIGNING_PKCS1, HASH_SHA512, false}},
    {ASYMMETRIC_P256, {SIGNING_ECDSA, HASH_SHA256, false}},
    {ASYMMETRIC_P384, {SIGNING_ECDSA, HASH_SHA384, false}},
    {ASYMMETRIC_P521, {SIGNING_ECDSA, HASH_SHA512, false}},
    {ASYMMETRIC_P256K, {SIGNING_ECDSA, HASH_SHA256, false}},
    {ASYMMETRIC_SM2, {SIGNING_SM2, HASH_SM3, false}},
    {ASYMMETRIC_ED25519, {SIGNING_ED25519, HASH_SHA512, false}},
};
enum { WAYS = sizeof ways_to_sign / sizeof *ways_to_sign };

static void check_signature(const asymmetric *key, const signing *how, slice message) {
    OWNED(buffer) signature = {0};
    assert_ok(asymmetric_sign(key, how, message, &signature));
    assert_ok(asymmetric_verify(key, how, message, buffer_slice(&signature)));
    uint8_t other[64] = {1};
    slice another = slice_of(other, how->is_digest ? message.len : sizeof other);
    assert_fails(asymmetric_verify(key, how, another, buffer_slice(&signature)), VERIFICATION);
    signature.at[signature.len - 1] ^= 1;
    assert_fails(asymmetric_verify(key, how, message, buffer_slice(&signature)), VERIFICATION);
    assert_fails(asymmetric_verify(key, how, message, SLICE("")), VERIFICATION);
}

static void test_signatures(void **state) {
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        signing how = ways_to_sign[i].how;
        const asymmetric *key = made.key[ways_to_sign[i].kind];
        uint8_t digest[HASH_MAX_BYTES];
        OWNED(buffer) none = {0};
        check_signature(key, &how, SLICE("message"));
        how.is_digest = true;
        assert_ok(hash_once(how.hash, SLICE("message"), digest));
        slice right = slice_of(digest, hash_size(how.hash));
        if (how.scheme == SIGNING_ED25519) {
            assert_fails(asymmetric_sign(key, &how, right, &none), UNSUPPORTED);
            continue;
        }
        check_signature(key, &how, right);
        assert_fails(asymmetric_sign(key, &how, slice_head(right, right.len - 1), &none), INVALID_PARAMETER);
        assert_fails(asymmetric_verify(key, &how, SLICE("short"), right), INVALID_PARAMETER);
        assert_int_equal(none.len, 0);
    }
}

static void test_schemes_are_for_their_kinds(void **state) {
    (void)state;
    OWNED(buffer) none = {0};
    for (size_t i = 0; i < WAYS; i++) {
        for (size_t kind = 0; kind < ASYMMETRIC_KINDS; kind++) {
            bool fits = false;
            for (size_t j = 0; j < WAYS; j++)
                fits |= ways_to_sign[j].kind == kind && ways_to_sign[j].how.scheme == ways_to_sign[i].how.scheme;
            if (fits || !is_made(kind)) continue;
            assert_fails(asymmetric_sign(made.key[kind], &ways_to_sign[i].how, SLICE("x"), &none), UNSUPPORTED);
            assert_fails(asymmetric_verify(made.key[kind], &ways_to_sign[i].how, SLICE("x"), SLICE("y")), UNSUPPORTED);
        }
    }
}

/* ---- SM2: the examples of GM/T 0003.5 annexes A and C */

static slice sm2_private(void) {
    return hex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"
               "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8a14403420004"
               "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
               "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
}

static void test_sm2_known_answers(void **state) {
    (void)state;
    OWNED(secret) der = secret_from(sm2_private());
    OWNED(secret) opened = {0};
    asymmetric *key = NULL;
    assert_ok(asymmetric_from_private(ASYMMETRIC_SM2, &der, &key));
    slice signature = hex("3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
                          "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa");
    signing how = {.scheme = SIGNING_SM2};
    assert_ok(asymmetric_verify(key, &how, SLICE("message digest"), signature));
    how.is_digest = true; /* e of the example: SM3 over Z and the message */
    assert_ok(asymmetric_verify(key, &how, hex("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"),
                                signature));
    slice sealed = hex("307c022004ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
                       "022100e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
                       "042059983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
                       "041321886ca989ca9c7d58087307ca93092d651efa");
    assert_ok(asymmetric_open(key, SEALING_SM2, sealed, &opened));
    assert_bytes(opened.hidden, opened.len, SLICE("encryption standard"));
    asymmetric_free(key);
}

/* ---- key agreement */

static void test_agreement(void **state) {
    (void)state;
    OWNED(secret) one = {0};
    OWNED(secret) two = {0};
    OWNED(secret) der = {0};
    OWNED(buffer) spki = {0};
    asymmetric *other = NULL;
    assert_ok(asymmetric_generate(ASYMMETRIC_P384, &der));
    assert_ok(asymmetric_public_of(ASYMMETRIC_P384, &der, &spki));
    assert_ok(asymmetric_from_private(ASYMMETRIC_P384, &der, &other));
    assert_ok(asymmetric_agree(made.key[ASYMMETRIC_P384], buffer_slice(&spki), &one));
    assert_ok(asymmetric_agree(other, buffer_slice(&made.public_der[ASYMMETRIC_P384]), &two));
    assert_bytes(one.hidden, one.len, slice_of(two.hidden, two.len));
    OWNED(secret) none = {0};
    assert_fails(asymmetric_agree(other, buffer_slice(&made.public_der[ASYMMETRIC_P256]), &none), INVALID_PARAMETER);
    assert_fails(asymmetric_agree(other, SLICE("no key"), &none), INVALID_PARAMETER);
    assert_fails(asymmetric_agree(made.key[ASYMMETRIC_P256K], buffer_slice(&made.public_der[ASYMMETRIC_P256K]), &none),
                 UNSUPPORTED);
    asymmetric_free(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_are_told_apart),
        cmocka_unit_test(test_malformed_keys),
        cmocka_unit_test(test_halves_that_do_not_belong_together),
        cmocka_unit_test(test_private_key_is_pkcs8),
        cmocka_unit_test(test_encryption),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_schemes_are_for_their_kinds),
        cmocka_unit_test(test_sm2_known_answers),
        cmocka_unit_test(test_agreement),
    };
    return cmocka_run_group_tests(tests, make_all, drop_all);
}
