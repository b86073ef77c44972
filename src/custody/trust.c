/* Three answers to each part of a statement: it holds, it does not, or that is for core to say. */
#include "custody/trust.h"

#include "base/glob.h"
#include "custody/json_values.h"

enum { GLOB_STEPS_MOST = 1 << 18 };

enum truth { NO, MAYBE, YES };

static enum truth both(enum truth a, enum truth b) { return a < b ? a : b; }
static enum truth either(enum truth a, enum truth b) { return a > b ? a : b; }
static enum truth opposite(enum truth a) { return (enum truth)(YES - a); }

/* ---- reading */

/* A list, or one thing in the place of a list. */
static status list_of(const json_value *given, arena *memory, json_values *out) {
    bool is_list = !given->is_text && slice_starts_with(given->value, SLICE("["));
    if (is_list) return json_values_array(given->value, memory, out);
    *out = (json_values){ARENA_NEW(memory, json_value), 1};
    ENSURE(out->at != NULL, OUT_OF_MEMORY);
    *out->at = *given;
    return OK;
}

/* ---- whom a statement is about */

/* acs:ram::ACCOUNT:PROVIDER or arn:aws:iam::ACCOUNT:PROVIDER. */
static bool names_provider(const json_value *given, const trust_question *q) {
    slice rest = given->value, parts[4], account;
    if (!given->is_text) return false;
    for (int i = 0; i < 4; i++)
        if (!slice_split(&rest, ':', &parts[i])) return false;
    bool is_ours = slice_equals_text(parts[0], "acs") && slice_equals_text(parts[1], "ram");
    bool is_aws = slice_equals_text(parts[0], "arn") && slice_equals_text(parts[2], "iam");
    account = parts[3];
    if (is_aws && !slice_split(&rest, ':', &account)) return false;
    return (is_ours || is_aws) && slice_equals(account, q->account) && slice_equals(rest, q->provider);
}

static status principal_holds(const json_values *statement, const trust_question *q, arena *memory, enum truth *out) {
    json_values families, names;
    const json_value *principal = json_values_find(statement, "Principal"), *federated;
    *out = NO;
    if (principal == NULL || !slice_starts_with(principal->value, SLICE("{")) || principal->is_text) return OK;
    TRY(json_values_object(principal->value, memory, &families));
    federated = json_values_find(&families, "Federated");
    if (federated == NULL) return OK;
    TRY(list_of(federated, memory, &names));
    for (size_t i = 0; i < names.count; i++)
        if (names_provider(&names.at[i], q)) *out = YES;
    return OK;
}

/* Under the action's own names, or as a role taken on in any way. */
static enum truth action_named(const json_value *given, const trust_question *q) {
    static const char *const OIDC[] = {"sts:AssumeRole", "sts:AssumeRoleWithOIDC", "sts:AssumeRoleWithWebIdentity",
                                       NULL};
    static const char *const SAML[] = {"sts:AssumeRole", "sts:AssumeRoleWithSAML", NULL};
    bool is_saml = slice_starts_with(q->provider, SLICE("saml-provider/"));
    if (!given->is_text) return MAYBE;
    for (const char *const *each = is_saml ? SAML : OIDC; *each; each++)
        if (slice_equals_ignoring_case(given->value, slice_of_text(*each))) return YES;
    return glob_kind_of(given->value) == GLOB_LITERAL ? NO : MAYBE;
}

static status action_holds(const json_values *statement, const trust_question *q, arena *memory, enum truth *out) {
    json_values patterns;
    const json_value *action = json_values_find(statement, "Action");
    *out = MAYBE;
    if (action == NULL) return OK;
    TRY(list_of(action, memory, &patterns));
    *out = NO;
    for (size_t i = 0; i < patterns.count; i++) *out = either(*out, action_named(&patterns.at[i], q));
    return OK;
}

/* ---- conditions on what the provider says */

typedef struct claim {
    const char *name;
    const slice *values;
    size_t count;
} claim;

static slice without_scheme(slice url) {
    return slice_starts_with(url, SLICE("https://")) ? slice_skip(url, 8) : (slice){0};
}

