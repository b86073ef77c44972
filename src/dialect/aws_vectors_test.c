/* Known answers for AWS Signature Version 4: each request is read, and its signature recomputed from what was read. The file's path
 * is the argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/start.h"
#include "dialect/aws_sign.h"
#include "dialect/testing.h"
#include "format/json.h"

static const char *vectors_path;

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
                       .target = text_member(vector, "target"),
                       .headers = headers,
                       .header_count = count};
}

/* A token that is not under the signature is not taken: from a header it is refused, in a URL it spoils the signature. */
static void check_unsigned_token(const aws_signed *evidence, slice secret_text) {
    decoded d = {0};
    slice detail;
    status read = aws_proof(evidence, &d, &detail);
    if (FAILED(read)) assert_string_equal(status_name(read), "INCOMPLETE_SIGNATURE");
    else assert_int_equal(testing_matches(&d.proof, d.proof.texts, secret_text), -1);
}

static void check_vector(const json *vector, slice secret_text, arena *memory) {
    http_head head = vector_head(vector, memory);
    aws_signed evidence = {.head = &head, .memory = memory};
    assert_false(FAILED(aws_hash(text_member(vector, "body"), memory, &evidence.payload_hash)));
    if (json_member(vector, SLICE("hasUnsignedToken"))) return check_unsigned_token(&evidence, secret_text);
    decoded d = {0};
    slice detail, signature;
    assert_true(aws_is_signed(&head));
    assert_true(slice_equals_text(aws_service(&head), "service"));
    status read = aws_proof(&evidence, &d, &detail);
    if (FAILED(read)) fail_msg("%.*s: %s", SLICE_ARGS(text_member(vector, "name")), status_name(read));
    assert_true(d.has_proof && d.proof.scheme == SCHEME_AWS_V4);
    assert_true(slice_equals_text(d.proof.access_key_id, "AKIDEXAMPLE"));
    assert_true(slice_equals_text(d.proof.scope_region, "us-east-1"));
    assert_false(FAILED(hex_decode(text_member(vector, "signature"), memory, &signature)));
    assert_true(slice_equals(d.proof.signature, signature));
    if (!slice_equals(d.proof.texts.at[0], text_member(vector, "canonicalRequest")))
        fail_msg("%.*s", SLICE_ARGS(d.proof.texts.at[0]));
    assert_int_equal(testing_matches(&d.proof, d.proof.texts, secret_text), 0);
    assert_int_equal(testing_matches(&d.proof, d.proof.texts, SLICE("another secret")), -1);
}

static void every_vector_verifies(void **state) {
    (void)state;
    size_t bytes = 0;
    char *text = testing_read_file(vectors_path, &bytes);
    OWNED(arena) memory = {0};
    const json *all;
    assert_non_null(text);
    assert_false(FAILED(json_parse(slice_of(text, bytes), &memory, &all, NULL)));
    const json *list = json_member(all, SLICE("vectors"));
    assert_true(json_is_array(list) && list->count > 30);
    for (const json *each = json_first(list); each; each = each->next)
        check_vector(each, text_member(all, "secret"), &memory);
    free(text);
}

typedef struct bad {
    const char *target, *headers;
    const char *failure;
} bad;

#define SCOPE "AK/20150830/us-east-1/kms/aws4_request"
#define HEX32 "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
#define AUTH(scope, names, hex)                                                                                        \
    "Host: h\nX-Amz-Date: 20150830T123600Z\nX-Amz-Target: T.A\nAuthorization: AWS4-HMAC-SHA256 Credential=" scope      \
    ", SignedHeaders=" names ", Signature=" hex "\n"
#define NAMES "host;x-amz-date;x-amz-target"
#define URL(expires)                                                                                                   \
    "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20150830%2Fus-east-1%2Fkms%2Faws4_request"               \
    "&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=" expires "&X-Amz-Signature=" HEX32

