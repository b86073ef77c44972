/* Names, versions and labels of secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "keys/stored_secret.h"

#define ASSERT_OK(call) assert_string_equal(status_name(call), "OK")
#define ASSERT_FAILS(call, name) assert_string_equal(status_name(call), #name)

static const secret_shelf SHELF = {.account = {(const uint8_t *)"1000000000000001", 16},
                                   .region = {(const uint8_t *)"cn-hangzhou", 11}};

static void names_keep_to_their_letters(void **state) {
    (void)state;
    static const char *const GOOD[] = {"a", "db/prod+x=1.y@z-w_!", "acs", "0"};
    static const char *const BAD[] = {"", "acs/x", "a b", "a:b", "a*", "a?", "\xc3\xa9", "a\n", "a%", "a\\b"};
    char longest[SECRET_NAME_MOST + 1];
    memset(longest, 'x', sizeof longest);
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) assert_true(secret_name_is_valid(slice_of_text(GOOD[i])));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) assert_false(secret_name_is_valid(slice_of_text(BAD[i])));
    assert_true(secret_name_is_valid(slice_of(longest, SECRET_NAME_MOST)));
    assert_false(secret_name_is_valid(slice_of(longest, SECRET_NAME_MOST + 1)));
    assert_false(secret_name_is_valid(slice_of("a\0b", 3)));
}

static void both_kinds_of_arns_name_a_secret(void **state) {
    (void)state;
    secret_name found;
    ASSERT_OK(secret_name_parse(SLICE("db/x"), &SHELF, &found));
    assert_true(slice_equals_text(found.name, "db/x") && slice_is_absent(found.suffix));
    ASSERT_OK(secret_name_parse(SLICE("acs:kms:cn-hangzhou:1000000000000001:secret/db/x"), &SHELF, &found));
    assert_true(slice_equals_text(found.name, "db/x"));
    ASSERT_OK(secret_name_parse(SLICE("arn:aws:secretsmanager:cn-hangzhou:1000000000000001:secret:db/x-AbC123"), &SHELF,
                                &found));
    assert_true(slice_equals_text(found.name, "db/x") && slice_equals_text(found.suffix, "AbC123"));
    ASSERT_OK(
        secret_name_parse(SLICE("arn:aws:secretsmanager:cn-hangzhou:1000000000000001:secret:db/x"), &SHELF, &found));
    assert_true(slice_equals_text(found.name, "db/x") && slice_is_absent(found.suffix));
}

static void foreign_names_are_not_found(void **state) {
    (void)state;
    static const char *const FOREIGN[] = {"acs:kms:cn-hangzhou:1000000000000002:secret/x",
                                          "acs:kms:cn-beijing:1000000000000001:secret/x",
                                          "acs:kms:cn-hangzhou:1000000000000001:key/x",
                                          "acs:kms:cn-hangzhou:1000000000000001:secret/",
                                          "acs:kms:cn-hangzhou:1000000000000001:secret",
                                          "acs:oss:cn-hangzhou:1000000000000001:secret/x",
                                          "arn:aws:secretsmanager:cn-hangzhou:1000000000000002:secret:x-AbC123",
                                          "arn:aws:kms:cn-hangzhou:1000000000000001:secret:x-AbC123",
                                          "arn:aws-cn:secretsmanager:cn-hangzhou:1000000000000001:secret:x-AbC123",
                                          "arn:aws:secretsmanager:cn-hangzhou:1000000000000001:secret:",
                                          "acs:",
                                          "arn:",
                                          "a b",
                                          ""};
    secret_name found;
    for (size_t i = 0; i < sizeof FOREIGN / sizeof *FOREIGN; i++)
        ASSERT_FAILS(secret_name_parse(slice_of_text(FOREIGN[i]), &SHELF, &found), SECRET_NOT_FOUND);
}

/* ---- versions */

static arena memory;

static secret_version_record *add(secret_record *of, const char *id) {
    secret_version_record *added, version = {.version_id = slice_of_text(id)};
    ASSERT_OK(secret_version_add(of, &version, &memory, &added));
    return added;
}

static bool has(const secret_record *of, const char *id, const char *stage) {
    const secret_version_record *version = secret_version(of, slice_of_text(id));
    return version && secret_version_has(version, slice_of_text(stage));
}

static void current_leaves_previous_behind(void **state) {
    (void)state;
    secret_record of = {0};
    ASSERT_OK(secret_stage_move(&of, add(&of, "1"), STAGE_CURRENT, &memory));
    assert_true(has(&of, "1", "ACSCurrent") && !secret_version_with(&of, STAGE_PREVIOUS));
    ASSERT_OK(secret_stage_move(&of, add(&of, "2"), STAGE_CURRENT, &memory));
    assert_true(has(&of, "2", "ACSCurrent") && has(&of, "1", "ACSPrevious"));
    assert_false(has(&of, "1", "ACSCurrent"));
    ASSERT_OK(secret_stage_move(&of, add(&of, "3"), STAGE_CURRENT, &memory));
    assert_true(has(&of, "3", "ACSCurrent") && has(&of, "2", "ACSPrevious"));
    assert_int_equal(secret_version(&of, SLICE("1"))->stages.count, 0);
    ASSERT_OK(secret_stage_move(&of, secret_version(&of, SLICE("2")), STAGE_CURRENT, &memory)); /* back again */
    assert_true(has(&of, "2", "ACSCurrent") && has(&of, "3", "ACSPrevious"));
    assert_false(has(&of, "2", "ACSPrevious"));
    ASSERT_OK(secret_stage_move(&of, secret_version(&of, SLICE("2")), STAGE_CURRENT, &memory)); /* no change */
    assert_true(has(&of, "2", "ACSCurrent") && has(&of, "3", "ACSPrevious"));
}

