/* Moving data keys and values of secrets between versions of a key, without a signature: only with the owner's word in the sealed header, only to a later
 * version of the same key, and never out of the vault. */
#include "custody/test_house.h"

static test_house house;

static int begin(void **state) {
    (void)state;
    test_house_begin(&house);
    return 0;
}

static int end(void **state) {
    (void)state;
    test_house_end(&house);
    return 0;
}

static const uint8_t NEXT_VERSION[16] = "nextnextnextnex", OTHER_KEY[16] = "otherotherother";
#define CONTEXT SLICE("\0\1a\0\1b")

static key_act with(int act, slice material, const uint8_t version[16]) {
    key_act made = {.act = act, .key = material, .key_id = slice_of(TEST_KEY_ID, 16)};
    made.key_version_id = slice_of(version, 16);
    return made;
}

static slice kept(slice bytes) {
    slice copy;
    ASSERT_OK(arena_copy(&house.memory, bytes, &copy));
    return copy;
}

/* Two versions, the second made `later_s` after the first, and a data key under the first. */
typedef struct versions {
    slice former, next, wrapped;
} versions;

static versions make_versions(int64_t later_s) {
    versions v;
    v.former = kept(test_act(&house, "CreateKey", test_new_key_act())->output);
    key_act act = with(VAULT_ACT_NEW_VERSION, v.former, NEXT_VERSION);
    use_message use = test_use(&house, "CreateKeyVersion", &act);
    test_run(&house, &use, TEST_NOW_S + later_s);
    ASSERT_ANSWER(&house, OK);
    v.next = kept(house.done.used.results.at[0].output);
    act = with(VAULT_ACT_GENERATE_SEALED, v.former, TEST_VERSION_ID);
    act.size = SET_INT(32), act.context = CONTEXT;
    v.wrapped = kept(test_act(&house, "GenerateDataKeyWithoutPlaintext", act)->output);
    ASSERT_ANSWER(&house, OK);
    return v;
}

static slice permitted(slice material, const uint8_t version[16]) {
    key_act act = with(VAULT_ACT_PERMIT_REWRAP, material, version);
    slice with_word = kept(test_act(&house, "RewrapKey", act)->output);
    ASSERT_ANSWER(&house, OK);
    return with_word;
}

static key_act rewrap(const versions *v) {
    key_act act = with(VAULT_ACT_REWRAP, v->former, TEST_VERSION_ID);
    act.next = v->next, act.input = v->wrapped, act.context = CONTEXT;
    return act;
}

/* As core asks by itself: no proof, no access key, no gateway. */
static const key_result *own_act(key_act act) {
    use_message use = {
        .id = SET_INT(9), .request_id = TEST_REQUEST, .account_id = TEST_ACCOUNT, .account = house.account};
    use.acts.at = &act, use.acts.count = 1;
    test_run(&house, &use, TEST_NOW_S);
    return house.done.used.results.count ? &house.done.used.results.at[0] : NULL;
}

static slice opened_under(slice material, const uint8_t version[16], slice blob) {
    key_act act = with(VAULT_ACT_DECRYPT, material, version);
    act.input = blob, act.context = CONTEXT;
    const key_result *made = test_act(&house, "Decrypt", act);
    ASSERT_ANSWER(&house, OK);
    return kept(test_unboxed(&house, made->boxed));
}

static void a_data_key_is_moved_and_not_shown(void **state) {
    (void)state;
    versions v = make_versions(5);
    slice before = opened_under(v.former, TEST_VERSION_ID, v.wrapped);
    v.next = permitted(v.next, NEXT_VERSION);
    const key_result *made = own_act(rewrap(&v));
    ASSERT_ANSWER(&house, OK);
    assert_true(made->boxed.len == 0 && made->extra.len == 0);
    assert_int_equal(made->output.len, v.wrapped.len);
    assert_true(slice_find(made->output, before) == SIZE_MAX);
    assert_int_equal(house.done.use_count, 1); /* and is told of */
    assert_int_equal(house.done.uses[0].act, VAULT_ACT_REWRAP);
    slice moved = kept(made->output);
    assert_true(slice_equals(opened_under(v.next, NEXT_VERSION, moved), before));
}

static void not_without_the_owners_word(void **state) {
    (void)state;
    versions v = make_versions(5);
    own_act(rewrap(&v));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    slice permitted_former = permitted(v.former, TEST_VERSION_ID); /* it counts for what data keys are moved to */
    key_act act = rewrap(&v);
    act.key = permitted_former;
    own_act(act);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    own_act(with(VAULT_ACT_PERMIT_REWRAP, v.next, NEXT_VERSION)); /* core cannot give it */
    ASSERT_ANSWER(&house, NO_PERMISSION);
    act = with(VAULT_ACT_PERMIT_REWRAP, v.next, NEXT_VERSION);
    test_act(&house, "CreateKeyVersion", act); /* nor may another request */
    ASSERT_ANSWER(&house, NO_PERMISSION);
    v.next = permitted(v.next, NEXT_VERSION);
    test_act(&house, "RewrapKey", rewrap(&v)); /* and no signed request asks for the act itself */
    ASSERT_ANSWER(&house, NO_PERMISSION);
    for (size_t bit = 0; bit < v.next.len * 8; bit += 7) {
        act = rewrap(&v);
        act.next = test_flip(&house, v.next, bit);
        own_act(act);
        assert_true(house.done.used.failure.value != STATUS_OK);
    }
}

