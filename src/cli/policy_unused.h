/* keyhold policy unused: permissions nobody needed. */
#ifndef CLI_POLICY_UNUSED_H
#define CLI_POLICY_UNUSED_H

#include "cli/invocation.h"

extern const command_flag policy_unused_flags[];
command_run policy_unused_run;

#endif
