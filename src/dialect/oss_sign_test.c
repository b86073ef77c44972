/* Signatures of the OSS wire: published vectors, and what is no signature. */
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

static asked ask(const char *method, const char *target, const char *headers) {
    asked a = {.memory = {.limit = DIALECT_MEMORY_MOST}};
    http_head head = testing_head(method, target, headers);
    assert_ptr_equal(dialect_recognise(&head), &dialect_oss_rest);
    a.result = dialect_oss_rest.decode(&head, (slice){0}, &a.memory, &a.d, &a.detail);
    return a;
}

static void assert_status(const asked *a, enum status_code code) {
    assert_string_equal(status_name(a->result), status_name((status){code}));
}

static void expect(const char *method, const char *target, const char *headers, enum status_code code) {
    asked a = ask(method, target, headers);
    assert_status(&a, code);
    assert_ptr_equal(a.d.dialect, &dialect_oss_rest);
    arena_clear(&a.memory);
}

static void signatures_that_are_not_whole(void **state) {
    (void)state;
    expect("GET", "/b/k", "Host: h\n", FAILURE_ANONYMOUS);
    expect("GET", "/", "Host: h\n", FAILURE_ANONYMOUS);
    expect("GET", "/b/k", "Host: h\n" DATE "Authorization: OSS AK\n", FAILURE_INCOMPLETE_SIGNATURE);
    expect("GET", "/b/k", "Host: h\n" DATE "Authorization: OSS :x\n", FAILURE_INCOMPLETE_SIGNATURE);
    expect("GET", "/b/k", "Host: h\n" DATE "Authorization: OSS AK:QUJD\n", FAILURE_INCOMPLETE_SIGNATURE);
    expect("GET", "/b/k", "Host: h\n" DATE "Authorization: OSS2 AK:QUJD\n", FAILURE_INCOMPLETE_SIGNATURE);
    expect("GET", "/b/k", "Host: h\n" DATE "Authorization: Bearer x\n", FAILURE_INCOMPLETE_SIGNATURE);
    expect("GET", "/b/k", "Host: h\n" AUTHORIZATION, FAILURE_BAD_TIMESTAMP);
    expect("GET", "/b/k", "Host: h\nDate: yesterday\n" AUTHORIZATION, FAILURE_BAD_TIMESTAMP);
    expect("GET", "/b/k?OSSAccessKeyId=AK&Signature=x", "Host: h\n", FAILURE_INCOMPLETE_SIGNATURE);
    expect("GET", "/b/k?OSSAccessKeyId=AK&Expires=soon&Signature=x", "Host: h\n", FAILURE_BAD_TIMESTAMP);
    expect("GET", "/b/k?OSSAccessKeyId=AK&Expires=1716190461&Signature=i4AfS6ZvFXoVtVVBFjzlbArw2AM%3D", SIGNED,
           FAILURE_TWO_SIGNATURES);
    expect("GET", "/b/k?" URL_V4 "&x-oss-expires=1", SIGNED, FAILURE_TWO_SIGNATURES);
}

static void version_4_signatures_that_are_not_whole(void **state) {
    (void)state;
    const char *broken[] = {"AK/20240520/cn-hangzhou/oss", "AK/20240520/cn-hangzhou/s3/aliyun_v4_request",
                            "AK/20240520//oss/aliyun_v4_request", CREDENTIAL "/x", ""};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        char headers[512];
        snprintf(headers, sizeof headers,
                 "Host: h\nx-oss-date: 20240520T063421Z\nAuthorization: OSS4-HMAC-SHA256 Credential=%s,Signature=%s\n",
                 broken[i], HEX_32);
        expect("GET", "/b/k", headers, FAILURE_INCOMPLETE_SIGNATURE);
    }
    expect("GET", "/b/k", "Host: h\nAuthorization: OSS4-HMAC-SHA256 Credential=" CREDENTIAL ",Signature=" HEX_32 "\n",
           FAILURE_BAD_TIMESTAMP);
    expect("GET", "/b/k", SIGNED_V4, STATUS_OK);
    expect("GET", "/b/k?" URL_V4, "Host: h\n", FAILURE_BAD_TIMESTAMP);
    expect("GET", "/b/k?" URL_V4 "&x-oss-expires=0", "Host: h\n", FAILURE_BAD_TIMESTAMP);
    expect("GET", "/b/k?" URL_V4 "&x-oss-expires=604801", "Host: h\n", FAILURE_BAD_TIMESTAMP);
    /* a body's hash that is never compared would be a promise not kept */
    asked a = ask("PUT", "/b/k",
                  "Host: h\nContent-Length: 0\nx-oss-date: 20240520T063421Z\nx-oss-content-sha256: " HEX_32
                  "\nAuthorization: OSS4-HMAC-SHA256 Credential=" CREDENTIAL ",Signature=" HEX_32 "\n");
    assert_status(&a, FAILURE_UNSUPPORTED);
    assert_true(a.d.has_proof);
    arena_clear(&a.memory);
}

