/* What the policy compiler refuses, with the place it names, and what it accepts. */
#include <stdio.h>

#include "access/policy_testing.h"
#include "access/system_policies.h"

#define ONE(members) "{\"Version\":\"1\",\"Statement\":[{" members "}]}"
#define WITH(members) ONE("\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":\"*\"," members)
#define WHEN(condition) WITH("\"Condition\":{" condition "}")

static const struct refusal {
    const char *document;
    const char *fault; /* begins so */
} REFUSALS[] = {
    {"", "line 1"},
    {"{", "line 1"},
    {"[]", "a policy must be an object"},
    {"{} {}", "line 1"},
    {"null", "a policy must be an object"},
    {"{\"Version\":\"1\",\"Version\":\"1\",\"Statement\":[]}", "line 1"},
    {"{}", "Version: must be \"1\", \"2012"},
    {"{\"Version\":1,\"Statement\":[]}", "Version: must be \"1\""},
    {"{\"Version\":\"2012-10-18\",\"Statement\":[]}", "Version: must be \"1\""},
    {"{\"Version\":\"2012-10-17\",\"Statement\":[]}", "Statement: must not be empty"},
    {"{\"Version\":\"2012-10-17\",\"Id\":1,\"Statement\":[]}", "Id: must be text"},
    {"{\"Version\":\"1\"}", "Statement: is missing"},
    {"{\"Version\":\"1\",\"Statement\":[]}", "Statement: must not be empty"},
    {"{\"Version\":\"1\",\"Statement\":null}", "Statement: must be an object"},
    {"{\"Version\":\"1\",\"Statement\":[1]}", "Statement[0]: must be an object"},
    {"{\"Version\":\"1\",\"Statement\":[[]]}", "Statement[0]: must be an object"},
    {"{\"Version\":\"1\",\"statement\":[],\"Statement\":[]}", "statement: unknown member"},
    {"{\"Version\":\"1\",\"Id\":\"x\",\"Statement\":[]}", "Id: unknown member"},
    {ONE("\"Action\":\"*\",\"Resource\":\"*\""), "Statement[0]: Effect is missing"},
    {ONE("\"Effect\":\"allow\",\"Action\":\"*\",\"Resource\":\"*\""), "Statement[0].Effect: must be Allow or Deny"},
    {ONE("\"Effect\":null,\"Action\":\"*\",\"Resource\":\"*\""), "Statement[0].Effect: must be Allow or Deny"},
    {ONE("\"Effect\":[\"Allow\"],\"Action\":\"*\",\"Resource\":\"*\""), "Statement[0].Effect: must be Allow or Deny"},
    {ONE("\"Effect\":\"Allow\",\"Resource\":\"*\""), "Statement[0]: must have either Action or NotAction"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"NotAction\":\"*\",\"Resource\":\"*\""),
     "Statement[0]: must have either Action or NotAction"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\""), "Statement[0]: must have either Resource or NotResource"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"NotResource\":\"*\""),
     "Statement[0]: must have either Resource or NotResource"},
    {ONE("\"Effect\":\"Allow\",\"Action\":[],\"Resource\":\"*\""), "Statement[0].Action: must not be empty"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":[]"), "Statement[0].Resource: must not be empty"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":{}"), "Statement[0].Resource: must be text"},
    {ONE("\"Effect\":\"Allow\",\"Action\":[\"*\",7],\"Resource\":\"*\""), "Statement[0].Action[1]: must be text"},
    {ONE("\"Effect\":\"Allow\",\"Action\":[[\"*\"]],\"Resource\":\"*\""), "Statement[0].Action[0]: must be text"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"kms\",\"Resource\":\"*\""), "Statement[0].Action: must be an action"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"kms:\",\"Resource\":\"*\""), "Statement[0].Action: must be an action"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\":Encrypt\",\"Resource\":\"*\""), "Statement[0].Action: must be an action"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"**\",\"Resource\":\"*\""), "Statement[0].Action: must be an action"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"kms:En crypt\",\"Resource\":\"*\""),
     "Statement[0].Action: must be an action"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"kms:a:b\",\"Resource\":\"*\""), "Statement[0].Action: must be an action"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"kms\""), "Statement[0].Resource: must be an ARN"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"acs:kms:*:*\""),
     "Statement[0].Resource: must be an ARN"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"acs:kms:*:*:\""),
     "Statement[0].Resource: must be an ARN"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"acs::*:*:x\""), "Statement[0].Resource: must be an ARN"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:s3:::b\""), "Statement[0].Resource: must be an ARN"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:awsome:s3:::b\""),
     "Statement[0].Resource: must be an ARN"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:aws:kms::1:key/a\""),
     "Statement[0].Resource: names of this service have a region"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"acs:kms:*:*:key/${\""),
     "Statement[0].Resource: a variable is not closed"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"acs:kms:*:*:key/${}\""),
     "Statement[0].Resource: unknown condition key"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"acs:kms:*:*:key/${acs:Unheard}\""),
     "Statement[0].Resource: unknown condition key"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"acs:kms:*:*:key/${acs:UserName, x}\""),
     "Statement[0].Resource: a variable's default must stand in single quotes"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"kms:\u00e9\",\"Resource\":\"*\""),
     "Statement[0].Action: must be an action"},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"acs:kms:a/b:*:x\""),
     "Statement[0].Resource: must be an ARN"},
    {WITH("\"Principal\":\"*\""), "Statement[0].Principal: not allowed"},
    {WITH("\"NotPrincipal\":\"*\""), "Statement[0].NotPrincipal: not allowed"},
    {WITH("\"Conditions\":{}"), "Statement[0].Conditions: unknown member"},
    {WITH("\"Sid\":1"), "Statement[0].Sid: must be text"},
    {WITH("\"Condition\":{}"), "Statement[0].Condition: must be an object with at least one"},
    {WITH("\"Condition\":[]"), "Statement[0].Condition: must be an object with at least one"},
    {WHEN("\"StringEquals\":{}"), "Statement[0].Condition.StringEquals: must be an object with at least one key"},
    {WHEN("\"StringEquals\":\"x\""), "Statement[0].Condition.StringEquals: must be an object"},
    {WHEN("\"stringequals\":{\"acs:AccessId\":\"x\"}"), "Statement[0].Condition.stringequals: unknown operator"},
    {WHEN("\"StringEqualsIfExistsIfExists\":{\"acs:AccessId\":\"x\"}"),
     "Statement[0].Condition.StringEqualsIfExistsIfExists: unknown operator"},
    {WHEN("\"IfExists\":{\"acs:AccessId\":\"x\"}"), "Statement[0].Condition.IfExists: unknown operator"},
    {WHEN("\"ForSomeValues:StringEquals\":{\"acs:AccessId\":\"x\"}"),
     "Statement[0].Condition.ForSomeValues:StringEquals: unknown operator"},
    {WHEN("\"ForAnyValue:\":{\"acs:AccessId\":\"x\"}"), "Statement[0].Condition.ForAnyValue:: unknown operator"},
    {WHEN("\"NullIfExists\":{\"acs:AccessId\":\"true\"}"), "Statement[0].Condition.NullIfExists: Null takes no"},
    {WHEN("\"ForAnyValue:Null\":{\"acs:AccessId\":\"true\"}"),
     "Statement[0].Condition.ForAnyValue:Null: Null takes no"},
    {WHEN("\"StringEquals\":{\"acs:Unheard\":\"x\"}"),
     "Statement[0].Condition.StringEquals.acs:Unheard: unknown condition key"},
    {WHEN("\"StringEquals\":{\"kms:tag/\":\"x\"}"),
     "Statement[0].Condition.StringEquals.kms:tag/: unknown condition key"},
    {WHEN("\"StringEquals\":{\"\":\"x\"}"), "Statement[0].Condition.StringEquals.: unknown condition key"},
    {WHEN("\"StringEquals\":{\"acs:AccessId\":[]}"),
     "Statement[0].Condition.StringEquals.acs:AccessId: must not be empty"},
    {WHEN("\"StringEquals\":{\"acs:AccessId\":1}"), "Statement[0].Condition.StringEquals.acs:AccessId: must be text"},
    {WHEN("\"StringEquals\":{\"acs:AccessId\":[\"a\",null]}"),
     "Statement[0].Condition.StringEquals.acs:AccessId[1]: must be text"},
    {WHEN("\"NumericEquals\":{\"kms:tag/n\":\"1e3\"}"),
     "Statement[0].Condition.NumericEquals.kms:tag/n: must be a decimal"},
    {WHEN("\"NumericEquals\":{\"kms:tag/n\":true}"),
     "Statement[0].Condition.NumericEquals.kms:tag/n: must be a decimal"},
    {WHEN("\"NumericEquals\":{\"acs:SourceIp\":\"1\"}"),
     "Statement[0].Condition.NumericEquals.acs:SourceIp: the operator"},
    {WHEN("\"Bool\":{\"acs:CurrentTime\":\"true\"}"), "Statement[0].Condition.Bool.acs:CurrentTime: the operator"},
    {WHEN("\"IpAddress\":{\"acs:MFAPresent\":\"1.2.3.4\"}"),
     "Statement[0].Condition.IpAddress.acs:MFAPresent: the operator"},
    {WHEN("\"DateLessThan\":{\"acs:CurrentTime\":\"tomorrow\"}"),
     "Statement[0].Condition.DateLessThan.acs:CurrentTime: must be an ISO"},
    {WHEN("\"DateLessThan\":{\"acs:CurrentTime\":\"2024-02-30T00:00:00Z\"}"),
     "Statement[0].Condition.DateLessThan.acs:CurrentTime: must be an ISO"},
    {WHEN("\"Bool\":{\"acs:MFAPresent\":\"yes\"}"),
     "Statement[0].Condition.Bool.acs:MFAPresent: must be true or false"},
    {WHEN("\"Null\":{\"acs:MFAPresent\":\"\"}"), "Statement[0].Condition.Null.acs:MFAPresent: must be true or false"},
    {WHEN("\"IpAddress\":{\"acs:SourceIp\":[\"10.0.0.0/8\",\"10.0.0.0/40\"]}"),
     "Statement[0].Condition.IpAddress.acs:SourceIp[1]: must be an IP"},
    {WHEN("\"ArnLike\":{\"acs:PrincipalARN\":\"user/x\"}"),
     "Statement[0].Condition.ArnLike.acs:PrincipalARN: must be an ARN"},
    {WHEN("\"ArnLike\":{\"acs:SourceIp\":\"*\"}"), "Statement[0].Condition.ArnLike.acs:SourceIp: the operator"},
    {WHEN("\"BinaryEquals\":{\"kms:tag/b\":\"?\"}"), "Statement[0].Condition.BinaryEquals.kms:tag/b: must be base64"},
};

