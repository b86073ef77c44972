/* Decisions: which statement matches, what wins, and that no policy can make a decision slow. */
#include <stdio.h>
#include <stdlib.h>

#include "access/policy_testing.h"
#include "base/clock.h"

#define ALLOW(rest) "{\"Effect\":\"Allow\"," rest "}"
#define DENY(rest) "{\"Effect\":\"Deny\"," rest "}"
#define DOCUMENT(statements) "{\"Version\":\"1\",\"Statement\":[" statements "]}"
#define ON_ALL ",\"Resource\":\"*\""

static const struct row {
    const char *statement; /* members beside Effect */
    const char *action;
    const char *resource;
    bool matches;
} ROWS[] = {
    /* actions, in any letter case */
    {"\"Action\":\"kms:Encrypt\"" ON_ALL, "kms:Encrypt", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"KMS:encrypt\"" ON_ALL, "kms:Encrypt", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"kms:Encrypt\"" ON_ALL, "KMS:ENCRYPT", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"kms:Encrypt\"" ON_ALL, "kms:Decrypt", "acs:kms:r:1:key/a", false},
    {"\"Action\":\"kms:Encrypt\"" ON_ALL, "oss:Encrypt", "acs:kms:r:1:key/a", false},
    {"\"Action\":\"kms:*\"" ON_ALL, "kms:Decrypt", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"kms:*\"" ON_ALL, "kmsx:Decrypt", "acs:kms:r:1:key/a", false},
    {"\"Action\":\"*\"" ON_ALL, "ram:CreateUser", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"*:Get*\"" ON_ALL, "oss:GetObject", "acs:oss:*:1:b/k", true},
    {"\"Action\":\"*:Get*\"" ON_ALL, "oss:PutObject", "acs:oss:*:1:b/k", false},
    {"\"Action\":\"k?s:*crypt\"" ON_ALL, "kms:ReEncrypt", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"k*s:x\"" ON_ALL, "k:ss:x", "acs:kms:r:1:key/a", false},
    {"\"Action\":[\"ram:*\",\"kms:De*\"]" ON_ALL, "kms:Decrypt", "acs:kms:r:1:key/a", true},
    /* NotAction: none of them */
    {"\"NotAction\":\"kms:Encrypt\"" ON_ALL, "kms:Encrypt", "acs:kms:r:1:key/a", false},
    {"\"NotAction\":\"kms:Encrypt\"" ON_ALL, "oss:GetObject", "acs:kms:r:1:key/a", true},
    {"\"NotAction\":[\"oss:*\",\"kms:En*\"]" ON_ALL, "kms:Encrypt", "acs:kms:r:1:key/a", false},
    {"\"NotAction\":[\"oss:*\",\"kms:En*\"]" ON_ALL, "kms:Decrypt", "acs:kms:r:1:key/a", true},
    {"\"NotAction\":\"*\"" ON_ALL, "kms:Decrypt", "acs:kms:r:1:key/a", false},
    /* resources: letter case counts but in service and region */
    {"\"Action\":\"*\",\"Resource\":\"acs:kms:r:1:key/a\"", "kms:Encrypt", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"*\",\"Resource\":\"acs:KMS:R:1:key/a\"", "kms:Encrypt", "acs:Kms:r:1:key/a", true},
    {"\"Action\":\"*\",\"Resource\":\"acs:kms:r:1:key/A\"", "kms:Encrypt", "acs:kms:r:1:key/a", false},
    {"\"Action\":\"*\",\"Resource\":\"acs:kms:r:1:key/a\"", "kms:Encrypt", "acs:kms:r:1:key/ab", false},
    {"\"Action\":\"*\",\"Resource\":\"acs:kms:r:2:*\"", "kms:Encrypt", "acs:kms:r:1:key/a", false},
    {"\"Action\":\"*\",\"Resource\":\"acs:oss:*:*:*\"", "kms:Encrypt", "acs:kms:r:1:key/a", false},
    {"\"Action\":\"*\",\"Resource\":\"acs:kms:s:*:*\"", "kms:Encrypt", "acs:kms:r:1:key/a", false},
    {"\"Action\":\"*\",\"Resource\":\"acs:kms:*:*:key/*\"", "kms:Encrypt", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"*\",\"Resource\":\"acs:kms:*:*:key/*\"", "kms:Encrypt", "acs:kms:r:1:alias/key/a", false},
    {"\"Action\":\"*\",\"Resource\":\"acs:kms:cn-*:1?3:key/a\"", "kms:Encrypt", "acs:kms:cn-x:123:key/a", true},
    {"\"Action\":\"*\",\"Resource\":\"acs:ram::1:user/x\"", "ram:GetUser", "acs:ram:*:1:user/x", true},
    {"\"Action\":\"*\",\"Resource\":\"acs:oss:::b\"", "oss:GetBucketInfo", "acs:oss:*:1:b", true},
    {"\"Action\":\"*\",\"Resource\":\"acs:ram:*:1:user/x\"", "ram:GetUser", "acs:ram::1:user/x", true},
    {"\"Action\":\"*\",\"Resource\":\"acs:oss:*:1:b/*/end\"", "oss:GetObject", "acs:oss:*:1:b/x:y/z/end", true},
    {"\"Action\":\"*\",\"Resource\":\"acs:oss:*:1:b/*/end\"", "oss:GetObject", "acs:oss:*:1:b/end", false},
    {"\"Action\":\"*\",\"Resource\":\"acs:oss:*:1:b\"", "oss:GetObject", "acs:oss:*:1:b/k", false},
    /* an ARN in a request is literal: its stars match only patterns that take them */
    {"\"Action\":\"*\",\"Resource\":\"acs:ram:*:1:user/x\"", "ram:ListUsers", "acs:ram:*:1:user/*", false},
    {"\"Action\":\"*\",\"Resource\":\"acs:ram:*:1:user/*\"", "ram:ListUsers", "acs:ram:*:1:user/*", true},
    /* NotResource: none of them */
    {"\"Action\":\"*\",\"NotResource\":\"acs:kms:*:*:key/a\"", "kms:Encrypt", "acs:kms:r:1:key/a", false},
    {"\"Action\":\"*\",\"NotResource\":\"acs:kms:*:*:key/a\"", "kms:Encrypt", "acs:kms:r:1:key/b", true},
    {"\"Action\":\"*\",\"NotResource\":[\"acs:oss:*:*:*\",\"acs:kms:*:*:key/*\"]", "kms:Encrypt", "acs:kms:r:1:key/b",
     false},
    {"\"Action\":\"*\",\"NotResource\":\"*\"", "kms:Encrypt", "acs:kms:r:1:key/b", false},
};

