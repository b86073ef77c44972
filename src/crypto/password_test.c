/* Argon2id against values of its reference implementation; one-time codes against RFC 6238, Appendix B. */
#include "crypto/password.h"

#include "base/text.h"
#include "crypto/start.h"
#include "crypto/test_bytes.h"

static void expect_hash(password_cost cost, const char *password, const char *salt, const char *hex) {
    OWNED(secret) given = {0};
    OWNED(secret) made = {0};
    OWNED(arena) memory = {0};
    slice expected;
    assert_false(FAILED(secret_copy(slice_of_text(password), &given)));
    assert_false(FAILED(hex_decode(slice_of_text(hex), &memory, &expected)));
    assert_false(FAILED(password_hash(&cost, slice_of_text(salt), &given, &made)));
    assert_int_equal(made.len, expected.len);
    assert_memory_equal(secret_expose(&made).at, expected.at, expected.len);
}

/* phc-winner-argon2, src/test.c: version 0x13, Argon2id. */
static void argon2id_known_answers(void **state) {
    (void)state;
    expect_hash((password_cost){1 << 16, 2, 1}, "password", "somesalt",
                "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    expect_hash((password_cost){1 << 8, 2, 1}, "password", "somesalt",
                "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe");
    expect_hash((password_cost){1 << 8, 2, 2}, "password", "somesalt",
                "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037");
    expect_hash((password_cost){1 << 16, 2, 1}, "differentpassword", "somesalt",
                "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde");
    expect_hash((password_cost){1 << 16, 2, 1}, "password", "diffsalt",
                "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c");
}

static void costs_that_are_none_are_refused(void **state) {
    (void)state;
    OWNED(secret) given = {0};
    secret out = {0};
    assert_false(FAILED(secret_copy(SLICE("password"), &given)));
    assert_true(FAILED_WITH(password_hash(&(password_cost){0}, SLICE("somesalt"), &given, &out), INVALID_PARAMETER));
    assert_true(FAILED_WITH(password_hash(&password_cost_default, SLICE("salt"), &given, &out), INVALID_PARAMETER));
    assert_null(out.hidden);
}

/* RFC 6238, Appendix B: SHA-1, the last six of its eight digits. */
static void codes_of_the_rfc(void **state) {
    (void)state;
    static const struct {
        int64_t time_s;
        const char *code;
    } ROWS[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    OWNED(secret) seed = {0};
    assert_false(FAILED(secret_copy(SLICE("12345678901234567890"), &seed)));
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char code[TOTP_DIGITS];
        assert_false(FAILED(totp_code(&seed, ROWS[i].time_s / TOTP_STEP_S, code)));
        assert_memory_equal(code, ROWS[i].code, TOTP_DIGITS);
    }
}

int main(void) {
    if (FAILED(crypto_start())) return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(argon2id_known_answers),
        cmocka_unit_test(costs_that_are_none_are_refused),
        cmocka_unit_test(codes_of_the_rfc),
    };
    return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
