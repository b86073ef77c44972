/* How every function says whether it worked: a status that cannot be ignored or tested as a number. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "status_codes.h" /* generated from contract/errors.def: enum status_code { STATUS_OK, FAILURE_… } */

typedef struct [[nodiscard]] status {
    enum status_code code;
} status;

#define OK ((status){STATUS_OK})
#define FAIL(name) ((status){FAILURE_##name})
#define FAILED(result) ((result).code != STATUS_OK)
#define FAILED_WITH(result, name) ((result).code == FAILURE_##name)

/* The only two macros that may return from the function they stand in. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        status try_ = (call);                                                                                          \
        if (FAILED(try_)) return try_;                                                                                 \
    } while (0)
#define ENSURE(condition, name)                                                                                        \
    do {                                                                                                               \
        if (!(condition)) return FAIL(name);                                                                           \
    } while (0)

/* The row's name in contract/errors.def ("KEY_NOT_FOUND"); "OK" for success. Static text. */
const char *status_name(status result);

/* Runs the cleanup of `type` at the end of the scope: OWNED(buffer) b = {0}; needs type##_clear(type *). */
#define OWNED(type) __attribute__((cleanup(type##_clear))) type

/* Explicitly gives up a result: only where a failure changes nothing (best-effort cleanup). */
static inline void status_ignore(status result) { (void)result.code; }

#endif
