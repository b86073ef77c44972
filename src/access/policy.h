/* Policies: JSON documents of either cloud compiled once to one compact form, and what one says of a request.
 *
 *   { "Version": "1" | "2012-10-17" | "2008-10-17", "Id": text,
 *     "Statement": [ { "Sid": text, "Effect": "Allow" | "Deny",
 *                      "Principal" | "NotPrincipal": who                              (resource and trust policies only)
 *                      "Action" | "NotAction": "service:Name" or a list of such, with * and ?, or "*",
 *                      "Resource" | "NotResource": a name or a list, or "*"           (not in trust policies)
 *                      "Condition": { operator: { key: value or list of values } } } ] }      (one statement also bare)
 *
 *   name   acs:service:region:account:relative, or arn:aws:service:region:account:relative, with * and ?
 *   who    "*" | ["account id", "*"] | { "AWS" | "RAM": name or account id or a list, "Service": …, "Federated": … }
 *
 * Matching: actions in any letter case and under all of their names (contract/action_name.h); resources case-sensitively but for
 * service and region, under all names of their service. A pattern's region or account that is empty stands for any, as "*"
 * does; in an arn: name only where the service has none (iam, sts, s3). In the relative id, * also runs over ':' and '/'. An ARN in
 * a request is taken literally.
 *
 * Variables: ${key} and ${key, 'default'} in resources and in the values of String… and Arn… operators stand for the request's
 * value of a condition key, literally; ${*}, ${?} and ${$} for these characters. Not in "2008-10-17", where they are text. A
 * variable the request has no single value for, and without a default, matches nothing; in NotResource it keeps
 * an allowing statement from applying.
 *
 * A statement applies when the caller is one of Principal (or none of NotPrincipal), an action pattern (or none of NotAction),
 * a resource pattern (or none of NotResource) and every condition match. */
#ifndef ACCESS_POLICY_H
#define ACCESS_POLICY_H

#include "access/condition_key.h"
#include "base/arena.h"

enum {
    POLICY_BYTES_MOST = 6144,           /* of a document attached to an identity */
    POLICY_RESOURCE_BYTES_MOST = 32768, /* of a document attached to a resource */
    POLICY_ACTION_BYTES_MOST = 128,     /* of an action, in patterns and in requests */
    POLICY_TEXT_BYTES_MOST = 2048,      /* of a resource or a condition's value, in patterns and in requests */
    POLICY_STEPS_MOST = 1 << 19,        /* of wildcard matching in one decision: about half a millisecond */
    POLICY_STEPS_BEGINNING = 512,       /* what looking at one policy counts as at least, where there is a budget */
};

typedef struct policy policy;

enum policy_kind {
    POLICY_IDENTITY, /* for users, groups, roles, boundaries, sessions and guard rails: no Principal */
    POLICY_RESOURCE, /* for a key, a bucket, a secret: every statement has a Principal */
    POLICY_TRUST,    /* who may assume a role: a Principal, no Resource */
};

/* Whom names in a Principal meant when the policy was set: acs:ram::A:user/NAME or role/NAME, and the id that was behind it.
 * Where there are bindings, a name without one means nobody; without bindings names count as they are. */
struct principal_binding; /* a record's: contract/records.def */
typedef struct policy_bindings_view {
    bool is_bound;
    const struct principal_binding *at;
    size_t count;
} policy_bindings_view;

typedef struct policy_source {
    slice document;
    enum policy_kind kind;
    size_t bytes_most; /* longest document accepted */
    policy_bindings_view bound;
} policy_source;

/* Compiles a document whole or not at all. POLICY_MALFORMED for anything the grammar above does not have: *fault then says
 * where and why in a line ("Statement[1].Effect: must be Allow or Deny"; printable ASCII; in the arena). OUT_OF_MEMORY.
 * In "1" condition keys that nobody knows are refused, as are operators that do not fit a key's type; in the other versions such
 * keys count as absent from every request.
 * `memory` is only needed during the call (under 4 MiB); *out is one allocation, for policy_free. */
status policy_compile(const policy_source *source, arena *memory, slice *fault, policy **out);
void policy_free(policy *p); /* NULL is fine */
/* For telling people which it was: SHA-256 of the document, from whoever compiled it (else zeroes); a statement's Sid, absent when it has
 * none. */
enum { POLICY_DIGEST_BYTES = 32 };
void policy_mark(policy *p, const uint8_t digest[POLICY_DIGEST_BYTES]);
slice policy_digest(const policy *p);
slice policy_statement_id(const policy *p, size_t statement);
/* Bytes of memory it occupies, for caches. */
size_t policy_bytes(const policy *p);

