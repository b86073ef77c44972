/* How long a decision takes: principals with 10 and 100 policies of 20 statements, the deciding statement last, in both clouds' grammars,
 * with few conditions, with some in every statement, and with nothing but conditions to tell statements apart. Prints ns per
 * decision; with the argument "check" fails when ten policies take 2 µs or a hundred 10 µs. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "access/policy.h"
#include "base/clock.h"

enum { STATEMENTS = 20, POLICIES_MOST = 100, ROUNDS = 4000, TRIES = 15, FEW = 10, FEW_NS = 2000, MANY_NS = 10000 };

/* How a cloud writes it. Resources end in numbers of the policy and the statement: one statement in all is about the request's. */
static const struct grammar {
    const char *name, *version, *resource, *address_key, *time_key, *tag_key, *variable;
    const char *actions[5];
} GRAMMARS[] = {
    {"Version 1",
     "1",
     "acs:kms:*:1234567890123456:key/",
     "acs:SourceIp",
     "acs:CurrentTime",
     "acs:ResourceTag/team",
     "${acs:UserName}-*",
     {"\"kms:Encrypt\",\"kms:GenerateDataKey\"", "\"kms:Get*\",\"kms:Describe*\"", "\"kms:*\"",
      "\"oss:GetObject\",\"oss:PutObject\"", "\"ram:*User\""}},
    {"2012-10-17",
     "2012-10-17",
     "arn:aws:kms:*:1234567890123456:key/",
     "aws:SourceIp",
     "aws:CurrentTime",
     "aws:ResourceTag/team",
     "${aws:username}-*",
     {"\"kms:Encrypt\",\"kms:GenerateDataKey\"", "\"kms:Get*\",\"kms:Describe*\"", "\"kms:*\"",
      "\"s3:GetObject\",\"s3:PutObject\"", "\"iam:*User\""}},
};

/* What tells the statement that decides from the others. */
enum shape {
    BY_RESOURCE, /* as people write them: some actions and a resource each, a condition in every seventh */
    BY_RESOURCE_WITH_MUCH_ELSE, /* three conditions in each, all of which hold */
    BY_CONDITION,               /* every key action on everything, for what has a tag of this statement's own */
    SHAPES
};

/* A statement: what it is in, its policy and its place. */
typedef struct place {
    const struct grammar *grammar;
    enum shape shape;
    size_t policy, statement;
} place;

static status add_conditions(buffer *text, const place *p) {
    const struct grammar *g = p->grammar;
    if (p->shape == BY_CONDITION)
        return buffer_printf(text, ",\"Condition\":{\"StringEquals\":{\"%s\":\"anna-%zu-%zu\"}}", g->tag_key, p->policy,
                             p->statement);
    if (p->shape == BY_RESOURCE && p->statement % 7 != 6) return OK;
    TRY(buffer_printf(text, ",\"Condition\":{\"IpAddress\":{\"%s\":\"10.0.0.0/8\"}", g->address_key));
    if (p->shape == BY_RESOURCE) return buffer_append_text(text, "}");
    TRY(buffer_printf(text, ",\"DateLessThan\":{\"%s\":\"2099-01-01T00:00:00Z\"}", g->time_key));
    return buffer_printf(text, ",\"StringLike\":{\"%s\":[\"nobody\",\"%s\"]}}", g->tag_key, g->variable);
}

/* Every fifth denies. */
static status add_statement(buffer *text, const place *p) {
    const char *effect = p->statement % 5 == 4 ? "Deny" : "Allow";
    char resource[96] = "*";
    if (p->shape != BY_CONDITION)
        snprintf(resource, sizeof resource, "%s%zu-%zu-*", p->grammar->resource, p->policy, p->statement);
    const char *actions = p->shape == BY_CONDITION ? "\"kms:*\"" : p->grammar->actions[p->statement % 5];
    TRY(buffer_printf(text, "%s{\"Effect\":\"%s\",\"Action\":[%s],\"Resource\":[\"%s\"]", p->statement ? "," : "",
                      effect, actions, resource));
    TRY(add_conditions(text, p));
    return buffer_append_text(text, "}");
}

