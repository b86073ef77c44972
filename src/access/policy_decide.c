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
    if (action.len == 0 || action.len > POLICY_ACTION_BYTES_MOST) return false;
    slice whole = in_lower_case(action, e->action_bytes);
    size_t colon = slice_find_byte(whole, ':');
    if (colon == SIZE_MAX || colon == 0 || colon + 1 == whole.len) return false;
    e->service = slice_head(whole, colon);
    e->name = slice_skip(whole, colon + 1);
    e->beginning_bit = mask_bit(slice_head(whole, colon + 2));
    e->action_bit = mask_bit(whole);
    return true;
}

static bool read_resource(struct evaluation *e, slice resource) {
    arn parts;
    if (FAILED(arn_parse(resource, &parts))) return false;
    e->resource_service = in_lower_case(parts.service, e->service_bytes);
    e->resource_region = in_lower_case(parts.region, e->region_bytes);
    e->resource_account = parts.account;
    e->resource_relative = parts.relative;
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
    e->steps_left = POLICY_STEPS_MOST;
    return read_action(e, request->action) && read_resource(e, request->resource) && conditions_are_bounded(request);
}

static bool action_matches(const struct policy *p, const struct statement *s, struct evaluation *e) {
    for (uint32_t i = 0; i < s->action_patterns.count; i++) {
        const struct action_pattern *a = &p->actions[s->action_patterns.first + i];
        if (pattern_matches(p, &a->service, e->service, &e->steps_left) &&
            pattern_matches(p, &a->name, e->name, &e->steps_left))
            return true;
    }
    return false;
}

/* The relative id first: it is what differs most. */
static bool resource_matches(const struct policy *p, const struct statement *s, struct evaluation *e) {
    size_t *steps = &e->steps_left;
    for (uint32_t i = 0; i < s->resource_patterns.count; i++) {
        const struct resource_pattern *r = &p->resources[s->resource_patterns.first + i];
        if (pattern_matches(p, &r->relative, e->resource_relative, steps) &&
            pattern_matches(p, &r->service, e->resource_service, steps) &&
            pattern_matches(p, &r->account, e->resource_account, steps) &&
            pattern_matches(p, &r->region, e->resource_region, steps))
            return true;
    }
    return false;
}

static bool statement_applies(const struct policy *p, const struct statement *s, struct evaluation *e) {
    if (action_matches(p, s, e) == s->not_action) return false;
    if (resource_matches(p, s, e) == s->not_resource) return false;
    for (uint32_t i = 0; i < s->conditions.count; i++)
        if (!condition_holds(p, &p->conditions[s->conditions.first + i], e)) return false;
    return true;
}

/* The first of `among` that applies, or NULL: also when the steps ran out, which the caller must look at. */
static const struct statement *first_applying(const struct policy *p, struct span among, struct evaluation *e) {
    for (uint32_t i = 0; i < among.count; i++) {
        const struct statement *s = &p->statements[among.first + i];
        if (!(s->beginnings & e->beginning_bit) || !(s->actions & e->action_bit)) continue;
        bool applies = statement_applies(p, s, e);
        if (e->steps_left == 0) return NULL;
        if (applies) return s;
    }
    return NULL;
}

static enum decision decide(const policy *const *policies, size_t count, struct evaluation *e, policy_match *why) {
    for (size_t i = 0; i < count; i++) {
        if (policies[i] == NULL) return DECISION_EXPLICIT_DENY;
        const struct statement *s = first_applying(policies[i], policies[i]->denials, e);
        if (s) {
            *why = (policy_match){i, s->index};
            return DECISION_EXPLICIT_DENY;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct statement *s = first_applying(policies[i], policies[i]->allowances, e);
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
    if (why) *why = match;
    return decision;
}