/* One resource or action has a name in either cloud: a policy in either way of saying it is about both. */
static const struct row TWIN_ROWS[] = {
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:kms:r:1:key/a\"", "kms:Encrypt", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:kms:r:1:key/*\"", "kms:Encrypt", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:kms:s:1:key/*\"", "kms:Encrypt", "acs:kms:r:1:key/a", false},
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:kms:r:2:key/*\"", "kms:Encrypt", "acs:kms:r:1:key/a", false},
    {"\"Action\":\"*\",\"Resource\":\"arn:*:kms:*:*:*\"", "kms:Encrypt", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::b/*\"", "oss:GetObject", "acs:oss:*:1:b/k", true},
    {"\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::b/*\"", "oss:GetObject", "acs:oss:*:1:c/k", false},
    {"\"Action\":\"s3:Get*\"" ON_ALL, "oss:GetObject", "acs:oss:*:1:b/k", true},
    {"\"Action\":\"s3:Get*\"" ON_ALL, "oss:PutObject", "acs:oss:*:1:b/k", false},
    {"\"Action\":\"s3:ListBucket\"" ON_ALL, "oss:ListObjects", "acs:oss:*:1:b", true},
    {"\"Action\":\"s3:ListBucket\"" ON_ALL, "oss:ListBuckets", "acs:oss:*:1:*", false},
    {"\"Action\":\"S3:listallmybuckets\"" ON_ALL, "oss:ListBuckets", "acs:oss:*:1:*", true},
    {"\"Action\":\"oss:ListObjects\"" ON_ALL, "s3:ListBucket", "acs:oss:*:1:b", true},
    {"\"NotAction\":\"s3:ListBucket\"" ON_ALL, "oss:ListObjects", "acs:oss:*:1:b", false},
    {"\"Action\":\"iam:CreateUser\"" ON_ALL, "ram:CreateUser", "acs:ram:*:1:user/x", true},
    {"\"Action\":\"ram:CreateUser\"" ON_ALL, "iam:CreateUser", "acs:ram:*:1:user/x", true},
    {"\"Action\":\"iam:AttachUserPolicy\"" ON_ALL, "ram:AttachPolicyToUser", "acs:ram:*:1:user/x", true},
    {"\"Action\":\"iam:AttachUserPolicy\"" ON_ALL, "ram:AttachPolicyToRole", "acs:ram:*:1:role/x", false},
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:iam::1:user/x\"", "ram:GetUser", "acs:ram:*:1:user/x", true},
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:iam::aws:policy/x\"", "ram:GetPolicy", "acs:ram:*:system:policy/x", true},
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:iam::1:policy/x\"", "ram:GetPolicy", "acs:ram:*:system:policy/x", false},
    {"\"Action\":\"kms:PutKeyPolicy\"" ON_ALL, "kms:SetKeyPolicy", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"kms:Sign\"" ON_ALL, "kms:AsymmetricSign", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"kms:AsymmetricDecrypt\"" ON_ALL, "kms:Decrypt", "acs:kms:r:1:key/a", false},
    {"\"Action\":\"kms:ReEncrypt\"" ON_ALL, "kms:ReEncryptTo", "acs:kms:r:1:key/a", true},
    {"\"Action\":\"secretsmanager:GetSecretValue\"" ON_ALL, "kms:GetSecretValue", "acs:kms:r:1:secret/s", true},
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:secretsmanager:r:1:secret:db-??????\"", "kms:GetSecretValue",
     "acs:kms:r:1:secret/db", true},
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:secretsmanager:r:1:secret:db-a1B2c3\"", "kms:GetSecretValue",
     "acs:kms:r:1:secret/db", true},
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:secretsmanager:r:1:secret:d*\"", "kms:GetSecretValue",
     "acs:kms:r:1:secret/db", true},
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:secretsmanager:r:1:secret:e*\"", "kms:GetSecretValue",
     "acs:kms:r:1:secret/db", false},
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:secretsmanager:*:*:*\"", "kms:Encrypt", "acs:kms:r:1:key/a", false},
    /* variables: their values count literally */
    {"\"Action\":\"*\",\"Resource\":\"arn:aws:s3:::home/${aws:username}/*\"", "oss:GetObject",
     "acs:oss:*:1:home/al*ce/x", true},
    {"\"Action\":\"*\",\"Resource\":\"acs:oss:*:*:home/${acs:UserName}/*\"", "oss:GetObject",
     "acs:oss:*:1:home/alxce/x", false},
    {"\"Action\":\"*\",\"Resource\":\"acs:oss:*:*:home/${acs:PrincipalTag/no}/*\"", "oss:GetObject",
     "acs:oss:*:1:home//x", false},
    {"\"Action\":\"*\",\"Resource\":\"acs:oss:*:${aws:PrincipalAccount}:home/${acs:PrincipalTag/no, 'all'}/*\"",
     "oss:GetObject", "acs:oss:*:1:home/all/x", true},
    {"\"Action\":\"*\",\"Resource\":\"acs:oss:*:*:a${*}b\"", "oss:GetObject", "acs:oss:*:1:a*b", true},
    {"\"Action\":\"*\",\"Resource\":\"acs:oss:*:*:a${*}b\"", "oss:GetObject", "acs:oss:*:1:axb", false},
    {"\"Action\":\"*\",\"NotResource\":\"acs:oss:*:*:home/${acs:UserName}/*\"", "oss:GetObject",
     "acs:oss:*:1:home/bob/x", true},
};

