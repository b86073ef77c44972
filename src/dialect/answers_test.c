/* Answers, byte for byte: the success bodies that the public SDKs are known to accept, and errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/start.h"
#include "dialect/testing.h"

#define ID "4C467B38-3910-447D-87BC-AC049166F216"
#define OPEN "{\"RequestId\":\"" ID "\""
#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define DATE SET_INT(TEST_TIME_S)
#define DATE_TEXT "2024-05-20T06:34:21Z"

typedef struct answered {
    arena memory;
    http_answer a;
    status result;
} answered;

static decoded decoded_of(const dialect *wire, enum operation_id id, enum answer_form form) {
    return (decoded){.dialect = wire,
                     .operation = id,
                     .product = operation_get(id)->product,
                     .form = form,
                     .action = slice_of_text(operation_get(id)->name)};
}

static reply reply_of(const void *output, enum status_code failure, const char *detail) {
    return (reply){.request_id = SLICE(ID),
                   .failure = {failure},
                   .detail = slice_of_text(detail),
                   .output = output,
                   .host = SLICE("kms.example"),
                   .elapsed_ms = 3};
}

static answered answer(const decoded *d, const reply *r) {
    answered out = {.memory = {.limit = 0}};
    out.result = FAILED(r->failure) ? d->dialect->encode_failure(d, r, &out.memory, &out.a)
                                    : d->dialect->encode(d, r, &out.memory, &out.a);
    assert_false(FAILED(out.result));
    return out;
}

static void assert_text(slice text, const char *expected) {
    if (!slice_equals_text(text, expected)) print_error("got      %.*s\nexpected %s\n", SLICE_ARGS(text), expected);
    assert_true(slice_equals_text(text, expected));
}

static void expect_rpc(enum operation_id id, enum answer_form form, const void *output, const char *body) {
    decoded d = decoded_of(&dialect_alibaba_rpc, id, form);
    reply r = reply_of(output, STATUS_OK, NULL);
    answered a = answer(&d, &r);
    assert_int_equal(a.a.status, 200);
    assert_text(a.a.body, body);
    assert_int_equal(a.a.content_length, a.a.body.len);
    assert_text(testing_header(&a.a, "content-type"),
                form == ANSWER_XML ? "text/xml;charset=utf-8" : "application/json;charset=utf-8");
    assert_text(testing_header(&a.a, "x-acs-request-id"), ID);
    arena_clear(&a.memory);
}

static void keys(void **state) {
    (void)state;
    key_metadata metadata = {.key_id = SLICE("key-hz0001"),
                             .arn = SLICE("acs:kms:cn-hangzhou:1000000000000001:key/key-hz0001"),
                             .creator = SLICE("1000000000000001"),
                             .creation_date = DATE,
                             .key_state = KEY_STATE_PENDING_IMPORT,
                             .key_usage = KEY_USAGE_ENCRYPT_DECRYPT,
                             .key_spec = KEY_SPEC_ALIYUN_AES_256,
                             .origin = KEY_ORIGIN_EXTERNAL,
                             .protection_level = PROTECTION_LEVEL_SOFTWARE,
                             .primary_key_version = SLICE("key-hz0001-v1"),
                             .automatic_rotation = ROTATION_STATUS_DISABLED,
                             .description = SLICE(""),
                             .delete_date = SLICE(""),
                             .material_expire_time = SLICE(""),
                             .last_rotation_date = DATE};
    create_key_out created = {.key_metadata = &metadata};
    expect_rpc(
        OPERATION_CREATE_KEY, ANSWER_JSON, &created,
        OPEN
        ",\"KeyMetadata\":{\"KeyId\":\"key-hz0001\",\"Arn\":\"acs:kms:cn-hangzhou:1000000000000001:key/key-hz0001\","
        "\"Creator\":\"1000000000000001\",\"CreationDate\":\"" DATE_TEXT "\",\"KeyState\":\"PendingImport\","
        "\"KeyUsage\":\"ENCRYPT/DECRYPT\",\"KeySpec\":\"Aliyun_AES_256\",\"Origin\":\"EXTERNAL\","
        "\"ProtectionLevel\":\"SOFTWARE\",\"PrimaryKeyVersion\":\"key-hz0001-v1\",\"AutomaticRotation\":\"Disabled\","
        "\"Description\":\"\",\"DeleteDate\":\"\",\"MaterialExpireTime\":\"\",\"LastRotationDate\":\"" DATE_TEXT
        "\"}}");
    key_entry entry = {SLICE("key-hz0001"), SLICE("acs:kms:cn-hangzhou:1000000000000001:key/key-hz0001")};
    list_keys_out listed = {
        .keys = {&entry, 1}, .page_number = SET_INT(1), .page_size = SET_INT(10), .total_count = SET_INT(1)};
    expect_rpc(OPERATION_LIST_KEYS, ANSWER_JSON, &listed,
               OPEN ",\"Keys\":{\"Key\":[{\"KeyId\":\"key-hz0001\",\"KeyArn\":\"acs:kms:cn-hangzhou:1000000000000001:"
                    "key/key-hz0001\"}]"
                    "},\"PageNumber\":1,\"PageSize\":10,\"TotalCount\":1}");
    list_keys_out none = {.page_number = SET_INT(2), .page_size = SET_INT(10), .total_count = SET_INT(0)};
    expect_rpc(OPERATION_LIST_KEYS, ANSWER_JSON, &none,
               OPEN ",\"Keys\":{\"Key\":[]},\"PageNumber\":2,\"PageSize\":10,\"TotalCount\":0}");
    expect_rpc(OPERATION_LIST_KEYS, ANSWER_XML, &listed,
               XML "<KMS><RequestId>" ID "</RequestId><Keys><Key><KeyId>key-hz0001</KeyId>"
                   "<KeyArn>acs:kms:cn-hangzhou:1000000000000001:key/key-hz0001</KeyArn></Key></Keys>"
                   "<PageNumber>1</PageNumber><PageSize>10</PageSize><TotalCount>1</TotalCount></KMS>");
}

static void import_and_data_keys(void **state) {
    (void)state;
    get_parameters_for_import_out parameters = {.key_id = SLICE("key-hz0001"),
                                                .public_key = SLICE("0\x82\x01"),
                                                .import_token = SLICE("tok"),
                                                .token_expire_time = SET_INT(TEST_TIME_S + 86400)};
    expect_rpc(OPERATION_GET_PARAMETERS_FOR_IMPORT, ANSWER_JSON, &parameters,
               OPEN ",\"KeyId\":\"key-hz0001\",\"PublicKey\":\"MIIB\",\"ImportToken\":\"dG9r\",\"TokenExpireTime\":"
                    "\"2024-05-21T06:34:21Z\"}");
    generate_data_key_out generated = {.key_id = SLICE("key-hz0001"),
                                       .key_version_id = SLICE("key-hz0001-v1"),
                                       .ciphertext_blob = SLICE("\x04\x10\x41"),
                                       .plaintext = slice_of("\0\0\0", 3)};
    expect_rpc(OPERATION_GENERATE_DATA_KEY, ANSWER_JSON, &generated,
               OPEN ",\"KeyId\":\"key-hz0001\",\"KeyVersionId\":\"key-hz0001-v1\",\"CiphertextBlob\":\"BBBB\","
                    "\"Plaintext\":\"AAAA\"}");
    enable_key_out nothing = {0};
    expect_rpc(OPERATION_ENABLE_KEY, ANSWER_JSON, &nothing, OPEN "}");
    region_entry region = {SLICE("cn-hangzhou")};
    describe_regions_out regions = {.regions = {&region, 1}};
    expect_rpc(OPERATION_DESCRIBE_REGIONS, ANSWER_JSON, &regions,
               OPEN ",\"Regions\":{\"Region\":[{\"RegionId\":\"cn-hangzhou\"}]}}");
}

static void identities(void **state) {
    (void)state;
    get_caller_identity_out me = {.identity_type = IDENTITY_TYPE_RAM_USER,
                                  .account_id = SLICE("1000000000000001"),
                                  .principal_id = SLICE("2000"),
                                  .user_id = SLICE("2000"),
                                  .arn = SLICE("acs:ram::1000000000000001:user/alice")};
    expect_rpc(OPERATION_GET_CALLER_IDENTITY, ANSWER_JSON, &me,
               OPEN ",\"IdentityType\":\"RAMUser\",\"AccountId\":\"1000000000000001\",\"PrincipalId\":\"2000\","
                    "\"UserId\":\"2000\",\"Arn\":\"acs:ram::1000000000000001:user/alice\"}");
    user_view alice = {.user_id = SLICE("2000"),
                       .user_name = SLICE("alice"),
                       .display_name = SLICE("Al<ice\x01>"),
                       .create_date = DATE};
    list_users_out users = {.users = {&alice, 1}, .is_truncated = SET_BOOL(false)};
    expect_rpc(OPERATION_LIST_USERS, ANSWER_JSON, &users,
               OPEN
               ",\"Users\":{\"User\":[{\"UserId\":\"2000\",\"UserName\":\"alice\",\"DisplayName\":\"Al<ice\\u0001>\","
               "\"CreateDate\":\"" DATE_TEXT "\",\"Tags\":{\"Tag\":[]}}]},\"IsTruncated\":false}");
    expect_rpc(OPERATION_LIST_USERS, ANSWER_XML, &users,
               XML "<ListUsersResponse><RequestId>" ID
                   "</RequestId><Users><User><UserId>2000</UserId><UserName>alice</UserName>"
                   "<DisplayName>Al&lt;ice\xEF\xBF\xBD&gt;</DisplayName><CreateDate>" DATE_TEXT
                   "</CreateDate><Tags></Tags></User></Users>"
                   "<IsTruncated>false</IsTruncated></ListUsersResponse>");
    access_key_view key = {.access_key_id = SLICE("LTAI"),
                           .access_key_secret = SLICE("sec"),
                           .status = ACCESS_KEY_STATUS_ACTIVE,
                           .create_date = DATE};
    create_access_key_out made = {.access_key = &key};
    expect_rpc(OPERATION_CREATE_ACCESS_KEY, ANSWER_JSON, &made,
               OPEN ",\"AccessKey\":{\"AccessKeyId\":\"LTAI\",\"AccessKeySecret\":\"sec\",\"Status\":\"Active\","
                    "\"CreateDate\":\"" DATE_TEXT "\"}}");
}

static void policies_and_sessions(void **state) {
    (void)state;
    policy_view policy = {.policy_name = SLICE("p"),
                          .policy_type = POLICY_TYPE_CUSTOM,
                          .default_version = SLICE("v1"),
                          .attachment_count = SET_INT(0)};
    policy_version_view version = {
        .version_id = SLICE("v1"), .is_default_version = SET_BOOL(true), .policy_document = SLICE("{}")};
    get_policy_out got = {.policy = &policy, .default_policy_version = &version};
    expect_rpc(
        OPERATION_GET_POLICY, ANSWER_JSON, &got,
        OPEN
        ",\"Policy\":{\"PolicyName\":\"p\",\"PolicyType\":\"Custom\",\"DefaultVersion\":\"v1\",\"AttachmentCount\":0,"
        "\"Tags\":{\"Tag\":[]}},"
        "\"DefaultPolicyVersion\":{\"VersionId\":\"v1\",\"IsDefaultVersion\":true,\"PolicyDocument\":\"{}\"}}");
    credentials session = {.access_key_id = SLICE("STS.abc"),
                           .access_key_secret = SLICE("sec"),
                           .security_token = SLICE("tok"),
                           .expiration = SET_INT(TEST_TIME_S + 3600)};
    get_session_token_out token = {.credentials = &session};
    expect_rpc(OPERATION_GET_SESSION_TOKEN, ANSWER_JSON, &token,
               OPEN
               ",\"Credentials\":{\"AccessKeyId\":\"STS.abc\",\"AccessKeySecret\":\"sec\",\"SecurityToken\":\"tok\","
               "\"Expiration\":\"2024-05-20T07:34:21Z\"}}");
}

static void events(void **state) {
    (void)state;
    slice list[] = {SLICE("{\"eventName\":\"Decrypt\"}"), SLICE("{}")};
    lookup_events_out found = {.events = {list, 2}, .start_time = DATE, .end_time = DATE, .next_token = SLICE("n")};
    expect_rpc(OPERATION_LOOKUP_EVENTS, ANSWER_JSON, &found,
               OPEN ",\"Events\":[{\"eventName\":\"Decrypt\"},{}],\"StartTime\":\"" DATE_TEXT
                    "\",\"EndTime\":\"" DATE_TEXT "\",\"NextToken\":\"n\"}");
    slice hashes[] = {SLICE("a"), SLICE("b")};
    get_checkpoint_out checkpoint = {.checkpoint = SLICE("log\n1\n"), .consistency = {hashes, 2}};
    expect_rpc(OPERATION_GET_CHECKPOINT, ANSWER_XML, &checkpoint,
               XML "<GetCheckpointResponse><RequestId>" ID
                   "</RequestId><Checkpoint>log\n1\n</Checkpoint><Consistency>a</Consistency>"
                   "<Consistency>b</Consistency></GetCheckpointResponse>");
}

/* ---- RPC errors */

