/* Opened things that may be used again: account keys, access key secrets, sessions and customer master keys, found by
 * the bytes of the sealed blob they came from. Bounded; what is dropped is overwritten first. */
#ifndef CUSTODY_CACHE_H
#define CUSTODY_CACHE_H

#include "base/table.h"
#include "contract/sealed.h"
#include "crypto/asymmetric.h"
#include "crypto/xaes.h"

enum { MARK_BYTES = 16, CACHE_ENTRIES_MAX = 2048, CACHE_BYTES_MAX = 6 << 20 };

/* What a sealed blob held. */
typedef struct opened {
    enum sealed_kind kind;
    sealed_header header; /* authenticated; slices point into `blob` */
    uint8_t
        mark[MARK_BYTES]; /* tells the account key it was opened under from every other, even of the same account id */
    xaes *cipher;     /* account key: seals what belongs to the account; material of Aliyun_AES_256: the key itself */
    asymmetric *pair; /* material of asymmetric specs */
    secret value;  /* account key: key of fingerprints; otherwise the secret or private key; material of other specs */
    uint8_t *blob; /* a copy */
    size_t blob_bytes;
    struct opened *newer, *older; /* the cache's */
} opened;

/* A blob copied and its header read, with nothing opened yet. MALFORMED unless it is a blob of that kind. */
status opened_new(enum sealed_kind kind, slice blob, opened **out);
void opened_free(opened *o); /* overwrites; NULL is allowed */

typedef struct cache {
    table entries;
    opened *newest, *oldest;
    size_t bytes; /* about what the entries take */
    size_t entries_max, bytes_max;
} cache;

void cache_begin(cache *c, size_t entries_max, size_t bytes_max);
/* What was kept for this blob, or NULL. */
opened *cache_find(cache *c, slice blob);
/* Takes it over on success; nothing is dropped yet, so what was found or kept stays valid until cache_trim. */
status cache_keep(cache *c, opened *o);
/* Drops what was kept for this blob, if anything, at once: nothing found before may be in use any more. */
void cache_forget(cache *c, slice blob);
/* Drops the least recently used ones until the limits hold. */
void cache_trim(cache *c);
void cache_clear(cache *c);

#endif
