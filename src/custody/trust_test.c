/* Whom trust policies surely do not let in: each refusal beside what is admitted. */
#include "custody/trust.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEXT(literal)                                                                                                  \
    { (const uint8_t *)(literal), sizeof(literal) - 1 }

static slice audience[] = {TEXT("web"), TEXT("other")};
static vouched token = {.issuer = TEXT("https://idp.example.com/realm"), .subject = TEXT("repo:org/app:main")};
static vouched assertion = {.issuer = TEXT("https://idp"), .subject = TEXT("alice"), .recipient = TEXT("https://here")};

static bool admits(const char *document, const char *provider, const vouched *who) {
    OWNED(arena) memory = {.limit = 1 << 20};
    trust_question q = {SLICE("1000000000000001"), slice_of_text(provider), SLICE("ci"), who};
    bool out = true;
    assert_string_equal(status_name(trust_admits(slice_of_text(document), &q, &memory, &out)), "OK");
    return out;
}

static bool admits_token(const char *document) { return admits(document, "oidc-provider/corporate", &token); }

#define OURS "\"acs:ram::1000000000000001:oidc-provider/corporate\""
#define STATEMENT(effect, who, action, more)                                                                           \
    "{\"Effect\":\"" effect "\",\"Action\":" action ",\"Principal\":{\"Federated\":" who "}" more "}"
#define ALLOW(more) STATEMENT("Allow", OURS, "\"sts:AssumeRole\"", more)
#define DENY(more) STATEMENT("Deny", OURS, "\"sts:AssumeRole\"", more)
#define POLICY(statements) "{\"Version\":\"1\",\"Statement\":[" statements "]}"
#define WHEN(conditions) POLICY(ALLOW(",\"Condition\":{" conditions "}"))

static int begin(void **state) {
    (void)state;
    token.audience.at = audience, token.audience.count = 2;
    token.party = audience[0];
    return 0;
}

