/* What policies would say of a request that nobody made. */
#include "service/ram/simulate.h"

#include "access/arn_twin.h"
#include "access/system_policies.h"
#include "crypto/hash.h"
#include "service/explanation.h"

enum { KEYS_MOST = 64 };

void simulation_clear(simulation *s) {
    for (size_t i = 0; i < s->made_count; i++) policy_free(s->made[i]);
    s->made_count = 0;
}

status simulation_compile(call *c, simulation *s, const given_document *d, const policy **out) {
    slice fault = {0};
    policy *made = NULL;
    uint8_t digest[HASH_SHA256_BYTES];
    OWNED(arena) memory = {.limit = 4 << 20};
    *out = NULL;
    if (slice_is_absent(d->text)) return OK;
    ENSURE(s->made_count < sizeof s->made / sizeof *s->made, INVALID_PARAMETER);
    policy_source source = {d->text, d->kind, POLICY_RESOURCE_BYTES_MOST};
    status compiled = policy_compile(&source, &memory, &fault, &made);
    if (FAILED_WITH(compiled, POLICY_MALFORMED))
        return call_refuse(c, compiled, "%s: %.*s", d->name, SLICE_ARGS(fault));
    TRY(compiled);
    s->made[s->made_count++] = made;
    TRY(hash_once(HASH_SHA256, d->text, digest));
    policy_mark(made, digest);
    *out = made;
    return OK;
}

status simulation_add(simulation *s, const policy *p, policy_label label) {
    policy_set *set = &s->question.identity;
    ENSURE(set->count < SIMULATED_MOST, INVALID_PARAMETER);
    s->labels[set->count] = label;
    s->identity[set->count] = p;
    *set = (policy_set){s->identity, set->count + 1, s->labels};
    return OK;
}

status simulation_take_list(call *c, simulation *s, slice_list documents) {
    for (size_t i = 0; i < documents.count; i++) {
        const policy *p;
        slice name;
        TRY(simulation_compile(c, s, &(given_document){documents.at[i], POLICY_IDENTITY, "PolicyInputList"}, &p));
        TRY(arena_printf(&c->memory, &name, "PolicyInputList.%zu", i + 1));
        TRY(simulation_add(s, p, (policy_label){.name = name}));
    }
    return OK;
}

status simulation_take_caller(call *c, simulation *s, slice arn_text) {
    arn parts;
    slice name = c->who.arn;
    if (!slice_is_absent(arn_text) && FAILED(arn_canonical(arn_text, &c->memory, &name)))
        return call_refuse(c, FAIL(PRINCIPAL_ARN), "CallerArn");
    TRY(arn_parse(name, &parts));
    s->caller = (policy_caller){.account = parts.account, .arn = name};
    s->question.is_root = slice_equals(parts.relative, SLICE("root"));
    return OK;
}

