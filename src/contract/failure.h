/* How each failure shows in each dialect: the rows of errors.def. */
#ifndef CONTRACT_FAILURE_H
#define CONTRACT_FAILURE_H

#include "base/status.h"

typedef struct failure_row {
    int rpc_http;
    const char *rpc_code; /* NULL: never shown in that dialect */
    int oss_http;
    const char *oss_code;
    const char *message;
} failure_row;

/* The row of a failure; that of INTERNAL for OK or anything unknown. */
const failure_row *failure_get(enum status_code code);

#endif