static void names_the_provider(void **state) {
    (void)state;
    static const char *const GOOD[] = {
        POLICY(ALLOW("")),
        "{\"Statement\":" ALLOW("") "}",
        POLICY(STATEMENT("Allow", "\"arn:aws:iam::1000000000000001:oidc-provider\\/corporate\"",
                         "\"sts:AssumeRoleWithWebIdentity\"", "")),
        POLICY(STATEMENT("Allow", "[\"x\"," OURS "]", "[\"sts:TagSession\",\"STS:assumerolewithoidc\"]", "")),
        POLICY(STATEMENT("Allow", OURS, "\"sts:Assume*\"", "")),
    };
    static const char *const BAD[] = {
        POLICY(""),
        POLICY(DENY("")),
        POLICY(STATEMENT("Allow", "\"acs:ram::1000000000000001:oidc-provider/corporate2\"", "\"sts:AssumeRole\"", "")),
        POLICY(STATEMENT("Allow", "\"acs:ram::1000000000000001:oidc-provider/corp\"", "\"sts:AssumeRole\"", "")),
        POLICY(STATEMENT("Allow", "\"acs:ram::1000000000000001:saml-provider/corporate\"", "\"sts:AssumeRole\"", "")),
        POLICY(STATEMENT("Allow", "\"acs:ram::2000000000000002:oidc-provider/corporate\"", "\"sts:AssumeRole\"", "")),
        POLICY(STATEMENT("Allow", "\"acs:kms::1000000000000001:oidc-provider/corporate\"", "\"sts:AssumeRole\"", "")),
        POLICY(STATEMENT("Allow", OURS, "\"sts:TagSession\"", "")),
        POLICY(STATEMENT("Allow", OURS, "\"sts:AssumeRoleWithSAML\"", "")),
        POLICY("{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":\"*\"}"),
        POLICY("{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"RAM\":[" OURS "]}}"),
        POLICY("{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"NotPrincipal\":{\"Federated\":" OURS "}}"),
        POLICY("{\"Effect\":\"Allow\",\"Sid\":" OURS ",\"Action\":\"sts:AssumeRole\",\"Principal\":\"*\"}"),
        POLICY(ALLOW("") "," DENY("")),
        "",
        "{}",
        "[]",
        "\1",
        "{\"Statement\":[\"x\"]}",
        "{\"Statement\":" ALLOW(""),
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        if (!admits_token(GOOD[i])) fail_msg("not admitted: %s", GOOD[i]);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        if (admits_token(BAD[i])) fail_msg("admitted: %s", BAD[i]);
}

static void conditions_of_the_token(void **state) {
    (void)state;
    static const char *const GOOD[] = {
        WHEN("\"StringEquals\":{\"oidc:sub\":\"repo:org/app:main\",\"OIDC:AUD\":[\"x\",\"web\"],"
             "\"oidc:iss\":\"https://idp.example.com/realm\"}"),
        WHEN("\"StringEquals\":{\"idp.example.com/realm:sub\":\"repo:org/app:main\","
             "\"idp.example.com/realm:aud\":\"web\",\"idp.example.com/realm:oaud\":\"web\"}"),
        WHEN("\"StringLike\":{\"oidc:sub\":\"repo:org/*:m?in\"}"),
        WHEN("\"StringEqualsIgnoreCase\":{\"oidc:sub\":\"REPO:org/app:MAIN\"}"),
        WHEN("\"StringNotEquals\":{\"oidc:sub\":\"repo:org/other:main\"}"),
        WHEN("\"StringNotLike\":{\"saml:sub\":\"*\"}"),
        WHEN("\"StringEqualsIfExists\":{\"saml:sub\":\"alice\"}"),
        WHEN("\"ForAllValues:StringEquals\":{\"oidc:aud\":[\"web\",\"other\"]}"),
        WHEN("\"ForAnyValue:StringEquals\":{\"oidc:aud\":\"other\"}"),
        /* for core to say */
        WHEN("\"StringEquals\":{\"acs:SourceIp\":\"10.0.0.1\",\"oidc:sub\":\"repo:org/app:main\"}"),
        WHEN("\"Null\":{\"oidc:sub\":\"true\"}"),
        WHEN("\"StringEquals\":{\"oidc:sub\":\"${oidc:aud}\"}"),
        WHEN("\"DateLessThan\":{\"acs:CurrentTime\":\"2001-01-01T00:00:00Z\"}"),
        POLICY(ALLOW("") "," DENY(",\"Condition\":{\"StringEquals\":{\"oidc:sub\":\"other\"}}")),
        POLICY(ALLOW("") "," DENY(",\"Condition\":{\"IpAddress\":{\"acs:SourceIp\":\"0.0.0.0/0\"}}")),
    };
    static const char *const BAD[] = {
        WHEN("\"StringEquals\":{\"oidc:sub\":\"repo:org/app:mai\"}"),
        WHEN("\"StringEquals\":{\"oidc:sub\":\"repo:org/*\"}"),
        WHEN("\"StringEquals\":{\"oidc:sub\":\"repo:org/app:main\",\"oidc:aud\":\"cli\"}"),
        WHEN("\"StringEquals\":{\"oidc:sub\":\"repo:org/app:main\"},\"StringLike\":{\"oidc:aud\":\"cl?\"}"),
        WHEN("\"StringEquals\":{\"idp.example.com/realm:sub\":\"x\"}"),
        WHEN("\"StringEquals\":{\"idp.example.com:sub\":\"repo:org/app:main\"}"), /* another issuer's */
        WHEN("\"StringEquals\":{\"IDP.example.com/realm:sub\":\"repo:org/app:main\"}"),
        WHEN("\"StringEquals\":{\"saml:sub\":\"repo:org/app:main\"}"),
        WHEN("\"StringEquals\":{\"idp.example.com/realm:aud\":\"other\"}"), /* that is who asked for it */
        WHEN("\"StringNotEquals\":{\"oidc:aud\":\"other\"}"),
        WHEN("\"StringNotLike\":{\"oidc:sub\":\"repo:*\"}"),
        WHEN("\"StringNotEqualsIgnoreCase\":{\"oidc:sub\":\"REPO:ORG/APP:MAIN\"}"),
        WHEN("\"ForAllValues:StringEquals\":{\"oidc:aud\":\"web\"}"),
        WHEN("\"ForAnyValue:StringNotEquals\":{\"oidc:aud\":[\"web\",\"other\"]}"),
        WHEN("\"ForAnyValue:StringEquals\":{\"saml:sub\":\"x\"}"),
        WHEN("\"StringEquals\":{\"sts:RoleSessionName\":\"cd\"}"),
        WHEN("\"StringEquals\":\"x\",\"StringLike\":{\"oidc:sub\":\"x\"}"),
        WHEN("\"StringEquals\":{\"oidc:sub\":[]}"),
        POLICY(ALLOW("") "," DENY(",\"Condition\":{\"StringLike\":{\"oidc:sub\":\"repo:org/*\"}}")),
        POLICY(ALLOW(",\"Condition\":{\"StringEquals\":{\"oidc:sub\":\"a\"}}") "," ALLOW(
            ",\"Condition\":{\"StringEquals\":{\"oidc:sub\":\"b\"}}")),
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        if (!admits_token(GOOD[i])) fail_msg("not admitted: %s", GOOD[i]);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        if (admits_token(BAD[i])) fail_msg("admitted: %s", BAD[i]);
}

static void assertions(void **state) {
    (void)state;
#define SAML(condition)                                                                                                \
    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRoleWithSAML\",\"Principal\":{\"Federated\":"         \
    "\"acs:ram::1000000000000001:saml-provider/corporate\"},\"Condition\":{\"StringEquals\":{" condition "}}}}"
    static const char *const GOOD[] = {
        SAML("\"saml:sub\":\"alice\",\"SAML:aud\":\"https://here\",\"saml:iss\":\"https://idp\""),
        SAML("\"saml:recipient\":\"https://here\"")};
    static const char *const BAD[] = {SAML("\"saml:sub\":\"bob\""), SAML("\"SAML:aud\":\"https://there\""),
                                      SAML("\"oidc:sub\":\"alice\""), SAML("\"idp.example.com:sub\":\"alice\"")};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_true(admits(GOOD[i], "saml-provider/corporate", &assertion));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(admits(BAD[i], "saml-provider/corporate", &assertion));
    assert_false(admits(GOOD[1], "oidc-provider/corporate", &assertion));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_provider),
        cmocka_unit_test(conditions_of_the_token),
        cmocka_unit_test(assertions),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
