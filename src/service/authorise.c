/* From a call to the question that access/authorisation.h decides: who asks, what is known of the request, which policies have a
 * word. */
#include "service/account/break_glass.h"
#include "service/diagnosis.h"
#include "service/facts.h"
#include "service/handlers.h"
#include "service/kms/grant_search.h"
#include "service/suppose.h"

/* What is asked about. */
typedef struct target {
    const char *action;
    slice resource;
    const key_record *key; /* NULL: not a key */
    uint64_t key_revision;
    const policy *given;         /* instead of the resource's own policy; NULL: its own */
    const secret_record *secret; /* NULL: none, or one without a policy; so the next two */
    const bucket_record *bucket;
    const role_record *role;
} target;

/* A resource's own policy, and what the vault has sealed of whom its owner admits. */
typedef struct own_policy {
    const policy *policy; /* NULL: none */
    slice sharing;
    policy_label label;
} own_policy;

static slice sharing_of(const policy_bindings *bindings) { return bindings ? bindings->sharing : (slice){0}; }

static status keep_compiled(call *c, const kept_document *kept, const policy **out) {
    kept_document wanted = *kept;
    if (c->supposed && c->supposed->goes_by_names && kept->bindings) {
        wanted.bindings = NULL;
        TRY(ARENA_JOIN(&c->memory, &wanted.name, kept->name, SLICE("/names")));
    }
    *out = identity_kept_policy(c->house->identities, wanted.name);
    return *out ? OK : identity_keep_policy(c->house->identities, &wanted, &c->memory, out);
}

/* ---- a key */

/* The key an ARN names; NULL when it names none that is there. */
static status find_key(call *c, slice resource, target *t) {
    arn parts;
    t->key = NULL;
    if (FAILED(arn_parse(resource, &parts)) || !slice_equals(parts.service, SLICE("kms"))) return OK;
    if (!slice_starts_with(parts.relative, SLICE("key/"))) return OK;
    slice key_id = slice_skip(parts.relative, 4);
    if (c->key && slice_equals(c->key->key_id, key_id)) {
        t->key = c->key;
        t->key_revision = c->key_revision;
        return OK;
    }
    key_shelf shelf = call_keys(c);
    key_record *key = CALL_NEW(c, key_record);
    ENSURE(key != NULL, OUT_OF_MEMORY);
    status loaded = key_load(&shelf, key_id, &c->memory, key, &t->key_revision);
    if (FAILED_WITH(loaded, KEY_NOT_FOUND)) return OK;
    TRY(loaded);
    t->key = key;
    return OK;
}

/* A policy that cannot be loaded could be the one that denies: CORRUPT. */
static status load_key_policy(call *c, const key_record *key, own_policy *out) {
    slice path, name;
    uint64_t revision;
    key_policy_record record;
    key_shelf shelf = call_keys(c);
    TRY(key_policy_path(&shelf, key->key_id, &c->memory, &path));
    status found = call_load(c, path, &key_policy_record_shape, &record, &revision);
    ENSURE(!FAILED_WITH(found, NOT_FOUND), CORRUPT);
    TRY(found);
    TRY(arena_printf(&c->memory, &name, "%.*s#%llu", SLICE_ARGS(path), (unsigned long long)revision));
    out->sharing = sharing_of(record.bindings);
    arn_home home = call_home(c);
    TRY(arn_key(&home, key->key_id, &c->memory, &out->label.name));
    return keep_compiled(c, &(kept_document){name, record.document, POLICY_RESOURCE, record.bindings}, &out->policy);
}

/* ---- a secret */

/* The secret at hand, when the ARN is its own and it has a policy. */
static status find_secret(call *c, slice resource, const secret_record **out) {
    slice arn_text;
    arn_home home = call_home(c);
    *out = NULL;
    if (!c->secret || slice_is_absent(c->secret->policy)) return OK;
    TRY(arn_secret(&home, c->secret->secret_name, &c->memory, &arn_text));
    if (slice_equals(arn_text, resource)) *out = c->secret;
    return OK;
}

