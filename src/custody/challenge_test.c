/* A challenge is taken once, whatever came before and after; old ones and those never given are not. */
#include "custody/challenge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/start.h"

static int begin(void **state) {
    if (FAILED(crypto_start())) return -1;
    *state = calloc(1, sizeof(challenges));
    return *state ? 0 : -1;
}

static int end(void **state) {
    free(*state);
    return 0;
}

static uint64_t next(challenges *all) {
    uint64_t number = 0;
    assert_false(FAILED(challenges_next(all, &number)));
    return number;
}

static void once(void **state) {
    challenges *all = *state;
    assert_false(challenges_take(all, 0));
    assert_false(challenges_take(all, 1)); /* not given yet */
    uint64_t first = next(all), second = next(all);
    assert_int_equal(first, 1);
    assert_true(challenges_take(all, second));
    assert_false(challenges_take(all, second));
    assert_true(challenges_take(all, first));
    assert_false(challenges_take(all, first));
    assert_false(challenges_take(all, UINT64_MAX));
}

static void the_window_moves_on(void **state) {
    challenges *all = *state;
    uint64_t kept = next(all), lost = 0;
    for (uint64_t i = 0; i < CHALLENGES_KEPT; i++) lost = next(all);
    assert_false(challenges_take(all, kept)); /* one too old; its place is another's */
    assert_true(challenges_take(all, lost));
    assert_true(challenges_take(all, kept + 1));
    assert_false(challenges_take(all, kept + 1));
    uint64_t reused = next(all);
    assert_true(challenges_take(all, reused));
}

static void starts_differ(void **state) {
    challenges *all = *state, other = {0};
    (void)next(all), (void)next(&other);
    assert_memory_not_equal(all->start, other.start, sizeof other.start);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(once, begin, end),
        cmocka_unit_test_setup_teardown(the_window_moves_on, begin, end),
        cmocka_unit_test_setup_teardown(starts_differ, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
