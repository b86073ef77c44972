/* Tests of what the store promises about values, revisions, batches and order. */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/start.h"

typedef struct bench {
    secret key;
    store *store;
    arena memory;
} bench;

static int begin(void **state) {
    bench *b = calloc(1, sizeof *b);
    uint8_t key[STORE_KEY_BYTES] = {1, 2, 3};
    if (!b || FAILED(secret_copy(slice_of(key, sizeof key), &b->key))) return -1;
    store_options options = {.key = &b->key, .cache_bytes = 1 << 20};
    *state = b;
    return FAILED(store_open(&options, &b->store)) ? -1 : 0;
}

static int end(void **state) {
    bench *b = *state;
    store_close(b->store);
    secret_clear(&b->key);
    arena_clear(&b->memory);
    free(b);
    return 0;
}

static status put(bench *b, const char *key, const char *value, uint64_t expected) {
    store_change change = {slice_of_text(key), slice_of_text(value), expected};
    return store_apply(b->store, &change, 1);
}

static void put_now(bench *b, const char *key, const char *value) {
    assert_int_equal(store_begin(b->store).code, STATUS_OK);
    assert_int_equal(put(b, key, value, STORE_ANY).code, STATUS_OK);
    assert_int_equal(store_commit(b->store).code, STATUS_OK);
}

/* NULL for "not there". */
static void expect(bench *b, const char *key, const char *value) {
    slice got = {0};
    uint64_t revision = 0;
    status read = store_get(b->store, slice_of_text(key), &b->memory, &got, &revision);
    if (!value) {
        assert_int_equal(read.code, FAILURE_NOT_FOUND);
        assert_true(slice_is_absent(got) && revision == 0);
        assert_int_equal(store_revision(b->store, slice_of_text(key), &revision).code, FAILURE_NOT_FOUND);
        assert_true(revision == 0);
        return;
    }
    if (FAILED(read)) fail_msg("%s: %s", key, status_name(read));
    if (!slice_equals_text(got, value)) fail_msg("%s is %.*s and not %s", key, SLICE_ARGS(got), value);
    uint64_t alone = 0;
    assert_int_equal(store_revision(b->store, slice_of_text(key), &alone).code, STATUS_OK);
    assert_true(revision > 0 && alone == revision);
}

static uint64_t revision_of(bench *b, const char *key) {
    slice got;
    uint64_t revision = 0;
    assert_int_equal(store_get(b->store, slice_of_text(key), &b->memory, &got, &revision).code, STATUS_OK);
    return revision;
}

static void test_refuses_wrong_use(void **state) {
    bench *b = *state;
    secret short_key = {0};
    store *none = NULL;
    store_fault fault = {0};
    assert_int_equal(secret_new(16, &short_key).code, STATUS_OK);
    store_options options = {.key = &short_key, .fault = &fault};
    assert_int_equal(store_open(&options, &none).code, FAILURE_INVALID_PARAMETER);
    assert_null(none);
    secret_clear(&short_key);
    assert_int_equal(put(b, "a", "1", STORE_ANY).code, FAILURE_INTERNAL);
    assert_int_equal(store_commit(b->store).code, FAILURE_INTERNAL);
    assert_int_equal(store_begin(b->store).code, STATUS_OK);
    assert_int_equal(store_begin(b->store).code, FAILURE_INTERNAL);
    store_roll_back(b->store);
    store_roll_back(b->store);
}

