/* For the tests of this room: a document in, a decision out. */
#ifndef ACCESS_POLICY_TESTING_H
#define ACCESS_POLICY_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/policy.h"

static inline policy *compiled_as(enum policy_kind kind, const char *document) {
    OWNED(arena) memory = {0};
    policy_source source = {slice_of_text(document), kind, POLICY_BYTES_MOST};
    slice fault = {0};
    policy *p = NULL;
    status result = policy_compile(&source, &memory, &fault, &p);
    if (FAILED(result)) fail_msg("%s: %.*s\n%s", status_name(result), SLICE_ARGS(fault), document);
    return p;
}

static inline policy *compiled(const char *document) { return compiled_as(POLICY_IDENTITY, document); }

static inline enum decision decision_of(const char *document, const policy_request *request) {
    policy *p = compiled(document);
    enum decision decision = policy_decide((const policy *const[]){p}, 1, request, NULL);
    policy_free(p);
    return decision;
}

#endif
