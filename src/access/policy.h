/* Policies: JSON documents compiled once to a compact form, and the decision whether a request is allowed.
 *
 *   { "Version": "1",
 *     "Statement": [ { "Sid": text, "Effect": "Allow" | "Deny",
 *                      "Action" | "NotAction": "service:Name" or a list of such, with * and ?, or "*",
 *                      "Resource" | "NotResource": "acs:service:region:account:relative" or a list, or "*",
 *                      "Condition": { operator: { key: value or list of values } } } ] }      (one statement also bare)
 *
 * Matching: actions in any letter case; resources case-sensitively but for service and region. A pattern's region or account that
 * is empty stands for any, as "*" does. In the relative id, * also runs over ':' and '/'. An ARN in a request is taken literally.
 * A statement applies when an action pattern (or none of NotAction), a resource pattern (or none of NotResource) and
 * every condition match. */
#ifndef ACCESS_POLICY_H
#define ACCESS_POLICY_H

#include "base/arena.h"

enum {
    POLICY_BYTES_MOST = 6144,       /* of a document attached to an identity */
    POLICY_ACTION_BYTES_MOST = 128, /* of an action, in patterns and in requests */
    POLICY_TEXT_BYTES_MOST = 2048,  /* of a resource or a condition's value, in patterns and in requests */
    POLICY_STEPS_MOST = 1 << 19,    /* of wildcard matching in one decision: about half a millisecond */
};

typedef struct policy policy;

enum policy_kind { POLICY_IDENTITY }; /* for users, groups, roles and sessions: no Principal */

typedef struct policy_source {
    slice document;
    enum policy_kind kind;
    size_t bytes_most; /* longest document accepted */
} policy_source;

/* Compiles a document whole or not at all. POLICY_MALFORMED for anything the grammar above does not have: *fault then says
 * where and why in a line ("Statement[1].Effect: must be Allow or Deny"; printable ASCII; in the arena). OUT_OF_MEMORY.
 * `memory` is only needed during the call (under 1 MiB); *out is one allocation, for policy_free. */
status policy_compile(const policy_source *source, arena *memory, slice *fault, policy **out);
void policy_free(policy *p); /* NULL is fine */
/* Bytes of memory it occupies, for caches. */
size_t policy_bytes(const policy *p);

/* The condition keys there are; documents that use others are refused. Names in documents may be in any letter case, in
 * requests they are exactly these. acs:CurrentTime is taken from now_s and need not be passed. */
#define CONDITION_CURRENT_TIME "acs:CurrentTime"         /* date */
#define CONDITION_SECURE_TRANSPORT "acs:SecureTransport" /* "true" or "false" */
#define CONDITION_SOURCE_IP "acs:SourceIp"               /* IPv4 or IPv6 address */
#define CONDITION_MFA_PRESENT "acs:MFAPresent"           /* "true" or "false" */
#define CONDITION_USER_AGENT "acs:UserAgent"             /* text; the caller cuts it to POLICY_TEXT_BYTES_MOST */
#define CONDITION_ACCESS_ID "acs:AccessId"               /* access key id */
#define CONDITION_PRINCIPAL_ARN "acs:PrincipalARN"       /* text */
#define CONDITION_OSS_PREFIX "oss:Prefix"                /* text, when listing */
#define CONDITION_OSS_DELIMITER "oss:Delimiter"          /* text, when listing */
#define CONDITION_KMS_TAG "kms:tag/"                     /* and the tag's key, 1-128 bytes, in its own letter case */

/* What is known about a request under one key. `count` 0 is the same as the key not being there. */
typedef struct condition_value {
    slice name;
    const slice *values;
    size_t count;
} condition_value;

typedef struct policy_request {
    slice action;                      /* "kms:Encrypt" */
    slice resource;                    /* full ARN (access/arn.h) */
    const condition_value *conditions; /* each name once */
    size_t condition_count;
    int64_t now_s;
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

#endif
