/* All policies of a question, kind by kind, in the order in which they are weighed. */
#include "service/explanation.h"

#include "base/text.h"

slice explained_decision(enum decision decision) {
    if (decision == DECISION_ALLOW) return SLICE("allowed");
    return decision == DECISION_EXPLICIT_DENY ? SLICE("explicitDeny") : SLICE("implicitDeny");
}

/* One policy, and its place among those of its kind. */
typedef struct source {
    enum deciding_policy kind;
    const policy *policy;
    policy_label label;
    size_t place;
} source;

typedef struct telling {
    call *c;
    const authorisation *question;
    const verdict *verdict;
    explanation *out;
} telling;

static matched_policy name_statement(const source *from, size_t statement, bool is_deny) {
    matched_policy told = {.policy_type = slice_of_text(deciding_policy_name(from->kind))};
    told.policy_identifier = from->label.name;
    told.statement = SET_INT((int64_t)statement);
    told.effect = is_deny ? SLICE("Deny") : SLICE("Allow");
    told.statement_id = policy_statement_id(from->policy, statement);
    told.attached_to = from->label.holder;
    if (from->label.origin) told.policy_origin = slice_of_text(from->label.origin);
    return told;
}

static status tell_names(const telling *t, const source *from, policy_opinion *out) {
    policy_bound_name bound[EXPLAINED_NAMES_MOST];
    size_t count = policy_list_bound(from->policy, bound, EXPLAINED_NAMES_MOST);
    if (count > EXPLAINED_NAMES_MOST) {
        count = EXPLAINED_NAMES_MOST;
        t->out->is_cut = true;
    }
    if (count == 0) return OK;
    out->names_mean.at = ARENA_ARRAY(&t->c->memory, pair, count);
    ENSURE(out->names_mean.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) out->names_mean.at[i] = (pair){bound[i].name, bound[i].id};
    out->names_mean.count = count;
    return OK;
}

static status tell_opinion(const telling *t, const source *from) {
    explanation *out = t->out;
    OWNED(buffer) hex = {0};
    if (out->opinion_count == EXPLAINED_POLICIES_MOST) {
        out->is_cut = true;
        return OK;
    }
    policy_opinion *told = &out->opinions[out->opinion_count++];
    *told = (policy_opinion){.policy_type = slice_of_text(deciding_policy_name(from->kind))};
    told->policy_identifier = from->label.name;
    told->attached_to = from->label.holder;
    if (from->label.origin) told->policy_origin = slice_of_text(from->label.origin);
    told->decision = explained_decision(authorisation_word(t->question, from->policy));
    TRY(hex_encode(&hex, policy_digest(from->policy)));
    TRY(arena_copy(&t->c->memory, buffer_slice(&hex), &told->fingerprint));
    return tell_names(t, from, told);
}

static void tell_matches(const telling *t, const source *from) {
    policy_statement found[EXPLAINED_MATCHES_MOST];
    explanation *out = t->out;
    size_t count = policy_list_applying(from->policy, &t->question->request, found, EXPLAINED_MATCHES_MOST);
    for (size_t i = 0; i < count; i++) {
        if (i == EXPLAINED_MATCHES_MOST || out->match_count == EXPLAINED_MATCHES_MOST) {
            out->is_cut = true;
            return;
        }
        out->matches[out->match_count++] = name_statement(from, found[i].index, found[i].is_deny);
    }
}

static status tell_deciding(const telling *t, const source *from) {
    const verdict *v = t->verdict;
    bool decides = v->by == from->kind && v->match.statement != SIZE_MAX && v->match.policy == from->place;
    if (!decides) return OK;
    t->out->deciding = CALL_NEW(t->c, matched_policy);
    ENSURE(t->out->deciding != NULL, OUT_OF_MEMORY);
    *t->out->deciding = name_statement(from, v->match.statement, v->decision == DECISION_EXPLICIT_DENY);
    return OK;
}

static status tell_one(const telling *t, const source *from) {
    if (!from->policy) return OK;
    TRY(tell_opinion(t, from));
    tell_matches(t, from);
    return tell_deciding(t, from);
}

static status tell_all(const telling *t, enum deciding_policy kind, policy_set set) {
    for (size_t i = 0; i < set.count; i++) {
        source from = {.kind = kind, .policy = set.at[i], .place = i};
        if (set.labels) from.label = set.labels[i];
        TRY(tell_one(t, &from));
    }
    return OK;
}

/* Not a policy, but what gives all the same. */
static void tell_grant(const telling *t) {
    explanation *out = t->out;
    if (t->question->grant == REACH_NONE || out->opinion_count == EXPLAINED_POLICIES_MOST) return;
    policy_opinion *told = &out->opinions[out->opinion_count++];
    *told = (policy_opinion){.policy_type = slice_of_text(deciding_policy_name(DECIDED_BY_GRANT))};
    told->policy_identifier = t->question->grant == REACH_CALLER ? SLICE("caller") : SLICE("account");
    told->decision = explained_decision(DECISION_ALLOW);
}

/* Boundary, resource and grant come beside the sets. */
static size_t opinions_most(const authorisation *a) {
    size_t count = a->rails.count + a->session.count + a->identity.count + 3;
    return count < EXPLAINED_POLICIES_MOST ? count : EXPLAINED_POLICIES_MOST;
}

status explain(call *c, const authorisation *question, const verdict *v, explanation *out) {
    const authorisation *a = question;
    explanation made = {0};
    telling t = {c, question, v, &made};
    matched_policy matches[EXPLAINED_MATCHES_MOST];
    made.matches = matches;
    made.opinions = ARENA_ARRAY(&c->memory, policy_opinion, opinions_most(a));
    ENSURE(made.opinions != NULL, OUT_OF_MEMORY);
    TRY(tell_all(&t, DECIDED_BY_RAIL, a->rails));
    TRY(tell_all(&t, DECIDED_BY_SESSION, a->session));
    TRY(tell_one(&t, &(source){DECIDED_BY_BOUNDARY, a->boundary, a->boundary_label, 0}));
    TRY(tell_one(&t,
                 &(source){a->is_role ? DECIDED_BY_TRUST : DECIDED_BY_RESOURCE, a->resource, a->resource_label, 0}));
    TRY(tell_all(&t, DECIDED_BY_IDENTITY, a->identity));
    tell_grant(&t);
    made.matches = ARENA_ARRAY(&c->memory, matched_policy, made.match_count + 1);
    ENSURE(made.matches != NULL, OUT_OF_MEMORY);
    memcpy(made.matches, matches, made.match_count * sizeof *matches);
    *out = made;
    return OK;
}
