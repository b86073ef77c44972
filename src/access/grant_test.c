/* Grants: whom they reach, for what, under which encryption context; and which grant may be passed on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "access/grant.h"

#define USER "acs:ram::1:user/u"

static slice operations[] = {
    {(const uint8_t *)"Decrypt", 7}, {(const uint8_t *)"Sign", 4}, {(const uint8_t *)"CreateGrant", 11}};

static grant_record grant_to(const char *grantee) {
    grant_record g = {.grant_id = SLICE("g"), .account_id = SLICE("1"), .key_id = SLICE("k")};
    g.grantee = slice_of_text(grantee);
    g.operations.at = operations, g.operations.count = 3;
    return g;
}

static enum policy_reach reach_of(const grant_record *g, const char *action, const pair_list *context) {
    const policy_caller caller = {
        .account = SLICE("1"), .arn = SLICE(USER), .role = SLICE("acs:ram::1:role/r"), .id = SLICE("id-1")};
    grant_question question = {&caller, slice_of_text(action), context};
    return grant_reach(g, &question);
}

static void reaches_whom_it_names(void **state) {
    (void)state;
    static const struct row {
        const char *grantee;
        enum policy_reach reach;
    } rows[] = {{USER, REACH_CALLER},
                {"acs:ram::1:role/r", REACH_CALLER},
                {"acs:ram::1:root", REACH_ACCOUNT},
                {"acs:ram::1:user/U", REACH_NONE},
                {"acs:ram::1:user/u2", REACH_NONE},
                {"acs:ram::2:user/u", REACH_NONE},
                {"acs:ram::2:root", REACH_NONE},
                {"acs:ram::11:root", REACH_NONE},
                {"", REACH_NONE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        grant_record g = grant_to(rows[i].grantee);
        assert_int_equal(reach_of(&g, "kms:Decrypt", NULL), rows[i].reach);
    }
    grant_record g = grant_to(USER);
    g.grantee_id = SLICE("id-1");
    assert_int_equal(reach_of(&g, "kms:Decrypt", NULL), REACH_CALLER);
    g.grantee_id = SLICE("id-0"); /* an earlier user of the same name */
    assert_int_equal(reach_of(&g, "kms:Decrypt", NULL), REACH_NONE);
}

