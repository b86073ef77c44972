/* Blobs as files: <xx>/<id> and, while being written, <xx>/<id>.part; id is 32 lower-case hex digits, xx its first two.
 */
#include "blobs/directory.h"

#include <stdio.h>
#include <stdlib.h>

#include "system/files.h"

enum {
    FOLDERS = 256,
    ID_DIGITS = 2 * BLOB_ID_BYTES,
    NAME_BYTES = 3 + ID_DIGITS + sizeof ".part",
    LIST_BYTES_MOST = 256 << 20, /* of names in one folder: some millions of blobs */
};

typedef struct directory {
    int fd;
    bool is_durable;
    bool is_new_folder_due; /* the top folder has a new name in it */
    bool is_due[FOLDERS];   /* folders with new names since the last sync */
} directory;

typedef struct blob_name {
    char text[NAME_BYTES];
} blob_name;

static blob_name name_of(const uint8_t id[BLOB_ID_BYTES], const char *ending) {
    blob_name name;
    int at = snprintf(name.text, sizeof name.text, "%02x/", id[0]);
    for (size_t i = 0; i < BLOB_ID_BYTES; i++)
        at += snprintf(name.text + at, sizeof name.text - (size_t)at, "%02x", id[i]);
    snprintf(name.text + at, sizeof name.text - (size_t)at, "%s", ending);
    return name;
}

static blob_name folder_of(size_t index) {
    blob_name name;
    snprintf(name.text, sizeof name.text, "%02x", (unsigned)(index & 0xff));
    return name;
}

status directory_open(const blobs_options *options, void **state) {
    directory *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    made->is_durable = options->is_durable;
    status opened = files_open_folder(FILES_HERE, options->folder, &made->fd);
    if (FAILED(opened)) {
        free(made);
        return opened;
    }
    *state = made;
    return OK;
}

static void directory_close(void *state) {
    directory *d = state;
    files_close(d->fd);
    free(d);
}

static status folder_need(directory *d, uint8_t index) {
    status made = files_make_folder(d->fd, folder_of(index).text);
    if (FAILED_WITH(made, EXISTS)) return OK;
    TRY(made);
    d->is_new_folder_due = true;
    return OK;
}

static status ensure_unused(directory *d, const uint8_t id[BLOB_ID_BYTES]) {
    bool is_used;
    TRY(files_exists(d->fd, name_of(id, "").text, &is_used));
    ENSURE(!is_used, EXISTS);
    return OK;
}

static status directory_create(void *state, const uint8_t id[BLOB_ID_BYTES], int *fd) {
    directory *d = state;
    blob_name part = name_of(id, ".part");
    TRY(ensure_unused(d, id));
    status created = files_create(d->fd, part.text, fd);
    if (!FAILED_WITH(created, NOT_FOUND)) return created;
    TRY(folder_need(d, id[0]));
    return files_create(d->fd, part.text, fd);
}

static status directory_open_blob(void *state, const uint8_t id[BLOB_ID_BYTES], int *fd) {
    directory *d = state;
    return files_open_read(d->fd, name_of(id, "").text, fd);
}

static status directory_rewrite(void *state, const uint8_t id[BLOB_ID_BYTES], slice beginning) {
    directory *d = state;
    int fd;
    TRY(files_open_write(d->fd, name_of(id, "").text, &fd));
    status written = files_write_at(fd, 0, beginning);
    if (!FAILED(written) && d->is_durable) written = files_sync_data(fd);
    files_close(fd);
    return written;
}

/* One process writes here, so nothing comes between the look and the rename. */
static status part_commit(directory *d, const uint8_t id[BLOB_ID_BYTES]) {
    TRY(ensure_unused(d, id));
    TRY(files_rename(d->fd, name_of(id, ".part").text, name_of(id, "").text));
    d->is_due[id[0]] = true;
    return OK;
}

static bool is_folder(directory *d, const char *name) {
    int fd;
    if (FAILED(files_open_folder(d->fd, name, &fd))) return false;
    files_close(fd);
    return true;
}

