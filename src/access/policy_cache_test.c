/* What is kept, what goes, and that what is in use stays. */
#include "access/policy_cache.h"

#include <stdio.h>

#include "access/policy_testing.h"

enum { ROOM = 64 << 10, MANY = 1000 };

static policy *made(size_t number) {
    char text[128];
    snprintf(text, sizeof text,
             "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"kms:A%zu\",\"Resource\":\"*\"}]}",
             number);
    return compiled(text);
}

static slice name_of(size_t number, char room[32]) {
    int len = snprintf(room, 32, "policy/%zu#1", number);
    return slice_of(room, (size_t)len);
}

static void put(policy_cache *c, size_t number) {
    char room[32];
    policy_cache_make_room(c);
    assert_false(FAILED(policy_cache_put(c, name_of(number, room), made(number))));
}

static bool is_kept(policy_cache *c, size_t number) {
    char room[32];
    return policy_cache_get(c, name_of(number, room)) != NULL;
}

static void allows(const policy *p, const char *action) {
    policy_request request = {.action = slice_of_text(action), .resource = SLICE("acs:kms:cn-hangzhou:1234:key/a")};
    assert_int_equal(policy_decide(&p, 1, &request, NULL), DECISION_ALLOW);
}

static void test_bounded(void **state) {
    (void)state;
    policy_cache c;
    policy_cache_begin(&c, ROOM);
    for (size_t i = 0; i < MANY; i++) put(&c, i);
    assert_true(c.newer.bytes + c.older.bytes < 3 * ROOM);
    assert_true(c.newer.policies.count + c.older.policies.count < MANY);
    assert_true(is_kept(&c, MANY - 1));
    assert_false(is_kept(&c, 0));
    policy_cache_clear(&c);
}

static void test_used_stays(void **state) {
    (void)state;
    char room[32];
    policy_cache c;
    policy_cache_begin(&c, ROOM);
    put(&c, 7);
    const policy *kept = policy_cache_get(&c, name_of(7, room));
    for (size_t i = MANY; i < 2 * MANY; i++) {
        put(&c, i);
        assert_ptr_equal(policy_cache_get(&c, name_of(7, room)), kept);
    }
    allows(kept, "kms:A7");
    assert_false(is_kept(&c, MANY));
    policy_cache_clear(&c);
}

/* What was got in one decision must not go while it is made, however much it loads itself. */
static void test_in_hand_stays(void **state) {
    (void)state;
    char room[32];
    policy_cache c;
    policy_cache_begin(&c, ROOM);
    put(&c, 1);
    const policy *first = policy_cache_get(&c, name_of(1, room));
    for (size_t i = MANY; i < 2 * MANY; i++) assert_false(FAILED(policy_cache_put(&c, name_of(i, room), made(i))));
    policy_cache_make_room(&c);
    allows(first, "kms:A1");
    assert_true(is_kept(&c, 1) && is_kept(&c, MANY));
    policy_cache_clear(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounded), cmocka_unit_test(test_used_stays),
                                       cmocka_unit_test(test_in_hand_stays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
