/* What the OSS wire takes and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/start.h"
#include "dialect/testing.h"

#define DATE "x-oss-date: Mon, 20 May 2024 06:34:21 GMT\n"
#define AUTHORIZATION "Authorization: OSS AK:e9e/ir1CeuWsaYCNb0sqYULAvIo=\n"
#define SIGNED "Host: localhost:8080\n" DATE AUTHORIZATION
#define HEX_32 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define CREDENTIAL "AK/20240520/cn-hangzhou/oss/aliyun_v4_request"
#define SIGNED_V4                                                                                                      \
    "Host: localhost\nx-oss-date: 20240520T063421Z\nx-oss-content-sha256: UNSIGNED-PAYLOAD\n"                          \
    "Authorization: OSS4-HMAC-SHA256 Credential=" CREDENTIAL ",Signature=" HEX_32 "\n"
#define URL_V4                                                                                                         \
    "x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=AK%2F20240520%2Fcn-hangzhou%2Foss%2Faliyun_v4_request"  \
    "&x-oss-date=20240520T063421Z&x-oss-signature=" HEX_32

typedef struct asked {
    arena memory;
    decoded d;
    slice detail;
    status result;
} asked;

static asked ask_of(const char *domains, const char *method, const char *target, const char *headers, slice body) {
    asked a = {.memory = {.limit = DIALECT_MEMORY_MOST}};
    http_head head = testing_head(method, target, headers);
    head.base_domains = slice_of_text(domains);
    assert_ptr_equal(dialect_recognise(&head), &dialect_oss_rest);
    a.result = dialect_oss_rest.decode(&head, body, &a.memory, &a.d, &a.detail);
    return a;
}

static asked ask(const char *method, const char *target, const char *headers) {
    return ask_of("", method, target, headers, (slice){0});
}

static void assert_status(const asked *a, enum status_code code) {
    assert_string_equal(status_name(a->result), status_name((status){code}));
}

static void assert_text(slice text, const char *expected) {
    if (!slice_equals_text(text, expected)) print_error("%.*s\n", SLICE_ARGS(text));
    assert_true(slice_equals_text(text, expected));
}

static void expect(const char *method, const char *target, const char *headers, enum status_code code) {
    asked a = ask(method, target, headers);
    assert_status(&a, code);
    assert_ptr_equal(a.d.dialect, &dialect_oss_rest);
    arena_clear(&a.memory);
}

/* ---- addresses */

typedef struct address_row {
    const char *host, *target;
    const char *bucket, *key; /* NULL: none */
    const char *second_key;   /* of the second reading; NULL: there is none */
} address_row;

static void assert_address(const asked *a, const address_row *row) {
    const get_object_in *in = a->d.input;
    enum operation_id expected = row->key      ? OPERATION_GET_OBJECT
                                 : row->bucket ? OPERATION_LIST_OBJECTS
                                               : OPERATION_LIST_BUCKETS;
    print_message("%s %s\n", row->host, row->target);
    assert_status(a, STATUS_OK);
    assert_int_equal(a->d.operation, expected);
    if (row->bucket) assert_text(in->bucket, row->bucket);
    if (row->key) assert_text(in->key, row->key);
    assert_int_equal(a->d.alternative != NULL, row->second_key != NULL);
    assert_int_equal(a->d.alternative_texts.count, row->second_key != NULL);
    if (!row->second_key) return;
    const get_object_in *second = a->d.alternative;
    assert_text(second->key, row->second_key);
    assert_text(second->bucket, row->bucket);
}