static status make_policy(const struct grammar *g, enum shape shape, size_t index, policy **out) {
    OWNED(buffer) text = {0};
    OWNED(arena) memory = {0};
    slice fault = {0};
    TRY(buffer_printf(&text, "{\"Version\":\"%s\",\"Statement\":[", g->version));
    for (size_t i = 0; i < STATEMENTS; i++) TRY(add_statement(&text, &(place){g, shape, index, i}));
    TRY(buffer_append_text(&text, "]}"));
    policy_source source = {buffer_slice(&text), POLICY_IDENTITY, POLICY_RESOURCE_BYTES_MOST};
    status compiled = policy_compile(&source, &memory, &fault, out);
    if (FAILED(compiled)) fprintf(stderr, "policy_bench: %.*s\n", SLICE_ARGS(fault));
    return compiled;
}

/* The best of some tries: what else the machine does only adds. */
static int64_t measure_ns(const policy *const *policies, size_t count, const policy_request *request) {
    int64_t best_us = INT64_MAX;
    size_t allowed = 0;
    for (int try = 0; try < TRIES; try++) {
        clock_t began = clock(); /* of this process alone: the machine may have more to do */
        for (int i = 0; i < ROUNDS; i++) allowed += policy_decide(policies, count, request, NULL) == DECISION_ALLOW;
        int64_t took_us = (int64_t)(clock() - began) * 1000000 / CLOCKS_PER_SEC;
        if (took_us < best_us) best_us = took_us;
    }
    return allowed == (size_t)TRIES * ROUNDS ? best_us * 1000 / ROUNDS : INT64_MAX; /* a wrong decision has no speed */
}

/* A decision of the first `count` policies, by the last statement but four of the last of them: the last that allows. */
static int64_t decide_ns(const policy *const *policies, size_t count) {
    const slice address = SLICE("10.1.2.3"), transport = SLICE("true"), name = SLICE("anna");
    char resource_text[96], team_text[32];
    snprintf(resource_text, sizeof resource_text, "acs:kms:cn-hangzhou:1234567890123456:key/%zu-15-0f1e2d3c",
             count - 1);
    snprintf(team_text, sizeof team_text, "anna-%zu-15", count - 1);
    const slice team = slice_of_text(team_text);
    const condition_value known[] = {{SLICE(CONDITION_SECURE_TRANSPORT), &transport, 1},
                                     {SLICE(CONDITION_SOURCE_IP), &address, 1},
                                     {SLICE(CONDITION_USER_NAME), &name, 1},
                                     {SLICE(CONDITION_RESOURCE_TAG "team"), &team, 1}};
    policy_request request = {.action = SLICE("kms:Encrypt"), .conditions = known, .condition_count = 4};
    request.resource = slice_of_text(resource_text);
    request.now_s = clock_now_s();
    return measure_ns(policies, count, &request);
}

/* Whether both are as fast as they have to be. */
static bool measure_both(const struct grammar *g, enum shape shape, const policy *const *all) {
    static const char *const names[SHAPES] = {"by resource", "by resource, three conditions in each", "by condition"};
    int64_t few_ns = decide_ns(all, FEW), many_ns = decide_ns(all, POLICIES_MOST);
    printf("%s, %s: %d policies of %d statements %lld ns, %d policies %lld ns\n", g->name, names[shape], FEW,
           STATEMENTS, (long long)few_ns, POLICIES_MOST, (long long)many_ns);
    return few_ns < FEW_NS && many_ns < MANY_NS;
}

static bool measure(const struct grammar *g, enum shape shape) {
    policy *policies[POLICIES_MOST] = {NULL};
    bool is_made = true, is_fast = false;
    for (size_t i = 0; is_made && i < POLICIES_MOST; i++) is_made = !FAILED(make_policy(g, shape, i, &policies[i]));
    if (is_made) is_fast = measure_both(g, shape, (const policy *const *)policies);
    for (size_t i = 0; i < POLICIES_MOST; i++) policy_free(policies[i]);
    return is_fast;
}

int main(int argc, char **argv) {
    bool is_fast = true;
    for (size_t i = 0; i < sizeof GRAMMARS / sizeof *GRAMMARS; i++)
        for (int shape = 0; shape < SHAPES; shape++) is_fast = measure(&GRAMMARS[i], (enum shape)shape) && is_fast;
    return argc > 1 && strcmp(argv[1], "check") == 0 && !is_fast ? 1 : 0;
}