/* Published vectors of signed URLs; the addresses are the path style of the same objects. */
typedef struct url_vector {
    const char *method, *target, *headers;
    enum scheme scheme;
    int64_t expires_s;
} url_vector;

static void signed_urls(void **state) {
    (void)state;
    static const url_vector ROWS[] = {
        {"GET",
         "/mybucket/dir/a%20b.txt?OSSAccessKeyId=" TEST_ACCESS_KEY_ID
         "&Expires=1716190461&Signature=XAoCrNikzxvUMoOi00JdA5R41Js%3D&response-content-type=text%2Fplain",
         "Host: localhost\n", SCHEME_OSS_V1, 1716190461},
        {"GET",
         "/mybucket/dir/a%20b.txt?OSSAccessKeyId=STS." TEST_ACCESS_KEY_ID
         "&Expires=1716190461&Signature=jg2cn9tC4j%2F1vLYnGj9mAqECYgk%3D&security-token=CAIStoken%2B%2F%3Dabc",
         "Host: localhost\n", SCHEME_OSS_V1, 1716190461},
        {"PUT",
         "/mybucket/k.txt?OSSAccessKeyId=" TEST_ACCESS_KEY_ID
         "&Expires=1716190461&Signature=6v5l1J2GP0B6dlH%2FwD2W%2FPEkjLw%3D",
         "Host: mybucket.oss-cn-hangzhou.aliyuncs.com\nContent-Type: text/plain\nContent-Length: 0\n", SCHEME_OSS_V1,
         1716190461},
        {"PUT",
         "/mybucket/k.txt?x-oss-additional-headers=host&x-oss-credential=" TEST_ACCESS_KEY_ID
         "%2F20240520%2Fcn-hangzhou%2Foss%2Faliyun_v4_request&x-oss-date=20240520T063421Z&x-oss-expires=3600"
         "&x-oss-signature-version=OSS4-HMAC-SHA256"
         "&x-oss-signature=867b0d2e54be023529a2e4a454a306230373ba138a2e336335cbebbb86c3d8db",
         "Host: h\nContent-Type: text/plain\nContent-Length: 0\n", SCHEME_OSS_V4, TEST_TIME_S + 3600},
        {"GET",
         "/mybucket/k.txt?x-oss-credential=STS." TEST_ACCESS_KEY_ID
         "%2F20240520%2Fcn-hangzhou%2Foss%2Faliyun_v4_request&x-oss-date=20240520T063421Z&x-oss-expires=3600"
         "&x-oss-security-token=CAIStoken%2B%2F%3Dabc&x-oss-signature-version=OSS4-HMAC-SHA256"
         "&x-oss-signature=bfea6ff634dcd3a8afc0678fdd6170619285094e9052a573c86c8a1d07354847",
         "Host: localhost\n", SCHEME_OSS_V4, TEST_TIME_S + 3600},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        asked a = ask(ROWS[i].method, ROWS[i].target, ROWS[i].headers);
        print_message("%s\n", ROWS[i].target);
        assert_status(&a, STATUS_OK);
        assert_int_equal(a.d.proof.scheme, ROWS[i].scheme);
        assert_int_equal(testing_matches(&a.d.proof, a.d.proof.texts, SLICE(TEST_SECRET)), 0);
        assert_int_equal(a.d.proof.expires_at.value, ROWS[i].expires_s);
        arena_clear(&a.memory);
    }
}

