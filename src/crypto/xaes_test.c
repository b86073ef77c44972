/* XAES-256-GCM against the vectors of its specification. */
#include "crypto/xaes.h"

#include "crypto/libcrypto.h"
#include "crypto/test_bytes.h"

static xaes *xaes_under(slice key) {
    OWNED(secret) hidden = secret_from(key);
    xaes *made = NULL;
    assert_ok(xaes_new(&hidden, &made));
    return made;
}

static void check_vector(uint8_t key_byte, slice aad, const char *expected) {
    uint8_t key[32];
    memset(key, key_byte, sizeof key);
    xaes *x = xaes_under(slice_of(key, sizeof key));
    slice nonce = SLICE("ABCDEFGHIJKLMNOPQRSTUVWX");
    OWNED(buffer) sealed = {0};
    assert_ok(xaes_seal_with_nonce(x, nonce.at, aad, SLICE("XAES-256-GCM"), &sealed));
    assert_bytes(sealed.at, 24, nonce);
    assert_bytes(sealed.at + 24, sealed.len - 24, hex(expected));
    OWNED(secret) opened = {0};
    assert_ok(xaes_open(x, aad, buffer_slice(&sealed), &opened));
    assert_bytes(opened.hidden, opened.len, SLICE("XAES-256-GCM"));
    xaes_free(x);
}

static void test_vectors(void **state) {
    (void)state;
    check_vector(0x01, SLICE(""), "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
    check_vector(0x03, SLICE("c2sp.org/XAES-256-GCM"), "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
}

/* SHAKE-128 gives its whole output at once here: libcrypto 3.0 cannot squeeze in pieces. */
enum { ROUNDS = 10000, STREAM_BYTES = ROUNDS * (32 + 24 + 1 + 255 + 1 + 255) };

static EVP_MD_CTX *shake_begin(void) {
    EVP_MD_CTX *made = EVP_MD_CTX_new();
    assert_non_null(made);
    assert_int_equal(EVP_DigestInit_ex(made, EVP_shake128(), NULL), 1);
    return made;
}

static slice take(slice *rest, size_t len) {
    slice taken = {0};
    assert_true(slice_take(rest, len, &taken));
    return taken;
}

static slice take_vector(slice *rest) { return take(rest, take(rest, 1).at[0]); }

static void one_round(slice *stream, EVP_MD_CTX *results) {
    xaes *x = xaes_under(take(stream, 32));
    slice nonce = take(stream, 24);
    slice plaintext = take_vector(stream);
    slice aad = take_vector(stream);
    OWNED(buffer) sealed = {0};
    assert_ok(xaes_seal_with_nonce(x, nonce.at, aad, plaintext, &sealed));
    assert_int_equal(EVP_DigestUpdate(results, sealed.at + 24, sealed.len - 24), 1);
    OWNED(secret) opened = {0};
    assert_ok(xaes_open(x, aad, buffer_slice(&sealed), &opened));
    assert_bytes(opened.hidden, opened.len, plaintext);
    xaes_free(x);
}

static void test_accumulated(void **state) {
    (void)state;
    FREED(EVP_MD_CTX) source = shake_begin();
    FREED(EVP_MD_CTX) results = shake_begin();
    uint8_t *bytes = malloc(STREAM_BYTES);
    assert_non_null(bytes);
    assert_int_equal(EVP_DigestFinalXOF(source, bytes, STREAM_BYTES), 1);
    assert_bytes(bytes, 16, hex("7f9c2ba4e88f827d616045507605853e"));
    slice stream = slice_of(bytes, STREAM_BYTES);
    for (int i = 0; i < ROUNDS; i++) one_round(&stream, results);
    uint8_t hash[32];
    assert_int_equal(EVP_DigestFinalXOF(results, hash, sizeof hash), 1);
    assert_bytes(hash, sizeof hash, hex("e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"));
    free(bytes);
}

static void check_refused(xaes *x, slice aad, slice sealed) {
    OWNED(secret) opened = {0};
    assert_fails(xaes_open(x, aad, sealed, &opened), VERIFICATION);
    assert_null(opened.hidden);
}

static void test_changes_are_refused(void **state) {
    (void)state;
    xaes *x = xaes_under(SLICE("0123456789abcdef0123456789abcdef"));
    xaes *other = xaes_under(SLICE("0123456789abcdef0123456789abcdeF"));
    OWNED(buffer) sealed = {0};
    assert_ok(xaes_seal(x, SLICE("aad"), SLICE("plaintext"), &sealed));
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sealed.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_refused(x, SLICE("aad"), buffer_slice(&sealed));
        sealed.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < sealed.len; len++) check_refused(x, SLICE("aad"), slice_of(sealed.at, len));
    check_refused(x, SLICE("aaD"), buffer_slice(&sealed));
    check_refused(x, SLICE(""), buffer_slice(&sealed));
    check_refused(other, SLICE("aad"), buffer_slice(&sealed));
    OWNED(secret) opened = {0};
    assert_ok(xaes_open(x, SLICE("aad"), buffer_slice(&sealed), &opened));
    assert_bytes(opened.hidden, opened.len, SLICE("plaintext"));
    xaes_free(x);
    xaes_free(other);
}

/* The usual way to seal: a header stands in the buffer and is the aad of what is appended to it. */
static void test_aad_in_the_buffer(void **state) {
    (void)state;
    xaes *x = xaes_under(SLICE("0123456789abcdef0123456789abcdef"));
    uint8_t plaintext[5000] = {1};
    OWNED(buffer) out = {0};
    assert_ok(buffer_append_text(&out, "header"));
    assert_ok(xaes_seal(x, buffer_slice(&out), slice_of(plaintext, sizeof plaintext), &out));
    assert_int_equal(out.len, 6 + sizeof plaintext + XAES_OVERHEAD_BYTES);
    OWNED(secret) opened = {0};
    assert_ok(xaes_open(x, SLICE("header"), slice_skip(buffer_slice(&out), 6), &opened));
    assert_bytes(opened.hidden, opened.len, slice_of(plaintext, sizeof plaintext));
    xaes_free(x);
}

static void test_limits(void **state) {
    (void)state;
    xaes *x = xaes_under(SLICE("0123456789abcdef0123456789abcdef"));
    OWNED(buffer) small = {.limit = 44};
    assert_fails(xaes_seal(x, SLICE(""), SLICE("12345"), &small), TOO_LARGE);
    assert_int_equal(small.len, 0);
    OWNED(secret) short_key = secret_from(SLICE("0123456789abcdef"));
    xaes *refused = NULL;
    assert_fails(xaes_new(&short_key, &refused), INVALID_PARAMETER);
    assert_null(refused);
    xaes_free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_accumulated),
        cmocka_unit_test(test_changes_are_refused),
        cmocka_unit_test(test_aad_in_the_buffer),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