#define BY(principal) ONE("\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":\"*\",\"Principal\":" principal)
#define TRUSTING(members) ONE("\"Effect\":\"Allow\",\"Principal\":\"*\"," members)

static const struct kind_refusal {
    enum policy_kind kind;
    const char *document;
    const char *fault;
} KIND_REFUSALS[] = {
    {POLICY_RESOURCE, ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\""),
     "Statement[0]: must have either Principal"},
    {POLICY_RESOURCE, ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Principal\":\"*\""),
     "Statement[0]: must have either Resource"},
    {POLICY_RESOURCE, BY("\"*\",\"NotPrincipal\":\"*\""), "Statement[0]: must have either Principal"},
    {POLICY_RESOURCE, ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"NotPrincipal\":\"*\""),
     "Statement[0].NotPrincipal: only with Effect Deny"},
    {POLICY_RESOURCE, BY("\"1\""), "Statement[0].Principal: must be *, an object or a list"},
    {POLICY_RESOURCE, BY("7"), "Statement[0].Principal: must be text"},
    {POLICY_RESOURCE, BY("[]"), "Statement[0].Principal: must not be empty"},
    {POLICY_RESOURCE, BY("{}"), "Statement[0].Principal: must not be empty"},
    {POLICY_RESOURCE, BY("{\"AWS\":[]}"), "Statement[0].Principal.AWS: must not be empty"},
    {POLICY_RESOURCE, BY("{\"CanonicalUser\":\"x\"}"), "Statement[0].Principal.CanonicalUser: must be AWS, RAM"},
    {POLICY_RESOURCE, BY("{\"AWS\":[\"*\",\"x\"]}"), "Statement[0].Principal.AWS[1]: must be *, an account"},
    {POLICY_RESOURCE, BY("{\"AWS\":\"arn:aws:iam::*:user/x\"}"), "Statement[0].Principal.AWS: must be *, an account"},
    {POLICY_RESOURCE, BY("{\"AWS\":\"arn:aws:iam::1:user/*\"}"), "Statement[0].Principal.AWS: must name one user"},
    {POLICY_RESOURCE, BY("{\"AWS\":\"arn:aws:iam::1:user/\"}"), "Statement[0].Principal.AWS: must name one user"},
    {POLICY_RESOURCE, BY("{\"AWS\":\"arn:aws:iam::1:group/g\"}"), "Statement[0].Principal.AWS: must name one user"},
    {POLICY_RESOURCE, BY("{\"RAM\":\"acs:kms:r:1:key/a\"}"), "Statement[0].Principal.RAM: must be *, an account"},
    {POLICY_TRUST, TRUSTING("\"Action\":\"sts:AssumeRole\",\"Resource\":\"*\""),
     "Statement[0].Resource: not allowed in a trust policy"},
    {POLICY_TRUST, TRUSTING("\"Action\":\"*\""), "Statement[0].Action: must be an action of sts"},
    {POLICY_TRUST, TRUSTING("\"Action\":\"kms:Encrypt\""), "Statement[0].Action: must be an action of sts"},
    {POLICY_TRUST, ONE("\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\""),
     "Statement[0]: must have either Principal"},
};

