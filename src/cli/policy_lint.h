/* keyhold policy lint. */
#ifndef CLI_POLICY_LINT_H
#define CLI_POLICY_LINT_H

#include "cli/invocation.h"

/* Shows what is found; VERIFICATION when anything is. */
command_run policy_lint_run;

#endif
