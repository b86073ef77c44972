/* Every operator both ways, negation, IfExists, Null, several values. */
#include <stdio.h>

#include "access/policy_testing.h"

enum { NOW = 1716186861 }; /* 2024-05-20T06:34:21Z */

/* What the request carries under the one key of a row: NULL-terminated; none means that the key is absent. */
static const struct row {
    const char *condition; /* an operator and its keys */
    const char *key;
    const char *values[3];
    bool holds;
} ROWS[] = {
    /* StringEquals */
    {"\"StringEquals\":{\"acs:AccessId\":\"A\"}", "acs:AccessId", {"A"}, true},
    {"\"StringEquals\":{\"acs:AccessId\":\"A\"}", "acs:AccessId", {"a"}, false},
    {"\"StringEquals\":{\"acs:AccessId\":\"A*\"}", "acs:AccessId", {"AB"}, false},
    {"\"StringEquals\":{\"acs:AccessId\":[\"B\",\"A\"]}", "acs:AccessId", {"A"}, true},
    {"\"StringEquals\":{\"acs:AccessId\":\"A\"}", "acs:AccessId", {NULL}, false},
    {"\"StringEquals\":{\"acs:AccessId\":\"\"}", "acs:AccessId", {""}, true},
    {"\"StringEquals\":{\"ACS:accessid\":\"A\"}", "acs:AccessId", {"A"}, true},
    {"\"StringEquals\":{\"acs:AccessId\":\"A\"}", "acs:accessid", {"A"}, false},
    {"\"StringEquals\":{\"kms:tag/Env\":\"A\"}", "kms:tag/Env", {"A"}, true},
    {"\"StringEquals\":{\"KMS:TAG/Env\":\"A\"}", "kms:tag/Env", {"A"}, true},
    {"\"StringEquals\":{\"kms:tag/env\":\"A\"}", "kms:tag/Env", {"A"}, false},
    {"\"StringEquals\":{\"acs:CurrentTime\":\"2024-05-20T06:34:21Z\"}", "", {NULL}, true},
    {"\"StringLike\":{\"acs:CurrentTime\":\"2024-?5-20T*\"}", "", {NULL}, true},
    {"\"StringLike\":{\"acs:CurrentTime\":\"2025*\"}", "", {NULL}, false},
    /* StringNotEquals: none of the values may match */
    {"\"StringNotEquals\":{\"acs:AccessId\":\"A\"}", "acs:AccessId", {"B"}, true},
    {"\"StringNotEquals\":{\"acs:AccessId\":\"A\"}", "acs:AccessId", {"A"}, false},
    {"\"StringNotEquals\":{\"acs:AccessId\":[\"A\",\"B\"]}", "acs:AccessId", {"B"}, false},
    {"\"StringNotEquals\":{\"acs:AccessId\":[\"A\",\"B\"]}", "acs:AccessId", {"C"}, true},
    {"\"StringNotEquals\":{\"acs:AccessId\":\"A\"}", "acs:AccessId", {NULL}, true},
    /* ignoring case */
    {"\"StringEqualsIgnoreCase\":{\"acs:AccessId\":\"aB\"}", "acs:AccessId", {"Ab"}, true},
    {"\"StringEqualsIgnoreCase\":{\"acs:AccessId\":\"aB\"}", "acs:AccessId", {"Ac"}, false},
    {"\"StringNotEqualsIgnoreCase\":{\"acs:AccessId\":\"aB\"}", "acs:AccessId", {"Ab"}, false},
    {"\"StringNotEqualsIgnoreCase\":{\"acs:AccessId\":\"aB\"}", "acs:AccessId", {"Ac"}, true},
    /* StringLike */
    {"\"StringLike\":{\"oss:Prefix\":\"home/*/x?\"}", "oss:Prefix", {"home/a/b/x1"}, true},
    {"\"StringLike\":{\"oss:Prefix\":\"home/*\"}", "oss:Prefix", {"Home/a"}, false},
    {"\"StringLike\":{\"oss:Prefix\":\"*\"}", "oss:Prefix", {""}, true},
    {"\"StringLike\":{\"oss:Prefix\":\"*\"}", "oss:Prefix", {NULL}, false},
    {"\"StringNotLike\":{\"oss:Prefix\":[\"a*\",\"b*\"]}", "oss:Prefix", {"bc"}, false},
    {"\"StringNotLike\":{\"oss:Prefix\":[\"a*\",\"b*\"]}", "oss:Prefix", {"cb"}, true},
    /* numbers */
    {"\"NumericEquals\":{\"kms:tag/n\":10}", "kms:tag/n", {"10"}, true},
    {"\"NumericEquals\":{\"kms:tag/n\":\"10.50\"}", "kms:tag/n", {"010.5"}, true},
    {"\"NumericEquals\":{\"kms:tag/n\":\"10\"}", "kms:tag/n", {"10.000000001"}, false},
    {"\"NumericEquals\":{\"kms:tag/n\":\"-0\"}", "kms:tag/n", {"0"}, true},
    {"\"NumericEquals\":{\"kms:tag/n\":\"9007199254740993\"}", "kms:tag/n", {"9007199254740992"}, false},
    {"\"NumericEquals\":{\"kms:tag/n\":\"10\"}", "kms:tag/n", {"ten"}, false},
    {"\"NumericNotEquals\":{\"kms:tag/n\":[\"1\",\"2\"]}", "kms:tag/n", {"2"}, false},
    {"\"NumericNotEquals\":{\"kms:tag/n\":[\"1\",\"2\"]}", "kms:tag/n", {"3"}, true},
    {"\"NumericNotEquals\":{\"kms:tag/n\":\"1\"}", "kms:tag/n", {"one"}, true},
    {"\"NumericLessThan\":{\"kms:tag/n\":\"10\"}", "kms:tag/n", {"9.999"}, true},
    {"\"NumericLessThan\":{\"kms:tag/n\":\"10\"}", "kms:tag/n", {"10"}, false},
    {"\"NumericLessThan\":{\"kms:tag/n\":\"-1.2\"}", "kms:tag/n", {"-1.5"}, true},
    {"\"NumericLessThan\":{\"kms:tag/n\":\"-1.5\"}", "kms:tag/n", {"-1.2"}, false},
    {"\"NumericLessThanEquals\":{\"kms:tag/n\":\"10\"}", "kms:tag/n", {"10.0"}, true},
    {"\"NumericLessThanEquals\":{\"kms:tag/n\":\"10\"}", "kms:tag/n", {"10.1"}, false},
    {"\"NumericGreaterThan\":{\"kms:tag/n\":\"-0.5\"}", "kms:tag/n", {"0"}, true},
    {"\"NumericGreaterThan\":{\"kms:tag/n\":\"10\"}", "kms:tag/n", {"10"}, false},
    {"\"NumericGreaterThanEquals\":{\"kms:tag/n\":\"10\"}", "kms:tag/n", {"10"}, true},
    {"\"NumericGreaterThanEquals\":{\"kms:tag/n\":\"10\"}", "kms:tag/n", {"9"}, false},
    {"\"NumericGreaterThan\":{\"kms:tag/n\":\"10\"}", "kms:tag/n", {NULL}, false},
    {"\"NumericGreaterThan\":{\"kms:tag/n\":\"10\"}", "kms:tag/n", {"1111111111111111111"}, false},
    /* dates */
    {"\"DateEquals\":{\"acs:CurrentTime\":\"2024-05-20T06:34:21Z\"}", "", {NULL}, true},
    {"\"DateEquals\":{\"acs:CurrentTime\":\"2024-05-20T14:34:21+08:00\"}", "", {NULL}, true},
    {"\"DateEquals\":{\"acs:CurrentTime\":\"2024-05-20T14:34:21Z\"}", "", {NULL}, false},
    {"\"DateNotEquals\":{\"acs:CurrentTime\":\"2024-05-20T06:34:21Z\"}", "", {NULL}, false},
    {"\"DateNotEquals\":{\"acs:CurrentTime\":\"2024-05-20T06:34:22Z\"}", "", {NULL}, true},
    {"\"DateLessThan\":{\"acs:CurrentTime\":\"2024-05-20T06:34:22Z\"}", "", {NULL}, true},
    {"\"DateLessThan\":{\"acs:CurrentTime\":\"2024-05-20T06:34:21Z\"}", "", {NULL}, false},
    {"\"DateLessThanEquals\":{\"acs:CurrentTime\":\"2024-05-20T06:34:21Z\"}", "", {NULL}, true},
    {"\"DateLessThanEquals\":{\"acs:CurrentTime\":\"2024-05-20T06:34:20Z\"}", "", {NULL}, false},
    {"\"DateGreaterThan\":{\"acs:CurrentTime\":\"2024-05-20T06:34:20Z\"}", "", {NULL}, true},
    {"\"DateGreaterThan\":{\"acs:CurrentTime\":\"2024-05-20T06:34:21Z\"}", "", {NULL}, false},
    {"\"DateGreaterThanEquals\":{\"acs:CurrentTime\":\"2024-05-20T06:34:21Z\"}", "", {NULL}, true},
    {"\"DateGreaterThanEquals\":{\"acs:CurrentTime\":\"2024-05-20T06:34:22Z\"}", "", {NULL}, false},
    {"\"DateLessThan\":{\"kms:tag/until\":\"2025-01-01T00:00:00Z\"}", "kms:tag/until", {"2024-12-31T23:59:59Z"}, true},
    {"\"DateLessThan\":{\"kms:tag/until\":\"2025-01-01T00:00:00Z\"}", "kms:tag/until", {"soon"}, false},
    /* what the request claims as the time is not looked at */
    {"\"DateLessThan\":{\"acs:CurrentTime\":\"2024-01-01T00:00:00Z\"}",
     "acs:CurrentTime",
     {"2023-01-01T00:00:00Z"},
     false},
    /* Bool */
    {"\"Bool\":{\"acs:SecureTransport\":\"true\"}", "acs:SecureTransport", {"true"}, true},
    {"\"Bool\":{\"acs:SecureTransport\":\"TRUE\"}", "acs:SecureTransport", {"True"}, true},
    {"\"Bool\":{\"acs:SecureTransport\":true}", "acs:SecureTransport", {"false"}, false},
    {"\"Bool\":{\"acs:SecureTransport\":false}", "acs:SecureTransport", {"false"}, true},
    {"\"Bool\":{\"acs:SecureTransport\":false}", "acs:SecureTransport", {"0"}, false},
    {"\"Bool\":{\"acs:MFAPresent\":\"false\"}", "acs:MFAPresent", {NULL}, false},
    /* addresses */
    {"\"IpAddress\":{\"acs:SourceIp\":\"10.0.0.0/8\"}", "acs:SourceIp", {"10.2.3.4"}, true},
    {"\"IpAddress\":{\"acs:SourceIp\":\"10.0.0.0/8\"}", "acs:SourceIp", {"11.2.3.4"}, false},
    {"\"IpAddress\":{\"acs:SourceIp\":\"10.0.0.0/8\"}", "acs:SourceIp", {"::ffff:10.2.3.4"}, true},
    {"\"IpAddress\":{\"acs:SourceIp\":[\"10.0.0.0/8\",\"2001:db8::/32\"]}", "acs:SourceIp", {"2001:db8::7"}, true},
    {"\"IpAddress\":{\"acs:SourceIp\":\"2001:db8::/32\"}", "acs:SourceIp", {"2001:db9::7"}, false},
    {"\"IpAddress\":{\"acs:SourceIp\":\"0.0.0.0/0\"}", "acs:SourceIp", {"10.0.0.0/8"}, false},
    {"\"IpAddress\":{\"acs:SourceIp\":\"0.0.0.0/0\"}", "acs:SourceIp", {"unknown"}, false},
    {"\"NotIpAddress\":{\"acs:SourceIp\":[\"10.0.0.0/8\",\"192.168.0.0/16\"]}", "acs:SourceIp", {"192.168.1.1"}, false},
    {"\"NotIpAddress\":{\"acs:SourceIp\":[\"10.0.0.0/8\",\"192.168.0.0/16\"]}", "acs:SourceIp", {"8.8.8.8"}, true},
    {"\"NotIpAddress\":{\"acs:SourceIp\":\"10.0.0.0/8\"}", "acs:SourceIp", {NULL}, true},
    /* IfExists */
    {"\"StringEqualsIfExists\":{\"acs:AccessId\":\"A\"}", "acs:AccessId", {NULL}, true},
    {"\"StringEqualsIfExists\":{\"acs:AccessId\":\"A\"}", "acs:AccessId", {"A"}, true},
    {"\"StringEqualsIfExists\":{\"acs:AccessId\":\"A\"}", "acs:AccessId", {"B"}, false},
    {"\"StringNotEqualsIfExists\":{\"acs:AccessId\":\"A\"}", "acs:AccessId", {"A"}, false},
    {"\"NumericLessThanIfExists\":{\"kms:tag/n\":\"1\"}", "kms:tag/n", {NULL}, true},
    {"\"NumericLessThanIfExists\":{\"kms:tag/n\":\"1\"}", "kms:tag/n", {"2"}, false},
    {"\"BoolIfExists\":{\"acs:MFAPresent\":\"true\"}", "acs:MFAPresent", {NULL}, true},
    {"\"BoolIfExists\":{\"acs:MFAPresent\":\"true\"}", "acs:MFAPresent", {"false"}, false},
    {"\"IpAddressIfExists\":{\"acs:SourceIp\":\"10.0.0.0/8\"}", "acs:SourceIp", {NULL}, true},
    {"\"ForAnyValue:StringEqualsIfExists\":{\"acs:AccessId\":\"A\"}", "acs:AccessId", {NULL}, true},
    /* Null */
    {"\"Null\":{\"acs:MFAPresent\":\"true\"}", "acs:MFAPresent", {NULL}, true},
    {"\"Null\":{\"acs:MFAPresent\":\"true\"}", "acs:MFAPresent", {"false"}, false},
    {"\"Null\":{\"acs:MFAPresent\":\"false\"}", "acs:MFAPresent", {"false"}, true},
    {"\"Null\":{\"acs:MFAPresent\":\"false\"}", "acs:MFAPresent", {NULL}, false},
    {"\"Null\":{\"acs:MFAPresent\":[true,false]}", "acs:MFAPresent", {NULL}, true},
    {"\"Null\":{\"acs:CurrentTime\":\"true\"}", "", {NULL}, false},
    /* several values in the request, without a quantifier */
    {"\"StringEquals\":{\"kms:tag/t\":\"A\"}", "kms:tag/t", {"B", "A"}, true},
    {"\"StringNotEquals\":{\"kms:tag/t\":\"A\"}", "kms:tag/t", {"B", "A"}, false},
    {"\"StringNotEquals\":{\"kms:tag/t\":\"A\"}", "kms:tag/t", {"B", "C"}, true},
    /* ForAnyValue: one of them passes */
    {"\"ForAnyValue:StringEquals\":{\"kms:tag/t\":[\"A\",\"B\"]}", "kms:tag/t", {"C", "B"}, true},
    {"\"ForAnyValue:StringEquals\":{\"kms:tag/t\":[\"A\",\"B\"]}", "kms:tag/t", {"C", "D"}, false},
    {"\"ForAnyValue:StringEquals\":{\"kms:tag/t\":\"A\"}", "kms:tag/t", {NULL}, false},
    {"\"ForAnyValue:StringNotEquals\":{\"kms:tag/t\":[\"A\",\"B\"]}", "kms:tag/t", {"A", "C"}, true},
    {"\"ForAnyValue:StringNotEquals\":{\"kms:tag/t\":[\"A\",\"B\"]}", "kms:tag/t", {"A", "B"}, false},
    {"\"ForAnyValue:StringNotEquals\":{\"kms:tag/t\":\"A\"}", "kms:tag/t", {NULL}, false},
    /* ForAllValues: each of them passes */
    {"\"ForAllValues:StringLike\":{\"kms:tag/t\":[\"A*\",\"B\"]}", "kms:tag/t", {"A1", "B"}, true},
    {"\"ForAllValues:StringLike\":{\"kms:tag/t\":[\"A*\",\"B\"]}", "kms:tag/t", {"A1", "C"}, false},
    {"\"ForAllValues:StringEquals\":{\"kms:tag/t\":\"A\"}", "kms:tag/t", {NULL}, true},
    {"\"ForAllValues:StringNotEquals\":{\"kms:tag/t\":\"A\"}", "kms:tag/t", {"B", "A"}, false},
    {"\"ForAllValues:StringNotEquals\":{\"kms:tag/t\":\"A\"}", "kms:tag/t", {"B", "C"}, true},
    /* operators and keys are AND-ed */
    {"\"StringEquals\":{\"acs:AccessId\":\"A\"},\"Null\":{\"acs:MFAPresent\":true}", "acs:AccessId", {"A"}, true},
    {"\"StringEquals\":{\"acs:AccessId\":\"A\"},\"Null\":{\"acs:MFAPresent\":false}", "acs:AccessId", {"A"}, false},
    {"\"StringLike\":{\"acs:AccessId\":\"A\",\"acs:CurrentTime\":\"2024*\"}", "acs:AccessId", {"A"}, true},
    {"\"StringLike\":{\"acs:AccessId\":\"A\",\"acs:CurrentTime\":\"2023*\"}", "acs:AccessId", {"A"}, false},
};

