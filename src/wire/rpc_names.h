/* Parameters of the RPC wire that an operation does not have. Alibaba's service passes over them in silence, and so a mistyped condition, policy or
 * dry run is one that was never given: here it is refused. */
#ifndef WIRE_RPC_NAMES_H
#define WIRE_RPC_NAMES_H

#include "contract/shape.h"
#include "format/form.h"

/* INVALID_PARAMETER for the first parameter that is neither a field of `in`, at any depth, nor one that every request may have; *detail
 * names it and what may have been meant. */
status rpc_check_names(const form *parameters, const shape *in, arena *memory, slice *detail);

#endif
