/* What a policy speaks of, apart from any request. */
#include "access/policy_testing.h"

#define POLICY(statements) "{\"Version\":\"1\",\"Statement\":[" statements "]}"
#define ALLOW(rest) "{\"Effect\":\"Allow\"," rest "}"
#define DENY(rest) "{\"Effect\":\"Deny\"," rest "}"
#define ON_ALL ",\"Resource\":\"*\""
#define IF_LOCAL ",\"Condition\":{\"IpAddress\":{\"acs:SourceIp\":\"10.0.0.0/8\"}}"

#define IF_REMOTE_AND_CLEAR                                                                                            \
    ",\"Condition\":{\"NotIpAddress\":{\"acs:SourceIp\":\"10.1.0.0/"                                                   \
    "16\"},\"Bool\":{\"acs:SecureTransport\":\"false\"}}"

static void expect_keys(const char *document, size_t room, const char *expected) {
    slice keys[8];
    policy *p = compiled(document);
    size_t count = policy_list_keys(p, keys, room);
    OWNED(buffer) joined = {0};
    assert_true(count <= room);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(buffer_printf(&joined, "%.*s ", SLICE_ARGS(keys[i])).code, STATUS_OK);
    assert_int_equal(buffer_append_byte(&joined, 0).code, STATUS_OK);
    assert_string_equal((const char *)joined.at, expected);
    policy_free(p);
}

static void test_keys_are_listed_once_under_their_canonical_names(void **state) {
    (void)state;
    const char *two =
        POLICY(ALLOW("\"Action\":\"*\"" ON_ALL IF_LOCAL) "," DENY("\"Action\":\"*\"" ON_ALL IF_REMOTE_AND_CLEAR));
    expect_keys(POLICY(ALLOW("\"Action\":\"*\"" ON_ALL)), 8, "");
    expect_keys(POLICY(ALLOW("\"Action\":\"*\"" ON_ALL IF_LOCAL)), 8, "acs:SourceIp ");
    expect_keys(two, 8, "acs:SourceIp acs:SecureTransport ");
    expect_keys(two, 1, "acs:SourceIp ");
    expect_keys(two, 0, "");
}

static const struct word_row {
    const char *document;
    const char *action;
    bool allows_some, denies_all;
} WORDS[] = {
    {POLICY(ALLOW("\"Action\":\"kms:Encrypt\"" ON_ALL)), "kms:Encrypt", true, false},
    {POLICY(ALLOW("\"Action\":\"kms:Encrypt\"" ON_ALL)), "kms:Decrypt", false, false},
    {POLICY(ALLOW("\"Action\":\"kms:*\",\"Resource\":\"acs:kms:r:1:key/a\"" IF_LOCAL)), "kms:Decrypt", true, false},
    {POLICY(ALLOW("\"NotAction\":\"kms:Encrypt\"" ON_ALL)), "kms:Encrypt", false, false},
    {POLICY(ALLOW("\"NotAction\":\"kms:Encrypt\"" ON_ALL)), "kms:Decrypt", true, false},
    {POLICY(ALLOW("\"NotAction\":[\"oss:*\",\"kms:Encrypt\"]" ON_ALL)), "kms:Encrypt", false, false},
    {POLICY(ALLOW("\"Action\":[\"oss:*\",\"kms:Encrypt\"]" ON_ALL)), "kms:Encrypt", true, false},
    /* under the other cloud's name as well */
    {POLICY(ALLOW("\"Action\":\"s3:ListBucket\"" ON_ALL)), "oss:ListObjects", true, false},
    /* a denial takes all away only where it is about everything, under no condition */
    {POLICY(DENY("\"Action\":\"kms:Encrypt\"" ON_ALL)), "kms:Encrypt", false, true},
    {POLICY(DENY("\"Action\":\"kms:Encrypt\"" ON_ALL)), "kms:Decrypt", false, false},
    {POLICY(DENY("\"Action\":\"kms:Encrypt\"" ON_ALL IF_LOCAL)), "kms:Encrypt", false, false},
    {POLICY(DENY("\"Action\":\"kms:Encrypt\",\"Resource\":\"acs:kms:r:1:key/a\"")), "kms:Encrypt", false, false},
    {POLICY(DENY("\"Action\":\"kms:Encrypt\",\"Resource\":\"acs:kms:*:*:*\"")), "kms:Encrypt", false, false},
    {POLICY(DENY("\"Action\":\"kms:Encrypt\",\"Resource\":[\"acs:kms:r:1:key/a\",\"*\"]")), "kms:Encrypt", false, true},
    {POLICY(DENY("\"Action\":\"kms:Encrypt\",\"NotResource\":\"acs:kms:r:1:key/a\"")), "kms:Encrypt", false, false},
    {POLICY(ALLOW("\"Action\":\"*\"" ON_ALL) "," DENY("\"Action\":\"*\"" ON_ALL)), "kms:Encrypt", true, true},
};

static void test_what_is_said_of_an_action_whatever_the_resource(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        policy *p = compiled(WORDS[i].document);
        policy_word word = policy_word_on(p, slice_of_text(WORDS[i].action));
        policy_free(p);
        if (word.allows_some != WORDS[i].allows_some || word.denies_all != WORDS[i].denies_all)
            fail_msg("row %zu: allows %d, denies %d: %s", i, word.allows_some, word.denies_all, WORDS[i].document);
    }
}

static void test_a_statement_and_a_document_can_be_told(void **state) {
    (void)state;
    static const uint8_t digest[POLICY_DIGEST_BYTES] = {7, [POLICY_DIGEST_BYTES - 1] = 9};
    static const uint8_t nothing[POLICY_DIGEST_BYTES] = {0};
    policy *p = compiled(POLICY(ALLOW("\"Action\":\"*\"" ON_ALL) "," DENY(
        "\"Sid\":\"no more\",\"Action\":\"*\"" ON_ALL) "," ALLOW("\"Sid\":\"\",\"Action\":\"*\"" ON_ALL)));
    assert_true(slice_is_absent(policy_statement_id(p, 0)) && slice_is_absent(policy_statement_id(p, 2)));
    assert_true(slice_equals(policy_statement_id(p, 1), SLICE("no more")));
    assert_true(slice_is_absent(policy_statement_id(p, 3)) && slice_is_absent(policy_statement_id(p, SIZE_MAX)));
    assert_true(slice_equals(policy_digest(p), slice_of(nothing, sizeof nothing)));
    policy_mark(p, digest);
    assert_true(slice_equals(policy_digest(p), slice_of(digest, sizeof digest)));
    policy_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_statement_and_a_document_can_be_told),
        cmocka_unit_test(test_keys_are_listed_once_under_their_canonical_names),
        cmocka_unit_test(test_what_is_said_of_an_action_whatever_the_resource),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