/* Of the other cloud, in its version of the grammar. */
static const struct row AWS_ROWS[] = {
    {"\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}", "acs:SourceIp", {"10.1.1.1"}, true},
    {"\"IpAddress\":{\"aws:sourceip\":\"10.0.0.0/8\"}", "aws:SourceIp", {"11.1.1.1"}, false},
    {"\"Bool\":{\"aws:MultiFactorAuthPresent\":\"true\"}", "acs:MFAPresent", {"true"}, true},
    {"\"Bool\":{\"aws:MultiFactorAuthPresent\":\"true\"}", "acs:MFAPresent", {NULL}, false},
    {"\"BoolIfExists\":{\"aws:MultiFactorAuthPresent\":\"true\"}", "acs:MFAPresent", {NULL}, true},
    {"\"StringEquals\":{\"aws:ResourceTag/t\":\"A\"}", "kms:tag/t", {"A"}, true},
    {"\"StringEquals\":{\"aws:ResourceTag/T\":\"A\"}", "kms:tag/t", {"A"}, false},
    {"\"StringLike\":{\"s3:prefix\":\"a/*\"}", "oss:Prefix", {"a/b"}, true},
    {"\"DateLessThan\":{\"aws:CurrentTime\":\"2030-01-01\"}", "", {NULL}, true},
    {"\"DateLessThan\":{\"aws:CurrentTime\":\"2020-01-01T00:00Z\"}", "", {NULL}, false},
    {"\"DateGreaterThan\":{\"aws:EpochTime\":\"1600000000\"}", "", {NULL}, true},
    {"\"NumericLessThan\":{\"aws:EpochTime\":\"1600000000\"}", "", {NULL}, false},
    {"\"StringEquals\":{\"kms:EncryptionContext:app\":\"pay\"}", "kms:EncryptionContext:app", {"pay"}, true},
    {"\"StringEquals\":{\"kms:EncryptionContext:app\":\"pay\"}", "kms:EncryptionContext:App", {"pay"}, false},
    /* keys nobody knows are absent */
    {"\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-1\"}", "", {NULL}, false},
    {"\"StringNotEquals\":{\"aws:PrincipalOrgID\":\"o-1\"}", "", {NULL}, true},
    {"\"Null\":{\"aws:PrincipalOrgID\":\"true\"}", "", {NULL}, true},
    /* names of both clouds are one */
    {"\"ArnEquals\":{\"aws:PrincipalArn\":\"arn:aws:iam::1:user/x\"}", "acs:PrincipalARN", {"acs:ram::1:user/x"}, true},
    {"\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:user/*\"}", "acs:PrincipalARN", {"acs:ram::1:user/x"}, true},
    {"\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/*\"}", "acs:PrincipalARN", {"acs:ram::1:user/x"}, false},
    {"\"ArnNotLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/*\"}",
     "acs:PrincipalARN",
     {"acs:ram::1:user/x"},
     true},
    {"\"ArnNotEquals\":{\"aws:PrincipalArn\":\"acs:ram::1:user/x\"}", "acs:PrincipalARN", {"acs:ram::1:user/x"}, false},
    {"\"ArnLike\":{\"aws:PrincipalArn\":\"*\"}", "acs:PrincipalARN", {"no name"}, false},
    {"\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:sts::1:assumed-role/r/*\"}",
     "acs:PrincipalARN",
     {"acs:ram::1:assumed-role/r/s"},
     true},
    {"\"StringEquals\":{\"aws:PrincipalArn\":\"arn:aws:iam::1:user/x\"}",
     "acs:PrincipalARN",
     {"acs:ram::1:user/x"},
     true},
    {"\"StringLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::1:*\"}", "acs:PrincipalARN", {"acs:ram::1:user/x"}, true},
    {"\"StringNotLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::1:*\"}", "acs:PrincipalARN", {"acs:ram::1:user/x"}, false},
    {"\"BinaryEquals\":{\"kms:tag/b\":\"QmluYXJ5\"}", "kms:tag/b", {"QmluYXJ5"}, true},
    {"\"BinaryEquals\":{\"kms:tag/b\":\"QmluYXJ5\"}", "kms:tag/b", {"QmluYXJZ"}, false},
    /* variables */
    {"\"StringEquals\":{\"kms:tag/t\":\"${aws:ResourceTag/t}\"}", "kms:tag/t", {"A"}, true},
    {"\"StringEqualsIgnoreCase\":{\"kms:tag/t\":\"x${acs:ResourceTag/t}\"}", "kms:tag/t", {"A"}, false},
    {"\"StringLike\":{\"kms:tag/t\":\"${kms:tag/t}\"}", "kms:tag/t", {"*"}, true},
    {"\"StringLike\":{\"kms:tag/t\":\"a${*}\"}", "kms:tag/t", {"a*"}, true},
    {"\"StringLike\":{\"kms:tag/t\":\"a${*}\"}", "kms:tag/t", {"ab"}, false},
    {"\"StringLike\":{\"kms:tag/t\":\"a${?}*${$}\"}", "kms:tag/t", {"a?bc$"}, true},
    {"\"StringLike\":{\"kms:tag/t\":\"a${?}*${$}\"}", "kms:tag/t", {"axbc$"}, false},
    {"\"StringEquals\":{\"kms:tag/t\":\"*\"}", "kms:tag/t", {"A"}, false},
    {"\"StringEquals\":{\"kms:tag/t\":\"${aws:username}\"}", "kms:tag/t", {"${aws:username}"}, false},
    {"\"StringNotEquals\":{\"kms:tag/t\":\"${aws:username}\"}", "kms:tag/t", {"A"}, true},
    {"\"StringEquals\":{\"kms:tag/t\":\"${aws:username, 'A'}\"}", "kms:tag/t", {"A"}, true},
    {"\"StringEquals\":{\"kms:tag/t\":\"${aws:username,'B'}\"}", "kms:tag/t", {"A"}, false},
    {"\"StringLike\":{\"kms:tag/t\":\"${aws:EpochTime}*\"}", "kms:tag/t", {"17"}, false},
    /* a value that could be taken for something else, or a text of several values, stands for nothing */
    {"\"StringLike\":{\"kms:tag/t\":\"${kms:tag/t}\"}", "kms:tag/t", {"A", "B"}, false},
    {"\"StringNotLike\":{\"kms:tag/t\":\"${kms:tag/t}\"}", "kms:tag/t", {"\xfe"}, false},
};

