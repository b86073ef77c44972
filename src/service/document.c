/* Policy documents are compiled before they are stored, so that a malformed one is refused where its author sees it. */
#include "service/handlers.h"

enum { COMPILING_BYTES_MOST = 4 << 20 };

status document_compile(call *c, slice document, enum policy_kind kind, policy **out) {
    slice fault = {0};
    policy_source source = {document, kind,
                            POLICY_RESOURCE_BYTES_MOST}; /* the contract's fields say how long each may be */
    OWNED(arena) memory = {.limit = COMPILING_BYTES_MOST};
    status made = policy_compile(&source, &memory, &fault, out);
    return FAILED_WITH(made, POLICY_MALFORMED) ? call_refuse(c, made, "%.*s", SLICE_ARGS(fault)) : made;
}

status document_check(call *c, slice document, enum policy_kind kind) {
    policy *compiled = NULL;
    TRY(document_compile(c, document, kind, &compiled));
    policy_free(compiled);
    return OK;
}
