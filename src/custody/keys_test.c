/* Keys of every kind in use: signatures, MACs, agreement, what stays inside between two acts, versions, and the one act nobody signs for. */
#include "contract/key_spec.h"
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

typedef struct made_key {
    slice sealed, public_der;
} made_key;

static key_act making(int spec, int usage) {
    key_act act = test_new_key_act();
    act.spec = spec, act.usage = usage;
    return act;
}

static made_key make(int spec, int usage) {
    const key_result *made = test_act(&house, "CreateKey", making(spec, usage));
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 1);
    return (made_key){made->output, made->public};
}

static key_act with(int act, slice material) {
    key_act made = test_new_key_act();
    made.act = act, made.key = material;
    return made;
}

/* ---- making */

static void keys_are_made_for_what_their_spec_can_do(void **state) {
    (void)state;
    for (int spec = KEY_SPEC_ALIYUN_AES_256; spec <= KEY_SPEC_HMAC_SM3; spec++) {
        const key_spec_row *row = key_spec_get(spec);
        for (int usage = KEY_USAGE_ENCRYPT_DECRYPT; usage <= KEY_USAGE_KEY_AGREEMENT; usage++) {
            key_act act = making(spec, usage);
            test_act(&house, "CreateKey", act);
            if (!key_spec_has_usage(spec, usage)) {
                ASSERT_ANSWER(&house, KEY_USAGE);
                continue;
            }
            enum asymmetric_kind kind;
            if (row->family == KEY_FAMILY_ASYMMETRIC && asymmetric_is_slow(row->pair)) {
                assert_true(house.done.wants_pair); /* RSA pairs are made elsewhere */
                assert_int_equal(house.done.wanted, row->pair);
                continue;
            }
            (void)kind;
            ASSERT_ANSWER(&house, OK);
            assert_int_equal(house.done.used.results.at[0].public.len > 0, row->family == KEY_FAMILY_ASYMMETRIC);
        }
    }
    test_act(&house, "CreateKey", making(KEY_SPEC_HMAC_SM3 + 1, 0));
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

static void symmetric_keys_of_every_spec_encrypt(void **state) {
    (void)state;
    static const int SPECS[] = {KEY_SPEC_ALIYUN_AES_256, KEY_SPEC_ALIYUN_AES_128, KEY_SPEC_ALIYUN_AES_192,
                                KEY_SPEC_ALIYUN_SM4};
    for (size_t i = 0; i < 4; i++) {
        slice key = make(SPECS[i], 0).sealed;
        key_act encrypt = with(VAULT_ACT_ENCRYPT, key);
        encrypt.input = test_boxed(&house, SLICE("plain")), encrypt.context = SLICE("\0\1a\0\1b");
        slice blob = test_act(&house, "Encrypt", encrypt)->output;
        ASSERT_ANSWER(&house, OK);
        key_act decrypt = with(VAULT_ACT_DECRYPT, key);
        decrypt.input = blob, decrypt.context = SLICE("\0\1a\0\1b");
        const key_result *opened_again = test_act(&house, "Decrypt", decrypt);
        ASSERT_ANSWER(&house, OK);
        assert_true(slice_equals_text(test_unboxed(&house, opened_again->boxed), "plain"));
        for (size_t bit = 0; bit < blob.len * 8; bit += 13) {
            decrypt.input = test_flip(&house, blob, bit);
            test_act(&house, "Decrypt", decrypt);
            ASSERT_ANSWER(&house, CIPHERTEXT);
        }
        decrypt.input = blob, decrypt.context = SLICE("\0\1a\0\1c");
        test_act(&house, "Decrypt", decrypt);
        ASSERT_ANSWER(&house, CIPHERTEXT);
    }
}

/* ---- signatures and MACs */

static void signatures(void **state) {
    (void)state;
    made_key key = make(KEY_SPEC_EC_P256, KEY_USAGE_SIGN_VERIFY);
    uint8_t digest[HASH_MAX_BYTES] = {7};
    key_act sign = with(VAULT_ACT_SIGN, key.sealed);
    sign.signing = SIGNING_ALGORITHM_ECDSA_SHA_256, sign.input = test_boxed(&house, slice_of(digest, 32));
    slice signature = test_act(&house, "AsymmetricSign", sign)->output;
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 1);
    asymmetric *public_half = NULL;
    const signing how = {SIGNING_ECDSA, HASH_SHA256, true};
    ASSERT_OK(asymmetric_from_public(ASYMMETRIC_P256, key.public_der, &public_half));
    ASSERT_OK(asymmetric_verify(public_half, &how, slice_of(digest, 32), signature));
    asymmetric_free(public_half);
    key_act check = sign;
    check.act = VAULT_ACT_CHECK_SIGNATURE, check.value = signature;
    assert_true(test_act(&house, "AsymmetricVerify", check)->is_valid.value);
    check.value = test_flip(&house, signature, 99);
    assert_false(test_act(&house, "AsymmetricVerify", check)->is_valid.value);
    ASSERT_ANSWER(&house, OK);
    test_act(&house, "AsymmetricVerify", sign);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* who asks for a check gets no signature */
    use_message other = test_use(&house, "AsymmetricSign", &sign);
    sign.input = test_boxed(&house, slice_of(digest + 1, 32));
    test_run(&house, &other, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* nor does the gateway: another digest than the one that was signed for */
    sign.input = test_boxed(&house, slice_of(digest, 32));
    sign.signing = SIGNING_ALGORITHM_SM2_DSA;
    test_act(&house, "AsymmetricSign", sign);
    ASSERT_ANSWER(&house, KEY_ALGORITHM);
    sign.signing = SIGNING_ALGORITHM_ECDSA_SHA_256, sign.input = slice_of(digest, 32);
    test_act(&house, "AsymmetricSign", sign);
    ASSERT_ANSWER(&house, VERIFICATION); /* core has no say in what is signed: the message comes in the gateway's box */
    sign.input = test_boxed(&house, slice_of(digest, 31));
    test_act(&house, "AsymmetricSign", sign);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
    sign.key = make(KEY_SPEC_EC_P256, KEY_USAGE_KEY_AGREEMENT).sealed;
    test_act(&house, "AsymmetricSign", sign);
    ASSERT_ANSWER(&house, KEY_USAGE);
}

static void macs(void **state) {
    (void)state;
    key_act act = with(VAULT_ACT_GENERATE_MAC, make(KEY_SPEC_HMAC_SM3, KEY_USAGE_GENERATE_VERIFY_MAC).sealed);
    act.mac = MAC_ALGORITHM_HMAC_SM3, act.input = test_boxed(&house, SLICE("message"));
    slice mac = test_act(&house, "GenerateMac", act)->output;
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(mac.len, 32);
    act.act = VAULT_ACT_CHECK_MAC, act.value = mac;
    assert_true(test_act(&house, "VerifyMac", act)->is_valid.value);
    act.value = slice_head(mac, 31);
    assert_false(test_act(&house, "VerifyMac", act)->is_valid.value);
    act.value = test_flip(&house, mac, 255);
    assert_false(test_act(&house, "VerifyMac", act)->is_valid.value);
    act.mac = MAC_ALGORITHM_HMAC_SHA_256;
    test_act(&house, "VerifyMac", act);
    ASSERT_ANSWER(&house, KEY_ALGORITHM);
    act.mac = MAC_ALGORITHM_HMAC_SM3, act.act = VAULT_ACT_ENCRYPT;
    test_act(&house, "Encrypt", act);
    ASSERT_ANSWER(&house, KEY_USAGE); /* a MAC key encrypts nothing */
}

static void agreement(void **state) {
    (void)state;
    made_key one = make(KEY_SPEC_EC_P384, KEY_USAGE_KEY_AGREEMENT),
             two = make(KEY_SPEC_EC_P384, KEY_USAGE_KEY_AGREEMENT);
    key_act act = with(VAULT_ACT_AGREE, one.sealed);
    act.value = two.public_der;
    slice first = test_unboxed(&house, test_act(&house, "DeriveSharedSecret", act)->boxed);
    act.key = two.sealed, act.value = one.public_der;
    slice second = test_unboxed(&house, test_act(&house, "DeriveSharedSecret", act)->boxed);
    assert_int_equal(first.len, 48);
    assert_true(slice_equals(first, second));
    act.value = make(KEY_SPEC_EC_P256, KEY_USAGE_KEY_AGREEMENT).public_der;
    test_act(&house, "DeriveSharedSecret", act);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
}

static void asymmetric_encryption(void **state) {
    (void)state;
    key_act act = with(VAULT_ACT_ENCRYPT, make(KEY_SPEC_EC_SM2, KEY_USAGE_ENCRYPT_DECRYPT).sealed);
    act.encryption = ENCRYPTION_ALGORITHM_SM2_PKE, act.input = test_boxed(&house, SLICE("plain"));
    slice blob = test_act(&house, "AsymmetricEncrypt", act)->output;
    ASSERT_ANSWER(&house, OK);
    act.act = VAULT_ACT_DECRYPT, act.input = blob;
    slice plain = test_unboxed(&house, test_act(&house, "AsymmetricDecrypt", act)->boxed);
    assert_true(slice_equals_text(plain, "plain"));
    act.input = test_flip(&house, blob, blob.len * 8 - 3);
    test_act(&house, "AsymmetricDecrypt", act);
    ASSERT_ANSWER(&house, CIPHERTEXT);
    act.input = blob, act.encryption = ENCRYPTION_ALGORITHM_RSAES_OAEP_SHA_1;
    test_act(&house, "AsymmetricDecrypt", act);
    ASSERT_ANSWER(&house, KEY_ALGORITHM);
    act.encryption = ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT;
    test_act(&house, "AsymmetricDecrypt", act);
    ASSERT_ANSWER(&house, KEY_ALGORITHM);
}

/* ---- what stays inside */

/* Signed for `honest`, run as `forged`. */
static void test_forged_two(const char *action, const key_act honest[2], const key_act forged[2]) {
    key_act *both = (key_act *)(uintptr_t)honest;
    OWNED(buffer) text = {0};
    ASSERT_OK(buffer_printf(&text, "POST&%%2F&Action%%3D%s%%26Version%%3D2016-01-20", action));
    for (size_t i = 0; i < 2; i++) test_bound_parameters(&house, action, &both[i], &text);
    use_message use = test_use(&house, action, both);
    use.proof = test_proof_of(&house, buffer_slice(&text));
    use.acts.at = (key_act *)(uintptr_t)forged, use.acts.count = 2;
    test_run(&house, &use, TEST_NOW_S);
}

static void test_two(const char *action, const key_act acts[2]) { test_forged_two(action, acts, acts); }

static slice encrypted(slice key, slice plain) {
    key_act act = with(VAULT_ACT_ENCRYPT, key);
    act.input = test_boxed(&house, plain);
    return test_act(&house, "Encrypt", act)->output;
}

static void from_one_key_to_another(void **state) {
    (void)state;
    slice one = make(0, 0).sealed, two = make(KEY_SPEC_ALIYUN_SM4, 0).sealed;
    key_act acts[] = {with(VAULT_ACT_HOLD_DECRYPTED, one), with(VAULT_ACT_SEAL_HELD, two)};
    acts[0].input = encrypted(one, SLICE("plain"));
    test_two("ReEncrypt", acts);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 2);
    assert_int_equal(house.done.used.results.at[0].boxed.len + house.done.used.results.at[0].output.len, 0);
    key_act decrypt = with(VAULT_ACT_DECRYPT, two);
    decrypt.input = house.done.used.results.at[1].output;
    assert_true(slice_equals_text(test_unboxed(&house, test_act(&house, "Decrypt", decrypt)->boxed), "plain"));
    test_act(&house, "ReEncrypt", acts[1]);
    ASSERT_ANSWER(&house, INVALID_PARAMETER); /* nothing is held from one request to the next */
    acts[1] = decrypt;
    test_two("ReEncrypt", acts);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* the plaintext does not leave */
    acts[1] = with(VAULT_ACT_WRAP_HELD, (slice){0});
    test_two("ReEncrypt", acts);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

static void to_a_public_key_of_the_callers(void **state) {
    (void)state;
    slice key = make(0, 0).sealed;
    OWNED(secret) der = {0};
    OWNED(secret) plain = {0};
    OWNED(buffer) spki = {0};
    ASSERT_OK(asymmetric_generate(ASYMMETRIC_SM2, &der));
    ASSERT_OK(asymmetric_public_of(ASYMMETRIC_SM2, &der, &spki));
    key_act acts[] = {with(VAULT_ACT_HOLD_GENERATED, key), {.act = VAULT_ACT_WRAP_HELD}};
    acts[0].size = SET_INT(32);
    acts[1].wrapping = WRAPPING_SPEC_EC_SM2, acts[1].algorithm = WRAPPING_ALGORITHM_SM2_PKE;
    acts[1].value = buffer_slice(&spki);
    test_two("GenerateAndExportDataKey", acts);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 1);
    slice blob = house.done.used.results.at[0].output, wrapped = house.done.used.results.at[1].output;
    ASSERT_OK(asymmetric_open_once(ASYMMETRIC_SM2, &der, SEALING_SM2, wrapped, &plain));
    key_act decrypt = with(VAULT_ACT_DECRYPT, key);
    decrypt.input = blob;
    slice same = test_unboxed(&house, test_act(&house, "Decrypt", decrypt)->boxed);
    assert_true(slice_equals(same, secret_expose(&plain)));
    key_act forged[] = {acts[0], acts[1]};
    acts[1].value = SLICE("another key");
    test_forged_two("GenerateAndExportDataKey", acts, forged);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* core cannot put its own public key in place of the caller's */
    test_two("GenerateAndExportDataKey", acts);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
}

