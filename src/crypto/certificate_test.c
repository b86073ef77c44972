/* Certificates: what libcrypto's own verifier says of them. */
#include "crypto/certificate.h"

#include <openssl/pem.h>

#include "base/clock.h"
#include "crypto/libcrypto.h"
#include "crypto/test_bytes.h"

enum { DAY_S = 24 * 60 * 60 };

static struct {
    buffer key;
    buffer certificate;
} authority;

static int make_authority(void **state) {
    if (start_crypto(state) != 0) return -1;
    return FAILED(certificate_make_authority(SLICE("Keyhold local CA"), &authority.key, &authority.certificate)) ? -1
                                                                                                                 : 0;
}

static int drop_authority(void **state) {
    (void)state;
    buffer_clear(&authority.key);
    buffer_clear(&authority.certificate);
    return 0;
}

static certificate_authority issuer(void) {
    return (certificate_authority){buffer_slice(&authority.key), buffer_slice(&authority.certificate)};
}

static X509 *parse(const buffer *pem) {
    FREED(BIO) text = BIO_new_mem_buf(pem->at, (int)pem->len);
    X509 *made = PEM_read_bio_X509(text, NULL, NULL, NULL);
    assert_non_null(made);
    return made;
}

static int verify(X509 *certificate, const char *host) {
    FREED(X509) root = parse(&authority.certificate);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_add_cert(store, root), 1);
    assert_int_equal(X509_STORE_CTX_init(check, store, certificate, NULL), 1);
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(check);
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set1_host(rules, host, 0);
    X509_STORE_CTX_set_purpose(check, X509_PURPOSE_SSL_SERVER);
    int result = X509_verify_cert(check) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(check);
    X509_STORE_CTX_free(check);
    X509_STORE_free(store);
    return result;
}

static void test_authority(void **state) {
    (void)state;
    FREED(X509) root = parse(&authority.certificate);
    assert_int_equal(X509_get_version(root), X509_VERSION_3);
    assert_int_equal(X509_check_ca(root), 1);
    assert_int_equal(X509_get_pathlen(root), 0);
    assert_int_equal(X509_get_key_usage(root), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_int_equal(X509_self_signed(root, 1), 1);
    assert_true(X509_get_extension_flags(root) & EXFLAG_SS);
    assert_non_null(X509_get0_subject_key_id(root));
    assert_true(slice_starts_with(buffer_slice(&authority.key), SLICE("-----BEGIN PRIVATE KEY-----")));
    int64_t end = 0;
    assert_ok(certificate_not_after(buffer_slice(&authority.certificate), &end));
    assert_in_range(end - clock_now_s(), 3651 * DAY_S, 3653 * DAY_S);
}

static void test_server(void **state) {
    (void)state;
    OWNED(buffer) key = {0};
    OWNED(buffer) pem = {0};
    certificate_authority by = issuer();
    assert_ok(certificate_make_server(&by, SLICE("localhost, keyhold.example.org,*.oss.example.org,127.0.0.1,::1"),
                                      &key, &pem));
    FREED(X509) made = parse(&pem);
    assert_int_equal(verify(made, "localhost"), X509_V_OK);
    assert_int_equal(verify(made, "keyhold.example.org"), X509_V_OK);
    assert_int_equal(verify(made, "bucket.oss.example.org"), X509_V_OK);
    assert_int_equal(verify(made, "example.org"), X509_V_ERR_HOSTNAME_MISMATCH);
    assert_int_equal(X509_check_ip_asc(made, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(made, "::1", 0), 1);
    assert_int_equal(X509_check_ip_asc(made, "127.0.0.2", 0), 0);
    assert_int_equal(X509_get_key_usage(made), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extended_key_usage(made), XKU_SSL_SERVER);
    assert_int_equal(X509_check_ca(made), 0);
    assert_non_null(X509_get0_authority_key_id(made));
    int64_t end = 0;
    assert_ok(certificate_not_after(buffer_slice(&pem), &end));
    assert_in_range(end - clock_now_s(), 824 * DAY_S, 826 * DAY_S);
    FREED(BIO) text = BIO_new_mem_buf(key.at, (int)key.len);
    FREED(EVP_PKEY) private_key = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
    assert_int_equal(X509_check_private_key(made, private_key), 1);
}

static void test_serials_differ(void **state) {
    (void)state;
    X509 *made[2];
    certificate_authority by = issuer();
    for (size_t i = 0; i < 2; i++) {
        OWNED(buffer) key = {0};
        OWNED(buffer) pem = {0};
        assert_ok(certificate_make_server(&by, SLICE("localhost"), &key, &pem));
        made[i] = parse(&pem);
    }
    assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(made[0]), X509_get0_serialNumber(made[1])), 0);
    X509_free(made[0]);
    X509_free(made[1]);
}

