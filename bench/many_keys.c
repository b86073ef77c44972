/* Fills a data folder, while nothing serves it, with records of customer master keys: many_keys DATA COUNT. They are copies of the
 * one that is there under ids of their own: enough to see what so many cost a server in memory and at its start. */
#include <stdio.h>

#include "base/text.h"
#include "crypto/random.h"
#include "fill.h"

/* The first key there is, and all of its store key but the id. */
static status pattern_find(const filler *f, arena *memory, key_record *pattern, slice *prefix) {
    store_row row;
    TRY(filler_first(f, SLICE("key/"), memory, &row));
    ENSURE(row.key.len > 36, NOT_FOUND);
    *prefix = slice_head(row.key, row.key.len - 36);
    return shape_unpack(&key_record_shape, row.value, memory, pattern);
}

static status key_add(const filler *f, const key_record *pattern, slice prefix) {
    uint8_t id[16];
    char text[37], path[FILL_PATH_ROOM];
    key_record key = *pattern;
    TRY(random_uuid(id));
    uuid_format(id, text);
    key.key_id = slice_of_text(text);
    snprintf(path, sizeof path, "%.*s%s", SLICE_ARGS(prefix), text);
    return filler_put(f, slice_of_text(path), &key_record_shape, &key);
}

static status fill(const filler *f, size_t count) {
    OWNED(arena) memory = {0};
    key_record pattern;
    slice prefix;
    TRY(pattern_find(f, &memory, &pattern, &prefix));
    for (size_t done = 0; done < count;) {
        TRY(store_begin(f->store));
        for (size_t i = 0; i < FILL_BATCH && done < count; i++, done++) TRY(key_add(f, &pattern, prefix));
        TRY(store_commit(f->store));
    }
    return OK;
}

static status run(const char *data, size_t count) {
    OWNED(filler) f = {0};
    TRY(filler_open(data, &f));
    return fill(&f, count);
}

int main(int argc, char **argv) {
    uint64_t count;
    if (argc != 3 || !slice_to_u64(slice_of_text(argv[2]), &count)) return 2;
    status done = run(argv[1], (size_t)count);
    if (FAILED(done)) fprintf(stderr, "many_keys: %s\n", status_name(done));
    return FAILED(done) ? 1 : 0;
}