static void a_label_is_on_one_version(void **state) {
    (void)state;
    secret_record of = {0};
    add(&of, "1"), add(&of, "2");
    ASSERT_OK(secret_stage_move(&of, secret_version(&of, SLICE("1")), SLICE("x"), &memory));
    ASSERT_OK(secret_stage_move(&of, secret_version(&of, SLICE("2")), SLICE("x"), &memory));
    assert_true(has(&of, "2", "x") && !has(&of, "1", "x"));
    secret_stage_remove(secret_version(&of, SLICE("2")), SLICE("x"));
    assert_null(secret_version_with(&of, SLICE("x")));
    for (int i = 0; i < SECRET_STAGES_MOST; i++) {
        slice label;
        ASSERT_OK(arena_printf(&memory, &label, "l%d", i));
        ASSERT_OK(secret_stage_move(&of, secret_version(&of, SLICE("1")), label, &memory));
    }
    ASSERT_FAILS(secret_stage_move(&of, secret_version(&of, SLICE("1")), SLICE("more"), &memory), SECRET_LIMIT);
}

static void only_versions_without_labels_are_dropped(void **state) {
    (void)state;
    secret_record of = {0};
    secret_version_record *drop;
    for (int i = 0; i < SECRET_VERSIONS_MOST; i++) {
        slice id;
        ASSERT_OK(arena_printf(&memory, &id, "%d", i));
        ASSERT_OK(secret_version_to_drop(&of, &drop));
        assert_null(drop);
        add(&of, (const char *)id.at);
    }
    ASSERT_OK(secret_stage_move(&of, secret_version(&of, SLICE("0")), SLICE("kept"), &memory));
    ASSERT_OK(secret_version_to_drop(&of, &drop));
    assert_true(slice_equals_text(drop->version_id, "1"));
    secret_version_drop(&of, drop);
    assert_int_equal(of.versions.count, SECRET_VERSIONS_MOST - 1);
    assert_null(secret_version(&of, SLICE("1")));
    assert_true(slice_equals_text(of.versions.at[1].version_id, "2"));
    add(&of, "10");
    for (size_t i = 0; i < of.versions.count; i++) {
        slice label;
        ASSERT_OK(arena_printf(&memory, &label, "s%zu", i));
        ASSERT_OK(secret_stage_move(&of, &of.versions.at[i], label, &memory));
    }
    ASSERT_FAILS(secret_version_to_drop(&of, &drop), SECRET_LIMIT);
}

static void intervals(void **state) {
    (void)state;
    static const char *const BAD[] = {"",   "7",    "d",     "7x",           "-7d", "7 d",  "5h",       "21599s",
                                      "0d", "366d", "8761h", "99999999999d", "7dd", "1.5d", "31536001s"};
    int64_t seconds;
    ASSERT_OK(secret_interval_parse(SLICE("7d"), SECRET_INTERVAL_LEAST_S, &seconds));
    assert_int_equal(seconds, 604800);
    ASSERT_OK(secret_interval_parse(SLICE("6h"), SECRET_INTERVAL_LEAST_S, &seconds));
    assert_int_equal(seconds, 21600);
    ASSERT_OK(secret_interval_parse(SLICE("31536000s"), SECRET_INTERVAL_LEAST_S, &seconds));
    ASSERT_OK(secret_interval_parse(SLICE("525600m"), SECRET_INTERVAL_LEAST_S, &seconds));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        ASSERT_FAILS(secret_interval_parse(slice_of_text(BAD[i]), SECRET_INTERVAL_LEAST_S, &seconds),
                     INVALID_PARAMETER);
}

static void next_rotation(void **state) {
    (void)state;
    secret_record of = {.rotation_from = SET_INT(1000), .rotation_interval = SET_INT(21600)};
    assert_false(secret_next_rotation(&of).is_set);
    of.rotation_enabled = SET_BOOL(true);
    assert_int_equal(secret_next_rotation(&of).value, 22600);
    of.rotation_from = SET_INT(5000);
    assert_int_equal(secret_next_rotation(&of).value, 26600);
    of.delete_at = SET_INT(9000);
    assert_false(secret_next_rotation(&of).is_set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_keep_to_their_letters),
        cmocka_unit_test(both_kinds_of_arns_name_a_secret),
        cmocka_unit_test(foreign_names_are_not_found),
        cmocka_unit_test(current_leaves_previous_behind),
        cmocka_unit_test(a_label_is_on_one_version),
        cmocka_unit_test(only_versions_without_labels_are_dropped),
        cmocka_unit_test(intervals),
        cmocka_unit_test(next_rotation),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_clear(&memory);
    return failed;
}
