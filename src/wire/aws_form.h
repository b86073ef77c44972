/* Forms of AWS's query wire. */
#ifndef WIRE_AWS_FORM_H
#define WIRE_AWS_FORM_H

#include "contract/operation.h"
#include "format/form.h"

/* AWS's parameters as the contract's: "Tags.member.1.Key" → "Tag.1.Key", names by rows, PolicyArn as name and type. What no field
 * stands for is refused: UNSUPPORTED, *detail names it. */
status aws_query_translate(const operation *op, const form *from, arena *memory, form *out, slice *detail);

#endif
