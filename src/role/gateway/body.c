/* Bodies between network and storage. */
#include "role/gateway/body.h"

#include <stdlib.h>

#include "crypto/compare.h"
#include "system/files.h"

/* Written bytes after which the disk is set to work, so that little is left to be synced at the end. */
enum { WRITE_BEHIND_BYTES = 8 << 20 };

struct body_writer {
    body_sealer *sealer;
    int fd;
    uint64_t position;
    uint64_t unsynced_bytes;
    sync_worker *sync;
    unsigned syncs_under_way;
    bool is_given_up; /* nobody knows it any more: freed after the last sync */
    status early_sync;
    sync_callback *done;
    void *done_context;
};

static void writer_release(body_writer *w) {
    files_close(w->fd);
    free(w);
}

status body_writer_new(const body_place_at *place, sync_worker *sync, body_writer **out) {
    body_writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        files_close(place->fd);
        return FAIL(OUT_OF_MEMORY);
    }
    *w = (body_writer){.fd = place->fd, .position = place->offset, .sync = sync};
    status made = body_sealer_new(&place->key, place->context, &w->sealer);
    if (FAILED(made)) {
        writer_release(w);
        return made;
    }
    *out = w;
    return OK;
}

void body_writer_free(body_writer *w) {
    if (w == NULL) return;
    body_sealer_free(w->sealer);
    w->sealer = NULL;
    w->is_given_up = true;
    if (w->syncs_under_way == 0) writer_release(w);
}

/* A failed sync may be reported only once by the kernel: an early one counts as much as the last. */
static void on_synced(void *context, status result) {
    body_writer *w = context;
    w->syncs_under_way--;
    if (FAILED(result)) w->early_sync = result;
    if (w->syncs_under_way) return;
    if (w->is_given_up) writer_release(w);
    else if (w->done) w->done(w->done_context, w->early_sync);
}

static status sync_begin(body_writer *w) {
    TRY(sync_submit(w->sync, w->fd, on_synced, w));
    w->syncs_under_way++;
    w->unsynced_bytes = 0;
    return OK;
}

static status ready_write(body_writer *w) {
    slice ready = body_sealer_ready(w->sealer);
    if (ready.len == 0) return OK;
    TRY(files_write_at(w->fd, w->position, ready));
    w->position += ready.len;
    w->unsynced_bytes += ready.len;
    body_sealer_take(w->sealer);
    /* A full queue only means that more is left for the end. */
    if (w->unsynced_bytes >= WRITE_BEHIND_BYTES && w->syncs_under_way == 0) status_ignore(sync_begin(w));
    return OK;
}

status body_writer_push(body_writer *w, slice plaintext) {
    body_figures so_far;
    body_sealer_figures(w->sealer, &so_far);
    ENSURE(plaintext.len <= BODY_MAX_PLAIN_BYTES - so_far.plain_bytes, REQUEST_TOO_LARGE);
    while (plaintext.len) {
        TRY(body_sealer_push(w->sealer, &plaintext));
        if (body_sealer_is_full(w->sealer)) TRY(ready_write(w));
    }
    return OK;
}

status body_writer_finish(body_writer *w, sync_callback *done, void *context) {
    TRY(body_sealer_finish(w->sealer));
    TRY(ready_write(w));
    TRY(sync_begin(w));
    w->done = done;
    w->done_context = context;
    return OK;
}

void body_writer_figures(const body_writer *w, body_figures *out) { body_sealer_figures(w->sealer, out); }

struct body_reader {
    body_opener *opener;
    int fd;
    uint64_t offset;
    uint8_t *ahead; /* what the first step gave, until it is asked for */
    size_t ahead_bytes, ahead_taken;
};

/* One for the process: a step is read and opened at once. */
static struct {
    uint8_t sealed[BODY_STEP_SEALED_BYTES];
    uint8_t plain[BODY_STEP_BYTES]; /* between the two ends of a copy */
} scratch;

