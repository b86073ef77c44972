/* A filter for comparing the evaluator with a second one (tests/model/policy_model.py). Each line of input is a JSON object
 *   {"kind": "identity" | "resource", "policies": [document text, …],
 *    "request": {"action": …, "resource": …, "now": seconds, "conditions": {name: [value, …]},
 *                "caller": {"account": …, "arn": …, "role": …}}}
 * and each line of output the decision: "allow P S", "explicit P S", "implicit" (P and S: policy and statement, - when none
 * decided), for resource policies "allow-caller" or "allow-account", or "malformed P: fault" for the first document refused.
 * Never installed. */
#include <stdio.h>
#include <stdlib.h>

#include "access/policy.h"
#include "format/json.h"

enum { POLICIES_MOST = 16, CONDITIONS_MOST = 24, VALUES_MOST = 16 };

struct question {
    policy *policies[POLICIES_MOST];
    size_t policy_count;
    condition_value conditions[CONDITIONS_MOST];
    slice values[CONDITIONS_MOST][VALUES_MOST];
    policy_request request;
    policy_caller caller;
    enum policy_kind kind;
};

static void question_clear(struct question *q) {
    for (size_t i = 0; i < q->policy_count; i++) policy_free(q->policies[i]);
    free(q);
}

static status read_conditions(struct question *q, const json *object) {
    for (const json *each = json_first(object); each; each = each->next) {
        ENSURE(q->request.condition_count < CONDITIONS_MOST && each->count <= VALUES_MOST, TOO_LARGE);
        size_t at = q->request.condition_count++;
        condition_value *known = &q->conditions[at];
        *known = (condition_value){each->name, q->values[at], 0};
        for (const json *value = json_first(each); value; value = value->next)
            ENSURE(json_get_text(value, &q->values[at][known->count++]), MALFORMED);
    }
    q->request.conditions = q->conditions;
    return OK;
}

static status read_request(struct question *q, const json *object) {
    ENSURE(json_get_text(json_member(object, SLICE("action")), &q->request.action), MALFORMED);
    ENSURE(json_get_text(json_member(object, SLICE("resource")), &q->request.resource), MALFORMED);
    ENSURE(json_get_integer(json_member(object, SLICE("now")), &q->request.now_s), MALFORMED);
    const json *caller = json_member(object, SLICE("caller"));
    (void)json_get_text(json_member(caller, SLICE("account")), &q->caller.account);
    (void)json_get_text(json_member(caller, SLICE("arn")), &q->caller.arn);
    (void)json_get_text(json_member(caller, SLICE("role")), &q->caller.role);
    q->request.caller = &q->caller;
    return read_conditions(q, json_member(object, SLICE("conditions")));
}

static status read_policies(struct question *q, const json *list, arena *memory, slice *fault) {
    for (const json *each = json_first(list); each; each = each->next) {
        policy_source source = {.kind = q->kind, .bytes_most = POLICY_BYTES_MOST};
        ENSURE(q->policy_count < POLICIES_MOST && json_get_text(each, &source.document), MALFORMED);
        TRY(policy_compile(&source, memory, fault, &q->policies[q->policy_count]));
        q->policy_count++;
    }
    return OK;
}

static const char *decision_name(enum decision decision, enum policy_reach reach) {
    if (decision == DECISION_EXPLICIT_DENY) return "explicit";
    if (reach == REACH_NONE) return "allow";
    return reach == REACH_CALLER ? "allow-caller" : "allow-account";
}

static void print_decision(const struct question *q) {
    policy_match why;
    enum decision decision;
    enum policy_reach reach = REACH_NONE;
    if (q->kind == POLICY_RESOURCE) decision = policy_consult(q->policies[0], &q->request, &reach, &why);
    else decision = policy_decide((const policy *const *)q->policies, q->policy_count, &q->request, &why);
    const char *name = decision_name(decision, reach);
    if (decision == DECISION_IMPLICIT_DENY) puts("implicit");
    else if (why.policy == SIZE_MAX) printf("%s - -\n", name);
    else printf("%s %zu %zu\n", name, why.policy, why.statement);
}

static status answer(struct question *q, slice line, arena *memory) {
    const json *root;
    slice fault = {0};
    TRY(json_parse(line, memory, &root, NULL));
    slice kind = {0};
    (void)json_get_text(json_member(root, SLICE("kind")), &kind);
    q->kind = slice_equals(kind, SLICE("resource")) ? POLICY_RESOURCE : POLICY_IDENTITY;
    TRY(read_request(q, json_member(root, SLICE("request"))));
    status compiled = read_policies(q, json_member(root, SLICE("policies")), memory, &fault);
    if (FAILED_WITH(compiled, POLICY_MALFORMED)) {
        printf("malformed %zu: %.*s\n", q->policy_count, SLICE_ARGS(fault));
        return OK;
    }
    TRY(compiled);
    print_decision(q);
    return OK;
}

int main(void) {
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t len; (len = getline(&line, &capacity, stdin)) > 0;) {
        OWNED(arena) memory = {.limit = 1 << 24};
        struct question *q = calloc(1, sizeof *q);
        if (!q) return 1;
        status result = answer(q, slice_trim(slice_of(line, (size_t)len)), &memory);
        question_clear(q);
        if (FAILED(result)) printf("error %s\n", status_name(result));
        fflush(stdout);
    }
    free(line);
    return 0;
}
