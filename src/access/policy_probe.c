/* A filter for comparing the evaluator with a second one (tests/model/policy_model.py). Each line of input is a JSON object
 *   {"kind": "identity" | "resource" | "trust", "policies": [document text, …],
 *    "request": {"action": …, "resource": …, "now": seconds, "conditions": {name: [value, …]},
 *                "caller": {"account": …, "arn": …, "role": …, "service": …, "federated": …, "id": …}, "bound": {name: id} or null}}
 * and each line of output the decision: "allow P S", "explicit P S", "implicit" (P and S: policy and statement, - when none
 * decided), for resource and trust policies "allow-caller" or "allow-account", or "malformed P: fault" for the first document refused.
 * Of kind "all" the policies are, in this order, `rails` guard rails, `identity` identity policies, `session` session policies, a
 * boundary if `boundary`, and a resource's if `resource`; with "root", "foreign", "key", "about", "grant" as in authorisation.h.
 * The answer is "DECISION PolicyType".
 * Never installed. */
#include <stdio.h>
#include <stdlib.h>

#include "access/authorisation.h"
#include "contract/contract_tables.h"
#include "format/json.h"

enum { POLICIES_MOST = 16, CONDITIONS_MOST = 24, VALUES_MOST = 16, BINDINGS_MOST = 8 };

struct question {
    policy *policies[POLICIES_MOST];
    size_t policy_count;
    condition_value conditions[CONDITIONS_MOST];
    slice values[CONDITIONS_MOST][VALUES_MOST];
    policy_request request;
    policy_caller caller;
    principal_binding bindings[BINDINGS_MOST];
    policy_bindings_view bound; /* of resource policies */
    enum policy_kind kind;
    bool is_all;
    struct parts {
        int64_t rails, identity, session, boundary, resource, root, foreign, key, about, grant;
    } parts;
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

static status read_bindings(struct question *q, const json *object) {
    q->bound = (policy_bindings_view){json_is_object(object), q->bindings, 0};
    for (const json *each = json_first(object); each; each = each->next) {
        ENSURE(q->bound.count < BINDINGS_MOST, TOO_LARGE);
        principal_binding *row = &q->bindings[q->bound.count++];
        row->name = each->name;
        ENSURE(json_get_text(each, &row->id), MALFORMED);
    }
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
    (void)json_get_text(json_member(caller, SLICE("service")), &q->caller.service);
    (void)json_get_text(json_member(caller, SLICE("federated")), &q->caller.federated);
    (void)json_get_text(json_member(caller, SLICE("id")), &q->caller.id);
    q->request.caller = &q->caller;
    TRY(read_bindings(q, json_member(object, SLICE("bound"))));
    return read_conditions(q, json_member(object, SLICE("conditions")));
}

static status read_policies(struct question *q, const json *list, arena *memory, slice *fault) {
    for (const json *each = json_first(list); each; each = each->next) {
        bool is_last = q->is_all && q->parts.resource && each->next == NULL;
        policy_source source = {.kind = is_last ? POLICY_RESOURCE : q->kind, .bytes_most = POLICY_BYTES_MOST};
        if (source.kind != POLICY_IDENTITY) source.bound = q->bound;
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
    if (q->kind != POLICY_IDENTITY) decision = policy_consult(q->policies[0], &q->request, &reach, &why);
    else decision = policy_decide((const policy *const *)q->policies, q->policy_count, &q->request, &why);
    const char *name = decision_name(decision, reach);
    if (decision == DECISION_IMPLICIT_DENY) puts("implicit");
    else if (why.policy == SIZE_MAX) printf("%s - -\n", name);
    else printf("%s %zu %zu\n", name, why.policy, why.statement);
}

static status read_parts(struct question *q, const json *object) {
    const struct part {
        const char *name;
        int64_t *out;
    } parts[] = {{"rails", &q->parts.rails},       {"identity", &q->parts.identity}, {"session", &q->parts.session},
                 {"boundary", &q->parts.boundary}, {"resource", &q->parts.resource}, {"root", &q->parts.root},
                 {"foreign", &q->parts.foreign},   {"key", &q->parts.key},           {"about", &q->parts.about},
                 {"grant", &q->parts.grant}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ENSURE(json_get_integer(json_member(object, slice_of_text(parts[i].name)), parts[i].out), MALFORMED);
    return OK;
}

static void print_verdict(const struct question *q) {
    const policy *const *at = (const policy *const *)q->policies;
    const struct parts *parts = &q->parts;
    authorisation a = {.request = q->request, .is_root = parts->root, .is_key = parts->key};
    a.rails = (policy_set){at, (size_t)parts->rails, NULL};
    a.identity = (policy_set){at + parts->rails, (size_t)parts->identity, NULL};
    a.session = (policy_set){at + parts->rails + parts->identity, (size_t)parts->session, NULL};
    at += parts->rails + parts->identity + parts->session;
    if (parts->boundary) a.boundary = *at++;
    if (parts->resource) a.resource = *at;
    a.owner = parts->foreign ? SLICE("31415") : q->caller.account;
    a.is_policy_of_key = parts->about;
    a.grant = (enum policy_reach)parts->grant;
    verdict v;
    authorise(&a, &v);
    static const char *const names[] = {"implicit", "explicit", "allow"};
    printf("%s %s\n", names[v.decision], deciding_policy_name(v.by));
}

static enum policy_kind kind_of(slice kind) {
    if (slice_equals(kind, SLICE("trust"))) return POLICY_TRUST;
    return slice_equals(kind, SLICE("resource")) ? POLICY_RESOURCE : POLICY_IDENTITY;
}

static status answer(struct question *q, slice line, arena *memory) {
    const json *root;
    slice fault = {0};
    TRY(json_parse(line, memory, &root, NULL));
    slice kind = {0};
    (void)json_get_text(json_member(root, SLICE("kind")), &kind);
    q->is_all = slice_equals(kind, SLICE("all"));
    if (q->is_all) TRY(read_parts(q, json_member(root, SLICE("parts"))));
    q->kind = kind_of(kind);
    TRY(read_request(q, json_member(root, SLICE("request"))));
    status compiled = read_policies(q, json_member(root, SLICE("policies")), memory, &fault);
    if (FAILED_WITH(compiled, POLICY_MALFORMED)) {
        printf("malformed %zu: %.*s\n", q->policy_count, SLICE_ARGS(fault));
        return OK;
    }
    TRY(compiled);
    if (q->is_all) print_verdict(q);
    else print_decision(q);
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