static status step_read(body_reader *r, uint8_t *out, size_t room, size_t *given) {
    body_step step;
    size_t got = 0;
    TRY(body_opener_next(r->opener, room, &step));
    TRY(files_read_at(r->fd, r->offset + step.offset, scratch.sealed, step.sealed_bytes, &got));
    TRY(body_opener_open(r->opener, &step, slice_of(scratch.sealed, got), out));
    *given = step.plain_bytes;
    return OK;
}

static status reader_begin(body_reader *r, const body_place_at *place, const body_range *range) {
    uint8_t header[CHUNKED_HEADER_BYTES];
    size_t got = 0;
    TRY(files_read_at(place->fd, place->offset, header, sizeof header, &got));
    ENSURE(got == sizeof header, CORRUPT);
    status opened = body_opener_new(&place->key, place->context, header, range, &r->opener);
    if (FAILED_WITH(opened, VERIFICATION)) return FAIL(CORRUPT);
    TRY(opened);
    uint64_t left = body_opener_left(r->opener);
    size_t room = left < BODY_STEP_BYTES ? (size_t)left : BODY_STEP_BYTES;
    r->ahead = malloc(room ? room : 1);
    ENSURE(r->ahead != NULL, OUT_OF_MEMORY);
    return step_read(r, r->ahead, room, &r->ahead_bytes);
}

status body_reader_new(const body_place_at *place, const body_range *range, body_reader **out) {
    body_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        files_close(place->fd);
        return FAIL(OUT_OF_MEMORY);
    }
    r->fd = place->fd;
    r->offset = place->offset;
    status begun = reader_begin(r, place, range);
    if (FAILED(begun)) {
        body_reader_free(r);
        return begun;
    }
    *out = r;
    return OK;
}

void body_reader_free(body_reader *r) {
    if (r == NULL) return;
    body_opener_free(r->opener);
    if (r->ahead) bytes_wipe(r->ahead, r->ahead_bytes);
    free(r->ahead);
    files_close(r->fd);
    free(r);
}

uint64_t body_reader_left(const body_reader *r) {
    return body_opener_left(r->opener) + (r->ahead_bytes - r->ahead_taken);
}

slice body_reader_all(const body_reader *r) {
    if (r->ahead_taken || body_opener_left(r->opener)) return (slice){0};
    return slice_of(r->ahead, r->ahead_bytes);
}

static size_t ahead_take(body_reader *r, uint8_t *out, size_t room) {
    slice rest = slice_head(slice_of(r->ahead + r->ahead_taken, r->ahead_bytes - r->ahead_taken), room);
    memcpy(out, rest.at, rest.len);
    r->ahead_taken += rest.len;
    if (r->ahead_taken < r->ahead_bytes) return rest.len;
    bytes_wipe(r->ahead, r->ahead_bytes);
    free(r->ahead);
    r->ahead = NULL;
    r->ahead_bytes = r->ahead_taken = 0;
    return rest.len;
}

status body_reader_read(body_reader *r, uint8_t *out, size_t room, size_t *got) {
    if (r->ahead_taken < r->ahead_bytes) {
        *got = ahead_take(r, out, room);
        return OK;
    }
    return step_read(r, out, room, got);
}

status body_copy_turn(body_reader *from, body_writer *to, bool *is_done) {
    status result = OK;
    for (size_t moved = 0; moved < BODY_COPY_TURN_BYTES && body_reader_left(from) && !FAILED(result);) {
        size_t got = 0;
        uint64_t left = body_reader_left(from);
        size_t room = left < sizeof scratch.plain ? (size_t)left : sizeof scratch.plain;
        result = body_reader_read(from, scratch.plain, room, &got);
        if (!FAILED(result)) result = body_writer_push(to, slice_of(scratch.plain, got));
        bytes_wipe(scratch.plain, got);
        moved += got;
    }
    TRY(result);
    *is_done = body_reader_left(from) == 0;
    return OK;
}