static status load_secret_policy(call *c, const secret_record *of, own_policy *out) {
    slice name;
    TRY(arena_printf(&c->memory, &name, "secret-policy/%.*s/%.*s#%llu", SLICE_ARGS(call_account(c)),
                     SLICE_ARGS(of->secret_id), (unsigned long long)c->secret_revision));
    arn_home home = call_home(c);
    TRY(arn_secret(&home, of->secret_name, &c->memory, &out->label.name));
    out->sharing = sharing_of(of->bindings);
    return keep_compiled(c, &(kept_document){name, of->policy, POLICY_RESOURCE, of->bindings}, &out->policy);
}

/* ---- a bucket, a role of another account */

/* The bucket at hand, when the ARN is of it or of an object in it and it has a policy. */
static void find_bucket(const call *c, slice resource, const bucket_record **out) {
    arn parts;
    *out = NULL;
    if (!c->bucket || slice_is_absent(c->bucket->policy) || FAILED(arn_parse(resource, &parts))) return;
    if (!slice_equals(parts.service, SLICE("oss"))) return;
    slice name = slice_head(parts.relative, slice_find_byte(parts.relative, '/'));
    if (slice_equals(name, c->bucket->name)) *out = c->bucket;
}

static status load_bucket_policy(call *c, const bucket_record *of, own_policy *out) {
    slice name;
    TRY(arena_printf(&c->memory, &name, "bucket-policy/%.*s#%llu", SLICE_ARGS(of->name),
                     (unsigned long long)c->bucket_revision));
    TRY(arn_bucket(of->account_id, of->name, &c->memory, &out->label.name));
    out->sharing = sharing_of(of->bindings);
    return keep_compiled(c, &(kept_document){name, of->policy, POLICY_RESOURCE, of->bindings}, &out->policy);
}

static status load_role_trust(call *c, const role_record *of, own_policy *out) {
    slice name;
    TRY(arena_printf(&c->memory, &name, "role-trust/%.*s/%.*s#%llu", SLICE_ARGS(call_account(c)),
                     SLICE_ARGS(of->role_id), (unsigned long long)c->role_revision));
    TRY(arn_principal_role(call_account(c), of->role_name, &c->memory, &out->label.name));
    out->sharing = sharing_of(of->bindings);
    return keep_compiled(c, &(kept_document){name, of->trust_policy, POLICY_TRUST, of->bindings}, &out->policy);
}

static status load_own_policy(call *c, const target *t, own_policy *out) {
    *out = (own_policy){.policy = t->given, .label.name = t->resource};
    if (t->given) return OK;
    if (t->key && t->key->has_policy.value) return load_key_policy(c, t->key, out);
    if (t->secret) return load_secret_policy(c, t->secret, out);
    if (t->bucket) return load_bucket_policy(c, t->bucket, out);
    return t->role ? load_role_trust(c, t->role, out) : OK;
}

/* ---- the account's guard rail */

/* One that cannot be compiled is damage, and nothing is allowed. */
static status load_rail(call *c, const principal *of, const policy **out) {
    slice name;
    TRY(arena_printf(&c->memory, &name, "guard-rail/%.*s#%llu", SLICE_ARGS(of->account_id),
                     (unsigned long long)of->account_revision));
    return keep_compiled(c, &(kept_document){name, of->guard_rail, POLICY_IDENTITY, NULL}, out);
}

/* The owner's root can always read, replace and remove the rail: it is no way to lock the owner out. */
static bool is_about_rail(const char *action) {
    return strcmp(action, "keyhold:GetGuardRail") == 0 || strcmp(action, "keyhold:SetGuardRail") == 0 ||
           strcmp(action, "keyhold:DeleteGuardRail") == 0;
}

static bool rail_has_a_word(const call *c, const char *action) {
    return !slice_is_absent(c->who.guard_rail) && !(c->who.is_root && is_about_rail(action));
}

