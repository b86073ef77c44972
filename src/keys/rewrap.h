/* Moving data keys and values of secrets to the newest version of their key: which keys are at it, and what is left to be done. Rows that follow from
 * the records (derived.h):
 *
 *   rewrapping/<account>/<region>/<key id>     a rewrap was asked for and is not finished
 *   unsettled/<bucket>/<object>                the head of the object's blob may still have the former wrapped key */
#ifndef KEYS_REWRAP_H
#define KEYS_REWRAP_H

#include "keys/dependents.h"

#define REWRAPPING_PREFIX SLICE("rewrapping/")
#define UNSETTLED_PREFIX SLICE("unsettled/")

/* Data keys and values of secrets are sealed under symmetric keys. */
bool rewrap_is_possible(const key_record *key);
/* Objects and secrets under any version but the newest. */
int64_t rewrap_remaining(const key_record *key, const dependents_record *counts);

/* The first of what is to be moved, behind a row of dependent/…: the rows, all of one kind and version, and how many. */
typedef struct rewrap_work {
    store_row *rows; /* keys of dependent/… rows */
    size_t count;
} rewrap_work;
status rewrap_next(store *s, const key_record *key, slice after, size_t limit, arena *memory, rewrap_work *out);

#endif
