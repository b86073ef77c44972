/* Answers, byte for byte: the success bodies that the public SDKs are known to accept, and errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/start.h"
#include "dialect/testing.h"

#define ID "4C467B38-3910-447D-87BC-AC049166F216"
#define OPEN "{\"RequestId\":\"" ID "\""
#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define DATE SET_INT(TEST_TIME_S)
#define DATE_TEXT "2024-05-20T06:34:21Z"
#define OSS_DATE_TEXT "2024-05-20T06:34:21.000Z"

typedef struct answered {
    arena memory;
    http_answer a;
    status result;
} answered;

static decoded decoded_of(const dialect *wire, enum operation_id id, enum answer_form form) {
    return (decoded){.dialect = wire, .operation = id, .product = operation_get(id)->product, .form = form,
                     .action = slice_of_text(operation_get(id)->name)};
}

static reply reply_of(const void *output, enum status_code failure, const char *detail) {
    return (reply){.request_id = SLICE(ID), .failure = {failure}, .detail = slice_of_text(detail), .output = output,
                   .host = SLICE("kms.example"), .elapsed_ms = 3};
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
    key_metadata metadata = {.key_id = SLICE("key-hz0001"), .arn = SLICE("acs:kms:cn-hangzhou:1000000000000001:key/key-hz0001"),
                             .creator = SLICE("1000000000000001"), .creation_date = DATE, .key_state = KEY_STATE_PENDING_IMPORT,
                             .key_usage = KEY_USAGE_ENCRYPT_DECRYPT, .key_spec = KEY_SPEC_ALIYUN_AES_256,
                             .origin = KEY_ORIGIN_EXTERNAL, .protection_level = PROTECTION_LEVEL_SOFTWARE,
                             .primary_key_version = SLICE("key-hz0001-v1"), .automatic_rotation = ON_OFF_DISABLED,
                             .description = SLICE(""), .delete_date = SLICE(""), .material_expire_time = SLICE(""),
                             .last_rotation_date = DATE};
    create_key_out created = {.key_metadata = &metadata};
    expect_rpc(OPERATION_CREATE_KEY, ANSWER_JSON, &created,
               OPEN ",\"KeyMetadata\":{\"KeyId\":\"key-hz0001\",\"Arn\":\"acs:kms:cn-hangzhou:1000000000000001:key/key-hz0001\","
                    "\"Creator\":\"1000000000000001\",\"CreationDate\":\"" DATE_TEXT "\",\"KeyState\":\"PendingImport\","
                    "\"KeyUsage\":\"ENCRYPT/DECRYPT\",\"KeySpec\":\"Aliyun_AES_256\",\"Origin\":\"EXTERNAL\","
                    "\"ProtectionLevel\":\"SOFTWARE\",\"PrimaryKeyVersion\":\"key-hz0001-v1\",\"AutomaticRotation\":\"Disabled\","
                    "\"Description\":\"\",\"DeleteDate\":\"\",\"MaterialExpireTime\":\"\",\"LastRotationDate\":\"" DATE_TEXT
                    "\"}}");
    key_entry entry = {SLICE("key-hz0001"), SLICE("acs:kms:cn-hangzhou:1000000000000001:key/key-hz0001")};
    list_keys_out listed = {.keys = {&entry, 1}, .page_number = SET_INT(1), .page_size = SET_INT(10), .total_count = SET_INT(1)};
    expect_rpc(OPERATION_LIST_KEYS, ANSWER_JSON, &listed,
               OPEN ",\"Keys\":{\"Key\":[{\"KeyId\":\"key-hz0001\",\"KeyArn\":\"acs:kms:cn-hangzhou:1000000000000001:key/key-hz0001\"}]"
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
    get_parameters_for_import_out parameters = {.key_id = SLICE("key-hz0001"), .public_key = SLICE("0\x82\x01"),
                                                .import_token = SLICE("tok"), .token_expire_time = SET_INT(TEST_TIME_S + 86400)};
    expect_rpc(OPERATION_GET_PARAMETERS_FOR_IMPORT, ANSWER_JSON, &parameters,
               OPEN ",\"KeyId\":\"key-hz0001\",\"PublicKey\":\"MIIB\",\"ImportToken\":\"dG9r\",\"TokenExpireTime\":"
                    "\"2024-05-21T06:34:21Z\"}");
    generate_data_key_out generated = {.key_id = SLICE("key-hz0001"), .key_version_id = SLICE("key-hz0001-v1"),
                                       .ciphertext_blob = SLICE("\x04\x10\x41"), .plaintext = slice_of("\0\0\0", 3)};
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
    get_caller_identity_out me = {.identity_type = IDENTITY_TYPE_RAM_USER, .account_id = SLICE("1000000000000001"),
                                  .principal_id = SLICE("2000"), .user_id = SLICE("2000"),
                                  .arn = SLICE("acs:ram::1000000000000001:user/alice")};
    expect_rpc(OPERATION_GET_CALLER_IDENTITY, ANSWER_JSON, &me,
               OPEN ",\"IdentityType\":\"RAMUser\",\"AccountId\":\"1000000000000001\",\"PrincipalId\":\"2000\","
                    "\"UserId\":\"2000\",\"Arn\":\"acs:ram::1000000000000001:user/alice\"}");
    user_view alice = {.user_id = SLICE("2000"), .user_name = SLICE("alice"), .display_name = SLICE("Al<ice\x01>"),
                       .create_date = DATE};
    list_users_out users = {.users = {&alice, 1}, .is_truncated = SET_BOOL(false)};
    expect_rpc(OPERATION_LIST_USERS, ANSWER_JSON, &users,
               OPEN ",\"Users\":{\"User\":[{\"UserId\":\"2000\",\"UserName\":\"alice\",\"DisplayName\":\"Al<ice\\u0001>\","
                    "\"CreateDate\":\"" DATE_TEXT "\"}]},\"IsTruncated\":false}");
    expect_rpc(OPERATION_LIST_USERS, ANSWER_XML, &users,
               XML "<ListUsersResponse><RequestId>" ID "</RequestId><Users><User><UserId>2000</UserId><UserName>alice</UserName>"
                   "<DisplayName>Al&lt;ice\xEF\xBF\xBD&gt;</DisplayName><CreateDate>" DATE_TEXT "</CreateDate></User></Users>"
                   "<IsTruncated>false</IsTruncated></ListUsersResponse>");
    access_key_view key = {.access_key_id = SLICE("LTAI"), .access_key_secret = SLICE("sec"), .status = ACCESS_KEY_STATUS_ACTIVE,
                           .create_date = DATE};
    create_access_key_out made = {.access_key = &key};
    expect_rpc(OPERATION_CREATE_ACCESS_KEY, ANSWER_JSON, &made,
               OPEN ",\"AccessKey\":{\"AccessKeyId\":\"LTAI\",\"AccessKeySecret\":\"sec\",\"Status\":\"Active\",\"CreateDate\":\""
                    DATE_TEXT "\"}}");
}

static void policies_and_sessions(void **state) {
    (void)state;
    policy_view policy = {.policy_name = SLICE("p"), .policy_type = POLICY_TYPE_CUSTOM, .default_version = SLICE("v1"),
                          .attachment_count = SET_INT(0)};
    policy_version_view version = {.version_id = SLICE("v1"), .is_default_version = SET_BOOL(true), .policy_document = SLICE("{}")};
    get_policy_out got = {.policy = &policy, .default_policy_version = &version};
    expect_rpc(OPERATION_GET_POLICY, ANSWER_JSON, &got,
               OPEN ",\"Policy\":{\"PolicyName\":\"p\",\"PolicyType\":\"Custom\",\"DefaultVersion\":\"v1\",\"AttachmentCount\":0},"
                    "\"DefaultPolicyVersion\":{\"VersionId\":\"v1\",\"IsDefaultVersion\":true,\"PolicyDocument\":\"{}\"}}");
    credentials session = {.access_key_id = SLICE("STS.abc"), .access_key_secret = SLICE("sec"), .security_token = SLICE("tok"),
                           .expiration = SET_INT(TEST_TIME_S + 3600)};
    get_session_token_out token = {.credentials = &session};
    expect_rpc(OPERATION_GET_SESSION_TOKEN, ANSWER_JSON, &token,
               OPEN ",\"Credentials\":{\"AccessKeyId\":\"STS.abc\",\"AccessKeySecret\":\"sec\",\"SecurityToken\":\"tok\","
                    "\"Expiration\":\"2024-05-20T07:34:21Z\"}}");
}

static void events(void **state) {
    (void)state;
    slice list[] = {SLICE("{\"eventName\":\"Decrypt\"}"), SLICE("{}")};
    lookup_events_out found = {.events = {list, 2}, .start_time = DATE, .end_time = DATE, .next_token = SLICE("n")};
    expect_rpc(OPERATION_LOOKUP_EVENTS, ANSWER_JSON, &found,
               OPEN ",\"Events\":[{\"eventName\":\"Decrypt\"},{}],\"StartTime\":\"" DATE_TEXT "\",\"EndTime\":\"" DATE_TEXT
                    "\",\"NextToken\":\"n\"}");
    slice hashes[] = {SLICE("a"), SLICE("b")};
    get_checkpoint_out checkpoint = {.checkpoint = SLICE("log\n1\n"), .consistency = {hashes, 2}};
    expect_rpc(OPERATION_GET_CHECKPOINT, ANSWER_XML, &checkpoint,
               XML "<GetCheckpointResponse><RequestId>" ID "</RequestId><Checkpoint>log\n1\n</Checkpoint><Consistency>a</Consistency>"
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
                     XML "<Error><RequestId>" ID "</RequestId><HostId>kms.example</HostId><Code>EntityNotExist.User</Code>"
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
    expect_rpc_error(&d, FAILURE_BAD_SIGNATURE, NULL, 400,
                     OPEN ",\"HostId\":\"kms.example\",\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"Specified signature is not "
                          "matched with our calculation. server string to sign is:POST&%2F&A%3Db\"}");
    slice canonical = SLICE("");
    d.proof = (proof){.scheme = SCHEME_ALIBABA_V3, .texts = {&canonical, 1}};
    expect_rpc_error(&d, FAILURE_BAD_SIGNATURE, NULL, 400,
                     OPEN ",\"HostId\":\"kms.example\",\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"Specified signature is not "
                          "matched with our calculation. server string to sign is:ACS3-HMAC-SHA256\\n"
                          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}");
    d.proof = (proof){0};
    expect_rpc_error(&d, FAILURE_BAD_SIGNATURE, NULL, 400,
                     OPEN ",\"HostId\":\"kms.example\",\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"The request signature we "
                          "calculated does not match the signature you provided.\"}");
}

/* ---- OSS */