/* ---- versions */

static const uint8_t NEXT_VERSION[16] = "nextnextnextnex";

static key_act next_version(int act, slice material) {
    key_act made = with(act, material);
    made.key_version_id = slice_of(NEXT_VERSION, 16);
    return made;
}

static void a_new_version_is_like_the_former(void **state) {
    (void)state;
    made_key former = make(KEY_SPEC_EC_P256, KEY_USAGE_SIGN_VERIFY);
    key_act act = next_version(VAULT_ACT_NEW_VERSION, former.sealed);
    act.spec = KEY_SPEC_EC_P256;
    const key_result *made = test_act(&house, "CreateKeyVersion", act);
    ASSERT_ANSWER(&house, OK);
    assert_false(slice_equals(made->public, former.public_der));
    key_act sign = next_version(VAULT_ACT_SIGN, made->output);
    uint8_t digest[32] = {1};
    sign.signing = SIGNING_ALGORITHM_ECDSA_SHA_256, sign.input = test_boxed(&house, slice_of(digest, 32));
    test_act(&house, "AsymmetricSign", sign);
    ASSERT_ANSWER(&house, OK);
    act.spec = KEY_SPEC_EC_P384;
    test_act(&house, "CreateKeyVersion", act);
    ASSERT_ANSWER(&house, CORRUPT);
    act.spec = KEY_SPEC_EC_P256, act.key_id = slice_of(NEXT_VERSION, 16);
    test_act(&house, "CreateKeyVersion", act);
    ASSERT_ANSWER(&house, CORRUPT); /* not a version of another key */
}

