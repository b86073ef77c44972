/* Break-glass: a role with a reserved name, which trusts one user of the platform operator's account and counts until a fixed time.
 * Taking it on, deciding and recording are those of any role; here is what is different. */
#ifndef SERVICE_BREAK_GLASS_H
#define SERVICE_BREAK_GLASS_H

#include "service/call.h"

/* What is done under a grant has its name, and the operator's trail tells of it as well: also of what fails before it is looked at. */
void break_glass_note(call *c);

/* With every request, before anything else is looked at: the session of a grant that has ended is none (SECURITY_TOKEN_EXPIRED), and of
 * what is done under one the operator's trail tells as well. */
status break_glass_enter(call *c);

/* Before policies are asked: under a grant nobody does what would outlast it, nor goes on to other accounts. NO_PERMISSION. */
status break_glass_check(call *c, const char *action);

/* Sessions of a role that is a grant last no longer than it: shortens *most_s. NO_PERMISSION once it has ended. */
status break_glass_cut(call *c, const role_record *role, int64_t *most_s);

/* Roles with such names are made and changed by the operations of break-glass alone. UNSUPPORTED. */
status break_glass_spare(call *c, slice role_name);

#endif
