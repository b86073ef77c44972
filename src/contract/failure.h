/* How each failure shows in each dialect: the rows of errors.def. */
#ifndef CONTRACT_FAILURE_H
#define CONTRACT_FAILURE_H

#include "base/status.h"

/* The columns of errors.def. */
enum wire { WIRE_ALIBABA_RPC, WIRE_OSS_REST, WIRE_AWS_JSON, WIRE_AWS_QUERY, WIRE_COUNT };

typedef struct failure_code {
    int http;
    const char *code; /* NULL: never shown in that dialect */
} failure_code;

typedef struct failure_row {
    failure_code in[WIRE_COUNT];
    const char *message;
} failure_row;

/* The row of a failure; that of INTERNAL for OK or anything unknown. */
const failure_row *failure_get(enum status_code code);

/* How it shows where no dialect is at hand (events, the command line): its first cell that has a code; that of INTERNAL when none has. */
failure_code failure_shown(const failure_row *row);

#endif
