/* A shelf answers as if every grant had been looked at, and looks at few. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "access/grant_shelf.h"

#define USER "acs:ram::1:user/u"
#define ROLE "acs:ram::1:role/r"
#define ROOT "acs:ram::1:root"

enum { ROUNDS = 400, GRANTS = 60, MANY = 10000 };

static const char *const GRANTEES[] = {USER, ROLE, ROOT, "acs:ram::1:user/other"};
static const char *const IDS[] = {"", "id-1", "id-0", "1"};
static const char *const OPERATIONS[] = {"Decrypt", "Encrypt", "CreateGrant", "DescribeKey", "Sign"};
static const char *const ACTIONS[] = {"kms:Decrypt",     "kms:Encrypt",        "kms:CreateGrant",
                                      "kms:DescribeKey", "kms:AsymmetricSign", "kms:AsymmetricDecrypt",
                                      "oss:GetObject",   "kms:GenerateMac"};
#define ONE_OF(list) (list[(size_t)rand() % (sizeof list / sizeof *list)])

static slice text(const char *t) { return slice_of_text(t); }

static size_t some_pairs(pair at[3]) {
    static const char *const KEYS[] = {"app", "env", "id"}, *const VALUES[] = {"a", "b"};
    size_t count = 0;
    for (size_t i = 0; i < 3; i++)
        if (rand() % 2) at[count++] = (pair){text(KEYS[i]), text(ONE_OF(VALUES))};
    return count;
}

typedef struct random_grant {
    grant_record g;
    slice operations[3];
    pair pairs[3];
} random_grant;

static void some_grant(random_grant *r) {
    r->g =
        (grant_record){.grant_id = SLICE("g"), .account_id = SLICE("1"), .key_id = SLICE("k"), .issued_by = SLICE("1")};
    r->g.grantee = text(ONE_OF(GRANTEES));
    r->g.grantee_id = text(ONE_OF(IDS));
    r->g.created_at = SET_INT(1);
    r->g.operations.at = r->operations;
    r->g.operations.count = 1 + (size_t)rand() % 3;
    for (size_t i = 0; i < 3; i++) r->operations[i] = text(ONE_OF(OPERATIONS));
    if (rand() % 4 == 0) r->g.sharing = SLICE("sealed");
    int kind = rand() % 3;
    pair_list pairs = {r->pairs, some_pairs(r->pairs)};
    if (kind == 1) r->g.context_equals = pairs;
    if (kind == 2) r->g.context_subset = pairs;
}

static void put(grant_shelf *s, const grant_record *g) {
    OWNED(buffer) packed = {0};
    assert_false(FAILED(shape_pack(&grant_record_shape, g, &packed)));
    assert_false(FAILED(grant_shelf_add(s, buffer_slice(&packed))));
}

static const slice CALLED[] = {{(const uint8_t *)USER, 17}, {(const uint8_t *)ROLE, 17}, {(const uint8_t *)ROOT, 15}};

/* The best reach of those the shelf shows, and how many these are. */
static enum policy_reach best_of(const grant_shelf *s, const grant_question *q, size_t *looked_at) {
    enum policy_reach best = REACH_NONE;
    *looked_at = 0;
    for (size_t i = 0; i < 3; i++) {
        grant_walk w = grant_walk_for(s, q, CALLED[i]);
        slice packed;
        while (grant_walk_next(&w, &packed)) {
            grant_record g;
            OWNED(arena) memory = {0};
            assert_false(FAILED(shape_unpack(&grant_record_shape, packed, &memory, &g)));
            enum policy_reach reach = grant_reach(&g, q);
            if (reach > best) best = reach;
            ++*looked_at;
        }
    }
    return best;
}

static const policy_caller CALLER = {.account = {(const uint8_t *)"1", 1},
                                     .arn = {(const uint8_t *)USER, 17},
                                     .role = {(const uint8_t *)ROLE, 17},
                                     .id = {(const uint8_t *)"id-1", 4}};

static void ask_at_random(const random_grant *grants, size_t count, const grant_shelf *s, size_t told[3]) {
    pair pairs[3];
    pair_list context = {pairs, some_pairs(pairs)};
    grant_question q = {&CALLER, text(ONE_OF(ACTIONS)), rand() % 4 ? &context : NULL};
    enum policy_reach expected = REACH_NONE;
    size_t looked_at;
    for (size_t i = 0; i < count; i++) {
        enum policy_reach reach = grant_reach(&grants[i].g, &q);
        if (reach > expected) expected = reach;
    }
    assert_int_equal(best_of(s, &q, &looked_at), expected);
    told[expected]++;
}

