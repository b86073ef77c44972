/* Names and the state table of keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys/key.h"

static void names_are_told_apart(void **state) {
    (void)state;
    key_name name;
    const key_shelf shelf = {.account = SLICE("1000000000000001"), .region = SLICE("cn-hangzhou")};
    assert_int_equal(key_name_parse(SLICE("6f0f9d3e-0000-4000-8000-000000000001"), &shelf, &name).code, STATUS_OK);
    assert_false(slice_is_absent(name.key_id));
    assert_int_equal(key_name_parse(SLICE("acs:kms:cn-hangzhou:1000000000000001:alias/a/b"), &shelf, &name).code,
                     STATUS_OK);
    assert_true(slice_equals_text(name.alias, "alias/a/b"));
    assert_int_equal(key_name_parse(SLICE("acs:kms:cn-hangzhou:1000000000000001:key/x"), &shelf, &name).code,
                     STATUS_OK);
    assert_true(slice_equals_text(name.key_id, "x"));
    assert_int_equal(key_name_parse(SLICE("arn:aws:kms:cn-hangzhou:1000000000000001:key/y"), &shelf, &name).code,
                     STATUS_OK);
    assert_true(slice_equals_text(name.key_id, "y"));
}

static void foreign_arns_are_not_found(void **state) {
    (void)state;
    key_name name;
    const key_shelf shelf = {.account = SLICE("1000000000000001"), .region = SLICE("cn-hangzhou")};
    const char *foreign[] = {"acs:kms:cn-hangzhou:1000000000000002:key/x",
                             "acs:oss:cn-hangzhou:1000000000000001:key/x",
                             "acs:kms:cn-hangzhou:1000000000000001:secret/x",
                             "acs:kms:cn-hangzhou",
                             "acs:",
                             "acs:kms:cn-beijing:1000000000000001:key/x",
                             "arn:aws:kms:eu-west-1:1000000000000001:key/x",
                             "arn:aws:kms:cn-hangzhou:1000000000000002:key/x",
                             "arn:aws:"};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        assert_int_equal(key_name_parse(slice_of_text(foreign[i]), &shelf, &name).code, FAILURE_KEY_NOT_FOUND);
}

static void aliases_keep_to_their_letters(void **state) {
    (void)state;
    assert_true(alias_is_valid(SLICE("alias/a-B_9/x")));
    assert_false(alias_is_valid(SLICE("alias/")));
    assert_false(alias_is_valid(SLICE("alias/a b")));
    assert_false(alias_is_valid(SLICE("alia/ab")));
    assert_false(alias_is_valid(SLICE("alias/\xc3\xa9")));
    assert_true(alias_is_reserved(SLICE("alias/acs/oss")));
    assert_true(alias_is_reserved(SLICE("alias/aws/s3")));
    assert_false(alias_is_reserved(SLICE("alias/awsome")));
}

static void states_allow_what_the_table_says(void **state) {
    (void)state;
    key_record key = {.state = KEY_STATE_DISABLED};
    assert_int_equal(key_allows(&key, KEY_ACT_USE).code, FAILURE_KEY_DISABLED);
    assert_int_equal(key_allows(&key, KEY_ACT_SWITCH).code, STATUS_OK);
    key.state = KEY_STATE_PENDING_DELETION;
    assert_int_equal(key_allows(&key, KEY_ACT_USE).code, FAILURE_KEY_PENDING_DELETION);
    assert_int_equal(key_allows(&key, KEY_ACT_SCHEDULE).code, FAILURE_KEY_STATE);
    assert_int_equal(key_allows(&key, KEY_ACT_CANCEL).code, STATUS_OK);
    key.state = KEY_STATE_PENDING_IMPORT;
    assert_int_equal(key_allows(&key, KEY_ACT_USE).code, FAILURE_KEY_PENDING_IMPORT);
    assert_int_equal(key_allows(&key, KEY_ACT_IMPORT).code, STATUS_OK);
    key.state = 0;
    assert_int_equal(key_allows(&key, KEY_ACT_READ).code, FAILURE_CORRUPT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_told_apart),
        cmocka_unit_test(foreign_arns_are_not_found),
        cmocka_unit_test(aliases_keep_to_their_letters),
        cmocka_unit_test(states_allow_what_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
