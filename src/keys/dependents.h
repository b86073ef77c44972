/* What depends on a key: the rows that say so, and how many there are. They follow from the records themselves (derived.h);
 * nobody else writes them.
 *
 *   dependent/<key id>/<kind>/<key version id, or '-'>/<name>     nothing in it; the name of a secret is <region>/<name>: the account's
 *                                                                  own key seals values of every region
 *   dependents/<key id>                                            DependentsRecord: their counts */
#ifndef KEYS_DEPENDENTS_H
#define KEYS_DEPENDENTS_H

#include "contract/contract_tables.h"
#include "store/store.h"

enum { REFERENCES_MOST = 32 };

/* A key that something needs. */
typedef struct reference {
    slice key_id;
    slice key_version_id; /* absent: the key, whatever version */
} reference;

/* The kind of dependent a record under this store key is: 0 for none; *name is what it is called. */
int dependent_kind_of(slice store_key, slice *name);
/* What it is called among the dependents of a key: with its region before it where the key is in several. */
status dependent_name(int kind, slice store_key, slice key_id, arena *memory, slice *out);
/* What a packed record of that kind refers to, each key and version once. CORRUPT. */
status dependent_references(int kind, slice packed, arena *memory, reference out[REFERENCES_MOST], size_t *count);

/* The row for one reference. */
status dependent_path(const reference *to, int kind, slice name, arena *memory, slice *out);
/* The row that a listed one stands for. */
status dependent_row(slice key_id, const key_dependent *of, arena *memory, slice *out);
status dependents_path(slice key_id, arena *memory, slice *out);

/* How many there are: no record means none. */
status dependents_load(store *s, slice key_id, arena *memory, dependents_record *out);
int64_t dependents_total(const dependents_record *of);
/* Of one kind (0: any) and one version (absent: any). */
int64_t dependents_count(const dependents_record *of, int kind, slice key_version_id);

typedef struct dependents_query {
    slice key_id;
    int kind;             /* 0: any */
    slice key_version_id; /* absent: any; only with a kind */
    slice after;          /* a row to go on behind; absent: from the start */
    size_t limit;
} dependents_query;
/* *count is limit + 1 when there are more. */
status dependents_list(store *s, const dependents_query *query, arena *memory, key_dependent **out, size_t *count);

#endif
