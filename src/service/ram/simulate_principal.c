/* What would be answered to somebody of the account, or on what the account owns: the decision of every request (service/authorise.c), over the
 * same records. Of what another account says nothing is looked at: its side is not for the caller to see, and without it the answer is no. */
#include "access/arn_twin.h"
#include "contract/action_name.h"
#include "contract/held.h"
#include "contract/key_id.h"
#include "objects/bucket.h"
#include "service/ram/simulate.h"
#include "service/resolver.h"
#include "service/resource.h"
#include "service/suppose.h"

enum { QUESTION_MEMORY = 4 << 20 };

typedef struct scene {
    principal who;
    supposition supposed;
    slice resource_owner; /* of what does not name its account */
    const simulation *given;
} scene;

/* ---- who is meant */

static status of_record(call *c, principal who, scene *s) {
    who.account_id = c->who.account_id;
    TRY(identity_fill(c->house->identities, &c->memory, &who));
    s->who = who;
    return OK;
}

static status of_user(call *c, slice name, scene *s) {
    user_record user;
    TRY(user_load(c, name, &user, NULL));
    return of_record(c, (principal){.user_name = user.user_name, .user_id = user.user_id}, s);
}

static status of_role(call *c, slice name, slice session, scene *s) {
    role_record role;
    TRY(role_load(c, name, &role, NULL));
    principal who = {.role_name = role.role_name, .role_id = role.role_id, .break_glass = role.break_glass};
    who.session_name = slice_is_absent(session) ? SLICE("simulated") : session;
    return of_record(c, who, s);
}

/* A group asks nothing itself: whoever is in it does. */
static status of_group(call *c, slice name, slice arn_text, simulation *given, scene *s) {
    TRY(simulation_take_group(c, given, name));
    TRY(of_record(c, (principal){0}, s));
    s->who.is_root = false;
    s->who.user_id = (slice){0};
    s->who.arn = arn_text;
    s->supposed.has_no_record = true;
    return OK;
}

/* No record of theirs is read: nobody learns whether they are there. A name in a policy counts as it is. */
static void of_another_account(const arn *parts, slice name, slice role, scene *s) {
    s->who = (principal){.account_id = parts->account, .arn = name, .role = role};
    s->who.is_root = slice_equals(parts->relative, SLICE("root"));
    s->supposed.has_no_record = s->supposed.goes_by_names = true;
}

static status refuse_source(call *c) {
    return call_refuse(c, FAIL(PRINCIPAL_ARN), "PolicySourceArn: a user, a group, a role or the root of an account.");
}

/* "assumed-role/ROLE/SESSION" */
static bool read_session(slice relative, slice *role, slice *session) {
    slice rest = relative, kind;
    bool is_session = slice_split(&rest, '/', &kind) && slice_equals(kind, SLICE("assumed-role"));
    if (!is_session || !slice_split(&rest, '/', role) || slice_is_empty(rest)) return false;
    *session = rest;
    return true;
}

/* `given` is for a group's policies; NULL: groups do not ask. */
static status find_source(call *c, slice source, simulation *given, scene *s) {
    arn parts;
    slice name, role = {0}, session = {0}, role_arn = {0};
    if (FAILED(arn_canonical(source, &c->memory, &name)) || FAILED(arn_parse(name, &parts))) return refuse_source(c);
    bool is_principal = slice_equals(parts.service, SLICE("ram")) && identity_is_here(source, &parts);
    if (!is_principal || slice_is_empty(parts.account)) return refuse_source(c);
    bool is_session = read_session(parts.relative, &role, &session);
    bool is_root = slice_equals(parts.relative, SLICE("root"));
    bool is_user = slice_starts_with(parts.relative, SLICE("user/"));
    bool is_role = slice_starts_with(parts.relative, SLICE("role/"));
    if (is_role) role = slice_skip(parts.relative, 5);
    if (!slice_equals(parts.account, c->who.account_id)) {
        bool is_anybody = is_root || is_user || is_role || is_session;
        if (!is_anybody || call_speaks_aws(c)) return refuse_source(c); /* AWS has the account's own alone */
        if (is_role || is_session) TRY(arn_principal_role(parts.account, role, &c->memory, &role_arn));
        of_another_account(&parts, name, role_arn, s);
        return OK;
    }
    if (is_root) return of_record(c, (principal){0}, s);
    if (is_user) return of_user(c, slice_skip(parts.relative, 5), s);
    if (is_role || is_session) return of_role(c, role, session, s);
    bool is_group = given && slice_starts_with(parts.relative, SLICE("group/"));
    return is_group ? of_group(c, slice_skip(parts.relative, 6), name, given, s) : refuse_source(c);
}

