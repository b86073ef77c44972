/* What the store needs of an engine: ordered rows of sealed bytes and one transaction at a time. */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include "store/store.h"

/* from <= key < until in byte order; an absent or empty `until` means no end. */
typedef struct store_span {
    slice from;
    slice until;
    size_t limit;
    bool is_without_values; /* the visitor needs keys and revisions only */
} store_span;

/* Gets rows whose slices are valid during the call only; it must not call the engine. A failure ends the range. */
typedef status store_visit(void *context, const store_row *row);

enum store_step { STORE_STEP_BEGIN, STORE_STEP_COMMIT, STORE_STEP_ROLL_BACK };

/* Failures: CORRUPT, CONFLICT (open elsewhere, at open only), UNSUPPORTED (newer format), READ_ONLY, DISK_FULL, IO,
 * OUT_OF_MEMORY; each writes a sentence to the fault given at open. Not thread-safe. */
typedef struct store_engine {
    /* `fault` stays valid until close. The engine's own structure is checked. */
    status (*open)(const store_options *options, store_fault *fault, void **state);
    /* Slices are valid until the next call; `value` may be NULL. NOT_FOUND. */
    status (*get)(void *state, slice key, slice *value, uint64_t *revision);
    status (*range)(void *state, const store_span *span, store_visit *visit, void *context);
    /* An absent value deletes. Only between begin and commit. After a failure only roll back. */
    status (*put)(void *state, const store_row *row);
    /* A failed commit has rolled back. Rolling back without a transaction does nothing. */
    status (*step)(void *state, enum store_step step);
    /* Outside a transaction: nothing that was deleted or replaced is left in the engine's files. */
    status (*scrub)(void *state);
    void (*close)(void *state);
} store_engine;

#endif
