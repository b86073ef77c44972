/* Slices: edges first (absent, empty, too short), then what they are for. */
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const slice absent = {0};

static void absent_and_empty_are_told_apart(void **state) {
    (void)state;
    assert_true(slice_is_absent(absent) && slice_is_empty(absent));
    assert_true(!slice_is_absent(SLICE("")) && slice_is_empty(SLICE("")));
    assert_true(slice_is_absent(slice_of_text(NULL)));
    assert_false(slice_is_absent(slice_of_text("")));
    assert_true(slice_is_absent(slice_skip(absent, 3)) && slice_is_absent(slice_head(absent, 3)));
    assert_false(slice_is_absent(slice_skip(SLICE("ab"), 3)));
    assert_true(slice_is_absent(slice_trim(absent)));
}

static void comparing(void **state) {
    (void)state;
    assert_true(slice_equals(absent, SLICE("")));
    assert_true(slice_equals(SLICE("a\0b"), SLICE("a\0b")));
    assert_false(slice_equals(SLICE("a\0b"), SLICE("a\0c")));
    assert_false(slice_equals(SLICE("a"), SLICE("ab")));
    assert_false(slice_equals_text(SLICE("a\0"), "a"));
    assert_true(slice_equals_text(absent, ""));
    assert_true(slice_equals_ignoring_case(SLICE("aZ[{\xc3\xa9"), SLICE("Az[{\xc3\xa9")));
    assert_false(slice_equals_ignoring_case(SLICE("["), SLICE("{"))); /* 0x20 apart, no letters */
    assert_false(slice_equals_ignoring_case(SLICE("@"), SLICE("`")));
    assert_false(slice_equals_ignoring_case(SLICE("\xc3\xa9"), SLICE("\xc3\x89")));
    assert_false(slice_equals_ignoring_case(SLICE("a"), SLICE("aa")));
}

static void order_is_that_of_bytes(void **state) {
    (void)state;
    static const char *const sorted[] = {"", "A", "a", "a-", "a.b", "aa", "b", "\x7f", "\x80", "\xff", "\xff\x01"};
    for (size_t i = 0; i < sizeof sorted / sizeof *sorted; i++)
        for (size_t k = 0; k < sizeof sorted / sizeof *sorted; k++) {
            int order = slice_compare(slice_of_text(sorted[i]), slice_of_text(sorted[k]));
            assert_true(i < k ? order < 0 : i > k ? order > 0 : order == 0);
        }
    assert_int_equal(slice_compare(absent, SLICE("")), 0);
    assert_true(slice_compare(absent, SLICE("a")) < 0);
}

static void finding(void **state) {
    (void)state;
    slice s = SLICE("abcabc\0d");
    assert_int_equal(slice_find(s, SLICE("cab")), 2);
    assert_int_equal(slice_find(s, SLICE("\0d")), 6);
    assert_int_equal(slice_find(s, SLICE("")), 0);
    assert_int_equal(slice_find(absent, SLICE("")), 0);
    assert_true(slice_find(s, SLICE("abd")) == SIZE_MAX);
    assert_true(slice_find(SLICE("ab"), SLICE("abc")) == SIZE_MAX);
    assert_true(slice_find(absent, SLICE("a")) == SIZE_MAX);
    assert_int_equal(slice_find_byte(s, 'c'), 2);
    assert_int_equal(slice_find_byte(s, 0), 6);
    assert_true(slice_find_byte(SLICE("a"), 0) == SIZE_MAX); /* the NUL behind a literal is not part of it */
    assert_true(slice_find_byte(absent, 'a') == SIZE_MAX);
    assert_true(slice_contains_byte(s, 'd') && !slice_contains_byte(s, 'e') && !slice_contains_byte(absent, 0));
    assert_true(slice_starts_with(s, SLICE("abc")) && slice_starts_with(s, absent) &&
                slice_starts_with(absent, absent));
    assert_false(slice_starts_with(s, SLICE("bc")));
    assert_false(slice_starts_with(SLICE("ab"), SLICE("abc")));
    assert_true(slice_ends_with(s, SLICE("\0d")) && slice_ends_with(s, SLICE("")));
    assert_false(slice_ends_with(SLICE("bc"), SLICE("abc")));
    assert_false(slice_ends_with(absent, SLICE("a")));
}