static slice fault_of(const policy_source *source, arena *memory) {
    slice fault = {0};
    policy *p = NULL;
    status result = policy_compile(source, memory, &fault, &p);
    if (!FAILED_WITH(result, POLICY_MALFORMED))
        fail_msg("%s instead of POLICY_MALFORMED for %.*s", status_name(result), SLICE_ARGS(source->document));
    assert_null(p);
    return fault;
}

static void refuses(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++) {
        OWNED(arena) memory = {0};
        policy_source source = {slice_of_text(REFUSALS[i].document), POLICY_IDENTITY, POLICY_BYTES_MOST};
        slice fault = fault_of(&source, &memory);
        if (!slice_starts_with(fault, slice_of_text(REFUSALS[i].fault)))
            fail_msg("\"%.*s\" instead of \"%s\" for %s", SLICE_ARGS(fault), REFUSALS[i].fault, REFUSALS[i].document);
    }
}

static void refuses_by_kind(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof KIND_REFUSALS / sizeof *KIND_REFUSALS; i++) {
        const struct kind_refusal *row = &KIND_REFUSALS[i];
        OWNED(arena) memory = {0};
        policy_source source = {slice_of_text(row->document), row->kind, POLICY_BYTES_MOST};
        slice fault = fault_of(&source, &memory);
        if (!slice_starts_with(fault, slice_of_text(row->fault)))
            fail_msg("\"%.*s\" instead of \"%s\" for %s", SLICE_ARGS(fault), row->fault, row->document);
    }
}

