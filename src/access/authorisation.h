/* The decision over all kinds of policy that may have a word in one request. The only place where they are weighed.
 *
 *   1. A matching Deny in any of them refuses.
 *   2. The guard rails of the caller's account and of the resource's, if there are any, the permission boundary and every session
 *      policy must each allow.
 *      They give nothing themselves.
 *   3. Then something must give the permission:
 *        in the resource's own account     the identity policies (the account's root needs none), or
 *                                          the resource's policy that names the caller, or a grant
 *        from another account              the identity policies, and the resource's policy or a grant as well
 *      Of a key the identity policies count only as far as the key's policy names the account; a key without a policy of
 *      its own names the account that owns it.
 *
 * The owner's root may always read and replace a key's policy: a policy is no way to lock the owner out. */
#ifndef ACCESS_AUTHORISATION_H
#define ACCESS_AUTHORISATION_H

#include "access/policy.h"

/* What a policy is called when somebody is told of it. */
typedef struct policy_label {
    slice name;
    slice holder;       /* whose it is: user/NAME, group/NAME, role/NAME, an account */
    const char *origin; /* Custom, System, Inline; NULL: of no sort */
} policy_label;

typedef struct policy_set {
    const policy *const *at; /* none may be NULL */
    size_t count;
    const policy_label *labels; /* of each; NULL: none were needed */
} policy_set;

typedef struct authorisation {
    policy_request request; /* with its caller */
    bool is_root;           /* the caller is the root of its account */
    policy_set rails;       /* of the caller's account, and of the resource's; each must allow */
    policy_set identity;
    policy_set session;
    const policy *boundary; /* NULL: none */
    policy_label boundary_label;
    slice owner;            /* account the resource belongs to; absent: the caller's */
    bool is_key;            /* the resource is a key */
    bool is_role;           /* it is a role: its policy is a trust policy */
    const policy *resource; /* NULL: it has no policy of its own */
    policy_label resource_label;
    bool is_policy_of_key;   /* the action reads or replaces the key's policy */
    enum policy_reach grant; /* how a grant reaches the caller for this action */
} authorisation;

enum deciding_policy {
    DECIDED_BY_NONE, /* nothing gives the permission */
    DECIDED_BY_OWNER,
    DECIDED_BY_IDENTITY,
    DECIDED_BY_RESOURCE,
    DECIDED_BY_GRANT,
    DECIDED_BY_BOUNDARY,
    DECIDED_BY_SESSION,
    DECIDED_BY_RAIL,
    DECIDED_BY_TRUST,    /* of a role: its trust policy */
    DECIDED_BY_APPROVAL, /* the account's approval rule */
    DECIDED_BY_RULE,     /* no policy: what nobody may */
};

typedef struct verdict {
    enum decision decision;
    enum deciding_policy by; /* what allowed; what denied; or what did not allow and had to */
    policy_match match;      /* among the policies of that kind; SIZE_MAX when none matched */
} verdict;

void authorise(const authorisation *question, verdict *out);

/* What each kind says by itself: for telling why. `match` counts within the kind. */
typedef struct opinion {
    enum decision decision;
    policy_match match;
} opinion;
typedef struct opinions {
    opinion rail, session; /* the first that does not allow */
    opinion boundary, identity, resource;
    enum policy_reach reach; /* of the resource's policy */
} opinions;
void authorisation_ask(const authorisation *question, opinions *out);

/* What one of the kinds' policies says of the request. */
enum decision authorisation_word(const authorisation *question, const policy *p);

/* "IdentityPolicy", "KeyPolicy"…: for people. */
const char *deciding_policy_name(enum deciding_policy by);

#endif
