/* Blobs: large immutable byte strings, each under a random 16-byte id (see blobs_gather). A blob is first a part, which nobody can open,
 * and becomes whole by blobs_commit. What they hold (sealed object bodies) is not looked at here.
 *
 *   blobs_create → the writer fills the descriptor and calls fdatasync → blobs_commit … blobs_commit → blobs_sync
 *
 * Only after blobs_sync returned OK may a record be committed that refers to the blob. */
#ifndef BLOBS_BLOBS_H
#define BLOBS_BLOBS_H

#include "base/slice.h"
#include "base/status.h"

enum { BLOB_ID_BYTES = 16 };

typedef struct blobs blobs;

typedef struct blobs_options {
    const char *folder; /* must exist; blob 3f… is <folder>/3f/3f… */
    bool is_durable;    /* false: blobs_sync does nothing (throw-away instances) */
} blobs_options;

/* NOT_FOUND: there is no such folder; IO. */
status blobs_new(const blobs_options *options, blobs **out);
/* NULL is allowed. Descriptors handed out stay open. */
void blobs_free(blobs *b);

/* Changes the first byte of a new random id, so that blobs of one time lie in one folder, the next in another: one wait for the disk makes
 * the names of all of them durable. Still random are 120 bits. */
void blobs_gather(blobs *b, uint8_t id[BLOB_ID_BYTES]);

/* A new part, mode 0600, open for writing. The caller owns *fd. EXISTS: the id is in use; DISK_FULL, READ_ONLY, IO. */
status blobs_create(blobs *b, const uint8_t id[BLOB_ID_BYTES], int *fd);
/* Makes the part whole. The writer has called fdatasync before. The name is durable after the next blobs_sync.
 * NOT_FOUND: there is no part; EXISTS: a whole blob of that id is there already (it is left as it is). */
status blobs_commit(blobs *b, const uint8_t id[BLOB_ID_BYTES]);
/* Waits once for the disk for all names changed since the last time. On failure they stay due. */
status blobs_sync(blobs *b);
/* A whole blob, open for reading. The caller owns *fd. NOT_FOUND. */
status blobs_open(blobs *b, const uint8_t id[BLOB_ID_BYTES], int *fd);
/* Writes over the beginning of a whole blob where it stands, durably: for what describes the content, never the content. A crash
 * leaves any mix of old and new bytes there. NOT_FOUND. */
status blobs_rewrite(blobs *b, const uint8_t id[BLOB_ID_BYTES], slice beginning);
/* Removes the part; NOT_FOUND when there is none. */
status blobs_abandon(blobs *b, const uint8_t id[BLOB_ID_BYTES]);
/* Removes the whole blob; NOT_FOUND when there is none. After a power failure it may be back: blobs_sweep removes it
 * again. */
status blobs_remove(blobs *b, const uint8_t id[BLOB_ID_BYTES]);

typedef struct blobs_count {
    uint64_t kept;    /* whole and wanted */
    uint64_t removed; /* whole and not wanted */
    uint64_t parts;   /* parts removed */
    uint64_t foreign; /* files and folders that are not ours: left alone */
} blobs_count;

/* At start, while no blob is being written: removes every part and every whole blob that is not wanted. */
status blobs_sweep(blobs *b, bool (*is_wanted)(void *context, const uint8_t id[BLOB_ID_BYTES]), void *context,
                   blobs_count *out);

#endif