/* Whom policies with a Principal are asked about, where that is not the source. */
static status take_caller(call *c, slice text, scene *s) {
    arn parts;
    slice name;
    scene as = {0};
    if (slice_is_absent(text)) return OK;
    if (FAILED(arn_canonical(text, &c->memory, &name)) || FAILED(arn_parse(name, &parts)))
        return call_refuse(c, FAIL(PRINCIPAL_ARN), "CallerArn");
    if (!slice_equals(parts.account, c->who.account_id))
        return call_refuse(c, FAIL(PRINCIPAL_ARN), "CallerArn: of another account; name it as PolicySourceArn.");
    TRY(find_source(c, text, NULL, &as));
    policy_caller *caller = CALL_NEW(c, policy_caller);
    ENSURE(caller != NULL, OUT_OF_MEMORY);
    *caller = (policy_caller){.account = as.who.account_id, .arn = as.who.arn, .role = as.who.role};
    caller->id = slice_is_absent(as.who.role) ? as.who.user_id : as.who.role_id;
    s->supposed.caller = caller;
    return OK;
}

/* ---- what is supposed of the request */

static bool says_true(const condition_value *v, const char *name) {
    return slice_equals_text(v->name, name) && v->count == 1 && slice_equals(v->values[0], SLICE("true"));
}

static status take_conditions(call *c, scene *s) {
    const policy_request *r = &s->given->question.request;
    supposition *to = &s->supposed;
    slice prefix = SLICE(CONDITION_KMS_CONTEXT);
    to->conditions = r->conditions, to->condition_count = r->condition_count;
    to->context.at = ARENA_ARRAY(&c->memory, pair, r->condition_count + 1);
    ENSURE(to->context.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < r->condition_count; i++) {
        const condition_value *each = &r->conditions[i];
        if (says_true(each, CONDITION_MFA_PRESENT)) s->who.mfa_at = SET_INT(c->now_s);
        if (!slice_starts_with(each->name, prefix) || each->count != 1) continue;
        to->context.at[to->context.count++] = (pair){slice_skip(each->name, prefix.len), each->values[0]};
    }
    return OK;
}

static status take_owner(call *c, slice text, scene *s) {
    arn parts;
    slice name;
    s->resource_owner = c->who.account_id;
    if (slice_is_absent(text)) return OK;
    s->resource_owner = text;
    if (slice_find_byte(text, ':') == SIZE_MAX) return OK;
    if (FAILED(arn_canonical(text, &c->memory, &name)) || FAILED(arn_parse(name, &parts)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "ResourceOwner");
    s->resource_owner = parts.account;
    return OK;
}

/* ---- one question */

static bool is_named(const char *action, slice wanted) {
    action_names names;
    if (!action_names_find(wanted, &names)) return false;
    for (size_t i = 0; i < names.count; i++)
        if (slice_equals_ignoring_case(slice_of_text(action), names.whole[i])) return true;
    return false;
}

/* Two names of one action have the same names: one that is a part of another has fewer. */
static bool is_same(const char *action, slice wanted) {
    action_names ours, theirs;
    bool is_read = action_names_find(slice_of_text(action), &ours) && action_names_find(wanted, &theirs);
    return is_read && ours.count == theirs.count && is_named(action, wanted);
}

/* By its own name, or another that means the same; NULL: it is only asked for beside others. */
static const operation *operation_of(slice action) {
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++)
        if (slice_equals_ignoring_case(slice_of_text(operation_get(id)->action), action)) return operation_get(id);
    for (int id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++)
        if (is_same(operation_get(id)->action, action)) return operation_get(id);
    return NULL;
}

