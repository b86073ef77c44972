/* The pieces of running a command, for the rows that need more than one operation. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/call.h"
#include "cli/output.h"

/* Where the command's row names a danger: asks on the terminal, unless --yes was given. USAGE when there is none;
 * CONFLICT when the answer is no. */
status run_ask(invocation *inv);
/* What --dry-run shows: what would be done, with which arguments. Sends nothing. */
status run_describe(invocation *inv);
/* All pages of the command's operation, or the one that was asked for. */
status run_pages(client *c, json_rows *rows);
/* The object inside an answer that is about one thing. */
status run_entity(invocation *inv, const json *value, const json **out);
/* Shows it; what --out asks for goes into the file. */
status run_show(invocation *inv, const json *value);

/* For operations that name a policy: one whose type was not given is a custom one, or else a system policy. */
status run_of_any_policy_type(invocation *inv);
/* Shows the answer as it is, even where it has a list in it. */
status run_whole(invocation *inv);

#endif
