/* Guessing gets slower, and is forgiven. */
#include "access/slowdown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const slowdown_rule RULE = {.free_tries = 3};

static int64_t try_at(slowdown *s, slice name, const slowdown_rule *rule, int64_t now_s) {
    int64_t wait_s = -1;
    status tried = slowdown_try(s, name, rule, now_s, &wait_s);
    assert_true(!FAILED(tried) || FAILED_WITH(tried, LOGIN_SLOWED));
    assert_true(FAILED(tried) == (wait_s > 0));
    return wait_s;
}

static void waits_double(void **state) {
    (void)state;
    slowdown *s;
    int64_t now_s = 1000;
    assert_false(FAILED(slowdown_new(&s)));
    for (int i = 0; i < 4; i++) assert_int_equal(try_at(s, SLICE("a"), &RULE, now_s), 0);
    static const int64_t WAITS[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900};
    for (size_t i = 0; i < sizeof WAITS / sizeof *WAITS; i++) {
        assert_int_equal(try_at(s, SLICE("a"), &RULE, now_s), WAITS[i]);
        assert_int_equal(try_at(s, SLICE("a"), &RULE, now_s + WAITS[i] - 1),
                         1); /* what comes too early counts for nothing */
        now_s += WAITS[i];
        assert_int_equal(try_at(s, SLICE("a"), &RULE, now_s), 0);
    }
    assert_int_equal(try_at(s, SLICE("b"), &RULE, now_s), 0); /* somebody else */
    slowdown_free(s);
}

static void success_and_time_forgive(void **state) {
    (void)state;
    slowdown *s;
    assert_false(FAILED(slowdown_new(&s)));
    for (int i = 0; i < 4; i++) assert_int_equal(try_at(s, SLICE("a"), &RULE, 1000), 0);
    assert_int_equal(try_at(s, SLICE("a"), &RULE, 1000), 1);
    slowdown_forgive(s, SLICE("a"));
    for (int i = 0; i < 4; i++) assert_int_equal(try_at(s, SLICE("a"), &RULE, 1000), 0);
    for (int i = 0; i < 4; i++) assert_int_equal(try_at(s, SLICE("a"), &RULE, 1000 + 3601), 0);
    assert_int_equal(try_at(s, SLICE("a"), &RULE, 1000 + 3601), 1);
    slowdown_free(s);
}

static void a_success_among_others_does_not_count(void **state) {
    (void)state;
    slowdown *s;
    assert_false(FAILED(slowdown_new(&s)));
    for (int i = 0; i < 50; i++) {
        assert_int_equal(try_at(s, SLICE("a"), &RULE, 1000), 0);
        slowdown_take_back(s, SLICE("a"), &RULE);
    }
    for (int i = 0; i < 4; i++) assert_int_equal(try_at(s, SLICE("a"), &RULE, 1000), 0);
    assert_int_equal(try_at(s, SLICE("a"), &RULE, 1000), 1);
    slowdown_take_back(s, SLICE("nobody"), &RULE);
    slowdown_free(s);
}

static void locked_for_an_hour(void **state) {
    (void)state;
    static const slowdown_rule LOCKING = {.free_tries = 3, .locked_from = 2};
    slowdown *s;
    assert_false(FAILED(slowdown_new(&s)));
    assert_int_equal(try_at(s, SLICE("a"), &LOCKING, 0), 0);
    assert_int_equal(try_at(s, SLICE("a"), &LOCKING, 0), 0);
    assert_int_equal(try_at(s, SLICE("a"), &LOCKING, 0), 3600);
    assert_int_equal(try_at(s, SLICE("a"), &LOCKING, 3599), 1);
    assert_int_equal(try_at(s, SLICE("a"), &LOCKING, 3600), 0);
    slowdown_free(s);
}

