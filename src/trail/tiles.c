/* Names and files of tiles and entry bundles. */
#include "trail/tiles.h"

#include <stdio.h>

#include "system/files.h"

/* Items at a level: floor(size / 256^level). */
static uint64_t items_at(int level, uint64_t size) { return level <= 0 ? size : level < 8 ? size >> (8 * level) : 0; }

uint64_t tile_edge(int level, uint64_t size) { return items_at(level, size) / MERKLE_TILE_WIDTH; }

unsigned tile_width(int level, uint64_t index, uint64_t size) {
    uint64_t items = items_at(level, size);
    if (index < items / MERKLE_TILE_WIDTH) return MERKLE_TILE_WIDTH;
    return index == items / MERKLE_TILE_WIDTH ? (unsigned)(items % MERKLE_TILE_WIDTH) : 0;
}

/* "x001/x234/067" */
static void index_text(uint64_t index, char *out, size_t room) {
    unsigned group[8];
    int groups = 0;
    do {
        group[groups++] = (unsigned)(index % 1000);
        index /= 1000;
    } while (index && groups < 8);
    size_t used = 0;
    while (groups-- > 0) {
        int wrote = snprintf(out + used, room - used, groups ? "x%03u/" : "%03u", group[groups]);
        used += (size_t)wrote;
    }
}

void tile_name(const tile_place *place, const tile_id *id, char out[TILE_NAME_BYTES]) {
    char level[8] = "entries";
    char index[48];
    char part[8] = "";
    if (id->level >= 0) snprintf(level, sizeof level, "%d", id->level % 64);
    index_text(id->index, index, sizeof index);
    if (id->width < MERKLE_TILE_WIDTH) snprintf(part, sizeof part, ".p/%u", id->width % MERKLE_TILE_WIDTH);
    snprintf(out, TILE_NAME_BYTES, "%stile/%s/%s%s", place->folder, level, index, part);
}

status tile_read(const tile_place *place, const tile_id *id, buffer *out) {
    char name[TILE_NAME_BYTES];
    tile_name(place, id, name);
    size_t before = out->len;
    bool is_bundle = id->level == TILE_ENTRIES;
    size_t most = is_bundle ? (size_t)TILE_BUNDLE_BYTES_MOST : (size_t)MERKLE_TILE_BYTES;
    TRY(files_read(place->dir_fd, name, most, out));
    if (is_bundle || out->len - before == id->width * (size_t)MERKLE_HASH_BYTES) return OK;
    out->len = before;
    return FAIL(CORRUPT);
}

/* Cuts what was read after `start` down to `width` items. */
static status cut_to_width(const tile_id *id, size_t start, buffer *out) {
    slice read = slice_skip(buffer_slice(out), start);
    slice rest = read;
    slice item;
    for (unsigned i = 0; i < id->width; i++) {
        bool is_there =
            id->level == TILE_ENTRIES ? bundle_take(&rest, &item) : slice_take(&rest, MERKLE_HASH_BYTES, &item);
        if (!is_there) {
            out->len = start;
            return FAIL(CORRUPT);
        }
    }
    out->len = start + (read.len - rest.len);
    return OK;
}

status tile_read_prefix(const tile_place *place, const tile_id *id, buffer *out) {
    status read = tile_read(place, id, out);
    if (!FAILED_WITH(read, NOT_FOUND)) return read;
    size_t start = out->len;
    tile_id wider = *id;
    for (wider.width = MERKLE_TILE_WIDTH; wider.width > id->width; wider.width--) {
        read = tile_read(place, &wider, out);
        if (FAILED_WITH(read, NOT_FOUND)) continue;
        TRY(read);
        return cut_to_width(id, start, out);
    }
    return FAIL(NOT_FOUND);
}

/* Makes the folders above `name`, and the name of each new one durable. */
static status make_parents(int dir_fd, char *name) {
    int parent = -1;
    for (char *at = strchr(name, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        status made = files_make_folder(dir_fd, name);
        if (!FAILED(made)) {
            char *above = strrchr(name, '/');
            if (above) *above = '\0';
            made = files_open_folder(dir_fd, above ? name : ".", &parent);
            if (above) *above = '/';
            if (!FAILED(made)) made = files_sync(parent);
            files_close(parent);
            parent = -1;
        }
        *at = '/';
        if (!FAILED_WITH(made, EXISTS)) TRY(made);
    }
    return OK;
}

static status open_for_writing(const tile_place *place, const tile_id *id, int *out) {
    char name[TILE_NAME_BYTES];
    tile_name(place, id, name);
    status opened = files_create(place->dir_fd, name, out);
    if (FAILED_WITH(opened, NOT_FOUND)) {
        TRY(make_parents(place->dir_fd, name));
        opened = files_create(place->dir_fd, name, out);
    }
    if (!FAILED_WITH(opened, EXISTS)) return opened;
    TRY(files_open_write(place->dir_fd, name, out));
    status emptied = files_resize(*out, 0);
    if (FAILED(emptied)) files_close(*out);
    return emptied;
}

status tile_write(const tile_place *place, const tile_id *id, slice bytes) {
    int fd = -1;
    TRY(open_for_writing(place, id, &fd));
    status written = files_write_at(fd, 0, bytes);
    files_close(fd);
    return written;
}

status tile_sync(const tile_place *place, const tile_id *id) {
    char name[TILE_NAME_BYTES];
    tile_name(place, id, name);
    int fd = -1;
    TRY(files_open_write(place->dir_fd, name, &fd));
    status synced = files_sync_data(fd);
    files_close(fd);
    return synced;
}

status tile_sync_folder(const tile_place *place, const tile_id *id) {
    char name[TILE_NAME_BYTES];
    tile_name(place, id, name);
    *strrchr(name, '/') = '\0';
    int fd = -1;
    TRY(files_open_folder(place->dir_fd, name, &fd));
    status synced = files_sync(fd);
    files_close(fd);
    return synced;
}

void tile_remove_partial(const tile_place *place, const tile_id *id) {
    if (id->width == 0 || id->width >= MERKLE_TILE_WIDTH) return;
    char name[TILE_NAME_BYTES];
    tile_name(place, id, name);
    status_ignore(files_unlink(place->dir_fd, name));
    *strrchr(name, '/') = '\0';
    status_ignore(files_remove_folder(place->dir_fd, name));
}

bool bundle_take(slice *rest, slice *entry) {
    slice tried = *rest;
    uint16_t len;
    if (!slice_take_u16(&tried, &len) || !slice_take(&tried, len, entry)) return false;
    *rest = tried;
    return true;
}

status bundle_append(buffer *bundle, slice entry) {
    ENSURE(entry.len <= TILE_ENTRY_BYTES_MOST, TOO_LARGE);
    TRY(buffer_reserve(bundle, 2 + entry.len));
    TRY(buffer_append_u16(bundle, (uint16_t)entry.len));
    return buffer_append(bundle, entry);
}