static status name_remove(directory *d, const char *name) {
    status removed = files_unlink(d->fd, name);
    if (FAILED_WITH(removed, IO) && is_folder(d, name)) return FAIL(UNSUPPORTED);
    return removed;
}

static status directory_settle(void *state, const uint8_t id[BLOB_ID_BYTES], enum blob_fate fate) {
    directory *d = state;
    switch (fate) {
    case BLOB_FATE_COMMIT: return part_commit(d, id);
    case BLOB_FATE_ABANDON: return name_remove(d, name_of(id, ".part").text);
    case BLOB_FATE_REMOVE: return name_remove(d, name_of(id, "").text);
    }
    return FAIL(INTERNAL);
}

static status folder_sync(directory *d, size_t index) {
    int fd;
    TRY(files_open_folder(d->fd, folder_of(index).text, &fd));
    status synced = files_sync(fd);
    files_close(fd);
    return synced;
}

/* Names in the folders first, new folders' own names in the top folder last; nothing refers to a blob before all of it
 * is done. What failed stays due. */
static status directory_sync(void *state) {
    directory *d = state;
    for (size_t i = 0; i < FOLDERS; i++) {
        if (!d->is_due[i]) continue;
        if (d->is_durable) TRY(folder_sync(d, i));
        d->is_due[i] = false;
    }
    if (!d->is_new_folder_due) return OK;
    if (d->is_durable) TRY(files_sync(d->fd));
    d->is_new_folder_due = false;
    return OK;
}

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly 2 * count lower-case digits. */
static bool parse_hex(slice text, uint8_t *out, size_t count) {
    if (text.len != 2 * count) return false;
    for (size_t i = 0; i < count; i++) {
        int high = hex_digit(text.at[2 * i]), low = hex_digit(text.at[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static enum blob_find classify(slice name, uint8_t folder, uint8_t id[BLOB_ID_BYTES]) {
    slice digits = slice_head(name, ID_DIGITS);
    slice ending = slice_skip(name, ID_DIGITS);
    if (!parse_hex(digits, id, BLOB_ID_BYTES) || id[0] != folder) return BLOB_FIND_FOREIGN;
    if (ending.len == 0) return BLOB_FIND_WHOLE;
    return slice_equals(ending, SLICE(".part")) ? BLOB_FIND_PART : BLOB_FIND_FOREIGN;
}

static status folder_list(int fd, uint8_t index, blob_visit *visit, void *context) {
    OWNED(arena) memory = {.limit = LIST_BYTES_MOST};
    slice *names;
    size_t count;
    TRY(files_list(fd, &memory, &names, &count));
    for (size_t i = 0; i < count; i++) {
        uint8_t id[BLOB_ID_BYTES];
        enum blob_find find = classify(names[i], index, id);
        TRY(visit(context, find, find == BLOB_FIND_FOREIGN ? NULL : id));
    }
    return OK;
}

/* What has a folder's name but is a file or a link does not open as a folder: it is none of ours. */
static status entry_list(directory *d, slice name, blob_visit *visit, void *context) {
    uint8_t index;
    int fd;
    if (!parse_hex(name, &index, 1)) return visit(context, BLOB_FIND_FOREIGN, NULL);
    status opened = files_open_folder(d->fd, folder_of(index).text, &fd);
    if (FAILED(opened)) return visit(context, BLOB_FIND_FOREIGN, NULL);
    status listed = folder_list(fd, index, visit, context);
    files_close(fd);
    return listed;
}

static status directory_list(void *state, blob_visit *visit, void *context) {
    directory *d = state;
    OWNED(arena) memory = {0};
    slice *names;
    size_t count;
    TRY(files_list(d->fd, &memory, &names, &count));
    for (size_t i = 0; i < count; i++) TRY(entry_list(d, names[i], visit, context));
    return OK;
}

const blob_driver blob_driver_directory = {
    .create = directory_create,
    .open = directory_open_blob,
    .rewrite = directory_rewrite,
    .settle = directory_settle,
    .sync = directory_sync,
    .list = directory_list,
    .close = directory_close,
};