enum { DAY_S = 24 * 3600 };

static void own_act(key_act act, int64_t now_s) {
    use_message use = {
        .id = SET_INT(1), .request_id = TEST_REQUEST, .account_id = TEST_ACCOUNT, .account = house.account};
    use.acts.at = &act, use.acts.count = 1;
    test_run(&house, &use, now_s);
}

static slice permitted(slice material, maybe_int interval_s) {
    key_act act = with(interval_s.is_set ? VAULT_ACT_PERMIT_ROTATION : VAULT_ACT_FORBID_ROTATION, material);
    act.rotation_interval_s = interval_s;
    test_act(&house, "RotateKeyOnDemand", act);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    slice made = test_act(&house, "UpdateRotationPolicy", act)->output;
    ASSERT_ANSWER(&house, OK);
    if (!interval_s.is_set) return made;
    use_message use = test_use(&house, "UpdateRotationPolicy", &act);
    act.rotation_interval_s.value--;
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* another interval than the one signed for */
    return made;
}

static void nobody_rotates_what_the_owner_did_not_allow(void **state) {
    (void)state;
    slice key = make(0, 0).sealed;
    own_act(next_version(VAULT_ACT_ROTATE, key), TEST_NOW_S + 9999LL * DAY_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    slice allowed = permitted(key, SET_INT(7 * DAY_S));
    own_act(next_version(VAULT_ACT_ROTATE, allowed), TEST_NOW_S + 7 * DAY_S - 1);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* not before it is due */
    own_act(next_version(VAULT_ACT_ROTATE, allowed), TEST_NOW_S + 7 * DAY_S);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 1);
    slice next = house.done.used.results.at[0].output;
    own_act(next_version(VAULT_ACT_ROTATE, next), TEST_NOW_S + 15 * DAY_S);
    ASSERT_ANSWER(&house, INVALID_PARAMETER); /* a version is made once */
    slice forbidden = permitted(allowed, (maybe_int){0});
    own_act(next_version(VAULT_ACT_ROTATE, forbidden), TEST_NOW_S + 9999LL * DAY_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    for (size_t bit = 0; bit < allowed.len * 8; bit += 7) {
        own_act(next_version(VAULT_ACT_ROTATE, test_flip(&house, allowed, bit)), TEST_NOW_S + 9999LL * DAY_S);
        ASSERT_ANSWER(&house, CORRUPT);
    }
    test_act(&house, "UpdateRotationPolicy", next_version(VAULT_ACT_ROTATE, allowed));
    ASSERT_ANSWER(&house, NO_PERMISSION); /* nor is it anybody's to ask for */
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(keys_are_made_for_what_their_spec_can_do),
        TEST(symmetric_keys_of_every_spec_encrypt),
        TEST(signatures),
        TEST(macs),
        TEST(agreement),
        TEST(asymmetric_encryption),
        TEST(from_one_key_to_another),
        TEST(to_a_public_key_of_the_callers),
        TEST(a_new_version_is_like_the_former),
        TEST(nobody_rotates_what_the_owner_did_not_allow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
