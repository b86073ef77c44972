/* Names of either cloud for one thing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/arn_twin.h"
#include "base/text.h"

static const struct twin_row {
    const char *theirs;
    const char *ours; /* NULL: MALFORMED */
    const char *back; /* what it is called there again; NULL: `theirs` */
} ROWS[] = {
    {"arn:aws:kms:eu-west-1:100000000001:key/a", "acs:kms:eu-west-1:100000000001:key/a", NULL},
    {"arn:aws-cn:kms:eu-west-1:100000000001:key/a", "acs:kms:eu-west-1:100000000001:key/a",
     "arn:aws:kms:eu-west-1:100000000001:key/a"},
    {"arn:aws:iam::100000000001:user/ann", "acs:ram::100000000001:user/ann", NULL},
    {"arn:aws:iam::aws:policy/ReadOnly", "acs:ram::system:policy/ReadOnly", NULL},
    {"arn:aws:sts::100000000001:assumed-role/r/s", "acs:ram::100000000001:assumed-role/r/s", NULL},
    {"arn:aws:cloudtrail:eu-west-1:100000000001:trail/t", "acs:actiontrail:eu-west-1:100000000001:trail/t", NULL},
    /* buckets have no region and, over there, no account */
    {"arn:aws:s3:::bucket/object", "acs:oss:*::bucket/object", NULL},
    {"arn:aws:s3:eu-west-1::bucket", "acs:oss:*::bucket", "arn:aws:s3:::bucket"},
    /* secrets lose their suffix, and only that */
    {"arn:aws:secretsmanager:r:100000000001:secret:db-a1B2c3", "acs:kms:r:100000000001:secret/db",
     "arn:aws:secretsmanager:r:100000000001:secret:db"},
    {"arn:aws:secretsmanager:r:100000000001:secret:db-zZ09aZ", "acs:kms:r:100000000001:secret/db",
     "arn:aws:secretsmanager:r:100000000001:secret:db"},
    {"arn:aws:secretsmanager:r:100000000001:secret:db-a1B2c", "acs:kms:r:100000000001:secret/db-a1B2c", NULL},
    {"arn:aws:secretsmanager:r:100000000001:secret:db-a1B2c34", "acs:kms:r:100000000001:secret/db-a1B2c34", NULL},
    {"arn:aws:secretsmanager:r:100000000001:secret:db-a1_2c3", "acs:kms:r:100000000001:secret/db-a1_2c3", NULL},
    {"arn:aws:secretsmanager:r:100000000001:secret:db-a[B2c3", "acs:kms:r:100000000001:secret/db-a[B2c3", NULL},
    {"arn:aws:secretsmanager:r:100000000001:secret:db+a1B2c3", "acs:kms:r:100000000001:secret/db+a1B2c3", NULL},
    {"arn:aws:secretsmanager:r:100000000001:secret:-a1B2c3", "acs:kms:r:100000000001:secret/-a1B2c3", NULL},
    /* what is no name of theirs */
    {"arn:azure:kms:r:100000000001:key/a", NULL, NULL},
    {"urn:aws:kms:r:100000000001:key/a", NULL, NULL},
    {"arn:aws:kms:r", NULL, NULL},
    {"", NULL, NULL},
};

static void test_names_go_over_and_back(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        OWNED(arena) memory = {0};
        slice ours = {0}, back = {0};
        status read = arn_canonical(slice_of_text(ROWS[i].theirs), &memory, &ours);
        if (!ROWS[i].ours) {
            assert_int_equal(read.code, FAILURE_MALFORMED);
            continue;
        }
        if (FAILED(read) || !slice_equals_text(ours, ROWS[i].ours))
            fail_msg("%s became %.*s", ROWS[i].theirs, SLICE_ARGS(ours));
        assert_int_equal(arn_as_aws(ours, &memory, &back).code, STATUS_OK);
        if (!slice_equals_text(back, ROWS[i].back ? ROWS[i].back : ROWS[i].theirs))
            fail_msg("%s came back as %.*s", ROWS[i].theirs, SLICE_ARGS(back));
    }
}

static void test_names_of_ours_stay_as_they_are(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    slice out;
    assert_int_equal(arn_canonical(SLICE("acs:oss:cn-hangzhou:1:b/k"), &memory, &out).code, STATUS_OK);
    assert_true(slice_equals_text(out, "acs:oss:cn-hangzhou:1:b/k"));
    assert_int_equal(arn_as_aws(SLICE("no name at all"), &memory, &out).code, STATUS_OK);
    assert_true(slice_equals_text(out, "no name at all"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_go_over_and_back),
        cmocka_unit_test(test_names_of_ours_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