static void test_bad_names_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        ",",
        "localhost,",
        "a b",
        "-a.example",
        "a-.example",
        "a..example",
        ".example",
        "example.",
        "*",
        "a.*.example",
        "*.*.example",
        "1.2.3",
        "1.2.3.256",
        "1.2.3.4.5",
        "a/b",
        "a\nDNS:evil",
        "user@host",
        "::g",
        "[::1]",
        "https://host",
        "b\303\274cher",
        "host:443",
        "*a.example",
        "DNS:a",
    };
    certificate_authority by = issuer();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWNED(buffer) key = {0};
        OWNED(buffer) pem = {0};
        assert_fails(certificate_make_server(&by, slice_of_text(bad[i]), &key, &pem), INVALID_PARAMETER);
        assert_int_equal(key.len + pem.len, 0);
    }
    OWNED(buffer) key = {0};
    OWNED(buffer) pem = {0};
    assert_fails(certificate_make_server(&by, slice_of("a\0b", 3), &key, &pem), INVALID_PARAMETER);
    char label[65] = {0};
    memset(label, 'a', 64);
    assert_fails(certificate_make_server(&by, slice_of_text(label), &key, &pem), INVALID_PARAMETER);
    assert_fails(certificate_make_authority(SLICE(""), &key, &pem), INVALID_PARAMETER);
    assert_fails(certificate_make_authority(slice_of(label, 65), &key, &pem), INVALID_PARAMETER);
}

static void test_bad_authorities_are_refused(void **state) {
    (void)state;
    OWNED(buffer) key = {0};
    OWNED(buffer) pem = {0};
    OWNED(buffer) out = {0};
    certificate_authority by = issuer();
    assert_ok(certificate_make_server(&by, SLICE("localhost"), &key, &pem));
    certificate_authority other_key = {buffer_slice(&key), by.certificate_pem};
    certificate_authority no_authority = {buffer_slice(&key), buffer_slice(&pem)};
    certificate_authority nothing = {SLICE(""), SLICE("")};
    certificate_authority cut = {by.key_pem, slice_head(by.certificate_pem, 100)};
    assert_fails(certificate_make_server(&other_key, SLICE("localhost"), &out, &out), MALFORMED);
    assert_fails(certificate_make_server(&no_authority, SLICE("localhost"), &out, &out), MALFORMED);
    assert_fails(certificate_make_server(&nothing, SLICE("localhost"), &out, &out), MALFORMED);
    assert_fails(certificate_make_server(&cut, SLICE("localhost"), &out, &out), MALFORMED);
    assert_int_equal(out.len, 0);
    int64_t unused = 0;
    assert_fails(certificate_not_after(SLICE("no certificate"), &unused), MALFORMED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_authority),
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_serials_differ),
        cmocka_unit_test(test_bad_names_are_refused),
        cmocka_unit_test(test_bad_authorities_are_refused),
    };
    return cmocka_run_group_tests(tests, make_authority, drop_authority);
}