static void check(const struct row *row, const char *form, enum decision when_matching) {
    char document[512];
    snprintf(document, sizeof document, DOCUMENT("{\"Effect\":\"%s\",%s}"), form, row->statement);
    const slice name = SLICE("al*ce"), account = SLICE("1");
    const condition_value known[] = {{SLICE(CONDITION_USER_NAME), &name, 1},
                                     {SLICE(CONDITION_PRINCIPAL_ACCOUNT), &account, 1}};
    policy_request request = {slice_of_text(row->action), slice_of_text(row->resource), known, 2, 0, NULL};
    enum decision expected = row->matches ? when_matching : DECISION_IMPLICIT_DENY;
    enum decision decision = decision_of(document, &request);
    if (decision != expected) fail_msg("%s: %s on %s gives %d", document, row->action, row->resource, decision);
}

static void statements_match(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        check(&ROWS[i], "Allow", DECISION_ALLOW);
        check(&ROWS[i], "Deny", DECISION_EXPLICIT_DENY);
    }
    for (size_t i = 0; i < sizeof TWIN_ROWS / sizeof *TWIN_ROWS; i++) {
        check(&TWIN_ROWS[i], "Allow", DECISION_ALLOW);
        check(&TWIN_ROWS[i], "Deny", DECISION_EXPLICIT_DENY);
    }
}

