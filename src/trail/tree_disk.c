/* A tree and its folder: restoring it from a checkpoint, and publishing the next one. */
#include <stdio.h>
#include <stdlib.h>

#include "system/files.h"
#include "trail/tree.h"

enum { CHECKPOINT_NAME_BYTES = 64 };

bool tree_account_is_valid(slice account) {
    if (account.len == 0 || account.len > TREE_ACCOUNT_BYTES_MOST) return false;
    for (size_t i = 0; i < account.len; i++) {
        uint8_t c = account.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-')) return false;
    }
    return !slice_equals_text(account, "journal") && !slice_equals_text(account, "vkey") &&
           !slice_equals_text(account, "lock");
}

static void checkpoint_name(const tree *t, char out[CHECKPOINT_NAME_BYTES]) {
    snprintf(out, CHECKPOINT_NAME_BYTES, "%scheckpoint", t->place.folder);
}

status tree_checkpoint(const tree *t, buffer *out) {
    char name[CHECKPOINT_NAME_BYTES];
    checkpoint_name(t, name);
    return files_read(t->place.dir_fd, name, NOTE_BYTES_MOST, out);
}

/* -- restoring */

/* The unfinished tile of one level, and through it the frontier's eight bits of that level. */
static status restore_level(tree *t, int level) {
    uint64_t size = t->published.size;
    tile_id id = {level, tile_edge(level, size), tile_width(level, tile_edge(level, size), size)};
    if (id.width == 0) return OK;
    OWNED(buffer) read = {0};
    TRY(tile_read_prefix(&t->place, &id, &read));
    t->tile[level] = calloc(MERKLE_TILE_WIDTH, sizeof *t->tile[level]);
    ENSURE(t->tile[level] != NULL, OUT_OF_MEMORY);
    memcpy(t->tile[level], read.at, read.len);
    unsigned at = 0;
    for (int bit = 7; bit >= 0; bit--) { /* subtrees from left to right are the bits from high to low */
        unsigned count = 1U << bit;
        if (!(id.width & count)) continue;
        TRY(merkle_fold(t->tile[level] + at, count, &t->edge.at[8 * level + bit]));
        at += count;
    }
    return OK;
}

/* The unfinished bundle; every entry must be the one its leaf hash stands for. */
static status restore_bundle(tree *t) {
    uint64_t size = t->published.size;
    tile_id id = {TILE_ENTRIES, tile_edge(0, size), tile_width(0, tile_edge(0, size), size)};
    if (id.width == 0) return OK;
    TRY(tile_read_prefix(&t->place, &id, &t->bundle));
    slice rest = buffer_slice(&t->bundle);
    slice entry;
    for (unsigned i = 0; i < id.width; i++) {
        merkle_hash leaf;
        ENSURE(bundle_take(&rest, &entry), CORRUPT);
        TRY(merkle_leaf(entry, &leaf));
        ENSURE(merkle_hash_equals(&leaf, &t->tile[0][i]), CORRUPT);
    }
    ENSURE(rest.len == 0, CORRUPT);
    return OK;
}

static status restore(tree *t, slice note, const note_key *key) {
    checkpoint read;
    TRY(key ? checkpoint_open(note, key, &read) : checkpoint_peek(note, &read));
    t->published = read.head;
    t->has_checkpoint = true;
    for (int level = 0; level < MERKLE_TILE_LEVELS; level++) TRY(restore_level(t, level));
    TRY(restore_bundle(t));
    t->edge.size = read.head.size;
    t->synced_bundles = tile_edge(0, read.head.size);
    merkle_hash root;
    TRY(frontier_root(&t->edge, &root));
    ENSURE(merkle_hash_equals(&root, &read.head.root), CORRUPT);
    return OK;
}

static status damage_is_corrupt(status restored) {
    if (FAILED_WITH(restored, NOT_FOUND) || FAILED_WITH(restored, MALFORMED) || FAILED_WITH(restored, VERIFICATION) ||
        FAILED_WITH(restored, TOO_LARGE))
        return FAIL(CORRUPT);
    return restored;
}

status tree_open(int dir_fd, slice account, const note_key *key, tree *out) {
    ENSURE(tree_account_is_valid(account), INVALID_PARAMETER);
    OWNED(tree) t = {.place.dir_fd = dir_fd};
    OWNED(buffer) note = {0};
    snprintf(t.place.folder, sizeof t.place.folder, "%.*s/", SLICE_ARGS(account));
    status read = tree_checkpoint(&t, &note);
    if (FAILED_WITH(read, NOT_FOUND)) {
        char tiles[CHECKPOINT_NAME_BYTES];
        snprintf(tiles, sizeof tiles, "%stile", t.place.folder);
        TRY(files_exists(dir_fd, tiles, &t.has_leftovers));
    } else {
        TRY(damage_is_corrupt(read));
        TRY(damage_is_corrupt(restore(&t, buffer_slice(&note), key)));
    }
    *out = t;
    t = (tree){0}; /* given away */
    return OK;
}