static void gives_what_it_names(void **state) {
    (void)state;
    grant_record g = grant_to(USER);
    static const struct row {
        const char *action;
        enum policy_reach reach;
    } rows[] = {{"kms:Decrypt", REACH_CALLER},
                {"kms:AsymmetricSign", REACH_CALLER},
                {"kms:AsymmetricDecrypt", REACH_CALLER},
                {"kms:Encrypt", REACH_NONE},
                {"kms:Verify", REACH_NONE},
                {"oss:Decrypt", REACH_NONE},
                {"kms:ScheduleKeyDeletion", REACH_NONE},
                {"", REACH_NONE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(reach_of(&g, rows[i].action, NULL), rows[i].reach);
}

static void holds_the_context_to_it(void **state) {
    (void)state;
    pair a[] = {{SLICE("app"), SLICE("pay")}, {SLICE("env"), SLICE("prod")}};
    pair swapped[] = {{SLICE("env"), SLICE("prod")}, {SLICE("app"), SLICE("pay")}};
    pair other[] = {{SLICE("app"), SLICE("Pay")}, {SLICE("env"), SLICE("prod")}};
    const pair_list one = {a, 1}, both = {a, 2}, turned = {swapped, 2}, wrong = {other, 2}, none = {NULL, 0};
    grant_record equals = grant_to(USER), subset = grant_to(USER);
    equals.context_equals = both;
    subset.context_subset = one;
    assert_int_equal(reach_of(&equals, "kms:Decrypt", &both), REACH_CALLER);
    assert_int_equal(reach_of(&equals, "kms:Decrypt", &turned), REACH_CALLER);
    const pair_list *const unequal[] = {&one, &wrong, &none, NULL};
    for (size_t i = 0; i < 4; i++) assert_int_equal(reach_of(&equals, "kms:Decrypt", unequal[i]), REACH_NONE);
    assert_int_equal(reach_of(&subset, "kms:Decrypt", &both), REACH_CALLER);
    assert_int_equal(reach_of(&subset, "kms:Decrypt", &one), REACH_CALLER);
    const pair_list *const lacking[] = {&wrong, &none, NULL};
    for (size_t i = 0; i < 3; i++) assert_int_equal(reach_of(&subset, "kms:Decrypt", lacking[i]), REACH_NONE);
    assert_int_equal(reach_of(&equals, "kms:CreateGrant", NULL), REACH_CALLER); /* carries no context */
}

static void passes_on_no_more_than_it_has(void **state) {
    (void)state;
    pair a[] = {{SLICE("app"), SLICE("pay")}, {SLICE("env"), SLICE("prod")}};
    const pair_list one = {a, 1}, both = {a, 2};
    grant_record outer = grant_to(USER), inner = grant_to("acs:ram::1:user/v");
    assert_true(grant_contains(&outer, &inner));
    slice more[] = {SLICE("Decrypt"), SLICE("Encrypt")};
    inner.operations.at = more, inner.operations.count = 2;
    assert_false(grant_contains(&outer, &inner));
    inner.operations.count = 1;
    assert_true(grant_contains(&outer, &inner));
    outer.context_subset = one;
    assert_false(grant_contains(&outer, &inner)); /* it would lose the constraint */
    inner.context_subset = one;
    assert_true(grant_contains(&outer, &inner));
    inner.context_subset = both;
    assert_true(grant_contains(&outer, &inner));
    outer.context_subset = both;
    inner.context_subset = one;
    assert_false(grant_contains(&outer, &inner));
    inner.context_subset = (pair_list){0};
    inner.context_equals = both;
    assert_true(grant_contains(&outer, &inner));
    outer.context_subset = (pair_list){0};
    outer.context_equals = both;
    assert_true(grant_contains(&outer, &inner));
    inner.context_equals = one;
    assert_false(grant_contains(&outer, &inner));
}

static void the_same_wish_is_found_again(void **state) {
    (void)state;
    grant_record a = grant_to(USER), b = grant_to(USER);
    a.name = b.name = SLICE("n");
    b.grant_id = SLICE("another");
    assert_true(grant_same_wish(&a, &b));
    b.retiring = SLICE(USER);
    assert_false(grant_same_wish(&a, &b));
    b = grant_to(USER);
    assert_false(grant_same_wish(&a, &b));
    slice others[] = {operations[0], operations[1], operations[1]};
    b = a = grant_to(USER);
    b.operations.at = others;
    assert_false(grant_same_wish(&a, &b)); /* as many, but one of them twice */
    assert_false(grant_same_wish(&b, &a));
}

static void names_what_the_key_is_for(void **state) {
    (void)state;
    static const struct row {
        const char *name;
        enum key_spec spec;
        enum key_usage usage;
        bool fits;
    } rows[] = {{"Encrypt", KEY_SPEC_ABSENT, KEY_USAGE_ABSENT, true}, /* as older records have it */
                {"Sign", KEY_SPEC_ABSENT, KEY_USAGE_ABSENT, false},
                {"GenerateDataKey", KEY_SPEC_ALIYUN_SM4, KEY_USAGE_ENCRYPT_DECRYPT, true},
                {"GenerateDataKey", KEY_SPEC_RSA_2048, KEY_USAGE_ENCRYPT_DECRYPT, false},
                {"ReEncryptFrom", KEY_SPEC_RSA_2048, KEY_USAGE_ENCRYPT_DECRYPT, true},
                {"Encrypt", KEY_SPEC_RSA_2048, KEY_USAGE_SIGN_VERIFY, false},
                {"GetPublicKey", KEY_SPEC_RSA_2048, KEY_USAGE_SIGN_VERIFY, true},
                {"GetPublicKey", KEY_SPEC_HMAC_SHA_256, KEY_USAGE_GENERATE_VERIFY_MAC, false},
                {"VerifyMac", KEY_SPEC_HMAC_SHA_256, KEY_USAGE_GENERATE_VERIFY_MAC, true},
                {"DeriveSharedSecret", KEY_SPEC_EC_P256, KEY_USAGE_KEY_AGREEMENT, true},
                {"DeriveSharedSecret", KEY_SPEC_EC_P256, KEY_USAGE_SIGN_VERIFY, false},
                {"CreateGrant", KEY_SPEC_EC_P256, KEY_USAGE_SIGN_VERIFY, true},
                {"ListGrants", KEY_SPEC_ABSENT, KEY_USAGE_ABSENT, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        key_record key = {.spec = (int)rows[i].spec, .usage = (int)rows[i].usage};
        assert_int_equal(grant_operation_fits(slice_of_text(rows[i].name), &key), rows[i].fits);
    }
}

static void ids_are_hexadecimal(void **state) {
    (void)state;
#define HEX62 "00112233445566778899aabbccddeeff00112233445566778899aabbccddee"
    assert_true(grant_id_is_valid(SLICE(HEX62 "ff")));
    static const char *const none[] = {"", HEX62, HEX62 "fF", HEX62 "f/", HEX62 "fff", HEX62 "f g"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) assert_false(grant_id_is_valid(slice_of_text(none[i])));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_the_key_is_for),    cmocka_unit_test(ids_are_hexadecimal),
        cmocka_unit_test(reaches_whom_it_names),        cmocka_unit_test(gives_what_it_names),
        cmocka_unit_test(holds_the_context_to_it),      cmocka_unit_test(passes_on_no_more_than_it_has),
        cmocka_unit_test(the_same_wish_is_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