/* Everybody but one's own home, when it is not known which that is: allows nothing, but denies. */
static void unresolved_exceptions(void **state) {
    (void)state;
    policy_request request = {SLICE("oss:GetObject"), SLICE("acs:oss:*:1:home/bob/x"), NULL, 0, 0, NULL};
    assert_int_equal(
        decision_of(DOCUMENT(ALLOW("\"Action\":\"*\",\"NotResource\":\"acs:oss:*:*:${aws:username}/*\"")), &request),
        DECISION_IMPLICIT_DENY);
    assert_int_equal(
        decision_of(DOCUMENT(DENY("\"Action\":\"*\",\"NotResource\":\"acs:oss:*:*:${aws:username}/*\"")), &request),
        DECISION_EXPLICIT_DENY);
}

#define TO(effect, principal) "{\"Effect\":\"" effect "\",\"Action\":\"kms:*\",\"Resource\":\"*\"," principal "}"

static const struct reach_row {
    const char *statements;
    enum decision decision;
    enum policy_reach reach;
    size_t statement;
} REACH_ROWS[] = {
    {TO("Allow", "\"Principal\":\"*\""), DECISION_ALLOW, REACH_CALLER, 0},
    {TO("Allow", "\"Principal\":[\"*\"]"), DECISION_ALLOW, REACH_CALLER, 0},
    {TO("Allow", "\"Principal\":[\"2\",\"1\"]"), DECISION_ALLOW, REACH_ACCOUNT, 0},
    {TO("Allow", "\"Principal\":{\"AWS\":\"1\"}"), DECISION_ALLOW, REACH_ACCOUNT, 0},
    {TO("Allow", "\"Principal\":{\"AWS\":\"arn:aws:iam::1:root\"}"), DECISION_ALLOW, REACH_ACCOUNT, 0},
    {TO("Allow", "\"Principal\":{\"RAM\":[\"acs:ram::1:*\"]}"), DECISION_ALLOW, REACH_ACCOUNT, 0},
    {TO("Allow", "\"Principal\":{\"RAM\":[\"acs:ram::2:root\"]}"), DECISION_IMPLICIT_DENY, REACH_NONE, SIZE_MAX},
    {TO("Allow", "\"Principal\":{\"RAM\":\"acs:ram::1:assumed-role/r/s\"}"), DECISION_ALLOW, REACH_CALLER, 0},
    {TO("Allow", "\"Principal\":{\"AWS\":\"arn:aws:sts::1:assumed-role/r/s\"}"), DECISION_ALLOW, REACH_CALLER, 0},
    {TO("Allow", "\"Principal\":{\"AWS\":\"arn:aws:iam::1:role/r\"}"), DECISION_ALLOW, REACH_CALLER, 0},
    {TO("Allow", "\"Principal\":{\"AWS\":\"arn:aws:iam::1:role/R\"}"), DECISION_IMPLICIT_DENY, REACH_NONE, SIZE_MAX},
    {TO("Allow", "\"Principal\":{\"AWS\":\"arn:aws:iam::1:user/r\"}"), DECISION_IMPLICIT_DENY, REACH_NONE, SIZE_MAX},
    {TO("Allow", "\"Principal\":{\"Service\":\"oss.keyhold\"}"), DECISION_IMPLICIT_DENY, REACH_NONE, SIZE_MAX},
    {TO("Allow", "\"Principal\":{\"Service\":\"x\",\"AWS\":\"*\"}"), DECISION_ALLOW, REACH_CALLER, 0},
    {TO("Allow", "\"Principal\":[\"1\"]") "," TO("Allow", "\"Principal\":\"*\""), DECISION_ALLOW, REACH_CALLER, 1},
    {TO("Allow", "\"Principal\":\"*\"") "," TO("Deny", "\"Principal\":[\"1\"]"), DECISION_EXPLICIT_DENY, REACH_NONE, 1},
    {TO("Allow", "\"Principal\":\"*\"") "," TO("Deny", "\"Principal\":[\"2\"]"), DECISION_ALLOW, REACH_CALLER, 0},
    {TO("Allow", "\"Principal\":\"*\"") "," TO("Deny", "\"NotPrincipal\":[\"2\"]"), DECISION_EXPLICIT_DENY, REACH_NONE,
     1},
    /* the account in NotPrincipal excepts its root only */
    {TO("Allow", "\"Principal\":\"*\"") "," TO("Deny", "\"NotPrincipal\":[\"1\"]"), DECISION_EXPLICIT_DENY, REACH_NONE,
     1},
    {TO("Allow", "\"Principal\":\"*\"") "," TO("Deny", "\"NotPrincipal\":{\"AWS\":\"arn:aws:iam::1:role/r\"}"),
     DECISION_ALLOW, REACH_CALLER, 0},
};

