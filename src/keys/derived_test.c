/* Rows that follow from records: after any changes they are what the records say, counts and all. */
#include "keys/derived.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "contract/shape.h"
#include "crypto/start.h"
#include "keys/due.h"

#define assert_ok(call) assert_string_equal(status_name(call), "OK")

static const char *const KEYS[] = {"00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002",
                                   "00000000-0000-4000-8000-000000000003"};
enum { KEY_COUNT = 3, NAMES = 40 };

typedef struct house {
    store *store;
    secret key;
    derived counts;
    arena memory;
} house;

static int begin(void **state) {
    house *h = calloc(1, sizeof *h);
    uint8_t key[STORE_KEY_BYTES] = {1};
    if (!h || FAILED(secret_copy(slice_of(key, sizeof key), &h->key))) return -1;
    store_options options = {.key = &h->key};
    h->memory.limit = 64 << 20;
    *state = h;
    return FAILED(store_open(&options, &h->store)) ? -1 : 0;
}

static int end(void **state) {
    house *h = *state;
    store_close(h->store);
    secret_clear(&h->key);
    derived_clear(&h->counts);
    arena_clear(&h->memory);
    free(h);
    return 0;
}

/* As serve.c does it. */
static void apply(house *h, store_change *changes, size_t count, derived_changes *more) {
    assert_ok(store_begin(h->store));
    assert_ok(derived_follow(h->store, changes, count, &h->memory, more));
    store_change all[64];
    assert_true(count + more->count <= 64);
    if (count) memcpy(all, changes, count * sizeof *all);
    if (more->count) memcpy(all + count, more->at, more->count * sizeof *all);
    assert_ok(store_apply(h->store, all, count + more->count));
    assert_ok(derived_count(&h->counts, more));
    assert_ok(derived_flush(&h->counts, h->store));
    assert_ok(store_commit(h->store));
}

static slice packed(house *h, const shape *s, const void *value) {
    OWNED(buffer) text = {0};
    slice kept;
    assert_ok(shape_pack(s, value, &text));
    assert_ok(arena_copy(&h->memory, buffer_slice(&text), &kept));
    return kept;
}

static slice text(house *h, const char *format, unsigned number) {
    char made[64];
    slice kept;
    snprintf(made, sizeof made, "%s%u", format, number);
    assert_ok(arena_copy(&h->memory, slice_of_text(made), &kept));
    return kept;
}

static store_change object_change(house *h, unsigned name, int key, unsigned version) {
    store_change change = {text(h, "object/photos/", name), {0}, STORE_ANY};
    object_record object = {.blob_id = SLICE("0123456789abcdef")};
    if (key < 0) return change;
    object.key_id = slice_of_text(KEYS[key]);
    object.key_version_id = text(h, "v", version);
    change.value = packed(h, &object_record_shape, &object);
    return change;
}

static size_t rows_under(house *h, const char *prefix) {
    store_row *rows;
    size_t count;
    assert_ok(store_list(h->store, slice_of_text(prefix), (slice){0}, SIZE_MAX, &h->memory, &rows, &count));
    return count;
}

/* Every row is there, no other, and the counts are theirs. */
static void check(house *h, const int key_of[NAMES], const unsigned version_of[NAMES]) {
    size_t expected = 0;
    for (int key = 0; key < KEY_COUNT; key++) {
        dependents_record counts;
        size_t of_key = 0;
        assert_ok(dependents_load(h->store, slice_of_text(KEYS[key]), &h->memory, &counts));
        for (unsigned version = 0; version < 3; version++) {
            slice id = text(h, "v", version);
            dependents_query query = {slice_of_text(KEYS[key]), DEPENDENT_KIND_OBJECT, id, {0}, 1000};
            key_dependent *list;
            size_t count, sum = 0;
            assert_ok(dependents_list(h->store, &query, &h->memory, &list, &count));
            for (unsigned name = 0; name < NAMES; name++) sum += key_of[name] == key && version_of[name] == version;
            assert_int_equal(count, sum);
            assert_int_equal(dependents_count(&counts, DEPENDENT_KIND_OBJECT, id), sum);
            of_key += sum;
        }
        assert_int_equal(dependents_total(&counts), of_key);
        expected += of_key;
    }
    assert_int_equal(rows_under(h, "dependent/"), expected);
}