static void test_bounds_keys_and_values(void **state) {
    bench *b = *state;
    static uint8_t large[STORE_VALUE_MOST + 1];
    memset(large, 'x', sizeof large);
    assert_int_equal(store_begin(b->store).code, STATUS_OK);
    store_change changes[] = {{SLICE("good"), SLICE("1"), STORE_ANY}, {SLICE(""), SLICE("1"), STORE_ANY}};
    assert_int_equal(store_apply(b->store, changes, 2).code, FAILURE_MALFORMED);
    changes[1].key = SLICE("\0x");
    assert_int_equal(store_apply(b->store, changes, 2).code, FAILURE_MALFORMED);
    changes[1].key = slice_of(large, STORE_KEY_MOST + 1);
    assert_int_equal(store_apply(b->store, changes, 2).code, FAILURE_MALFORMED);
    changes[1] = (store_change){SLICE("big"), slice_of(large, sizeof large), STORE_ANY};
    assert_int_equal(store_apply(b->store, changes, 2).code, FAILURE_TOO_LARGE);
    changes[1] = (store_change){slice_of(large, STORE_KEY_MOST), slice_of(large, STORE_VALUE_MOST), STORE_ANY};
    changes[0] = (store_change){SLICE("empty"), SLICE(""), STORE_ANY};
    assert_int_equal(store_apply(b->store, changes, 2).code, STATUS_OK);
    assert_int_equal(store_commit(b->store).code, STATUS_OK);
    expect(b, "good", NULL);
    expect(b, "empty", "");
    OWNED(arena) memory = {.limit = 2 << 20};
    slice got;
    uint64_t revision;
    assert_int_equal(store_get(b->store, changes[1].key, &memory, &got, &revision).code, STATUS_OK);
    assert_true(slice_equals(got, changes[1].value));
    OWNED(arena) small = {.limit = 1000};
    assert_int_equal(store_get(b->store, changes[1].key, &small, &got, &revision).code, FAILURE_OUT_OF_MEMORY);
}

static void test_conflict_changes_nothing_of_its_request(void **state) {
    bench *b = *state;
    put_now(b, "a", "1");
    uint64_t first = revision_of(b, "a");
    assert_int_equal(store_begin(b->store).code, STATUS_OK);
    assert_int_equal(put(b, "a", "x", STORE_ABSENT).code, FAILURE_CONFLICT);
    assert_int_equal(put(b, "b", "x", first).code, FAILURE_CONFLICT);
    assert_int_equal(put(b, "b", NULL, first).code, FAILURE_CONFLICT);
    assert_int_equal(put(b, "a", "2", first).code, STATUS_OK);
    store_change changes[] = {{SLICE("c"), SLICE("x"), STORE_ABSENT}, {SLICE("a"), SLICE("x"), first}};
    assert_int_equal(store_apply(b->store, changes, 2).code, FAILURE_CONFLICT);
    assert_int_equal(put(b, "d", "3", STORE_ABSENT).code, STATUS_OK);
    assert_int_equal(store_commit(b->store).code, STATUS_OK);
    expect(b, "a", "2");
    expect(b, "b", NULL);
    expect(b, "c", NULL);
    expect(b, "d", "3");
    assert_true(revision_of(b, "a") > first && revision_of(b, "d") > revision_of(b, "a"));
}

static void test_roll_back_undoes_the_batch(void **state) {
    bench *b = *state;
    put_now(b, "kept", "old");
    put_now(b, "gone", "old");
    expect(b, "new", NULL);
    uint64_t before = revision_of(b, "kept");
    assert_int_equal(store_begin(b->store).code, STATUS_OK);
    assert_int_equal(put(b, "kept", "changed", STORE_ANY).code, STATUS_OK);
    assert_int_equal(put(b, "gone", NULL, STORE_ANY).code, STATUS_OK);
    assert_int_equal(put(b, "new", "x", STORE_ANY).code, STATUS_OK);
    expect(b, "kept", "changed");
    expect(b, "gone", NULL);
    expect(b, "new", "x");
    uint64_t seen = revision_of(b, "kept");
    store_roll_back(b->store);
    expect(b, "kept", "old");
    expect(b, "gone", "old");
    expect(b, "new", NULL);
    assert_int_equal(revision_of(b, "kept"), before);
    put_now(b, "kept", "later");
    assert_true(revision_of(b, "kept") > seen);
}

static void test_deletes_and_comes_back(void **state) {
    bench *b = *state;
    put_now(b, "a", "1");
    uint64_t first = revision_of(b, "a");
    assert_int_equal(store_begin(b->store).code, STATUS_OK);
    assert_int_equal(put(b, "a", NULL, first).code, STATUS_OK);
    assert_int_equal(put(b, "never", NULL, STORE_ANY).code, STATUS_OK);
    assert_int_equal(put(b, "never", NULL, STORE_ABSENT).code, STATUS_OK);
    expect(b, "a", NULL);
    assert_int_equal(put(b, "a", "2", STORE_ABSENT).code, STATUS_OK);
    expect(b, "a", "2");
    assert_int_equal(store_commit(b->store).code, STATUS_OK);
    assert_true(revision_of(b, "a") > first);
}

