/* Object bodies on their way: plaintext in pieces of any size to sealed bytes, and any range of it back. Cobblestone-256
 * (crypto/chunked.h). No I/O: the caller reads and writes, in steps of up to BODY_STEP_BYTES, whatever the body's size. */
#ifndef OBJECTS_BODY_H
#define OBJECTS_BODY_H

#include "base/secret.h"
#include "crypto/chunked.h"
#include "crypto/hash.h"

enum {
    BODY_STEP_CHUNKS = 16,
    BODY_STEP_BYTES = BODY_STEP_CHUNKS * CHUNKED_PLAIN_BYTES,                            /* of plaintext: 256 KiB */
    BODY_STEP_SEALED_BYTES = BODY_STEP_CHUNKS * CHUNKED_SEALED_BYTES + CHUNKED_TAG_BYTES /* read at once, at most */
};

/* -- sealing */

typedef struct body_sealer body_sealer;

/* One new body under its data key (32 bytes); `context` binds it to its place. Holds about 300 KiB. OUT_OF_MEMORY, and as
 * chunked_new_sealer. */
status body_sealer_new(const secret *data_key, slice context, body_sealer **out);
/* Overwrites key and plaintext; NULL is allowed. */
void body_sealer_free(body_sealer *s);

/* Eats from *plaintext until it is empty or a whole step is ready to be written; what is ready must be taken then. */
status body_sealer_push(body_sealer *s, slice *plaintext);
/* The body is complete: what is ready now ends it. Only body_sealer_ready, _take and _figures may follow. */
status body_sealer_finish(body_sealer *s);

/* Sealed bytes not yet taken; they go behind those of earlier takes. Valid until the next call but _is_full. */
slice body_sealer_ready(const body_sealer *s);
/* A whole step is ready: write it before pushing more. */
bool body_sealer_is_full(const body_sealer *s);
void body_sealer_take(body_sealer *s);

typedef struct body_figures {
    uint64_t plain_bytes;
    uint64_t sealed_bytes;
    uint8_t md5[HASH_MD5_BYTES]; /* of the plaintext, as is the next */
    uint64_t crc64;
} body_figures;
/* After body_sealer_finish. */
void body_sealer_figures(const body_sealer *s, body_figures *out);

/* -- opening */

typedef struct body_opener body_opener;

typedef struct body_range {
    uint64_t plain_bytes; /* of the whole body */
    uint64_t first, last; /* bytes wanted, both included; not looked at when the body is empty */
} body_range;

/* The range of a body. `header` are the sealed body's first CHUNKED_HEADER_BYTES. VERIFICATION when key, context and header
 * do not belong together; RANGE when the range is not within the body; OUT_OF_MEMORY. */
status body_opener_new(const secret *data_key, slice context, const uint8_t header[CHUNKED_HEADER_BYTES],
                       const body_range *range, body_opener **out);
void body_opener_free(body_opener *o); /* overwrites key and plaintext; NULL is allowed */

/* Plaintext still to come. When it is 0 at the start (an empty body) one step is wanted all the same: it proves that the
 * body is empty. */
uint64_t body_opener_left(const body_opener *o);

typedef struct body_step {
    uint64_t offset;     /* in the sealed body */
    size_t sealed_bytes; /* to be read there; 0: all is done */
    size_t plain_bytes;  /* the range's bytes they open to */
} body_step;
/* The next step, for `room` bytes of output: whole chunks, and parts of a chunk only at the range's ends. `room` is at
 * least CHUNKED_PLAIN_BYTES or all that is left, else INVALID_PARAMETER. */
status body_opener_next(const body_opener *o, size_t room, body_step *out);
/* Opens that step: `sealed` is exactly what was read for it, `out` has room for its plain_bytes. CORRUPT when something
 * was changed, moved or cut off; nothing of the step is in `out` then. Must not overlap. */
status body_opener_open(body_opener *o, const body_step *step, slice sealed, uint8_t *out);

#endif