/* Whose an object or a bucket is stands in the bucket's record, where its name does not say it. */
static status owner_of(call *as, const scene *s, const aimed *at, slice *out) {
    bucket_record bucket;
    *out = at->has_account ? at->parts.account : s->resource_owner;
    if (at->has_account || !slice_equals(at->parts.service, SLICE("oss"))) return OK;
    slice name = slice_head(at->parts.relative, slice_find_byte(at->parts.relative, '/'));
    status found = bucket_load(as->house->store, name, &as->memory, &bucket, NULL);
    if (FAILED_WITH(found, BUCKET_NOT_FOUND)) return OK;
    TRY(found);
    *out = bucket.account_id;
    return OK;
}

static status take_bucket(call *as, slice relative) {
    bucket_record *bucket = CALL_NEW(as, bucket_record);
    ENSURE(bucket != NULL, OUT_OF_MEMORY);
    slice name = slice_head(relative, slice_find_byte(relative, '/'));
    status found = bucket_load(as->house->store, name, &as->memory, bucket, &as->bucket_revision);
    if (FAILED_WITH(found, BUCKET_NOT_FOUND)) return OK;
    TRY(found);
    if (slice_equals(bucket->account_id, call_account(as))) as->bucket = bucket;
    return OK;
}

static status take_secret(call *as, slice name) {
    secret_record *record = CALL_NEW(as, secret_record);
    ENSURE(record != NULL, OUT_OF_MEMORY);
    secret_shelf shelf = call_secrets(as);
    status found = secret_load(&shelf, &(secret_name){.name = name}, &as->memory, record, &as->secret_revision);
    if (FAILED_WITH(found, SECRET_NOT_FOUND)) return OK;
    TRY(found);
    as->secret = record;
    for (size_t i = 0; i < record->tags.count; i++) TRY(resolve_tag(as, &record->tags.at[i]));
    return OK;
}

static status take_role(call *as, slice name) {
    slice path;
    role_record *role = CALL_NEW(as, role_record);
    ENSURE(role != NULL, OUT_OF_MEMORY);
    TRY(role_path(call_account(as), name, &as->memory, &path));
    status found = call_load(as, path, &role_record_shape, role, &as->role_revision);
    if (FAILED_WITH(found, NOT_FOUND)) return OK;
    TRY(found);
    as->role = role;
    return OK;
}

/* What resolvers have at hand when they ask (service/resource.c). */
static status take_resource(call *as, const char *action, const aimed *at) {
    slice relative = at->parts.relative;
    bool is_kms = slice_equals(at->parts.service, SLICE("kms")), is_ram = slice_equals(at->parts.service, SLICE("ram"));
    if (slice_equals(at->parts.service, SLICE("oss"))) return take_bucket(as, relative);
    if (is_kms && slice_starts_with(relative, SLICE("secret/"))) return take_secret(as, slice_skip(relative, 7));
    bool takes_role = is_ram && strcmp(action, "sts:AssumeRole") == 0;
    if (takes_role && slice_starts_with(relative, SLICE("role/"))) return take_role(as, slice_skip(relative, 5));
    bool is_user = is_ram && slice_starts_with(relative, SLICE("user/"));
    bool is_device = is_ram && slice_starts_with(relative, SLICE("mfa/"));
    if (!as->operation || (!is_user && !is_device)) return OK;
    enum resource_kind kind = (enum resource_kind)as->operation->resource;
    bool is_own = kind == RESOURCE_USER_OR_SELF || kind == RESOURCE_SELF || kind == RESOURCE_MFA_NEW ||
                  kind == RESOURCE_MFA_AND_USER;
    return is_own ? resource_grant_own(as, slice_skip(relative, is_user ? 5 : 4)) : OK;
}

