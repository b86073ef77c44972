/* What a signed text may and may not ask for. */
#include "custody/asked.h"
#include "custody/test_house.h"

#define NO_BODY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SOME_BODY "cd1852979dc244c77557954562be5ae208a85b7053462fbacf424a37c44bc7df"
#define OF(version, parameters) "POST&%2F&AccessKeyId%3DLTAI%26" parameters "%26Format%3Djson%26Version%3D" version
#define RPC(parameters) OF("2016-01-20", parameters)
#define RAM(parameters) OF("2015-05-01", parameters)
#define STS(parameters) OF("2015-04-01", parameters)
#define ACS3_OF(version, query, header, body)                                                                          \
    "POST\n/\n" query "\nhost:h\n" header "x-acs-date:d\n" version "\nhost;x-acs-action\n" body
#define ACS3(query, header, body) ACS3_OF("x-acs-version:2016-01-20\n", query, header, body)
#define ACS3_RAM(query, header, body) ACS3_OF("x-acs-version:2015-05-01\n", query, header, body)

typedef struct row {
    int scheme;
    const char *text;
    int act;
    bool allowed;
} row;

static const row rows[] = {
    /* each API operation for its own act, and for no other */
    {SCHEME_ALIBABA_V1, RPC("Action%3DEncrypt"), VAULT_ACT_ENCRYPT, true},
    {SCHEME_ALIBABA_V1, RPC("Action%3DEncrypt"), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3DEncrypt"), VAULT_ACT_GENERATE, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3DDecrypt"), VAULT_ACT_DECRYPT, true},
    {SCHEME_ALIBABA_V1, RPC("Action%3DGenerateDataKey"), VAULT_ACT_GENERATE, true},
    {SCHEME_ALIBABA_V1, RPC("Action%3DGenerateDataKey"), VAULT_ACT_GENERATE_SEALED, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3DGenerateDataKeyWithoutPlaintext"), VAULT_ACT_GENERATE_SEALED, true},
    {SCHEME_ALIBABA_V1, RPC("Action%3DGenerateDataKeyWithoutPlaintext"), VAULT_ACT_GENERATE, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3DCreateKey"), VAULT_ACT_NEW_KEY, true},
    {SCHEME_ALIBABA_V1, RPC("Action%3DGetParametersForImport"), VAULT_ACT_IMPORT_PARAMETERS, true},
    {SCHEME_ALIBABA_V1, RPC("Action%3DImportKeyMaterial"), VAULT_ACT_IMPORT, true},
    {SCHEME_ALIBABA_V1, RPC("Action%3DImportKeyMaterial"), VAULT_ACT_IMPORT_PARAMETERS, false},
    {SCHEME_ALIBABA_V1, RAM("Action%3DCreateAccessKey"), VAULT_ACT_NEW_ACCESS_KEY, true},
    {SCHEME_ALIBABA_V1, STS("Action%3DGetSessionToken"), VAULT_ACT_NEW_SESSION, true},
    {SCHEME_ALIBABA_V1, RPC("Action%3DListKeys"), VAULT_ACT_VERIFY, true},
    /* never by request */
    {SCHEME_ALIBABA_V1, RPC("Action%3DNewAccount"), VAULT_ACT_NEW_ACCOUNT, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3DAdoptAccessKey"), VAULT_ACT_ADOPT_ACCESS_KEY, false},
    {SCHEME_ALIBABA_V1, RAM("Action%3DCreateAccessKey"), VAULT_ACT_ADOPT_ACCESS_KEY, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3DEncrypt"), 0, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3DEncrypt"), VAULT_ACT_NEW_SESSION + 1, false},
    /* the action is a parameter of its own: not a part of another's name or value */
    {SCHEME_ALIBABA_V1, RPC("XAction%3DDecrypt"), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3DDecryptX"), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3Ddecrypt"), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, RPC("Description%3Da%2526Action%253DDecrypt%26Action%3DListKeys"), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, RPC("Description%3Da%2526Action%253DDecrypt"), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3DListKeys%26Action%3DDecrypt"), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3DDecrypt%26Action%3DDecrypt"), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, "POST&%2F&Action%3DDecrypt%26Version%3D2016-01-20", VAULT_ACT_DECRYPT, true},
    {SCHEME_ALIBABA_V1, "POST&%2Fx&Action%3DDecrypt", VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, "POST&%2F&A%3Db&Action%3DDecrypt", VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, "POST&Action%3DDecrypt", VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, "", VAULT_ACT_DECRYPT, false},
    /* nor is an action of another product, or of none */
    {SCHEME_ALIBABA_V1, RAM("Action%3DDecrypt"), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, OF("2016-01-21", "Action%3DDecrypt"), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, "POST&%2F&Action%3DDecrypt", VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, RPC("Action%3DDecrypt%26Version%3D2015-05-01"), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V1, OF("2015-05-01", "Action%3DDecrypt%26SignatureVersion%3D2016-01-20"), VAULT_ACT_DECRYPT, false},
    /* ACS3 */
    {SCHEME_ALIBABA_V3, ACS3_RAM("", "x-acs-action:Encrypt\n", NO_BODY), VAULT_ACT_ENCRYPT, false},
    {SCHEME_ALIBABA_V3, ACS3_OF("", "Version=2016-01-20", "x-acs-action:Encrypt\n", NO_BODY), VAULT_ACT_ENCRYPT, true},
    {SCHEME_ALIBABA_V3, ACS3_RAM("Version=2016-01-20", "x-acs-action:Encrypt\n", NO_BODY), VAULT_ACT_ENCRYPT, false},
    {SCHEME_ALIBABA_V3, ACS3_OF("", "", "x-acs-action:Encrypt\n", NO_BODY), VAULT_ACT_ENCRYPT, false},
    {SCHEME_ALIBABA_V3, ACS3("", "x-acs-action:Encrypt\n", NO_BODY), VAULT_ACT_ENCRYPT, true},
    {SCHEME_ALIBABA_V3, ACS3("", "x-acs-action:Encrypt\n", NO_BODY), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V3, ACS3("Action=Encrypt", "", NO_BODY), VAULT_ACT_ENCRYPT, true},
    {SCHEME_ALIBABA_V3, ACS3("Action=Decrypt", "x-acs-action:Encrypt\n", NO_BODY), VAULT_ACT_ENCRYPT, false},
    {SCHEME_ALIBABA_V3, ACS3("Action=Decrypt", "x-acs-action:Encrypt\n", NO_BODY), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V3, ACS3("", "x-acs-action:ListKeys\nx-acs-action:Decrypt\n", NO_BODY), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V3, ACS3("x=x-acs-action:Decrypt", "", NO_BODY), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V3, ACS3("", "", NO_BODY), VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V3, ACS3("", "x-acs-action:Decrypt\n", NO_BODY) "\n", VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V3, "POST\n/\n\nx-acs-action:Decrypt", VAULT_ACT_DECRYPT, false},
    {SCHEME_ALIBABA_V3, "POST\n/\n\nhost:h\n\nx-acs-action:Decrypt\n" NO_BODY, VAULT_ACT_DECRYPT, false},
    /* OSS, V1 */
    {SCHEME_OSS_V1, "GET\n\ntext/plain\ndate\nx-oss-date:d\n/mybucket/k.txt", VAULT_ACT_DECRYPT, true},
    {SCHEME_OSS_V1, "GET\n\n\n1716190461\n/mybucket/dir/a b.txt?response-content-type=text/plain", VAULT_ACT_DECRYPT,
     true},
    {SCHEME_OSS_V1, "GET\n\n\nd\n/mybucket/k.txt", VAULT_ACT_GENERATE, false},
    {SCHEME_OSS_V1, "GET\n\n\nd\n/mybucket/k.txt", VAULT_ACT_ENCRYPT, false},
    {SCHEME_OSS_V1, "GET\n\n\nd\n/mybucket/", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V1, "GET\n\n\nd\n/", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V1, "HEAD\n\n\nd\n/mybucket/k.txt", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V1, "DELETE\n\n\nd\n/mybucket/k.txt", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V1, "PUT\n\n\nd\n/mybucket/k.txt", VAULT_ACT_GENERATE, true},
    {SCHEME_OSS_V1, "PUT\n\n\nd\n/mybucket/k.txt", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source:/b/k\n/mybucket/k.txt", VAULT_ACT_DECRYPT, true},
    {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source:/b/k\n/mybucket/k.txt", VAULT_ACT_GENERATE, true},
    {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source:\n/mybucket/k.txt", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source-x-oss-metadata-directive:COPY\n/b/k", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V1, "PUT\n\n\nd\n/mybucket/k\nx-oss-copy-source:/b/k\n/x", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V1, "PUT\nx-oss-copy-source:/b/k\n\nd\n/mybucket/k", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V1, "PUT\n\n\nd\nx-acs-action:Encrypt\n/mybucket/k", VAULT_ACT_ENCRYPT, false},
    {SCHEME_OSS_V1, "GET", VAULT_ACT_DECRYPT, false},
    /* OSS, V4 */
    {SCHEME_OSS_V4, "GET\n/b/k\n\nx-oss-date:d\n\n\nUNSIGNED-PAYLOAD", VAULT_ACT_DECRYPT, true},
    {SCHEME_OSS_V4, "GET\n/b/\nacl\nx-oss-date:d\n\n\nUNSIGNED-PAYLOAD", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V4, "PUT\n/b/k\n\nx-oss-date:d\n\n\nUNSIGNED-PAYLOAD", VAULT_ACT_GENERATE, true},
    {SCHEME_OSS_V4, "PUT\n/b/k\n\nx-oss-date:d\n\n\nUNSIGNED-PAYLOAD", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V4, "PUT\n/b/k\n\nx-oss-copy-source:/b/k\n\n\nUNSIGNED-PAYLOAD", VAULT_ACT_DECRYPT, true},
    {SCHEME_OSS_V4, "PUT\n/b/k\n\nx-oss-date:d\n\nx-oss-copy-source:/b/k\nUNSIGNED-PAYLOAD", VAULT_ACT_DECRYPT, false},
    {SCHEME_OSS_V4, "PUT\n/b/k\n\nx-oss-copy-source:/b/k", VAULT_ACT_DECRYPT, false},
    {0, RPC("Action%3DEncrypt"), VAULT_ACT_ENCRYPT, false},
    {SCHEME_AWS_V4 + 1, RPC("Action%3DEncrypt"), VAULT_ACT_ENCRYPT, false},
};

/* ---- AWS */

#define AWS(head, target) head "\nhost:h\n" target "x-amz-date:d\n\nhost;x-amz-date;x-amz-target\n" NO_BODY
#define JSON(target) AWS("POST\n/\n", "x-amz-target:" target "\n")

typedef struct aws_row {
    const char *service, *text, *body;
    enum operation_id operation; /* OPERATION_NONE: nothing of ours */
} aws_row;

static const aws_row aws_rows[] = {
    {"kms", JSON("TrentService.Encrypt"), "", OPERATION_ENCRYPT},
    {"kms", JSON("TrentService.DeleteImportedKeyMaterial"), "", OPERATION_DELETE_KEY_MATERIAL},
    /* the contract's own name, a name of nobody's, another service's target or signature */
    {"kms", JSON("TrentService.DeleteKeyMaterial"), "", OPERATION_NONE},
    {"kms", JSON("TrentService.SetDeletionProtection"), "", OPERATION_NONE},
    {"kms", JSON("TrentService.encrypt"), "", OPERATION_NONE},
    {"kms", JSON("TrentService.x.Encrypt"), "", OPERATION_NONE},
    {"kms", JSON("Encrypt"), "", OPERATION_NONE},
    {"kms", JSON("secretsmanager.Encrypt"), "", OPERATION_NONE},
    {"s3", JSON("TrentService.Encrypt"), "", OPERATION_NONE},
    {"", JSON("TrentService.Encrypt"), "", OPERATION_NONE},
    {"kms", AWS("GET\n/\n", "x-amz-target:TrentService.Encrypt\n"), "", OPERATION_NONE},
    {"kms", AWS("POST\n/x\n", "x-amz-target:TrentService.Encrypt\n"), "", OPERATION_NONE},
    {"kms", AWS("POST\n/\nx=1", "x-amz-target:TrentService.Encrypt\n"), "", OPERATION_NONE},
    {"kms", AWS("POST\n/\nx-amz-target:TrentService.Encrypt", ""), "", OPERATION_NONE},
    {"kms", AWS("POST\n/\n", "x:x-amz-target:TrentService.Encrypt\n"), "", OPERATION_NONE},
};

static void aws_targets_name_one_operation(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof aws_rows / sizeof *aws_rows; i++) {
        OWNED(arena) memory = {0};
        asked a;
        proof p = {.scheme = SCHEME_AWS_V4, .scope_service = slice_of_text(aws_rows[i].service)};
        ASSERT_OK(asked_read(&p, slice_of_text(aws_rows[i].text), &memory, &a));
        if (a.operation != aws_rows[i].operation) fail_msg("row %zu: %d", i, (int)a.operation);
        const key_act encrypt = {.act = VAULT_ACT_ENCRYPT};
        status allowed = asked_allows(&a, &encrypt);
        assert_int_equal(FAILED(allowed), a.operation != OPERATION_ENCRYPT);
    }
}