static void principals(void **state) {
    (void)state;
    const policy_caller caller = {
        .account = SLICE("1"), .arn = SLICE("acs:ram::1:assumed-role/r/s"), .role = SLICE("acs:ram::1:role/r")};
    policy_request request = {SLICE("kms:Encrypt"), SLICE("acs:kms:r:1:key/a"), NULL, 0, 0, &caller};
    for (size_t i = 0; i < sizeof REACH_ROWS / sizeof *REACH_ROWS; i++) {
        const struct reach_row *row = &REACH_ROWS[i];
        char document[1024];
        snprintf(document, sizeof document, DOCUMENT("%s"), row->statements);
        policy *p = compiled_as(POLICY_RESOURCE, document);
        enum policy_reach reach = REACH_NONE;
        policy_match why;
        enum decision decision = policy_consult(p, &request, &reach, &why);
        if (decision != row->decision || reach != row->reach || why.statement != row->statement)
            fail_msg("%s: decision %d, reach %d, statement %zu", document, decision, reach, why.statement);
        policy_free(p);
    }
}

static void nobody_is_only_everybody(void **state) {
    (void)state;
    policy_request request = {SLICE("kms:Encrypt"), SLICE("acs:kms:r:1:key/a"), NULL, 0, 0, NULL};
    static const char *const documents[] = {DOCUMENT(TO("Allow", "\"Principal\":\"*\"")),
                                            DOCUMENT(TO("Allow", "\"Principal\":[\"1\"]")),
                                            DOCUMENT(TO("Allow", "\"Principal\":{\"Service\":\"x\"}"))};
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        policy *p = compiled_as(POLICY_RESOURCE, documents[i]);
        enum policy_reach reach;
        enum decision decision = policy_consult(p, &request, &reach, NULL);
        assert_int_equal(decision, i == 0 ? DECISION_ALLOW : DECISION_IMPLICIT_DENY);
        policy_free(p);
    }
}

/* A name made of variables that gets too long, or holds what could pass for a wildcard, does not slip past a Deny. */
static void overlong_variables_deny(void **state) {
    (void)state;
    static char big[POLICY_TEXT_BYTES_MOST];
    memset(big, 'a', sizeof big);
    const slice values[] = {slice_of(big, sizeof big), SLICE("\xfe")};
    for (size_t i = 0; i < 2; i++) {
        const condition_value known = {SLICE(CONDITION_USER_NAME), &values[i], 1};
        policy_request request = {SLICE("oss:GetObject"), SLICE("acs:oss:*:1:b/k"), &known, 1, 0, NULL};
        enum decision decision = decision_of(DOCUMENT(ALLOW("\"Action\":\"*\"" ON_ALL) "," DENY(
                                                 "\"Action\":\"*\",\"Resource\":\"acs:oss:*:*:${aws:username}x\"")),
                                             &request);
        assert_int_equal(decision, DECISION_EXPLICIT_DENY);
    }
}

static const policy_request ENCRYPT = {
    {(const uint8_t *)"kms:Encrypt", 11}, {(const uint8_t *)"acs:kms:r:1:key/a", 17}, NULL, 0, 0, NULL};

static void expect(const char *const documents[3], enum decision decision, policy_match why) {
    policy *policies[3] = {0};
    size_t count = 0;
    for (; count < 3 && documents[count]; count++) policies[count] = compiled(documents[count]);
    policy_match match = {7, 7};
    assert_int_equal(policy_decide((const policy *const *)policies, count, &ENCRYPT, &match), decision);
    assert_int_equal(match.policy, why.policy);
    assert_int_equal(match.statement, why.statement);
    for (size_t i = 0; i < count; i++) policy_free(policies[i]);
}

