/* Times, ends and nonces that are not those of the signed text. */
#include "custody/dated.h"
#include "custody/test_house.h"

#define RPC "POST&%2F&Action%3DListKeys%26SignatureNonce%3Da%252Fb%26Timestamp%3D2024-05-20T06%253A34%253A21Z"
#define ACS3 "POST\n/\n\nhost:h\nx-acs-date:2024-05-20T06:34:21Z\nx-acs-signature-nonce:a/b\n\nhost\nhash"
#define OSS1 "GET\n\n\nMon, 20 May 2024 06:34:21 GMT\n/b/k"
#define OSS1_URL "GET\n\n\n1716186961\n/b/k"
#define OSS4 "GET\n/b/k\n\nx-oss-date:d\n\n\nUNSIGNED-PAYLOAD"
#define OSS4_URL "GET\n/b/k\na=b&x-oss-expires=100\nhost:h\n\nhost\nUNSIGNED-PAYLOAD"
#define AWS4_ATTEMPT "POST\n/\n\namz-sdk-invocation-id:u\namz-sdk-request:attempt=1\nhost:h\n\nhost\nhash"
#define AWS4_URL "GET\n/\nX-Amz-Expires=100&a=b\nhost:h\n\nhost\nUNSIGNED-PAYLOAD"

typedef struct row {
    int scheme;
    const char *text;
    maybe_int time, end;
    const char *nonce;
    bool holds;
} row;

#define AT SET_INT(TEST_NOW_S)
#define LATER SET_INT(TEST_NOW_S + 1)
#define END SET_INT(TEST_NOW_S + 100)
#define NO                                                                                                             \
    { 0 }

static const row rows[] = {
    {SCHEME_ALIBABA_V1, RPC, AT, NO, "a/b", true},
    {SCHEME_ALIBABA_V1, RPC, LATER, NO, "a/b", false},
    {SCHEME_ALIBABA_V1, RPC, AT, END, "a/b", false},
    {SCHEME_ALIBABA_V1, RPC, AT, NO, "another", false},
    {SCHEME_ALIBABA_V1, RPC, AT, NO, "", false},
    {SCHEME_ALIBABA_V1, RPC, NO, NO, "a/b", false},
    {SCHEME_ALIBABA_V1, RPC "%26Timestamp%3D2024-05-20T06%253A34%253A22Z", LATER, NO, "a/b", false},
    {SCHEME_ALIBABA_V1, "POST&%2F&Action%3DListKeys%26SignatureNonce%3Da", AT, NO, "a", false},
    {SCHEME_ALIBABA_V1, "POST&%2F&Action%3DListKeys%26Timestamp%3D2024-05-20T06%253A34%253A21Z", AT, NO, "", false},
    {SCHEME_ALIBABA_V3, ACS3, AT, NO, "a/b", true},
    {SCHEME_ALIBABA_V3, ACS3, LATER, NO, "a/b", false},
    {SCHEME_ALIBABA_V3, ACS3, AT, END, "a/b", false},
    {SCHEME_ALIBABA_V3, ACS3, AT, NO, "a/c", false},
    {SCHEME_ALIBABA_V3, "POST\n/\nx-acs-date:2024-05-20T06:34:21Z\nhost:h\n\nhost\nhash", AT, NO, "a", false},
    {SCHEME_OSS_V1, OSS1, AT, NO, "", true},
    {SCHEME_OSS_V1, OSS1, LATER, NO, "", false},
    {SCHEME_OSS_V1, OSS1, AT, END, "", false},
    {SCHEME_OSS_V1, OSS1, NO, NO, "", false},
    {SCHEME_OSS_V1, OSS1_URL, NO, END, "", true},
    {SCHEME_OSS_V1, OSS1_URL, NO, LATER, "", false},
    {SCHEME_OSS_V1, OSS1_URL, AT, NO, "", false},
    {SCHEME_OSS_V4, OSS4, AT, NO, "", true}, /* its time is signed elsewhere */
    {SCHEME_OSS_V4, OSS4, AT, END, "", false},
    {SCHEME_OSS_V4, OSS4_URL, AT, END, "", true},
    {SCHEME_OSS_V4, OSS4_URL, AT, SET_INT(INT64_MAX), "", false},
    {SCHEME_OSS_V4, OSS4_URL, NO, END, "", false},
    {SCHEME_AWS_V4, AWS4_URL, AT, END, "", true},
    {SCHEME_AWS_V4, AWS4_URL, AT, LATER, "", false},
    {SCHEME_AWS_V4, OSS4_URL, AT, END, "", false},
    {SCHEME_AWS_V4, AWS4_ATTEMPT, AT, NO, "u attempt=1", true},
    {SCHEME_AWS_V4, AWS4_ATTEMPT, AT, NO, "u attempt=2", false},
    {SCHEME_AWS_V4, AWS4_ATTEMPT, AT, NO, "", false},
    {SCHEME_AWS_V4, AWS4_URL, AT, END, "u attempt=1", false},
    {0, RPC, AT, NO, "a/b", false},
};

static void times_and_nonces_are_the_signed_ones(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OWNED(arena) memory = {0};
        proof p = {.scheme = rows[i].scheme, .request_time = rows[i].time, .expires_at = rows[i].end};
        p.nonce = slice_of_text(rows[i].nonce);
        status checked = dated_check(&p, slice_of_text(rows[i].text), &memory);
        if (FAILED(checked)) ASSERT_FAILS(checked, NO_PERMISSION);
        if (FAILED(checked) == rows[i].holds) fail_msg("row %zu: %s", i, rows[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(times_and_nonces_are_the_signed_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