static void test_as_if_all_were_looked_at(void **state) {
    (void)state;
    static random_grant grants[GRANTS];
    size_t told[3] = {0};
    srand(1);
    for (size_t round = 0; round < ROUNDS; round++) {
        grant_shelf *s = NULL;
        size_t count = 1 + (size_t)rand() % GRANTS;
        if (round % 2) count = 1 + (size_t)rand() % 3; /* few, so that much is refused */
        assert_false(FAILED(grant_shelf_new(1, &s)));
        for (size_t i = 0; i < count; i++) {
            some_grant(&grants[i]);
            put(s, &grants[i].g);
        }
        for (size_t i = 0; i < 50; i++) ask_at_random(grants, count, s, told);
        grant_shelf_free(s);
    }
    for (size_t i = 0; i < 3; i++) assert_true(told[i] > ROUNDS); /* each answer was given often */
}

static void test_few_of_many(void **state) {
    (void)state;
    grant_shelf *s = NULL;
    assert_false(FAILED(grant_shelf_new(1, &s)));
    for (int i = 0; i < MANY; i++) {
        char value[16], name[16];
        random_grant r;
        snprintf(value, sizeof value, "vol-%d", i);
        snprintf(name, sizeof name, "grant-%d", i);
        some_grant(&r);
        r.g.grantee = SLICE(USER), r.g.grantee_id = SLICE("id-1"), r.g.sharing = (slice){0};
        r.operations[0] = SLICE("Decrypt");
        r.g.operations.count = 1;
        r.pairs[0] = (pair){SLICE("app"), SLICE("ebs")}; /* alike in all of them: the other one tells them apart */
        r.pairs[1] = (pair){SLICE("volume"), text(value)};
        r.g.context_equals = (pair_list){0};
        r.g.context_subset = (pair_list){r.pairs, 2};
        r.g.name = text(name);
        put(s, &r.g);
        r.g.context_subset = (pair_list){0}; /* and as many without a constraint */
        r.operations[0] = SLICE("Encrypt");
        put(s, &r.g);
    }
    pair asked[] = {{SLICE("volume"), SLICE("vol-777")}, {SLICE("app"), SLICE("ebs")}};
    pair_list context = {asked, 2};
    size_t looked_at;
    grant_question q = {&CALLER, SLICE("kms:Decrypt"), &context};
    assert_int_equal(best_of(s, &q, &looked_at), REACH_CALLER);
    assert_true(looked_at <= 6);
    asked[0].value = SLICE("vol-x");
    assert_int_equal(best_of(s, &q, &looked_at), REACH_NONE);
    assert_true(looked_at <= 6);
    q.action = SLICE("kms:Encrypt");
    assert_int_equal(best_of(s, &q, &looked_at), REACH_CALLER);
    assert_true(looked_at <= 6);
    slice packed;
    grant_walk named = grant_walk_named(s, SLICE("grant-42"));
    for (int i = 0; i < 2; i++) assert_true(grant_walk_next(&named, &packed));
    assert_false(grant_walk_next(&named, &packed));
    named = grant_walk_named(s, SLICE("grant-x"));
    assert_false(grant_walk_next(&named, &packed));
    grant_shelf_free(s);
}

static grant_shelf *shelf_of(uint64_t revision) {
    grant_shelf *s = NULL;
    assert_false(FAILED(grant_shelf_new(revision, &s)));
    random_grant r;
    for (int i = 0; i < 5000; i++) {
        some_grant(&r);
        r.g.sharing = SLICE("sealed");
        put(s, &r.g);
    }
    return s;
}

static void test_of_one_revision(void **state) {
    (void)state;
    grant_shelves all = {0};
    assert_null(grant_shelves_get(&all, SLICE("grant/1/k/u"), 7));
    assert_false(FAILED(grant_shelves_put(&all, SLICE("grant/1/k/u"), shelf_of(7))));
    assert_non_null(grant_shelves_get(&all, SLICE("grant/1/k/u"), 7));
    assert_null(grant_shelves_get(&all, SLICE("grant/1/k/u"), 8));
    assert_null(grant_shelves_get(&all, SLICE("grant/1/k/v"), 7));
    assert_false(FAILED(grant_shelves_put(&all, SLICE("grant/1/k/u"), shelf_of(8))));
    assert_null(grant_shelves_get(&all, SLICE("grant/1/k/u"), 7));
    assert_non_null(grant_shelves_get(&all, SLICE("grant/1/k/u"), 8));
    for (int i = 0; i < 40; i++) {
        char prefix[32];
        int len = snprintf(prefix, sizeof prefix, "grant/1/k/%d", i);
        assert_false(FAILED(grant_shelves_put(&all, slice_of(prefix, (size_t)len), shelf_of(8))));
        assert_true(all.bytes <= GRANT_SHELVES_BYTES);
    }
    grant_shelves_clear(&all);
    assert_true(all.bytes == 0);
}

static void test_refuses_what_is_no_grant(void **state) {
    (void)state;
    grant_shelf *s = NULL;
    assert_false(FAILED(grant_shelf_new(1, &s)));
    assert_true(FAILED_WITH(grant_shelf_add(s, SLICE("\xff\xff")), CORRUPT));
    grant_shelf_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_if_all_were_looked_at),
                                       cmocka_unit_test(test_few_of_many), cmocka_unit_test(test_of_one_revision),
                                       cmocka_unit_test(test_refuses_what_is_no_grant)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
