/* Opening a data folder's store with its root key. */
#include "fill.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/start.h"

status filler_root_key(const char *data, secret *out) {
    char path[FILL_PATH_ROOM];
    snprintf(path, sizeof path, "%s/root.key", data);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0, NOT_FOUND);
    status read = root_key_read(fd, out);
    close(fd);
    return read;
}

static status keys_read(const char *data, root_keys *out) {
    OWNED(secret) root = {0};
    TRY(filler_root_key(data, &root));
    return root_keys_derive(&root, out);
}

static status store_of(const char *data, filler *f) {
    char folder[FILL_PATH_ROOM];
    store_fault fault = {""};
    snprintf(folder, sizeof folder, "%s/core", data);
    store_options options = {.folder = folder, .key = &f->keys.store, .is_durable = false, .fault = &fault};
    status opened = store_open(&options, &f->store);
    if (FAILED(opened)) fprintf(stderr, "%s\n", fault.text);
    return opened;
}

status filler_open(const char *data, filler *out) {
    filler made = {0};
    TRY(crypto_start());
    TRY(keys_read(data, &made.keys));
    status opened = store_of(data, &made);
    if (FAILED(opened)) filler_clear(&made);
    else *out = made;
    return opened;
}

void filler_clear(filler *f) {
    store_close(f->store);
    root_keys_clear(&f->keys);
    *f = (filler){0};
}

status filler_first(const filler *f, slice prefix, arena *memory, store_row *out) {
    store_row *rows;
    size_t count;
    TRY(store_list(f->store, prefix, (slice){0}, 1, memory, &rows, &count));
    ENSURE(count == 1, NOT_FOUND);
    *out = rows[0];
    return OK;
}

status filler_put(const filler *f, slice path, const shape *of, const void *record) {
    OWNED(buffer) packed = {0};
    TRY(shape_pack(of, record, &packed));
    store_change change = {path, buffer_slice(&packed), STORE_ABSENT};
    return store_apply(f->store, &change, 1);
}
