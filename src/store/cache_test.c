/* Tests of the cache. */
#include "store/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static slice numbered(char text[24], size_t i) {
    snprintf(text, 24, "key/%08zu", i);
    return slice_of_text(text);
}

static void put(cache *c, size_t i, slice value) {
    char key[24];
    cache_record record = {value, i + 1, 0};
    cache_put(c, numbered(key, i), &record);
}

static bool knows(cache *c, size_t i) {
    char key[24];
    cache_record record;
    return cache_get(c, numbered(key, i), &record);
}

static void test_stays_in_its_bound(void **state) {
    (void)state;
    cache *c = NULL;
    uint8_t value[500] = {1};
    assert_int_equal(cache_new(100000, &c).code, STATUS_OK);
    for (size_t i = 0; i < 5000; i++) {
        put(c, i, slice_of(value, 1 + i % sizeof value));
        assert_true(cache_bytes(c) <= 100000);
    }
    assert_true(cache_bytes(c) > 90000);
    for (size_t i = 0; i < 5000; i++) {
        char key[24];
        cache_drop(c, numbered(key, i));
    }
    assert_int_equal(cache_bytes(c), 0);
    cache_free(c);
}

static void test_what_is_hot_survives_a_scan(void **state) {
    (void)state;
    cache *c = NULL;
    uint8_t value[100] = {1};
    assert_int_equal(cache_new(100000, &c).code, STATUS_OK);
    for (size_t i = 0; i < 10; i++) put(c, i, slice_of(value, sizeof value));
    for (size_t i = 100; i < 3000; i++) {
        for (size_t hot = 0; hot < 10; hot++) assert_true(knows(c, hot));
        put(c, i, slice_of(value, sizeof value));
    }
    cache_free(c);
}

static void test_replaces_and_refuses_the_large(void **state) {
    (void)state;
    cache *c = NULL;
    cache_record record = {0};
    uint8_t large[30000] = {1};
    assert_int_equal(cache_new(100000, &c).code, STATUS_OK);
    put(c, 1, SLICE("one"));
    put(c, 1, SLICE("two"));
    char key[24];
    assert_true(cache_get(c, numbered(key, 1), &record) && slice_equals_text(record.value, "two") &&
                record.revision == 2);
    put(c, 1, slice_of(large, sizeof large));
    assert_false(knows(c, 1));
    assert_int_equal(cache_bytes(c), 0);
    put(c, 2, (slice){0});
    assert_true(cache_get(c, numbered(key, 2), &record) && slice_is_absent(record.value));
    put(c, 3, SLICE(""));
    assert_true(cache_get(c, numbered(key, 3), &record) && !slice_is_absent(record.value) && record.value.len == 0);
    cache_free(c);
}

static void test_puts_back_its_own_value(void **state) {
    (void)state;
    cache *c = NULL;
    cache_record record = {0};
    char key[24];
    assert_int_equal(cache_new(100000, &c).code, STATUS_OK);
    put(c, 1, SLICE("value"));
    assert_true(cache_get(c, numbered(key, 1), &record));
    cache_put(c, numbered(key, 1), &record);
    assert_true(cache_get(c, numbered(key, 1), &record) && slice_equals_text(record.value, "value"));
    cache_free(c);
}

static void test_forgets_a_batch(void **state) {
    (void)state;
    cache *c = NULL;
    char key[24];
    assert_int_equal(cache_new(1000000, &c).code, STATUS_OK);
    for (size_t i = 0; i < 1000; i++) {
        cache_record record = {SLICE("v"), i + 1, i % 3};
        cache_put(c, numbered(key, i), &record);
    }
    cache_drop_batch(c, 2);
    for (size_t i = 0; i < 1000; i++) assert_true(knows(c, i) == (i % 3 != 2));
    cache_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stays_in_its_bound),
        cmocka_unit_test(test_what_is_hot_survives_a_scan),
        cmocka_unit_test(test_replaces_and_refuses_the_large),
        cmocka_unit_test(test_puts_back_its_own_value),
        cmocka_unit_test(test_forgets_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
