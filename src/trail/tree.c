/* Growing a tree: entries into tiles and bundles, full ones to disk, and what proofs read from both. */
#include "trail/tree.h"

#include <stdlib.h>

#include "system/files.h"

struct tree_file {
    struct tree_file *next;
    tile_id id;
    uint8_t *bytes; /* owned */
    size_t len;
};

/* How many tile levels the next leaf completes: n when size + 1 is a multiple of 256^n. */
static int levels_sealed(uint64_t size) {
    int levels = 0;
    while (levels < MERKLE_TILE_LEVELS - 1 && (size >> (8 * levels) & 0xff) == 0xff) levels++;
    return levels;
}

static void files_free(struct tree_file *file) {
    while (file) {
        struct tree_file *next = file->next;
        free(file->bytes);
        free(file);
        file = next;
    }
}

/* `count` empty records in a chain, so that sealing cannot run out of memory half-way. */
static status files_reserve(int count, struct tree_file **out) {
    struct tree_file *chain = NULL;
    while (count-- > 0) {
        struct tree_file *file = calloc(1, sizeof *file);
        if (!file) {
            files_free(chain);
            return FAIL(OUT_OF_MEMORY);
        }
        file->next = chain;
        chain = file;
    }
    *out = chain;
    return OK;
}

/* Room for one more hash in every tile the next leaf reaches. */
static status tiles_reserve(tree *t, int levels) {
    for (int level = 0; level <= levels; level++) {
        if (t->tile[level]) continue;
        t->tile[level] = calloc(MERKLE_TILE_WIDTH, sizeof *t->tile[level]);
        ENSURE(t->tile[level] != NULL, OUT_OF_MEMORY);
    }
    return OK;
}

static void queue_push(tree *t, struct tree_file *file) {
    if (!t->unwritten) t->unwritten_end = &t->unwritten;
    file->next = NULL;
    *t->unwritten_end = file;
    t->unwritten_end = &file->next;
    t->unwritten_bytes += file->len;
}

static struct tree_file *chain_take(struct tree_file **chain) {
    struct tree_file *file = *chain;
    *chain = file->next;
    return file;
}

/* The bundle and the tiles of `levels` levels are full: they move to the queue as they are. */
static void seal(tree *t, int levels, struct tree_file *records) {
    uint64_t size = t->edge.size;
    struct tree_file *file = chain_take(&records);
    file->id = (tile_id){TILE_ENTRIES, size / MERKLE_TILE_WIDTH - 1, MERKLE_TILE_WIDTH};
    file->bytes = t->bundle.at;
    file->len = t->bundle.len;
    t->bundle = (buffer){0};
    queue_push(t, file);
    for (int level = 0; level < levels; level++) {
        file = chain_take(&records);
        file->id = (tile_id){level, tile_edge(level, size) - 1, MERKLE_TILE_WIDTH};
        file->bytes = t->tile[level]->at;
        file->len = MERKLE_TILE_BYTES;
        t->tile[level] = NULL;
        queue_push(t, file);
    }
}

status tree_add(tree *t, slice entry, uint64_t *index) {
    ENSURE(entry.len <= TILE_ENTRY_BYTES_MOST, TOO_LARGE);
    uint64_t size = t->edge.size;
    int levels = levels_sealed(size);
    merkle_hash leaf;
    frontier_step step;
    struct tree_file *records = NULL;
    TRY(merkle_leaf(entry, &leaf));
    TRY(tiles_reserve(t, levels));
    TRY(buffer_reserve(&t->bundle, 2 + entry.len));
    TRY(files_reserve(levels ? levels + 1 : 0, &records));
    status added = frontier_add(&t->edge, &leaf, &step);
    if (FAILED(added)) {
        files_free(records);
        return added;
    }
    for (size_t level = 0; level < step.count; level++) t->tile[level][size >> (8 * level) & 0xff] = step.at[level];
    status_ignore(bundle_append(&t->bundle, entry)); /* room and size are seen to above */
    if (levels) seal(t, levels, records);
    *index = size;
    return OK;
}

status tree_root(const tree *t, merkle_hash *out) { return frontier_root(&t->edge, out); }

status tree_write(tree *t) {
    while (t->unwritten) {
        struct tree_file *file = t->unwritten;
        TRY(tile_write(&t->place, &file->id, slice_of(file->bytes, file->len)));
        t->unwritten = file->next;
        t->unwritten_bytes -= file->len;
        file->next = NULL;
        files_free(file);
    }
    return OK;
}

void tree_clear(tree *t) {
    for (int level = 0; level < MERKLE_TILE_LEVELS; level++) free(t->tile[level]);
    buffer_clear(&t->bundle);
    files_free(t->unwritten);
    *t = (tree){0};
}

static const struct tree_file *queue_find(const tree *t, int level, uint64_t index) {
    for (const struct tree_file *file = t->unwritten; file; file = file->next)
        if (file->id.level == level && file->id.index == index) return file;
    return NULL;
}

/* What should be there and is not, or has the wrong size, is damage. */
static status missing_is_corrupt(status read) {
    if (FAILED_WITH(read, NOT_FOUND) || FAILED_WITH(read, TOO_LARGE)) return FAIL(CORRUPT);
    return read;
}

status tree_subtree(const tree *t, unsigned height, uint64_t index, merkle_hash *out) {
    unsigned level = height / 8;
    uint64_t count = UINT64_C(1) << height % 8;
    ENSURE(height < 64 && index < t->edge.size >> height, INTERNAL);
    uint64_t item = index * count; /* among the hashes of that level */
    uint64_t tile = item / MERKLE_TILE_WIDTH;
    uint64_t first = item % MERKLE_TILE_WIDTH;
    if (tile == tile_edge((int)level, t->edge.size)) return merkle_fold(t->tile[level] + first, count, out);
    const struct tree_file *waiting = queue_find(t, (int)level, tile);
    OWNED(buffer) read = {0};
    const uint8_t *bytes = waiting ? waiting->bytes : NULL;
    if (!bytes) {
        tile_id id = {(int)level, tile, MERKLE_TILE_WIDTH};
        TRY(missing_is_corrupt(tile_read(&t->place, &id, &read)));
        bytes = read.at;
    }
    merkle_hash hashes[MERKLE_TILE_WIDTH];
    memcpy(hashes, bytes + first * MERKLE_HASH_BYTES, count * MERKLE_HASH_BYTES);
    return merkle_fold(hashes, count, out);
}

status tree_bundle(const tree *t, uint64_t index, buffer *out) {
    unsigned width = tile_width(TILE_ENTRIES, index, t->edge.size);
    ENSURE(width > 0, NOT_FOUND);
    if (width < MERKLE_TILE_WIDTH) return buffer_append(out, buffer_slice(&t->bundle));
    const struct tree_file *waiting = queue_find(t, TILE_ENTRIES, index);
    if (waiting) return buffer_append(out, slice_of(waiting->bytes, waiting->len));
    tile_id id = {TILE_ENTRIES, index, width};
    return missing_is_corrupt(tile_read(&t->place, &id, out));
}
