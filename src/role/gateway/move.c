/* Bodies of one request: stored, fetched or copied as core's plan says. */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "role/gateway/exchange_private.h"
#include "system/files.h"

enum { CRC64_TEXT_BYTES = 24 };

/* Where one end of a plan lies: its descriptor, offset, key and context. */
typedef struct plan_end {
    int fd;
    maybe_int offset;
    slice key; /* boxed */
    slice context;
} plan_end;

/* The key comes out of its box; the descriptor is closed when that fails. */
static status place_open(exchange *e, const plan_end *end, body_place_at *out) {
    secret key = {0};
    status opened = FAIL(CLOSED);
    bool is_whole = end->offset.is_set && end->offset.value >= 0;
    if (e->gateway->box) opened = box_open(e->gateway->box, e->request_id, end->key, &key);
    if (FAILED_WITH(opened, VERIFICATION)) opened = FAIL(CLOSED); /* made before the vault was started anew */
    if (!FAILED(opened) && !is_whole) opened = FAIL(INTERNAL);
    if (FAILED(opened)) {
        secret_clear(&key);
        files_close(end->fd);
        return opened;
    }
    *out = (body_place_at){.fd = end->fd, .offset = (uint64_t)end->offset.value, .key = key, .context = end->context};
    return OK;
}

static status writer_open(exchange *e, const plan_end *end, body_writer **out) {
    body_place_at place;
    TRY(place_open(e, end, &place));
    status made = body_writer_new(&place, e->gateway->sync, out);
    secret_clear(&place.key);
    return made;
}

static status reader_open(exchange *e, const plan_end *end, const body_range *range, body_reader **out) {
    body_place_at place;
    TRY(place_open(e, end, &place));
    status made = body_reader_new(&place, range, out);
    secret_clear(&place.key);
    return made;
}

static uint64_t count_of(maybe_int number) { return number.is_set && number.value > 0 ? (uint64_t)number.value : 0; }

/* -- what core is told */

void exchange_move_drop(exchange *e) {
    bool has_unfinished_body = e->stage == STAGE_STORING || e->stage == STAGE_SYNCING || e->stage == STAGE_COPYING;
    body_message broken_off = {.failure = SET_INT(FAILURE_BODY_BROKEN_OFF)};
    if (has_unfinished_body && e->call.id) status_ignore(core_link_tell_body(e->gateway->core, &e->call, &broken_off));
    core_link_drop(e->gateway->core, &e->call);
    loop_cancel(e->gateway->loop, e->copy_timer);
    body_writer_free(e->writer);
    body_reader_free(e->reader);
    e->writer = NULL;
    e->reader = NULL;
}

static void tell(exchange *e, body_message *body) {
    body_writer_free(e->writer); /* its descriptor is closed before core renames or removes the file */
    e->writer = NULL;
    e->stage = STAGE_TOLD;
    status told = core_link_tell_body(e->gateway->core, &e->call, body);
    if (!FAILED(told)) return;
    exchange_fail(e, told, (slice){0});
    exchange_go_on(e);
}

void exchange_body_failed(exchange *e, status why) {
    body_message body = {.failure = SET_INT(why.code)};
    body_reader_free(e->reader);
    e->reader = NULL;
    tell(e, &body);
}

/* -- storing */

static void on_durable(void *context, status synced) {
    exchange *e = context;
    body_figures figures;
    char crc64[CRC64_TEXT_BYTES];
    if (FAILED(synced)) {
        exchange_body_failed(e, synced);
        return;
    }
    body_writer_figures(e->writer, &figures);
    int length = snprintf(crc64, sizeof crc64, "%" PRIu64, figures.crc64);
    body_message body = {.size = SET_INT(figures.plain_bytes),
                         .sealed_size = SET_INT(figures.sealed_bytes),
                         .md5 = slice_of(figures.md5, sizeof figures.md5),
                         .crc64 = slice_of(crc64, (size_t)length)};
    tell(e, &body);
}

static void writer_end(exchange *e) {
    e->stage = STAGE_SYNCING;
    status ended = body_writer_finish(e->writer, on_durable, e);
    if (FAILED(ended)) exchange_body_failed(e, ended);
}

static status length_check(const exchange *e) {
    body_figures so_far;
    body_writer_figures(e->writer, &so_far);
    ENSURE(e->head->is_chunked || so_far.plain_bytes == e->head->body_bytes, BODY_BROKEN_OFF);
    return OK;
}

