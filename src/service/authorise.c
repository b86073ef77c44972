/* From a call to the question that access/authorisation.h decides: who asks, what is known of the request, which policies have a
 * word. */
#include "access/grant.h"
#include "contract/key_id.h"
#include "service/diagnosis.h"
#include "service/handlers.h"

/* What is known of the request, as conditions. */
typedef struct facts {
    call *c;
    condition_value *at;
    size_t count, room;
} facts;

static status add_values(facts *f, slice name, const slice *values, size_t count) {
    if (f->count == f->room) {
        size_t room = f->room ? f->room * 2 : 32;
        condition_value *grown = ARENA_ARRAY(&f->c->memory, condition_value, room);
        ENSURE(grown != NULL, OUT_OF_MEMORY);
        if (f->count) memcpy(grown, f->at, f->count * sizeof *grown);
        f->at = grown;
        f->room = room;
    }
    f->at[f->count++] = (condition_value){name, values, count};
    return OK;
}

/* A value that is not there is no condition. */
static status add(facts *f, slice name, slice value) {
    if (slice_is_absent(value)) return OK;
    slice *held = CALL_NEW(f->c, slice);
    ENSURE(held != NULL, OUT_OF_MEMORY);
    *held = value;
    return add_values(f, name, held, 1);
}

static status add_named(facts *f, const char *prefix, slice name, slice value) {
    slice whole;
    TRY(arena_printf(&f->c->memory, &whole, "%s%.*s", prefix, SLICE_ARGS(name)));
    return add(f, whole, value);
}

static slice principal_type(const principal *who) {
    if (who->is_root) return SLICE("Account");
    if (!slice_is_absent(who->federated)) return SLICE("Federated");
    return slice_is_absent(who->role) ? SLICE("User") : SLICE("AssumedRole");
}

/* Access keys that last cannot show a code, and have no such condition. */
static slice shows_mfa(const principal *who) {
    if (!who->is_session) return (slice){0};
    return who->mfa_at.is_set ? SLICE("true") : SLICE("false");
}

/* What is known of every request. */
static status add_standing(facts *f) {
    const call *c = f->c;
    const principal *who = &c->who;
    TRY(add(f, SLICE(CONDITION_SECURE_TRANSPORT), c->peer && c->peer->is_tls.value ? SLICE("true") : SLICE("false")));
    TRY(add(f, SLICE(CONDITION_ACCESS_ID), who->access_key_id));
    TRY(add(f, SLICE(CONDITION_PRINCIPAL_ARN), who->arn));
    TRY(add(f, SLICE(CONDITION_PRINCIPAL_ACCOUNT), who->account_id));
    TRY(add(f, SLICE(CONDITION_PRINCIPAL_TYPE), principal_type(who)));
    TRY(add(f, SLICE(CONDITION_USER_NAME), who->user_name));
    TRY(add(f, SLICE(CONDITION_USER_ID), who->user_id));
    TRY(add(f, SLICE(CONDITION_KMS_CALLER_ACCOUNT), who->account_id));
    TRY(add(f, SLICE(CONDITION_RESOURCE_ACCOUNT), who->account_id));
    TRY(add(f, SLICE(CONDITION_REQUESTED_REGION), call_region(c)));
    TRY(add(f, SLICE(CONDITION_MFA_PRESENT), shows_mfa(who)));
    TRY(add(f, SLICE(CONDITION_SOURCE_IDENTITY), who->source_identity));
    if (!c->peer) return OK;
    if (!slice_is_empty(c->peer->source_ip)) TRY(add(f, SLICE(CONDITION_SOURCE_IP), c->peer->source_ip));
    if (slice_is_empty(c->peer->user_agent)) return OK;
    return add(f, SLICE(CONDITION_USER_AGENT), slice_head(c->peer->user_agent, POLICY_TEXT_BYTES_MOST));
}

/* ---- a key */

/* The encryption context that goes with this action, when the operation has one. */
static const pair_list *context_of(const call *c, const char *action) {
    const char *name = "EncryptionContext";
    if (strcmp(action, "kms:ReEncryptFrom") == 0) name = "SourceEncryptionContext";
    if (strcmp(action, "kms:ReEncryptTo") == 0) name = "DestinationEncryptionContext";
    const field *f = c->operation && c->in ? shape_find(c->operation->in, slice_of_text(name)) : NULL;
    return f && f->kind == FIELD_MAP ? field_at(f, c->in) : NULL;
}

