/* Wildcards: the table, and that hostile patterns cost no more than they may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/glob.h"
#include "base/clock.h"

static bool matches(const char *pattern, const char *text) {
    size_t steps = 100000;
    return glob_matches(slice_of_text(pattern), slice_of_text(text), &steps);
}

static void mismatches(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"", "a"},
        {"a", ""},
        {"a", "b"},
        {"a", "ab"},
        {"ab", "a"},
        {"?", ""},
        {"?", "ab"},
        {"??", "a"},
        {"*a", "ab"},
        {"a*b", "acbd"},
        {"a*b*c", "acb"},
        {"*?", ""},
        {"A", "a"},
        {"a?c", "ac"},
        {"*ab*ab", "ab"},
        {"key/*", "keys"},
        {"*.txt", "a.txt.gz"},
        {"?*?", "x"},
        {"?", "\xc3\xa9x"},
        {"*??", "\xc3\xa9"},
        {"\xc3?", "\xc3\xa9\xa9x"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (matches(rows[i][0], rows[i][1])) fail_msg("%s matches %s", rows[i][0], rows[i][1]);
}

static void matching(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"*", ""},
        {"**", ""},
        {"*", "a:b/c"},
        {"a*", "a"},
        {"a*", "abc"},
        {"*c", "abc"},
        {"a*c", "ac"},
        {"a*c", "abcbc"},
        {"?", "a"},
        {"a?c", "abc"},
        {"*?", "a"},
        {"?*", "ab"},
        {"a*b*c", "a1b2c"},
        {"*ab*ab", "abab"},
        {"*aab", "aaaab"},
        {"a**b", "ab"},
        {"key/*", "key/"},
        {"b/*/x?", "b/1/2/x3"},
        {"?", "\xc3\xa9"},
        {"*??", "\xc3\xa9x"},
        {"\xe6\x97\xa5?", "\xe6\x97\xa5\xe6\x9c\xac"},
        {"?*?", "xy"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!matches(rows[i][0], rows[i][1])) fail_msg("%s does not match %s", rows[i][0], rows[i][1]);
}

static void kinds(void **state) {
    (void)state;
    assert_int_equal(glob_kind_of(SLICE("")), GLOB_LITERAL);
    assert_int_equal(glob_kind_of(SLICE("abc")), GLOB_LITERAL);
    assert_int_equal(glob_kind_of(SLICE("*")), GLOB_ANY);
    assert_int_equal(glob_kind_of(SLICE("***")), GLOB_ANY);
    assert_int_equal(glob_kind_of(SLICE("a**")), GLOB_PREFIX);
    assert_int_equal(glob_kind_of(SLICE("a*b")), GLOB_MIXED);
    assert_int_equal(glob_kind_of(SLICE("a?*")), GLOB_MIXED);
    assert_int_equal(glob_kind_of(SLICE("?")), GLOB_MIXED);
}

enum { STARS = 1000, TEXT_BYTES = 6144 };

/* A thousand times "*a" against 6 KiB of "a" and a last "b" would take exponential time with naive backtracking. */
static void many_stars_take_linear_time(void **state) {
    (void)state;
    uint8_t *pattern = malloc(2 * STARS), *text = malloc(TEXT_BYTES);
    assert_true(pattern && text);
    for (size_t i = 0; i < STARS; i++) memcpy(pattern + 2 * i, "*a", 2);
    memset(text, 'a', TEXT_BYTES);
    text[TEXT_BYTES - 1] = 'b';
    size_t steps = 100000;
    int64_t began_us = clock_monotonic_us();
    assert_false(glob_matches(slice_of(pattern, 2 * STARS), slice_of(text, TEXT_BYTES), &steps));
    assert_true(clock_monotonic_us() - began_us < 1000000);
    assert_true(steps > 100000 - 3 * TEXT_BYTES);
    free(pattern);
    free(text);
}

/* The worst for the greedy matcher: nearly matching everywhere. It stops when its steps are used up. */
static void near_matches_stop_at_the_limit(void **state) {
    (void)state;
    uint8_t *pattern = malloc(TEXT_BYTES), *text = malloc(TEXT_BYTES);
    assert_true(pattern && text);
    memset(pattern, 'a', TEXT_BYTES);
    pattern[0] = '*';
    pattern[TEXT_BYTES / 2] = 'b';
    memset(text, 'a', TEXT_BYTES);
    size_t steps = 1 << 20;
    int64_t began_us = clock_monotonic_us();
    assert_false(glob_matches(slice_of(pattern, TEXT_BYTES / 2 + 1), slice_of(text, TEXT_BYTES), &steps));
    assert_int_equal(steps, 0);
    assert_true(clock_monotonic_us() - began_us < 1000000);
    free(pattern);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mismatches),
        cmocka_unit_test(matching),
        cmocka_unit_test(kinds),
        cmocka_unit_test(many_stars_take_linear_time),
        cmocka_unit_test(near_matches_stop_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
