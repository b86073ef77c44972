/* ARNs: bounds, and that a name cannot turn one into another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/arn.h"

static const arn_home HOME = {{(const uint8_t *)"cn-hangzhou", 11}, {(const uint8_t *)"1234567890123456", 16}};

static void parse_refuses(void **state) {
    (void)state;
    static const char *const rows[] = {
        "",
        "acs",
        "acs:kms:r:1",
        "acs:kms:r:1:",
        "arn:kms:r:1:key/a",
        "ACS:kms:r:1:key/a",
        "acs::r:1:key/a",
        "acs:k ms:r:1:key/a",
        "acs:*:r:1:key/a",
        "acs:kms:r/:1:key/a",
        "acs:kms:r*:1:key/a",
        "acs:kms:r:1a:key/a",
        "acs:kms:r:**:key/a",
        "acs:kms:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1:key/a"};
    arn parts;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!FAILED(arn_parse(slice_of_text(rows[i]), &parts))) fail_msg("%s was accepted", rows[i]);
    static uint8_t text[ARN_BYTES_MOST + 1];
    memset(text, 'x', sizeof text);
    memcpy(text, "acs:oss:*:1:", 12);
    assert_false(FAILED(arn_parse(slice_of(text, 12 + ARN_RELATIVE_BYTES_MOST), &parts)));
    assert_true(FAILED(arn_parse(slice_of(text, 13 + ARN_RELATIVE_BYTES_MOST), &parts)));
    assert_true(FAILED(arn_parse(slice_of(text, sizeof text), &parts)));
}

static void parse_takes_apart(void **state) {
    (void)state;
    arn parts;
    assert_false(FAILED(arn_parse(SLICE("acs:oss:*:1234567890123456:bucket/a:b/*\xff"), &parts)));
    assert_true(slice_equals(parts.service, SLICE("oss")));
    assert_true(slice_equals(parts.region, SLICE("*")));
    assert_true(slice_equals(parts.account, SLICE("1234567890123456")));
    assert_true(slice_equals(parts.relative, SLICE("bucket/a:b/*\xff")));
    assert_false(FAILED(arn_parse(SLICE("acs:ram::system:policy/x"), &parts)));
    assert_int_equal(parts.region.len, 0);
    assert_false(FAILED(arn_parse(SLICE("acs:oss:::b"), &parts)));
}

static void builders_refuse_names(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    slice out;
    static const char *const rows[] = {"", "a:b", "*", "a?", "a/b", "a\nb", "\x7f"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        slice name = slice_of_text(rows[i]);
        assert_true(FAILED_WITH(arn_key(&HOME, name, &memory, &out), INVALID_PARAMETER));
        assert_true(FAILED_WITH(arn_trail(&HOME, name, &memory, &out), INVALID_PARAMETER));
        assert_true(FAILED_WITH(arn_user(HOME.account, name, &memory, &out), INVALID_PARAMETER));
        assert_true(FAILED_WITH(arn_role(HOME.account, name, &memory, &out), INVALID_PARAMETER));
        assert_true(FAILED_WITH(arn_policy(HOME.account, name, &memory, &out), INVALID_PARAMETER));
        assert_true(FAILED_WITH(arn_principal_user(HOME.account, name, &memory, &out), INVALID_PARAMETER));
        assert_true(FAILED_WITH(arn_bucket(HOME.account, name, &memory, &out), INVALID_PARAMETER));
        assert_true(FAILED_WITH(arn_object(HOME.account, name, SLICE("k"), &memory, &out), INVALID_PARAMETER));
        assert_true(FAILED_WITH(arn_alias(&HOME, name, &memory, &out), INVALID_PARAMETER));
    }
    assert_true(FAILED_WITH(arn_alias(&HOME, SLICE("alias/"), &memory, &out), INVALID_PARAMETER));
    assert_true(FAILED_WITH(arn_alias(&HOME, SLICE("alias/*"), &memory, &out), INVALID_PARAMETER));
    assert_true(FAILED_WITH(arn_object(HOME.account, SLICE("b"), SLICE(""), &memory, &out), INVALID_PARAMETER));
    assert_true(FAILED_WITH(arn_user(SLICE("1:2"), SLICE("a"), &memory, &out), INVALID_PARAMETER));
    static uint8_t big[ARN_RELATIVE_BYTES_MOST + 1];
    memset(big, 'x', sizeof big);
    assert_true(FAILED_WITH(arn_key(&HOME, slice_of(big, sizeof big), &memory, &out), INVALID_PARAMETER));
    assert_true(FAILED_WITH(arn_object(HOME.account, SLICE("b"), slice_of(big, sizeof big - 2), &memory, &out),
                            INVALID_PARAMETER));
    assert_false(FAILED(arn_object(HOME.account, SLICE("b"), slice_of(big, sizeof big - 3), &memory, &out)));
}

#define BUILDS(call, text)                                                                                             \
    do {                                                                                                               \
        assert_false(FAILED(call));                                                                                    \
        assert_true(slice_equals(out, SLICE(text)));                                                                   \
        assert_false(FAILED(arn_parse(out, &parts)));                                                                  \
    } while (0)

static void builders_build(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    slice out;
    arn parts;
    BUILDS(arn_key(&HOME, SLICE("k-1"), &memory, &out), "acs:kms:cn-hangzhou:1234567890123456:key/k-1");
    BUILDS(arn_alias(&HOME, SLICE("alias/a/b"), &memory, &out), "acs:kms:cn-hangzhou:1234567890123456:alias/a/b");
    BUILDS(arn_keys(&HOME, &memory, &out), "acs:kms:cn-hangzhou:1234567890123456:key");
    BUILDS(arn_aliases(&HOME, &memory, &out), "acs:kms:cn-hangzhou:1234567890123456:alias");
    BUILDS(arn_trail(&HOME, SLICE("t"), &memory, &out), "acs:actiontrail:cn-hangzhou:1234567890123456:trail/t");
    BUILDS(arn_user(HOME.account, SLICE("alice"), &memory, &out), "acs:ram:*:1234567890123456:user/alice");
    BUILDS(arn_users(HOME.account, &memory, &out), "acs:ram:*:1234567890123456:user/*");
    BUILDS(arn_role(HOME.account, SLICE("r"), &memory, &out), "acs:ram:*:1234567890123456:role/r");
    BUILDS(arn_policy(SLICE("system"), SLICE("P"), &memory, &out), "acs:ram:*:system:policy/P");
    BUILDS(arn_policies(HOME.account, &memory, &out), "acs:ram:*:1234567890123456:policy/*");
    BUILDS(arn_principal_user(HOME.account, SLICE("alice"), &memory, &out), "acs:ram::1234567890123456:user/alice");
    BUILDS(arn_principal_root(HOME.account, &memory, &out), "acs:ram::1234567890123456:root");
    BUILDS(arn_bucket(HOME.account, SLICE("b"), &memory, &out), "acs:oss:*:1234567890123456:b");
    BUILDS(arn_object(HOME.account, SLICE("b"), SLICE("d/e*:f"), &memory, &out), "acs:oss:*:1234567890123456:b/d/e*:f");
    BUILDS(arn_buckets(HOME.account, &memory, &out), "acs:oss:*:1234567890123456:*");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_refuses),
        cmocka_unit_test(parse_takes_apart),
        cmocka_unit_test(builders_refuse_names),
        cmocka_unit_test(builders_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
