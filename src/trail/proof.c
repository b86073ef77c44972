/* Proofs from a tree's tiles, and their text. */
#include "trail/proof.h"

#include "base/text.h"

#define PROOF_FIRST_LINE "c2sp.org/tlog-proof@v1"

/* Largest power of two below n ≥ 2: where RFC 6962 §2.1 splits a tree. */
static uint64_t split_of(uint64_t n) { return UINT64_C(1) << (63 - __builtin_clzll(n - 1)); }

/* MTH of the leaves from `start` up to `end`. start is a multiple of the largest power of two ≤ end - start, as it is
 * in every split of a tree: the range divides into complete subtrees, larger ones first. */
static status range_root(const tree *t, uint64_t start, uint64_t end, merkle_hash *out) {
    merkle_hash roots[64];
    size_t count = 0;
    while (start < end) {
        unsigned height = (unsigned)(63 - __builtin_clzll(end - start));
        TRY(tree_subtree(t, height, start >> height, &roots[count++]));
        start += UINT64_C(1) << height;
    }
    merkle_hash root = roots[--count];
    while (count-- > 0) TRY(merkle_node(&roots[count], &root, &root));
    *out = root;
    return OK;
}

/* Walks go from the root down; proofs are written from the leaf up. */
static void path_reverse(merkle_path *path) {
    for (size_t i = 0; i < path->count / 2; i++) {
        merkle_hash other = path->at[i];
        path->at[i] = path->at[path->count - 1 - i];
        path->at[path->count - 1 - i] = other;
    }
}

status proof_inclusion(const tree *t, uint64_t index, uint64_t size, merkle_path *out) {
    ENSURE(index < size && size <= t->edge.size, INVALID_PARAMETER);
    merkle_path path = {0};
    uint64_t start = 0;
    uint64_t end = size;
    while (end - start > 1) {
        uint64_t middle = start + split_of(end - start);
        if (index < middle) {
            TRY(range_root(t, middle, end, &path.at[path.count++]));
            end = middle;
        } else {
            TRY(range_root(t, start, middle, &path.at[path.count++]));
            start = middle;
        }
    }
    path_reverse(&path);
    *out = path;
    return OK;
}

status proof_consistency(const tree *t, uint64_t older, uint64_t newer, merkle_path *out) {
    ENSURE(older <= newer && newer <= t->edge.size, INVALID_PARAMETER);
    merkle_path path = {0};
    uint64_t start = 0;
    uint64_t end = newer;
    bool is_known = true; /* the verifier has this subtree's root: it is the older tree itself */
    while (older > 0 && end != older) {
        uint64_t middle = start + split_of(end - start);
        if (older <= middle) {
            TRY(range_root(t, middle, end, &path.at[path.count++]));
            end = middle;
        } else {
            TRY(range_root(t, start, middle, &path.at[path.count++]));
            start = middle;
            is_known = false;
        }
    }
    if (!is_known) TRY(range_root(t, start, end, &path.at[path.count++]));
    path_reverse(&path);
    *out = path;
    return OK;
}

status proof_head(const tree *t, uint64_t size, merkle_head *out) {
    ENSURE(size <= t->edge.size, INVALID_PARAMETER);
    merkle_head head = {.size = size};
    TRY(size ? range_root(t, 0, size, &head.root) : frontier_root(&(frontier){0}, &head.root));
    *out = head;
    return OK;
}

status tlog_proof_write(const tlog_proof *proof, buffer *out) {
    TRY(buffer_append_text(out, PROOF_FIRST_LINE "\n"));
    if (!slice_is_absent(proof->extra)) {
        TRY(buffer_append_text(out, "extra "));
        TRY(base64_encode(out, proof->extra));
        TRY(buffer_append_byte(out, '\n'));
    }
    TRY(buffer_printf(out, "index %llu\n", (unsigned long long)proof->index));
    for (size_t i = 0; i < proof->path.count; i++) {
        TRY(base64_encode(out, slice_of(proof->path.at[i].at, MERKLE_HASH_BYTES)));
        TRY(buffer_append_byte(out, '\n'));
    }
    TRY(buffer_append_byte(out, '\n'));
    return buffer_append(out, proof->checkpoint);
}

/* Takes a line that ends in LF. */
static bool line_take(slice *rest, slice *line) {
    if (!slice_contains_byte(*rest, '\n')) return false;
    return slice_split(rest, '\n', line);
}

static status path_parse(slice *rest, arena *memory, merkle_path *out) {
    merkle_path path = {0};
    slice line;
    slice hash;
    for (;;) {
        ENSURE(line_take(rest, &line), MALFORMED);
        if (line.len == 0) break;
        ENSURE(path.count < MERKLE_PATH_MOST, MALFORMED);
        TRY(base64_decode(line, memory, &hash));
        ENSURE(hash.len == MERKLE_HASH_BYTES, MALFORMED);
        memcpy(path.at[path.count++].at, hash.at, MERKLE_HASH_BYTES);
    }
    *out = path;
    return OK;
}

status tlog_proof_parse(slice text, arena *memory, tlog_proof *out) {
    ENSURE(text.len <= PROOF_BYTES_MOST, TOO_LARGE);
    tlog_proof proof = {0};
    slice rest = text;
    slice line;
    ENSURE(line_take(&rest, &line) && slice_equals_text(line, PROOF_FIRST_LINE), MALFORMED);
    ENSURE(line_take(&rest, &line), MALFORMED);
    if (slice_starts_with(line, SLICE("extra "))) {
        ENSURE(line.len <= PROOF_EXTRA_BYTES_MOST, TOO_LARGE);
        TRY(base64_decode(slice_skip(line, 6), memory, &proof.extra));
        ENSURE(line_take(&rest, &line), MALFORMED);
    }
    ENSURE(slice_starts_with(line, SLICE("index ")) && decimal_parse(slice_skip(line, 6), &proof.index), MALFORMED);
    TRY(path_parse(&rest, memory, &proof.path));
    checkpoint ignored;
    TRY(checkpoint_peek(rest, &ignored));
    proof.checkpoint = rest;
    *out = proof;
    return OK;
}

status tlog_proof_verify(slice text, slice entry, const note_key *key) {
    OWNED(arena) memory = {0};
    tlog_proof proof;
    checkpoint signed_head;
    merkle_hash leaf;
    TRY(tlog_proof_parse(text, &memory, &proof));
    TRY(checkpoint_open(proof.checkpoint, key, &signed_head));
    TRY(merkle_leaf(entry, &leaf));
    return merkle_verify_inclusion(&leaf, proof.index, &proof.path, &signed_head.head);
}

status tlog_proof_make(const tree *t, uint64_t index, buffer *out) {
    OWNED(buffer) note = {0};
    checkpoint head;
    tlog_proof proof = {.index = index};
    TRY(tree_checkpoint(t, &note));
    TRY(checkpoint_peek(buffer_slice(&note), &head));
    ENSURE(head.head.size <= t->edge.size, CORRUPT);
    ENSURE(index < head.head.size, NOT_FOUND);
    TRY(proof_inclusion(t, index, head.head.size, &proof.path));
    proof.checkpoint = buffer_slice(&note);
    return tlog_proof_write(&proof, out);
}
