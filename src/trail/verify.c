/* Offline verification: rebuilds the tree from the entries and compares everything on the way. */
#include "trail/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "system/files.h"

typedef struct run {
    tile_place place;
    verify_report *report;
    frontier edge;
    merkle_hash (*tile)[MERKLE_TILE_WIDTH]; /* of each level, as it follows from the entries */
    merkle_head earlier;
    bool has_earlier;
    bool is_earlier_met; /* its root came out when the tree had its size */
    bool has_difference; /* a tile on disk differs; the first one: */
    tile_id difference;
    uint64_t difference_index; /* of the hash, within its level */
} run;

static status fail_at(verify_report *report, const char *file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static status fail_at(verify_report *report, const char *file, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report->why, sizeof report->why, format, arguments);
    va_end(arguments);
    snprintf(report->file, sizeof report->file, "%s", file);
    return FAIL(VERIFICATION);
}

/* Absent, too long, not a whole number of hashes, or cut short: the trail's fault. Anything else is the machine's. */
static status name_damage(run *r, const tile_id *id, status read) {
    char name[TILE_NAME_BYTES];
    tile_name(&r->place, id, name);
    if (FAILED_WITH(read, NOT_FOUND)) return fail_at(r->report, name, "%s is missing", name);
    if (FAILED_WITH(read, TOO_LARGE) || FAILED_WITH(read, CORRUPT))
        return fail_at(r->report, name, "%s does not have the size it must have", name);
    return read;
}

static bool is_hash_equal(const merkle_hash *due, const uint8_t *at) {
    return slice_equals(slice_of(due->at, MERKLE_HASH_BYTES), slice_of(at, MERKLE_HASH_BYTES));
}

/* Compares the tile on disk with the one that follows from the entries. The first difference is noted; whose fault it
 * is shows when the root is known. */
static status compare_tile(run *r, const tile_id *id) {
    OWNED(buffer) found = {0};
    status read = tile_read_prefix(&r->place, id, &found);
    if (FAILED(read)) return name_damage(r, id, read);
    for (unsigned i = 0; i < id->width && !r->has_difference; i++) {
        if (is_hash_equal(&r->tile[id->level][i], found.at + i * MERKLE_HASH_BYTES)) continue;
        r->has_difference = true;
        r->difference = *id;
        r->difference_index = id->index * MERKLE_TILE_WIDTH + i;
    }
    return OK;
}

static status check_earlier(run *r) {
    merkle_hash root;
    if (!r->has_earlier || r->edge.size != r->earlier.size) return OK;
    TRY(frontier_root(&r->edge, &root));
    r->is_earlier_met = merkle_hash_equals(&root, &r->earlier.root);
    return OK;
}

static status add_entry(run *r, slice entry) {
    merkle_hash leaf;
    frontier_step step;
    uint64_t size = r->edge.size;
    TRY(merkle_leaf(entry, &leaf));
    TRY(frontier_add(&r->edge, &leaf, &step));
    for (size_t level = 0; level < step.count; level++) {
        unsigned item = (unsigned)(size >> (8 * level) & 0xff);
        r->tile[level][item] = step.at[level];
        tile_id id = {(int)level, tile_edge((int)level, size), MERKLE_TILE_WIDTH};
        if (item == MERKLE_TILE_WIDTH - 1) TRY(compare_tile(r, &id));
    }
    r->report->entries++;
    return check_earlier(r);
}

static status check_bundle(run *r, const tile_id *id) {
    OWNED(buffer) bundle = {0};
    char name[TILE_NAME_BYTES];
    tile_name(&r->place, id, name);
    status read = tile_read_prefix(&r->place, id, &bundle);
    if (FAILED(read)) return name_damage(r, id, read);
    slice rest = buffer_slice(&bundle);
    for (unsigned i = 0; i < id->width; i++) {
        slice entry;
        r->report->index = r->edge.size;
        if (!bundle_take(&rest, &entry))
            return fail_at(r->report, name, "%s ends within entry %llu", name, (unsigned long long)r->edge.size);
        TRY(add_entry(r, entry));
    }
    if (rest.len) return fail_at(r->report, name, "%s has %zu bytes behind its last entry", name, rest.len);
    return OK;
}

static status check_partial_tiles(run *r) {
    for (int level = 0; level < MERKLE_TILE_LEVELS; level++) {
        uint64_t edge = tile_edge(level, r->edge.size);
        tile_id id = {level, edge, tile_width(level, edge, r->edge.size)};
        if (id.width) TRY(compare_tile(r, &id));
    }
    return OK;
}

/* Nothing but the entries and the signed root decide: when they agree, a tile that differs is wrong by itself. */
static status judge_difference(run *r, bool is_root_met) {
    char name[TILE_NAME_BYTES];
    unsigned long long index = r->difference_index;
    tile_id id = r->difference;
    r->report->index = index;
    if (!is_root_met && id.level == 0) {
        id.level = TILE_ENTRIES;
        tile_name(&r->place, &id, name);
        return fail_at(r->report, name, "%s: entry %llu is not the one that was signed", name, index);
    }
    tile_name(&r->place, &id, name);
    return fail_at(r->report, name, "%s: hash %llu is not the one that follows from the entries", name, index);
}