/* Names that leave their account open are written as requests have them. */
static status complete(call *as, slice owner, aimed *at) {
    if (at->has_account) return OK;
    return arena_printf(&as->memory, &at->name, "acs:%.*s:%.*s:%.*s:%.*s", SLICE_ARGS(at->parts.service),
                        SLICE_ARGS(at->parts.region), SLICE_ARGS(owner), SLICE_ARGS(at->parts.relative));
}

/* Turns to whose it is. Another account than the one that asks shows nothing of itself. */
static status turn(call *c, call *as, slice owner, slice name, supposition *supposed) {
    supposed->is_elsewhere = !slice_equals(owner, c->who.account_id);
    if (slice_equals(owner, as->who.account_id)) return OK;
    if (!supposed->is_elsewhere) return call_turn_to(as, owner, name);
    as->owner = CALL_NEW(as, call_owner);
    ENSURE(as->owner != NULL, OUT_OF_MEMORY);
    *as->owner = (call_owner){.account = {.account_id = owner}, .named = name};
    return OK;
}

static bool is_held(const approval_rule_record *rule, slice action) {
    for (int id = OPERATION_NONE + 1; rule && id < OPERATION_COUNT; id++)
        if (is_same(operation_get(id)->action, action) && held_by_rule(rule, operation_get(id))) return true;
    return false;
}

/* Beside the policies. NO_PERMISSION, with the words. */
static status check_rules(call *as) {
    const operation *op = as->operation;
    if (!op) return OK;
    bool is_platforms = op->resource == RESOURCE_TENANT || op->resource == RESOURCE_TENANT_CONTAINER;
    if (is_platforms && !as->who.is_operator)
        return call_refuse(as, FAIL(NO_PERMISSION), "Accounts are the platform operator's.");
    return resource_check_root(as);
}

static status ask(call *as, slice action, const char *known, slice resource, supposed_answer *out) {
    status allowed = check_rules(as);
    if (FAILED_WITH(allowed, NO_PERMISSION)) {
        *out = (supposed_answer){0};
        as->decided = (verdict){DECISION_IMPLICIT_DENY, DECIDED_BY_RULE, {SIZE_MAX, SIZE_MAX}};
        return OK;
    }
    TRY(allowed);
    TRY(suppose(as, known, resource, out));
    bool takes_role = as->who.is_root && strcmp(known, "sts:AssumeRole") == 0;
    if (takes_role && as->decided.decision == DECISION_ALLOW) {
        status_ignore(call_refuse(as, FAIL(NO_PERMISSION), "The account root takes no role on."));
        as->decided = (verdict){DECISION_IMPLICIT_DENY, DECIDED_BY_RULE, {SIZE_MAX, SIZE_MAX}};
    }
    const approval_rule_record *rule = as->who.approval;
    if (as->decided.decision != DECISION_ALLOW || !is_held(rule, action)) return OK;
    as->decided = (verdict){DECISION_IMPLICIT_DENY, DECIDED_BY_APPROVAL, {SIZE_MAX, SIZE_MAX}};
    status_ignore(call_refuse(as, FAIL(APPROVAL_REQUIRED), "It takes %lld approvals.", (long long)rule->count.value));
    return OK;
}

static bool ended_in_words(enum deciding_policy by) { return by == DECIDED_BY_RULE || by == DECIDED_BY_APPROVAL; }

