/* How a value of a filter over secrets is read, where secrets are looked for and where the vault checks what was asked: the beginning of
 * what is sought, or, behind '!', of what is not. */
#ifndef CONTRACT_SECRET_FILTER_H
#define CONTRACT_SECRET_FILTER_H

#include "base/slice.h"

static inline bool secret_filter_fits(slice value, slice text) {
    bool is_negated = slice_starts_with(value, SLICE("!"));
    return slice_starts_with(text, is_negated ? slice_skip(value, 1) : value) != is_negated;
}

#endif
