/* Which operations a rule of approvals holds back: one answer for core, which decides, and for the vault, which checks. */
#ifndef CONTRACT_HELD_H
#define CONTRACT_HELD_H

#include "contract/operation.h"

/* Whether a pattern of a rule's actions (kms:Schedule*, in either cloud's names) is about an operation that can be held back. Cannot be:
 * what only looks (unless the vault opens something for it, as for an object's body), how people come by a session, and asking for
 * approvals, giving them and objecting. */
bool held_by_pattern(slice pattern, const operation *op);

/* Whether the rule holds the operation. Every rule holds its own change. */
bool held_by_rule(const approval_rule_record *rule, const operation *op);

/* Whether the rule names the person, by the id; an account's root has the account's. */
bool held_names_person(const approval_rule_record *rule, slice user_id);
/* Whether somebody whom the rule names was called so when it was set: nobody else of that name gets credentials alone. */
bool held_has_name(const approval_rule_record *rule, slice user_name);

/* The account's root has asked for the rule to be lifted: it may once that is ripe, and for a week. */
enum { HELD_RECOVERY_WINDOW_S = 7 * 24 * 3600, HELD_RECOVERY_LEAST_S = 24 * 3600 };
bool held_recovery_is_ripe(const approval_rule_record *rule, int64_t now_s);
bool held_recovery_is_under_way(const approval_rule_record *rule, int64_t now_s);

#endif
