/* What policies would say of a request that nobody made. */
#include "access/arn_twin.h"
#include "service/handlers.h"

enum { POLICIES_MOST = 32, MATCHES_MOST = 16 };

/* Policies compiled for one simulation, and the question but for its action and resource. */
typedef struct simulation {
    policy *made[POLICIES_MOST + 2];
    size_t made_count;
    const policy *identity[POLICIES_MOST];
    slice names[POLICIES_MOST];
    policy_caller caller;
    authorisation question;
} simulation;

static void simulation_clear(simulation *s) {
    for (size_t i = 0; i < s->made_count; i++) policy_free(s->made[i]);
    s->made_count = 0;
}

typedef struct document {
    slice text;
    enum policy_kind kind;
    const char *name; /* of the parameter, for the refusal */
} document;

static status compile(call *c, simulation *s, const document *d, const policy **out) {
    slice fault = {0};
    policy *made = NULL;
    OWNED(arena) memory = {.limit = 4 << 20};
    policy_source source = {d->text, d->kind,
                            d->kind == POLICY_IDENTITY ? POLICY_BYTES_MOST : POLICY_RESOURCE_BYTES_MOST};
    status compiled = policy_compile(&source, &memory, &fault, &made);
    if (FAILED_WITH(compiled, POLICY_MALFORMED))
        return call_refuse(c, compiled, "%s: %.*s", d->name, SLICE_ARGS(fault));
    TRY(compiled);
    s->made[s->made_count++] = made;
    *out = made;
    return OK;
}

static status take_optional(call *c, simulation *s, slice resource_policy, slice boundary) {
    if (!slice_is_absent(resource_policy))
        TRY(compile(c, s, &(document){resource_policy, POLICY_RESOURCE, "ResourcePolicy"}, &s->question.resource));
    if (!slice_is_absent(boundary))
        TRY(compile(c, s, &(document){boundary, POLICY_IDENTITY, "PermissionsBoundary"}, &s->question.boundary));
    return OK;
}

static status take_caller(call *c, simulation *s, slice arn_text) {
    arn parts;
    slice name = c->who.arn;
    if (!slice_is_absent(arn_text) && FAILED(arn_canonical(arn_text, &c->memory, &name)))
        return call_refuse(c, FAIL(PRINCIPAL_ARN), "CallerArn");
    TRY(arn_parse(name, &parts));
    s->caller = (policy_caller){.account = parts.account, .arn = name};
    s->question.is_root = slice_equals(parts.relative, SLICE("root"));
    return OK;
}

/* Keys under their one name, as requests have them. */
static status take_context(call *c, simulation *s, const context_entry *entries, size_t count) {
    condition_value *conditions = ARENA_ARRAY(&c->memory, condition_value, count + 1);
    ENSURE(conditions != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        condition_key key;
        status found = condition_key_find(entries[i].context_key_name, &c->memory, &key);
        if (FAILED_WITH(found, MALFORMED))
            return call_refuse(c, FAIL(INVALID_PARAMETER), "ContextEntries: no condition key.");
        TRY(found);
        conditions[i] =
            (condition_value){key.name, entries[i].context_key_values.at, entries[i].context_key_values.count};
    }
    s->question.request.conditions = conditions;
    s->question.request.condition_count = count;
    return OK;
}

static slice decision_word(enum decision decision) {
    if (decision == DECISION_ALLOW) return SLICE("allowed");
    return decision == DECISION_EXPLICIT_DENY ? SLICE("explicitDeny") : SLICE("implicitDeny");
}

static void show_matches(const policy *p, const matched_policy *as, const policy_request *request,
                         evaluation_result *out) {
    policy_statement found[MATCHES_MOST];
    size_t count = p ? policy_list_applying(p, request, found, MATCHES_MOST) : 0;
    for (size_t i = 0; i < count && i < MATCHES_MOST && out->matched_statements.count < MATCHES_MOST; i++) {
        matched_policy *to = &out->matched_statements.at[out->matched_statements.count++];
        *to = *as;
        to->statement = SET_INT(found[i].index);
        to->effect = found[i].is_deny ? SLICE("Deny") : SLICE("Allow");
    }
}

static status evaluate(call *c, const simulation *s, const authorisation *a, evaluation_result *out) {
    verdict v;
    authorise(a, &v);
    out->eval_decision = decision_word(v.decision);
    out->decided_by = slice_of_text(deciding_policy_name(v.by));
    out->matched_statements.at = ARENA_ARRAY(&c->memory, matched_policy, MATCHES_MOST);
    ENSURE(out->matched_statements.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < a->identity.count; i++)
        show_matches(a->identity.at[i], &(matched_policy){SLICE("IdentityPolicy"), s->names[i], {0}, {0}}, &a->request,
                     out);
    show_matches(a->resource, &(matched_policy){SLICE("ResourcePolicy"), SLICE("ResourcePolicy"), {0}, {0}},
                 &a->request, out);
    show_matches(a->boundary, &(matched_policy){SLICE("PermissionBoundary"), SLICE("PermissionsBoundary"), {0}, {0}},
                 &a->request, out);
    return OK;
}