/* What is known about a request under one key (access/condition_key.h). `count` 0 is the same as the key not being there. */
typedef struct condition_value {
    slice name;
    const slice *values;
    size_t count;
} condition_value;

/* Who asks, for policies with a Principal. */
typedef struct policy_caller {
    slice account;   /* absent: nobody in particular, matched only by "*" */
    slice arn;       /* acs:ram::A:root, user/NAME, assumed-role/ROLE/SESSION */
    slice role;      /* acs:ram::A:role/ROLE behind an assumed role, else absent */
    slice id;        /* of the user or the role: a later one of the same name has another */
    bool is_foreign; /* of another account than the resource: "*" in an Allow does not reach it */
    slice service;   /* "oss.keyhold": the house's own services; else absent */
    slice federated; /* acs:ram::A:oidc-provider/NAME or saml-provider/NAME; else absent */
} policy_caller;

typedef struct policy_request {
    slice action;                      /* "kms:Encrypt" */
    slice resource;                    /* full ARN (access/arn.h) */
    const condition_value *conditions; /* each name once */
    size_t condition_count;
    int64_t now_s;
    const policy_caller *caller; /* NULL: policies without a Principal only */
    size_t *budget; /* steps left for many questions together, down to 0; NULL: each has POLICY_STEPS_MOST */
} policy_request;

enum decision { DECISION_IMPLICIT_DENY, DECISION_EXPLICIT_DENY, DECISION_ALLOW };

/* The statement that decided: indexes count from 0. Both are SIZE_MAX when no statement did. */
typedef struct policy_match {
    size_t policy;
    size_t statement;
} policy_match;

/* One matching Deny in any policy wins; otherwise one matching Allow; otherwise DECISION_IMPLICIT_DENY.
 * DECISION_EXPLICIT_DENY without a statement: the request breaks a bound above or is malformed (no "service:Name" action, no
 * full ARN), a policy is NULL, or the wildcards in the policies took more than POLICY_STEPS_MOST. Needs no memory.
 * *why is written always and may be NULL.
 *
 * Conditions: a key that is not in the request fails the condition, but passes a negated one (…Not…) without a quantifier, any with
 * IfExists, and ForAllValues. Several values in the policy: one must match, and with a negated operator none may.
 * Several values in the request: the same over all pairs, unless ForAnyValue (one of them must pass) or ForAllValues (each
 * must). A value in the request that is not of the operator's type (number, date, address) matches nothing. */
enum decision policy_decide(const policy *const *policies, size_t count, const policy_request *request,
                            policy_match *why);

/* How a resource policy reaches a caller it allows. */
enum policy_reach {
    REACH_NONE,
    REACH_ACCOUNT, /* it names the caller's account: the account's own policies must allow as well */
    REACH_CALLER,  /* it names the caller, the caller's role, everybody, or an account whose root is the caller */
};

/* The same for one policy, with how the best allowing statement reaches the caller. */
enum decision policy_consult(const policy *p, const policy_request *request, enum policy_reach *reach,
                             policy_match *why);

/* What a policy's principals are, for those who keep it; slices live in the arena. */
typedef struct policy_principals {
    slice *names; /* users, roles and roles behind sessions, each once: acs:ram::A:user/NAME, role/NAME */
    size_t name_count;
    slice *accounts; /* to which an Allow gives something, each once */
    size_t account_count;
    bool is_public;      /* an Allow for everybody, under no condition */
    bool names_provider; /* an Allow for whom a provider vouches */
} policy_principals;
status policy_list_principals(const policy *p, arena *memory, policy_principals *out);

/* The names among its principals that were bound, and the ids they mean: empty for nobody. Up to `room`; gives back how many. */
typedef struct policy_bound_name {
    slice name, id;
} policy_bound_name;
size_t policy_list_bound(const policy *p, policy_bound_name *out, size_t room);

/* Every statement that applies to the request, in no particular order: up to `room`; gives back how many there are. */
typedef struct policy_statement {
    size_t index;
    bool is_deny;
} policy_statement;
size_t policy_list_applying(const policy *p, const policy_request *request, policy_statement *out, size_t room);

/* The condition keys it asks about, under their canonical names, each once: up to `room`; gives back how many. Slices are the policy's. */
size_t policy_list_keys(const policy *p, slice *out, size_t room);

/* What a policy says of an action whatever the resource and the conditions: an allowing statement speaks of it; a denying one takes all of
 * it away, having no conditions and being about every resource. */
typedef struct policy_word {
    bool allows_some, denies_all;
} policy_word;
policy_word policy_word_on(const policy *p, slice action);

#endif
