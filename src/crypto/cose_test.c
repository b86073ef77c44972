/* Keys and signatures of real authenticators (Yubico's python-fido2, tests/test_cose.py), and objects made by hand. */
#include "crypto/cose.h"

#include "crypto/test_bytes.h"

#define DATA_HASH "0021f5fc0b85cd22e60623bcd7d1ca48948909249b4776eb515154e57b66ae12"
#define ES256_XY                                                                                                       \
    "215820a5fd5ce1b1c458c530a54fa61b31bf6b04be8b97afde54dd8cbb69275a8a1be1225820fa3a3231dd9deed9d1897be5a6228c59501e" \
    "4b"                                                                                                               \
    "cd12975d3dff730f01278ea61c"
#define ES256_KEY "a5010203262001" ES256_XY
#define EDDSA_X "ee9b21803405d3cf45601e58b6f4c06ea93862de87d3af903c5870a5016e86f5"
#define EDDSA_KEY "a4010103272006215820" EDDSA_X
#define RS256_N                                                                                                        \
    "b610dce84b65029fae24f7bf8a1730d37bc91435642a628e691e9b030bf3f7cec59ff91cbe82c54de16c136fa4fa8a58939b5a950b32e030" \
    "73"                                                                                                               \
    "592fec8d8b33601c04f70e5e2d5cf7b4e805e1990ea5a86928a1b390eb9026527933acc03e6e41dc0be40aa5eb7b9b460743e4dd80895a75" \
    "8f"                                                                                                               \
    "b3f3f794e5e9b8310d3a60c28f2410d95cf6e732749a243a30475267628b456de770bc2185bbed1d451ecb0062a3d132c0e4d842e0ddf93a" \
    "44"                                                                                                               \
    "4a3ee33a85c2e913156361713155f1f1dc64e8e68ed176466553bbde669eb82810b104cb4407d32ae6316c3bd6f382ec3ae2c5fd49304986" \
    "d6"                                                                                                               \
    "4d92ed11c25b6c5cf1287233545a987e9a3e169f99790603dba5c8ad"
#define RS256_KEY                                                                                                      \
    "a40103033901002059"                                                                                               \
    "0100" RS256_N "2143010001"

static status read_key(const char *text, cose_key *out) {
    slice rest = hex(text);
    TRY(cose_key_read(&rest, out));
    assert_true(slice_is_empty(rest));
    return OK;
}

static void verifies(const char *key_hex, const char *message_hex, const char *signature_hex) {
    OWNED(cose_key) key = {0};
    uint8_t other[512];
    assert_ok(read_key(key_hex, &key));
    slice spki = buffer_slice(&key.spki_der), message = hex(message_hex), signature = hex(signature_hex);
    assert_ok(cose_verify(key.algorithm, spki, message, signature));
    assert_fails(cose_verify(key.algorithm, spki, slice_skip(message, 1), signature), VERIFICATION);
    assert_fails(cose_verify(key.algorithm, spki, message, slice_head(signature, signature.len - 1)), VERIFICATION);
    memcpy(other, signature.at, signature.len);
    other[signature.len / 2] ^= 1;
    assert_fails(cose_verify(key.algorithm, spki, message, slice_of(other, signature.len)), VERIFICATION);
}