/* No prefix of a sound document is one. */
static void refuses_cut_documents(void **state) {
    (void)state;
    static const char document[] = WHEN("\"IpAddress\":{\"acs:SourceIp\":[\"10.0.0.0/8\"]}");
    for (size_t len = 0; len < sizeof document - 1; len++) {
        OWNED(arena) memory = {0};
        policy_source source = {slice_of(document, len), POLICY_IDENTITY, POLICY_BYTES_MOST};
        assert_true(fault_of(&source, &memory).len > 0);
    }
}

static void refuses_long_documents(void **state) {
    (void)state;
    static char document[POLICY_BYTES_MOST + 2];
    static const char sound[] = WITH("\"Sid\":\"s\"");
    memset(document, ' ', sizeof document);
    memcpy(document, sound, sizeof sound - 1);
    OWNED(arena) memory = {0};
    policy_source source = {slice_of(document, POLICY_BYTES_MOST), POLICY_IDENTITY, POLICY_BYTES_MOST};
    slice fault = {0};
    policy *p = NULL;
    assert_false(FAILED(policy_compile(&source, &memory, &fault, &p)));
    policy_free(p);
    source.document.len++;
    assert_true(slice_equals(fault_of(&source, &memory), SLICE("longer than 6144 bytes")));
}

static void refuses_deep_documents(void **state) {
    (void)state;
    char document[2200];
    size_t at = (size_t)snprintf(document, sizeof document, "{\"Version\":\"1\",\"Statement\":");
    memset(document + at, '[', 1000);
    memset(document + at + 1000, ']', 1000);
    document[at + 2000] = '}';
    OWNED(arena) memory = {0};
    policy_source source = {slice_of(document, at + 2001), POLICY_IDENTITY, POLICY_BYTES_MOST};
    assert_true(slice_starts_with(fault_of(&source, &memory), SLICE("line 1")));
}