static void addresses(void **state) {
    (void)state;
    static const address_row ROWS[] = {
        {"localhost:80", "/", NULL, NULL, NULL},
        {"localhost", "/b", "b", NULL, NULL},
        {"localhost", "/b/", "b", NULL, NULL},
        {"localhost", "/b/k", "b", "k", NULL},
        {"localhost", "/b/a%20b%2B+%C3%A9/%2e/..%2Fx", "b", "a b++\xC3\xA9/./../x", NULL},
        {"10.0.0.1:99", "/b/k", "b", "k", NULL},
        {"[::1]:99", "/b/k", "b", "k", NULL},
        {"b.localhost:80", "/k", "b", "k", NULL},
        {"b.localhost", "/", "b", NULL, NULL},
        {"b.oss-cn-hangzhou.aliyuncs.com", "/k", "b", "k", NULL},
        {"B.OSS-cn-hangzhou-internal.aliyuncs.com", "/k", "b", "k", NULL},
        {"b.oss-cn-hangzhou.aliyuncs.com", "/b/k", "b", "k", "b/k"},
        {"b.oss-cn-hangzhou.aliyuncs.com", "/b/", "b", NULL, NULL},
        {"b.oss-cn-hangzhou.aliyuncs.com", "/b", "b", "b", NULL},
        {"b.oss-cn-hangzhou.aliyuncs.com", "/bb/k", "b", "bb/k", NULL},
        {".oss-cn-hangzhou.aliyuncs.com", "/", NULL, NULL, NULL},
        {"oss-cn-hangzhou.aliyuncs.com", "/b/k", "b", "k", NULL},
        {"kms.cn-hangzhou.aliyuncs.com", "/b/k", "b", "k", NULL},
        {"store.example.com", "/b/k", "b", "k", NULL},
        {"b.store.example.com:8443", "/k", "b", "k", NULL},
        {"files.example.com", "/k", "bound", "k", NULL},
        {"files.example.com", "/bound/k", "bound", "k", "bound/k"},
        {"evil-store.example.com", "/b/k", "b", "k", NULL},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char headers[512];
        snprintf(headers, sizeof headers, "Host: %s\n" DATE AUTHORIZATION, ROWS[i].host);
        asked a = ask_of("store.example.com, files.example.com=bound", "GET", ROWS[i].target, headers, (slice){0});
        assert_address(&a, &ROWS[i]);
        arena_clear(&a.memory);
    }
}

static void keys_that_are_none(void **state) {
    (void)state;
    expect("GET", "/b//k", SIGNED, FAILURE_OBJECT_NAME);
    expect("GET", "/b/%5Ck", SIGNED, FAILURE_OBJECT_NAME);
    expect("GET", "/b/%FF", SIGNED, FAILURE_OBJECT_NAME);
    expect("GET", "/b/a%00b", SIGNED, FAILURE_OBJECT_NAME);
    expect("GET", "/b/%zz", SIGNED, FAILURE_MALFORMED);
    expect("GET", "//k", SIGNED, FAILURE_BUCKET_NAME);
    char target[1100] = "/b/";
    memset(target + 3, 'k', 1023);
    expect("GET", target, SIGNED, STATUS_OK);
    target[3 + 1023] = 'k';
    expect("GET", target, SIGNED, FAILURE_OBJECT_NAME);
}

/* ---- operations */

