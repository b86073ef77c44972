/* Rows that follow from other rows: who depends on which key (dependents.h), what is due when (due.h), which keys and objects are
 * in the middle of a rewrap (rewrap.h). Whoever changes records
 * asks here what follows and changes both in one request to the store; nobody else writes such rows, so they are always
 * what the records say. Also tells which sealed key material a change lets go of, and whether
 * values of secrets go.
 *
 *   derived_follow        changes that follow, to be applied together with their cause
 *   derived_count         once that worked: their counts, kept until
 *   derived_flush         before the batch is committed, they are written
 *   derived_drop          or the batch was rolled back */
#ifndef KEYS_DERIVED_H
#define KEYS_DERIVED_H

#include "base/table.h"
#include "keys/dependents.h"
#include "store/store.h"

/* Raise it when rows follow that did not before: they are all made anew at the next start. */
enum { DERIVED_VERSION = 5 };

typedef struct derived {
    table counts; /* "<key id>/<kind>/<version>" → int64_t to be added */
} derived;

typedef struct derived_change {
    reference to;
    int kind;
    int64_t more;
} derived_change;

typedef struct derived_changes {
    store_change *at; /* all of it lives in the arena */
    size_t count, room;
    derived_change *counts;
    size_t count_count, count_room;
    slice *released; /* sealed key material that no record holds any more */
    size_t released_count, released_room;
    bool removes_values; /* of secrets: they are to be gone from the store's files, too */
} derived_changes;

/* As the store is now, inside the batch the changes will be part of. CORRUPT. */
status derived_follow(store *s, const store_change *changes, size_t count, arena *memory, derived_changes *out);
/* What follows from a record that was not there before. */
status derived_from_record(store *s, const store_row *row, arena *memory, derived_changes *out);
status derived_count(derived *d, const derived_changes *from);
status derived_flush(derived *d, store *s);
void derived_drop(derived *d);
void derived_clear(derived *d);

/* At start: makes all such rows anew unless they are of this version. */
status derived_renew(store *s);

#endif