static status add_context(facts *f, const pair_list *context) {
    if (!context || context->count == 0) return OK;
    slice *keys = ARENA_ARRAY(&f->c->memory, slice, context->count);
    ENSURE(keys != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < context->count; i++) {
        keys[i] = context->at[i].key;
        TRY(add_named(f, CONDITION_KMS_CONTEXT, keys[i], context->at[i].value));
    }
    return add_values(f, SLICE(CONDITION_KMS_CONTEXT_KEYS), keys, context->count);
}

static status add_key_facts(facts *f, const key_record *key, const pair_list *context) {
    const operation *op = f->c->operation;
    for (size_t i = 0; i < key->tags.count; i++)
        TRY(add_named(f, CONDITION_RESOURCE_TAG, key->tags.at[i].tag_key, key->tags.at[i].tag_value));
    if (op && strcmp(op->product->name, "oss") == 0) {
        slice via;
        TRY(arena_printf(&f->c->memory, &via, "s3.%.*s.amazonaws.com", SLICE_ARGS(call_region(f->c))));
        TRY(add(f, SLICE(CONDITION_KMS_VIA_SERVICE), via));
    }
    return add_context(f, context);
}

/* The key an ARN names; NULL when it names none that is there. */
static status find_key(call *c, slice resource, const key_record **out) {
    arn parts;
    *out = NULL;
    if (FAILED(arn_parse(resource, &parts)) || !slice_equals(parts.service, SLICE("kms"))) return OK;
    if (!slice_starts_with(parts.relative, SLICE("key/"))) return OK;
    slice key_id = slice_skip(parts.relative, 4);
    if (c->key && slice_equals(c->key->key_id, key_id)) {
        *out = c->key;
        return OK;
    }
    key_shelf shelf = call_keys(c);
    key_record *key = CALL_NEW(c, key_record);
    ENSURE(key != NULL, OUT_OF_MEMORY);
    status loaded = key_load(&shelf, key_id, &c->memory, key, NULL);
    if (FAILED_WITH(loaded, KEY_NOT_FOUND)) return OK;
    TRY(loaded);
    *out = key;
    return OK;
}