static void they_are_what_the_records_say(void **state) {
    house *h = *state;
    int key_of[NAMES];
    unsigned version_of[NAMES] = {0};
    for (int i = 0; i < NAMES; i++) key_of[i] = -1;
    srand(4711);
    for (int round = 0; round < 400; round++) {
        store_change changes[8];
        derived_changes more;
        size_t count = 1 + (size_t)rand() % 8;
        for (size_t i = 0; i < count; i++) { /* the same name may come twice: the later one stays */
            unsigned name = (unsigned)rand() % NAMES;
            key_of[name] = rand() % (KEY_COUNT + 1) - 1;
            version_of[name] = (unsigned)rand() % 3;
            changes[i] = object_change(h, name, key_of[name], version_of[name]);
        }
        apply(h, changes, count, &more);
        if (round % 40 == 0) check(h, key_of, version_of);
        arena_reset(&h->memory);
    }
    check(h, key_of, version_of);
    /* a version that knows nothing of such rows wrote the store: they are made anew, the same */
    assert_ok(derived_renew(h->store));
    check(h, key_of, version_of);
    store_change mark = {SLICE("meta/derived"), SLICE("0"), STORE_ANY},
                 lost = {SLICE("dependents/x"), SLICE(""), STORE_ANY};
    assert_ok(store_begin(h->store));
    assert_ok(store_apply(h->store, &mark, 1));
    assert_ok(store_apply(h->store, &lost, 1));
    assert_ok(store_commit(h->store));
    assert_ok(derived_renew(h->store));
    check(h, key_of, version_of);
    assert_int_equal(rows_under(h, "dependents/x"), 0);
}

static void a_batch_rolled_back_counts_nothing(void **state) {
    house *h = *state;
    store_change change = object_change(h, 1, 0, 0);
    derived_changes more;
    dependents_record counts;
    assert_ok(store_begin(h->store));
    assert_ok(derived_follow(h->store, &change, 1, &h->memory, &more));
    assert_int_equal(more.count, 1);
    assert_ok(derived_count(&h->counts, &more));
    store_roll_back(h->store);
    derived_drop(&h->counts);
    apply(h, NULL, 0, &more);
    assert_ok(dependents_load(h->store, slice_of_text(KEYS[0]), &h->memory, &counts));
    assert_int_equal(dependents_total(&counts), 0);
}

static void buckets_and_aliases_are_dependents_too(void **state) {
    house *h = *state;
    encryption_rule rule = {.sse_algorithm = ENCRYPTION_KMS, .kms_master_key_id = slice_of_text(KEYS[1])};
    bucket_record bucket = {.name = SLICE("photos"), .rule = &rule};
    alias_record alias = {SLICE("alias/a/b"), slice_of_text(KEYS[1]), SET_INT(1)};
    store_change changes[] = {
        {SLICE("bucket/photos"), packed(h, &bucket_record_shape, &bucket), STORE_ANY},
        {SLICE("buckets/1/photos"), packed(h, &bucket_record_shape, &bucket), STORE_ANY}, /* an index of its own */
        {SLICE("alias/1/cn-hangzhou/alias/a/b"), packed(h, &alias_record_shape, &alias), STORE_ANY},
    };
    derived_changes more;
    dependents_query query = {.key_id = slice_of_text(KEYS[1]), .limit = 1};
    key_dependent *list;
    size_t count;
    apply(h, changes, 3, &more);
    assert_ok(dependents_list(h->store, &query, &h->memory, &list, &count));
    assert_int_equal(count, 2); /* one more than asked for: there are more */
    assert_true(list[0].kind == DEPENDENT_KIND_ALIAS && slice_equals_text(list[0].name, "alias/a/b"));
    query.limit = 10;
    assert_ok(dependents_list(h->store, &query, &h->memory, &list, &count));
    assert_int_equal(count, 2);
    assert_true(list[1].kind == DEPENDENT_KIND_BUCKET && slice_equals_text(list[1].name, "photos"));
    assert_true(slice_is_absent(list[1].key_version_id));
    rule.sse_algorithm = ENCRYPTION_AES256, rule.kms_master_key_id = (slice){0};
    changes[0].value = packed(h, &bucket_record_shape, &bucket);
    apply(h, changes, 1, &more);
    assert_ok(dependents_list(h->store, &query, &h->memory, &list, &count));
    assert_int_equal(count, 1);
}