static status aim(call *c, const simulation *s, slice action, slice resource, authorisation *out) {
    arn parts;
    slice name;
    if (FAILED(arn_canonical(resource, &c->memory, &name)) || FAILED(arn_parse(name, &parts)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "ResourceArns: must be full names.");
    bool has_owner = parts.account.len && !slice_equals(parts.account, SLICE("*"));
    *out = s->question;
    out->request.action = action;
    out->request.resource = name;
    out->request.caller = &s->caller;
    out->request.now_s = c->now_s;
    out->owner = has_owner ? parts.account : s->caller.account;
    out->is_key = slice_equals(parts.service, SLICE("kms")) && slice_starts_with(parts.relative, SLICE("key/"));
    return OK;
}

typedef struct targets {
    slice_list actions, resources;
} targets;

static status run(call *c, const simulation *s, const targets *t, shape_list *out) {
    evaluation_result *results = ARENA_ARRAY(&c->memory, evaluation_result, t->actions.count * t->resources.count);
    ENSURE(results != NULL, OUT_OF_MEMORY);
    size_t count = 0;
    for (size_t i = 0; i < t->actions.count; i++)
        for (size_t k = 0; k < t->resources.count; k++) {
            authorisation a;
            evaluation_result *to = &results[count++];
            TRY(aim(c, s, t->actions.at[i], t->resources.at[k], &a));
            to->eval_action_name = t->actions.at[i];
            to->eval_resource_name = t->resources.at[k];
            TRY(evaluate(c, s, &a, to));
        }
    *out = (shape_list){results, count};
    return OK;
}

static status prepare_custom(call *c, const simulate_custom_policy_in *in, simulation *s) {
    ENSURE(in->policy_input_list.count <= POLICIES_MOST, INVALID_PARAMETER);
    for (size_t i = 0; i < in->policy_input_list.count; i++) {
        TRY(compile(c, s, &(document){in->policy_input_list.at[i], POLICY_IDENTITY, "PolicyInputList"},
                    &s->identity[i]));
        TRY(arena_printf(&c->memory, &s->names[i], "PolicyInputList.%zu", i + 1));
    }
    s->question.identity = (policy_set){s->identity, in->policy_input_list.count};
    TRY(take_optional(c, s, in->resource_policy, in->permissions_boundary));
    TRY(take_caller(c, s, in->caller_arn));
    return take_context(c, s, in->context_entries.at, in->context_entries.count);
}

status simulate_custom_policy_prepare(call *c, const simulate_custom_policy_in *in, simulate_custom_policy_out *out) {
    OWNED(simulation) s = {0};
    shape_list results;
    TRY(prepare_custom(c, in, &s));
    targets t = {{in->action_names.at, in->action_names.count}, {in->resource_arns.at, in->resource_arns.count}};
    TRY(run(c, &s, &t, &results));
    out->evaluation_results.at = results.at, out->evaluation_results.count = results.count;
    return OK;
}

/* The policies of one of the account's users, as they are now. */
static status load_principal(call *c, slice source, simulation *s) {
    arn parts;
    user_record user;
    TRY(take_caller(c, s, source));
    TRY(arn_parse(s->caller.arn, &parts));
    bool is_user = slice_equals(parts.account, c->who.account_id) && slice_starts_with(parts.relative, SLICE("user/"));
    if (!is_user) return call_refuse(c, FAIL(PRINCIPAL_ARN), "PolicySourceArn must be a user of the account.");
    TRY(user_load(c, slice_skip(parts.relative, 5), &user, NULL));
    principal *who = CALL_NEW(c, principal);
    ENSURE(who != NULL, OUT_OF_MEMORY);
    *who = (principal){.account_id = c->who.account_id, .user_name = user.user_name, .user_id = user.user_id};
    identities_make_room(c->house->identities);
    TRY(identity_load_policies(c->house->identities, who, &c->memory));
    size_t shown = who->policy_count < POLICIES_MOST ? who->policy_count : POLICIES_MOST;
    if (shown < who->policy_count) return call_refuse(c, FAIL(UNSUPPORTED), "More than 32 policies.");
    for (size_t i = 0; i < shown; i++) s->names[i] = who->policy_names[i];
    s->question.identity = (policy_set){who->policies, who->policy_count};
    return OK;
}

status simulate_principal_policy_prepare(call *c, const simulate_principal_policy_in *in,
                                         simulate_principal_policy_out *out) {
    OWNED(simulation) s = {0};
    shape_list results;
    TRY(load_principal(c, in->policy_source_arn, &s));
    TRY(take_optional(c, &s, in->resource_policy, in->permissions_boundary));
    TRY(take_context(c, &s, in->context_entries.at, in->context_entries.count));
    targets t = {{in->action_names.at, in->action_names.count}, {in->resource_arns.at, in->resource_arns.count}};
    TRY(run(c, &s, &t, &results));
    out->evaluation_results.at = results.at, out->evaluation_results.count = results.count;
    return OK;
}