static void check(const struct row *row, const char *version) {
    char document[1024];
    snprintf(document, sizeof document,
             "{\"Version\":\"%s\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\","
             "\"Condition\":{%s}}]}",
             version, row->condition);
    slice values[3];
    OWNED(arena) memory = {0};
    condition_key key = {.name = slice_of_text(row->key)};
    bool is_exact = !slice_starts_with(key.name, SLICE("kms:tag/")) && !slice_starts_with(key.name, SLICE("aws:"));
    if (!is_exact) assert_false(FAILED(condition_key_find(slice_of_text(row->key), &memory, &key)));
    condition_value known = {key.name, values, 0};
    for (; known.count < 3 && row->values[known.count]; known.count++)
        values[known.count] = slice_of_text(row->values[known.count]);
    policy_request request = {SLICE("kms:Encrypt"), SLICE("acs:kms:r:1:key/a"), &known, 1, NOW, NULL};
    bool holds = decision_of(document, &request) == DECISION_ALLOW;
    if (holds != row->holds)
        fail_msg("%s with %s = %s should%s hold", row->condition, row->key,
                 row->values[0] ? row->values[0] : "(absent)", row->holds ? "" : " not");
}

static void operators(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) check(&ROWS[i], "1");
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) check(&ROWS[i], "2012-10-17");
    for (size_t i = 0; i < sizeof AWS_ROWS / sizeof *AWS_ROWS; i++) check(&AWS_ROWS[i], "2012-10-17");
}

static void variables_are_text_in_2008(void **state) {
    (void)state;
    static const struct row row = {
        "\"StringEquals\":{\"kms:tag/t\":\"${aws:username}\"}", "kms:tag/t", {"${aws:username}"}, true};
    check(&row, "2008-10-17");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(operators), cmocka_unit_test(variables_are_text_in_2008)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
