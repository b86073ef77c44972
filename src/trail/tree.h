/* The Merkle tree of one account's entries: grows in memory, lives in tile files, ends in signed checkpoints.
 *
 * On disk, beneath the trail's folder: <account>/tile/… (tiles.h), <account>/checkpoint, <account>/vkey. Files are
 * immutable once a checkpoint needs them; partial ones of the newest checkpoint and the one before are kept, older ones
 * removed. In memory: the right edge only (one unfinished tile per level, one unfinished bundle), and full tiles until
 * they are written. */
#ifndef TRAIL_TREE_H
#define TRAIL_TREE_H

#include "trail/checkpoint.h"
#include "trail/tiles.h"

enum { TREE_ACCOUNT_BYTES_MOST = 32 };

struct tree_file; /* a full tile or bundle that is not written yet */

typedef struct tree {
    tile_place place;
    frontier edge;                         /* edge.size: entries so far */
    merkle_hash *tile[MERKLE_TILE_LEVELS]; /* unfinished tile of each level (256 hashes of room), NULL where empty */
    buffer bundle;                         /* unfinished entry bundle */
    struct tree_file *unwritten;           /* oldest first */
    struct tree_file **unwritten_end;      /* NULL: none yet */
    size_t unwritten_bytes;
    uint64_t synced_bundles;   /* full bundles (and the tiles above) that are durable */
    merkle_head published;     /* newest checkpoint; size 0 before the first */
    uint64_t published_before; /* size of the checkpoint before that; 0 when not known */
    bool has_checkpoint;
    bool has_leftovers; /* no checkpoint, though tiles lie there */
} tree;

/* 1 to 32 of [0-9a-z-], and not a name the trail's folder needs itself ("journal", "vkey", "lock"). */
bool tree_account_is_valid(slice account);

/* Restores the tree as of its checkpoint; an empty one when there is none. dir_fd is the trail's folder, stays open and
 * the caller's. `key` (the account's) checks the signature; NULL leaves that out. INVALID_PARAMETER: the account.
 * CORRUPT: signature, tiles or root do not fit together; VERIFICATION and MALFORMED never. */
status tree_open(int dir_fd, slice account, const note_key *key, tree *out);
void tree_clear(tree *t);

/* Adds one entry (at most 65535 bytes) in memory. TOO_LARGE, OUT_OF_MEMORY; the tree is then as before. */
status tree_add(tree *t, slice entry, uint64_t *index);
/* Root at the current size. */
status tree_root(const tree *t, merkle_hash *out);

/* Writes the full tiles that wait in memory; nothing is synced. On failure the rest waits on. */
status tree_write(tree *t);

/* What checkpoints are signed with. */
typedef struct tree_signing {
    note_key key; /* its name is the origin */
    signer *with;
} tree_signing;

enum { TREE_FLUSH_BUNDLES = 1 }; /* full bundles one tree_flush makes durable at most */

/* Makes all that the current size needs durable, then publishes a checkpoint for it. *is_done false: there were many
 * full tiles, call again (nothing is published yet). DISK_FULL, IO, …: nothing is published, call again later. */
status tree_flush(tree *t, const tree_signing *signing, bool *is_done);

/* Root of the complete subtree of 2^height leaves that begins at leaf index * 2^height; it must lie within the tree.
 * CORRUPT when the tile is missing or damaged. */
status tree_subtree(const tree *t, unsigned height, uint64_t index, merkle_hash *out);
/* Appends bundle `index` as far as the tree reaches, unflushed entries too. NOT_FOUND beyond the end; CORRUPT. */
status tree_bundle(const tree *t, uint64_t index, buffer *out);
/* Appends the newest checkpoint's text as it lies on disk. NOT_FOUND before the first. */
status tree_checkpoint(const tree *t, buffer *out);

#endif