static void known_signatures(void **state) {
    (void)state;
    verifies(
        ES256_KEY, DATA_HASH "010000002c7b89f12a9088b0f5ee0ef8f6718bccc374249c31aeebaeb79bd0450132cd536c",
        "304402202b3933fe954a2d29de691901eb732535393d4859aaa80d58b08741598109516d0220236fbe6b52326c0a6b1cfdc6bf0a35bda"
        "92a6c2e41e40c3a1643428d820941e0");
    verifies(
        EDDSA_KEY,
        "a379a6f6eeafb9a55e378c118034e2751e682fab9f2d30ab13d2125586ce1947010000000500a11a323057d1103784ddff99a354ddd42"
        "348c2f00e88d8977b916cabf92268",
        "e8c927ef1a57c738ff4ba8d6f90e06d837a5219eee47991f96b126b0685d512520c9c2eedebe4b88ff2de2b19cb5f8686efc7c4261e9e"
        "d1cb3ac5de50869be0a");
    verifies(
        RS256_KEY, DATA_HASH "010000002ecc9340fd84950987ba667dbe9b2c97c7241e15e2b54869a0dd1ce2013c4064b8",
        "071b707d11f0e7f62861dfaca89c4e674321ad8a6e329fdd40c7d6971348fbb0514e7b2b0efe215baac0365c4124a808f8180d6575b71"
        "0e7c01dae8f052d0c5a2ce82f487c656e7ad824f3d699be389addde2cbf39e87a8955e93202bae8830ab4139a7688dfdad849f1bb689f"
        "3852ba05bed70897553cc44704f6941fd1467ad6a46b4dab503716d386fe7b398e78e0a5a8c4040539d2c9bfa37e4d94f96091ffd1d19"
        "4de2ca58e9124a39757f013801421e09bd261ada31992a8b0386a80af51a87bd0cee8fdab0d4651477670d4c7b245489bed30a57b8396"
        "4db79418d5a4f5f2e5abca274426c9f90b007a962ae15dff7343af9e110746e2db9226d785c6");
}

static void refuses_key(const char *text, enum status_code why) {
    OWNED(cose_key) key = {0};
    slice rest = hex(text);
    assert_int_equal(cose_key_read(&rest, &key).code, why);
}

static void keys_that_are_none(void **state) {
    (void)state;
    refuses_key("", FAILURE_MALFORMED);
    refuses_key("a0", FAILURE_UNSUPPORTED);
    refuses_key("80", FAILURE_MALFORMED);
    refuses_key("bfff", FAILURE_MALFORMED);                             /* no end said */
    refuses_key("b1", FAILURE_MALFORMED);                               /* 17 members */
    refuses_key("bb7fffffffffffffff", FAILURE_MALFORMED);               /* and a few more */
    refuses_key("a50102032620015b7fffffffffffffff", FAILURE_MALFORMED); /* a string longer than there is */
    refuses_key("a6010203262001"
                "0102" ES256_XY,
                FAILURE_MALFORMED);                              /* kty twice */
    refuses_key("a5010203262002" ES256_XY, FAILURE_UNSUPPORTED); /* P-384 */
    refuses_key("a50102033822"
                "2001" ES256_XY,
                FAILURE_UNSUPPORTED); /* ES384 on P-256 */
    refuses_key("a50102033822"
                "2002" ES256_XY,
                FAILURE_MALFORMED); /* … and on P-384, with coordinates too short */
    refuses_key("a40103033901002059"
                "0100" RS256_N "214102",
                FAILURE_UNSUPPORTED); /* an even exponent */
    refuses_key("a40103033901002059"
                "0100" RS256_N "214101",
                FAILURE_UNSUPPORTED); /* … and one that signs nothing */
    refuses_key("a501020328"
                "2001" ES256_XY,
                FAILURE_UNSUPPORTED); /* ESP256 */
    refuses_key("a50101032620"
                "01" ES256_XY,
                FAILURE_UNSUPPORTED); /* OKP with ES256 */
    refuses_key("a4010103272006"
                "21581f"
                "00" EDDSA_X,
                FAILURE_MALFORMED); /* a short coordinate */
    refuses_key("a401010327200621c1"
                "41"
                "00",
                FAILURE_MALFORMED); /* a tag */
    refuses_key("a3010303390100"
                "20f5",
                FAILURE_MALFORMED); /* true */
    refuses_key("a40103033901002041b6"
                "2143010001",
                FAILURE_UNSUPPORTED);                                 /* eight bits of RSA */
    refuses_key("a401030339010020402143010001", FAILURE_UNSUPPORTED); /* none */
    char off_curve[] = ES256_KEY;
    off_curve[sizeof off_curve - 2] = 'd';
    refuses_key(off_curve, FAILURE_MALFORMED);
    for (size_t at = 2; at + 2 < sizeof ES256_KEY; at += 2) {
        char cut[sizeof ES256_KEY] = ES256_KEY;
        cut[at] = 0;
        refuses_key(cut, FAILURE_MALFORMED);
    }
}