/* The caller's account's, and that of the account whose resource it is. */
static status load_rails(call *c, const char *action, policy_set *out) {
    const principal *of[2];
    const policy **held = ARENA_ARRAY(&c->memory, const policy *, 2);
    policy_label *labels = ARENA_ARRAY(&c->memory, policy_label, 2);
    size_t count = 0;
    ENSURE(held != NULL && labels != NULL, OUT_OF_MEMORY);
    if (rail_has_a_word(c, action)) of[count++] = &c->who;
    if (c->owner && !slice_is_absent(c->owner->account.guard_rail)) of[count++] = &c->owner->account;
    for (size_t i = 0; i < count; i++) {
        TRY(load_rail(c, of[i], &held[i]));
        labels[i] = (policy_label){.name = of[i]->account_id};
    }
    *out = (policy_set){held, count, labels};
    return OK;
}

/* ---- grants */

typedef struct search {
    const grant_question *question;
    enum policy_reach best; /* beyond REACH_CALLER there is none */
    slice sharing;          /* of the grant that reaches best */
} search;

static status consider_grant(call *c, const grant_record *grant, void *context, bool *is_found) {
    search *s = context;
    enum policy_reach reach = grant_reach(grant, s->question);
    if (reach <= s->best || (c->owner && !call_is_admitted(c, grant->sharing))) return OK;
    s->best = reach;
    *is_found = reach == REACH_CALLER;
    return slice_is_absent(grant->sharing) ? OK : arena_copy(&c->memory, grant->sharing, &s->sharing);
}

/* Grants to the caller, to the role behind it, to its account. */
static status find_grants(call *c, const target *t, search *s) {
    slice root;
    TRY(arn_principal_root(c->who.account_id, &c->memory, &root));
    const slice grantees[] = {c->who.arn, c->who.role, root};
    for (size_t i = 0; i < sizeof grantees / sizeof *grantees && s->best != REACH_CALLER; i++) {
        if (slice_is_absent(grantees[i])) continue;
        grant_search among = {t->key, t->key_revision, grantees[i], s->question, {0}};
        TRY(grants_search(c, &among, consider_grant, s));
    }
    return OK;
}

/* ---- the question */

static bool is_about_policy(const char *action) {
    static const char *const actions[] = {
        "kms:GetKeyPolicy",    "kms:SetKeyPolicy",       "kms:ListKeyPolicies",
        "kms:GetSecretPolicy", "kms:SetSecretPolicy",    "oss:GetBucketPolicy",
        "oss:PutBucketPolicy", "oss:DeleteBucketPolicy", "secretsmanager:DeleteResourcePolicy"};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(action, actions[i]) == 0) return true;
    return false;
}

/* A question, its answer, and what is to be told of it. */
typedef struct weighing {
    authorisation question;
    verdict verdict;
    slice by_policy, by_grant; /* sealed: what the owner says of the caller's account */
} weighing;

policy_caller call_caller(const call *c) {
    policy_caller caller = {.account = c->who.account_id, .arn = c->who.arn, .role = c->who.role};
    if (c->supposed && c->supposed->caller) return *c->supposed->caller;
    caller.id = slice_is_absent(c->who.role) ? c->who.user_id : c->who.role_id;
    caller.is_foreign = c->owner != NULL;
    return caller;
}

static status ask_grants(call *c, const target *t, weighing *w) {
    authorisation *a = &w->question;
    grant_question question = {a->request.caller, a->request.action, facts_context(c, t->action)};
    search s = {.question = &question};
    bool nothing_gives = w->verdict.by == DECIDED_BY_NONE || w->verdict.by == DECIDED_BY_RESOURCE;
    bool may_help = t->key && t->key->grant_count.value > 0 && nothing_gives;
    if (w->verdict.decision != DECISION_IMPLICIT_DENY || !may_help) return OK;
    TRY(find_grants(c, t, &s));
    a->grant = s.best;
    w->by_grant = s.sharing;
    if (a->grant != REACH_NONE) authorise(a, &w->verdict);
    return OK;
}

