/* The store: ordered keys with sealed values, changed by compare-and-put in durable batches. One writer, one thread.
 *
 *   store_begin                       a batch: many requests, one durable commit
 *     store_apply (request 1)         CONFLICT: nothing of this request was changed, the batch goes on
 *     store_apply (request 2)
 *   store_commit                      all of it is on disk, or none of it
 *
 * Values are sealed, bound to their key and revision (store/seal.h), before they reach the engine. Keys are not: they
 * lie on disk in clear, so nothing that must stay hidden belongs into a key. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/secret.h"
#include "base/slice.h"
#include "base/status.h"

enum {
    STORE_KEY_MOST = 2048,      /* bytes; a key has at least one byte and does not begin with a zero byte */
    STORE_VALUE_MOST = 1 << 20, /* bytes */
    STORE_KEY_BYTES = 32,       /* of the sealing key */
};

typedef struct store store;
struct store_engine;

/* For people: what went wrong and with what. */
typedef struct store_fault {
    char text[256];
} store_fault;

typedef struct store_options {
    const char *folder; /* holds store.db and store.db-wal and nothing else of ours; must exist. NULL: in memory only */
    const secret *key;  /* STORE_KEY_BYTES; used until store_close, copied by the store */
    bool is_durable;    /* false: for throw-away instances, nothing waits for the disk */
    size_t cache_bytes; /* unsealed values kept in memory; 0 means 32 MiB */
    store_fault *fault; /* written when store_open fails; may be NULL */
    const struct store_engine *engine; /* NULL: the embedded one */
} store_options;

/* Opens or makes the store, and checks it: the engine's own structure, the sealing key, and that no record was added,
 * dropped or put back to an older state behind its back. CORRUPT: one of these does not hold, or the folder holds
 * something else. CONFLICT: another process has it open. UNSUPPORTED: written by a newer version. READ_ONLY, DISK_FULL,
 * IO, OUT_OF_MEMORY. */
status store_open(const store_options *options, store **out);
/* Rolls an open batch back. NULL is allowed. */
void store_close(store *s);

typedef struct store_row {
    slice key;
    slice value;
    uint64_t revision; /* grows with every change of any key; never 0 */
} store_row;

/* Inside a batch these see the batch's changes. Value and rows live in the arena. NOT_FOUND; CORRUPT when the record
 * does not open under its key and revision (store_last_corrupt names it); OUT_OF_MEMORY when the arena's limit is
 * reached. A cached value costs well under a microsecond and no system call. */
status store_get(store *s, slice key, arena *memory, slice *value, uint64_t *revision);
/* Its revision alone, for what was made of the value before and is kept by key and revision. NOT_FOUND. */
status store_revision(store *s, slice key, uint64_t *revision);
/* from <= key < until in byte order, at most `limit` rows; an absent or empty `until` means no end. To go on after a
 * full answer, start from the last key with a zero byte appended. No row is not a failure: *count is 0. */
status store_range(store *s, slice from, slice until, size_t limit, arena *memory, store_row **rows, size_t *count);
/* Same for all keys that begin with `prefix` and come after `after` (absent: from the start). */
status store_list(store *s, slice prefix, slice after, size_t limit, arena *memory, store_row **rows, size_t *count);

/* How many keys begin with `prefix`. Opens no value: some tenths of a microsecond each. */
status store_count(store *s, slice prefix, size_t *count);

#define STORE_ANY UINT64_MAX       /* whatever is there */
#define STORE_ABSENT ((uint64_t)0) /* only if the key is not there */

typedef struct store_change {
    slice key;
    slice value;       /* absent: delete */
    uint64_t expected; /* STORE_ANY, STORE_ABSENT, or the revision that was read */
} store_change;

status store_begin(store *s);
/* All changes or none. Every `expected` is compared with the state before this request; of two changes to one key the
 * later one stays. CONFLICT: one did not hold; MALFORMED, TOO_LARGE: a key or value out of bounds; in these cases
 * nothing was changed and the batch goes on. Any other failure spoils the batch: store_commit will undo it and say the
 * same. */
status store_apply(store *s, const store_change *changes, size_t count);
/* Returns OK only when every change of the batch is on disk. On failure (DISK_FULL, READ_ONLY, IO, …) all of it is
 * undone and the store goes on with the state before the batch. Ends the batch in either case. */
status store_commit(store *s);
void store_roll_back(store *s);
/* Outside a batch: what was deleted or replaced before is then in none of the store's files any more, sealed or not. For key
 * material; takes some milliseconds. */
status store_scrub(store *s);

/* The key whose record failed verification last, absent if none did. Valid until the next call. */
void store_last_corrupt(const store *s, slice *key);
/* A sentence about the last failure that was not NOT_FOUND or CONFLICT. Valid until the next call. */
const char *store_last_fault(const store *s);

#endif