static const char ALLOWS[] = DOCUMENT(ALLOW("\"Action\":\"oss:*\"" ON_ALL) "," ALLOW("\"Action\":\"kms:*\"" ON_ALL));
static const char DENIES[] = DOCUMENT(ALLOW("\"Action\":\"kms:*\"" ON_ALL) "," DENY(
    "\"Action\":\"oss:*\"" ON_ALL) "," DENY("\"Action\":\"kms:En*\"" ON_ALL));
static const char NEITHER[] = DOCUMENT(DENY("\"Action\":\"ram:*\"" ON_ALL) "," ALLOW("\"Action\":\"ram:*\"" ON_ALL));

static void deny_wins(void **state) {
    (void)state;
    expect((const char *[3]){NULL}, DECISION_IMPLICIT_DENY, (policy_match){SIZE_MAX, SIZE_MAX});
    expect((const char *[3]){NEITHER}, DECISION_IMPLICIT_DENY, (policy_match){SIZE_MAX, SIZE_MAX});
    expect((const char *[3]){NEITHER, ALLOWS}, DECISION_ALLOW, (policy_match){1, 1});
    expect((const char *[3]){DENIES}, DECISION_EXPLICIT_DENY, (policy_match){0, 2});
    expect((const char *[3]){ALLOWS, NEITHER, DENIES}, DECISION_EXPLICIT_DENY, (policy_match){2, 2});
    expect((const char *[3]){DENIES, ALLOWS}, DECISION_EXPLICIT_DENY, (policy_match){0, 2});
}

static void all_that_apply_are_listed(void **state) {
    (void)state;
    policy *p = compiled(DENIES);
    policy_statement found[1];
    assert_int_equal(policy_list_applying(p, &ENCRYPT, found, 1), 2);
    assert_true(found[0].is_deny && found[0].index == 2);
    policy_free(p);
}

static void malformed_requests_are_denied(void **state) {
    (void)state;
    static char big[POLICY_TEXT_BYTES_MOST + 2];
    memset(big, 'a', sizeof big - 1);
    static char long_resource[POLICY_TEXT_BYTES_MOST + 2];
    memset(long_resource, 'a', sizeof long_resource - 1);
    memcpy(long_resource, "acs:oss:*:1:", 12);
    const char *const rows[][2] = {{"", "acs:kms:r:1:key/a"},      {"kms", "acs:kms:r:1:key/a"},
                                   {"kms:", "acs:kms:r:1:key/a"},  {":x", "acs:kms:r:1:key/a"},
                                   {big, "acs:kms:r:1:key/a"},     {"kms:Encrypt", ""},
                                   {"kms:Encrypt", "*"},           {"kms:Encrypt", "key/a"},
                                   {"kms:Encrypt", "acs:kms:r:1"}, {"oss:GetObject", long_resource}};
    policy *all = compiled(DOCUMENT(ALLOW("\"Action\":\"*\"" ON_ALL)));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        policy_request request = {slice_of_text(rows[i][0]), slice_of_text(rows[i][1]), NULL, 0, 0, NULL};
        policy_match why = {0, 0};
        assert_int_equal(policy_decide((const policy *const[]){all}, 1, &request, &why), DECISION_EXPLICIT_DENY);
        assert_true(why.statement == SIZE_MAX && why.policy == SIZE_MAX);
    }
    slice value = slice_of_text(big);
    condition_value known = {SLICE("acs:UserAgent"), &value, 1};
    policy_request request = ENCRYPT;
    request.conditions = &known;
    request.condition_count = 1;
    assert_int_equal(policy_decide((const policy *const[]){all}, 1, &request, NULL), DECISION_EXPLICIT_DENY);
    value.len--;
    assert_int_equal(policy_decide((const policy *const[]){all}, 1, &request, NULL), DECISION_ALLOW);
    assert_int_equal(policy_decide((const policy *const[]){all, NULL}, 2, &ENCRYPT, NULL), DECISION_EXPLICIT_DENY);
    policy_free(all);
}

