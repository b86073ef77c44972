/* How long a decision takes: principals with 10 and 100 policies of 20 statements, the deciding statement last. Prints ns per
 * decision; with the argument "check" fails when ten policies take 2 µs or more. */
#include <stdio.h>
#include <string.h>

#include "access/policy.h"
#include "base/clock.h"

enum { STATEMENTS = 20, POLICIES_MOST = 100, ROUNDS = 20000, TRIES = 7, AIM_NS = 2000 };

static const char *const ACTIONS[] = {"\"kms:Encrypt\",\"kms:GenerateDataKey\"", "\"kms:Get*\",\"kms:Describe*\"",
                                      "\"kms:*\"", "\"oss:GetObject\",\"oss:PutObject\"", "\"ram:*User\""};

/* Statements as people write them: some actions, a resource each, every fifth denies, every seventh has a condition. */
static status add_statement(buffer *text, size_t number, size_t statement) {
    const char *effect = statement % 5 == 4 ? "Deny" : "Allow";
    TRY(buffer_printf(text, "%s{\"Effect\":\"%s\",\"Action\":[%s],", statement ? "," : "", effect,
                      ACTIONS[statement % (sizeof ACTIONS / sizeof *ACTIONS)]));
    TRY(buffer_printf(text, "\"Resource\":[\"acs:kms:*:1234567890123456:key/%zu-%zu-*\"]", number, statement));
    if (statement % 7 == 6)
        TRY(buffer_append_text(text, ",\"Condition\":{\"IpAddress\":{\"acs:SourceIp\":\"10.0.0.0/8\"}}"));
    return buffer_append_text(text, "}");
}

static status make_policy(size_t index, policy **out) {
    OWNED(buffer) text = {0};
    OWNED(arena) memory = {0};
    slice fault = {0};
    TRY(buffer_append_text(&text, "{\"Version\":\"1\",\"Statement\":["));
    for (size_t i = 0; i < STATEMENTS; i++) TRY(add_statement(&text, index, i));
    TRY(buffer_append_text(&text, "]}"));
    policy_source source = {buffer_slice(&text), POLICY_IDENTITY, POLICY_BYTES_MOST};
    return policy_compile(&source, &memory, &fault, out);
}

static int64_t measure_ns(const policy *const *policies, size_t count, const policy_request *request) {
    int64_t best_us = INT64_MAX;
    size_t allowed = 0;
    for (int try = 0; try < TRIES; try++) {
        int64_t began_us = clock_monotonic_us();
        for (int i = 0; i < ROUNDS; i++) allowed += policy_decide(policies, count, request, NULL) == DECISION_ALLOW;
        int64_t took_us = clock_monotonic_us() - began_us;
        if (took_us < best_us) best_us = took_us;
    }
    printf("%3zu policies of %d statements: %6lld ns per decision (%s)\n", count, STATEMENTS,
           (long long)(best_us * 1000 / ROUNDS), allowed ? "allowed" : "denied");
    return best_us * 1000 / ROUNDS;
}

int main(int argc, char **argv) {
    policy *policies[POLICIES_MOST];
    size_t bytes = 0;
    for (size_t i = 0; i < POLICIES_MOST; i++) {
        if (FAILED(make_policy(i, &policies[i]))) return 1;
        bytes += policy_bytes(policies[i]);
    }
    const slice address = SLICE("10.1.2.3"), transport = SLICE("true");
    const condition_value known[] = {{SLICE(CONDITION_SECURE_TRANSPORT), &transport, 1},
                                     {SLICE(CONDITION_SOURCE_IP), &address, 1}};
    const slice in_tenth = SLICE("acs:kms:cn-hangzhou:1234567890123456:key/9-15-0f1e2d3c");
    const slice in_last = SLICE("acs:kms:cn-hangzhou:1234567890123456:key/99-15-0f1e2d3c");
    policy_request request = {SLICE("kms:Encrypt"), in_tenth, known, 2, clock_now_s()};
    const policy *const *all = (const policy *const *)policies;
    int64_t ten_ns = measure_ns(all, 10, &request);
    request.resource = in_last;
    (void)measure_ns(all, POLICIES_MOST, &request);
    printf("    a policy of %d statements takes %zu bytes\n", STATEMENTS, bytes / POLICIES_MOST);
    for (size_t i = 0; i < POLICIES_MOST; i++) policy_free(policies[i]);
    return argc > 1 && strcmp(argv[1], "check") == 0 && ten_ns >= AIM_NS ? 1 : 0;
}