static void sub_resources(void **state) {
    (void)state;
    const struct {
        const char *method, *target;
        enum operation_id operation;
    } rows[] = {
        {"GET", "/b?acl", OPERATION_GET_BUCKET_ACL},
        {"GET", "/b/?bucketInfo=", OPERATION_GET_BUCKET_INFO},
        {"GET", "/b/?location", OPERATION_GET_BUCKET_LOCATION},
        {"GET", "/b/?list-type=2", OPERATION_LIST_OBJECTS_V2},
        {"GET", "/b/?list-type=1&unknown=x", OPERATION_LIST_OBJECTS},
        {"DELETE", "/b/?encryption", OPERATION_DELETE_BUCKET_ENCRYPTION},
        {"DELETE", "/b/", OPERATION_DELETE_BUCKET},
        {"DELETE", "/b/k", OPERATION_DELETE_OBJECT},
        {"HEAD", "/b/k?objectMeta", OPERATION_HEAD_OBJECT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        asked a = ask(rows[i].method, rows[i].target, SIGNED);
        assert_status(&a, STATUS_OK);
        assert_int_equal(a.d.operation, rows[i].operation);
        arena_clear(&a.memory);
    }
}

static void what_oss_has_and_we_have_not(void **state) {
    (void)state;
    const char *rows[][2] = {{"GET", "/b/k?tagging"},
                             {"GET", "/b/k?versionId=x"},
                             {"POST", "/b/k?uploads"},
                             {"GET", "/b?acl&encryption"},
                             {"GET", "/b/k?x-oss-process=image"},
                             {"GET", "/?regions"},
                             {"PUT", "/b/k?partNumber=1&uploadId=u"},
                             {"PUT", "/b?acl"},
                             {"GET", "/b/k?acl"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        asked a = ask(rows[i][0], rows[i][1], SIGNED "Content-Length: 0\n");
        assert_status(&a, FAILURE_UNSUPPORTED);
        assert_true(a.d.has_proof); /* it is still signed, and recorded with who asked */
        assert_false(slice_is_empty(a.d.action));
        arena_clear(&a.memory);
    }
    expect("POST", "/b/k", SIGNED, FAILURE_UNSUPPORTED_METHOD);
    expect("PATCH", "/b/k", SIGNED, FAILURE_UNSUPPORTED_METHOD);
    expect("HEAD", "/b/", SIGNED, FAILURE_UNSUPPORTED_METHOD);
}

static void headers_that_must_not_be_ignored(void **state) {
    (void)state;
    const char *rows[] = {"x-oss-object-acl: public-read\n", "x-oss-storage-class: IA\n", "x-oss-tagging: a=b\n",
                          "x-oss-callback: e30=\n", "x-oss-server-side-encryption-customer-algorithm: AES256\n"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char headers[1024];
        snprintf(headers, sizeof headers, "%sContent-Length: 1\n%s", SIGNED, rows[i]);
        expect("PUT", "/b/k", headers, FAILURE_UNSUPPORTED);
    }
    expect("PUT", "/b/k", SIGNED "Content-Length: 1\nx-oss-object-acl: default\nx-oss-storage-class: standard\n",
           STATUS_OK);
    expect("PUT", "/b", SIGNED "x-oss-acl: public-read\n", FAILURE_UNSUPPORTED);
    expect("PUT", "/b/k", SIGNED "Content-Length: 1\nx-oss-server-side-data-encryption: SM4\n",
           FAILURE_ENCRYPTION_ALGORITHM);
}

/* ---- inputs */

static void an_object_with_all_its_headers(void **state) {
    (void)state;
    asked a =
        ask("PUT", "/b/k",
            SIGNED "Content-Length: 5\nContent-MD5: XUFAKrxLKna5cZ2REBfFkg==\nContent-Type: text/plain\n"
                   "Cache-Control: no-cache\nX-OSS-Meta-Uid: 1\nx-oss-meta-b: \xC3\xA9\nx-oss-forbid-overwrite: true\n"
                   "x-oss-server-side-encryption: KMS\nx-oss-server-side-encryption-key-id: key-1\n"
                   "x-oss-hash-crc64ecma: 11177612005948864433\nx-oss-object-acl: private\n");
    assert_status(&a, STATUS_OK);
    const put_object_in *in = a.d.input;
    assert_int_equal(in->content_length.value, 5);
    assert_int_equal(in->content_md5.len, 16);
    assert_text(in->crc64, "11177612005948864433");
    assert_int_equal(in->server_side_encryption, ENCRYPTION_KMS);
    assert_text(in->kms_key_id, "key-1");
    assert_true(in->forbid_overwrite.value);
    assert_int_equal(in->acl, ACL_PRIVATE);
    assert_text(in->headers->content_type, "text/plain");
    assert_text(in->headers->cache_control, "no-cache");
    assert_true(slice_is_absent(in->headers->expires));
    assert_int_equal(in->headers->metadata.count, 2);
    assert_text(in->headers->metadata.at[0].key, "b");
    assert_text(in->headers->metadata.at[1].key, "uid");
    assert_text(in->headers->metadata.at[1].value, "1");
    arena_clear(&a.memory);
}

static void objects_put_wrongly(void **state) {
    (void)state;
    expect("PUT", "/b/k", SIGNED, FAILURE_MISSING_LENGTH);
    expect("PUT", "/b/k", SIGNED "Transfer-Encoding: chunked\n", STATUS_OK);
    expect("PUT", "/b/k", SIGNED "Content-Length: x\n", FAILURE_INVALID_PARAMETER);
    expect("PUT", "/b/k", SIGNED "Content-Length: 1\nContent-Length: 2\n", FAILURE_INVALID_PARAMETER);
    expect("PUT", "/b/k", SIGNED "Content-Length: 1\nContent-MD5: XUFAKrxLKna5cZ2REBfF\n", FAILURE_BAD_DIGEST);
    expect("PUT", "/b/k", SIGNED "Content-Length: 1\nContent-MD5: ?\n", FAILURE_BAD_DIGEST);
    expect("PUT", "/b/k", SIGNED "Content-Length: 1\nx-oss-server-side-encryption: SM4\n",
           FAILURE_ENCRYPTION_ALGORITHM);
    expect("PUT", "/b/k", SIGNED "Content-Length: 1\nx-oss-server-side-encryption-key-id: k\n",
           FAILURE_INVALID_PARAMETER);
    expect("PUT", "/b/k",
           SIGNED "Content-Length: 1\nx-oss-server-side-encryption: AES256\nx-oss-server-side-encryption-key-id: k\n",
           FAILURE_INVALID_PARAMETER);
    expect("PUT", "/b/k", SIGNED "Content-Length: 1\nx-oss-meta-a: 1\nx-oss-meta-A: 2\n", FAILURE_INVALID_PARAMETER);
    expect("PUT", "/b/k", SIGNED "Content-Length: 1\nx-oss-meta-: 1\n", FAILURE_INVALID_PARAMETER);
    expect("PUT", "/b/k", SIGNED "Content-Length: 1\nx-oss-forbid-overwrite: yes\n", FAILURE_INVALID_PARAMETER);
}

static void ranges(void **state) {
    (void)state;
    const struct {
        const char *range;
        int64_t first, last, suffix; /* -1: not set */
    } rows[] = {
        {"bytes=0-0", 0, 0, -1},
        {"bytes=5-", 5, -1, -1},
        {"bytes=-7", -1, -1, 7},
        {"bytes=3-9", 3, 9, -1},
        {"bytes=9-3", -1, -1, -1},
        {"bytes=-", -1, -1, -1},
        {"bytes=a-b", -1, -1, -1},
        {"bytes=0-1,3-4", -1, -1, -1},
        {"lines=1-2", -1, -1, -1},
        {"bytes=1", -1, -1, -1},
        {"bytes=1-2-3", -1, -1, -1},
        {"bytes=+1-2", -1, -1, -1},
        {"bytes=99999999999999999999-", -1, -1, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char headers[512];
        snprintf(headers, sizeof headers, "%sRange: %s\n", SIGNED, rows[i].range);
        asked a = ask("GET", "/b/k", headers);
        assert_status(&a, STATUS_OK);
        const get_object_in *in = a.d.input;
        assert_int_equal(in->range_first.is_set ? in->range_first.value : -1, rows[i].first);
        assert_int_equal(in->range_last.is_set ? in->range_last.value : -1, rows[i].last);
        assert_int_equal(in->range_suffix.is_set ? in->range_suffix.value : -1, rows[i].suffix);
        arena_clear(&a.memory);
    }
    asked a = ask("GET", "/b/k", SIGNED "Range: bytes=0-0\nIf-Range: \"e\"\n");
    assert_false(((const get_object_in *)a.d.input)->range_first.is_set);
    arena_clear(&a.memory);
}

static void conditions_and_overrides(void **state) {
    (void)state;
    asked a =
        ask("GET", "/b/k?response-content-type=text%2Fx&response-expires=never",
            SIGNED "If-Match: \"e\"\nIf-Modified-Since: Mon, 20 May 2024 06:34:21 GMT\nIf-Unmodified-Since: soon\n");
    assert_status(&a, STATUS_OK);
    const get_object_in *in = a.d.input;
    assert_text(in->if_match, "\"e\"");
    assert_int_equal(in->if_modified_since.value, TEST_TIME_S);
    assert_false(in->if_unmodified_since.is_set);
    assert_text(in->response_headers->content_type, "text/x");
    assert_text(in->response_headers->expires, "never");
    arena_clear(&a.memory);
    expect("GET", "/b/k?response-content-type=a%0d%0aSet-Cookie:b", SIGNED, FAILURE_INVALID_PARAMETER);
}

static void copies(void **state) {
    (void)state;
    asked a = ask("PUT", "/b/k",
                  SIGNED "x-oss-copy-source: /src/k%20%C3%A9/x\nx-oss-metadata-directive: REPLACE\n"
                         "x-oss-copy-source-if-none-match: \"e\"\nIf-Match: \"other\"\n");
    assert_status(&a, STATUS_OK);
    assert_int_equal(a.d.operation, OPERATION_COPY_OBJECT);
    const copy_object_in *in = a.d.input;
    assert_text(in->source_bucket, "src");
    assert_text(in->source_key, "k \xC3\xA9/x");
    assert_int_equal(in->directive, METADATA_DIRECTIVE_REPLACE);
    assert_text(in->if_none_match, "\"e\"");
    assert_true(slice_is_absent(in->if_match));
    arena_clear(&a.memory);
    expect("PUT", "/b/k", SIGNED "x-oss-copy-source: /src/k?versionId=1\n", FAILURE_UNSUPPORTED);
    expect("PUT", "/b/k", SIGNED "x-oss-copy-source: src\n", FAILURE_INVALID_PARAMETER);
    expect("PUT", "/b/k", SIGNED "x-oss-copy-source: /src/\n", FAILURE_INVALID_PARAMETER);
    expect("PUT", "/b/k", SIGNED "x-oss-copy-source: /src/%\n", FAILURE_INVALID_PARAMETER);
    expect("PUT", "/b/k", SIGNED "x-oss-copy-source: /src/k\nx-oss-metadata-directive: MERGE\n",
           FAILURE_INVALID_PARAMETER);
    expect("PUT", "/b/k", SIGNED "x-oss-copy-source: /src/k\nx-oss-copy-source-range: bytes=0-1\n",
           FAILURE_UNSUPPORTED);
}

static void listings(void **state) {
    (void)state;
    asked a = ask(
        "GET", "/b?list-type=2&prefix=a%2F&max-keys=10&delimiter=%2F&fetch-owner=true&encoding-type=url&start-after=x",
        SIGNED_V4);
    assert_status(&a, STATUS_OK);
    const list_objects_v2_in *in = a.d.input;
    assert_text(in->prefix, "a/");
    assert_text(in->delimiter, "/");
    assert_text(in->start_after, "x");
    assert_text(in->encoding_type, "url");
    assert_int_equal(in->max_keys.value, 10);
    assert_true(in->fetch_owner.value);
    arena_clear(&a.memory);
    expect("GET", "/b?max-keys=all", SIGNED, FAILURE_INVALID_PARAMETER);
    expect("GET", "/b?encoding-type=hex", SIGNED, FAILURE_INVALID_PARAMETER);
    expect("GET", "/b?prefix=a&prefix=b", SIGNED, FAILURE_INVALID_PARAMETER);
    expect("GET", "/b?prefix=%a", SIGNED, FAILURE_MALFORMED);
}

/* ---- bodies */

static void expect_body(const char *method, const char *target, const char *headers, slice body,
                        enum status_code code) {
    http_head head = testing_head(method, target, headers);
    assert_true(dialect_oss_rest.body_wanted(&head) >= body.len);
    asked a = ask_of("", method, target, headers, body);
    assert_status(&a, code);
    arena_clear(&a.memory);
}

static void bodies_are_wanted_where_they_are_xml(void **state) {
    (void)state;
    const struct {
        const char *method, *target;
        bool is_wanted;
    } rows[] = {{"PUT", "/b", true},    {"PUT", "/b?encryption", true}, {"POST", "/b?delete", true},
                {"PUT", "/b/k", false}, {"GET", "/b", false},           {"PUT", "/b?acl", false},
                {"PUT", "/b/k%", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        http_head head = testing_head(rows[i].method, rows[i].target, SIGNED);
        assert_int_equal(dialect_oss_rest.body_wanted(&head) > 0, rows[i].is_wanted);
    }
}

#define RULE(inside)                                                                                                   \
    SLICE("<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault>" inside                                      \
          "</ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>")

static void encryption_rules(void **state) {
    (void)state;
    asked a = ask_of("", "PUT", "/b?encryption", SIGNED,
                     RULE("<SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID> key-1 </KMSMasterKeyID>"));
    assert_status(&a, STATUS_OK);
    const put_bucket_encryption_in *in = a.d.input;
    assert_int_equal(in->rule->sse_algorithm, ENCRYPTION_KMS);
    assert_text(in->rule->kms_master_key_id, "key-1");
    arena_clear(&a.memory);
    const char *t = "/b?encryption";
    expect_body("PUT", t, SIGNED, RULE("<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID></KMSMasterKeyID>"),
                STATUS_OK);
    expect_body("PUT", t, SIGNED, RULE("<SSEAlgorithm>SM4</SSEAlgorithm>"), FAILURE_ENCRYPTION_ALGORITHM);
    expect_body("PUT", t, SIGNED, RULE("<SSEAlgorithm>KMS</SSEAlgorithm><KMSDataEncryption>SM4</KMSDataEncryption>"),
                FAILURE_ENCRYPTION_ALGORITHM);
    expect_body("PUT", t, SIGNED, RULE("<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>"),
                FAILURE_INVALID_PARAMETER);
    expect_body("PUT", t, SIGNED, RULE(""), FAILURE_MALFORMED_XML);
    expect_body("PUT", t, SIGNED, SLICE(""), FAILURE_MALFORMED_XML);
    expect_body("PUT", t, SIGNED, SLICE("<Rule/>"), FAILURE_MALFORMED_XML);
    expect_body("PUT", t, SIGNED, SLICE("<!DOCTYPE a [<!ENTITY b 'c'>]><ServerSideEncryptionRule/>"),
                FAILURE_MALFORMED_XML);
    expect_body("PUT", t, SIGNED, SLICE("<ServerSideEncryptionRule>"), FAILURE_MALFORMED_XML);
    expect_body("PUT", t, SIGNED "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==\n", RULE("<SSEAlgorithm>KMS</SSEAlgorithm>"),
                FAILURE_BAD_DIGEST);
}

static void new_buckets(void **state) {
    (void)state;
    expect_body("PUT", "/b", SIGNED, SLICE(""), STATUS_OK);
    expect_body("PUT", "/b", SIGNED, SLICE("<x/>"), FAILURE_MALFORMED_XML);
    asked a =
        ask_of("", "PUT", "/b", SIGNED "x-oss-acl: private\n",
               SLICE("<CreateBucketConfiguration><StorageClass>Standard</StorageClass></CreateBucketConfiguration>"));
    assert_status(&a, STATUS_OK);
    assert_int_equal(((const put_bucket_in *)a.d.input)->acl, ACL_PRIVATE);
    assert_text(((const put_bucket_in *)a.d.input)->storage_class, "Standard");
    arena_clear(&a.memory);
}

static void deletions(void **state) {
    (void)state;
    const slice body =
        SLICE("<Delete><Quiet>true</Quiet><Object><Key>a&amp;b</Key></Object><Object><Key> c</Key></Object></Delete>");
    expect_body("POST", "/b?delete", SIGNED, body, FAILURE_MISSING_PARAMETER);
    asked a = ask_of("", "POST", "/b?delete&encoding-type=url", SIGNED "Content-MD5: X1mx3ghdpzJdEFLDlMCJdg==\n", body);
    assert_status(&a, FAILURE_BAD_DIGEST);
    arena_clear(&a.memory);
    a = ask_of("", "POST", "/b?delete&encoding-type=url", SIGNED "Content-MD5: e8Zg4UmgGyt6A3ZS1W3UEg==\n", body);
    if (FAILED(a.result)) print_error("%.*s\n", SLICE_ARGS(a.detail));
    assert_status(&a, STATUS_OK);
    const delete_multiple_objects_in *in = a.d.input;
    assert_true(in->quiet.value);
    assert_int_equal(in->keys.count, 2);
    assert_text(in->keys.at[0], "a&b");
    assert_text(in->keys.at[1], " c");
    arena_clear(&a.memory);
}

int main(void) {
    if (FAILED(crypto_start())) return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(keys_that_are_none),
        cmocka_unit_test(sub_resources),
        cmocka_unit_test(what_oss_has_and_we_have_not),
        cmocka_unit_test(headers_that_must_not_be_ignored),
        cmocka_unit_test(an_object_with_all_its_headers),
        cmocka_unit_test(objects_put_wrongly),
        cmocka_unit_test(ranges),
        cmocka_unit_test(conditions_and_overrides),
        cmocka_unit_test(copies),
        cmocka_unit_test(listings),
        cmocka_unit_test(bodies_are_wanted_where_they_are_xml),
        cmocka_unit_test(encryption_rules),
        cmocka_unit_test(new_buckets),
        cmocka_unit_test(deletions),
    };
    return cmocka_run_group_tests_name("oss_rest", tests, NULL, NULL);
}
