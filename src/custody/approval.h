/* Dual control, as far as the vault sees to it itself: what the account's rule holds is done only with the approvals it asks for. The
 * rule is sealed with the account's key, without which nothing is done at all, so that no core can leave it out. */
#ifndef CUSTODY_APPROVAL_H
#define CUSTODY_APPROVAL_H

#include "custody/act.h"
#include "custody/asked.h"

/* Before the acts of a signed request: APPROVAL_REQUIRED unless the rule does not hold the operation, or as many others as it says have
 * approved the very request, and none of the approvals was used before. */
status approvals_check(const asked *a, const use_message *use, act_scene *scene);
/* After them: these approvals are good for nothing else. THROTTLED when no more can be remembered. */
status approvals_spend(const use_message *use, act_scene *scene);

/* An operation on what another account owns: APPROVAL_REQUIRED when that account's rule holds it, whose approvers were not asked. */
status approvals_check_owner(const act_scene *scene, const opened *owner);

#endif
