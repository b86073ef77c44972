/* The decision: which statements apply to a request. Allocates nothing. */
#include "access/arn.h"
#include "access/policy_form.h"

_Static_assert((int)ARN_BYTES_MOST <= (int)POLICY_TEXT_BYTES_MOST, "a resource is at most as long as a text");
_Static_assert((int)ARN_SEGMENT_BYTES_MOST <= (int)sizeof((struct evaluation *)0)->region_bytes, "a region fits");

static slice in_lower_case(slice text, uint8_t *room) {
    for (size_t i = 0; i < text.len; i++) room[i] = byte_in_lower_case(text.at[i]);
    return slice_of(room, text.len);
}

static bool read_action(struct evaluation *e, slice action) {
    if (!action_names_find(action, &e->names)) return false;
    e->action_bits = 0;
    for (size_t i = 0; i < e->names.count; i++) {
        slice whole = e->names.whole[i];
        size_t colon = slice_find_byte(whole, ':');
        e->action_bits |= gate_bit_whole(whole) | gate_bit_beginning(slice_head(whole, colon + 2)) |
                          gate_bit_service(slice_head(whole, colon));
    }
    return true;
}

static bool read_resource(struct evaluation *e, slice resource) {
    arn parts;
    if (FAILED(arn_parse(resource, &parts))) return false;
    service_names_find(in_lower_case(parts.service, e->service_bytes), parts.relative, &e->services);
    e->resource_region = in_lower_case(parts.region, e->region_bytes);
    e->resource_account = parts.account;
    e->resource_relative = parts.relative;
    memset(e->opening, 0, sizeof e->opening);
    memcpy(e->opening, parts.relative.at, parts.relative.len < GATE_BYTES ? parts.relative.len : GATE_BYTES);
    return true;
}

static bool conditions_are_bounded(const policy_request *request) {
    for (size_t i = 0; i < request->condition_count; i++)
        for (size_t k = 0; k < request->conditions[i].count; k++)
            if (request->conditions[i].values[k].len > POLICY_TEXT_BYTES_MOST) return false;
    return true;
}

static bool evaluation_begin(struct evaluation *e, const policy_request *request) {
    e->request = request;
    bool is_short = request->budget && *request->budget < POLICY_STEPS_MOST;
    e->steps_left = e->steps_given = is_short ? *request->budget : POLICY_STEPS_MOST;
    e->is_unresolved = false;
    e->has_facts = false;
    memset(e->facts, 0, sizeof e->facts);
    e->facts[FACT_ANY / 64] = 1ULL << FACT_ANY % 64;
    return read_action(e, request->action) && read_resource(e, request->resource) && conditions_are_bounded(request);
}

static void evaluation_end(const struct evaluation *e) {
    size_t *budget = e->request->budget;
    size_t taken = e->steps_given - e->steps_left + POLICY_STEPS_BEGINNING;
    if (budget) *budget = taken < *budget ? *budget - taken : 0;
}

static bool name_matches(const struct policy *p, const struct action_pattern *a, slice whole, struct evaluation *e) {
    size_t colon = slice_find_byte(whole, ':');
    return pattern_matches(p, &a->service, slice_head(whole, colon), e) &&
           pattern_matches(p, &a->name, slice_skip(whole, colon + 1), e);
}

static bool action_matches(const struct policy *p, const struct statement *s, struct evaluation *e) {
    for (uint32_t i = 0; i < s->action_patterns.count; i++)
        for (size_t n = 0; n < e->names.count; n++)
            if (name_matches(p, &p->actions[s->action_patterns.first + i], e->names.whole[n], e)) return true;
    return false;
}

static bool service_matches(const struct policy *p, const struct pattern *service, const service_names *names,
                            struct evaluation *e) {
    for (size_t i = 0; i < names->count; i++)
        if (pattern_matches(p, service, names->at[i], e)) return true;
    return false;
}

/* The relative id first: it is what differs most. */
bool resource_pattern_matches(const struct policy *p, const struct resource_pattern *r,
                              const struct resource_name *name, struct evaluation *e) {
    return pattern_matches(p, &r->relative, name->relative, e) && service_matches(p, &r->service, name->services, e) &&
           pattern_matches(p, &r->account, name->account, e) && pattern_matches(p, &r->region, name->region, e);
}

static bool resource_matches(const struct policy *p, const struct statement *s, struct evaluation *e) {
    struct resource_name name = {&e->services, e->resource_region, e->resource_account, e->resource_relative};
    for (uint32_t i = 0; i < s->resource_patterns.count; i++)
        if (resource_pattern_matches(p, &p->resources[s->resource_patterns.first + i], &name, e)) return true;
    return false;
}

