/* Managed data keys in the vault: random, of the size signed for, and never taken for a secret. */
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

static key_act secret_act(slice key) {
    return (key_act){.act = VAULT_ACT_OPEN_SECRET, .key = key, .secret_id = SLICE("AbC123"), .version = SLICE("v1")};
}

static key_act managed_act(slice key, int kind) {
    return (key_act){.act = kind,
                     .key = key,
                     .text = SLICE(MANAGED_KEY_PREFIX "backup"),
                     .secret_id = SLICE("AbC123"),
                     .version = SLICE("v1"),
                     .size = SET_INT(32)};
}

static void managed_keys_are_random_and_of_the_size_signed_for(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    slice blob = test_act(&house, "CreateManagedDataKey", managed_act(key, VAULT_ACT_GENERATE_MANAGED))->output;
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.uses[0].act, VAULT_ACT_GENERATE_MANAGED);
    assert_int_equal(blob.len, 36 + 24 + 32 + 16);
    key_act get = managed_act(key, VAULT_ACT_OPEN_SECRET);
    get.input = blob;
    slice boxed = test_act(&house, "GetManagedDataKey", get)->boxed;
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(test_unboxed(&house, boxed).len, 32);
    key_act tiny = managed_act(key, VAULT_ACT_GENERATE_MANAGED);
    static const int64_t SIZES[] = {0, 1, 15, 1025};
    for (size_t i = 0; i < 4; i++) {
        tiny.size = SET_INT(SIZES[i]);
        test_act(&house, "CreateManagedDataKey", tiny);
        ASSERT_ANSWER(&house, INVALID_PARAMETER);
    }
}

/* Neither is one taken for a secret, nor for another key, nor is another size made than was signed for. */
static void managed_keys_are_bound_to_what_was_signed(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    key_act make = managed_act(key, VAULT_ACT_GENERATE_MANAGED), smaller = make, other = make, secret_like = make;
    smaller.size = SET_INT(16);
    other.text = SLICE(MANAGED_KEY_PREFIX "other");
    secret_like.text = SLICE("backup");
    key_act wrong[] = {smaller, other, secret_like};
    for (size_t i = 0; i < 3; i++) {
        use_message use = test_use(&house, "CreateManagedDataKey", &make);
        use.acts.at = &wrong[i];
        test_run(&house, &use, TEST_NOW_S);
        ASSERT_ANSWER(&house, NO_PERMISSION);
    }
    slice blob = test_act(&house, "CreateManagedDataKey", make)->output;
    ASSERT_ANSWER(&house, OK);
    key_act as_secret = secret_act(key);
    as_secret.text = SLICE("backup");
    as_secret.input = blob;
    test_act(&house, "GetSecretValue", as_secret);
    ASSERT_ANSWER(&house, CORRUPT);
    as_secret.text = make.text;
    key_act signed_for = secret_act(key);
    signed_for.text = SLICE("backup");
    use_message use = test_use(&house, "GetSecretValue", &signed_for);
    use.acts.at = &as_secret;
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(managed_keys_are_random_and_of_the_size_signed_for),
                                       cmocka_unit_test(managed_keys_are_bound_to_what_was_signed)};
    return cmocka_run_group_tests(tests, begin, end);
}
