/* What the client signs, the dialects decode and verify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/start.h"
#include "dialect/client.h"
#include "dialect/testing.h"

static http_head head_of(const client_request *r) {
    return (http_head){
        .method = r->method, .target = r->target, .headers = r->headers, .header_count = r->header_count};
}

static client_credentials credentials_of(slice token) {
    client_credentials c;
    assert_false(FAILED(client_credentials_new(SLICE(TEST_ACCESS_KEY_ID), SLICE(TEST_SECRET), token, &c)));
    return c;
}

static void assert_signed(const decoded *d) {
    assert_true(d->has_proof);
    assert_true(slice_equals_text(d->proof.access_key_id, TEST_ACCESS_KEY_ID));
    assert_int_equal(d->proof.request_time.value, TEST_TIME_S);
    assert_int_equal(testing_matches(&d->proof, d->proof.texts, SLICE(TEST_SECRET)), 0);
}

static client_rpc encrypt_call(void) {
    static pair pairs[] = {{SLICE("KeyId"), SLICE("alias/x y")},
                           {SLICE("Plaintext"), SLICE("SGVsbG8=")},
                           {SLICE("EncryptionContext"), SLICE("{\"a\":\"*~\xC3\xA9\"}")}};
    return (client_rpc){.host = SLICE("127.0.0.1:1"),
                        .action = SLICE("Encrypt"),
                        .version = SLICE("2016-01-20"),
                        .parameters = {pairs, 3},
                        .time_s = TEST_TIME_S,
                        .nonce = SLICE("n1")};
}

static void rpc_requests_verify(void **state) {
    (void)state;
    const slice tokens[] = {{0}, SLICE("CAIS+/=")};
    for (size_t i = 0; i < 2; i++) {
        OWNED(arena) memory = {0};
        OWNED(client_credentials) c = credentials_of(tokens[i]);
        client_rpc call = encrypt_call();
        client_request r;
        decoded d;
        slice detail;
        assert_false(FAILED(client_sign_rpc(&c, &call, &memory, &r)));
        http_head head = head_of(&r);
        assert_ptr_equal(dialect_recognise(&head), &dialect_alibaba_rpc);
        assert_false(FAILED(dialect_alibaba_rpc.decode(&head, r.body, &memory, &d, &detail)));
        assert_signed(&d);
        assert_true(slice_equals(d.proof.security_token, tokens[i]));
        assert_int_equal(d.operation, OPERATION_ENCRYPT);
        assert_int_equal(d.form, ANSWER_JSON);
        const encrypt_in *in = d.input;
        assert_true(slice_equals_text(in->key_id, "alias/x y"));
        assert_true(slice_equals_text(in->plaintext, "Hello"));
        assert_true(slice_equals_text(in->encryption_context.at[0].value, "*~\xC3\xA9"));
    }
}

/* Anything changed on the way is found: in the body by its hash, elsewhere by the signature. */
static void changed_requests_do_not_verify(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(client_credentials) c = credentials_of((slice){0});
    client_rpc call = encrypt_call();
    client_request r;
    decoded d;
    slice detail;
    assert_false(FAILED(client_sign_rpc(&c, &call, &memory, &r)));
    http_head head = head_of(&r);
    status other_body = dialect_alibaba_rpc.decode(&head, SLICE("KeyId=other"), &memory, &d, &detail);
    assert_true(FAILED_WITH(other_body, BAD_BODY_HASH) && d.has_proof);
    const struct {
        const char *header, *value;
    } changes[] = {{"host", "127.0.0.1:2"},
                   {"x-acs-action", "DescribeKey"},
                   {"x-acs-date", "2024-05-20T06:34:22Z"},
                   {"x-acs-signature-nonce", "n2"}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        assert_false(FAILED(client_sign_rpc(&c, &call, &memory, &r)));
        for (size_t h = 0; h < r.header_count; h++)
            if (slice_equals_text(r.headers[h].name, changes[i].header))
                r.headers[h].value = slice_of_text(changes[i].value);
        head = head_of(&r);
        status decoded_as = dialect_alibaba_rpc.decode(&head, r.body, &memory, &d, &detail);
        assert_true((!FAILED(decoded_as) || FAILED_WITH(decoded_as, INVALID_PARAMETER)) && d.has_proof);
        assert_int_equal(testing_matches(&d.proof, d.proof.texts, SLICE(TEST_SECRET)), -1);
    }
    head = head_of(&r);
    head.target = SLICE("/?RegionId=x");
    assert_false(FAILED(dialect_alibaba_rpc.decode(&head, r.body, &memory, &d, &detail)));
    assert_int_equal(testing_matches(&d.proof, d.proof.texts, SLICE(TEST_SECRET)), -1);
}

