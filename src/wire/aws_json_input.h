/* Bodies of AWS's JSON wires into typed inputs: from a request as it came, and from what was signed of it. */
#ifndef WIRE_AWS_JSON_INPUT_H
#define WIRE_AWS_JSON_INPUT_H

#include "contract/operation.h"
#include "format/json.h"

/* What is wrong with a request, for the sentences its clients know. */
typedef struct aws_fault {
    slice detail;
    const field *choice; /* not NULL: `word` is none of its choices */
    slice member, word;
} aws_fault;

/* Members into the struct of the operation's `in`; limits are not yet checked. MALFORMED, INVALID_PARAMETER, UNSUPPORTED and the like. */
status aws_json_input(enum operation_id id, const json *body, arena *memory, void **out, aws_fault *fault);

#endif