/* Its own policy; of another account's resource only as far as the owner has admitted the caller's account to it. */
static status ask_own_policy(call *c, const target *t, weighing *w) {
    own_policy own;
    TRY(load_own_policy(c, t, &own));
    bool counts = !c->owner || t->given || call_is_admitted(c, own.sharing);
    if (!counts) return OK;
    w->question.resource = own.policy;
    w->question.resource_label = own.label;
    w->by_policy = own.sharing;
    return OK;
}

static const policy_label GIVEN = {{(const uint8_t *)"given", 5}, {0}, NULL};

/* What a simulation puts beside the principal's own policies, or in their place. */
static status add_supposed(call *c, authorisation *a) {
    const supposition *s = c->supposed;
    size_t own = s->has_no_record ? 0 : a->identity.count, count = own + s->identity.count;
    const policy **all = ARENA_ARRAY(&c->memory, const policy *, count + 1);
    policy_label *labels = ARENA_ARRAY(&c->memory, policy_label, count + 1);
    ENSURE(all != NULL && labels != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        const policy_set *from = i < own ? &a->identity : &s->identity;
        all[i] = from->at[i < own ? i : i - own];
        labels[i] = from->labels[i < own ? i : i - own];
    }
    a->identity = (policy_set){all, count, labels};
    if (s->boundary) a->boundary = s->boundary, a->boundary_label = GIVEN;
    if (s->session) a->session = (policy_set){&s->session, 1, &GIVEN};
    return OK;
}

static status weigh(call *c, const target *t, weighing *out) {
    facts f;
    weighing w = {0};
    policy_caller *caller = CALL_NEW(c, policy_caller);
    policy_label *session_label = CALL_NEW(c, policy_label); /* there is one policy at most */
    ENSURE(caller != NULL && session_label != NULL, OUT_OF_MEMORY);
    session_label->name = slice_is_absent(c->who.session_name) ? SLICE("session") : c->who.session_name;
    *caller = call_caller(c);
    identities_make_room(c->house->identities);
    bool has_record = !c->supposed || !c->supposed->has_no_record;
    if (has_record) TRY(identity_load_policies(c->house->identities, &c->who, &c->memory));
    TRY(facts_gather(c, &(facts_about){t->action, t->resource, t->key}, &f));
    authorisation *a = &w.question;
    a->request = (policy_request){slice_of_text(t->action), t->resource, f.at, f.count, c->now_s, caller};
    a->is_root = c->who.is_root;
    a->owner = call_account(c);
    TRY(load_rails(c, t->action, &a->rails));
    a->identity = (policy_set){c->who.policies, c->who.policy_count, c->who.policy_labels};
    a->session = (policy_set){c->who.session_policies, c->who.session_policy_count, session_label};
    a->boundary = c->who.boundary;
    a->boundary_label = c->who.boundary_label;
    if (c->supposed) TRY(add_supposed(c, a));
    if (c->supposed) a->request.budget = c->supposed->budget;
    a->is_key = t->key != NULL;
    a->is_role = t->role != NULL;
    a->is_policy_of_key = is_about_policy(t->action);
    TRY(ask_own_policy(c, t, &w));
    authorise(a, &w.verdict);
    TRY(ask_grants(c, t, &w));
    *out = w;
    return OK;
}

/* ---- another account's */

/* What is there and not for the caller is told like what is not there: the question is asked again of a name with nothing behind it. */
static status weigh_blindly(call *c, const target *t, weighing *out) {
    call_owner nobody = {.account = {.account_id = call_account(c)}};
    call_owner *owner = c->owner;
    target blind = {.action = t->action, .resource = owner->named};
    c->owner = &nobody;
    c->condition_count = 0;
    status weighed = weigh(c, &blind, out);
    c->owner = owner;
    return weighed;
}