static status judge(run *r) {
    merkle_hash root;
    TRY(frontier_root(&r->edge, &root));
    bool is_root_met = merkle_hash_equals(&root, &r->report->head.root);
    if (r->has_difference) return judge_difference(r, is_root_met);
    r->report->index = 0;
    if (!is_root_met)
        return fail_at(r->report, "checkpoint", "checkpoint: the signed root does not follow from the entries");
    if (r->has_earlier && !r->is_earlier_met)
        return fail_at(r->report, "checkpoint",
                       "checkpoint: the first %llu entries are not those of the earlier checkpoint",
                       (unsigned long long)r->earlier.size);
    return OK;
}

static status check_all(run *r) {
    uint64_t size = r->report->head.size;
    TRY(check_earlier(r));
    for (uint64_t bundle = 0; bundle * MERKLE_TILE_WIDTH < size; bundle++) {
        tile_id id = {TILE_ENTRIES, bundle, tile_width(TILE_ENTRIES, bundle, size)};
        TRY(check_bundle(r, &id));
    }
    TRY(check_partial_tiles(r));
    return judge(r);
}

/* The key for the checkpoint's origin: the given one, or the log's key under the account's name. */
static status choose_key(const verify_request *request, slice origin, note_key *out) {
    slice base = note_key_name(request->key);
    slice account = slice_skip(origin, base.len + 1);
    bool is_base = slice_starts_with(origin, base) && origin.len > base.len + 1 && origin.at[base.len] == '/' &&
                   !slice_contains_byte(account, '/');
    *out = *request->key;
    if (is_base) TRY(note_key_extend(request->key, account, out));
    if (slice_is_absent(request->account)) return OK;
    slice name = note_key_name(out);
    bool is_wanted = slice_ends_with(name, request->account) && name.len > request->account.len &&
                     name.at[name.len - request->account.len - 1] == '/';
    ENSURE(is_wanted, VERIFICATION);
    return OK;
}

static status check_checkpoint(const verify_request *request, slice note, note_key *key, verify_report *report) {
    checkpoint read;
    status opened = checkpoint_peek(note, &read);
    if (!FAILED(opened)) opened = choose_key(request, read.origin, key);
    if (!FAILED(opened)) opened = checkpoint_open(note, key, &read);
    if (FAILED_WITH(opened, MALFORMED) || FAILED_WITH(opened, TOO_LARGE))
        return fail_at(report, "checkpoint", "checkpoint is not a signed checkpoint");
    if (FAILED_WITH(opened, VERIFICATION) || FAILED_WITH(opened, INVALID_PARAMETER))
        return fail_at(report, "checkpoint", "checkpoint: not signed by the given key for this log");
    TRY(opened);
    report->head = read.head;
    slice origin = slice_head(read.origin, NOTE_NAME_BYTES_MOST);
    memcpy(report->origin, origin.at, origin.len);
    report->origin_len = origin.len;
    return OK;
}

static status check_earlier_note(run *r, const verify_request *request, const note_key *key) {
    if (slice_is_absent(request->earlier)) return OK;
    checkpoint earlier;
    status opened = checkpoint_open(request->earlier, key, &earlier);
    if (FAILED_WITH(opened, MALFORMED) || FAILED_WITH(opened, VERIFICATION) || FAILED_WITH(opened, TOO_LARGE))
        return fail_at(r->report, "checkpoint",
                       "the earlier checkpoint is not one of this log, signed by the given key");
    TRY(opened);
    if (earlier.head.size > r->report->head.size)
        return fail_at(r->report, "checkpoint",
                       "checkpoint: the trail has %llu entries, but had %llu when the earlier one was signed",
                       (unsigned long long)r->report->head.size, (unsigned long long)earlier.head.size);
    r->earlier = earlier.head;
    r->has_earlier = true;
    return OK;
}

status verify_trail(const verify_request *request, verify_report *report) {
    OWNED(buffer) note = {0};
    note_key key;
    run r = {.place.dir_fd = request->folder_fd, .report = report};
    *report = (verify_report){0};
    status read = files_read(request->folder_fd, "checkpoint", NOTE_BYTES_MOST, &note);
    if (FAILED_WITH(read, NOT_FOUND)) return fail_at(report, "checkpoint", "checkpoint is missing");
    if (FAILED_WITH(read, TOO_LARGE)) return fail_at(report, "checkpoint", "checkpoint is not a signed checkpoint");
    TRY(read);
    TRY(check_checkpoint(request, buffer_slice(&note), &key, report));
    TRY(check_earlier_note(&r, request, &key));
    r.tile = calloc(MERKLE_TILE_LEVELS, sizeof *r.tile);
    ENSURE(r.tile != NULL, OUT_OF_MEMORY);
    status checked = check_all(&r);
    free(r.tile);
    return checked;
}