static bool is_root_of(const policy_caller *who, slice account) {
    return slice_equals(who->account, account) && slice_ends_with(who->arn, SLICE(":root"));
}

/* A name and, where it is bound, the id behind it. */
static bool is_named(const struct policy *p, const struct principal_pattern *pattern, const policy_caller *who) {
    slice wanted = pattern_text(p, &pattern->text);
    if (!slice_equals(who->arn, wanted) && !slice_equals(who->role, wanted)) return false;
    return !pattern->is_bound || (pattern->id.len > 0 && slice_equals(who->id, pattern_text(p, &pattern->id)));
}

static enum policy_reach reach_of(const struct policy *p, const struct principal_pattern *pattern,
                                  const policy_caller *who) {
    slice wanted = pattern_text(p, &pattern->text);
    switch ((enum principal_kind)pattern->kind) {
    case PRINCIPAL_ANYBODY: return REACH_CALLER;
    case PRINCIPAL_ACCOUNT:
        if (!slice_is_absent(who->id) && slice_equals(who->id, wanted)) return REACH_CALLER;
        if (slice_is_absent(who->account) || !slice_equals(who->account, wanted)) return REACH_NONE;
        return is_root_of(who, wanted) ? REACH_CALLER : REACH_ACCOUNT;
    case PRINCIPAL_NAME: return is_named(p, pattern, who) ? REACH_CALLER : REACH_NONE;
    case PRINCIPAL_SERVICE: return slice_equals(who->service, wanted) ? REACH_CALLER : REACH_NONE;
    case PRINCIPAL_FEDERATED: return slice_equals(who->federated, wanted) ? REACH_CALLER : REACH_NONE;
    }
    return REACH_NONE;
}

/* How the statement's principals reach the caller. In NotPrincipal an account stands for its root alone, so that nobody is
 * excepted who is not named. */
static enum policy_reach principal_reach(const struct policy *p, const struct statement *s,
                                         const struct evaluation *e) {
    static const policy_caller nobody = {0};
    const policy_caller *who = e->request->caller ? e->request->caller : &nobody;
    enum policy_reach best = REACH_NONE;
    if (!s->has_principal) return REACH_CALLER;
    for (uint32_t i = 0; i < s->principal_patterns.count; i++) {
        const struct principal_pattern *each = &p->principals[s->principal_patterns.first + i];
        /* Everybody is everybody in the owner's account; who is to come from elsewhere has to be named. */
        if (each->kind == PRINCIPAL_ANYBODY && who->is_foreign && !s->is_deny) continue;
        enum policy_reach reach = reach_of(p, each, who);
        if (reach > best) best = reach;
    }
    if (s->not_principal) return best == REACH_CALLER ? REACH_NONE : REACH_CALLER;
    return best;
}

/* None of NotResource: what cannot be told for want of a variable's value allows nothing. */
static bool resource_fits(const struct policy *p, const struct statement *s, struct evaluation *e) {
    if (s->resource_patterns.count == 0) return true;
    e->is_unresolved = false;
    bool matches = resource_matches(p, s, e);
    if (!s->not_resource) return matches;
    return !matches && (s->is_deny || !e->is_unresolved);
}

static enum policy_reach statement_reach(const struct policy *p, const struct statement *s, struct evaluation *e) {
    enum policy_reach reach = principal_reach(p, s, e);
    if (reach == REACH_NONE || action_matches(p, s, e) == s->not_action) return REACH_NONE;
    if (!resource_fits(p, s, e)) return REACH_NONE;
    for (uint32_t i = 0; i < s->conditions.count; i++)
        if (!condition_holds(p, &p->conditions[s->conditions.first + i], e)) return REACH_NONE;
    return e->steps_left ? reach : REACH_NONE;
}

static void read_facts(struct evaluation *e) {
    const policy_request *request = e->request;
    e->has_facts = true;
    for (size_t i = 0; i < request->condition_count; i++)
        for (size_t k = 0; k < request->conditions[i].count; k++) {
            uint16_t fact = fact_of(request->conditions[i].name, request->conditions[i].values[k]);
            e->facts[fact / 64] |= 1ULL << fact % 64;
        }
}

static inline bool fact_holds(const struct evaluation *e, uint16_t fact) {
    return e->facts[fact / 64] >> fact % 64 & 1;
}