static client_oss oss_call(const char *method, const char *bucket, const char *key) {
    static const http_header headers[] = {{SLICE("Content-Type"), SLICE("text/plain")},
                                          {SLICE("Content-Length"), SLICE("5")},
                                          {SLICE("x-oss-meta-a"), SLICE(" 1 ")}};
    return (client_oss){.method = slice_of_text(method),
                        .host = SLICE("localhost:9"),
                        .region = SLICE("cn-hangzhou"),
                        .bucket = slice_of_text(bucket),
                        .key = slice_of_text(key),
                        .headers = headers,
                        .header_count = 3,
                        .time_s = TEST_TIME_S};
}

static void expect_oss(const client_oss *call, slice token, enum operation_id id) {
    OWNED(arena) memory = {0};
    OWNED(client_credentials) c = credentials_of(token);
    client_request r;
    decoded d;
    slice detail;
    assert_false(FAILED(client_sign_oss(&c, call, &memory, &r)));
    http_head head = head_of(&r);
    assert_ptr_equal(dialect_recognise(&head), &dialect_oss_rest);
    assert_false(FAILED(dialect_oss_rest.decode(&head, (slice){0}, &memory, &d, &detail)));
    assert_signed(&d);
    assert_int_equal(d.operation, id);
    assert_true(slice_equals(d.proof.security_token, token));
    for (size_t h = 0; h < r.header_count; h++)
        if (slice_equals_ignoring_case(r.headers[h].name, SLICE("host"))) r.headers[h].value = SLICE("localhost:10");
    assert_false(FAILED(dialect_oss_rest.decode(&head, (slice){0}, &memory, &d, &detail)));
    assert_int_equal(testing_matches(&d.proof, d.proof.texts, SLICE(TEST_SECRET)), -1);
}

static void oss_requests_verify(void **state) {
    (void)state;
    client_oss call = oss_call("PUT", "mybucket", "dir/a b+\xC3\xA9%2F.txt");
    expect_oss(&call, (slice){0}, OPERATION_PUT_OBJECT);
    expect_oss(&call, SLICE("CAIS+/="), OPERATION_PUT_OBJECT);
    call = oss_call("GET", NULL, NULL);
    expect_oss(&call, (slice){0}, OPERATION_LIST_BUCKETS);
    call = oss_call("GET", "mybucket", NULL);
    pair acl = {SLICE("acl"), {0}};
    call.query = (pair_list){&acl, 1};
    expect_oss(&call, (slice){0}, OPERATION_GET_BUCKET_ACL);
    pair listing[] = {
        {SLICE("prefix"), SLICE("a/b c")}, {SLICE("list-type"), SLICE("2")}, {SLICE("marker"), SLICE("")}};
    call.query = (pair_list){listing, 3};
    expect_oss(&call, (slice){0}, OPERATION_LIST_OBJECTS_V2);
}

int main(void) {
    if (FAILED(crypto_start())) return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rpc_requests_verify),
        cmocka_unit_test(changed_requests_do_not_verify),
        cmocka_unit_test(oss_requests_verify),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