static void expect_rpc_error(const decoded *d, enum status_code code, const char *detail, int http, const char *body) {
    reply r = reply_of(NULL, code, detail);
    answered a = answer(d, &r);
    assert_int_equal(a.a.status, http);
    assert_text(a.a.body, body);
    arena_clear(&a.memory);
}

static void rpc_errors(void **state) {
    (void)state;
    decoded kms = decoded_of(&dialect_alibaba_rpc, OPERATION_DESCRIBE_KEY, ANSWER_JSON);
    expect_rpc_error(&kms, FAILURE_KEY_NOT_FOUND, NULL, 404,
                     OPEN ",\"HttpStatus\":404,\"HostId\":\"kms.example\",\"Code\":\"Forbidden.KeyNotFound\","
                          "\"Message\":\"The specified Key is not found.\"}");
    expect_rpc_error(&kms, FAILURE_MISSING_PARAMETER, "KeyId", 400,
                     OPEN ",\"HttpStatus\":400,\"HostId\":\"kms.example\",\"Code\":\"MissingParameter\","
                          "\"Message\":\"A required parameter is missing: KeyId\"}");
    expect_rpc_error(&kms, FAILURE_NO_PERMISSION, NULL, 403,
                     OPEN ",\"HttpStatus\":403,\"HostId\":\"kms.example\",\"Code\":\"Forbidden.NoPermission\","
                          "\"Message\":\"You are not authorized to do this action.\"}");
    expect_rpc_error(&kms, FAILURE_BUCKET_NOT_FOUND, "secret-plans", 500, /* never of this wire */
                     OPEN ",\"HttpStatus\":500,\"HostId\":\"kms.example\",\"Code\":\"InternalFailure\","
                          "\"Message\":\"The request failed because of an internal error.\"}");
    kms.form = ANSWER_XML;
    expect_rpc_error(&kms, FAILURE_KEY_NOT_FOUND, NULL, 404,
                     XML "<KMS><HttpStatus>404</HttpStatus><RequestId>" ID "</RequestId><HostId>kms.example</HostId>"
                         "<Code>Forbidden.KeyNotFound</Code><Message>The specified Key is not found.</Message></KMS>");
    decoded ram = decoded_of(&dialect_alibaba_rpc, OPERATION_GET_USER, ANSWER_XML);
    expect_rpc_error(&ram, FAILURE_USER_NOT_FOUND, "al\x02ice", 404,
                     XML "<Error><RequestId>" ID
                         "</RequestId><HostId>kms.example</HostId><Code>EntityNotExist.User</Code>"
                         "<Message>The specified user does not exist: al\xEF\xBF\xBDice</Message></Error>");
    decoded unknown;
    http_head head = testing_head("POST", "/", "");
    decoded_begin(&dialect_alibaba_rpc, &head, &unknown);
    expect_rpc_error(&unknown, FAILURE_REQUEST_TOO_LARGE, NULL, 413,
                     OPEN ",\"HostId\":\"kms.example\",\"Code\":\"RequestEntityTooLarge\","
                          "\"Message\":\"The request is larger than this operation allows.\"}");
}

