/* Proofs: that an entry stands in a tree (inclusion), that a tree is a continuation of an earlier one (consistency),
 * and the text in which a proof travels (c2sp.org/tlog-proof). */
#ifndef TRAIL_PROOF_H
#define TRAIL_PROOF_H

#include "base/arena.h"
#include "trail/tree.h"

enum { PROOF_BYTES_MOST = NOTE_BYTES_MOST + (1 << 16), PROOF_EXTRA_BYTES_MOST = 1 << 15 };

/* RFC 6962 §2.1.1: the path of leaf `index` in the tree's first `size` entries. INVALID_PARAMETER unless index < size ≤
 * the tree's size; CORRUPT. */
status proof_inclusion(const tree *t, uint64_t index, uint64_t size, merkle_path *out);
/* RFC 6962 §2.1.2: from the first `older` to the first `newer` entries. INVALID_PARAMETER unless older ≤ newer ≤ the
 * tree's size; CORRUPT. Empty when older is 0 or equals newer. */
status proof_consistency(const tree *t, uint64_t older, uint64_t newer, merkle_path *out);
/* The tree as of an earlier size. INVALID_PARAMETER beyond its size; CORRUPT. */
status proof_head(const tree *t, uint64_t size, merkle_head *out);

/* A tlog-proof@v1 text taken apart. */
typedef struct tlog_proof {
    slice extra; /* decoded, unauthenticated; absent when the text has none */
    uint64_t index;
    merkle_path path;
    slice checkpoint; /* the note, verbatim */
} tlog_proof;

/* Appends the text; `extra` may be absent. */
status tlog_proof_write(const tlog_proof *proof, buffer *out);
/* `checkpoint` is borrowed from text, `extra` lives in the arena. MALFORMED, TOO_LARGE. Nothing is verified. */
status tlog_proof_parse(slice text, arena *memory, tlog_proof *out);
/* Whether the text proves that `entry` is in the log `key` signs for. MALFORMED; VERIFICATION. */
status tlog_proof_verify(slice text, slice entry, const note_key *key);
/* The text for entry `index` against the newest checkpoint on disk. NOT_FOUND while none covers it; CORRUPT. */
status tlog_proof_make(const tree *t, uint64_t index, buffer *out);

#endif
