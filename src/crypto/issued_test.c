/* Certificates of an authority made here: what holds, and everything that must not. */
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto/issued_private.h"
#include "crypto/test_bytes.h"

enum { NOW_S = 1700000000, DAY_S = 24 * 60 * 60 };

/* What a certificate is to be; anything absent is as it should be. */
typedef struct plan {
    const char *name, *names;
    EVP_PKEY *key;
    X509 *issuer;
    EVP_PKEY *signs;
    bool is_authority;
    const char *constraints; /* in place of the usual ones */
    int64_t from_s, to_s;
    const EVP_MD *hash;
} plan;

static void add_extension(X509 *to, X509 *issuer, int kind, const char *value) {
    X509V3_CTX context = {0};
    X509V3_set_ctx(&context, issuer, to, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    assert_non_null(made);
    assert_int_equal(X509_add_ext(to, made, -1), 1);
    X509_EXTENSION_free(made);
}

static void sign(X509 *made, const plan *p) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *inner = EVP_PKEY_CTX_new_from_pkey(NULL, p->signs, NULL);
    bool is_sm2 = EVP_PKEY_is_a(p->signs, "SM2");
    EVP_MD_CTX_set_pkey_ctx(context, inner);
    if (is_sm2) assert_true(EVP_PKEY_CTX_set1_id(inner, SM2_USER_ID, 16) > 0);
    const EVP_MD *hash = p->hash ? p->hash : is_sm2 ? EVP_sm3() : EVP_sha256();
    assert_int_equal(EVP_DigestSignInit(context, NULL, hash, NULL, p->signs), 1);
    assert_true(X509_sign_ctx(made, context) > 0);
    EVP_MD_CTX_free(context);
    EVP_PKEY_CTX_free(inner);
}

static X509 *certify(const plan *p) {
    X509 *made = X509_new();
    X509 *issuer = p->issuer ? p->issuer : made;
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 4711);
    ASN1_TIME_set(X509_getm_notBefore(made), p->from_s ? p->from_s : NOW_S - DAY_S);
    ASN1_TIME_set(X509_getm_notAfter(made), p->to_s ? p->to_s : NOW_S + DAY_S);
    X509_NAME *name = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)p->name, -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(issuer));
    X509_set_pubkey(made, p->key);
    const char *usual = p->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE";
    add_extension(made, issuer, NID_basic_constraints, p->constraints ? p->constraints : usual);
    add_extension(made, issuer, NID_subject_key_identifier, "hash");
    if (p->names) add_extension(made, issuer, NID_subject_alt_name, p->names);
    sign(made, p);
    return made;
}

static struct {
    EVP_PKEY *root_key, *middle_key, *key, *other;
    X509 *root, *middle, *leaf;
    buffer spki;
} house;

static int build(void **state) {
    if (start_crypto(state) != 0) return -1;
    house.root_key = EVP_RSA_gen(2048);
    house.middle_key = EVP_EC_gen("P-256");
    house.key = EVP_EC_gen("P-256");
    house.other = EVP_EC_gen("P-256");
    house.root = certify(&(plan){.name = "Root", .key = house.root_key, .signs = house.root_key, .is_authority = true});
    house.middle = certify(&(plan){.name = "Middle",
                                   .key = house.middle_key,
                                   .issuer = house.root,
                                   .signs = house.root_key,
                                   .is_authority = true});
    house.leaf = certify(&(plan){.name = "leaf, \xc3\xa4",
                                 .names = "DNS:www.example.org,IP:192.0.2.1,IP:2001:db8::1,email:a@example.org",
                                 .key = house.key,
                                 .issuer = house.middle,
                                 .signs = house.middle_key});
    uint8_t *der = NULL;
    int size = i2d_PUBKEY(house.key, &der);
    assert_ok(buffer_append(&house.spki, slice_of(der, (size_t)size)));
    OPENSSL_free(der);
    return 0;
}

static int tear(void **state) {
    (void)state;
    EVP_PKEY *keys[] = {house.root_key, house.middle_key, house.key, house.other};
    X509 *all[] = {house.root, house.middle, house.leaf};
    for (size_t i = 0; i < 4; i++) EVP_PKEY_free(keys[i]);
    for (size_t i = 0; i < 3; i++) X509_free(all[i]);
    buffer_clear(&house.spki);
    return 0;
}

/* Live until the process ends. */
static slice pem_of(X509 *one, X509 *two, X509 *three) {
    static arena memory = {.limit = 8 << 20};
    BIO *text = BIO_new(BIO_s_mem());
    X509 *all[] = {one, two, three};
    slice made;
    char *at;
    for (size_t i = 0; i < 3; i++)
        if (all[i]) assert_int_equal(PEM_write_bio_X509(text, all[i]), 1);
    long size = BIO_get_mem_data(text, &at);
    assert_ok(arena_copy(&memory, slice_of(at, (size_t)size), &made));
    BIO_free(text);
    return made;
}