static void test_a_key_twice_in_one_request(void **state) {
    bench *b = *state;
    store_change changes[] = {{SLICE("a"), SLICE("1"), STORE_ABSENT}, {SLICE("a"), SLICE("2"), STORE_ABSENT}};
    assert_int_equal(store_begin(b->store).code, STATUS_OK);
    assert_int_equal(store_apply(b->store, changes, 2).code, STATUS_OK);
    assert_int_equal(store_commit(b->store).code, STATUS_OK);
    expect(b, "a", "2");
}

static void expect_keys(const store_row *rows, size_t count, const char *keys) {
    OWNED(buffer) joined = {0};
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(buffer_append(&joined, rows[i].key).code, STATUS_OK);
        assert_int_equal(buffer_append_byte(&joined, ' ').code, STATUS_OK);
        assert_true(rows[i].revision > 0 && slice_equals(rows[i].key, rows[i].value));
    }
    if (!slice_equals_text(buffer_slice(&joined), keys))
        fail_msg("%.*s and not %s", SLICE_ARGS(buffer_slice(&joined)), keys);
}

static void test_ranges_in_byte_order(void **state) {
    bench *b = *state;
    static const char *const keys[] = {"b/2", "a", "b/10", "b", "c", "b/1", "\xff\xff", "b0", "B"};
    store_row *rows = NULL;
    size_t count = 7;
    assert_int_equal(store_range(b->store, (slice){0}, (slice){0}, 10, &b->memory, &rows, &count).code, STATUS_OK);
    assert_int_equal(count, 0);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) put_now(b, keys[i], keys[i]);
    assert_int_equal(store_range(b->store, (slice){0}, (slice){0}, 100, &b->memory, &rows, &count).code, STATUS_OK);
    expect_keys(rows, count, "B a b b/1 b/10 b/2 b0 c \xff\xff ");
    assert_int_equal(store_range(b->store, SLICE("b"), SLICE("b0"), 100, &b->memory, &rows, &count).code, STATUS_OK);
    expect_keys(rows, count, "b b/1 b/10 b/2 ");
    assert_int_equal(store_range(b->store, SLICE("b"), SLICE("b0"), 2, &b->memory, &rows, &count).code, STATUS_OK);
    expect_keys(rows, count, "b b/1 ");
    assert_int_equal(store_range(b->store, SLICE("x"), SLICE("b"), 100, &b->memory, &rows, &count).code, STATUS_OK);
    assert_int_equal(count, 0);
    assert_int_equal(store_list(b->store, SLICE("b/"), (slice){0}, 2, &b->memory, &rows, &count).code, STATUS_OK);
    expect_keys(rows, count, "b/1 b/10 ");
    assert_int_equal(store_list(b->store, SLICE("b/"), rows[1].key, 2, &b->memory, &rows, &count).code, STATUS_OK);
    expect_keys(rows, count, "b/2 ");
    assert_int_equal(store_list(b->store, SLICE("\xff"), (slice){0}, 9, &b->memory, &rows, &count).code, STATUS_OK);
    expect_keys(rows, count, "\xff\xff ");
}

static void test_ranges_see_the_batch_and_bound_memory(void **state) {
    bench *b = *state;
    put_now(b, "a", "a");
    put_now(b, "b", "b");
    assert_int_equal(store_begin(b->store).code, STATUS_OK);
    assert_int_equal(put(b, "a", NULL, STORE_ANY).code, STATUS_OK);
    assert_int_equal(put(b, "c", "c", STORE_ANY).code, STATUS_OK);
    store_row *rows = NULL;
    size_t count = 0;
    assert_int_equal(store_range(b->store, (slice){0}, (slice){0}, SIZE_MAX, &b->memory, &rows, &count).code,
                     STATUS_OK);
    expect_keys(rows, count, "b c ");
    store_roll_back(b->store);
    assert_int_equal(store_range(b->store, (slice){0}, (slice){0}, SIZE_MAX, &b->memory, &rows, &count).code,
                     STATUS_OK);
    expect_keys(rows, count, "a b ");
    for (int i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%03d", i);
        put_now(b, key, key);
    }
    OWNED(arena) small = {.limit = 2000};
    assert_int_equal(store_range(b->store, (slice){0}, (slice){0}, 1000, &small, &rows, &count).code,
                     FAILURE_OUT_OF_MEMORY);
    expect(b, "a", "a");
    put_now(b, "a", "after a broken-off range");
    expect(b, "a", "after a broken-off range");
}

