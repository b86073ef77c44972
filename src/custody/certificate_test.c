/* Keys of certificates in the vault: the request is the owner's words, and nothing but an operation on the certificate uses the key. */
#include "crypto/asymmetric.h"
#include "custody/test_house.h"

static test_house house;

static int begin(void **state) {
    (void)state;
    test_house_begin(&house);
    return 0;
}

static int end(void **state) {
    (void)state;
    test_house_end(&house);
    return 0;
}

static key_act making(int spec) {
    key_act act = test_new_key_act();
    act.act = VAULT_ACT_NEW_CERTIFICATE;
    act.spec = spec;
    act.subject = SLICE("CN=www.example.org,O=Example");
    return act;
}

static slice make(int spec) {
    slice key = test_act(&house, "CreateCertificate", making(spec))->output;
    ASSERT_ANSWER(&house, OK);
    return key;
}

static key_act using(int act, slice key) {
    key_act made = test_new_key_act();
    made.act = act;
    made.key = key;
    made.is_certificate = SET_BOOL(true);
    return made;
}

static void a_request_comes_with_the_key(void **state) {
    (void)state;
    static const int SPECS[] = {KEY_SPEC_EC_P256, KEY_SPEC_EC_SM2};
    for (size_t i = 0; i < 2; i++) {
        const key_result *made = test_act(&house, "CreateCertificate", making(SPECS[i]));
        ASSERT_ANSWER(&house, OK);
        assert_int_equal(house.done.use_count, 1);
        assert_int_equal(house.done.uses[0].act, VAULT_ACT_NEW_CERTIFICATE);
        assert_true(slice_starts_with(made->extra, SLICE("-----BEGIN CERTIFICATE REQUEST-----")));
        assert_true(made->public.len > 0);
        assert_memory_equal(made->output.at, "KH\x01X", 4);
    }
    test_act(&house, "CreateCertificate", making(KEY_SPEC_RSA_2048));
    assert_true(house.done.wants_pair);
}

static void what_is_wrong_is_refused(void **state) {
    (void)state;
    static const int SPECS[] = {KEY_SPEC_ALIYUN_AES_256, KEY_SPEC_RSA_4096, KEY_SPEC_EC_P384, KEY_SPEC_EC_ED25519};
    for (size_t i = 0; i < 4; i++) {
        test_act(&house, "CreateCertificate", making(SPECS[i]));
        assert_true(FAILED((status){(enum status_code)house.done.used.failure.value})); /* nobody can sign for it */
        assert_int_equal(house.done.use_count, 0);
    }
    key_act act = making(KEY_SPEC_EC_P256);
    act.subject = SLICE("O=Example");
    test_act(&house, "CreateCertificate", act);
    ASSERT_ANSWER(&house, CERTIFICATE_SUBJECT);
    act.subject = SLICE("CN=x,C=CHN");
    test_act(&house, "CreateCertificate", act);
    ASSERT_ANSWER(&house, CERTIFICATE_SUBJECT);
    slice names[] = {SLICE("example.org"), SLICE("not a name")};
    act.subject = SLICE("CN=x");
    act.names.at = names, act.names.count = 2;
    test_act(&house, "CreateCertificate", act);
    ASSERT_ANSWER(&house, CERTIFICATE_NAMES);
    assert_int_equal(house.done.use_count, 0);
}

static void run_otherwise(const char *action, key_act signed_for, key_act done) {
    use_message use = test_use(&house, action, &signed_for);
    use.acts.at = &done;
    test_run(&house, &use, TEST_NOW_S);
}

/* Whoever holds core or a gateway gets no request for another name or another kind of key signed. */
static void only_the_words_that_were_signed(void **state) {
    (void)state;
    slice names[] = {SLICE("a.example"), SLICE("b.example")}, turned[] = {SLICE("b.example"), SLICE("a.example")};
    key_act good = making(KEY_SPEC_EC_P256);
    good.names.at = names, good.names.count = 2;
    key_act wrong[] = {good, good, good, good, good, good};
    wrong[0].subject = SLICE("CN=bank.example,O=Example");
    wrong[1].names.count = 1;
    wrong[2].names.at = turned;
    wrong[3].spec = KEY_SPEC_EC_SM2;
    wrong[4].is_certificate = SET_BOOL(true);
    wrong[5].act = VAULT_ACT_NEW_KEY;
    run_otherwise("CreateCertificate", good, good);
    ASSERT_ANSWER(&house, OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        run_otherwise("CreateCertificate", good, wrong[i]);
        ASSERT_ANSWER(&house, NO_PERMISSION);
    }
}

