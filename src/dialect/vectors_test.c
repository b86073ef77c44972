/* 75 requests as the public SDKs send them: each is decoded, and its signature recomputed from what the decoder says
 * was signed. The file's path is the argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/start.h"
#include "dialect/testing.h"
#include "format/json.h"

static const char *vectors_path;

/* What each request is; NULL: none of our operations. `text` is the index of the signed text that verifies. */
typedef struct expectation {
    const char *name;
    const char *operation;
    enum status_code failure;
    int text;
} expectation;

enum { ANONYMOUS_REQUEST = -1 };
#define UNKNOWN FAILURE_UNKNOWN_OPERATION
#define LACKING FAILURE_UNSUPPORTED

static const expectation expectations[] = {
    {"kms1.2.0 createKey", "CreateKey", STATUS_OK, 0},
    {"kms1.2.0 encrypt map ctx", "Encrypt", STATUS_OK, 0},
    {"kms1.2.0 encrypt string ctx", "Encrypt", STATUS_OK, 0},
    {"kms1.2.0 listKeys", "ListKeys", STATUS_OK, 0},
    {"kms1.2.0 STS describeKey", "DescribeKey", STATUS_OK, 0},
    {"ram createUser", "CreateUser", STATUS_OK, 0},
    {"ram createPolicy", "CreatePolicy", STATUS_OK, 0},
    {"ram tagResources", "TagResources", STATUS_OK, 0},
    {"ram listUsers", "ListUsers", STATUS_OK, 0},
    {"sts assumeRole", "AssumeRole", STATUS_OK, 0},
    {"sts getCallerIdentity", "GetCallerIdentity", STATUS_OK, 0},
    {"sts assumeRoleWithOIDC (anon)", "AssumeRoleWithOIDC", STATUS_OK, ANONYMOUS_REQUEST},
    {"sts getCallerIdentity with STS cred", "GetCallerIdentity", STATUS_OK, 0},
    {"sts getCallerIdentity signatureAlgorithm=v2", "GetCallerIdentity", STATUS_OK, 0},
    {"openapi-client ActionTrail LookupEvents", "LookupEvents", STATUS_OK, 0},
    {"openapi-client POST form body", NULL, UNKNOWN, 0},
    {"openapi-client GET", "ListUsers", STATUS_OK, 0},
    {"openapi-client STS cred", "ListUsers", STATUS_OK, 0},
    {"pop-core GET", "ListKeys", FAILURE_INVALID_PARAMETER, 0}, /* its X is no parameter of any operation */
    {"pop-core POST", "Encrypt", FAILURE_INVALID_PARAMETER, 0}, /* nor is its Tag one of Encrypt */
    {"pop-core STS", "ListKeys", STATUS_OK, 0},
    {"@alicloud/ram createUser", "CreateUser", STATUS_OK, 0},
    {"sts-sdk getCallerIdentity ignoreSSL:false", "GetCallerIdentity", STATUS_OK, 0},
    {"sts-sdk assumeRole with * policy", "AssumeRole", STATUS_OK, 1},
    {"oss V1 ip put", "PutObject", STATUS_OK, 0},
    {"oss V1 ip listBuckets", "ListBuckets", STATUS_OK, 0},
    {"oss V1 ip+sld put", "PutObject", STATUS_OK, 0},
    {"oss V1 ip+sld listBuckets", "ListBuckets", STATUS_OK, 0},
    {"oss V1 localhost+sld put", "PutObject", STATUS_OK, 0},
    {"oss V1 localhost+sld listBuckets", "ListBuckets", STATUS_OK, 0},
    {"oss V1 ip+cname put", "PutObject", STATUS_OK, 0},
    {"oss V1 ip+cname listBuckets", "ListBuckets", STATUS_OK, 0},
    {"oss V1 localhost+cname put", "PutObject", STATUS_OK, 0},
    {"oss V1 localhost+cname listBuckets", "ListBuckets", STATUS_OK, 0},
    {"oss V1 localhost vhost listBuckets", "ListBuckets", STATUS_OK, 0},
    {"oss V4 ip put", "PutObject", STATUS_OK, 0},
    {"oss V4 localhost+sld put", "PutObject", STATUS_OK, 0},
    {"oss V4 localhost+sld listBuckets", "ListBuckets", STATUS_OK, 0},
    {"oss V4 getBucketACL", "GetBucketAcl", STATUS_OK, 0},
    {"oss V4 listV2", "ListObjectsV2", STATUS_OK, 0},
    {"oss V1 get", "GetObject", STATUS_OK, 0},
    {"oss V1 head", "HeadObject", STATUS_OK, 0},
    {"oss V1 list", "ListObjects", STATUS_OK, 0},
    {"oss V1 listV2", "ListObjectsV2", STATUS_OK, 0},
    {"oss V1 putBucket", "PutBucket", STATUS_OK, 0},
    {"oss V1 putBucketEncryption", "PutBucketEncryption", STATUS_OK, 0},
    {"oss V1 getBucketEncryption", "GetBucketEncryption", STATUS_OK, 0},
    {"oss V1 putBucketVersioning", NULL, LACKING, 0},
    {"oss V1 putBucketPolicy", "PutBucketPolicy", STATUS_OK, 0},
    {"oss V1 initiateBucketWorm", NULL, LACKING, 0},
    {"oss V1 completeBucketWorm", NULL, LACKING, 0},
    {"oss V1 extendBucketWorm", NULL, LACKING, 0},
    {"oss V1 abortBucketWorm", NULL, LACKING, 0},
    {"oss V1 getBucketVersions", NULL, LACKING, 0},
    {"oss V1 delete version", NULL, LACKING, 0},
    {"oss V1 deleteMulti", "DeleteMultipleObjects", STATUS_OK, 0},
    {"oss V1 copy", "CopyObject", STATUS_OK, 0},
    {"oss V1 putObjectTagging", NULL, LACKING, 0},
    {"oss V1 putACL", NULL, LACKING, 0},
    {"oss V1 initMultipart", NULL, LACKING, 0},
    {"oss V1 append", NULL, LACKING, 0},
    {"oss V1 putStream", "PutObject", STATUS_OK, 0},
    {"oss V1 putSymlink", NULL, LACKING, 0},
    {"oss V1 getBucketInfo", "GetBucketInfo", STATUS_OK, 0},
    {"oss V1 getBucketLocation", "GetBucketLocation", STATUS_OK, 0},
    {"oss V1 getBucketStat", NULL, LACKING, 0},
    {"oss V1 putBucketLifecycle", NULL, LACKING, 0},
    {"oss V1 putBucketLogging", NULL, LACKING, 0},
    {"oss V1 putBucketReferer", NULL, LACKING, 0},
    {"oss V1 putBucketCORS", NULL, LACKING, 0},
    {"oss V1 putBucketWebsite", NULL, LACKING, 0},
    {"oss V1 putBucketTags", NULL, LACKING, 0},
    {"oss V1 restore", NULL, LACKING, 0},
    {"oss V1 STS get", "GetObject", STATUS_OK, 0},
    {"OSS.STS assumeRole", "AssumeRole", STATUS_OK, 0},
};
enum { VECTORS = sizeof expectations / sizeof *expectations };

