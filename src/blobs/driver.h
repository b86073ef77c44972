/* What blobs need of a place to lie in. */
#ifndef BLOBS_DRIVER_H
#define BLOBS_DRIVER_H

#include "blobs/blobs.h"

/* What becomes of a part (the first two) or of a whole blob (the last). */
enum blob_fate { BLOB_FATE_COMMIT, BLOB_FATE_ABANDON, BLOB_FATE_REMOVE };

/* One thing found in the place. */
enum blob_find { BLOB_FIND_WHOLE, BLOB_FIND_PART, BLOB_FIND_FOREIGN };
/* `id` is NULL for what is foreign. The visitor may settle what it is shown. A failure ends the listing. */
typedef status blob_visit(void *context, enum blob_find find, const uint8_t *id);

/* Failures as in blobs.h; settle also fails with UNSUPPORTED when something that is not a blob has the name. */
typedef struct blob_driver {
    status (*create)(void *state, const uint8_t id[BLOB_ID_BYTES], int *fd);
    status (*open)(void *state, const uint8_t id[BLOB_ID_BYTES], int *fd);
    status (*rewrite)(void *state, const uint8_t id[BLOB_ID_BYTES], slice beginning);
    status (*settle)(void *state, const uint8_t id[BLOB_ID_BYTES], enum blob_fate fate);
    /* Makes all commits so far durable. */
    status (*sync)(void *state);
    status (*list)(void *state, blob_visit *visit, void *context);
    void (*close)(void *state);
} blob_driver;

#endif