static void broken_aws_texts_are_refused(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "POST\n/\n",
        "POST\n/\n\nx-amz-target:TrentService.Encrypt\n",
        ("POST\n/\n\nx-amz-target:TrentService.Encrypt\n\nhost\n" NO_BODY "\n"),
        ("POST\n/\n\nx-amz-target:TrentService.Encrypt\nx-amz-target:TrentService.Decrypt\n\nhost\n" NO_BODY),
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        OWNED(arena) memory = {0};
        asked a;
        proof p = {.scheme = SCHEME_AWS_V4, .scope_service = SLICE("kms")};
        ASSERT_FAILS(asked_read(&p, slice_of_text(TEXTS[i]), &memory, &a), NO_PERMISSION);
    }
}

/* SHA-256 of "Action=CreateAccessKey&UserName=b+b" */
#define FORM_HASH "e8500541a8fdc015b7ba9dfc08c552ad9e9dedae4fbf6dbe801b37e5463a49b3"
#define FORM(head, hash) head "\nhost:h\nx-amz-date:d\n\nhost;x-amz-date\n" hash

static status read_form(const char *text, const char *body, arena *memory, asked *out) {
    proof p = {.scheme = SCHEME_AWS_V4, .scope_service = SLICE("iam"), .body = slice_of_text(body)};
    return asked_read(&p, slice_of_text(text), memory, out);
}