static answered answer_oss(enum operation_id id, void *input, const void *output) {
    decoded d = decoded_of(&dialect_oss_rest, id, ANSWER_XML);
    d.input = input;
    reply r = reply_of(output, STATUS_OK, NULL);
    answered a = answer(&d, &r);
    assert_text(testing_header(&a.a, "x-oss-request-id"), ID);
    assert_text(testing_header(&a.a, "x-oss-server-time"), "3");
    return a;
}

static void expect_document(enum operation_id id, void *input, const void *output, const char *body) {
    answered a = answer_oss(id, input, output);
    assert_int_equal(a.a.status, 200);
    assert_text(a.a.body, body);
    assert_text(testing_header(&a.a, "content-type"), "application/xml");
    arena_clear(&a.memory);
}

static void expect_empty(enum operation_id id, const void *output, int http) {
    answered a = answer_oss(id, NULL, output);
    assert_int_equal(a.a.status, http);
    assert_true(slice_is_absent(a.a.body));
    assert_int_equal(a.a.content_length, 0);
    arena_clear(&a.memory);
}

static void objects(void **state) {
    (void)state;
    put_object_out put = {.e_tag = SLICE("5D41402ABC4B2A76B9719D911017C592"), .crc64 = SLICE("11177612005948864433"),
                          .content_md5 = SLICE("\x5d\x41\x40\x2a\xbc\x4b\x2a\x76\xb9\x71\x9d\x91\x10\x17\xc5\x92"),
                          .server_side_encryption = ENCRYPTION_KMS, .kms_key_id = SLICE("key-1")};
    answered a = answer_oss(OPERATION_PUT_OBJECT, NULL, &put);
    assert_int_equal(a.a.status, 200);
    assert_text(testing_header(&a.a, "etag"), "\"5D41402ABC4B2A76B9719D911017C592\"");
    assert_text(testing_header(&a.a, "x-oss-hash-crc64ecma"), "11177612005948864433");
    assert_text(testing_header(&a.a, "content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");
    assert_text(testing_header(&a.a, "x-oss-server-side-encryption"), "KMS");
    assert_text(testing_header(&a.a, "x-oss-server-side-encryption-key-id"), "key-1");
    assert_true(slice_is_absent(a.a.body));
    arena_clear(&a.memory);
    pair metadata = {SLICE("uid"), SLICE("1")};
    object_headers kept = {.content_type = SLICE("text/plain"), .cache_control = SLICE("no-cache"), .metadata = {&metadata, 1}};
    object_headers override = {.content_type = SLICE("text/x")};
    get_object_in in = {.response_headers = &override};
    get_object_out got = {.size = SET_INT(5), .first = SET_INT(0), .last = SET_INT(4), .e_tag = SLICE("\"E\""),
                          .last_modified = DATE, .headers = &kept, .server_side_encryption = ENCRYPTION_AES256,
                          .kms_key_id = SLICE("hidden")};
    a = answer_oss(OPERATION_GET_OBJECT, &in, &got);
    assert_int_equal(a.a.status, 200);
    assert_true(a.a.is_streamed && slice_is_absent(a.a.body));
    assert_int_equal(a.a.content_length, 5);
    assert_text(testing_header(&a.a, "content-type"), "text/x");
    assert_text(testing_header(&a.a, "cache-control"), "no-cache");
    assert_text(testing_header(&a.a, "x-oss-meta-uid"), "1");
    assert_text(testing_header(&a.a, "etag"), "\"E\"");
    assert_text(testing_header(&a.a, "last-modified"), "Mon, 20 May 2024 06:34:21 GMT");
    assert_text(testing_header(&a.a, "accept-ranges"), "bytes");
    assert_text(testing_header(&a.a, "x-oss-object-type"), "Normal");
    assert_text(testing_header(&a.a, "x-oss-storage-class"), "Standard");
    assert_text(testing_header(&a.a, "x-oss-server-side-encryption"), "AES256");
    assert_true(slice_is_absent(testing_header(&a.a, "x-oss-server-side-encryption-key-id")));
    assert_true(slice_is_absent(testing_header(&a.a, "content-range")));
    arena_clear(&a.memory);
}

static void parts_of_objects(void **state) {
    (void)state;
    get_object_in in = {.range_first = SET_INT(1)};
    get_object_out got = {.size = SET_INT(5), .first = SET_INT(1), .last = SET_INT(4), .e_tag = SLICE("E"), .last_modified = DATE};
    answered a = answer_oss(OPERATION_GET_OBJECT, &in, &got);
    assert_int_equal(a.a.status, 206);
    assert_text(testing_header(&a.a, "content-range"), "bytes 1-4/5");
    assert_text(testing_header(&a.a, "content-type"), "application/octet-stream");
    assert_int_equal(a.a.content_length, 4);
    arena_clear(&a.memory);
    head_object_out seen = {.size = SET_INT(5), .e_tag = SLICE("E"), .last_modified = DATE};
    a = answer_oss(OPERATION_HEAD_OBJECT, NULL, &seen);
    assert_int_equal(a.a.content_length, 5);
    assert_false(a.a.is_streamed);
    assert_true(slice_is_absent(a.a.body));
    arena_clear(&a.memory);
}

static void buckets(void **state) {
    (void)state;
    put_bucket_in in = {.bucket = SLICE("mybucket")};
    put_bucket_out made = {0};
    answered a = answer_oss(OPERATION_PUT_BUCKET, &in, &made);
    assert_int_equal(a.a.status, 200);
    assert_text(testing_header(&a.a, "location"), "/mybucket");
    arena_clear(&a.memory);
    delete_bucket_out nothing = {0};
    expect_empty(OPERATION_DELETE_BUCKET, &nothing, 204);
    expect_empty(OPERATION_DELETE_OBJECT, &nothing, 204);
    expect_empty(OPERATION_DELETE_BUCKET_ENCRYPTION, &nothing, 204);
    expect_empty(OPERATION_PUT_BUCKET_ENCRYPTION, &nothing, 200);
    bucket_entry entry = {.name = SLICE("mybucket"), .location = SLICE("oss-cn-hangzhou"), .region = SLICE("cn-hangzhou"),
                          .creation_date = DATE, .extranet_endpoint = SLICE("localhost"), .intranet_endpoint = SLICE("localhost")};
    list_buckets_out list = {.owner_id = SLICE("1"), .is_truncated = SET_BOOL(false), .buckets = {&entry, 1}};
    expect_document(OPERATION_LIST_BUCKETS, NULL, &list,
                    XML "<ListAllMyBucketsResult><Owner><ID>1</ID><DisplayName>1</DisplayName></Owner><IsTruncated>false</IsTruncated>"
                        "<Buckets><Bucket><Name>mybucket</Name><Location>oss-cn-hangzhou</Location><Region>cn-hangzhou</Region>"
                        "<CreationDate>" OSS_DATE_TEXT "</CreationDate><StorageClass>Standard</StorageClass>"
                        "<ExtranetEndpoint>localhost</ExtranetEndpoint><IntranetEndpoint>localhost</IntranetEndpoint></Bucket>"
                        "</Buckets></ListAllMyBucketsResult>");
    encryption_rule rule = {ENCRYPTION_KMS, SLICE("key-1")};
    get_bucket_encryption_out encryption = {.rule = &rule};
    expect_document(OPERATION_GET_BUCKET_ENCRYPTION, NULL, &encryption,
                    XML "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>KMS</SSEAlgorithm>"
                        "<KMSMasterKeyID>key-1</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>");
}

static void bucket_properties(void **state) {
    (void)state;
    get_bucket_location_out location = {.location = SLICE("oss-cn-hangzhou")};
    expect_document(OPERATION_GET_BUCKET_LOCATION, NULL, &location, XML "<LocationConstraint>oss-cn-hangzhou</LocationConstraint>");
    get_bucket_acl_out acl = {.owner_id = SLICE("1"), .acl = ACL_PRIVATE};
    expect_document(OPERATION_GET_BUCKET_ACL, NULL, &acl,
                    XML "<AccessControlPolicy><Owner><ID>1</ID><DisplayName>1</DisplayName></Owner><AccessControlList>"
                        "<Grant>private</Grant></AccessControlList></AccessControlPolicy>");
    bucket_entry entry = {.name = SLICE("b"), .location = SLICE("oss-cn-hangzhou"), .creation_date = DATE};
    encryption_rule rule = {ENCRYPTION_AES256, {0}};
    get_bucket_info_out info = {.info = &entry, .owner_id = SLICE("1"), .rule = &rule};
    expect_document(OPERATION_GET_BUCKET_INFO, NULL, &info,
                    XML "<BucketInfo><Bucket><Name>b</Name><Location>oss-cn-hangzhou</Location><CreationDate>" OSS_DATE_TEXT
                        "</CreationDate><StorageClass>Standard</StorageClass><Owner><ID>1</ID><DisplayName>1</DisplayName></Owner>"
                        "<AccessControlList><Grant>private</Grant></AccessControlList><ServerSideEncryptionRule>"
                        "<SSEAlgorithm>AES256</SSEAlgorithm></ServerSideEncryptionRule></Bucket></BucketInfo>");
}

static void listings(void **state) {
    (void)state;
    object_entry entry = {.key = SLICE("a/b&c"), .last_modified = DATE, .e_tag = SLICE("E"), .size = SET_INT(5)};
    slice prefix = SLICE("a/x/");
    list_objects_out list = {.bucket = SLICE("b"), .prefix = SLICE("a/"), .delimiter = SLICE("/"), .max_keys = SET_INT(1),
                             .is_truncated = SET_BOOL(true), .next_marker = SLICE("a/b&c"), .owner_id = SLICE("1"),
                             .contents = {&entry, 1}, .common_prefixes = {&prefix, 1}};
    expect_document(OPERATION_LIST_OBJECTS, NULL, &list,
                    XML "<ListBucketResult><Name>b</Name><Prefix>a/</Prefix><Marker></Marker><MaxKeys>1</MaxKeys><Delimiter>/</Delimiter>"
                        "<IsTruncated>true</IsTruncated><NextMarker>a/b&amp;c</NextMarker><Contents><Key>a/b&amp;c</Key><LastModified>"
                        OSS_DATE_TEXT "</LastModified><ETag>&quot;E&quot;</ETag><Type>Normal</Type><Size>5</Size>"
                        "<StorageClass>Standard</StorageClass><Owner><ID>1</ID><DisplayName>1</DisplayName></Owner></Contents>"
                        "<CommonPrefixes><Prefix>a/x/</Prefix></CommonPrefixes></ListBucketResult>");
    list_objects_v2_in in = {0};
    list_objects_v2_out second = {.bucket = SLICE("b"), .prefix = SLICE("a/"), .encoding_type = SLICE("url"), .max_keys = SET_INT(9),
                                  .key_count = SET_INT(1), .is_truncated = SET_BOOL(false), .owner_id = SLICE("1"),
                                  .contents = {&entry, 1}};
    expect_document(OPERATION_LIST_OBJECTS_V2, &in, &second,
                    XML "<ListBucketResult><Name>b</Name><Prefix>a%2F</Prefix><MaxKeys>9</MaxKeys><Delimiter></Delimiter>"
                        "<IsTruncated>false</IsTruncated><KeyCount>1</KeyCount><EncodingType>url</EncodingType><Contents>"
                        "<Key>a%2Fb%26c</Key><LastModified>" OSS_DATE_TEXT "</LastModified><ETag>&quot;E&quot;</ETag>"
                        "<Type>Normal</Type><Size>5</Size><StorageClass>Standard</StorageClass></Contents></ListBucketResult>");
}

static void keys_that_xml_cannot_carry(void **state) {
    (void)state;
    deleted_entry gone[] = {{SLICE("a\x01")}, {SLICE("b c")}};
    delete_multiple_objects_in loud = {0}, quiet = {.quiet = SET_BOOL(true)};
    delete_multiple_objects_out out = {.deleted = {gone, 2}};
    expect_document(OPERATION_DELETE_MULTIPLE_OBJECTS, &loud, &out,
                    XML "<DeleteResult><EncodingType>url</EncodingType><Deleted><Key>a%01</Key></Deleted><Deleted><Key>b%20c</Key>"
                        "</Deleted></DeleteResult>");
    out.deleted.at = gone + 1;
    out.deleted.count = 1;
    expect_document(OPERATION_DELETE_MULTIPLE_OBJECTS, &quiet, &out, XML "<DeleteResult></DeleteResult>");
}

static void copies(void **state) {
    (void)state;
    copy_object_out out = {.e_tag = SLICE("E"), .last_modified = DATE, .server_side_encryption = ENCRYPTION_AES256};
    answered a = answer_oss(OPERATION_COPY_OBJECT, NULL, &out);
    assert_text(a.a.body, XML "<CopyObjectResult><LastModified>" OSS_DATE_TEXT "</LastModified><ETag>&quot;E&quot;</ETag>"
                              "</CopyObjectResult>");
    assert_text(testing_header(&a.a, "x-oss-server-side-encryption"), "AES256");
    arena_clear(&a.memory);
}

static void oss_errors(void **state) {
    (void)state;
    get_object_in in = {.bucket = SLICE("b"), .key = SLICE("k<\x01")};
    decoded d = decoded_of(&dialect_oss_rest, OPERATION_GET_OBJECT, ANSWER_XML);
    d.input = &in;
    reply r = reply_of(NULL, FAILURE_OBJECT_NOT_FOUND, NULL);
    const char *document = XML "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><RequestId>" ID
                               "</RequestId><HostId>kms.example</HostId><BucketName>b</BucketName><Key>k&lt;\xEF\xBF\xBD</Key></Error>";
    answered a = answer(&d, &r);
    assert_int_equal(a.a.status, 404);
    assert_text(a.a.body, document);
    arena_clear(&a.memory);
    d.is_head = true;
    a = answer(&d, &r);
    assert_int_equal(a.a.status, 404);
    assert_true(slice_is_absent(a.a.body));
    slice carried;
    assert_false(FAILED(base64_decode(testing_header(&a.a, "x-oss-err"), &a.memory, &carried)));
    assert_text(carried, document);
    arena_clear(&a.memory);
    r.failure = FAIL(NOT_MODIFIED);
    a = answer(&d, &r);
    assert_int_equal(a.a.status, 304);
    assert_true(slice_is_absent(a.a.body));
    arena_clear(&a.memory);
}

static void oss_bad_signatures(void **state) {
    (void)state;
    slice text = SLICE("GET\n");
    decoded d = decoded_of(&dialect_oss_rest, OPERATION_LIST_BUCKETS, ANSWER_XML);
    d.proof = (proof){.scheme = SCHEME_OSS_V1, .texts = {&text, 1}, .access_key_id = SLICE("AK"), .signature = SLICE("ABC")};
    reply r = reply_of(NULL, FAILURE_BAD_SIGNATURE, NULL);
    answered a = answer(&d, &r);
    assert_int_equal(a.a.status, 403);
    assert_true(slice_ends_with(a.a.body, SLICE("<OSSAccessKeyId>AK</OSSAccessKeyId><SignatureProvided>QUJD</SignatureProvided>"
                                                "<StringToSign>GET\n</StringToSign><StringToSignBytes>47 45 54 0A"
                                                "</StringToSignBytes></Error>")));
    arena_clear(&a.memory);
    r.failure = FAIL(REQUEST_EXPIRED);
    d.proof.request_time = DATE;
    a = answer(&d, &r);
    assert_int_equal(a.a.status, 403);
    assert_true(slice_find(a.a.body, SLICE("<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds><RequestTime>" OSS_DATE_TEXT
                                           "</RequestTime><ServerTime>20")) != SIZE_MAX);
    arena_clear(&a.memory);
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
        cmocka_unit_test(objects),
        cmocka_unit_test(parts_of_objects),
        cmocka_unit_test(buckets),
        cmocka_unit_test(bucket_properties),
        cmocka_unit_test(listings),
        cmocka_unit_test(keys_that_xml_cannot_carry),
        cmocka_unit_test(copies),
        cmocka_unit_test(oss_errors),
        cmocka_unit_test(oss_bad_signatures),
        cmocka_unit_test(every_failure_has_an_answer),
    };
    return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
