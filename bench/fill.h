/* What the fillers of data folders have in common: they put records into the store of a server that is not running. */
#ifndef BENCH_FILL_H
#define BENCH_FILL_H

#include "custody/root.h"
#include "store/store.h"

#include "contract/contract_tables.h"

enum { FILL_BATCH = 4096, FILL_PATH_ROOM = 4096 };

typedef struct filler {
    root_keys keys;
    store *store;
} filler;

/* Says on stderr what is wrong with the folder. */
status filler_open(const char *data, filler *out);
void filler_clear(filler *f);

/* The root key itself, for what has to be sealed. */
status filler_root_key(const char *data, secret *out);

/* The first record under a prefix. NOT_FOUND. */
status filler_first(const filler *f, slice prefix, arena *memory, store_row *out);
/* Puts a new one, inside a batch. */
status filler_put(const filler *f, slice path, const shape *of, const void *record);

#endif