/* `%*d` is filled with that many digits. */
static const struct long_text {
    const char *form;
    int digits;
} LONG_TEXTS[] = {
    {ONE("\"Effect\":\"Allow\",\"Action\":\"kms:%0*d\",\"Resource\":\"*\""), POLICY_ACTION_BYTES_MOST - 3},
    {ONE("\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"acs:kms:*:*:%0*d\""), POLICY_TEXT_BYTES_MOST - 11},
    {WHEN("\"StringLike\":{\"acs:AccessId\":\"%0*d\"}"), POLICY_TEXT_BYTES_MOST + 1},
    {WHEN("\"StringEquals\":{\"kms:tag/%0*d\":\"a\"}"), 129},
    {WITH("\"Sid\":\"%0*d\""), 129},
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void refuses_long_texts(void **state) {
    (void)state;
    char document[4096];
    for (size_t i = 0; i < sizeof LONG_TEXTS / sizeof *LONG_TEXTS; i++) {
        OWNED(arena) memory = {0};
        snprintf(document, sizeof document, LONG_TEXTS[i].form, LONG_TEXTS[i].digits, 7);
        policy_source source = {slice_of_text(document), POLICY_IDENTITY, POLICY_BYTES_MOST};
        assert_true(fault_of(&source, &memory).len > 0);
        snprintf(document, sizeof document, LONG_TEXTS[i].form, LONG_TEXTS[i].digits - 1, 7);
        policy_free(compiled(document));
    }
}
#pragma GCC diagnostic pop

static void names_stay_printable(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    policy_source source = {SLICE("{\"Version\":\"1\",\"Ver\\n\xc3\xa9+\":1}"), POLICY_IDENTITY, POLICY_BYTES_MOST};
    assert_true(slice_equals(fault_of(&source, &memory), SLICE("Ver???+: unknown member")));
}

static void short_memory_is_no_fault_of_the_document(void **state) {
    (void)state;
    OWNED(arena) memory = {.limit = 64};
    policy_source source = {slice_of_text(WITH("\"Sid\":\"s\"")), POLICY_IDENTITY, POLICY_BYTES_MOST};
    slice fault = {0};
    policy *p = NULL;
    assert_true(FAILED_WITH(policy_compile(&source, &memory, &fault, &p), OUT_OF_MEMORY));
    assert_null(p);
}

static void accepts(void **state) {
    (void)state;
    static const char *const rows[] = {
        "{\"Version\":\"1\",\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}}",
        ONE("\"Effect\":\"Allow\",\"NotAction\":[\"*:Get?\"],\"NotResource\":[\"acs:*:::*\",\"*\"]"),
        ONE("\"Effect\":\"Allow\",\"Action\":\"OSS:getobject\",\"Resource\":\"acs:oss:*:*:b/d\xc3\xa9:x/*\""),
        WHEN("\"ForAllValues:StringNotLikeIfExists\":{\"ACS:UserAgent\":[\"a*\",\"\"],\"kms:tag/K\":\"v\"},"
             "\"NumericLessThan\":{\"kms:tag/n\":[1,2.5,\"-3.000000001\"]},\"Null\":{\"acs:MFAPresent\":false}"),
        WHEN("\"Bool\":{\"acs:SecureTransport\":true},\"NotIpAddressIfExists\":{\"acs:sourceip\":\"2001:db8::/32\"},"
             "\"DateGreaterThanEquals\":{\"acs:CurrentTime\":\"2024-05-20T14:34:21+08:00\"}"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        policy *p = compiled(rows[i]);
        assert_true(policy_bytes(p) < 2048);
        policy_free(p);
    }
}

static void system_policies_compile(void **state) {
    (void)state;
    static const char *const expected[] = {"AdministratorAccess",
                                           "ReadOnlyAccess",
                                           "AliyunKMSFullAccess",
                                           "AliyunKMSReadOnlyAccess",
                                           "AliyunKMSCryptoAdminAccess",
                                           "AliyunKMSCryptoUserAccess",
                                           "AliyunOSSFullAccess",
                                           "AliyunOSSReadOnlyAccess",
                                           "AliyunRAMFullAccess",
                                           "AliyunRAMReadOnlyAccess",
                                           "AliyunSTSAssumeRoleAccess",
                                           "AliyunActionTrailFullAccess",
                                           "AliyunActionTrailReadOnlyAccess"};
    assert_int_equal(system_policy_count(), sizeof expected / sizeof *expected);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const system_policy *found = system_policy_find(slice_of_text(expected[i]));
        assert_non_null(found);
        policy_free(compiled(found->document));
        assert_true(strlen(found->description) > 0);
    }
    for (size_t i = 1; i < system_policy_count(); i++)
        assert_true(strcmp(system_policy_at(i - 1)->name, system_policy_at(i)->name) < 0);
    assert_null(system_policy_at(system_policy_count()));
    assert_null(system_policy_find(SLICE("administratoraccess")));
    assert_null(system_policy_find(SLICE("")));
}

static bool system_allows(const char *name, const char *action) {
    policy_request request = {slice_of_text(action), SLICE("acs:kms:r:1:key/a"), NULL, 0, 0};
    return decision_of(system_policy_find(slice_of_text(name))->document, &request) == DECISION_ALLOW;
}

static void system_policies_mean_what_they_say(void **state) {
    (void)state;
    assert_false(system_allows("ReadOnlyAccess", "kms:GetSecretValue"));
    assert_false(system_allows("ReadOnlyAccess", "kms:Decrypt"));
    assert_false(system_allows("ReadOnlyAccess", "kms:GetParametersForImport"));
    assert_false(system_allows("ReadOnlyAccess", "oss:PutObject"));
    assert_false(system_allows("AliyunKMSReadOnlyAccess", "kms:GetSecretValue"));
    assert_false(system_allows("AliyunKMSCryptoAdminAccess", "kms:Decrypt"));
    assert_false(system_allows("AliyunKMSCryptoUserAccess", "kms:DisableKey"));
    assert_false(system_allows("AliyunOSSFullAccess", "kms:Decrypt"));
    assert_false(system_allows("AliyunRAMReadOnlyAccess", "ram:CreateUser"));
    assert_true(system_allows("AdministratorAccess", "kms:Decrypt"));
    assert_true(system_allows("ReadOnlyAccess", "kms:DescribeKey"));
    assert_true(system_allows("ReadOnlyAccess", "oss:GetObject"));
    assert_true(system_allows("ReadOnlyAccess", "actiontrail:LookupEvents"));
    assert_true(system_allows("AliyunKMSFullAccess", "kms:Encrypt"));
    assert_true(system_allows("AliyunKMSCryptoAdminAccess", "kms:ImportKeyMaterial"));
    assert_true(system_allows("AliyunKMSCryptoUserAccess", "kms:GenerateDataKey"));
    assert_true(system_allows("AliyunOSSReadOnlyAccess", "oss:ListObjects"));
    assert_true(system_allows("AliyunSTSAssumeRoleAccess", "sts:AssumeRole"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_by_kind),
        cmocka_unit_test(refuses_cut_documents),
        cmocka_unit_test(refuses_long_documents),
        cmocka_unit_test(refuses_deep_documents),
        cmocka_unit_test(refuses_long_texts),
        cmocka_unit_test(names_stay_printable),
        cmocka_unit_test(short_memory_is_no_fault_of_the_document),
        cmocka_unit_test(accepts),
        cmocka_unit_test(system_policies_compile),
        cmocka_unit_test(system_policies_mean_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
