/* The account's rule of approvals, as it is sealed with the account's key: reading it, changing it, approving under it. */
#ifndef CUSTODY_RULE_H
#define CUSTODY_RULE_H

#include "custody/act.h"

/* Slices point into the opened key or the arena. CORRUPT. */
status rule_read(const opened *account, arena *memory, approval_rule_record *out, bool *is_there);

/* Whether the request removes the rule by the root's recovery: the root with a second factor, after the waiting time, before it lapses. */
bool rule_is_recovered(const act_scene *scene, const approval_rule_record *rule);

#endif