/* Object processing is not offered, but its URL is signed all the same. */
static void a_signed_url_for_what_is_not_offered(void **state) {
    (void)state;
    asked a = ask("GET",
                  "/mybucket/dir/a%20b.txt?x-oss-credential=" TEST_ACCESS_KEY_ID
                  "%2F20240520%2Fcn-hangzhou%2Foss%2Faliyun_v4_request&x-oss-date=20240520T063421Z&x-oss-expires=3600"
                  "&x-oss-process=image%2Finfo&x-oss-signature-version=OSS4-HMAC-SHA256"
                  "&x-oss-signature=5bd62c95975a6350b356f0d7be82a202d2da9c7e8aa3b48151d47348965c8d81",
                  "Host: localhost\n");
    assert_status(&a, FAILURE_UNSUPPORTED);
    assert_int_equal(testing_matches(&a.d.proof, a.d.proof.texts, SLICE(TEST_SECRET)), 0);
    arena_clear(&a.memory);
}

static void empty_values_have_two_spellings(void **state) {
    (void)state;
    asked a = ask("GET", "/b/?prefix=&acl=", SIGNED_V4);
    assert_int_equal(a.d.proof.texts.count, 2);
    assert_true(slice_find(a.d.proof.texts.at[0], SLICE("\nacl&prefix\n")) != SIZE_MAX);
    assert_true(slice_find(a.d.proof.texts.at[1], SLICE("\nacl&prefix=\n")) != SIZE_MAX);
    arena_clear(&a.memory);
    a = ask("GET", "/b/?acl=", SIGNED_V4);
    assert_int_equal(a.d.proof.texts.count, 1);
    arena_clear(&a.memory);
}

static void the_second_reading_is_signed_too(void **state) {
    (void)state;
    asked a = ask("GET", "/b/k", "Host: b.localhost\n" DATE AUTHORIZATION);
    assert_status(&a, STATUS_OK);
    assert_true(slice_ends_with(a.d.proof.texts.at[0], SLICE("\n/b/k")));
    assert_true(slice_ends_with(a.d.alternative_texts.at[0], SLICE("\n/b/b/k")));
    arena_clear(&a.memory);
}

/* Which parameters version 1 covers: sub-resources and overrides, but not what only shapes a listing. */
static void version_1_signs_some_parameters(void **state) {
    (void)state;
    asked a = ask("GET",
                  "/b/k?response-cache-control=a&response-content-disposition=b&response-content-encoding=c"
                  "&response-content-language=d&response-content-type=e%2F&response-expires=f&marker=m&x-oss-any=",
                  SIGNED);
    assert_status(&a, STATUS_OK);
    assert_true(
        slice_ends_with(a.d.proof.texts.at[0], SLICE("\n/b/k?response-cache-control=a&response-content-disposition=b"
                                                     "&response-content-encoding=c&response-content-language=d"
                                                     "&response-content-type=e/&response-expires=f&x-oss-any")));
    arena_clear(&a.memory);
    a = ask("GET", "/b?prefix=p&delimiter=%2F&max-keys=1&list-type=2&continuation-token=t", SIGNED);
    assert_true(slice_ends_with(a.d.proof.texts.at[0], SLICE("\n/b/?continuation-token=t")));
    arena_clear(&a.memory);
}

int main(void) {
    if (FAILED(crypto_start())) return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_that_are_not_whole),
        cmocka_unit_test(version_4_signatures_that_are_not_whole),
        cmocka_unit_test(signed_urls),
        cmocka_unit_test(a_signed_url_for_what_is_not_offered),
        cmocka_unit_test(empty_values_have_two_spellings),
        cmocka_unit_test(the_second_reading_is_signed_too),
        cmocka_unit_test(version_1_signs_some_parameters),
    };
    return cmocka_run_group_tests_name("oss_sign", tests, NULL, NULL);
}
