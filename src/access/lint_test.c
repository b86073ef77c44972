/* What the linter finds, and where; and that a document of the worst kind takes bounded time. */
#include <stdio.h>
#include <time.h>

#include "access/policy_testing.h"

#include "access/lint.h"

enum { NOW = 1716186861 }; /* 2024-05-20T06:34:21Z */

static const struct row {
    const char *document; /* between the outermost braces of an AWS document; or a whole one when it begins with '{' */
    const char *expected; /* "path CODE;…" in the order they are found */
    enum policy_kind kind;
} ROWS[] = {
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"arn:aws:kms:*:*:key/1\"}", "", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":[\"kms:Encrypt\",\"iam:AttachUserPolicy\",\"s3:GetObject\",\"sts:AssumeRole\"],"
     "\"Resource\":\"*\"}",
     "", POLICY_IDENTITY},
    /* wildcards that grant more than their words */
    {"{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}", "Statement[0].Action WIDE_ACTION;", POLICY_IDENTITY},
    {"{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}", "", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":\"*\"}", "Statement[0].Action WIDE_ACTION;",
     POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":[\"kms:Describe*\",\"kms:Get*\"],\"Resource\":\"*\"}",
     "Statement[0].Action[1] WIDE_ACTION;", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"oss:List*\",\"Resource\":\"*\"}", "", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"NotAction\":\"iam:*\",\"Resource\":\"*\"}", "Statement[0] NOT_ACTION;", POLICY_IDENTITY},
    {"{\"Effect\":\"Deny\",\"NotAction\":\"iam:*\",\"Resource\":\"*\"}", "", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"NotResource\":\"arn:aws:s3:::secret/*\"}",
     "Statement[0] NOT_RESOURCE;", POLICY_IDENTITY},
    /* actions nobody knows */
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encryptt\",\"Resource\":\"*\"}", "Statement[0].Action UNKNOWN_ACTION;",
     POLICY_IDENTITY},
    {"{\"Effect\":\"Deny\",\"Action\":[\"ec2:RunInstances\",\"kms:Nothing*\"],\"Resource\":\"*\"}",
     "Statement[0].Action[0] UNKNOWN_ACTION;Statement[0].Action[1] UNKNOWN_ACTION;", POLICY_IDENTITY},
    /* resources the actions have nothing to do with */
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":[\"arn:aws:s3:::b/*\",\"*\"]}",
     "Statement[0].Resource[0] OTHER_SERVICE;", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"secretsmanager:GetSecretValue\",\"Resource\":\"arn:aws:secretsmanager:*:*:"
     "secret:a-??????\"}",
     "", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Resource\":\"arn:aws:iam::1:role/r\"}", "",
     POLICY_IDENTITY},
    /* conditions */
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"aws:"
     "Nothing\":\"a\"}}}",
     "Statement[0].Condition.StringEquals.aws:Nothing UNKNOWN_KEY;", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\",\"Condition\":{\"NumericEquals\":{\"aws:"
     "SourceIp\":\"1\"}}}",
     "Statement[0].Condition.NumericEquals.aws:SourceIp WRONG_TYPE;", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\",\"Condition\":{\"DateLessThan\":{\"aws:"
     "CurrentTime\":\"2020-01-01T00:00:00Z\"}}}",
     "Statement[0].Condition.DateLessThan.aws:CurrentTime NEVER_MATCHES;", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\",\"Condition\":{\"DateLessThan\":{\"aws:"
     "CurrentTime\":\"2030-01-01T00:00:00Z\"}}}",
     "", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"aws:"
     "username\":[\"a\",\"b\"]},"
     "\"StringNotEquals\":{\"aws:username\":[\"b\",\"a\",\"c\"]}}}",
     "Statement[0].Condition.StringEquals.aws:username NEVER_MATCHES;", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"aws:"
     "username\":[\"a\",\"b\"]},"
     "\"StringNotEquals\":{\"aws:username\":\"a\"}}}",
     "", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\",\"Condition\":{\"Null\":{\"aws:userid\":"
     "\"true\"},\"StringLike\":{\"aws:userid\":\"*\"}}}",
     "Statement[0].Condition.Null.aws:userid NEVER_MATCHES;", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\",\"Condition\":{\"NumericLessThan\":{\"aws:"
     "MultiFactorAuthAge\":\"5\"},"
     "\"NumericGreaterThan\":{\"aws:MultiFactorAuthAge\":\"7\"}}}",
     "Statement[0].Condition.NumericLessThan.aws:MultiFactorAuthAge NEVER_MATCHES;", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\",\"Condition\":{\"NumericLessThanEquals\":{"
     "\"aws:MultiFactorAuthAge\":\"7\"},"
     "\"NumericGreaterThanEquals\":{\"aws:MultiFactorAuthAge\":\"7\"}}}",
     "", POLICY_IDENTITY},
    /* what a Deny takes away as a whole */
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"arn:aws:kms:*:*:key/"
     "1\"},{\"Effect\":\"Deny\",\"Action\":\"KMS:*\",\"Resource\":\"*\"}",
     "Statement[0] SHADOWED;", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":[\"kms:Encrypt\",\"s3:GetObject\"],\"Resource\":\"*\"},{\"Effect\":\"Deny\","
     "\"Action\":\"kms:*\",\"Resource\":\"*\"}",
     "", POLICY_IDENTITY},
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\"},{\"Effect\":\"Deny\",\"Action\":\"kms:*\","
     "\"Resource\":\"*\","
     "\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"false\"}}}",
     "", POLICY_IDENTITY},
    /* who */
    {"{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\",\"Principal\":\"*\"}",
     "Statement[0] ANYBODY;", POLICY_RESOURCE},
    {"{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"AWS\":[\"*\"]}}",
     "Statement[0].Principal.AWS[0] ANYBODY;", POLICY_TRUST},
    /* what does not compile */
    {"{\"Effect\":\"Maybe\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\"}", "Statement[0].Effect MALFORMED;",
     POLICY_IDENTITY},
};