/* A secret depends on the key of each of its versions, and on the one the next will be sealed under; a grant on its key. */
static void secrets_and_grants_too(void **state) {
    house *h = *state;
    secret_version_record versions[] = {
        {.version_id = SLICE("1"), .key_id = slice_of_text(KEYS[0]), .key_version_id = SLICE("v1")},
        {.version_id = SLICE("2"), .key_id = slice_of_text(KEYS[0]), .key_version_id = SLICE("v1")},
        {.version_id = SLICE("3"), .key_id = slice_of_text(KEYS[1]), .key_version_id = SLICE("v2")},
    };
    secret_record of = {.secret_name = SLICE("db/pw"), .encryption_key_id = slice_of_text(KEYS[1])};
    grant_record grant = {.grant_id = SLICE("0a1b"), .account_id = SLICE("1"), .key_id = slice_of_text(KEYS[1])};
    of.versions.at = versions, of.versions.count = 3;
    store_change changes[] = {
        {SLICE("secret/1/cn-hangzhou/db/pw"), packed(h, &secret_record_shape, &of), STORE_ANY},
        {SLICE("secret-value/1/x/1"), SLICE("a value"), STORE_ANY}, /* none of the kinds */
        {SLICE("grant/1/00000000-0000-4000-8000-000000000002/0a1b"), packed(h, &grant_record_shape, &grant), STORE_ANY},
    };
    derived_changes more;
    dependents_record counts;
    key_dependent *list;
    size_t count;
    apply(h, changes, 3, &more);
    assert_ok(dependents_load(h->store, slice_of_text(KEYS[0]), &h->memory, &counts));
    assert_int_equal(dependents_count(&counts, DEPENDENT_KIND_SECRET, SLICE("v1")), 1);
    dependents_query query = {.key_id = slice_of_text(KEYS[1]), .limit = 10};
    assert_ok(dependents_list(h->store, &query, &h->memory, &list, &count));
    assert_int_equal(count, 3);
    assert_true(list[0].kind == DEPENDENT_KIND_GRANT && slice_equals_text(list[0].name, "0a1b"));
    assert_true(list[1].kind == DEPENDENT_KIND_SECRET && slice_equals_text(list[1].name, "db/pw"));
    assert_true(slice_is_absent(list[1].key_version_id) && slice_equals_text(list[2].key_version_id, "v2"));
    changes[0].value = changes[2].value = (slice){0};
    apply(h, changes, 3, &more);
    assert_int_equal(rows_under(h, "dependent"), 0);
}

static void what_is_due_follows_the_key(void **state) {
    house *h = *state;
    key_version_record versions[] = {{SLICE("v1"), SET_INT(1), SLICE("sealed one")},
                                     {SLICE("v2"), SET_INT(2), SLICE("sealed two")}};
    key_record key = {.key_id = slice_of_text(KEYS[2]), .account_id = SLICE("123456789012")};
    key.state = KEY_STATE_PENDING_DELETION, key.delete_at = SET_INT(5000), key.material_expires_at = SET_INT(7000);
    key.versions.at = versions, key.versions.count = 2;
    slice path = SLICE("key/123456789012/cn-hangzhou/00000000-0000-4000-8000-000000000003");
    store_change change = {path, packed(h, &key_record_shape, &key), STORE_ANY};
    derived_changes more;
    due *list;
    size_t count;
    apply(h, &change, 1, &more);
    assert_int_equal(more.released_count, 0);
    assert_ok(due_list(h->store, 4999, 10, &h->memory, &list, &count));
    assert_int_equal(count, 0);
    assert_ok(due_list(h->store, 5000, 10, &h->memory, &list, &count));
    assert_int_equal(count, 1);
    assert_true(list[0].kind == DUE_DESTRUCTION && slice_equals(list[0].subject, key.key_id) && list[0].at_s == 5000);
    assert_ok(due_list(h->store, 9000, 10, &h->memory, &list, &count));
    assert_int_equal(count, 2);
    key.state = KEY_STATE_ENABLED, key.delete_at = (maybe_int){0};
    versions[0].sealed = (slice){0};
    change.value = packed(h, &key_record_shape, &key);
    apply(h, &change, 1, &more);
    assert_int_equal(more.released_count, 1);
    assert_true(slice_equals_text(more.released[0], "sealed one"));
    assert_ok(due_list(h->store, 9000, 10, &h->memory, &list, &count));
    assert_true(count == 1 && list[0].kind == DUE_EXPIRY);
    change.value = (slice){0};
    apply(h, &change, 1, &more);
    assert_int_equal(more.released_count, 1);
    assert_true(slice_equals_text(more.released[0], "sealed two"));
    assert_int_equal(rows_under(h, "due/"), 0);
}

