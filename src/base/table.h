/* A hash table from byte strings to pointers, with a keyed hash: no input can be chosen to make it slow. */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include "base/slice.h"
#include "base/status.h"

typedef struct table {
    struct table_entry *entries;
    size_t count;
    size_t used;     /* including tombstones */
    size_t capacity; /* a power of two, or 0 */
} table;

/* Sets the key of the hash for the whole process; call once at start with 16 random bytes. */
void table_seed(const uint8_t seed[16]);
/* The keyed 64-bit hash itself (SipHash-1-3 shape). */
uint64_t table_hash(slice key);
/* The same under a key of one's own, for what outlives the process. */
uint64_t table_hash_under(const uint8_t seed[16], slice key);

/* The value, or NULL. */
void *table_get(const table *t, slice key);
/* Copies the key; the value stays the caller's. *previous (may be NULL) gets the value replaced, or NULL. */
status table_put(table *t, slice key, void *value, void **previous);
/* Removes and gives back the value, or NULL when it was not there. */
void *table_remove(table *t, slice key);
/* Iterates in no order: start with *cursor = 0; false at the end. Removing the current entry is allowed. */
bool table_next(const table *t, size_t *cursor, slice *key, void **value);
/* Frees the table, not the values. */
void table_clear(table *t);

#endif