static void find(const char *statements, enum policy_kind kind, char *out, size_t room) {
    char text[4096];
    OWNED(arena) memory = {.limit = 8 << 20};
    snprintf(text, sizeof text, "{\"Version\":\"2012-10-17\",\"Statement\":[%s]}", statements);
    lint_report *report = ARENA_NEW(&memory, lint_report);
    policy_source source = {slice_of_text(text), kind, POLICY_RESOURCE_BYTES_MOST};
    assert_false(FAILED(policy_lint(&source, NOW, &memory, report)));
    *out = 0;
    for (size_t i = 0; i < report->count; i++) {
        const lint_finding *f = &report->at[i];
        size_t used = strlen(out);
        snprintf(out + used, room - used, "%.*s %.*s;", SLICE_ARGS(f->path), SLICE_ARGS(f->code));
        assert_true(f->message.len > 0);
    }
}

static void findings_and_their_places(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char found[1024];
        find(ROWS[i].document, ROWS[i].kind, found, sizeof found);
        if (strcmp(found, ROWS[i].expected) != 0)
            fail_msg("%s\nfound    %s\nexpected %s", ROWS[i].document, found, ROWS[i].expected);
    }
}

static void principals_are_listed(void **state) {
    (void)state;
    OWNED(arena) memory = {.limit = 8 << 20};
    lint_report *report = ARENA_NEW(&memory, lint_report);
    policy_source source = {
        SLICE("{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":"
              "{\"RAM\":[\"acs:ram::1:user/a\",\"acs:ram::1:root\",\"arn:aws:iam::1:role/b\"]}}]}"),
        POLICY_TRUST, POLICY_RESOURCE_BYTES_MOST};
    assert_false(FAILED(policy_lint(&source, NOW, &memory, report)));
    assert_int_equal(report->principal_count, 2);
    assert_true(slice_equals_text(report->principals[0].arn, "acs:ram::1:user/a"));
    assert_true(slice_equals_text(report->principals[0].path, "Statement[0].Principal.RAM[0]"));
    assert_true(slice_equals_text(report->principals[1].arn, "acs:ram::1:role/b"));
}

/* 32 KiB of stars, in every place that is compared with every other. */
static void the_worst_takes_bounded_time(void **state) {
    (void)state;
    OWNED(arena) memory = {.limit = 64 << 20};
    OWNED(buffer) text = {0};
    status_ignore(buffer_append_text(&text, "{\"Version\":\"2012-10-17\",\"Statement\":["));
    for (int i = 0; i < 120; i++) {
        char one[400];
        snprintf(one, sizeof one,
                 "%s{\"Effect\":\"%s\",\"Action\":\"k*:*a*a*a*a*a*a*a*a*a*a*%d\",\"Resource\":\"arn:aws:kms:*:*:*a*a*a*"
                 "a*a*a*a*a*a*a*a*a*a*aab*a%d\"}",
                 i ? "," : "", i % 2 ? "Deny" : "Allow", i, i);
        status_ignore(buffer_append_text(&text, one));
    }
    status_ignore(buffer_append_text(&text, "]}"));
    lint_report *report = ARENA_NEW(&memory, lint_report);
    policy_source source = {buffer_slice(&text), POLICY_IDENTITY, POLICY_RESOURCE_BYTES_MOST};
    clock_t begun = clock();
    assert_false(FAILED(policy_lint(&source, NOW, &memory, report)));
    double took_s = (double)(clock() - begun) / CLOCKS_PER_SEC;
    if (took_s > 0.5) fail_msg("took %.3f s", took_s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_and_their_places),
        cmocka_unit_test(principals_are_listed),
        cmocka_unit_test(the_worst_takes_bounded_time),
    };
    return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
