/* Fills a data folder, while nothing serves it, with records of customer master keys: keyhold-many-keys DATA COUNT. They are copies of the
 * one that is there under ids of their own: enough to see what so many cost a server in memory and at its start. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/random.h"
#include "crypto/start.h"
#include "custody/root.h"
#include "store/store.h"

#include "contract/contract_tables.h"

enum { BATCH = 4096, PATH_ROOM = 4096 };

static status store_key_read(const char *data, root_keys *out) {
    char path[PATH_ROOM];
    OWNED(secret) root = {0};
    snprintf(path, sizeof path, "%s/root.key", data);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0, NOT_FOUND);
    status read = root_key_read(fd, &root);
    close(fd);
    TRY(read);
    return root_keys_derive(&root, out);
}

/* The first key there is, and all of its store key but the id. */
static status pattern_find(store *s, arena *memory, key_record *pattern, slice *prefix) {
    store_row *rows;
    size_t count;
    TRY(store_list(s, SLICE("key/"), (slice){0}, 1, memory, &rows, &count));
    ENSURE(count == 1 && rows[0].key.len > 36, NOT_FOUND);
    *prefix = slice_head(rows[0].key, rows[0].key.len - 36);
    return shape_unpack(&key_record_shape, rows[0].value, memory, pattern);
}

static status key_add(store *s, const key_record *pattern, slice prefix) {
    uint8_t id[16];
    char text[37], path[PATH_ROOM];
    OWNED(buffer) packed = {0};
    key_record key = *pattern;
    TRY(random_uuid(id));
    uuid_format(id, text);
    key.key_id = slice_of_text(text);
    TRY(shape_pack(&key_record_shape, &key, &packed));
    snprintf(path, sizeof path, "%.*s%s", SLICE_ARGS(prefix), text);
    store_change change = {slice_of_text(path), buffer_slice(&packed), STORE_ABSENT};
    return store_apply(s, &change, 1);
}

static status fill(store *s, size_t count) {
    OWNED(arena) memory = {0};
    key_record pattern;
    slice prefix;
    TRY(pattern_find(s, &memory, &pattern, &prefix));
    for (size_t done = 0; done < count;) {
        TRY(store_begin(s));
        for (size_t i = 0; i < BATCH && done < count; i++, done++) TRY(key_add(s, &pattern, prefix));
        TRY(store_commit(s));
    }
    return OK;
}

static status run(const char *data, size_t count) {
    char folder[PATH_ROOM];
    store *s = NULL;
    store_fault fault = {""};
    OWNED(root_keys) keys = {0};
    TRY(crypto_start());
    TRY(store_key_read(data, &keys));
    snprintf(folder, sizeof folder, "%s/core", data);
    store_options options = {.folder = folder, .key = &keys.store, .is_durable = false, .fault = &fault};
    status opened = store_open(&options, &s);
    if (FAILED(opened)) fprintf(stderr, "%s\n", fault.text);
    TRY(opened);
    status filled = fill(s, count);
    store_close(s);
    return filled;
}

int main(int argc, char **argv) {
    uint64_t count;
    if (argc != 3 || !slice_to_u64(slice_of_text(argv[2]), &count)) return 2;
    status done = run(argv[1], (size_t)count);
    if (FAILED(done)) fprintf(stderr, "many_keys: %s\n", status_name(done));
    return FAILED(done) ? 1 : 0;
}
