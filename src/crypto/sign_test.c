/* Ed25519 against RFC 8032 §7.1. */
#include "crypto/sign.h"

#include "crypto/test_bytes.h"

typedef struct sign_case {
    const char *seed, *public_key, *text, *signature;
} sign_case;

static const sign_case cases[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
     "655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
     "b00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
     "c027beceea1ec40a"},
};

static signer *signer_of(const sign_case *c) {
    OWNED(secret) seed = secret_from(hex(c->seed));
    signer *made = NULL;
    assert_ok(signer_from_seed(&seed, &made));
    return made;
}

static void test_rfc8032(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        signer *s = signer_of(&cases[i]);
        uint8_t public_key[32], signature[64];
        signer_public(s, public_key);
        assert_bytes(public_key, 32, hex(cases[i].public_key));
        assert_ok(signer_sign(s, hex(cases[i].text), signature));
        assert_bytes(signature, 64, hex(cases[i].signature));
        assert_ok(signature_verify(public_key, hex(cases[i].text), signature));
        signer_free(s);
    }
}

static void test_what_must_not_verify(void **state) {
    (void)state;
    const sign_case *c = &cases[2];
    uint8_t signature[64];
    memcpy(signature, hex(c->signature).at, sizeof signature);
    const uint8_t *public_key = hex(c->public_key).at;
    for (size_t bit = 0; bit < 512; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_fails(signature_verify(public_key, hex(c->text), signature), VERIFICATION);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_fails(signature_verify(public_key, hex("af"), signature), VERIFICATION);
    assert_fails(signature_verify(hex(cases[1].public_key).at, hex(c->text), signature), VERIFICATION);
    assert_ok(signature_verify(public_key, hex(c->text), signature));
}

static void test_short_seeds_are_refused(void **state) {
    (void)state;
    OWNED(secret) seed = secret_from(SLICE("too short"));
    signer *made = NULL;
    assert_fails(signer_from_seed(&seed, &made), INVALID_PARAMETER);
    assert_null(made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc8032),
        cmocka_unit_test(test_what_must_not_verify),
        cmocka_unit_test(test_short_seeds_are_refused),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