/* Random changes against a plain model, with rollbacks, a cache much smaller than the data, and reads in between. */
static void test_agrees_with_a_model(void **state) {
    bench *b = *state;
    enum { KEYS = 60 };
    int model[KEYS] = {0}, batch_model[KEYS];
    store *small_cache = NULL;
    store_options options = {.key = &b->key, .cache_bytes = 6000};
    assert_int_equal(store_open(&options, &small_cache).code, STATUS_OK);
    store_close(b->store);
    b->store = small_cache;
    srand(7);
    for (int round = 0; round < 300; round++) {
        memcpy(batch_model, model, sizeof model);
        assert_int_equal(store_begin(b->store).code, STATUS_OK);
        for (int i = 0; i < 20; i++) {
            char key[16], value[16];
            int which = rand() % KEYS, number = rand() % 3 ? rand() % 1000 + 1 : 0;
            snprintf(key, sizeof key, "key%d", which);
            snprintf(value, sizeof value, "%d", number);
            assert_int_equal(put(b, key, number ? value : NULL, STORE_ANY).code, STATUS_OK);
            batch_model[which] = number;
            which = rand() % KEYS;
            snprintf(key, sizeof key, "key%d", which);
            snprintf(value, sizeof value, "%d", batch_model[which]);
            expect(b, key, batch_model[which] ? value : NULL);
        }
        if (rand() % 4 == 0) {
            store_roll_back(b->store);
        } else {
            assert_int_equal(store_commit(b->store).code, STATUS_OK);
            memcpy(model, batch_model, sizeof model);
        }
        for (int which = 0; which < KEYS; which += 7) {
            char key[16], value[16];
            snprintf(key, sizeof key, "key%d", which);
            snprintf(value, sizeof value, "%d", model[which]);
            expect(b, key, model[which] ? value : NULL);
        }
        arena_reset(&b->memory);
    }
}

static size_t counted(bench *b, const char *prefix) {
    size_t count = 99;
    assert_int_equal(store_count(b->store, slice_of_text(prefix), &count).code, STATUS_OK);
    return count;
}

static void test_counts_without_opening(void **state) {
    bench *b = *state;
    size_t count = 7;
    assert_int_equal(counted(b, "user/1/"), 0);
    const char *const keys[] = {"user/1/a", "user/1/b", "user/10/a", "user/1", "user/2/a", "user/1/c/d", "uses/1/a"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) put_now(b, keys[i], "x");
    assert_int_equal(counted(b, "user/1/"), 3);
    assert_int_equal(counted(b, "user/1"), 5);
    assert_int_equal(counted(b, "use"), 7);
    assert_int_equal(store_begin(b->store).code, STATUS_OK); /* in a batch with what it changes */
    assert_int_equal(put(b, "user/1/e", "x", STORE_ABSENT).code, STATUS_OK);
    store_change gone = {SLICE("user/1/a"), {0}, STORE_ANY};
    assert_int_equal(store_apply(b->store, &gone, 1).code, STATUS_OK);
    gone.key = SLICE("user/1/b");
    assert_int_equal(store_apply(b->store, &gone, 1).code, STATUS_OK);
    assert_int_equal(counted(b, "user/1/"), 2);
    store_roll_back(b->store);
    assert_int_equal(counted(b, "user/1/"), 3);
    assert_true(FAILED_WITH(store_count(b->store, SLICE(""), &count),
                            MALFORMED)); /* the store's own record is not one of these */
    assert_int_equal(count, 7);
}

int main(void) {
    if (FAILED(crypto_start())) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refuses_wrong_use, begin, end),
        cmocka_unit_test_setup_teardown(test_bounds_keys_and_values, begin, end),
        cmocka_unit_test_setup_teardown(test_conflict_changes_nothing_of_its_request, begin, end),
        cmocka_unit_test_setup_teardown(test_roll_back_undoes_the_batch, begin, end),
        cmocka_unit_test_setup_teardown(test_deletes_and_comes_back, begin, end),
        cmocka_unit_test_setup_teardown(test_a_key_twice_in_one_request, begin, end),
        cmocka_unit_test_setup_teardown(test_ranges_in_byte_order, begin, end),
        cmocka_unit_test_setup_teardown(test_ranges_see_the_batch_and_bound_memory, begin, end),
        cmocka_unit_test_setup_teardown(test_agrees_with_a_model, begin, end),
        cmocka_unit_test_setup_teardown(test_counts_without_opening, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