void exchange_store(exchange *e, slice part) {
    status pushed = body_writer_push(e->writer, part);
    if (FAILED(pushed)) exchange_body_failed(e, pushed);
}

void exchange_store_end(exchange *e) {
    status whole = length_check(e);
    if (FAILED(whole)) exchange_body_failed(e, whole);
    else writer_end(e);
}

/* -- copying */

static void copy_later(exchange *e);

static void on_copy_turn(void *context) {
    exchange *e = context;
    bool is_done = false;
    e->copy_timer = 0;
    status moved = body_copy_turn(e->reader, e->writer, &is_done);
    if (FAILED(moved)) {
        log_error("a copy failed", "request %.*s: %s", SLICE_ARGS(e->request_id), status_name(moved));
        exchange_body_failed(e, moved);
    } else if (!is_done) {
        copy_later(e);
    } else {
        body_reader_free(e->reader);
        e->reader = NULL;
        writer_end(e);
    }
}

static void copy_later(exchange *e) {
    status set = loop_after(e->gateway->loop, 0, on_copy_turn, e, &e->copy_timer);
    if (FAILED(set)) exchange_body_failed(e, set);
}

/* -- plans */

static status store_begin(exchange *e, const body_plan *plan, int fd) {
    if (e->is_body_read || e->body_wanted) { /* the body is gone already: this operation stores none */
        files_close(fd);
        return FAIL(INTERNAL);
    }
    TRY(writer_open(e, &(plan_end){fd, plan->offset, plan->data_key, plan->context}, &e->writer));
    e->stage = STAGE_STORING;
    exchange_go_on(e);
    return OK;
}

static status copy_begin(exchange *e, const body_plan *plan, const int *fds) {
    uint64_t size = count_of(plan->plain_size);
    plan_end source = {fds[0], plan->source_offset, plan->source_key, plan->source_context};
    plan_end target = {fds[1], plan->offset, plan->data_key, plan->context};
    status opened = reader_open(e, &source, &(body_range){size, 0, size ? size - 1 : 0}, &e->reader);
    if (FAILED(opened)) {
        files_close(target.fd);
        return opened;
    }
    TRY(writer_open(e, &target, &e->writer));
    e->stage = STAGE_COPYING;
    copy_later(e);
    return OK;
}

/* Core takes part no more once it gave the plan: the gateway itself answers, and reports what is corrupt. */
static void fetch(exchange *e, const reply_message *replied, int fd) {
    const body_plan *plan = replied->body;
    body_range range = {count_of(plan->plain_size), count_of(plan->first), count_of(plan->last)};
    plan_end source = {fd, plan->offset, plan->data_key, plan->context};
    status opened = reader_open(e, &source, &range, &e->reader);
    if (FAILED(opened)) {
        log_error("a stored body cannot be read", "request %.*s: %s", SLICE_ARGS(e->request_id), status_name(opened));
        core_link_note_body(e->gateway->core, e->call_id, e->request_id, opened.code);
        exchange_fail(e, opened, (slice){0});
    } else {
        exchange_encode(e, replied);
    }
    bool is_wanted = e->answer.is_streamed;
    if (!is_wanted) body_reader_free(e->reader);
    if (!is_wanted) e->reader = NULL;
    exchange_go_on(e);
}

static size_t descriptors_of(int act) {
    switch (act) {
    case BODY_ACT_STORE:
    case BODY_ACT_FETCH: return 1;
    case BODY_ACT_COPY: return 2;
    default: return 0;
    }
}

void exchange_move(exchange *e, const reply_message *replied, const int *fds, size_t fd_count) {
    const body_plan *plan = replied->body;
    status begun = FAIL(INTERNAL);
    if (fd_count != descriptors_of(plan->act)) {
        for (size_t i = 0; i < fd_count; i++) files_close(fds[i]);
        log_error("core's plan lacks its descriptors", "request %.*s", SLICE_ARGS(e->request_id));
    } else if (plan->act == BODY_ACT_FETCH) {
        fetch(e, replied, fds[0]);
        return;
    } else if (plan->act == BODY_ACT_STORE) {
        begun = store_begin(e, plan, fds[0]);
    } else if (plan->act == BODY_ACT_COPY) {
        begun = copy_begin(e, plan, fds);
    }
    if (FAILED(begun)) exchange_body_failed(e, begun);
}