static status decide_foreign(call *c, const target *t, weighing *w) {
    bool is_allowed = w->verdict.decision == DECISION_ALLOW && c->owner->is_there;
    slice sharing = w->verdict.by == DECIDED_BY_GRANT ? w->by_grant : w->by_policy;
    if (!slice_is_empty(w->by_policy) || !slice_is_empty(w->by_grant)) call_affects(c, call_account(c));
    if (!is_allowed) {
        TRY(weigh_blindly(c, t, w));
        c->resource = c->owner->named;
        return OK;
    }
    if (slice_is_absent(c->owner->sharing)) c->owner->sharing = sharing;
    return OK;
}

/* ---- the answer */

/* The owner's root, without a guard rail, on a resource without a policy, or on anything else of the account: nothing has a word
 * in it. */
static bool is_free(const call *c, const target *t) {
    bool has_a_word = t->given || (t->key && t->key->has_policy.value) || t->secret || t->bucket;
    bool is_bound = rail_has_a_word(c, t->action) || c->who.session_policy_count > 0;
    return c->who.is_root && !c->owner && !is_bound && !has_a_word && !c->supposed;
}

static status find_target(call *c, target *t) {
    TRY(find_key(c, t->resource, t));
    TRY(find_secret(c, t->resource, &t->secret));
    find_bucket(c, t->resource, &t->bucket);
    if (c->owner && c->role) t->role = c->role;
    return OK;
}

/* What the account lets everybody do to themselves. */
static void allow_granted(const call *c, verdict *v) {
    bool is_open = v->decision == DECISION_IMPLICIT_DENY && v->by == DECIDED_BY_NONE;
    if (c->is_granted && is_open) *v = (verdict){DECISION_ALLOW, DECIDED_BY_RULE, {SIZE_MAX, SIZE_MAX}};
}

/* A key that a simulation says the policy of need not be there. */
static bool is_key_to_be(const target *t) {
    arn parts;
    bool is_named = t->given && !t->key && !FAILED(arn_parse(t->resource, &parts));
    return is_named && slice_equals(parts.service, SLICE("kms")) && slice_starts_with(parts.relative, SLICE("key/"));
}

static status decide(call *c, target *t, weighing *out) {
    weighing w = {.verdict = {DECISION_ALLOW, DECIDED_BY_OWNER, {SIZE_MAX, SIZE_MAX}}};
    TRY(break_glass_check(c, t->action));
    if (!c->supposed || !c->supposed->is_elsewhere) TRY(find_target(c, t));
    key_record assumed = {0};
    if (is_key_to_be(t)) t->key = &assumed;
    if (!is_free(c, t)) {
        TRY(weigh(c, t, &w));
        if (c->owner && !c->supposed) TRY(decide_foreign(c, t, &w));
        allow_granted(c, &w.verdict);
    }
    c->decided = w.verdict;
    *out = w;
    return OK;
}

status call_authorise(call *c, const char *action, slice resource) {
    weighing w;
    target t = {.action = action, .resource = resource};
    TRY(decide(c, &t, &w));
    if (c->decided.decision == DECISION_ALLOW) return OK;
    bool is_explicit = c->decided.decision == DECISION_EXPLICIT_DENY;
    status refused =
        call_refuse(c, FAIL(NO_PERMISSION), "%s on %.*s (%s).", action, SLICE_ARGS(w.question.request.resource),
                    is_explicit ? "a policy denies it" : "no policy allows it");
    TRY(diagnosis_make(c, &w.question));
    return refused;
}

/* ---- a role's trust policy, which has to allow beside everything else */

static status weigh_trust(call *c, const role_record *role, slice role_arn, weighing *out) {
    weighing w;
    opinions o;
    target t = {.action = "sts:AssumeRole", .resource = role_arn, .role = role};
    if (c->supposed) t.given = c->supposed->resource;
    TRY(weigh(c, &t, &w));
    authorisation_ask(&w.question, &o);
    bool allows = o.resource.decision == DECISION_ALLOW && o.reach != REACH_NONE;
    w.verdict = (verdict){o.resource.decision, DECIDED_BY_TRUST, o.resource.match};
    if (!allows && o.resource.decision == DECISION_ALLOW) w.verdict.decision = DECISION_IMPLICIT_DENY;
    *out = w;
    return OK;
}

