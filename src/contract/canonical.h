/* What a request asks for as one text, whichever wire it came by: what others approve by its hash. The form is in docs/formats/approval.md:
 *
 *   keyhold-approval-1 \n product \n operation \n account \n requester \n and for each parameter, by name: name=value \n
 *
 * Names and values are percent-encoded. Parts of compound parameters have names of their own: Tags.1.TagKey, EncryptionContext.purpose.
 * Secrets are no part of it: nobody could look at them before approving. */
#ifndef CONTRACT_CANONICAL_H
#define CONTRACT_CANONICAL_H

#include "contract/operation.h"

enum { CANONICAL_PARAMETERS_MOST = 256 };

/* The parameters of an operation's input, in order of their names. TOO_LARGE past CANONICAL_PARAMETERS_MOST. */
status canonical_parameters(const operation *of, const void *in, arena *memory, pair_list *out);

/* The same from names and texts as a person gives them. INVALID_PARAMETER, with the name in *culprit, for a name that the operation does
 * not have, one given twice, a secret, and a value that is none of its kind; for a key that goes by an alias, which could mean another one
 * tomorrow. */
status canonical_read(const operation *of, pair_list given, arena *memory, pair_list *out, slice *culprit);

typedef struct canonical_request {
    const operation *operation;
    slice account;
    slice requester; /* the id of the person */
    pair_list parameters;
} canonical_request;
/* Appends the text. */
status canonical_write(const canonical_request *request, buffer *out);

#endif