static status check(slice certificate, slice chain) {
    OWNED(arena) memory = {0};
    issued said;
    issued_claim claim = {certificate, chain, buffer_slice(&house.spki), ASYMMETRIC_P256, NOW_S};
    return issued_check(&claim, &memory, &said);
}

/* A leaf, and any authorities, straight under the root. */
static status check_leaf(plan p) {
    if (!p.name) p.name = "leaf";
    if (!p.key) p.key = house.key;
    if (!p.issuer) p.issuer = house.root;
    if (!p.signs) p.signs = house.root_key;
    FREED(X509) made = certify(&p);
    return check(pem_of(made, NULL, NULL), pem_of(house.root, NULL, NULL));
}

static void test_what_holds(void **state) {
    (void)state;
    slice leaf = pem_of(house.leaf, NULL, NULL);
    assert_ok(check(leaf, pem_of(house.middle, house.root, NULL)));
    assert_ok(check(leaf, pem_of(house.middle, NULL, NULL)));
    assert_ok(check(leaf, (slice){0}));
    assert_ok(check(leaf, SLICE(" \r\n")));
    assert_ok(check_leaf((plan){0}));
}

static void test_what_it_says(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    issued said;
    assert_ok(issued_read(pem_of(house.leaf, NULL, NULL), &memory, &said));
    assert_true(slice_equals_text(said.subject, "CN=leaf\\, \xc3\xa4"));
    assert_true(slice_equals_text(said.issuer, "CN=Middle"));
    assert_true(slice_equals_text(said.serial, "1267"));
    assert_true(slice_equals_text(said.signature_algorithm, "ecdsa-with-SHA256"));
    assert_int_equal(said.key_id.len, 40);
    assert_int_equal(said.not_before_s, NOW_S - DAY_S);
    assert_int_equal(said.not_after_s, NOW_S + DAY_S);
    assert_int_equal(said.name_count, 3);
    assert_true(slice_equals_text(said.names[0], "www.example.org"));
    assert_true(slice_equals_text(said.names[1], "192.0.2.1"));
    assert_true(slice_equals_text(said.names[2], "2001:db8:0:0:0:0:0:1"));
}

static void test_keys_and_dates(void **state) {
    (void)state;
    assert_fails(check_leaf((plan){.key = house.other}), CERTIFICATE_KEY);
    assert_fails(check_leaf((plan){.key = house.root_key}), CERTIFICATE_KEY);
    assert_fails(check_leaf((plan){.to_s = NOW_S - 1}), CERTIFICATE_DATES);
    assert_fails(check_leaf((plan){.from_s = NOW_S + 1}), CERTIFICATE_DATES);
    FREED(X509)
    old = certify(&(plan){.name = "Root",
                          .key = house.root_key,
                          .signs = house.root_key,
                          .is_authority = true,
                          .from_s = NOW_S - 3 * DAY_S,
                          .to_s = NOW_S - DAY_S});
    FREED(X509) under = certify(&(plan){.name = "x", .key = house.key, .issuer = old, .signs = house.root_key});
    assert_fails(check(pem_of(under, NULL, NULL), pem_of(old, NULL, NULL)), CERTIFICATE_DATES);
}

static void test_chains_that_do_not_hold(void **state) {
    (void)state;
    slice leaf = pem_of(house.leaf, NULL, NULL);
    assert_fails(check(leaf, pem_of(house.root, house.middle, NULL)), CERTIFICATE_CHAIN);
    assert_fails(check(leaf, pem_of(house.root, NULL, NULL)), CERTIFICATE_CHAIN);
    assert_fails(check(leaf, pem_of(house.leaf, house.middle, NULL)), CERTIFICATE_CHAIN);
    /* of the same name, signed by somebody else */
    assert_fails(check_leaf((plan){.signs = house.middle_key}), CERTIFICATE_CHAIN);
    FREED(X509)
    false_root = certify(&(plan){.name = "Root", .key = house.other, .signs = house.other, .is_authority = true});
    FREED(X509) mine = certify(&(plan){.name = "x", .key = house.key, .issuer = house.root, .signs = house.root_key});
    assert_fails(check(pem_of(mine, NULL, NULL), pem_of(false_root, NULL, NULL)), CERTIFICATE_CHAIN);
    /* what is no authority, or may have none under it */
    FREED(X509)
    person = certify(&(plan){.name = "P", .key = house.middle_key, .issuer = house.root, .signs = house.root_key});
    FREED(X509)
    by_person = certify(&(plan){.name = "x", .key = house.key, .issuer = person, .signs = house.middle_key});
    assert_fails(check(pem_of(by_person, NULL, NULL), pem_of(person, house.root, NULL)), CERTIFICATE_CHAIN);
    FREED(X509)
    narrow = certify(&(plan){
        .name = "N", .key = house.root_key, .signs = house.root_key, .constraints = "critical,CA:TRUE,pathlen:0"});
    FREED(X509)
    below = certify(
        &(plan){.name = "B", .key = house.middle_key, .issuer = narrow, .signs = house.root_key, .is_authority = true});
    FREED(X509) last = certify(&(plan){.name = "x", .key = house.key, .issuer = below, .signs = house.middle_key});
    assert_fails(check(pem_of(last, NULL, NULL), pem_of(below, narrow, NULL)), CERTIFICATE_CHAIN);
}

