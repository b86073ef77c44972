/* What parameters mean, in a line each (parameters.def): for help texts. */
#ifndef CONTRACT_PARAMETER_H
#define CONTRACT_PARAMETER_H

#include "contract/contract_tables.h"

/* The shape, and a text for each of its fields. */
typedef struct parameter_rows {
    const shape *of;
    const char *const *meanings;
} parameter_rows;

/* `f` is a field of an operation's input, or of a shape in one; NULL for any other field. */
const char *parameter_meaning(const field *f);

#endif