static void forms_are_read_from_what_was_hashed(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    asked a;
    slice value;
    const char *body = "Action=CreateAccessKey&UserName=b+b";
    ASSERT_OK(crypto_start());
    ASSERT_OK(read_form(FORM("POST\n/\n", FORM_HASH), body, &memory, &a));
    ASSERT_OK(asked_form_value(&a, "UserName", &memory, &value));
    assert_true(slice_equals_text(value, "b b"));
    ASSERT_OK(asked_form_value(&a, "Action", &memory, &value));
    assert_true(slice_equals_text(value, "CreateAccessKey"));
    ASSERT_OK(asked_form_value(&a, "UserNam", &memory, &value));
    assert_true(slice_is_absent(value));
    ASSERT_OK(read_form(FORM("GET\n/\nAction=CreateAccessKey&UserName=b%20b", NO_BODY), "", &memory, &a));
    ASSERT_OK(asked_form_value(&a, "UserName", &memory, &value));
    assert_true(slice_equals_text(value, "b b"));
    /* a body that was not signed, a form in two places, a name twice, broken escapes */
    ASSERT_FAILS(read_form(FORM("POST\n/\n", FORM_HASH), "Action=CreateAccessKey&UserName=root", &memory, &a),
                 NO_PERMISSION);
    ASSERT_FAILS(read_form(FORM("POST\n/\n", FORM_HASH), "", &memory, &a), NO_PERMISSION);
    ASSERT_FAILS(read_form(FORM("POST\n/\nAction=CreateUser", FORM_HASH), body, &memory, &a), NO_PERMISSION);
    ASSERT_FAILS(read_form(FORM("GET\n/\nAction=CreateAccessKey", FORM_HASH), body, &memory, &a), NO_PERMISSION);
    ASSERT_FAILS(read_form(FORM("PUT\n/\n", FORM_HASH), body, &memory, &a), NO_PERMISSION);
    ASSERT_FAILS(read_form(FORM("POST\n/x\n", FORM_HASH), body, &memory, &a), NO_PERMISSION);
    ASSERT_FAILS(read_form(FORM("GET\n/\nAction=A&Action=B", NO_BODY), "", &memory, &a), NO_PERMISSION);
    ASSERT_FAILS(read_form(FORM("GET\n/\nAction=%zz", NO_BODY), "", &memory, &a), NO_PERMISSION);
}

static bool is_allowed(int scheme, const char *text, const key_act *act) {
    OWNED(arena) memory = {0};
    asked a;
    proof p = {.scheme = scheme};
    status read = asked_read(&p, slice_of_text(text), &memory, &a);
    status result = FAILED(read) ? read : asked_allows(&a, act);
    if (FAILED(result)) ASSERT_FAILS(result, NO_PERMISSION);
    return !FAILED(result);
}

static void acts_need_the_request_that_asks_for_them(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        key_act act = {.act = rows[i].act};
        bool allowed = is_allowed(rows[i].scheme, rows[i].text, &act);
        if (allowed != rows[i].allowed) fail_msg("row %zu: %s", i, rows[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts_need_the_request_that_asks_for_them),
        cmocka_unit_test(aws_targets_name_one_operation),
        cmocka_unit_test(broken_aws_texts_are_refused),
        cmocka_unit_test(forms_are_read_from_what_was_hashed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