static void cutting(void **state) {
    (void)state;
    assert_true(slice_equals_text(slice_head(SLICE("abc"), 2), "ab"));
    assert_true(slice_equals_text(slice_head(SLICE("abc"), SIZE_MAX), "abc"));
    assert_true(slice_equals_text(slice_skip(SLICE("abc"), 2), "c"));
    assert_true(slice_equals_text(slice_skip(SLICE("abc"), SIZE_MAX), ""));
    assert_true(slice_equals_text(slice_trim(SLICE(" \t\r\n a b \n\r\t ")), "a b"));
    assert_true(slice_equals_text(slice_trim(SLICE(" \t ")), ""));
    assert_true(slice_equals_text(slice_trim(SLICE("\x0b"
                                                   "a\x0c")),
                                  "\x0b"
                                  "a\x0c")); /* only these four are blanks */
}

static void taking_leaves_all_when_too_few(void **state) {
    (void)state;
    slice rest = SLICE("abcde"), taken = SLICE("before");
    assert_false(slice_take(&rest, 6, &taken));
    assert_false(slice_take(&rest, SIZE_MAX, &taken));
    assert_true(slice_equals_text(rest, "abcde") && slice_equals_text(taken, "before"));
    assert_true(slice_take(&rest, 2, &taken) && slice_equals_text(taken, "ab"));
    assert_true(slice_take(&rest, 0, &taken) && slice_equals_text(taken, ""));
    assert_true(slice_take(&rest, 3, &taken) && slice_equals_text(taken, "cde"));
    assert_true(slice_take(&rest, 0, &taken));
    assert_false(slice_take(&rest, 1, &taken));
    rest = absent;
    assert_true(slice_take(&rest, 0, &taken));
    assert_false(slice_take(&rest, 1, &taken));
}

static void splits_into(slice text, const char *const *expected) {
    slice field;
    for (; slice_split(&text, ',', &field); expected++) {
        assert_non_null(*expected);
        assert_false(slice_is_absent(field));
        assert_true(slice_equals_text(field, *expected));
    }
    assert_null(*expected);
    assert_true(slice_is_absent(text));
}

static void splitting_sees_every_field_once(void **state) {
    (void)state;
    splits_into(absent, (const char *const[]){NULL});
    splits_into(SLICE(""), (const char *const[]){"", NULL});
    splits_into(SLICE(","), (const char *const[]){"", "", NULL});
    splits_into(SLICE("a"), (const char *const[]){"a", NULL});
    splits_into(SLICE("a,"), (const char *const[]){"a", "", NULL});
    splits_into(SLICE(",a,,b"), (const char *const[]){"", "a", "", "b", NULL});
}

static void unsigned_numbers(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1.0",
                                      "1e3",
                                      "a",
                                      "/",
                                      ":",
                                      "18446744073709551616",
                                      "99999999999999999999",
                                      "184467440737095516150",
                                      "000000000000000000001"};
    uint64_t n = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (slice_to_u64(slice_of_text(bad[i]), &n)) fail_msg("'%s' is taken", bad[i]);
    assert_false(slice_to_u64(absent, &n));
    assert_false(slice_to_u64(SLICE("1\0"), &n));
    assert_int_equal(n, 42);
    assert_true(slice_to_u64(SLICE("0"), &n) && n == 0);
    assert_true(slice_to_u64(SLICE("007"), &n) && n == 7);
    assert_true(slice_to_u64(SLICE("18446744073709551615"), &n) && n == UINT64_MAX);
}

static void signed_numbers(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "-",
                                      "--1",
                                      "+1",
                                      "- 1",
                                      "1-",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "18446744073709551615",
                                      "-18446744073709551616"};
    int64_t n = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (slice_to_i64(slice_of_text(bad[i]), &n)) fail_msg("'%s' is taken", bad[i]);
    assert_int_equal(n, 42);
    assert_true(slice_to_i64(SLICE("-0"), &n) && n == 0);
    assert_true(slice_to_i64(SLICE("-17"), &n) && n == -17);
    assert_true(slice_to_i64(SLICE("9223372036854775807"), &n) && n == INT64_MAX);
    assert_true(slice_to_i64(SLICE("-9223372036854775807"), &n) && n == -INT64_MAX);
    assert_true(slice_to_i64(SLICE("-9223372036854775808"), &n) && n == INT64_MIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_and_empty_are_told_apart),
        cmocka_unit_test(comparing),
        cmocka_unit_test(order_is_that_of_bytes),
        cmocka_unit_test(finding),
        cmocka_unit_test(cutting),
        cmocka_unit_test(taking_leaves_all_when_too_few),
        cmocka_unit_test(splitting_sees_every_field_once),
        cmocka_unit_test(unsigned_numbers),
        cmocka_unit_test(signed_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