static void only_to_a_later_version_of_the_same_key(void **state) {
    (void)state;
    versions v = make_versions(-5);
    v.next = permitted(v.next, NEXT_VERSION);
    own_act(rewrap(&v));
    ASSERT_ANSWER(&house, NO_PERMISSION); /* an older one */
    v = make_versions(5);
    v.former = permitted(v.former, TEST_VERSION_ID);
    key_act act = rewrap(&v);
    act.next = v.former;
    own_act(act);
    ASSERT_ANSWER(&house, INVALID_PARAMETER); /* itself */
    key_act other = test_new_key_act();
    other.key_id = slice_of(OTHER_KEY, 16), other.key_version_id = slice_of(NEXT_VERSION, 16);
    slice foreign = kept(test_act(&house, "CreateKey", other)->output);
    act = with(VAULT_ACT_PERMIT_REWRAP, foreign, NEXT_VERSION);
    act.key_id = slice_of(OTHER_KEY, 16);
    foreign = kept(test_act(&house, "RewrapKey", act)->output);
    ASSERT_ANSWER(&house, OK);
    act = rewrap(&v);
    act.next = foreign;
    own_act(act);
    ASSERT_ANSWER(&house, CORRUPT);
}

static void what_does_not_open_is_not_moved(void **state) {
    (void)state;
    versions v = make_versions(5);
    v.next = permitted(v.next, NEXT_VERSION);
    key_act act = rewrap(&v);
    act.context = SLICE("\0\1a\0\1c"); /* another object's place */
    own_act(act);
    ASSERT_ANSWER(&house, CIPHERTEXT);
    act = rewrap(&v);
    act.input = test_flip(&house, v.wrapped, v.wrapped.len * 8 - 1);
    own_act(act);
    ASSERT_ANSWER(&house, CIPHERTEXT);
    assert_int_equal(house.done.use_count, 0);
    act = rewrap(&v);
    act.key_version_id = slice_of(NEXT_VERSION, 16);
    own_act(act);
    ASSERT_ANSWER(&house, CORRUPT);
}

/* ---- values of secrets */

static key_act value_act(const versions *v, slice blob) {
    key_act act = with(VAULT_ACT_REWRAP_SECRET, v->former, TEST_VERSION_ID);
    act.next = v->next, act.input = blob;
    act.text = SLICE("db"), act.secret_id = SLICE("AbC123"), act.version = SLICE("v1");
    return act;
}

static slice seal_value(slice key, slice value) {
    key_act act = {.act = VAULT_ACT_SEAL_SECRET, .key = key, .text = SLICE("db"), .secret_id = SLICE("AbC123")};
    act.version = SLICE("v1"), act.input = test_boxed(&house, value);
    slice blob = kept(test_act(&house, "PutSecretValue", act)->output);
    ASSERT_ANSWER(&house, OK);
    return blob;
}

static void run_own(key_act *acts, size_t count) {
    use_message use = {
        .id = SET_INT(9), .request_id = TEST_REQUEST, .account_id = TEST_ACCOUNT, .account = house.account};
    use.acts.at = acts, use.acts.count = count;
    test_run(&house, &use, TEST_NOW_S);
}

static void values_of_secrets_are_moved_and_not_shown(void **state) {
    (void)state;
    versions v = make_versions(5);
    slice blob = seal_value(v.former, SLICE("hello"));
    key_act acts[] = {value_act(&v, blob), value_act(&v, blob)};
    run_own(acts, 1);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* not without the owner's word */
    v.next = permitted(v.next, NEXT_VERSION);
    acts[0].next = acts[1].next = v.next;
    run_own(acts, 2);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 2);
    assert_int_equal(house.done.uses[1].act, VAULT_ACT_REWRAP_SECRET);
    const key_result *made = &house.done.used.results.at[1];
    assert_true(made->boxed.len == 0 && slice_find(made->output, SLICE("hello")) == SIZE_MAX);
    assert_memory_equal(made->output.at + 20, NEXT_VERSION, 16);
    key_act act = value_act(&v, kept(made->output));
    act.act = VAULT_ACT_OPEN_SECRET, act.key = v.next, act.key_version_id = slice_of(NEXT_VERSION, 16);
    const key_result *opened_again = test_act(&house, "GetSecretValue", act);
    ASSERT_ANSWER(&house, OK);
    assert_true(slice_equals(test_unboxed(&house, opened_again->boxed), SLICE("hello")));
}

/* Nor for another secret, to another place, or by anybody's request. */
static void a_value_stays_what_it_is(void **state) {
    (void)state;
    versions v = make_versions(5);
    v.next = permitted(v.next, NEXT_VERSION);
    slice blob = seal_value(v.former, SLICE("hello"));
    key_act good = value_act(&v, blob);
    key_act wrong[] = {good, good, good, good, good};
    wrong[0].text = SLICE("db2");
    wrong[1].secret_id = SLICE("AbC124");
    wrong[2].version = SLICE("v2");
    wrong[3].input = v.wrapped;
    wrong[4].input = test_flip(&house, blob, blob.len * 8 - 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        run_own(&wrong[i], 1);
        ASSERT_ANSWER(&house, CORRUPT);
        assert_int_equal(house.done.use_count, 0);
    }
    test_act(&house, "GetSecretValue", good);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    key_act mixed[] = {good, rewrap(&v)}; /* others come alone */
    run_own(mixed, 2);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    key_act data_keys[] = {rewrap(&v), rewrap(&v)};
    run_own(data_keys, 2);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    key_act backwards = value_act(&v, seal_value(v.next, SLICE("hello")));
    backwards.key = v.next, backwards.key_version_id = slice_of(NEXT_VERSION, 16);
    backwards.next = permitted(v.former, TEST_VERSION_ID);
    run_own(&backwards, 1);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_data_key_is_moved_and_not_shown),         TEST(not_without_the_owners_word),
        TEST(only_to_a_later_version_of_the_same_key),   TEST(what_does_not_open_is_not_moved),
        TEST(values_of_secrets_are_moved_and_not_shown), TEST(a_value_stays_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
