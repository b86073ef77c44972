/* Merkle tree hashing and proof checking. */
#include "trail/merkle.h"

#include "crypto/hash.h"

/* One stream for all leaves: beginning it again is cheaper than making one. Roles that use it have one thread. */
static hash_stream leaf_stream;

bool merkle_hash_equals(const merkle_hash *a, const merkle_hash *b) {
    return slice_equals(slice_of(a->at, sizeof a->at), slice_of(b->at, sizeof b->at));
}

/* RFC 6962 §2.1: the prefix bytes keep leaves and nodes apart, so that no node can be passed off as a leaf. */
status merkle_leaf(slice entry, merkle_hash *out) {
    TRY(hash_begin(&leaf_stream, HASH_SHA256));
    TRY(hash_update(&leaf_stream, SLICE("\x00")));
    TRY(hash_update(&leaf_stream, entry));
    return hash_finish(&leaf_stream, out->at);
}

status merkle_node(const merkle_hash *left, const merkle_hash *right, merkle_hash *out) {
    uint8_t text[1 + 2 * MERKLE_HASH_BYTES] = {1};
    memcpy(text + 1, left->at, MERKLE_HASH_BYTES);
    memcpy(text + 1 + MERKLE_HASH_BYTES, right->at, MERKLE_HASH_BYTES);
    return hash_once(HASH_SHA256, slice_of(text, sizeof text), out->at);
}

/* Adding one to a binary counter: every carry joins two complete subtrees of equal size. */
status frontier_add(frontier *f, const merkle_hash *leaf, frontier_step *step) {
    ENSURE(f->size < UINT64_MAX, TOO_LARGE);
    frontier_step done = {.count = 1, .at = {*leaf}};
    merkle_hash carry = *leaf;
    unsigned level = 0;
    for (; f->size >> level & 1; level++) {
        TRY(merkle_node(&f->at[level], &carry, &carry));
        if ((level + 1) % 8 == 0 && done.count < MERKLE_TILE_LEVELS) done.at[done.count++] = carry;
    }
    f->at[level] = carry;
    f->size++;
    if (step) *step = done;
    return OK;
}

status frontier_root(const frontier *f, merkle_hash *out) {
    if (f->size == 0) return hash_once(HASH_SHA256, SLICE(""), out->at);
    unsigned level = (unsigned)__builtin_ctzll(f->size);
    merkle_hash root = f->at[level];
    for (level++; level < 64; level++)
        if (f->size >> level & 1) TRY(merkle_node(&f->at[level], &root, &root));
    *out = root;
    return OK;
}

status merkle_fold(const merkle_hash *roots, size_t count, merkle_hash *out) {
    ENSURE(count > 0, INTERNAL);
    frontier f = {0};
    for (size_t i = 0; i < count; i++) TRY(frontier_add(&f, &roots[i], NULL));
    return frontier_root(&f, out);
}

/* Climbs over levels at which the node is a lone right edge: there it has no sibling. */
static void climb_edge(uint64_t *node, uint64_t *last) {
    while (*node && !(*node & 1)) {
        *node >>= 1;
        *last >>= 1;
    }
}

status merkle_verify_inclusion(const merkle_hash *leaf, uint64_t index, const merkle_path *path,
                               const merkle_head *head) {
    ENSURE(index < head->size, VERIFICATION);
    uint64_t node = index;
    uint64_t last = head->size - 1;
    merkle_hash root = *leaf;
    for (size_t i = 0; i < path->count; i++) {
        ENSURE(last > 0, VERIFICATION);
        if (node & 1 || node == last) {
            TRY(merkle_node(&path->at[i], &root, &root));
            climb_edge(&node, &last);
        } else {
            TRY(merkle_node(&root, &path->at[i], &root));
        }
        node >>= 1;
        last >>= 1;
    }
    ENSURE(last == 0 && merkle_hash_equals(&root, &head->root), VERIFICATION);
    return OK;
}

/* The walk of RFC 9162 §2.1.4.2 (the check RFC 6962 leaves to the reader): both roots grow from `start`. */
static status grow_both(const merkle_head *older, const merkle_head *newer, const merkle_hash *start,
                        const merkle_hash *rest, size_t count) {
    uint64_t node = older->size - 1;
    uint64_t last = newer->size - 1;
    while (node & 1) {
        node >>= 1;
        last >>= 1;
    }
    merkle_hash old_root = *start;
    merkle_hash new_root = *start;
    for (size_t i = 0; i < count; i++) {
        ENSURE(last > 0, VERIFICATION);
        if (node & 1 || node == last) {
            TRY(merkle_node(&rest[i], &old_root, &old_root));
            TRY(merkle_node(&rest[i], &new_root, &new_root));
            climb_edge(&node, &last);
        } else {
            TRY(merkle_node(&new_root, &rest[i], &new_root));
        }
        node >>= 1;
        last >>= 1;
    }
    ENSURE(last == 0, VERIFICATION);
    ENSURE(merkle_hash_equals(&old_root, &older->root) && merkle_hash_equals(&new_root, &newer->root), VERIFICATION);
    return OK;
}

status merkle_verify_consistency(const merkle_head *older, const merkle_head *newer, const merkle_path *path) {
    ENSURE(older->size <= newer->size, VERIFICATION);
    if (older->size == newer->size) {
        ENSURE(path->count == 0 && merkle_hash_equals(&older->root, &newer->root), VERIFICATION);
        return OK;
    }
    if (older->size == 0) {
        merkle_hash empty;
        TRY(frontier_root(&(frontier){0}, &empty));
        ENSURE(path->count == 0 && merkle_hash_equals(&older->root, &empty), VERIFICATION);
        return OK;
    }
    ENSURE(path->count > 0, VERIFICATION);
    bool is_complete = (older->size & (older->size - 1)) == 0;
    if (is_complete) return grow_both(older, newer, &older->root, path->at, path->count);
    return grow_both(older, newer, &path->at[0], path->at + 1, path->count - 1);
}
