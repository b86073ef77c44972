/* Parameters of the Alibaba RPC wire into typed inputs: from a request as it came, and from what was signed of it. */
#ifndef WIRE_RPC_INPUT_H
#define WIRE_RPC_INPUT_H

#include "contract/shape.h"
#include "format/form.h"

/* Parameters, sorted and each name once, into the struct of `in`. INVALID_PARAMETER; *detail names the parameter. */
status rpc_input(const form *parameters, const shape *in, arena *memory, void *out, slice *detail);

/* A secret field whose bytes are text and travel as they are, not as base64. With a decider: unless that field of the same shape
 * has the value that says they are bytes. */
typedef struct rpc_plain {
    const char *field;
    const char *decider; /* NULL: always text */
    const char *bytes_when;
} rpc_plain;
/* NULL: base64. */
const rpc_plain *rpc_plain_of(const char *field_name);

#endif
