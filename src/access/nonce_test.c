/* Replay memory: found again, forgotten in time, bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/nonce.h"

enum { NOW = 1716186861 };

static void a_replay_is_found(void **state) {
    (void)state;
    nonces *n = nonces_new(100);
    assert_non_null(n);
    uint64_t hash = nonces_hash(n, SLICE("LTAI5t1"), SLICE("abc"));
    assert_false(nonces_seen(n, hash, NOW));
    assert_false(FAILED(nonces_remember(n, hash, NOW, NOW)));
    assert_true(nonces_seen(n, hash, NOW));
    assert_true(FAILED_WITH(nonces_remember(n, hash, NOW, NOW + 10), NONCE_USED));
    assert_true(FAILED_WITH(nonces_remember(n, hash, NOW, NOW + NONCE_WINDOW_S), NONCE_USED));
    assert_false(nonces_seen(n, nonces_hash(n, SLICE("LTAI5t2"), SLICE("abc")), NOW));
    assert_false(nonces_seen(n, nonces_hash(n, SLICE("LTAI5t1a"), SLICE("bc")), NOW));
    assert_int_equal(nonces_count(n), 1);
    nonces_free(n);
}

static void both_ends_of_the_window(void **state) {
    (void)state;
    nonces *n = nonces_new(100);
    assert_true(FAILED_WITH(nonces_remember(n, 1, NOW - NONCE_WINDOW_S - 1, NOW), REQUEST_EXPIRED));
    assert_true(FAILED_WITH(nonces_remember(n, 1, NOW + NONCE_WINDOW_S + 1, NOW), REQUEST_EXPIRED));
    assert_true(FAILED_WITH(nonces_remember(n, 1, INT64_MIN, NOW), REQUEST_EXPIRED));
    assert_true(FAILED_WITH(nonces_remember(n, 1, INT64_MAX, NOW), REQUEST_EXPIRED));
    assert_int_equal(nonces_count(n), 0);
    assert_false(FAILED(nonces_remember(n, 1, NOW - NONCE_WINDOW_S, NOW)));
    assert_false(FAILED(nonces_remember(n, 1, NOW + NONCE_WINDOW_S, NOW)));
    assert_true(FAILED_WITH(nonces_remember(n, 1, NOW - NONCE_WINDOW_S, NOW), NONCE_USED));
    assert_true(FAILED_WITH(nonces_remember(n, 1, NOW + NONCE_WINDOW_S, NOW), NONCE_USED));
    nonces_free(n);
}

static void hash_zero_is_a_nonce_too(void **state) {
    (void)state;
    nonces *n = nonces_new(10);
    assert_false(nonces_seen(n, 0, NOW));
    assert_false(FAILED(nonces_remember(n, 0, NOW, NOW)));
    assert_true(FAILED_WITH(nonces_remember(n, 0, NOW, NOW), NONCE_USED));
    nonces_free(n);
}

static void full_is_throttled_until_time_passes(void **state) {
    (void)state;
    nonces *n = nonces_new(50);
    for (uint64_t i = 1; i <= 50; i++) assert_false(FAILED(nonces_remember(n, i, NOW, NOW)));
    assert_true(FAILED_WITH(nonces_remember(n, 51, NOW, NOW), THROTTLED));
    assert_false(nonces_seen(n, 51, NOW));
    assert_true(FAILED_WITH(nonces_remember(n, 7, NOW, NOW), NONCE_USED));
    int64_t later = NOW + NONCE_WINDOW_S + 60;
    assert_false(FAILED(nonces_remember(n, 51, later, later)));
    assert_int_equal(nonces_count(n), 1);
    nonces_free(n);
}

/* A long run at 20 requests a second with times all over the window: every one is found as long as it could be accepted. */
static void a_long_run(void **state) {
    (void)state;
    nonces *n = nonces_new(1 << 20);
    int64_t began = NOW;
    for (int64_t second = 0; second < 4000; second++) {
        int64_t now = began + second;
        for (uint64_t k = 0; k < 20; k++) {
            uint64_t hash = ((uint64_t)second * 20 + k + 1) * 0x9e3779b97f4a7c15ULL;
            int64_t request_time = now - 900 + (int64_t)(hash % 1801);
            assert_false(FAILED(nonces_remember(n, hash, request_time, now)));
            assert_true(FAILED_WITH(nonces_remember(n, hash, request_time, now), NONCE_USED));
        }
        for (int64_t back = 1; back <= 900 && back <= second; back += 97) {
            uint64_t hash = ((uint64_t)(second - back) * 20 + 1) * 0x9e3779b97f4a7c15ULL;
            int64_t request_time = now - back - 900 + (int64_t)(hash % 1801);
            if (request_time < now - 900) continue;
            assert_true(FAILED_WITH(nonces_remember(n, hash, request_time, now), NONCE_USED));
        }
    }
    assert_true(nonces_count(n) <= 20 * 1860);
    nonces_free(n);
}

/* The clock is set back: what was remembered for later times stays as long as there is room, and never blocks. */
static void a_clock_set_back(void **state) {
    (void)state;
    nonces *n = nonces_new(40);
    for (uint64_t i = 0; i < 40; i++) assert_false(FAILED(nonces_remember(n, i + 1, NOW + (int64_t)i * 20, NOW)));
    int64_t before = NOW - 86400;
    assert_true(FAILED_WITH(nonces_remember(n, 1, NOW, before), REQUEST_EXPIRED));
    assert_true(nonces_seen(n, 1, NOW));
    assert_false(FAILED(nonces_remember(n, 99, before, before)));
    assert_true(FAILED_WITH(nonces_remember(n, 99, before, before), NONCE_USED));
    nonces_free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_is_found),
        cmocka_unit_test(both_ends_of_the_window),
        cmocka_unit_test(hash_zero_is_a_nonce_too),
        cmocka_unit_test(full_is_throttled_until_time_passes),
        cmocka_unit_test(a_long_run),
        cmocka_unit_test(a_clock_set_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
