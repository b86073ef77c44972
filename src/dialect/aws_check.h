/* The limits of a request, and the sentences in which AWS's services tell that one was broken. */
#ifndef DIALECT_AWS_CHECK_H
#define DIALECT_AWS_CHECK_H

#include "base/arena.h"
#include "contract/shape.h"

/* MISSING_PARAMETER or INVALID_PARAMETER for the first member that breaks a limit; *detail is the sentence: "1 validation error
 * detected: Value '5' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value greater than or equal to 7".
 * Values of blobs are left out. */
status aws_check(const shape *s, const void *value, arena *memory, slice *detail);

/* The sentence for a word that is no choice of the field. */
status aws_sentence_choice(const field *f, slice member, slice word, arena *memory, slice *out);

#endif
