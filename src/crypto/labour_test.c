/* Orders for another process: what it signs and opens is what would have been here, and nobody else's orders are done. */
#include "crypto/labour.h"

#include "crypto/test_bytes.h"

static struct {
    box *asks, *does;
    asymmetric *heavy, *light, *half;
} t;

static int make_all(void **state) {
    static const uint8_t KEY[32] = {3};
    if (start_crypto(state) != 0) return -1;
    OWNED(secret) key = secret_from(slice_of(KEY, 32));
    OWNED(secret) der = {0};
    OWNED(secret) small = {0};
    OWNED(buffer) spki = {0};
    if (FAILED(box_new(&key, BOX_SIDE_B, &t.asks)) || FAILED(box_new(&key, BOX_SIDE_A, &t.does))) return -1;
    if (FAILED(asymmetric_generate(ASYMMETRIC_RSA_3072, &der))) return -1;
    if (FAILED(asymmetric_from_private(ASYMMETRIC_RSA_3072, &der, &t.heavy))) return -1;
    if (FAILED(asymmetric_public(t.heavy, &spki))) return -1;
    if (FAILED(asymmetric_from_public(ASYMMETRIC_RSA_3072, buffer_slice(&spki), &t.half))) return -1;
    if (FAILED(asymmetric_generate(ASYMMETRIC_P256, &small))) return -1;
    return FAILED(asymmetric_from_private(ASYMMETRIC_P256, &small, &t.light)) ? -1 : 0;
}

static int drop_all(void **state) {
    (void)state;
    asymmetric_free(t.heavy);
    asymmetric_free(t.light);
    asymmetric_free(t.half);
    box_free(t.asks);
    box_free(t.does);
    return 0;
}

#define AAD SLICE("order 7")
static const signing PSS = {SIGNING_PSS, HASH_SHA256, false};

static void test_signing_and_opening(void **state) {
    (void)state;
    OWNED(buffer) order = {0};
    OWNED(buffer) result = {0};
    OWNED(secret) signature = {0};
    assert_ok(labour_order_sign(t.asks, AAD, t.heavy, &PSS, SLICE("message"), &order));
    assert_ok(labour_run(t.does, AAD, buffer_slice(&order), &result));
    assert_ok(labour_result(t.asks, AAD, buffer_slice(&result), &signature));
    assert_ok(asymmetric_verify(t.half, &PSS, SLICE("message"), (slice){signature.hidden, signature.len}));
    OWNED(buffer) sealed = {0};
    OWNED(secret) opened = {0};
    assert_ok(asymmetric_seal(t.half, SEALING_OAEP_SHA256, SLICE("plain"), &sealed));
    buffer_reset(&order), buffer_reset(&result);
    assert_ok(labour_order_open(t.asks, AAD, t.heavy, SEALING_OAEP_SHA256, buffer_slice(&sealed), &order));
    assert_ok(labour_run(t.does, AAD, buffer_slice(&order), &result));
    assert_ok(labour_result(t.asks, AAD, buffer_slice(&result), &opened));
    assert_bytes(opened.hidden, opened.len, SLICE("plain"));
    sealed.at[9] ^= 1;
    buffer_reset(&order), buffer_reset(&result);
    assert_ok(labour_order_open(t.asks, AAD, t.heavy, SEALING_OAEP_SHA256, buffer_slice(&sealed), &order));
    assert_fails(labour_run(t.does, AAD, buffer_slice(&order), &result), CIPHERTEXT);
    assert_int_equal(result.len, 0);
}

static void test_what_is_not_done(void **state) {
    (void)state;
    OWNED(buffer) order = {0};
    OWNED(buffer) result = {0};
    assert_fails(labour_order_sign(t.asks, AAD, t.light, &PSS, SLICE("m"), &order), INVALID_PARAMETER);
    assert_fails(labour_order_sign(t.asks, AAD, t.half, &PSS, SLICE("m"), &order), INVALID_PARAMETER);
    assert_ok(labour_order_sign(t.asks, AAD, t.heavy, &PSS, SLICE("m"), &order));
    assert_fails(labour_run(t.does, SLICE("order 8"), buffer_slice(&order), &result), VERIFICATION);
    assert_fails(labour_run(t.asks, AAD, buffer_slice(&order), &result), VERIFICATION);
    order.at[40] ^= 1;
    assert_fails(labour_run(t.does, AAD, buffer_slice(&order), &result), VERIFICATION);
    static const char *const MALFORMED_ORDERS[] = {"", "\1", "\1\1\0\2\0\xff\xff\xff\xff", "\0\1\0\2\0\0\0\0\0",
                                                   "\1\3\0\2\0\0\0\0\1x"};
    static const size_t LENGTHS[] = {0, 1, 9, 9, 10};
    for (size_t i = 0; i < 5; i++) {
        buffer_reset(&order);
        assert_ok(box_seal(t.asks, AAD, slice_of(MALFORMED_ORDERS[i], LENGTHS[i]), &order));
        assert_fails(labour_run(t.does, AAD, buffer_slice(&order), &result), MALFORMED);
    }
    assert_int_equal(result.len, 0);
}