/* A certificate's key is let go of with its record, not when that changes. */
static void a_certificate_lets_go_of_its_key(void **state) {
    house *h = *state;
    certificate_record of = {.certificate_id = slice_of_text(KEYS[0]), .sealed = SLICE("sealed key")};
    slice path = SLICE("certificate/123456789012/cn-hangzhou/00000000-0000-4000-8000-000000000001");
    store_change change = {path, packed(h, &certificate_record_shape, &of), STORE_ANY};
    derived_changes more;
    apply(h, &change, 1, &more);
    of.status = CERTIFICATE_STATUS_REVOKED;
    change.value = packed(h, &certificate_record_shape, &of);
    apply(h, &change, 1, &more);
    assert_int_equal(more.released_count, 0);
    change.value = (slice){0};
    apply(h, &change, 1, &more);
    assert_int_equal(more.released_count, 1);
    assert_true(slice_equals_text(more.released[0], "sealed key"));
}

/* Its values are told of when they go, and only then. */
static void the_end_of_a_secret_is_due(void **state) {
    house *h = *state;
    secret_record of = {.secret_name = SLICE("db/pw"), .delete_at = SET_INT(5000)};
    store_change changes[] = {{SLICE("secret/1/cn-hangzhou/db/pw"), packed(h, &secret_record_shape, &of), STORE_ANY},
                              {SLICE("secret-value/1/x/1"), SLICE("a value"), STORE_ANY}};
    derived_changes more;
    due *list;
    size_t count;
    apply(h, changes, 2, &more);
    assert_false(more.removes_values);
    assert_ok(due_list(h->store, 5000, 10, &h->memory, &list, &count));
    assert_true(count == 1 && list[0].kind == DUE_SECRET_END && list[0].at_s == 5000);
    assert_true(slice_equals_text(list[0].subject, "db/pw") && slice_equals_text(list[0].region, "cn-hangzhou"));
    of.delete_at = (maybe_int){0}; /* called off */
    changes[0].value = packed(h, &secret_record_shape, &of);
    apply(h, changes, 1, &more);
    assert_int_equal(rows_under(h, "due/"), 0);
    of.delete_at = SET_INT(6000);
    changes[0].value = packed(h, &secret_record_shape, &of);
    apply(h, changes, 1, &more);
    assert_int_equal(rows_under(h, "due/"), 1);
    changes[0].value = changes[1].value = (slice){0};
    apply(h, changes, 2, &more);
    assert_true(more.removes_values);
    assert_int_equal(rows_under(h, "due/"), 0);
}

static void rows_that_are_none_are_refused(void **state) {
    (void)state;
    due d;
    const char *const broken[] = {"due/",
                                  "due/1/destroy/1/2",
                                  "due/0000000000005000/dance/1/eu/00000000-0000-4000-8000-000000000003",
                                  "due/0000000000005000/destroy/1/eu/x",
                                  "due/0000000000005000/forget/1/eu/a name",
                                  "due/0000000000005000/destroy/1/eu",
                                  "dua/0000000000005000/destroy/1/eu/00000000-0000-4000-8000-000000000003"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_string_equal(status_name(due_parse(slice_of_text(broken[i]), &d)), "CORRUPT");
}

static int start(void **state) {
    (void)state;
    return FAILED(crypto_start());
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(they_are_what_the_records_say),          TEST(a_batch_rolled_back_counts_nothing),
        TEST(buckets_and_aliases_are_dependents_too), TEST(what_is_due_follows_the_key),
        TEST(rows_that_are_none_are_refused),         TEST(secrets_and_grants_too),
        TEST(a_certificate_lets_go_of_its_key),       TEST(the_end_of_a_secret_is_due),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