/* A policy that cannot be loaded could be the one that denies: CORRUPT. */
static status load_key_policy(call *c, const key_record *key, const policy **out) {
    slice path, packed, name;
    uint64_t revision;
    key_policy_record record;
    key_shelf shelf = call_keys(c);
    TRY(key_policy_path(&shelf, key->key_id, &c->memory, &path));
    status found = store_get(c->house->store, path, &c->memory, &packed, &revision);
    ENSURE(!FAILED_WITH(found, NOT_FOUND), CORRUPT);
    TRY(found);
    TRY(arena_printf(&c->memory, &name, "%.*s#%llu", SLICE_ARGS(path), (unsigned long long)revision));
    *out = identity_kept_policy(c->house->identities, name);
    if (*out) return OK;
    ENSURE(!FAILED(shape_unpack(&key_policy_record_shape, packed, &c->memory, &record)), CORRUPT);
    kept_document kept = {name, record.document, POLICY_RESOURCE};
    return identity_keep_policy(c->house->identities, &kept, &c->memory, out);
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

static status load_secret_policy(call *c, const secret_record *of, const policy **out) {
    slice name;
    TRY(arena_printf(&c->memory, &name, "secret-policy/%.*s/%.*s#%llu", SLICE_ARGS(c->who.account_id),
                     SLICE_ARGS(of->secret_id), (unsigned long long)c->secret_revision));
    *out = identity_kept_policy(c->house->identities, name);
    if (*out) return OK;
    kept_document kept = {name, of->policy, POLICY_RESOURCE};
    return identity_keep_policy(c->house->identities, &kept, &c->memory, out);
}

/* ---- the account's guard rail */

/* One that cannot be compiled is damage, and nothing is allowed. */
static status load_rail(call *c, policy_set *out) {
    slice name;
    const policy **held = CALL_NEW(c, const policy *);
    ENSURE(held != NULL, OUT_OF_MEMORY);
    TRY(arena_printf(&c->memory, &name, "guard-rail/%.*s#%llu", SLICE_ARGS(c->who.account_id),
                     (unsigned long long)c->who.account_revision));
    *held = identity_kept_policy(c->house->identities, name);
    kept_document kept = {name, c->who.guard_rail, POLICY_IDENTITY};
    if (!*held) TRY(identity_keep_policy(c->house->identities, &kept, &c->memory, held));
    *out = (policy_set){held, 1};
    return OK;
}

/* The owner's root can always read, replace and remove the rail: it is no way to lock the owner out. */
static bool is_about_rail(const char *action) {
    return strcmp(action, "keyhold:GetGuardRail") == 0 || strcmp(action, "keyhold:SetGuardRail") == 0 ||
           strcmp(action, "keyhold:DeleteGuardRail") == 0;
}

static bool rail_has_a_word(const call *c, const char *action) {
    return !slice_is_absent(c->who.guard_rail) && !(c->who.is_root && is_about_rail(action));
}

/* ---- grants */

typedef struct search {
    const grant_question *question;
    enum policy_reach best;
} search;

static status consider_grant(call *c, const store_row *row, void *context) {
    search *s = context;
    grant_record grant;
    OWNED(arena) memory = {0};
    (void)c;
    ENSURE(!FAILED(shape_unpack(&grant_record_shape, row->value, &memory, &grant)), CORRUPT);
    enum policy_reach reach = grant_reach(&grant, s->question);
    if (reach > s->best) s->best = reach;
    return OK;
}

/* Grants to the caller, to the role behind it, to its account. */
static status find_grants(call *c, const key_record *key, const grant_question *question, enum policy_reach *out) {
    slice root, prefix, key_id;
    search s = {question, REACH_NONE};
    TRY(key_id_in_region(key->key_id, call_region(c), &c->memory, &key_id));
    TRY(arn_principal_root(c->who.account_id, &c->memory, &root));
    const slice grantees[] = {c->who.arn, c->who.role, root};
    for (size_t i = 0; i < sizeof grantees / sizeof *grantees && s.best != REACH_CALLER; i++) {
        if (slice_is_absent(grantees[i])) continue;
        TRY(grant_prefix_of_grantee(c->who.account_id, key_id, grantees[i], &c->memory, &prefix));
        TRY(records_walk(c, prefix, consider_grant, &s));
    }
    *out = s.best;
    return OK;
}

/* ---- the question */

typedef struct target {
    const char *action;
    slice resource;
    const key_record *key;       /* NULL: not a key */
    const policy *key_policy;    /* instead of the key's own; NULL: its own */
    const secret_record *secret; /* NULL: none, or one without a policy */
} target;

static bool is_about_policy(const char *action) {
    static const char *const actions[] = {"kms:GetKeyPolicy", "kms:SetKeyPolicy", "kms:ListKeyPolicies",
                                          "kms:GetSecretPolicy", "kms:SetSecretPolicy"};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(action, actions[i]) == 0) return true;
    return false;
}

static status ask_grants(call *c, const target *t, authorisation *a, verdict *out) {
    grant_question question = {a->request.caller, c->who.user_id, a->request.action, context_of(c, t->action)};
    bool nothing_gives = out->by == DECIDED_BY_NONE || out->by == DECIDED_BY_RESOURCE;
    bool may_help = t->key && t->key->grant_count.value > 0 && nothing_gives;
    if (out->decision != DECISION_IMPLICIT_DENY || !may_help) return OK;
    TRY(find_grants(c, t->key, &question, &a->grant));
    if (a->grant != REACH_NONE) authorise(a, out);
    return OK;
}

static status gather(facts *f, const target *t) {
    TRY(add_standing(f));
    for (size_t i = 0; i < f->c->condition_count; i++) {
        const condition_value *each = &f->c->conditions[i];
        /* A key's tags are its own, not those of what it is used for. */
        if (t->key && slice_starts_with(each->name, SLICE(CONDITION_RESOURCE_TAG))) continue;
        TRY(add_values(f, each->name, each->values, each->count));
    }
    return t->key ? add_key_facts(f, t->key, context_of(f->c, t->action)) : OK;
}