static void names_without_end_do_not_fill_the_memory(void **state) {
    (void)state;
    slowdown *s;
    char name[32];
    assert_false(FAILED(slowdown_new(&s)));
    for (int i = 0; i < 4; i++) assert_int_equal(try_at(s, SLICE("guessed at"), &RULE, 5), 0);
    for (int i = 0; i < 200000; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(try_at(s, slice_of_text(name), &RULE, 5), 0);
        assert_true(slowdown_names(s) <= SLOWDOWN_NAMES_MOST);
    }
    assert_int_equal(try_at(s, SLICE("guessed at"), &RULE, 5), 1); /* not forgotten for them */
    static const slowdown_rule NONE_FREE = {.free_tries = 0};
    for (int i = 0; i < 200000; i++) {
        snprintf(name, sizeof name, "w%d", i);
        assert_int_equal(try_at(s, slice_of_text(name), &NONE_FREE, 5), 0);
        assert_true(slowdown_names(s) <= SLOWDOWN_NAMES_MOST);
    }
    slowdown_free(s);
}

static void waits_outlast_a_restart(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    slowdown *s, *next;
    waiting_record listed;
    assert_false(FAILED(slowdown_new(&s)));
    assert_false(FAILED(slowdown_new(&next)));
    assert_int_equal(try_at(s, SLICE("once"), &RULE, 1000), 0);
    assert_false(slowdown_has_changed(s));
    for (int i = 0; i < 4; i++) assert_int_equal(try_at(s, SLICE("a"), &RULE, 1000), 0);
    assert_int_equal(try_at(s, SLICE("a"), &RULE, 1001), 0);
    assert_true(slowdown_has_changed(s));
    assert_false(FAILED(slowdown_list(s, &memory, &listed)));
    assert_false(slowdown_has_changed(s));
    assert_int_equal(listed.tries.count, 1);
    assert_false(FAILED(slowdown_recall(next, &listed)));
    assert_int_equal(try_at(next, SLICE("a"), &RULE, 1002), 1);
    assert_int_equal(try_at(next, SLICE("a"), &RULE, 1003), 0);
    assert_int_equal(try_at(next, SLICE("a"), &RULE, 1003), 4); /* it doubles on from where it was */
    slowdown_forgive(s, SLICE("a"));
    assert_true(slowdown_has_changed(s));
    assert_false(FAILED(slowdown_list(s, &memory, &listed)));
    assert_int_equal(listed.tries.count, 0);
    slowdown_free(s);
    slowdown_free(next);
}

static void the_longest_waits_are_listed(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    slowdown *s;
    waiting_record listed;
    char name[32];
    static const slowdown_rule NONE_FREE = {.free_tries = 0};
    assert_false(FAILED(slowdown_new(&s)));
    for (int i = 0; i < 3 * SLOWDOWN_LISTED; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(try_at(s, slice_of_text(name), &NONE_FREE, i), 0);
    }
    assert_false(FAILED(slowdown_list(s, &memory, &listed)));
    assert_int_equal(listed.tries.count, SLOWDOWN_LISTED);
    for (size_t i = 0; i < listed.tries.count; i++)
        assert_true(listed.tries.at[i].last_at.value >= 2 * SLOWDOWN_LISTED);
    slowdown_free(s);
}

static void an_allowance_is_for_a_second(void **state) {
    (void)state;
    allowance b = {0};
    for (int i = 0; i < 6; i++) assert_true(allowance_take(&b, 2, 1000));
    assert_false(allowance_take(&b, 2, 1000));
    for (int i = 0; i < 2; i++) assert_true(allowance_take(&b, 2, 1001));
    assert_false(allowance_take(&b, 2, 1001));
    for (int i = 0; i < 6; i++) assert_true(allowance_take(&b, 2, 5000));
    assert_false(allowance_take(&b, 2, 5000));
    for (int i = 0; i < 6; i++) assert_true(allowance_take(&b, 2, 900)); /* a clock put back locks nobody out */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double),
        cmocka_unit_test(success_and_time_forgive),
        cmocka_unit_test(a_success_among_others_does_not_count),
        cmocka_unit_test(locked_for_an_hour),
        cmocka_unit_test(names_without_end_do_not_fill_the_memory),
        cmocka_unit_test(waits_outlast_a_restart),
        cmocka_unit_test(the_longest_waits_are_listed),
        cmocka_unit_test(an_allowance_is_for_a_second),
    };
    return cmocka_run_group_tests_name("slowdown", tests, NULL, NULL);
}
