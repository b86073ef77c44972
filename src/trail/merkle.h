/* Merkle tree hashing (RFC 6962 §2.1, SHA-256): leaves, nodes, growing a tree by its right edge, checking proofs. No
 * I/O. */
#ifndef TRAIL_MERKLE_H
#define TRAIL_MERKLE_H

#include "base/slice.h"
#include "base/status.h"

enum {
    MERKLE_HASH_BYTES = 32,
    MERKLE_PATH_MOST = 64,   /* hashes in an inclusion proof: one per level */
    MERKLE_TILE_WIDTH = 256, /* hashes in a full tile (c2sp.org/tlog-tiles) */
    MERKLE_TILE_BYTES = MERKLE_TILE_WIDTH * MERKLE_HASH_BYTES,
    MERKLE_TILE_LEVELS = 8, /* 256^8 leaves are more than a 64-bit size can count */
};

typedef struct merkle_hash {
    uint8_t at[MERKLE_HASH_BYTES];
} merkle_hash;

/* Hashes of a proof, the one next to the leaf first. A consistency proof may have one more than an inclusion proof. */
typedef struct merkle_path {
    merkle_hash at[MERKLE_PATH_MOST + 1];
    size_t count;
} merkle_path;

bool merkle_hash_equals(const merkle_hash *a, const merkle_hash *b); /* hashes here are public */

/* SHA-256(0x00 || entry). INTERNAL. */
status merkle_leaf(slice entry, merkle_hash *out);
/* SHA-256(0x01 || left || right). INTERNAL. */
status merkle_node(const merkle_hash *left, const merkle_hash *right, merkle_hash *out);

/* The right edge of a growing tree: the roots of the complete subtrees its size divides into. at[i] counts only when
 * bit i of size is set. {0} is the empty tree. */
typedef struct frontier {
    uint64_t size; /* leaves */
    merkle_hash at[64];
} frontier;

/* What one more leaf completed: at[0] is the leaf, at[k] the root of a full subtree of 256^k leaves, for k < count. */
typedef struct frontier_step {
    size_t count; /* 1 to MERKLE_TILE_LEVELS */
    merkle_hash at[MERKLE_TILE_LEVELS];
} frontier_step;

/* On failure (INTERNAL) the frontier is as before. `step` may be NULL. */
status frontier_add(frontier *f, const merkle_hash *leaf, frontier_step *step);
/* MTH of all leaves so far; of the empty tree SHA-256 of nothing. */
status frontier_root(const frontier *f, merkle_hash *out);
/* MTH over `count` ≥ 1 roots of complete subtrees of equal size, as if they were leaves. */
status merkle_fold(const merkle_hash *roots, size_t count, merkle_hash *out);

/* A tree as a checkpoint names it. */
typedef struct merkle_head {
    uint64_t size;
    merkle_hash root;
} merkle_head;

/* RFC 6962 §2.1.1: the leaf stands at `index` in the tree. VERIFICATION when it does not follow. */
status merkle_verify_inclusion(const merkle_hash *leaf, uint64_t index, const merkle_path *path,
                               const merkle_head *head);
/* RFC 6962 §2.1.2: the older tree is a prefix of the newer one. VERIFICATION when it does not follow. From the empty
 * tree, or between equal sizes, the path must be empty. */
status merkle_verify_consistency(const merkle_head *older, const merkle_head *newer, const merkle_path *path);

#endif
