/* Fuzzing the policy compiler with arbitrary documents, and the evaluator with whatever compiles. */
#include <stdlib.h>

#include "access/lint.h"
#include "access/policy.h"

static void lint_as(enum policy_kind kind, slice document) {
    OWNED(arena) memory = {.limit = 16 << 20};
    lint_report *report = ARENA_NEW(&memory, lint_report);
    policy_source source = {document, kind, POLICY_RESOURCE_BYTES_MOST};
    if (!report || FAILED(policy_lint(&source, 1716186861, &memory, report))) return;
    for (size_t i = 0; i < report->count; i++)
        if (report->at[i].code.len == 0 || report->at[i].message.len == 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decide_some(const policy *p) {
    const slice values[] = {SLICE("10.1.2.3"),
                            SLICE("true"),
                            SLICE("a"),
                            SLICE("2024-05-20T06:34:21Z"),
                            SLICE("-1.5"),
                            SLICE(""),
                            SLICE("acs:ram::1234567890123456:user/a")};
    const condition_value known[] = {
        {SLICE(CONDITION_SOURCE_IP), &values[0], 1},        {SLICE(CONDITION_SECURE_TRANSPORT), &values[1], 1},
        {SLICE(CONDITION_USER_AGENT), &values[2], 4},       {SLICE(CONDITION_OSS_PREFIX), &values[5], 1},
        {SLICE(CONDITION_RESOURCE_TAG "a"), &values[0], 6}, {SLICE(CONDITION_USER_NAME), &values[2], 1},
        {SLICE(CONDITION_PRINCIPAL_ARN), &values[6], 1},
    };
    const policy_caller caller = {.account = SLICE("1234567890123456"),
                                  .arn = SLICE("acs:ram::1234567890123456:user/a")};
    const policy_request requests[] = {
        {SLICE("kms:Encrypt"), SLICE("acs:kms:cn-hangzhou:1234567890123456:key/a"), known, 7, 1716186861, &caller},
        {SLICE("oss:GetObject"), SLICE("acs:oss:*:1234567890123456:bucket/a/b:c"), known, 3, 0, &caller},
        {SLICE("ram:ListUsers"), SLICE("acs:ram::1234567890123456:user/*"), NULL, 0, INT64_MAX, NULL},
        {SLICE("x"), SLICE("y"), NULL, 0, 0, NULL},
    };
    const policy *const both[] = {p, p};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        policy_match why;
        enum decision decision = policy_decide(both, 2, &requests[i], &why);
        if (decision == DECISION_ALLOW && why.policy != 0) abort(); /* the first of two equal policies decides */
        if (decision == DECISION_IMPLICIT_DENY && why.statement != SIZE_MAX) abort();
        enum policy_reach reach;
        enum decision consulted = policy_consult(p, &requests[i], &reach, &why);
        if (consulted != decision) abort(); /* both look at the same statements */
        if ((consulted == DECISION_ALLOW) != (reach != REACH_NONE)) abort();
        policy_statement applying[4];
        size_t count = policy_list_applying(p, &requests[i], applying, 4);
        if (decision == DECISION_ALLOW && count == 0) abort();
    }
}

static void compile_as(enum policy_kind kind, slice document) {
    OWNED(arena) memory = {.limit = 4 << 20};
    policy_source source = {document, kind, POLICY_RESOURCE_BYTES_MOST};
    slice fault = {0};
    policy *p = NULL;
    status result = policy_compile(&source, &memory, &fault, &p);
    if (!FAILED(result)) decide_some(p);
    else if (p || (FAILED_WITH(result, POLICY_MALFORMED) && fault.len == 0)) abort();
    policy_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    compile_as(POLICY_IDENTITY, slice_of(data, size));
    compile_as(POLICY_RESOURCE, slice_of(data, size));
    compile_as(POLICY_TRUST, slice_of(data, size));
    lint_as(POLICY_IDENTITY, slice_of(data, size));
    lint_as(POLICY_TRUST, slice_of(data, size));
    return 0;
}
