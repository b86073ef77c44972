/* Fuzzing the policy compiler with arbitrary documents, and the evaluator with whatever compiles. */
#include <stdlib.h>

#include "access/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decide_some(const policy *p) {
    const slice values[] = {SLICE("10.1.2.3"), SLICE("true"), SLICE("a"), SLICE("2024-05-20T06:34:21Z"),
                            SLICE("-1.5"),     SLICE("")};
    const condition_value known[] = {
        {SLICE(CONDITION_SOURCE_IP), &values[0], 1},  {SLICE(CONDITION_SECURE_TRANSPORT), &values[1], 1},
        {SLICE(CONDITION_USER_AGENT), &values[2], 4}, {SLICE(CONDITION_OSS_PREFIX), &values[5], 1},
        {SLICE("kms:tag/a"), &values[0], 6},
    };
    const policy_request requests[] = {
        {SLICE("kms:Encrypt"), SLICE("acs:kms:cn-hangzhou:1234567890123456:key/a"), known, 5, 1716186861},
        {SLICE("oss:GetObject"), SLICE("acs:oss:*:1234567890123456:bucket/a/b:c"), known, 3, 0},
        {SLICE("ram:ListUsers"), SLICE("acs:ram::1234567890123456:user/*"), NULL, 0, INT64_MAX},
        {SLICE("x"), SLICE("y"), NULL, 0, 0},
    };
    const policy *const both[] = {p, p};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        policy_match why;
        enum decision decision = policy_decide(both, 2, &requests[i], &why);
        if (decision == DECISION_ALLOW && why.policy != 0) abort(); /* the first of two equal policies decides */
        if (decision == DECISION_IMPLICIT_DENY && why.statement != SIZE_MAX) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED(arena) memory = {0};
    policy_source source = {slice_of(data, size), POLICY_IDENTITY, POLICY_BYTES_MOST};
    slice fault = {0};
    policy *p = NULL;
    status result = policy_compile(&source, &memory, &fault, &p);
    if (FAILED(result)) {
        if (p || (FAILED_WITH(result, POLICY_MALFORMED) && fault.len == 0)) abort();
        return 0;
    }
    decide_some(p);
    policy_free(p);
    return 0;
}
