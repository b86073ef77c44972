/* The rules of the header, in their order. */
#include "access/authorisation.h"

static const policy_match NO_MATCH = {SIZE_MAX, SIZE_MAX};

static enum decision decide(policy_set set, const policy_request *request, policy_match *why) {
    *why = NO_MATCH;
    return set.count ? policy_decide(set.at, set.count, request, why) : DECISION_IMPLICIT_DENY;
}

static opinion opinion_of(policy_set set, const policy_request *request) {
    opinion formed;
    formed.decision = decide(set, request, &formed.match);
    return formed;
}

static opinion opinion_of_each(policy_set set, const policy_request *request) {
    opinion worst = {DECISION_ALLOW, NO_MATCH};
    for (size_t i = 0; i < set.count; i++) {
        opinion each = opinion_of((policy_set){set.at + i, 1, NULL}, request);
        each.match.policy = i;
        if (each.decision == DECISION_EXPLICIT_DENY) return each;
        if (each.decision != DECISION_ALLOW && worst.decision == DECISION_ALLOW) worst = each;
    }
    return worst;
}

static bool is_own(const authorisation *a) {
    return slice_is_absent(a->owner) || slice_equals(a->owner, a->request.caller->account);
}

static void ask_resource(const authorisation *a, opinions *o) {
    o->resource = (opinion){DECISION_IMPLICIT_DENY, NO_MATCH};
    o->reach = REACH_NONE;
    policy_request request = a->request;
    policy_caller caller = *a->request.caller;
    caller.is_foreign = !is_own(a);
    request.caller = &caller;
    if (a->resource) o->resource.decision = policy_consult(a->resource, &request, &o->reach, &o->resource.match);
    else if (a->is_key && is_own(a)) o->reach = REACH_ACCOUNT;
}

void authorisation_ask(const authorisation *a, opinions *o) {
    o->rail = opinion_of_each(a->rails, &a->request);
    o->identity = opinion_of(a->identity, &a->request);
    o->boundary = opinion_of((policy_set){&a->boundary, a->boundary != NULL, NULL}, &a->request);
    o->session = opinion_of_each(a->session, &a->request);
    ask_resource(a, o);
}

static bool conclude(verdict *out, enum decision decision, enum deciding_policy by, const opinion *from) {
    *out = (verdict){decision, by, from ? from->match : NO_MATCH};
    return true;
}

/* May the owner's root do it whatever the key's policy says? */
static bool is_owners_own(const authorisation *a) { return a->is_root && a->is_policy_of_key && is_own(a); }

static bool is_denied(const authorisation *a, const opinions *o, verdict *out) {
    const struct kind {
        enum deciding_policy by;
        const opinion *formed;
    } kinds[] = {{DECIDED_BY_RAIL, &o->rail},
                 {DECIDED_BY_SESSION, &o->session},
                 {DECIDED_BY_BOUNDARY, &o->boundary},
                 {DECIDED_BY_IDENTITY, &o->identity},
                 {DECIDED_BY_RESOURCE, &o->resource}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].formed->decision != DECISION_EXPLICIT_DENY) continue;
        if (kinds[i].by == DECIDED_BY_RESOURCE && is_owners_own(a)) continue;
        return conclude(out, DECISION_EXPLICIT_DENY, kinds[i].by, kinds[i].formed);
    }
    return false;
}

static bool is_above_ceiling(const authorisation *a, const opinions *o, verdict *out) {
    if (a->rails.count && o->rail.decision != DECISION_ALLOW)
        return conclude(out, DECISION_IMPLICIT_DENY, DECIDED_BY_RAIL, &o->rail);
    if (a->boundary && o->boundary.decision != DECISION_ALLOW)
        return conclude(out, DECISION_IMPLICIT_DENY, DECIDED_BY_BOUNDARY, &o->boundary);
    if (o->session.decision != DECISION_ALLOW)
        return conclude(out, DECISION_IMPLICIT_DENY, DECIDED_BY_SESSION, &o->session);
    return false;
}

/* The identity side: the root of an account needs no policy. */
static bool identity_gives(const authorisation *a, const opinions *o) {
    return a->is_root || o->identity.decision == DECISION_ALLOW;
}

static void conclude_identity(const authorisation *a, const opinions *o, verdict *out) {
    if (a->is_root) conclude(out, DECISION_ALLOW, DECIDED_BY_OWNER, NULL);
    else conclude(out, DECISION_ALLOW, DECIDED_BY_IDENTITY, &o->identity);
}

static void decide_own(const authorisation *a, const opinions *o, verdict *out) {
    bool counts = !a->is_key || o->reach != REACH_NONE || a->grant == REACH_ACCOUNT;
    if (is_owners_own(a)) conclude(out, DECISION_ALLOW, DECIDED_BY_OWNER, NULL);
    else if (o->reach == REACH_CALLER) conclude(out, DECISION_ALLOW, DECIDED_BY_RESOURCE, &o->resource);
    else if (counts && identity_gives(a, o)) conclude_identity(a, o, out);
    else if (a->grant == REACH_CALLER) conclude(out, DECISION_ALLOW, DECIDED_BY_GRANT, NULL);
    else conclude(out, DECISION_IMPLICIT_DENY, counts ? DECIDED_BY_NONE : DECIDED_BY_RESOURCE, NULL);
}

static void decide_foreign(const authorisation *a, const opinions *o, verdict *out) {
    bool is_let_in = o->reach != REACH_NONE || a->grant != REACH_NONE;
    if (!identity_gives(a, o)) conclude(out, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE, NULL);
    else if (!is_let_in) conclude(out, DECISION_IMPLICIT_DENY, DECIDED_BY_RESOURCE, NULL);
    else if (o->reach != REACH_NONE) conclude(out, DECISION_ALLOW, DECIDED_BY_RESOURCE, &o->resource);
    else conclude(out, DECISION_ALLOW, DECIDED_BY_GRANT, NULL);
}

static void weigh(const authorisation *a, verdict *out) {
    opinions o;
    authorisation_ask(a, &o);
    if (is_denied(a, &o, out) || is_above_ceiling(a, &o, out)) return;
    if (is_own(a)) decide_own(a, &o, out);
    else decide_foreign(a, &o, out);
}

void authorise(const authorisation *a, verdict *out) {
    weigh(a, out);
    if (a->is_role && out->by == DECIDED_BY_RESOURCE) out->by = DECIDED_BY_TRUST;
}

enum decision authorisation_word(const authorisation *a, const policy *p) {
    opinions o;
    if (p != a->resource) return decide((policy_set){&p, 1, NULL}, &a->request, &(policy_match){0});
    ask_resource(a, &o);
    return o.resource.decision;
}

const char *deciding_policy_name(enum deciding_policy by) {
    switch (by) {
    case DECIDED_BY_NONE: return "None";
    case DECIDED_BY_OWNER: return "Owner";
    case DECIDED_BY_IDENTITY: return "IdentityPolicy";
    case DECIDED_BY_RESOURCE: return "ResourcePolicy";
    case DECIDED_BY_GRANT: return "Grant";
    case DECIDED_BY_BOUNDARY: return "PermissionBoundary";
    case DECIDED_BY_SESSION: return "SessionPolicy";
    case DECIDED_BY_RAIL: return "GuardRail";
    case DECIDED_BY_TRUST: return "TrustPolicy";
    case DECIDED_BY_APPROVAL: return "ApprovalRule";
    case DECIDED_BY_RULE: return "Rule";
    }
    return "None";
}
