/* Landlock (landlock(7)) by system call: the C library of Debian 12 and its kernel headers know only the first
 * versions. Private to sandbox.c. */
#ifndef SYSTEM_SANDBOX_LANDLOCK_H
#define SYSTEM_SANDBOX_LANDLOCK_H

#include "system/sandbox.h"

/* Makes the rule set of a plan; *ruleset_fd is -1 when the kernel has no Landlock. NOT_FOUND (a folder), IO. */
status sandbox_landlock_prepare(const sandbox_plan *plan, int *ruleset_fd);
/* Puts the calling thread under it for good, says in the report what holds, closes ruleset_fd. Needs no_new_privs. IO.
 */
status sandbox_landlock_enforce(int ruleset_fd, sandbox_report *report);

#endif
