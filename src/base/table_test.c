/* The hash table against a plain array as its model, its hash against published values. */
#include "base/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define ASSERT_OK(call) assert_int_equal((call).code, STATUS_OK)

static int seed(void **state) {
    uint8_t key[16];
    (void)state;
    for (uint8_t i = 0; i < sizeof key; i++) key[i] = i;
    table_seed(key);
    return 0;
}

/* SipHash-1-3 of 00 01 02 … under the key 00 01 … 0f. */
static void hash_as_published(void **state) {
    (void)state;
    static const struct {
        size_t len;
        uint64_t hash;
    } vectors[] = {{0, 0xabac0158050fc4dc},  {1, 0xc9f49bf37d57ca93}, {7, 0xd3927d989bb11140},
                   {8, 0x369095118d299a8e},  {9, 0x25a48eb36c063de4}, {15, 0xd320d86d2a519956},
                   {16, 0xcc4fdd1a7d908b66}, {63, 0x9d199062b7bbb3a8}};
    uint8_t bytes[64];
    for (uint8_t i = 0; i < sizeof bytes; i++) bytes[i] = i;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        assert_true(table_hash(slice_of(bytes, vectors[i].len)) == vectors[i].hash);
    assert_true(table_hash((slice){0}) == vectors[0].hash);
}

static void an_empty_table_has_nothing(void **state) {
    (void)state;
    OWNED(table) t = {0};
    size_t cursor = 0;
    slice key;
    void *value;
    assert_null(table_get(&t, SLICE("a")));
    assert_null(table_remove(&t, SLICE("a")));
    assert_false(table_next(&t, &cursor, &key, &value));
    table_clear(&t);
    table_clear(&t);
}

static void put_get_replace_remove(void **state) {
    (void)state;
    OWNED(table) t = {0};
    int a, b;
    void *previous = &t;
    char changing[] = "key";
    ASSERT_OK(table_put(&t, slice_of_text(changing), &a, &previous));
    assert_null(previous);
    changing[0] = 'X'; /* the key was copied */
    assert_ptr_equal(table_get(&t, SLICE("key")), &a);
    assert_null(table_get(&t, SLICE("Xey")));
    assert_null(table_get(&t, SLICE("key\0")));
    assert_null(table_get(&t, SLICE("ke")));
    ASSERT_OK(table_put(&t, SLICE("key"), &b, &previous));
    assert_ptr_equal(previous, &a);
    assert_int_equal(t.count, 1);
    ASSERT_OK(table_put(&t, SLICE(""), &a, NULL)); /* empty and absent are one key */
    assert_ptr_equal(table_get(&t, (slice){0}), &a);
    assert_ptr_equal(table_remove(&t, SLICE("key")), &b);
    assert_null(table_remove(&t, SLICE("key")));
    assert_null(table_get(&t, SLICE("key")));
    assert_int_equal(t.count, 1);
    table_clear(&t);
    assert_null(table_get(&t, SLICE("")));
    ASSERT_OK(table_put(&t, SLICE("again"), &a, NULL)); /* may be used again */
    assert_ptr_equal(table_get(&t, SLICE("again")), &a);
}

enum { KEYS = 700, STEPS = 200000 };

typedef struct model {
    bool is_in[KEYS];
    size_t count;
} model;

static int values[KEYS];

static slice key_of(size_t number, char room[16]) { return slice_of(room, (size_t)snprintf(room, 16, "k%zu", number)); }

static void step(table *t, model *m, size_t number, bool puts) {
    char room[16];
    void *was = m->is_in[number] ? &values[number] : NULL, *previous = t;
    if (puts) {
        ASSERT_OK(table_put(t, key_of(number, room), &values[number], &previous));
        m->count += !m->is_in[number];
    } else {
        previous = table_remove(t, key_of(number, room));
        m->count -= m->is_in[number];
    }
    m->is_in[number] = puts;
    assert_ptr_equal(previous, was);
    assert_int_equal(t->count, m->count);
}

static void check_all(const table *t, const model *m) {
    char room[16];
    bool seen[KEYS] = {false};
    slice key;
    void *value;
    for (size_t i = 0; i < KEYS; i++) assert_ptr_equal(table_get(t, key_of(i, room)), m->is_in[i] ? &values[i] : NULL);
    for (size_t cursor = 0; table_next(t, &cursor, &key, &value);) {
        size_t number = (size_t)((int *)value - values);
        assert_true(slice_equals(key, key_of(number, room)));
        assert_true(m->is_in[number] && !seen[number]);
        seen[number] = true;
    }
    for (size_t i = 0; i < KEYS; i++) assert_int_equal(seen[i], m->is_in[i]);
}

/* Long series of both, so that removed places are passed over, used again and cleaned away. */
static void does_what_the_model_does(void **state) {
    (void)state;
    OWNED(table) t = {0};
    model m = {0};
    uint64_t random = 88172645463325252ULL;
    for (size_t i = 0; i < STEPS; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        bool is_growing = i / 5000 % 2 == 0;
        step(&t, &m, random % KEYS, random >> 32 & 3 ? is_growing : !is_growing);
        if (i % 4999 == 0) check_all(&t, &m);
    }
    check_all(&t, &m);
    assert_true(t.capacity <= 4096); /* removed places do not make it grow for ever */
}

static void churn_does_not_grow_the_table(void **state) {
    (void)state;
    OWNED(table) t = {0};
    for (size_t i = 0; i < STEPS; i++) {
        char room[16];
        slice key = key_of(i, room);
        ASSERT_OK(table_put(&t, key, values, NULL));
        assert_ptr_equal(table_remove(&t, key), values);
    }
    assert_int_equal(t.count, 0);
    assert_true(t.capacity <= 16);
}

static void the_current_entry_may_be_removed(void **state) {
    (void)state;
    OWNED(table) t = {0};
    char room[16];
    size_t seen = 0;
    slice key;
    for (size_t i = 0; i < KEYS; i++) ASSERT_OK(table_put(&t, key_of(i, room), &values[i], NULL));
    for (size_t cursor = 0; table_next(&t, &cursor, &key, NULL); seen++) assert_non_null(table_remove(&t, key));
    assert_int_equal(seen, KEYS);
    assert_int_equal(t.count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_as_published),
        cmocka_unit_test(an_empty_table_has_nothing),
        cmocka_unit_test(put_get_replace_remove),
        cmocka_unit_test(does_what_the_model_does),
        cmocka_unit_test(churn_does_not_grow_the_table),
        cmocka_unit_test(the_current_entry_may_be_removed),
    };
    return cmocka_run_group_tests(tests, seed, NULL);
}
