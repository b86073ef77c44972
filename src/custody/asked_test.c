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
    {SCHEME_OSS_V4 + 1, RPC("Action%3DEncrypt"), VAULT_ACT_ENCRYPT, false},
};

static bool is_allowed(int scheme, const char *text, const key_act *act) {
    OWNED(arena) memory = {0};
    asked a;
    status read = asked_read(scheme, slice_of_text(text), &memory, &a);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
