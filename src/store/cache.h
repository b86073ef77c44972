/* Unsealed values of the keys in use, up to a number of bytes; also remembers that a key is not there. */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

#include "base/slice.h"
#include "base/status.h"

typedef struct cache cache;

status cache_new(size_t most_bytes, cache **out);
void cache_free(cache *c); /* NULL is allowed */

typedef struct cache_record {
    slice value;       /* absent: the key is not there */
    uint64_t revision; /* 0 when the key is not there */
    uint64_t batch;    /* the batch it was learnt in, 0 for none */
} cache_record;

/* False: not known. The value is valid until the next call. */
bool cache_get(cache *c, slice key, cache_record *out);
/* Replaces what was known. Copies; what is too large or finds no memory is forgotten instead. */
void cache_put(cache *c, slice key, const cache_record *record);
void cache_drop(cache *c, slice key);
/* Forgets all that was learnt in a batch that was rolled back. */
void cache_drop_batch(cache *c, uint64_t batch);
/* Bytes held, bookkeeping included. */
size_t cache_bytes(const cache *c);

#endif
