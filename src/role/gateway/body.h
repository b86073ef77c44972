/* Bodies between the network and storage: what a plan of core lets the gateway do with the descriptors that came with it.
 * All of them work in steps of up to 256 KiB; none waits for the disk to be durable (system/sync.h does). */
#ifndef ROLE_GATEWAY_BODY_H
#define ROLE_GATEWAY_BODY_H

#include "objects/body.h"
#include "system/sync.h"

#define BODY_MAX_PLAIN_BYTES (INT64_C(5) << 30) /* one object, as OSS has it for a single request */

/* One stored body: the descriptor, the key it is sealed under and where it stands. Owned by whoever holds it. */
typedef struct body_place_at {
    int fd;
    uint64_t offset; /* of the sealed body in the file */
    secret key;
    slice context; /* borrowed */
} body_place_at;

/* -- storing */

typedef struct body_writer body_writer;

/* Takes over the descriptor in every case. As body_sealer_new. */
status body_writer_new(const body_place_at *place, sync_worker *sync, body_writer **out);
/* Seals and writes; what was written long ago is made durable meanwhile. REQUEST_TOO_LARGE past BODY_MAX_PLAIN_BYTES; files'
 * failures. */
status body_writer_push(body_writer *w, slice plaintext);
/* Ends the body and makes it durable in the background: `done` is called later in the loop's thread, unless the writer is
 * freed before. */
status body_writer_finish(body_writer *w, sync_callback *done, void *context);
/* After finish. */
void body_writer_figures(const body_writer *w, body_figures *out);
/* Closes the descriptor as soon as no sync is under way; the caller is done with the writer at once. NULL is allowed. */
void body_writer_free(body_writer *w);

/* -- fetching */

typedef struct body_reader body_reader;

/* Takes over the descriptor in every case and reads and verifies the first step. CORRUPT when that fails; RANGE, files' failures. */
status body_reader_new(const body_place_at *place, const body_range *range, body_reader **out);
/* Plaintext not yet given out. */
uint64_t body_reader_left(const body_reader *r);
/* The whole range was opened with the first step: here it is, and nothing more has to be read. Absent otherwise. */
slice body_reader_all(const body_reader *r);
/* Up to `room` further bytes (room at least CHUNKED_PLAIN_BYTES or all that is left); CORRUPT, files' failures. */
status body_reader_read(body_reader *r, uint8_t *out, size_t room, size_t *got);
void body_reader_free(body_reader *r); /* NULL is allowed */

/* -- copying */

enum { BODY_COPY_TURN_BYTES = 1 << 20 };
/* Moves up to BODY_COPY_TURN_BYTES from one to the other; *is_done when all is. CORRUPT, files' failures. */
status body_copy_turn(body_reader *from, body_writer *to, bool *is_done);

#endif