static void tell_details(call *as, const explanation *why, evaluation_result *out) {
    for (size_t i = 0; i < why->opinion_count; i++) {
        const policy_opinion *each = &why->opinions[i];
        maybe_bool allows = SET_BOOL(slice_equals(each->decision, SLICE("allowed")));
        boundary_detail *bound = CALL_NEW(as, boundary_detail);
        rail_detail *rail = CALL_NEW(as, rail_detail);
        if (!bound || !rail) return;
        bound->allowed_by_permissions_boundary = rail->allowed_by_organizations = allows;
        if (slice_equals(each->policy_type, SLICE("PermissionBoundary")))
            out->permissions_boundary_decision_detail = bound;
        if (slice_equals(each->policy_type, SLICE("GuardRail")) &&
            !(out->organizations_decision_detail && allows.value))
            out->organizations_decision_detail = rail;
    }
}

static status tell(call *as, const supposed_answer *answer, evaluation_result *out) {
    const explanation *why = &answer->why;
    out->eval_decision = explained_decision(as->decided.decision);
    out->decided_by = slice_of_text(deciding_policy_name(as->decided.by));
    out->matched_statements.at = why->matches, out->matched_statements.count = why->match_count;
    out->policy_opinions.at = why->opinions, out->policy_opinions.count = why->opinion_count;
    out->deciding_statement = why->deciding;
    if (ended_in_words(as->decided.by)) out->reason = as->detail;
    tell_details(as, why, out);
    return OK;
}

/* Accounts other than the one that asks whose policies a request would be weighed with, too. Whose a bucket is that the caller did not say is
 * not told. */
static status tell_unseen(call *c, call *as, slice owner, evaluation_result *out) {
    const slice of[] = {as->who.account_id, owner};
    out->unseen_accounts.at = ARENA_ARRAY(&as->memory, slice, 2);
    ENSURE(out->unseen_accounts.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < 2; i++) {
        bool is_told = out->unseen_accounts.count && slice_equals(out->unseen_accounts.at[0], of[i]);
        if (is_told || slice_equals(of[i], c->who.account_id)) continue;
        out->unseen_accounts.at[out->unseen_accounts.count++] = of[i];
    }
    return OK;
}

typedef struct asked {
    slice action, resource;
    size_t *budget;
} asked;

static status put_question(call *c, call *as, const scene *s, const asked *q, evaluation_result *out) {
    aimed at;
    slice owner, known = q->action;
    supposed_answer answer;
    supposition supposed = s->supposed;
    as->supposed = &supposed;
    supposed.budget = q->budget;
    as->operation = operation_of(q->action);
    if (as->operation) known = slice_of_text(as->operation->action);
    char *action = arena_take(&as->memory, known.len + 1);
    ENSURE(action != NULL, OUT_OF_MEMORY);
    memcpy(action, known.at, known.len);
    action[known.len] = 0;
    status aimed_at = simulation_aim(as, s->who.account_id, q->action, q->resource, &at);
    if (FAILED_WITH(aimed_at, INVALID_PARAMETER)) return call_refuse(c, aimed_at, "ResourceArns: must be full names.");
    TRY(aimed_at);
    TRY(owner_of(as, s, &at, &owner));
    TRY(complete(as, owner, &at));
    bool has_region = at.parts.region.len > 0 && !slice_contains_byte(at.parts.region, '*');
    as->region = has_region ? at.parts.region : call_region(c);
    TRY(turn(c, as, owner, at.name, &supposed));
    if (!supposed.is_elsewhere) TRY(take_resource(as, action, &at));
    TRY(ask(as, q->action, action, at.name, &answer));
    TRY(tell(as, &answer, out));
    if (answer.question.request.budget) TRY(simulation_check_budget(c, &answer.question));
    if (answer.question.request.action.len) TRY(simulation_missing(as, &answer.question, &out->missing_context_values));
    bool is_said = at.has_account || slice_equals(owner, s->resource_owner);
    TRY(tell_unseen(c, as, is_said ? owner : SLICE("unknown"), out));
    out->eval_action_name = q->action;
    out->eval_resource_name = q->resource;
    return OK;
}