static status weigh(call *c, const target *t, authorisation *question, verdict *out) {
    facts f = {.c = c};
    policy_caller *caller = CALL_NEW(c, policy_caller);
    ENSURE(caller != NULL, OUT_OF_MEMORY);
    *caller = (policy_caller){.account = c->who.account_id, .arn = c->who.arn, .role = c->who.role};
    TRY(gather(&f, t));
    identities_make_room(c->house->identities);
    TRY(identity_load_policies(c->house->identities, &c->who, &c->memory));
    authorisation a = {.request = {slice_of_text(t->action), t->resource, f.at, f.count, c->now_s, caller}};
    a.is_root = c->who.is_root;
    if (rail_has_a_word(c, t->action)) TRY(load_rail(c, &a.rails));
    a.identity = (policy_set){c->who.policies, c->who.policy_count};
    a.session = (policy_set){c->who.session_policies, c->who.session_policy_count};
    a.boundary = c->who.boundary;
    a.is_key = t->key != NULL;
    a.resource = t->key_policy;
    if (!a.resource && t->key && t->key->has_policy.value) TRY(load_key_policy(c, t->key, &a.resource));
    if (t->secret) TRY(load_secret_policy(c, t->secret, &a.resource));
    a.is_policy_of_key = is_about_policy(t->action);
    authorise(&a, out);
    TRY(ask_grants(c, t, &a, out));
    *question = a;
    return OK;
}

/* The owner's root, without a guard rail, on a key or a secret without a policy, or on anything else of the account: nothing has a word
 * in it. */
static bool is_free(const call *c, const target *t) {
    bool key_has_a_word = t->key_policy || (t->key && t->key->has_policy.value);
    bool is_bound = rail_has_a_word(c, t->action) || c->who.session_policy_count > 0;
    return c->who.is_root && !is_bound && !key_has_a_word && !t->secret;
}

status call_authorise(call *c, const char *action, slice resource) {
    target t = {.action = action, .resource = resource};
    TRY(find_key(c, resource, &t.key));
    TRY(find_secret(c, resource, &t.secret));
    if (is_free(c, &t)) {
        c->decided = (verdict){DECISION_ALLOW, DECIDED_BY_OWNER, {SIZE_MAX, SIZE_MAX}};
        return OK;
    }
    authorisation question;
    TRY(weigh(c, &t, &question, &c->decided));
    if (c->decided.decision == DECISION_ALLOW) return OK;
    if (c->is_granted && c->decided.decision == DECISION_IMPLICIT_DENY && c->decided.by == DECIDED_BY_NONE) return OK;
    TRY(diagnosis_make(c, &question));
    bool is_explicit = c->decided.decision == DECISION_EXPLICIT_DENY;
    return call_refuse(c, FAIL(NO_PERMISSION), "%s on %.*s (%s).", action, SLICE_ARGS(resource),
                       is_explicit ? "a policy denies it" : "no policy allows it");
}

status call_would_allow(call *c, const char *action, slice resource, const policy *key_policy, bool *out) {
    target t = {.action = action, .resource = resource, .key_policy = key_policy};
    verdict found;
    authorisation question;
    key_record assumed = {0};
    TRY(find_key(c, resource, &t.key));
    if (!t.key) t.key = &assumed; /* not made yet */
    TRY(weigh(c, &t, &question, &found));
    *out = found.decision == DECISION_ALLOW;
    return OK;
}

enum decision call_consult(call *c, const policy *p, const char *action, slice resource, enum policy_reach *reach) {
    facts f = {.c = c};
    target t = {action, resource, NULL, NULL};
    policy_caller caller = {.account = c->who.account_id, .arn = c->who.arn, .role = c->who.role};
    /* whom somebody else vouches for belongs to nobody's account */
    if (!slice_is_absent(c->who.federated)) caller = (policy_caller){.federated = c->who.federated};
    if (FAILED(gather(&f, &t))) return DECISION_EXPLICIT_DENY;
    policy_request request = {slice_of_text(action), resource, f.at, f.count, c->now_s, &caller};
    return policy_consult(p, &request, reach, NULL);
}
