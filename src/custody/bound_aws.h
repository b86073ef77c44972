/* For bound.c only: what an AWS request says, in the contract's own words. */
#ifndef CUSTODY_BOUND_AWS_H
#define CUSTODY_BOUND_AWS_H

#include "custody/asked.h"

/* One action of AWS's may be several operations here: the one that may ask for the act; NULL when none may. */
const operation *bound_aws_operation(const asked *a, int act);

/* The signed members under the names and with the spellings and defaults that the operation's fields have. NO_PERMISSION for what
 * cannot be read. */
status bound_aws_translate(const operation *op, const pair_list *said, arena *memory, pair_list *out);

#endif