static inline bool gate_lets_through(const struct gate *g, const struct evaluation *e) {
    return (g->actions & e->action_bits) && !((load_half(e->opening + g->word_at) ^ g->word) & g->word_mask) &&
           (fact_holds(e, g->facts[0]) || fact_holds(e, g->facts[1]));
}

/* The first of `among` that applies, or NULL: also when the steps ran out, which the caller must look at. */
static const struct statement *first_applying(const struct policy *p, struct span among, struct evaluation *e,
                                              enum policy_reach *reach) {
    const struct gate *gates = p->gates + among.first;
    if (p->asks_facts && !e->has_facts) read_facts(e);
    for (uint32_t i = 0; i < among.count; i++) {
        if (!gate_lets_through(&gates[i], e)) continue;
        const struct statement *s = &p->statements[among.first + i];
        *reach = statement_reach(p, s, e);
        if (e->steps_left == 0) return NULL;
        if (*reach != REACH_NONE) return s;
    }
    return NULL;
}

static enum decision decide(const policy *const *policies, size_t count, struct evaluation *e, policy_match *why) {
    enum policy_reach reach;
    for (size_t i = 0; i < count; i++) {
        if (policies[i] == NULL) return DECISION_EXPLICIT_DENY;
        const struct statement *s = first_applying(policies[i], policies[i]->denials, e, &reach);
        if (s) {
            *why = (policy_match){i, s->index};
            return DECISION_EXPLICIT_DENY;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct statement *s = first_applying(policies[i], policies[i]->allowances, e, &reach);
        if (e->steps_left == 0) break;
        if (s) {
            *why = (policy_match){i, s->index};
            return DECISION_ALLOW;
        }
    }
    return e->steps_left == 0 ? DECISION_EXPLICIT_DENY : DECISION_IMPLICIT_DENY;
}

enum decision policy_decide(const policy *const *policies, size_t count, const policy_request *request,
                            policy_match *why) {
    struct evaluation e;
    policy_match match = {SIZE_MAX, SIZE_MAX};
    enum decision decision = DECISION_EXPLICIT_DENY;
    if (evaluation_begin(&e, request)) decision = decide(policies, count, &e, &match);
    evaluation_end(&e);
    if (why) *why = match;
    return decision;
}

/* The best reach of all allowing statements, and the first that has it. */
static enum decision consult(const policy *p, struct evaluation *e, enum policy_reach *reach, policy_match *why) {
    enum policy_reach each_reach;
    const struct statement *denying = first_applying(p, p->denials, e, &each_reach);
    if (denying) *why = (policy_match){0, denying->index};
    if (denying || e->steps_left == 0) return DECISION_EXPLICIT_DENY;
    struct span left = p->allowances;
    while (left.count && *reach != REACH_CALLER) {
        const struct statement *s = first_applying(p, left, e, &each_reach);
        if (e->steps_left == 0) return DECISION_EXPLICIT_DENY;
        if (!s) break;
        uint32_t passed = (uint32_t)(s - (p->statements + left.first)) + 1;
        left = (struct span){left.first + passed, left.count - passed};
        if (each_reach <= *reach) continue;
        *reach = each_reach;
        *why = (policy_match){0, s->index};
    }
    return *reach == REACH_NONE ? DECISION_IMPLICIT_DENY : DECISION_ALLOW;
}

enum decision policy_consult(const policy *p, const policy_request *request, enum policy_reach *reach,
                             policy_match *why) {
    struct evaluation e;
    policy_match match = {SIZE_MAX, SIZE_MAX};
    enum policy_reach best = REACH_NONE;
    enum decision decision = DECISION_EXPLICIT_DENY;
    if (p && evaluation_begin(&e, request)) {
        decision = consult(p, &e, &best, &match);
        evaluation_end(&e);
    }
    if (why) *why = match;
    *reach = decision == DECISION_ALLOW ? best : REACH_NONE;
    return decision;
}

size_t policy_list_applying(const policy *p, const policy_request *request, policy_statement *out, size_t room) {
    struct evaluation e;
    size_t count = 0;
    if (!p || !evaluation_begin(&e, request)) return 0;
    for (uint32_t i = 0; i < p->denials.count + p->allowances.count; i++) {
        const struct statement *s = &p->statements[i];
        if (statement_reach(p, s, &e) == REACH_NONE) continue;
        if (count < room) out[count] = (policy_statement){s->index, s->is_deny};
        count++;
    }
    evaluation_end(&e);
    return count;
}
