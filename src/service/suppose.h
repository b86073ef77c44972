/* A decision about a request that nobody made: the same way as call_authorise's, from the same records, on a call of its own. */
#ifndef SERVICE_SUPPOSE_H
#define SERVICE_SUPPOSE_H

#include "service/explanation.h"

/* What stands in place of what is there. */
typedef struct supposition {
    const condition_value *conditions; /* each wins over what would be known under its name */
    size_t condition_count;
    policy_set identity;         /* beside the principal's own */
    const policy *boundary;      /* NULL: the principal's own */
    const policy *session;       /* NULL: no session policy */
    const policy *resource;      /* NULL: the resource's own */
    pair_list context;           /* an encryption context, as the conditions have it */
    const policy_caller *caller; /* for policies with a Principal; NULL: the principal */
    size_t *budget;              /* of steps, over all questions */
    bool has_no_record; /* the principal is a group's, or another account's: the policies above are all there are */
    bool is_elsewhere;  /* the resource is another account's: nothing of it is looked at */
    bool goes_by_names; /* names in a Principal count as they are, whoever has them */
} supposition;

/* `c` is a call of its own with `who` and `supposed` set, turned to the resource's account, the resource's records at hand (c->secret, c->bucket,
 * c->role). Refuses nothing: c->decided, what it rests on, and in c->detail the words where no policy decided. */
typedef struct supposed_answer {
    authorisation question; /* its policies are there until the next question */
    explanation why;
} supposed_answer;
status suppose(call *c, const char *action, slice resource, supposed_answer *out);

#endif