static void bad_signatures_show_what_was_signed(void **state) {
    (void)state;
    decoded d = decoded_of(&dialect_alibaba_rpc, OPERATION_GET_USER, ANSWER_JSON);
    slice text = SLICE("POST&%2F&A%3Db");
    d.proof = (proof){.scheme = SCHEME_ALIBABA_V1, .texts = {&text, 1}};
    expect_rpc_error(
        &d, FAILURE_BAD_SIGNATURE, NULL, 400,
        OPEN ",\"HostId\":\"kms.example\",\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"Specified signature is not "
             "matched with our calculation. server string to sign is:POST&%2F&A%3Db\"}");
    slice canonical = SLICE("");
    d.proof = (proof){.scheme = SCHEME_ALIBABA_V3, .texts = {&canonical, 1}};
    expect_rpc_error(
        &d, FAILURE_BAD_SIGNATURE, NULL, 400,
        OPEN ",\"HostId\":\"kms.example\",\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"Specified signature is not "
             "matched with our calculation. server string to sign is:ACS3-HMAC-SHA256\\n"
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}");
    d.proof = (proof){0};
    expect_rpc_error(
        &d, FAILURE_BAD_SIGNATURE, NULL, 400,
        OPEN ",\"HostId\":\"kms.example\",\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"The request signature we "
             "calculated does not match the signature you provided.\"}");
}

/* Whatever fails, and whatever is in the detail, there is an answer. */
static void every_failure_has_an_answer(void **state) {
    (void)state;
    const dialect *wires[] = {&dialect_alibaba_rpc, &dialect_oss_rest};
    http_head head = testing_head("GET", "/", "");
    for (size_t w = 0; w < 2; w++) {
        for (int code = 1; code <= FAILURE_EVENT_NOT_FOUND; code++) {
            decoded d;
            decoded_begin(wires[w], &head, &d);
            reply r = reply_of(NULL, (enum status_code)code, "\xFF]]>\x02\xC3");
            answered a = answer(&d, &r);
            assert_true(a.a.status >= 300 && a.a.status < 600);
            arena_clear(&a.memory);
        }
    }
}

int main(void) {
    if (FAILED(crypto_start())) return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(import_and_data_keys),
        cmocka_unit_test(identities),
        cmocka_unit_test(policies_and_sessions),
        cmocka_unit_test(events),
        cmocka_unit_test(rpc_errors),
        cmocka_unit_test(bad_signatures_show_what_was_signed),
        cmocka_unit_test(every_failure_has_an_answer),
    };
    return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