static slice text_member(const json *object, const char *name) {
    slice text = {0};
    return json_get_text(json_member(object, slice_of_text(name)), &text) ? text : (slice){0};
}

static http_head vector_head(const json *vector, arena *memory) {
    const json *list = json_member(vector, SLICE("headers"));
    http_header *headers = ARENA_ARRAY(memory, http_header, list->count);
    assert_non_null(headers);
    size_t count = 0;
    for (const json *each = json_first(list); each; each = each->next, count++) {
        assert_true(json_get_text(json_element(each, 0), &headers[count].name));
        assert_true(json_get_text(json_element(each, 1), &headers[count].value));
    }
    return (http_head){.method = text_member(vector, "method"),
                       .target = text_member(vector, "url"),
                       .headers = headers,
                       .header_count = count};
}

static void check_signature(const json *vector, const expectation *expected, const decoded *d) {
    assert_true(d->has_proof);
    assert_int_equal(testing_matches(&d->proof, d->proof.texts, SLICE(TEST_SECRET)), expected->text);
    assert_int_equal(testing_matches(&d->proof, d->proof.texts, SLICE("another secret")), -1);
    assert_int_equal(d->proof.request_time.value, TEST_TIME_S);
    bool is_sts = slice_find(text_member(vector, "name"), SLICE("STS ")) != SIZE_MAX &&
                  slice_starts_with(d->proof.access_key_id, SLICE("STS."));
    if (is_sts) assert_true(slice_equals_text(d->proof.security_token, "CAIStoken+/=abc"));
    if (expected->text != 0) return;
    bool is_canonical = d->proof.scheme == SCHEME_ALIBABA_V3 || d->proof.scheme == SCHEME_OSS_V4;
    slice text = text_member(vector, is_canonical ? "canonicalRequest" : "stringToSign");
    assert_true(slice_equals(d->proof.texts.at[0], text));
}