static void test_broken_hashes(void **state) {
    (void)state;
    assert_fails(check_leaf((plan){.hash = EVP_sha1()}), CERTIFICATE_CHAIN);
    assert_fails(check_leaf((plan){.hash = EVP_md5()}), CERTIFICATE_CHAIN);
}

static void test_an_sm2_authority(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    FREED(EVP_PKEY) root_key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    FREED(EVP_PKEY) key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    FREED(X509) root = certify(&(plan){.name = "SM2", .key = root_key, .signs = root_key, .is_authority = true});
    FREED(X509) leaf = certify(&(plan){.name = "x", .key = key, .issuer = root, .signs = root_key});
    uint8_t *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    issued said;
    issued_claim claim = {pem_of(leaf, NULL, NULL), pem_of(root, NULL, NULL), slice_of(der, (size_t)size),
                          ASYMMETRIC_SM2, NOW_S};
    assert_ok(issued_check(&claim, &memory, &said));
    assert_true(slice_equals_text(said.signature_algorithm, "SM2-with-SM3"));
    claim.chain = pem_of(house.root, NULL, NULL);
    assert_fails(issued_check(&claim, &memory, &said), CERTIFICATE_CHAIN);
    OPENSSL_free(der);
}

/* Cut anywhere, or with any bit of the DER turned, it is not taken. */
static void test_mangled(void **state) {
    (void)state;
    slice leaf = pem_of(house.leaf, NULL, NULL), chain = pem_of(house.middle, house.root, NULL);
    for (size_t length = 0; length + 1 < leaf.len; length += 7)
        assert_true(FAILED(check(slice_head(leaf, length), chain)));
    uint8_t *der = NULL;
    int size = i2d_X509(house.leaf, &der);
    for (int bit = 0; bit < size * 8; bit += 3) {
        OWNED(buffer) pem = {0};
        der[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_ok(buffer_append_text(&pem, "-----BEGIN CERTIFICATE-----\n"));
        assert_ok(base64_encode(&pem, slice_of(der, (size_t)size)));
        assert_ok(buffer_append_text(&pem, "\n-----END CERTIFICATE-----\n"));
        assert_true(FAILED(check(buffer_slice(&pem), chain)));
        der[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    OPENSSL_free(der);
}

static void test_what_is_no_certificate(void **state) {
    (void)state;
    static const char *const TEXTS[] = {"",
                                        " ",
                                        "x",
                                        "-----BEGIN CERTIFICATE-----",
                                        "-----BEGIN CERTIFICATE----------END CERTIFICATE-----",
                                        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
                                        "-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----",
                                        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        assert_fails(check(slice_of_text(TEXTS[i]), (slice){0}), CERTIFICATE_MALFORMED);
    OWNED(arena) memory = {0};
    slice leaf = pem_of(house.leaf, NULL, NULL), text;
    assert_fails(check(pem_of(house.leaf, house.middle, NULL), (slice){0}), CERTIFICATE_MALFORMED);
    assert_ok(arena_printf(&memory, &text, "x%.*s", SLICE_ARGS(leaf)));
    assert_fails(check(text, (slice){0}), CERTIFICATE_MALFORMED);
    assert_ok(arena_printf(&memory, &text, "%.*sx", SLICE_ARGS(leaf)));
    assert_fails(check(text, (slice){0}), CERTIFICATE_MALFORMED);
    assert_fails(check(leaf, SLICE("x")), CERTIFICATE_MALFORMED);
    OWNED(buffer) many = {0};
    for (int i = 0; i <= ISSUED_CHAIN_MOST; i++) assert_ok(buffer_append(&many, leaf));
    assert_fails(check(leaf, buffer_slice(&many)), CERTIFICATE_MALFORMED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_holds),     cmocka_unit_test(test_what_it_says),
        cmocka_unit_test(test_keys_and_dates), cmocka_unit_test(test_chains_that_do_not_hold),
        cmocka_unit_test(test_broken_hashes),  cmocka_unit_test(test_an_sm2_authority),
        cmocka_unit_test(test_mangled),        cmocka_unit_test(test_what_is_no_certificate),
    };
    return cmocka_run_group_tests(tests, build, tear);
}
