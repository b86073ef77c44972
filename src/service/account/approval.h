/* Dual control: what an account lets nobody do alone. The rule stands in the account's record and binds everybody in it, its root included.
 *
 *   the requester   RequestApproval: this operation with these parameters         → a record under the hash of it
 *   others          ApproveRequest: that hash, from a session with a second factor
 *   the requester   the operation itself, through any wire: once
 *
 * What counts is who the people are, not which key or session they sign with; of a role whoever took it on. */
#ifndef SERVICE_APPROVAL_H
#define SERVICE_APPROVAL_H

#include "service/handlers.h"

/* What the rule says of the call: nothing for operations it does not hold. Otherwise an approved request has to be there, of exactly this
 * operation with these parameters, by this person; it is used up with the change it allows. APPROVAL_REQUIRED, with the hash. */
status approval_need(call *c);

/* Whether a pattern of a rule's actions is about an operation that can be held back: approvals themselves, what only looks, and how people
 * come by a session cannot. */
bool approval_pattern_holds(slice pattern, const operation *op);

/* Somebody who may be an approver; of the root the name is absent. */
typedef struct approver {
    slice user_id, user_name;
} approver;
/* Whether the rule names them, they are still there, and still have a second factor. */
status approver_stands(call *c, const approval_rule_record *rule, const approver *who, bool *out);
/* The same of a record at hand, second factor or not. */
status approver_is_named(call *c, const approval_rule_record *rule, const user_record *user, bool *out);
/* How many of the approvals count: by others than the requester, who still stand. */
status approvals_count(call *c, const approval_rule_record *rule, const approval_record *request, int64_t *out);

/* The caller's request for the operation with these parameters: its hash in hex. NO_PERMISSION when it is not known who is behind the
 * caller. */
status approval_hash(call *c, const operation *op, pair_list parameters, slice *out);

status approval_path(call *c, slice hash, slice *out); /* approval/<account>/<hash> */

#endif