/* -- publishing */

/* The bundle and every tile that became full with it. */
static status sync_bundle(const tree *t, uint64_t bundle) {
    tile_id id = {TILE_ENTRIES, bundle, MERKLE_TILE_WIDTH};
    TRY(tile_sync(&t->place, &id));
    uint64_t end = (bundle + 1) * MERKLE_TILE_WIDTH;
    bool is_last_of_folder = bundle % 1000 == 999 || bundle + 1 == tile_edge(0, t->edge.size);
    if (is_last_of_folder) TRY(tile_sync_folder(&t->place, &id));
    for (id.level = 0; id.level < MERKLE_TILE_LEVELS - 1; id.level++) {
        if (end & ((UINT64_C(1) << (8 * (id.level + 1))) - 1)) break;
        id.index = tile_edge(id.level, end) - 1;
        TRY(tile_sync(&t->place, &id));
        if (is_last_of_folder || id.level > 0) TRY(tile_sync_folder(&t->place, &id));
    }
    return OK;
}

static status write_durably(const tree *t, const tile_id *id, slice bytes) {
    TRY(tile_write(&t->place, id, bytes));
    TRY(tile_sync(&t->place, id));
    return tile_sync_folder(&t->place, id);
}

static status write_partials(const tree *t) {
    uint64_t size = t->edge.size;
    for (int level = TILE_ENTRIES; level < MERKLE_TILE_LEVELS; level++) {
        tile_id id = {level, tile_edge(level, size), tile_width(level, tile_edge(level, size), size)};
        if (id.width == 0) continue;
        bool is_there = t->has_checkpoint && id.index == tile_edge(level, t->published.size) &&
                        id.width == tile_width(level, id.index, t->published.size);
        if (is_there) continue; /* upper levels change once in 256 entries or rarer */
        slice bytes = level == TILE_ENTRIES ? buffer_slice(&t->bundle)
                                            : slice_of(t->tile[level], id.width * (size_t)MERKLE_HASH_BYTES);
        TRY(write_durably(t, &id, bytes));
    }
    return OK;
}

/* Partial tiles of `older` that neither of the two newest checkpoints needs. */
static void remove_partials(const tree *t, uint64_t older) {
    for (int level = TILE_ENTRIES; level < MERKLE_TILE_LEVELS; level++) {
        uint64_t edge = tile_edge(level, older);
        tile_id id = {level, edge, tile_width(level, edge, older)};
        bool is_needed =
            (edge == tile_edge(level, t->published.size) && id.width == tile_width(level, edge, t->published.size)) ||
            (edge == tile_edge(level, t->published_before) && id.width == tile_width(level, edge, t->published_before));
        if (!is_needed) tile_remove_partial(&t->place, &id);
    }
}

static status publish(tree *t, const tree_signing *signing) {
    OWNED(buffer) note = {0};
    char name[CHECKPOINT_NAME_BYTES];
    merkle_head head = {.size = t->edge.size};
    TRY(frontier_root(&t->edge, &head.root));
    TRY(checkpoint_sign(&head, &signing->key, signing->with, &note));
    checkpoint_name(t, name);
    TRY(files_write_atomic(t->place.dir_fd, name, buffer_slice(&note)));
    uint64_t older = t->published_before;
    t->published_before = t->published.size;
    t->published = head;
    t->has_checkpoint = true;
    t->has_leftovers = false;
    remove_partials(t, older);
    return OK;
}

status tree_flush(tree *t, const tree_signing *signing, bool *is_done) {
    *is_done = false;
    if (t->has_checkpoint && t->published.size == t->edge.size) {
        *is_done = true;
        return OK;
    }
    TRY(tree_write(t));
    uint64_t full = tile_edge(0, t->edge.size);
    for (int budget = TREE_FLUSH_BUNDLES; t->synced_bundles < full; budget--) {
        if (budget == 0) return OK;
        TRY(sync_bundle(t, t->synced_bundles));
        t->synced_bundles++;
    }
    TRY(write_partials(t));
    TRY(publish(t, signing));
    *is_done = true;
    return OK;
}
