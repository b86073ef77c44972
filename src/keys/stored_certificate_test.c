/* Names and the states of certificates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys/stored_certificate.h"

#define ID "6f0f9d3e-0000-4000-8000-000000000001"

static void names_are_ids_or_arns(void **state) {
    (void)state;
    slice id;
    const key_shelf shelf = {.account = SLICE("1000000000000001"), .region = SLICE("cn-hangzhou")};
    static const char *const GOOD[] = {ID, "acs:kms:cn-hangzhou:1000000000000001:certificate/" ID};
    static const char *const WRONG[] = {"",
                                        "x",
                                        ID "0",
                                        "../" ID,
                                        "certificate/" ID,
                                        "acs:kms:cn-hangzhou:1000000000000002:certificate/" ID,
                                        "acs:kms:cn-beijing:1000000000000001:certificate/" ID,
                                        "acs:oss:cn-hangzhou:1000000000000001:certificate/" ID,
                                        "acs:kms:cn-hangzhou:1000000000000001:key/" ID,
                                        "acs:kms:cn-hangzhou:1000000000000001:certificate/",
                                        "acs:kms:cn-hangzhou:1000000000000001"};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        assert_int_equal(certificate_name_parse(slice_of_text(GOOD[i]), &shelf, &id).code, STATUS_OK);
        assert_true(slice_equals_text(id, ID));
    }
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_int_equal(certificate_name_parse(slice_of_text(WRONG[i]), &shelf, &id).code,
                         FAILURE_CERTIFICATE_NOT_FOUND);
}

static bool allows(int wanted, enum certificate_use use, int64_t now_s) {
    certificate_record of = {.status = wanted, .not_before = SET_INT(100), .not_after = SET_INT(200)};
    return !FAILED(certificate_allows(&of, use, now_s));
}

static void what_a_status_allows(void **state) {
    (void)state;
    assert_true(allows(CERTIFICATE_STATUS_ACTIVE, CERTIFICATE_PROTECT, 100));
    assert_true(allows(CERTIFICATE_STATUS_ACTIVE, CERTIFICATE_PROTECT, 200));
    assert_false(allows(CERTIFICATE_STATUS_ACTIVE, CERTIFICATE_PROTECT, 99));
    assert_false(allows(CERTIFICATE_STATUS_ACTIVE, CERTIFICATE_PROTECT, 201));
    assert_true(allows(CERTIFICATE_STATUS_ACTIVE, CERTIFICATE_RECOVER, 201));
    assert_true(allows(CERTIFICATE_STATUS_REVOKED, CERTIFICATE_RECOVER, 150));
    assert_false(allows(CERTIFICATE_STATUS_REVOKED, CERTIFICATE_PROTECT, 150));
    static const int NOTHING[] = {0, CERTIFICATE_STATUS_PENDING, CERTIFICATE_STATUS_INACTIVE};
    for (size_t i = 0; i < 3; i++) {
        assert_false(allows(NOTHING[i], CERTIFICATE_PROTECT, 150));
        assert_false(allows(NOTHING[i], CERTIFICATE_RECOVER, 150));
    }
}

static void what_a_status_may_become(void **state) {
    (void)state;
    /* from PENDING, ACTIVE, INACTIVE, REVOKED, to the same */
    static const bool MAY[4][4] = {
        {true, false, false, false}, {false, true, true, true}, {false, true, true, true}, {false, false, false, true}};
    for (int from = CERTIFICATE_STATUS_PENDING; from <= CERTIFICATE_STATUS_REVOKED; from++)
        for (int to = CERTIFICATE_STATUS_PENDING; to <= CERTIFICATE_STATUS_REVOKED; to++) {
            certificate_record of = {.status = from};
            assert_int_equal(!FAILED(certificate_may_become(&of, to)), MAY[from - 1][to - 1]);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_ids_or_arns), cmocka_unit_test(what_a_status_allows),
                                       cmocka_unit_test(what_a_status_may_become)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