static void check_vector(const json *vector, const expectation *expected, arena *memory) {
    http_head head = vector_head(vector, memory);
    if (strstr(expected->name, "localhost+cname put")) head.base_domains = SLICE("localhost=mybucket");
    bool is_oss = slice_starts_with(text_member(vector, "scheme"), SLICE("OSS"));
    const dialect *wire = dialect_recognise(&head);
    assert_ptr_equal(wire, is_oss ? &dialect_oss_rest : &dialect_alibaba_rpc);
    assert_true(wire->recognise(&head));
    slice body = text_member(vector, "body");
    assert_true(body.len <= wire->body_wanted(&head) || wire->body_wanted(&head) == 0);
    decoded d;
    slice detail;
    status result = wire->decode(&head, wire->body_wanted(&head) ? body : (slice){0}, memory, &d, &detail);
    assert_string_equal(status_name(result), status_name((status){expected->failure}));
    const operation *op = operation_get(d.operation);
    assert_string_equal(op ? op->name : "", expected->operation ? expected->operation : "");
    assert_false(slice_is_empty(d.action));
    if (!FAILED(result)) {
        slice culprit;
        bool is_short = expected->text == ANONYMOUS_REQUEST; /* its session is called "s", which is too short a name */
        assert_int_equal(FAILED(shape_check(op->in, d.input, &culprit)), is_short);
    }
    if (expected->text == ANONYMOUS_REQUEST) assert_false(d.has_proof);
    else check_signature(vector, expected, &d);
}

static void every_vector_is_decoded_and_verifies(void **state) {
    (void)state;
    OWNED(arena) memory = {.limit = 64 << 20};
    size_t bytes;
    char *text = testing_read_file(vectors_path, &bytes);
    assert_non_null(text);
    const json *root;
    assert_false(FAILED(json_parse(slice_of(text, bytes), &memory, &root, NULL)));
    const json *vectors = json_member(root, SLICE("vectors"));
    assert_int_equal(vectors->count, VECTORS);
    size_t at = 0;
    for (const json *each = json_first(vectors); each; each = each->next, at++) {
        slice name = text_member(each, "name");
        print_message("%.*s\n", SLICE_ARGS(name));
        assert_true(slice_equals_text(name, expectations[at].name));
        check_vector(each, &expectations[at], &memory);
    }
    free(text);
}

int main(int count, char **arguments) {
    if (count != 2 || FAILED(crypto_start())) return 2;
    vectors_path = arguments[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_vector_is_decoded_and_verifies)};
    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
