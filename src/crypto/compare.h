/* Comparing and overwriting bytes that must not leak. */
#ifndef CRYPTO_COMPARE_H
#define CRYPTO_COMPARE_H

#include "base/slice.h"

/* Time depends on the lengths alone, not on the content. Different lengths are unequal; two empty slices are equal. */
bool bytes_equal_secret(slice a, slice b);

/* Overwrites with zeros; no compiler takes it away. */
void bytes_wipe(void *at, size_t len);

/* Overwrites 4 KiB of stack below the caller: what the functions just called may have left there (hash functions
 * spread their input over the stack). Called at the end of functions that hash or parse key material. */
void stack_wipe(void);

#endif
