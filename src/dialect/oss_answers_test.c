/* Answers of OSS, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/start.h"
#include "dialect/testing.h"

#define ID "4C467B38-3910-447D-87BC-AC049166F216"
#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define DATE SET_INT(TEST_TIME_S)
#define OSS_DATE_TEXT "2024-05-20T06:34:21.000Z"

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
    put_object_out put = {.e_tag = SLICE("5D41402ABC4B2A76B9719D911017C592"),
                          .crc64 = SLICE("11177612005948864433"),
                          .content_md5 = SLICE("\x5d\x41\x40\x2a\xbc\x4b\x2a\x76\xb9\x71\x9d\x91\x10\x17\xc5\x92"),
                          .server_side_encryption = ENCRYPTION_KMS,
                          .kms_key_id = SLICE("key-1")};
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
    object_headers kept = {
        .content_type = SLICE("text/plain"), .cache_control = SLICE("no-cache"), .metadata = {&metadata, 1}};
    object_headers override = {.content_type = SLICE("text/x")};
    get_object_in in = {.response_headers = &override};
    get_object_out got = {.size = SET_INT(5),
                          .first = SET_INT(0),
                          .last = SET_INT(4),
                          .e_tag = SLICE("\"E\""),
                          .last_modified = DATE,
                          .headers = &kept,
                          .server_side_encryption = ENCRYPTION_AES256,
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
    get_object_out got = {
        .size = SET_INT(5), .first = SET_INT(1), .last = SET_INT(4), .e_tag = SLICE("E"), .last_modified = DATE};
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
    bucket_entry entry = {.name = SLICE("mybucket"),
                          .location = SLICE("oss-cn-hangzhou"),
                          .region = SLICE("cn-hangzhou"),
                          .creation_date = DATE,
                          .extranet_endpoint = SLICE("localhost"),
                          .intranet_endpoint = SLICE("localhost")};
    list_buckets_out list = {.owner_id = SLICE("1"), .is_truncated = SET_BOOL(false), .buckets = {&entry, 1}};
    expect_document(
        OPERATION_LIST_BUCKETS, NULL, &list,
        XML
        "<ListAllMyBucketsResult><Owner><ID>1</ID><DisplayName>1</DisplayName></Owner><IsTruncated>false</IsTruncated>"
        "<Buckets><Bucket><Name>mybucket</Name><Location>oss-cn-hangzhou</Location><Region>cn-hangzhou</Region>"
        "<CreationDate>" OSS_DATE_TEXT "</CreationDate><StorageClass>Standard</StorageClass>"
        "<ExtranetEndpoint>localhost</ExtranetEndpoint><IntranetEndpoint>localhost</IntranetEndpoint></Bucket>"
        "</Buckets></ListAllMyBucketsResult>");
    encryption_rule rule = {ENCRYPTION_KMS, SLICE("key-1")};
    get_bucket_encryption_out encryption = {.rule = &rule};
    expect_document(
        OPERATION_GET_BUCKET_ENCRYPTION, NULL, &encryption,
        XML "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>KMS</SSEAlgorithm>"
            "<KMSMasterKeyID>key-1</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>");
}

static void bucket_properties(void **state) {
    (void)state;
    get_bucket_location_out location = {.location = SLICE("oss-cn-hangzhou")};
    expect_document(OPERATION_GET_BUCKET_LOCATION, NULL, &location,
                    XML "<LocationConstraint>oss-cn-hangzhou</LocationConstraint>");
    get_bucket_acl_out acl = {.owner_id = SLICE("1"), .acl = ACL_PRIVATE};
    expect_document(OPERATION_GET_BUCKET_ACL, NULL, &acl,
                    XML "<AccessControlPolicy><Owner><ID>1</ID><DisplayName>1</DisplayName></Owner><AccessControlList>"
                        "<Grant>private</Grant></AccessControlList></AccessControlPolicy>");
    bucket_entry entry = {.name = SLICE("b"), .location = SLICE("oss-cn-hangzhou"), .creation_date = DATE};
    encryption_rule rule = {ENCRYPTION_AES256, {0}};
    get_bucket_info_out info = {.info = &entry, .owner_id = SLICE("1"), .rule = &rule};
    expect_document(
        OPERATION_GET_BUCKET_INFO, NULL, &info,
        XML "<BucketInfo><Bucket><Name>b</Name><Location>oss-cn-hangzhou</Location><CreationDate>" OSS_DATE_TEXT
            "</CreationDate><StorageClass>Standard</StorageClass><Owner><ID>1</ID><DisplayName>1</DisplayName></Owner>"
            "<AccessControlList><Grant>private</Grant></AccessControlList><ServerSideEncryptionRule>"
            "<SSEAlgorithm>AES256</SSEAlgorithm></ServerSideEncryptionRule></Bucket></BucketInfo>");
}

static void listings(void **state) {
    (void)state;
    object_entry entry = {.key = SLICE("a/b&c"), .last_modified = DATE, .e_tag = SLICE("E"), .size = SET_INT(5)};
    slice prefix = SLICE("a/x/");
    list_objects_out list = {.bucket = SLICE("b"),
                             .prefix = SLICE("a/"),
                             .delimiter = SLICE("/"),
                             .max_keys = SET_INT(1),
                             .is_truncated = SET_BOOL(true),
                             .next_marker = SLICE("a/b&c"),
                             .owner_id = SLICE("1"),
                             .contents = {&entry, 1},
                             .common_prefixes = {&prefix, 1}};
    expect_document(
        OPERATION_LIST_OBJECTS, NULL, &list,
        XML "<ListBucketResult><Name>b</Name><Prefix>a/</Prefix><Marker></Marker><MaxKeys>1</MaxKeys><Delimiter>/</"
            "Delimiter>"
            "<IsTruncated>true</IsTruncated><NextMarker>a/b&amp;c</NextMarker><Contents><Key>a/b&amp;c</"
            "Key><LastModified>" OSS_DATE_TEXT
            "</LastModified><ETag>&quot;E&quot;</ETag><Type>Normal</Type><Size>5</Size>"
            "<StorageClass>Standard</StorageClass><Owner><ID>1</ID><DisplayName>1</DisplayName></Owner></Contents>"
            "<CommonPrefixes><Prefix>a/x/</Prefix></CommonPrefixes></ListBucketResult>");
    list_objects_v2_in in = {0};
    list_objects_v2_out second = {.bucket = SLICE("b"),
                                  .prefix = SLICE("a/"),
                                  .encoding_type = SLICE("url"),
                                  .max_keys = SET_INT(9),
                                  .key_count = SET_INT(1),
                                  .is_truncated = SET_BOOL(false),
                                  .owner_id = SLICE("1"),
                                  .contents = {&entry, 1}};
    expect_document(
        OPERATION_LIST_OBJECTS_V2, &in, &second,
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
    expect_document(
        OPERATION_DELETE_MULTIPLE_OBJECTS, &loud, &out,
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
    assert_text(a.a.body,
                XML "<CopyObjectResult><LastModified>" OSS_DATE_TEXT "</LastModified><ETag>&quot;E&quot;</ETag>"
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
    const char *document =
        XML "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><RequestId>" ID
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
    d.proof =
        (proof){.scheme = SCHEME_OSS_V1, .texts = {&text, 1}, .access_key_id = SLICE("AK"), .signature = SLICE("ABC")};
    reply r = reply_of(NULL, FAILURE_BAD_SIGNATURE, NULL);
    answered a = answer(&d, &r);
    assert_int_equal(a.a.status, 403);
    assert_true(
        slice_ends_with(a.a.body, SLICE("<OSSAccessKeyId>AK</OSSAccessKeyId><SignatureProvided>QUJD</SignatureProvided>"
                                        "<StringToSign>GET\n</StringToSign><StringToSignBytes>47 45 54 0A"
                                        "</StringToSignBytes></Error>")));
    arena_clear(&a.memory);
    r.failure = FAIL(REQUEST_EXPIRED);
    d.proof.request_time = DATE;
    a = answer(&d, &r);
    assert_int_equal(a.a.status, 403);
    assert_true(
        slice_find(a.a.body,
                   SLICE("<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds><RequestTime>" OSS_DATE_TEXT
                         "</RequestTime><ServerTime>20")) != SIZE_MAX);
    arena_clear(&a.memory);
}

int main(void) {
    if (FAILED(crypto_start())) return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects),
        cmocka_unit_test(parts_of_objects),
        cmocka_unit_test(buckets),
        cmocka_unit_test(bucket_properties),
        cmocka_unit_test(listings),
        cmocka_unit_test(keys_that_xml_cannot_carry),
        cmocka_unit_test(copies),
        cmocka_unit_test(oss_errors),
        cmocka_unit_test(oss_bad_signatures),
    };
    return cmocka_run_group_tests_name("oss_answers", tests, NULL, NULL);
}