/* On a call of its own, which goes with all it read; the answer stays. */
static status answer_question(call *c, const scene *s, const asked *q, evaluation_result *out) {
    call as = {.house = c->house, .now_s = c->now_s, .request_id = c->request_id, .who = s->who};
    OWNED(buffer) packed = {0};
    evaluation_result result = {0};
    as.memory.limit = QUESTION_MEMORY;
    status put = put_question(c, &as, s, q, &result);
    if (!FAILED(put)) put = shape_pack(&evaluation_result_shape, &result, &packed);
    arena_clear(&as.memory);
    TRY(put);
    slice kept;
    TRY(arena_copy(&c->memory, buffer_slice(&packed), &kept));
    return shape_unpack(&evaluation_result_shape, kept, &c->memory, out);
}

/* ---- all of them, or as many as a page has */

static status answer_all(call *c, const scene *s, const simulate_principal_policy_in *in, shape_list *out) {
    static const slice ANY = {(const uint8_t *)"*", 1};
    const slice *resources = in->resource_arns.count ? in->resource_arns.at : &ANY;
    size_t each = in->resource_arns.count ? in->resource_arns.count : 1, total = in->action_names.count * each;
    size_t budget = SIMULATION_STEPS_MOST;
    int64_t first = 0, most = in->max_items.is_set ? in->max_items.value : (int64_t)total;
    evaluation_result *results = ARENA_ARRAY(&c->memory, evaluation_result, total);
    ENSURE(results != NULL, OUT_OF_MEMORY);
    if (!slice_to_i64(in->marker, &first)) first = 0; /* for the page to refuse */
    for (size_t i = 0; i < total; i++) {
        bool is_on_page = (int64_t)i >= first && (int64_t)i - first < most;
        asked q = {in->action_names.at[i / each], resources[i % each], &budget};
        if (is_on_page) TRY(answer_question(c, s, &q, &results[i]));
    }
    *out = (shape_list){results, total};
    return OK;
}

static status take_documents(call *c, const simulate_principal_policy_in *in, simulation *given, scene *s) {
    slice boundary = boundary_of_list(in->permissions_boundary, in->permissions_boundary_policy_input_list.at,
                                      in->permissions_boundary_policy_input_list.count);
    given_document of_resource = {in->resource_policy, POLICY_RESOURCE, "ResourcePolicy"};
    given_document bound = {boundary, POLICY_IDENTITY, "PermissionsBoundary"};
    given_document of_session = {in->session_policy, POLICY_IDENTITY, "SessionPolicy"};
    TRY(simulation_take_list(c, given, in->policy_input_list));
    TRY(simulation_compile(c, given, &of_resource, &s->supposed.resource));
    TRY(simulation_compile(c, given, &bound, &s->supposed.boundary));
    TRY(simulation_compile(c, given, &of_session, &s->supposed.session));
    s->supposed.identity = given->question.identity;
    return OK;
}

status simulate_principal_policy_prepare(call *c, const simulate_principal_policy_in *in,
                                         simulate_principal_policy_out *out) {
    OWNED(simulation) given = {0};
    scene s = {.given = &given};
    shape_list results;
    list_rest rest;
    TRY(find_source(c, in->policy_source_arn, &given, &s));
    TRY(take_documents(c, in, &given, &s));
    TRY(take_caller(c, in->caller_arn, &s));
    TRY(take_owner(c, in->resource_owner, &s));
    TRY(simulation_take_context(c, &given, in->context_entries.at, in->context_entries.count));
    TRY(take_conditions(c, &s));
    TRY(answer_all(c, &s, in, &results));
    out->evaluation_results.at = results.at, out->evaluation_results.count = results.count;
    TRY(LIST_CUT(c, out->evaluation_results, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}