/* ISSUER:CLAIM: whatever is called so is about a token, and absent unless it is of this issuer. */
static bool is_of_issuer(slice key, slice *issuer, slice *name) {
    static const char *const CLAIMS[] = {":aud", ":sub", ":oaud"};
    for (size_t i = 0; i < sizeof CLAIMS / sizeof *CLAIMS; i++) {
        slice ending = slice_of_text(CLAIMS[i]);
        if (!slice_ends_with(key, ending)) continue;
        *issuer = slice_head(key, key.len - ending.len);
        *name = slice_skip(ending, 1);
        if (slice_contains_byte(slice_head(*issuer, slice_find_byte(*issuer, '/')), '.')) return true;
    }
    return false;
}

static claim single(const slice *value) { return (claim){NULL, value, value->len > 0}; }

static claim issuer_claim(const trust_question *q, slice issuer, slice name) {
    const vouched *who = q->who;
    bool is_there = slice_starts_with(q->provider, SLICE("oidc-provider/")) && who->audience.count > 0;
    if (!is_there || !slice_equals(issuer, without_scheme(who->issuer))) return (claim){0};
    if (slice_equals_text(name, "sub")) return single(&who->subject);
    if (slice_equals_text(name, "aud") && who->party.len > 0) return single(&who->party);
    return single(&who->audience.at[0]);
}

/* False for a key that says nothing of the token: core knows it. */
static bool claim_find(const trust_question *q, slice key, claim *out) {
    const vouched *who = q->who;
    bool is_saml = slice_starts_with(q->provider, SLICE("saml-provider/"));
    const struct {
        const char *name;
        bool is_saml;
        claim said;
    } ROWS[] = {{"oidc:iss", false, single(&who->issuer)},
                {"oidc:sub", false, single(&who->subject)},
                {"oidc:aud", false, {NULL, who->audience.at, who->audience.count}},
                {"saml:iss", true, single(&who->issuer)},
                {"saml:sub", true, single(&who->subject)},
                {"saml:recipient", true, single(&who->recipient)},
                {"saml:aud", true, single(&who->recipient)}};
    slice issuer, name;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        if (!slice_equals_ignoring_case(key, slice_of_text(ROWS[i].name))) continue;
        *out = ROWS[i].is_saml == is_saml ? ROWS[i].said : (claim){0};
        return true;
    }
    if (slice_equals_ignoring_case(key, SLICE("sts:RoleSessionName"))) return *out = single(&q->session_name), true;
    if (!is_of_issuer(key, &issuer, &name)) return false;
    *out = issuer_claim(q, issuer, name);
    return true;
}

/* [ForAnyValue:|ForAllValues:]String[Not]Equals[IgnoreCase]|String[Not]Like[IfExists]; false for others. */
typedef struct comparison {
    bool needs_any, needs_all, is_negated, if_exists, ignores_case, is_like;
} comparison;

static bool eats(slice *rest, const char *word) {
    bool begins = slice_starts_with(*rest, slice_of_text(word));
    if (begins) *rest = slice_skip(*rest, strlen(word));
    return begins;
}

static bool comparison_read(slice name, comparison *out) {
    *out = (comparison){.needs_any = eats(&name, "ForAnyValue:")};
    out->needs_all = !out->needs_any && eats(&name, "ForAllValues:");
    out->if_exists = slice_ends_with(name, SLICE("IfExists"));
    if (out->if_exists) name.len -= sizeof "IfExists" - 1;
    if (!eats(&name, "String")) return false;
    out->is_negated = eats(&name, "Not");
    out->is_like = slice_equals_text(name, "Like");
    out->ignores_case = slice_equals_text(name, "EqualsIgnoreCase");
    return out->is_like || out->ignores_case || slice_equals_text(name, "Equals");
}

static enum truth value_matches(const comparison *c, const json_value *wanted, slice given) {
    size_t steps = GLOB_STEPS_MOST;
    if (!wanted->is_text || slice_find(wanted->value, SLICE("${")) != SIZE_MAX) return MAYBE;
    if (c->ignores_case) return slice_equals_ignoring_case(wanted->value, given) ? YES : NO;
    if (!c->is_like) return slice_equals(wanted->value, given) ? YES : NO;
    bool matches = glob_matches(wanted->value, given, &steps);
    if (steps == 0) return MAYBE;
    return matches ? YES : NO;
}