/* Twenty policies full of patterns that nearly match everywhere: the decision is a deny, and comes in bounded time. */
static void hostile_wildcards_cost_bounded_time(void **state) {
    (void)state;
    char pattern[2001], document[POLICY_BYTES_MOST + 1];
    memset(pattern, 'a', sizeof pattern - 1);
    pattern[0] = '*';
    pattern[499] = '?';
    pattern[500] = 'b';
    pattern[501] = '*';
    pattern[sizeof pattern - 1] = 0;
    snprintf(document, sizeof document,
             DOCUMENT(ALLOW("\"Action\":\"*\",\"Resource\":[\"acs:oss:*:*:%s\",\"acs:oss:*:*:%s\",\"*\"]")), pattern,
             pattern);
    char resource[1200];
    memset(resource, 'a', sizeof resource);
    memcpy(resource, "acs:oss:*:1:", 12);
    policy_request request = {SLICE("oss:GetObject"), slice_of(resource, sizeof resource), NULL, 0, 0, NULL};
    const policy *policies[20];
    for (size_t i = 0; i < 20; i++) policies[i] = compiled(document);
    int64_t began_us = clock_monotonic_us();
    assert_int_equal(policy_decide(policies, 20, &request, NULL), DECISION_EXPLICIT_DENY);
    assert_true(clock_monotonic_us() - began_us < 1000000);
    for (size_t i = 0; i < 20; i++) policy_free((policy *)(uintptr_t)policies[i]);
}

/* Allows all, but for what the condition holds for. */
static enum decision decision_but_for(const char *condition, const condition_value *known) {
    char document[512];
    snprintf(document, sizeof document,
             DOCUMENT(ALLOW("\"Action\":\"*\",\"Resource\":\"*\"") ",{\"Effect\":\"Deny\",\"Action\":\"*\","
                                                                   "\"Resource\":\"*\",\"Condition\":{%s}}"),
             condition);
    policy_request request = {SLICE("kms:Encrypt"), SLICE("acs:kms:r:1:key/a"), known, known != NULL, 0, NULL};
    return decision_of(document, &request);
}

/* A value that a denying statement asks for, as the only one or as one of two or three, alone in the request or not, is never passed
 * over by the quick look at statements, whatever its length. */
static void no_value_slips_by_its_condition(void **state) {
    (void)state;
    static const char *const others[] = {"", "\"another\",", "\"another\",\"third\","};
    for (size_t length = 0; length <= 40; length++) {
        char value[64] = "", condition[256];
        for (size_t i = 0; i < length; i++) value[i] = (char)('a' + (i * 7 + length) % 26);
        const slice values[] = {SLICE("first"), slice_of_text(value)};
        const condition_value both = {SLICE("acs:ResourceTag/t"), values, 2}, first = {both.name, values, 1};
        for (size_t i = 0; i < 6; i++) {
            const char *quantifier = i % 2 ? "ForAnyValue:" : "";
            snprintf(condition, sizeof condition, "\"%sStringEquals\":{\"kms:tag/t\":[%s\"%s\"]}", quantifier,
                     others[i / 2], value);
            assert_int_equal(decision_but_for(condition, &both), DECISION_EXPLICIT_DENY);
            assert_int_equal(decision_but_for(condition, &first), DECISION_ALLOW);
        }
    }
}

/* Conditions that hold where the value is not there. */
static void absence_is_not_passed_over(void **state) {
    (void)state;
    static const char *const conditions[] = {"\"StringEqualsIfExists\":{\"kms:tag/t\":\"a\"}",
                                             "\"StringNotEquals\":{\"kms:tag/t\":\"a\"}",
                                             "\"ForAllValues:StringEquals\":{\"kms:tag/t\":\"a\"}",
                                             "\"StringEquals\":{\"acs:UserName\":\"${kms:tag/t, 'b'}\"}"};
    const slice name = SLICE("b");
    const condition_value user = {SLICE("acs:UserName"), &name, 1};
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        assert_int_equal(decision_but_for(conditions[i], &user), DECISION_EXPLICIT_DENY);
    assert_int_equal(decision_but_for("\"StringEquals\":{\"kms:tag/t\":\"b\"}", &user), DECISION_ALLOW);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_match),
        cmocka_unit_test(unresolved_exceptions),
        cmocka_unit_test(principals),
        cmocka_unit_test(nobody_is_only_everybody),
        cmocka_unit_test(overlong_variables_deny),
        cmocka_unit_test(all_that_apply_are_listed),
        cmocka_unit_test(deny_wins),
        cmocka_unit_test(malformed_requests_are_denied),
        cmocka_unit_test(hostile_wildcards_cost_bounded_time),
        cmocka_unit_test(no_value_slips_by_its_condition),
        cmocka_unit_test(absence_is_not_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