status call_authorise_trust(call *c, const role_record *role, slice role_arn) {
    weighing w;
    TRY(weigh_trust(c, role, role_arn, &w));
    if (w.verdict.decision == DECISION_ALLOW) return OK;
    c->decided = w.verdict;
    bool is_explicit = w.verdict.decision == DECISION_EXPLICIT_DENY;
    status refused = call_refuse(c, FAIL(NO_PERMISSION), "The role's trust policy %s.",
                                 is_explicit ? "denies it" : "does not name the caller");
    if (!c->owner) TRY(diagnosis_make(c, &w.question)); /* another account's is not the caller's to read */
    return refused;
}

/* ---- nobody made the request */

/* Of the account's own roles: another's trust policy was the resource's own in the decision before. */
static status suppose_trust(call *c, const target *t, weighing *w) {
    weighing trust;
    bool is_asked = c->role && !c->owner && strcmp(t->action, "sts:AssumeRole") == 0;
    if (!is_asked || w->verdict.decision != DECISION_ALLOW) return OK;
    TRY(weigh_trust(c, c->role, t->resource, &trust));
    if (trust.verdict.decision != DECISION_ALLOW) *w = trust;
    return OK;
}

status suppose(call *c, const char *action, slice resource, supposed_answer *out) {
    weighing w;
    target t = {.action = action, .resource = resource};
    bool is_role = slice_starts_with(slice_of_text(action), SLICE("sts:AssumeRole"));
    if (!is_role) t.given = c->supposed->resource;
    status decided = decide(c, &t, &w);
    if (FAILED_WITH(decided, NO_PERMISSION)) {
        c->decided = (verdict){DECISION_IMPLICIT_DENY, DECIDED_BY_RULE, {SIZE_MAX, SIZE_MAX}};
        *out = (supposed_answer){0};
        return OK;
    }
    TRY(decided);
    TRY(suppose_trust(c, &t, &w));
    c->decided = w.verdict;
    out->question = w.question;
    return explain(c, &w.question, &w.verdict, &out->why);
}

status call_would_allow(call *c, const char *action, slice resource, const policy *key_policy, bool *out) {
    weighing w;
    target t = {.action = action, .resource = resource, .given = key_policy};
    key_record assumed = {0};
    TRY(find_key(c, resource, &t));
    if (!t.key) t.key = &assumed; /* not made yet */
    TRY(weigh(c, &t, &w));
    *out = w.verdict.decision == DECISION_ALLOW;
    return OK;
}

status call_explain_trust(call *c, const policy *trust, const char *action, slice role_arn) {
    facts f;
    policy_caller caller = {.federated = c->who.federated};
    authorisation a = {.is_role = true, .resource = trust, .resource_label.name = role_arn};
    TRY(facts_gather(c, &(facts_about){action, role_arn, NULL}, &f));
    a.request = (policy_request){slice_of_text(action), role_arn, f.at, f.count, c->now_s, &caller};
    authorise(&a, &c->decided);
    bool lets_everybody_in = c->decided.decision == DECISION_ALLOW;
    c->decided.by = lets_everybody_in ? DECIDED_BY_RULE : DECIDED_BY_TRUST;
    if (lets_everybody_in) c->decided.decision = DECISION_IMPLICIT_DENY;
    c->detail = SLICE("For whom only a provider vouches, a trust policy has to say so; this one lets everybody in.");
    return diagnosis_make(c, &a);
}

enum decision call_consult(call *c, const policy *p, const char *action, slice resource, enum policy_reach *reach) {
    facts f;
    policy_caller caller = call_caller(c);
    /* whom somebody else vouches for belongs to nobody's account */
    if (!slice_is_absent(c->who.federated)) caller = (policy_caller){.federated = c->who.federated};
    if (FAILED(facts_gather(c, &(facts_about){action, resource, NULL}, &f))) return DECISION_EXPLICIT_DENY;
    policy_request request = {slice_of_text(action), resource, f.at, f.count, c->now_s, &caller};
    return policy_consult(p, &request, reach, NULL);
}
