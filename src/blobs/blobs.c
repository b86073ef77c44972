/* Blobs over a driver. */
#include "blobs/blobs.h"

#include <stdlib.h>

#include "blobs/directory.h"

struct blobs {
    const blob_driver *driver;
    void *state;
    uint8_t folder; /* where new ones lie */
    unsigned left;  /* so many more of them */
};

enum { GATHERED = 1024 };

status blobs_new(const blobs_options *options, blobs **out) {
    blobs *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    made->driver = &blob_driver_directory;
    status opened = directory_open(options, &made->state);
    if (FAILED(opened)) {
        free(made);
        return opened;
    }
    *out = made;
    return OK;
}

void blobs_free(blobs *b) {
    if (!b) return;
    b->driver->close(b->state);
    free(b);
}

void blobs_gather(blobs *b, uint8_t id[BLOB_ID_BYTES]) {
    if (b->left == 0) {
        b->folder = id[0];
        b->left = GATHERED;
    }
    id[0] = b->folder;
    b->left--;
}

status blobs_create(blobs *b, const uint8_t id[BLOB_ID_BYTES], int *fd) { return b->driver->create(b->state, id, fd); }

status blobs_commit(blobs *b, const uint8_t id[BLOB_ID_BYTES]) {
    return b->driver->settle(b->state, id, BLOB_FATE_COMMIT);
}

status blobs_sync(blobs *b) { return b->driver->sync(b->state); }

status blobs_open(blobs *b, const uint8_t id[BLOB_ID_BYTES], int *fd) { return b->driver->open(b->state, id, fd); }

status blobs_rewrite(blobs *b, const uint8_t id[BLOB_ID_BYTES], slice beginning) {
    return b->driver->rewrite(b->state, id, beginning);
}

status blobs_abandon(blobs *b, const uint8_t id[BLOB_ID_BYTES]) {
    return b->driver->settle(b->state, id, BLOB_FATE_ABANDON);
}

status blobs_remove(blobs *b, const uint8_t id[BLOB_ID_BYTES]) {
    return b->driver->settle(b->state, id, BLOB_FATE_REMOVE);
}

typedef struct sweep {
    blobs *blobs;
    bool (*is_wanted)(void *context, const uint8_t id[BLOB_ID_BYTES]);
    void *context;
    blobs_count count;
} sweep;

/* Removes what is unwanted. A folder under a blob's name is none of ours. */
static status sweep_remove(sweep *s, const uint8_t *id, enum blob_fate fate) {
    status removed = s->blobs->driver->settle(s->blobs->state, id, fate);
    if (FAILED_WITH(removed, UNSUPPORTED)) {
        s->count.foreign++;
        return OK;
    }
    TRY(removed);
    if (fate == BLOB_FATE_ABANDON) s->count.parts++;
    else s->count.removed++;
    return OK;
}

static status sweep_visit(void *context, enum blob_find find, const uint8_t *id) {
    sweep *s = context;
    if (find == BLOB_FIND_PART) return sweep_remove(s, id, BLOB_FATE_ABANDON);
    if (find == BLOB_FIND_WHOLE && !s->is_wanted(s->context, id)) return sweep_remove(s, id, BLOB_FATE_REMOVE);
    if (find == BLOB_FIND_WHOLE) s->count.kept++;
    else s->count.foreign++;
    return OK;
}

status blobs_sweep(blobs *b, bool (*is_wanted)(void *context, const uint8_t id[BLOB_ID_BYTES]), void *context,
                   blobs_count *out) {
    sweep s = {.blobs = b, .is_wanted = is_wanted, .context = context};
    TRY(b->driver->list(b->state, sweep_visit, &s));
    *out = s.count;
    return OK;
}