static void a_message_unless_said_otherwise(void **state) {
    (void)state;
    uint8_t digest[HASH_MAX_BYTES];
    key_act sign = using(VAULT_ACT_SIGN, make(KEY_SPEC_EC_P256));
    sign.signing = SIGNING_ALGORITHM_ECDSA_SHA_256;
    sign.message_type = MESSAGE_TYPE_RAW;
    sign.input = test_boxed(&house, SLICE("a message"));
    slice signature = test_act(&house, "CertificatePrivateKeySign", sign)->output;
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 1);
    key_act check = sign;
    check.act = VAULT_ACT_CHECK_SIGNATURE;
    check.value = signature;
    assert_true(test_act(&house, "CertificatePublicKeyVerify", check)->is_valid.value);
    check.value = test_flip(&house, signature, 99);
    assert_false(test_act(&house, "CertificatePublicKeyVerify", check)->is_valid.value);
    ASSERT_OK(hash_once(HASH_SHA256, SLICE("a message"), digest));
    key_act by_digest = using(VAULT_ACT_CHECK_SIGNATURE, sign.key);
    by_digest.signing = sign.signing;
    by_digest.message_type = MESSAGE_TYPE_DIGEST;
    by_digest.value = signature;
    by_digest.input = test_boxed(&house, slice_of(digest, 32));
    assert_true(test_act(&house, "CertificatePublicKeyVerify", by_digest)->is_valid.value);
    /* signed for as a message, done as a digest */
    key_act raw = sign, as_digest = sign;
    raw.message_type = 0;
    as_digest.message_type = MESSAGE_TYPE_DIGEST;
    run_otherwise("CertificatePrivateKeySign", raw, as_digest);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

static void encryption(void **state) {
    (void)state;
    key_act encrypt = using(VAULT_ACT_ENCRYPT, make(KEY_SPEC_EC_SM2));
    encrypt.encryption = ENCRYPTION_ALGORITHM_SM2_PKE;
    encrypt.input = test_boxed(&house, SLICE("plain"));
    slice blob = test_act(&house, "CertificatePublicKeyEncrypt", encrypt)->output;
    ASSERT_ANSWER(&house, OK);
    key_act decrypt = encrypt;
    decrypt.act = VAULT_ACT_DECRYPT;
    decrypt.input = blob;
    const key_result *plain = test_act(&house, "CertificatePrivateKeyDecrypt", decrypt);
    ASSERT_ANSWER(&house, OK);
    assert_true(slice_equals_text(test_unboxed(&house, plain->boxed), "plain"));
    for (size_t bit = 0; bit < blob.len * 8; bit += 11) {
        decrypt.input = test_flip(&house, blob, bit);
        test_act(&house, "CertificatePrivateKeyDecrypt", decrypt);
        ASSERT_ANSWER(&house, CIPHERTEXT);
    }
    key_act wrong = encrypt;
    wrong.encryption = ENCRYPTION_ALGORITHM_RSAES_OAEP_SHA_256;
    test_act(&house, "CertificatePublicKeyEncrypt", wrong);
    ASSERT_ANSWER(&house, KEY_ALGORITHM);
    wrong.encryption = ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT;
    test_act(&house, "CertificatePublicKeyEncrypt", wrong);
    ASSERT_ANSWER(&house, KEY_ALGORITHM);
}

/* A certificate's key is no customer master key, even under its ids; and the other way round. */
static void two_kinds_of_keys_are_not_mixed(void **state) {
    (void)state;
    slice certificate = make(KEY_SPEC_EC_P256);
    key_act new_key = test_new_key_act();
    new_key.spec = KEY_SPEC_EC_P256, new_key.usage = KEY_USAGE_SIGN_VERIFY;
    slice key = test_act(&house, "CreateKey", new_key)->output;
    ASSERT_ANSWER(&house, OK);
    uint8_t digest[32] = {7};
    key_act sign = using(VAULT_ACT_SIGN, certificate);
    sign.signing = SIGNING_ALGORITHM_ECDSA_SHA_256;
    sign.message_type = MESSAGE_TYPE_DIGEST;
    sign.input = test_boxed(&house, slice_of(digest, 32));
    test_act(&house, "CertificatePrivateKeySign", sign);
    ASSERT_ANSWER(&house, OK);
    test_act(&house, "AsymmetricSign", sign);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    sign.key = key;
    test_act(&house, "CertificatePrivateKeySign", sign);
    ASSERT_ANSWER(&house, CORRUPT);
    sign.is_certificate = (maybe_bool){0};
    test_act(&house, "AsymmetricSign", sign);
    ASSERT_ANSWER(&house, OK);
    test_act(&house, "CertificatePrivateKeySign", sign);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    sign.key = certificate;
    test_act(&house, "AsymmetricSign", sign);
    ASSERT_ANSWER(&house, CORRUPT);
}

static void only_the_certificate_that_is_signed_for(void **state) {
    (void)state;
    static const uint8_t OTHER_ID[16] = "otherotherother";
    key_act sign = using(VAULT_ACT_SIGN, make(KEY_SPEC_EC_P256));
    sign.signing = SIGNING_ALGORITHM_ECDSA_SHA_256;
    sign.message_type = MESSAGE_TYPE_RAW;
    sign.input = test_boxed(&house, SLICE("m"));
    key_act other = sign;
    other.key_id = slice_of(OTHER_ID, 16);
    run_otherwise("CertificatePrivateKeySign", other, sign);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    run_otherwise("CertificatePrivateKeySign", sign, other);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    run_otherwise("CertificatePublicKeyVerify", sign, sign);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    run_otherwise("CertificatePrivateKeySign", sign, sign);
    ASSERT_ANSWER(&house, OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_comes_with_the_key),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(only_the_words_that_were_signed),
        cmocka_unit_test(a_message_unless_said_otherwise),
        cmocka_unit_test(encryption),
        cmocka_unit_test(two_kinds_of_keys_are_not_mixed),
        cmocka_unit_test(only_the_certificate_that_is_signed_for),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