static enum truth value_passes(const comparison *c, const json_values *wanted, slice given) {
    enum truth found = NO;
    for (size_t i = 0; i < wanted->count; i++) found = either(found, value_matches(c, &wanted->at[i], given));
    return c->is_negated ? opposite(found) : found;
}

/* As access/condition.c has it, for texts. */
static enum truth claim_passes(const comparison *c, const json_values *wanted, const claim *said) {
    bool has_quantifier = c->needs_any || c->needs_all;
    if (said->count == 0 && c->if_exists) return YES;
    if (said->count == 0) return (has_quantifier ? c->needs_all : c->is_negated) ? YES : NO;
    bool is_for_all = c->needs_all || (!has_quantifier && c->is_negated);
    enum truth found = is_for_all ? YES : NO;
    for (size_t i = 0; i < said->count; i++) {
        enum truth one = value_passes(c, wanted, said->values[i]);
        found = is_for_all ? both(found, one) : either(found, one);
    }
    return found;
}

static status operator_holds(const json_value *operator, const trust_question * q, arena *memory, enum truth *out) {
    json_values keys, wanted;
    comparison c;
    claim said;
    *out = MAYBE;
    if (operator->is_text || !comparison_read(operator->name, &c)) return OK;
    TRY(json_values_object(operator->value, memory, &keys));
    *out = YES;
    for (size_t i = 0; i < keys.count; i++) {
        enum truth one = MAYBE;
        if (claim_find(q, keys.at[i].name, &said)) {
            TRY(list_of(&keys.at[i], memory, &wanted));
            one = claim_passes(&c, &wanted, &said);
        }
        *out = both(*out, one);
    }
    return OK;
}

static status conditions_hold(const json_values *statement, const trust_question *q, arena *memory, enum truth *out) {
    json_values operators;
    enum truth one;
    const json_value *block = json_values_find(statement, "Condition");
    *out = YES;
    if (block == NULL) return OK;
    ENSURE(!block->is_text, NO_PERMISSION);
    TRY(json_values_object(block->value, memory, &operators));
    for (size_t i = 0; i < operators.count; i++) {
        TRY(operator_holds(&operators.at[i], q, memory, &one));
        *out = both(*out, one);
    }
    return OK;
}

/* ---- the document */

typedef struct verdict_so_far {
    bool allows, denies;
} verdict_so_far;

static status weigh(const json_value *one, const trust_question *q, arena *memory, verdict_so_far *so_far) {
    json_values statement;
    enum truth who, action, conditions;
    ENSURE(!one->is_text, NO_PERMISSION);
    TRY(json_values_object(one->value, memory, &statement));
    const json_value *effect = json_values_find(&statement, "Effect");
    ENSURE(effect != NULL && effect->is_text, NO_PERMISSION);
    TRY(principal_holds(&statement, q, memory, &who));
    TRY(action_holds(&statement, q, memory, &action));
    TRY(conditions_hold(&statement, q, memory, &conditions));
    enum truth applies = both(who, both(action, conditions));
    if (slice_equals_text(effect->value, "Allow")) so_far->allows |= applies != NO;
    else so_far->denies |= applies == YES;
    return OK;
}

static status read_document(slice document, const trust_question *q, arena *memory, verdict_so_far *out) {
    json_values policy, statements;
    TRY(json_values_object(document, memory, &policy));
    const json_value *statement = json_values_find(&policy, "Statement");
    ENSURE(statement != NULL, NO_PERMISSION);
    TRY(list_of(statement, memory, &statements));
    for (size_t i = 0; i < statements.count; i++) TRY(weigh(&statements.at[i], q, memory, out));
    return OK;
}

status trust_admits(slice document, const trust_question *q, arena *memory, bool *out) {
    verdict_so_far found = {0};
    status read = read_document(document, q, memory, &found);
    bool is_read = !FAILED(read);
    ENSURE(is_read || FAILED_WITH(read, NO_PERMISSION), OUT_OF_MEMORY);
    *out = is_read && found.allows && !found.denies;
    return OK;
}