status simulation_take_context(call *c, simulation *s, const context_entry *entries, size_t count) {
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

status simulation_check_budget(call *c, const authorisation *a) {
    if (*a->request.budget > 0) return OK;
    return call_refuse(c, FAIL(INVALID_PARAMETER),
                       "ActionNames, ResourceArns: too much for one request; ask for fewer at once.");
}

static status evaluate(call *c, const authorisation *a, evaluation_result *out) {
    verdict v;
    explanation why;
    authorise(a, &v);
    TRY(explain(c, a, &v, &why));
    out->eval_decision = explained_decision(v.decision);
    out->decided_by = slice_of_text(deciding_policy_name(v.by));
    out->matched_statements.at = why.matches, out->matched_statements.count = why.match_count;
    out->policy_opinions.at = why.opinions, out->policy_opinions.count = why.opinion_count;
    out->deciding_statement = why.deciding;
    return simulation_check_budget(c, a);
}

static status any_resource(call *c, slice account, slice action, slice *out) {
    slice service = slice_head(action, slice_find_byte(action, ':'));
    static const char *const TWINS[][2] = {{"iam", "ram"}, {"sts", "ram"}, {"s3", "oss"}, {"secretsmanager", "kms"}};
    for (size_t i = 0; i < sizeof TWINS / sizeof *TWINS; i++)
        if (slice_equals_text(service, TWINS[i][0])) service = slice_of_text(TWINS[i][1]);
    return arena_printf(&c->memory, out, "acs:%.*s:*:%.*s:*", SLICE_ARGS(service), SLICE_ARGS(account));
}

status simulation_aim(call *c, slice account, slice action, slice resource, aimed *out) {
    aimed at;
    if (slice_equals_text(resource, "*")) TRY(any_resource(c, account, action, &resource));
    if (FAILED(arn_canonical(resource, &c->memory, &at.name)) || FAILED(arn_parse(at.name, &at.parts)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "ResourceArns: must be full names.");
    at.has_account = at.parts.account.len > 0 && !slice_equals(at.parts.account, SLICE("*"));
    *out = at;
    return OK;
}

static status aim(call *c, const simulation *s, slice action, slice resource, authorisation *out) {
    aimed at;
    TRY(simulation_aim(c, s->caller.account, action, resource, &at));
    *out = s->question;
    out->request.action = action;
    out->request.resource = at.name;
    out->request.caller = &s->caller;
    out->request.now_s = c->now_s;
    out->owner = at.has_account ? at.parts.account : s->caller.account;
    out->resource_label.name = SLICE("ResourcePolicy");
    out->boundary_label.name = SLICE("PermissionsBoundary");
    out->is_key = slice_equals(at.parts.service, SLICE("kms")) && slice_starts_with(at.parts.relative, SLICE("key/"));
    return OK;
}

/* ---- condition keys */

typedef struct key_names {
    slice at[KEYS_MOST];
    size_t count;
} key_names;

static void add_keys(key_names *names, const policy *p) {
    slice found[KEYS_MOST];
    size_t count = p ? policy_list_keys(p, found, KEYS_MOST) : 0;
    for (size_t i = 0; i < count && names->count < KEYS_MOST; i++) {
        bool is_new = true;
        for (size_t k = 0; k < names->count; k++) is_new &= !slice_equals(names->at[k], found[i]);
        if (is_new) names->at[names->count++] = found[i];
    }
}

static bool is_given(const policy_request *request, slice key) {
    for (size_t i = 0; i < request->condition_count; i++)
        if (slice_equals(request->conditions[i].name, key)) return true;
    return false;
}

status simulation_missing(call *c, const authorisation *q, slice_list *out) {
    key_names names = {0};
    for (size_t i = 0; i < q->rails.count; i++) add_keys(&names, q->rails.at[i]);
    for (size_t i = 0; i < q->session.count; i++) add_keys(&names, q->session.at[i]);
    for (size_t i = 0; i < q->identity.count; i++) add_keys(&names, q->identity.at[i]);
    add_keys(&names, q->resource);
    add_keys(&names, q->boundary);
    slice_list shown = {ARENA_ARRAY(&c->memory, slice, names.count + 1), 0};
    ENSURE(shown.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < names.count; i++) {
        slice name = names.at[i];
        if (is_given(&q->request, name)) continue;
        if (call_speaks_aws(c)) TRY(condition_key_as_aws(name, &c->memory, &name));
        TRY(arena_copy(&c->memory, name, &shown.at[shown.count++]));
    }
    *out = shown;
    return OK;
}

typedef struct targets {
    slice_list actions, resources;
} targets;

static status run(call *c, const simulation *s, const targets *t, shape_list *out) {
    static const slice ANY = {(const uint8_t *)"*", 1};
    slice_list resources = t->resources.count ? t->resources : (slice_list){(slice *)(uintptr_t)&ANY, 1}, missing;
    evaluation_result *results = ARENA_ARRAY(&c->memory, evaluation_result, t->actions.count * resources.count);
    ENSURE(results != NULL, OUT_OF_MEMORY);
    size_t count = 0, budget = SIMULATION_STEPS_MOST;
    TRY(simulation_missing(c, &s->question, &missing));
    for (size_t i = 0; i < t->actions.count; i++)
        for (size_t k = 0; k < resources.count; k++) {
            authorisation a;
            evaluation_result *to = &results[count++];
            TRY(aim(c, s, t->actions.at[i], resources.at[k], &a));
            a.request.budget = &budget;
            to->eval_action_name = t->actions.at[i];
            to->eval_resource_name = resources.at[k];
            to->missing_context_values = missing;
            TRY(evaluate(c, &a, to));
        }
    *out = (shape_list){results, count};
    return OK;
}

static status prepare_custom(call *c, const simulate_custom_policy_in *in, simulation *s) {
    slice boundary = boundary_of_list(in->permissions_boundary, in->permissions_boundary_policy_input_list.at,
                                      in->permissions_boundary_policy_input_list.count);
    given_document of_resource = {in->resource_policy, POLICY_RESOURCE, "ResourcePolicy"};
    given_document bound = {boundary, POLICY_IDENTITY, "PermissionsBoundary"};
    TRY(simulation_take_list(c, s, in->policy_input_list));
    TRY(simulation_compile(c, s, &of_resource, &s->question.resource));
    TRY(simulation_compile(c, s, &bound, &s->question.boundary));
    TRY(simulation_take_caller(c, s, in->caller_arn));
    return simulation_take_context(c, s, in->context_entries.at, in->context_entries.count);
}

status simulate_custom_policy_prepare(call *c, const simulate_custom_policy_in *in, simulate_custom_policy_out *out) {
    OWNED(simulation) s = {0};
    shape_list results;
    list_rest rest;
    TRY(prepare_custom(c, in, &s));
    targets t = {{in->action_names.at, in->action_names.count}, {in->resource_arns.at, in->resource_arns.count}};
    TRY(run(c, &s, &t, &results));
    out->evaluation_results.at = results.at, out->evaluation_results.count = results.count;
    TRY(LIST_CUT(c, out->evaluation_results, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}

/* ---- of somebody, as it is now */

/* A user or a role: what a request of theirs would be weighed with, but for guard rails and sessions. */
static status load_somebody(call *c, const principal *who, simulation *s) {
    principal *asked = CALL_NEW(c, principal);
    ENSURE(asked != NULL, OUT_OF_MEMORY);
    *asked = *who;
    asked->account_id = c->who.account_id;
    identities_make_room(c->house->identities);
    TRY(identity_load_policies(c->house->identities, asked, &c->memory));
    for (size_t i = 0; i < asked->policy_count; i++)
        TRY(simulation_add(s, asked->policies[i], asked->policy_labels[i]));
    s->question.boundary = asked->boundary;
    return OK;
}

static status attached_document(call *c, const attachment_record *a, slice *out) {
    policy_record p;
    const system_policy *shipped = a->policy_type == POLICY_TYPE_SYSTEM ? system_policy_find(a->policy_name) : NULL;
    if (shipped) *out = slice_of_text(shipped->document);
    if (shipped) return OK;
    TRY(policy_load(c, a->policy_name, &p, NULL));
    for (size_t i = 0; i < p.versions.count; i++)
        if (slice_equals(p.versions.at[i].version_id, p.default_version)) *out = p.versions.at[i].document;
    return OK;
}

static status take_document(call *c, simulation *s, slice text, policy_label label) {
    const policy *made;
    TRY(simulation_compile(c, s, &(given_document){text, POLICY_IDENTITY, "PolicySourceArn"}, &made));
    ENSURE(made != NULL, CORRUPT);
    return simulation_add(s, made, label);
}

status simulation_take_group(call *c, simulation *s, slice name) {
    group_record group;
    slice whose;
    TRY(group_load(c, name, &group, NULL));
    TRY(ARENA_JOIN(&c->memory, &whose, SLICE("group/"), name));
    for (size_t i = 0; i < group.own_policies.count; i++) {
        const inline_policy_record *own = &group.own_policies.at[i];
        TRY(take_document(c, s, own->document, (policy_label){own->policy_name, whose, "Inline"}));
    }
    for (size_t i = 0; i < group.policies.count; i++) {
        const attachment_record *at = &group.policies.at[i];
        slice text = {0};
        TRY(attached_document(c, at, &text));
        const char *origin = at->policy_type == POLICY_TYPE_SYSTEM ? "System" : "Custom";
        TRY(take_document(c, s, text, (policy_label){at->policy_name, whose, origin}));
    }
    return OK;
}

static status load_source(call *c, slice source, simulation *s) {
    arn parts;
    user_record user;
    role_record role;
    TRY(simulation_take_caller(c, s, source));
    TRY(arn_parse(s->caller.arn, &parts));
    bool is_own = identity_is_here(source, &parts) && slice_equals(parts.account, c->who.account_id);
    if (is_own && slice_starts_with(parts.relative, SLICE("user/"))) {
        TRY(user_load(c, slice_skip(parts.relative, 5), &user, NULL));
        return load_somebody(c, &(principal){.user_name = user.user_name, .user_id = user.user_id}, s);
    }
    if (is_own && slice_starts_with(parts.relative, SLICE("role/"))) {
        TRY(role_load(c, slice_skip(parts.relative, 5), &role, NULL));
        s->caller.role = s->caller.arn;
        return load_somebody(c, &(principal){.role_name = role.role_name, .role_id = role.role_id}, s);
    }
    if (is_own && slice_starts_with(parts.relative, SLICE("group/")))
        return simulation_take_group(c, s, slice_skip(parts.relative, 6));
    return call_refuse(c, FAIL(PRINCIPAL_ARN), "PolicySourceArn must be a user, a group or a role of the account.");
}

/* ---- which keys they ask about */

status get_context_keys_for_custom_policy_prepare(call *c, const get_context_keys_for_custom_policy_in *in,
                                                  get_context_keys_for_custom_policy_out *out) {
    OWNED(simulation) s = {0};
    TRY(simulation_take_list(c, &s, in->policy_input_list));
    return simulation_missing(c, &s.question, &out->context_key_names);
}

status get_context_keys_for_principal_policy_prepare(call *c, const get_context_keys_for_principal_policy_in *in,
                                                     get_context_keys_for_principal_policy_out *out) {
    OWNED(simulation) s = {0};
    TRY(load_source(c, in->policy_source_arn, &s));
    TRY(simulation_take_list(c, &s, in->policy_input_list));
    return simulation_missing(c, &s.question, &out->context_key_names);
}

/* ---- what they allow at all */

static bool is_allowed_somewhere(const simulation *s, slice action) {
    bool is_allowed = false;
    for (size_t i = 0; i < s->question.identity.count; i++) {
        policy_word word = policy_word_on(s->identity[i], action);
        if (word.denies_all) return false;
        is_allowed |= word.allows_some;
    }
    if (!is_allowed || !s->question.boundary) return is_allowed;
    policy_word bound = policy_word_on(s->question.boundary, action);
    return bound.allows_some && !bound.denies_all;
}

static bool is_listed(const slice_list *list, slice action) {
    for (size_t i = 0; i < list->count; i++)
        if (slice_equals(list->at[i], action)) return true;
    return false;
}

/* A policy, whoever has it. */
static status load_policy(call *c, slice arn_text, simulation *s) {
    policy_name named;
    policy_view there;
    slice text = {0};
    TRY(boundary_read(c, arn_text, &named));
    TRY(policy_view_of(c, named.name, named.type, &there));
    TRY(attached_document(c, &(attachment_record){.policy_name = named.name, .policy_type = named.type}, &text));
    return take_document(c, s, text, (policy_label){named.name, {0}, "Custom"});
}

status list_allowed_actions_prepare(call *c, const list_allowed_actions_in *in, list_allowed_actions_out *out) {
    OWNED(simulation) s = {0};
    bool is_policy = slice_find(in->policy_source_arn, SLICE(":policy/")) != SIZE_MAX;
    TRY(is_policy ? load_policy(c, in->policy_source_arn, &s) : load_source(c, in->policy_source_arn, &s));
    out->actions.at = ARENA_ARRAY(&c->memory, slice, OPERATION_COUNT);
    ENSURE(out->actions.at != NULL, OUT_OF_MEMORY);
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++) {
        slice action = slice_of_text(operation_get(id)->action);
        if (is_listed(&out->actions, action) || !is_allowed_somewhere(&s, action)) continue;
        out->actions.at[out->actions.count++] = action;
    }
    return OK;
}