#define AAGUID "00112233445566778899aabbccddeeff"
#define ATTESTED                                                                                                       \
    DATA_HASH "4100000007" AAGUID "0004"                                                                               \
              "c0ffee00" EDDSA_KEY

static void authenticator_data_both_ways(void **state) {
    (void)state;
    OWNED(authenticator_data) with_key = {0};
    authenticator_data bare, extended;
    assert_ok(authenticator_data_read(hex(ATTESTED), &with_key));
    assert_int_equal(with_key.sign_count, 7);
    assert_true(slice_equals(with_key.credential_id, hex("c0ffee00")));
    assert_int_equal(with_key.key.algorithm, COSE_EDDSA);
    assert_ok(authenticator_data_read(hex(DATA_HASH "0500000001"), &bare));
    assert_true(slice_is_absent(bare.credential_id));
    assert_ok(authenticator_data_read(hex(DATA_HASH "8100000001"
                                                    "a1636578748201a10203"),
                                      &extended));
    static const char *const WRONG[] = {DATA_HASH "01000000",
                                        DATA_HASH "050000000100",
                                        DATA_HASH "8100000001",
                                        DATA_HASH "1100000001", /* backed up, and may not be */
                                        DATA_HASH "8100000001a16161",
                                        DATA_HASH "8100000001a1616181818181818100",
                                        ATTESTED "00",
                                        DATA_HASH "4100000007" AAGUID "0000" EDDSA_KEY,
                                        DATA_HASH "4100000007" AAGUID "ffff" EDDSA_KEY};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        OWNED(authenticator_data) none = {0};
        assert_fails(authenticator_data_read(hex(WRONG[i]), &none), MALFORMED);
    }
}

#define FMT "63666d74"
#define STMT "6761747453746d74"
#define DATA "68617574684461746144c0ffee00"

static void refuses_attestation(const char *text, enum status_code why) {
    attestation none;
    assert_int_equal(attestation_read(hex(text), &none).code, why);
}

static void attestations(void **state) {
    (void)state;
    attestation read;
    assert_ok(attestation_read(hex("a3" FMT "646e6f6e65" STMT "a0" DATA), &read));
    assert_true(slice_equals(read.data, hex("c0ffee00")) && slice_is_absent(read.signature));
    assert_ok(attestation_read(hex("a3" DATA STMT "a263616c672663736967420102" FMT "667061636b6564"), &read));
    assert_int_equal(read.signature_algorithm, COSE_ES256);
    assert_int_equal(read.signature.len, 2);
    refuses_attestation("a3" FMT "667061636b6564" STMT "a363616c6726637369674201026378356380" DATA,
                        FAILURE_UNSUPPORTED); /* x5c */
    refuses_attestation("a3" FMT "6374706d" STMT "a0" DATA, FAILURE_UNSUPPORTED);
    refuses_attestation("a3" FMT "646e6f6e65" STMT "a163616c6726" DATA, FAILURE_MALFORMED); /* a statement of nothing */
    refuses_attestation("a3" FMT "667061636b6564" STMT "a163616c6726" DATA, FAILURE_MALFORMED);
    refuses_attestation("a3" FMT "667061636b6564" STMT "a263616c6726"
                        "63616c6726" DATA,
                        FAILURE_MALFORMED);
    refuses_attestation("a2" FMT "646e6f6e65" DATA, FAILURE_MALFORMED);
    refuses_attestation("a3" FMT "646e6f6e65" FMT "646e6f6e65" DATA, FAILURE_MALFORMED);
    refuses_attestation("a3" FMT "646e6f6e65" STMT "a0" DATA "00", FAILURE_MALFORMED);
    refuses_attestation("a3" FMT "646e6f6e65" STMT "a0"
                        "6862756464794461",
                        FAILURE_MALFORMED);
    refuses_attestation("", FAILURE_MALFORMED);
    refuses_attestation("bf", FAILURE_MALFORMED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_signatures),
        cmocka_unit_test(keys_that_are_none),
        cmocka_unit_test(authenticator_data_both_ways),
        cmocka_unit_test(attestations),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
