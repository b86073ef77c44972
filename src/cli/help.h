/* Help, from the tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/invocation.h"

/* Appends help on the command, on the noun, or on everything, whichever is known. */
status help_write(const invocation *inv, buffer *out);

#endif
