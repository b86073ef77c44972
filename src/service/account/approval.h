/* Dual control: what an account lets nobody do alone. The rule stands in the account's record, and the vault has sealed it with the account's
 * key; it binds everybody in the account, its root included.
 *
 *   the requester   RequestApproval: this operation with these parameters         → a record under the hash of it
 *   others          ApproveRequest: that hash, from a session with a second factor; the vault seals each approval
 *   the requester   the operation itself, through any wire: once. Core looks whether the approvers still stand; where the vault has acts to
 *                   do for it, it looks at rule, request and approvals for itself
 *
 * What counts is who the people are, not which key or session they sign with; of a role whoever took it on. */
#ifndef SERVICE_APPROVAL_H
#define SERVICE_APPROVAL_H

#include "service/handlers.h"

/* The vault goes by none of the approvals that core went by: the words for it, where that is the failure. */
void approval_tell_vault(call *c);
/* Before anything reads the input: takes its parameters down, where the account has a rule. */
status approval_note(call *c);
/* What the rule says of the call: nothing for operations it does not hold. Otherwise an approved request has to be there, of exactly this
 * operation with these parameters, by this person; it is used up with the change it allows. APPROVAL_REQUIRED, with the hash;
 * APPROVERS_TOO_FEW when afterwards too few could approve anything. */
status approval_need(call *c);

/* Somebody who may be an approver; of the root the name is absent. */
typedef struct approver {
    slice user_id, user_name;
} approver;
/* Their record, by whatever name they go now. NOT_FOUND. */
status approver_load(call *c, const approver *who, user_record *out);
/* Whether the rule names them, they are still there, and still have a second factor. */
status approver_stands(call *c, const approval_rule_record *rule, const approver *who, bool *out);
/* The same of a record at hand, second factor or not. */
status approver_is_named(call *c, const approval_rule_record *rule, const user_record *user, bool *out);
/* How many stand, but for one of them (absent: all). */
status approvers_count(call *c, const approval_rule_record *rule, slice but_user_id, int64_t *out);
/* Whether the rule names the group. */
bool approvers_have_group(const approval_rule_record *rule, slice group_id);
/* How many of the approvals count: by others than the requester, who still stand. */
status approvals_count(call *c, const approval_rule_record *rule, const approval_record *request, int64_t *out);

/* The caller's request for the operation with these parameters in that region: its hash in hex; the parameters gain the region where it is
 * not the configured one. NO_PERMISSION when it is not known who is behind the caller. */
typedef struct approval_wish {
    const operation *operation;
    pair_list parameters;
    slice region;
} approval_wish;
status approval_hash(call *c, approval_wish *wish, slice *out);

status approval_path(call *c, slice hash, slice *out); /* approval/<account>/<hash> */

/* How the rule is shown. */
status approval_rule_view(call *c, const approval_rule_record *rule, approval_rule **out);
/* Plans that the account has this rule (NULL: none), and its key as the vault has sealed it with it. CONFLICT when the rule was changed
 * meanwhile. */
status approval_rule_keep(call *c, approval_rule_record *rule);
/* The root with a second factor, when the waiting time of its recovery is over. */
bool approval_is_recovered(const call *c);

#endif
