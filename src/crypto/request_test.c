/* Requests: what libcrypto's own reader says of them. */
#include "crypto/request.h"

#include <openssl/pem.h>

#include "crypto/asymmetric_private.h"
#include "crypto/test_bytes.h"

static asymmetric *key_of(enum asymmetric_kind kind) {
    OWNED(secret) der = {0};
    asymmetric *made = NULL;
    assert_ok(asymmetric_generate(kind, &der));
    assert_ok(asymmetric_from_private(kind, &der, &made));
    return made;
}

static X509_REQ *parse(const buffer *pem) {
    FREED(BIO) text = BIO_new_mem_buf(pem->at, (int)pem->len);
    X509_REQ *made = PEM_read_bio_X509_REQ(text, NULL, NULL, NULL);
    assert_non_null(made);
    return made;
}

static const name_part PARTS[] = {{"CN", {(const uint8_t *)"www.example.org", 15}},
                                  {"O", {(const uint8_t *)"B\xc3\xa4r & Co, Inc", 14}},
                                  {"C", {(const uint8_t *)"CN", 2}}};

static void test_every_kind(void **state) {
    (void)state;
    static const enum asymmetric_kind KINDS[] = {ASYMMETRIC_RSA_2048, ASYMMETRIC_P256, ASYMMETRIC_SM2};
    static const int ALGORITHMS[] = {NID_sha256WithRSAEncryption, NID_ecdsa_with_SHA256, NID_SM2_with_SM3};
    const slice names[] = {SLICE("www.example.org"), SLICE("*.example.org"), SLICE("192.0.2.1"), SLICE("2001:db8::1")};
    for (size_t i = 0; i < 3; i++) {
        OWNED(buffer) pem = {0};
        char shown[256];
        asymmetric *key = key_of(KINDS[i]);
        request_wish wish = {PARTS, 3, names, 4};
        assert_ok(request_make(key, &wish, &pem));
        FREED(X509_REQ) made = parse(&pem);
        if (KINDS[i] == ASYMMETRIC_SM2) {
            ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
            ASN1_OCTET_STRING_set(id, (const uint8_t *)SM2_USER_ID, 16);
            X509_REQ_set0_distinguishing_id(made, id);
        }
        assert_int_equal(X509_REQ_get_signature_nid(made), ALGORITHMS[i]);
        assert_int_equal(X509_REQ_verify(made, key->key), 1);
        assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(made), key->key), 1);
        X509_NAME_oneline(X509_REQ_get_subject_name(made), shown, sizeof shown);
        assert_string_equal(shown, "/C=CN/O=B\\xC3\\xA4r & Co, Inc/CN=www.example.org");
        X509_EXTENSIONS *wanted = X509_REQ_get_extensions(made);
        FREED(GENERAL_NAMES) list = X509V3_get_d2i(wanted, NID_subject_alt_name, NULL, NULL);
        assert_int_equal(sk_GENERAL_NAME_num(list), 4);
        sk_X509_EXTENSION_pop_free(wanted, X509_EXTENSION_free);
        asymmetric_free(key);
    }
}

static void test_what_is_refused(void **state) {
    (void)state;
    static const name_part LONG_COUNTRY = {"C", {(const uint8_t *)"CHN", 3}}, EMPTY = {"CN", {(const uint8_t *)"", 0}};
    const slice wrong[] = {SLICE("-x.example"), SLICE(""), SLICE("a b"), SLICE("300.1.1.1"), SLICE("x\0y")};
    OWNED(buffer) pem = {0};
    asymmetric *key = key_of(ASYMMETRIC_P256), *other = key_of(ASYMMETRIC_ED25519);
    assert_fails(request_make(key, &(request_wish){&LONG_COUNTRY, 1, NULL, 0}, &pem), CERTIFICATE_SUBJECT);
    assert_fails(request_make(key, &(request_wish){&EMPTY, 1, NULL, 0}, &pem), CERTIFICATE_SUBJECT);
    assert_fails(request_make(key, &(request_wish){NULL, 0, NULL, 0}, &pem), CERTIFICATE_SUBJECT);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_fails(request_make(key, &(request_wish){PARTS, 3, &wrong[i], 1}, &pem), CERTIFICATE_NAMES);
    assert_fails(request_make(other, &(request_wish){PARTS, 3, NULL, 0}, &pem), UNSUPPORTED);
    assert_int_equal(pem.len, 0);
    asymmetric_free(key);
    asymmetric_free(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind), cmocka_unit_test(test_what_is_refused)};
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