static const password_cost CHEAP = {.memory_kib = 32, .passes = 3, .lanes = 4};
#define SALT SLICE("0123456789abcdef")

static void test_hashes_are_those_made_here(void **state) {
    (void)state;
    OWNED(secret)
    first = secret_from(SLICE("first")), second = secret_from(SLICE("")), here = {0}, there = {0}, one = {0};
    OWNED(buffer) order = {0};
    OWNED(buffer) result = {0};
    hashing what = {CHEAP, SALT, {&first, &second}, 2};
    assert_ok(labour_order_hashes(t.asks, AAD, &what, &order));
    assert_int_equal(slice_find(buffer_slice(&order), SLICE("first")), SIZE_MAX);
    assert_ok(labour_run(t.does, AAD, buffer_slice(&order), &result));
    assert_ok(labour_result(t.asks, AAD, buffer_slice(&result), &there));
    assert_ok(labour_hashes(&what, &here));
    assert_bytes(there.hidden, there.len, (slice){here.hidden, here.len});
    assert_ok(password_hash(&CHEAP, SALT, &second, &one));
    assert_bytes(there.hidden, PASSWORD_SALT_BYTES, SALT);
    assert_bytes(there.hidden + PASSWORD_SALT_BYTES + PASSWORD_HASH_BYTES, PASSWORD_HASH_BYTES,
                 (slice){one.hidden, one.len});
    assert_fails(labour_run(t.does, SLICE("order 8"), buffer_slice(&order), &result), VERIFICATION);
}

static void test_hashes_that_are_not_made(void **state) {
    (void)state;
    OWNED(secret) small = secret_from(SLICE("x")), large = {0};
    OWNED(buffer) order = {0};
    OWNED(buffer) result = {0};
    assert_ok(secret_new(LABOUR_PASSWORD_BYTES_MOST + 1, &large));
    const hashing wrong[] = {
        {CHEAP, SALT, {&small}, 0},           {CHEAP, SALT, {&small, &small}, 3},
        {CHEAP, SLICE("short"), {&small}, 1}, {{.memory_kib = 1 << 21, .passes = 1, .lanes = 1}, SALT, {&small}, 1},
        {CHEAP, SALT, {&small, &large}, 2},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_fails(labour_order_hashes(t.asks, AAD, &wrong[i], &order), INVALID_PARAMETER);
#define HOW                                                                                                            \
    "\0\0\0\x20\0\0\0\3\0\0\0\4"                                                                                       \
    "0123456789abcdef"
#define TO_HASH "\0\3\0\0"
    static const struct {
        const char *text;
        size_t len;
        const char *failure;
    } ORDERS[] = {
        {TO_HASH "\1\0\0\0\x1c" HOW "\0\1x", 5 + 4 + 28 + 3, "OK"},
        {TO_HASH "\1\0\0\0\x1c" HOW "\0\1xy", 5 + 4 + 28 + 4, "MALFORMED"},
        {TO_HASH "\1\0\0\0\x1c" HOW "\0\2x", 5 + 4 + 28 + 3, "MALFORMED"},
        {TO_HASH "\2\0\0\0\x1c" HOW "\0\1x", 5 + 4 + 28 + 3, "MALFORMED"},
        {TO_HASH "\3\0\0\0\x1c" HOW "\0\1x", 5 + 4 + 28 + 3, "MALFORMED"},
        {TO_HASH "\0\0\0\0\x1c" HOW, 5 + 4 + 28, "INVALID_PARAMETER"},
        {TO_HASH "\1\0\0\0\x1b" HOW "\0\1x", 5 + 4 + 28 + 3, "MALFORMED"},
    };
    for (size_t i = 0; i < sizeof ORDERS / sizeof *ORDERS; i++) {
        buffer_reset(&order), buffer_reset(&result);
        assert_ok(box_seal(t.asks, AAD, slice_of(ORDERS[i].text, ORDERS[i].len), &order));
        assert_string_equal(status_name(labour_run(t.does, AAD, buffer_slice(&order), &result)), ORDERS[i].failure);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signing_and_opening), cmocka_unit_test(test_what_is_not_done),
        cmocka_unit_test(test_hashes_are_those_made_here), cmocka_unit_test(test_hashes_that_are_not_made)};
    return cmocka_run_group_tests(tests, make_all, drop_all);
}