static const bad bads[] = {
    {"/", AUTH(SCOPE, NAMES, HEX32), "OK"},
    {"/", "Host: h\n", "ANONYMOUS"},
    {"/", "Host: h\nAuthorization: Basic eA==\n", "INCOMPLETE_SIGNATURE"},
    {"/", AUTH("AK/20150830/us-east-1/kms", NAMES, HEX32), "INCOMPLETE_SIGNATURE"},
    {"/", AUTH("/20150830/us-east-1/kms/aws4_request", NAMES, HEX32), "INCOMPLETE_SIGNATURE"},
    {"/", AUTH("AK/20150830/us-east-1/kms/aws4_requests", NAMES, HEX32), "INCOMPLETE_SIGNATURE"},
    {"/", AUTH("A/K/20150830//kms/aws4_request", NAMES, HEX32), "OK"}, /* a key id with a slash, an empty region */
    {"/", AUTH(SCOPE, "x-amz-date;x-amz-target", HEX32), "INCOMPLETE_SIGNATURE"},
    {"/", AUTH(SCOPE, "host;x-amz-target", HEX32), "INCOMPLETE_SIGNATURE"},
    {"/", AUTH(SCOPE, "host;x-amz-date", HEX32), "INCOMPLETE_SIGNATURE"},
    {"/", AUTH(SCOPE, NAMES ";x-amz-missing", HEX32), "INCOMPLETE_SIGNATURE"},
    {"/", AUTH(SCOPE, "Host;x-amz-date;x-amz-target", HEX32), "INCOMPLETE_SIGNATURE"},
    {"/", AUTH(SCOPE, "", HEX32), "INCOMPLETE_SIGNATURE"},
    {"/", AUTH(SCOPE, NAMES, "5da7"), "INCOMPLETE_SIGNATURE"},
    {"/", AUTH(SCOPE, NAMES, HEX32 ", Signature=" HEX32), "INCOMPLETE_SIGNATURE"},
    {"/", AUTH(SCOPE, NAMES, HEX32 ", Other=1"), "INCOMPLETE_SIGNATURE"},
    {"/", "X-Amz-Security-Token: t\n" AUTH(SCOPE, NAMES, HEX32), "INCOMPLETE_SIGNATURE"},
    {"/",
     "Host: h\nX-Amz-Date: yesterday\nAuthorization: AWS4-HMAC-SHA256 Credential=" SCOPE
     ", SignedHeaders=host;x-amz-date"
     ", Signature=" HEX32 "\n",
     "BAD_TIMESTAMP"},
    {"/", "Host: h\nAuthorization: AWS4-HMAC-SHA256 Credential=" SCOPE ", SignedHeaders=host, Signature=" HEX32 "\n",
     "BAD_TIMESTAMP"},
    {"/",
     "Host: h\nDate: Sun, 30 Aug 2015 12:36:00 GMT\nAuthorization: AWS4-HMAC-SHA256 Credential=" SCOPE
     ", SignedHeaders=date;host, Signature=" HEX32 "\n",
     "OK"},
    {"/?%zz=1", AUTH(SCOPE, NAMES, HEX32), "INCOMPLETE_SIGNATURE"},
    {URL("60"), "Host: h\n", "OK"},
    {URL("60"), AUTH(SCOPE, NAMES, HEX32), "TWO_SIGNATURES"},
    {URL("0"), "Host: h\n", "INCOMPLETE_SIGNATURE"},
    {URL("604801"), "Host: h\n", "INCOMPLETE_SIGNATURE"},
    {URL("-1"), "Host: h\n", "INCOMPLETE_SIGNATURE"},
    {URL("60&X-Amz-Expires=60"), "Host: h\n", "INCOMPLETE_SIGNATURE"},
    {URL("60"), "Hos: h\n", "INCOMPLETE_SIGNATURE"},
    {"/?X-Amz-Signature=" HEX32, "Host: h\n", "INCOMPLETE_SIGNATURE"},
};

static void broken_signatures_are_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        OWNED(arena) memory = {0};
        http_head head = testing_head("POST", bads[i].target, bads[i].headers);
        aws_signed evidence = {.head = &head, .payload_hash = SLICE("h"), .memory = &memory};
        decoded d = {0};
        slice detail;
        const char *found = status_name(aws_proof(&evidence, &d, &detail));
        if (strcmp(found, bads[i].failure) != 0) fail_msg("row %zu: %s, not %s", i, found, bads[i].failure);
        assert_int_equal(d.has_proof, strcmp(found, "OK") == 0);
    }
}

static void only_what_numbers_its_attempts_has_a_nonce(void **state) {
    (void)state;
    static const char *const NAMED[] = {NAMES, "amz-sdk-invocation-id;" NAMES,
                                        "amz-sdk-invocation-id;amz-sdk-request;" NAMES};
    for (size_t i = 0; i < 3; i++) {
        OWNED(arena) memory = {0};
        slice headers, detail;
        assert_false(
            FAILED(arena_printf(&memory, &headers,
                                "Host: h\nX-Amz-Date: 20150830T123600Z\nX-Amz-Target: T.A\namz-sdk-invocation-id: u\n"
                                "amz-sdk-request: attempt=1\nAuthorization: AWS4-HMAC-SHA256 Credential=" SCOPE
                                ", SignedHeaders=%s, Signature=" HEX32 "\n",
                                NAMED[i])));
        http_head head = testing_head("POST", "/", (const char *)headers.at);
        aws_signed evidence = {.head = &head, .payload_hash = SLICE("h"), .memory = &memory};
        decoded d = {0};
        assert_false(FAILED(aws_proof(&evidence, &d, &detail)));
        if (i < 2) assert_true(slice_is_empty(d.proof.nonce));
        else assert_true(slice_equals_text(d.proof.nonce, "u attempt=1"));
    }
}

int main(int argc, char **argv) {
    assert_int_equal(argc, 2);
    vectors_path = argv[1];
    assert_false(FAILED(crypto_start()));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_verifies),
        cmocka_unit_test(broken_signatures_are_told),
        cmocka_unit_test(only_what_numbers_its_attempts_has_a_nonce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
