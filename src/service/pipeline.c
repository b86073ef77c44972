/* Jobs and the queues they wait in. */
#include "service/pipeline.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/random.h"
#include "service/own.h"

enum { NONCES_MOST = 16 << 20, CALL_MEMORY_LIMIT = 8 << 20, SPARE_EVENT_BYTES = 16 << 10 };

status serve_new(house *h, serve **out) {
    serve *s = calloc(1, sizeof *s);
    ENSURE(s != NULL, OUT_OF_MEMORY);
    s->house = h;
    s->is_unscrubbed = true; /* a process that was killed may have come no further than the commit */
    s->nonces = nonces_new(NONCES_MOST);
    status made = s->nonces ? failures_new(&s->failures) : FAIL(OUT_OF_MEMORY);
    if (!FAILED(made)) made = slowdown_new(&h->by_person);
    if (!FAILED(made)) made = slowdown_new(&h->by_address);
    if (FAILED(made)) {
        serve_free(s);
        return made;
    }
    *out = s;
    return OK;
}

static void job_release(job *j) {
    arena_clear(&j->call.memory);
    buffer_clear(&j->event);
    free(j);
}

void serve_free(serve *s) {
    if (!s) return;
    slowdown_free(s->house->by_person);
    slowdown_free(s->house->by_address);
    s->house->by_person = s->house->by_address = NULL;
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        for (job *j = s->stages[stage].first, *next; j; j = next) next = j->next, job_release(j);
    for (job *j = s->spare, *next; j; j = next) next = j->next, job_release(j);
    for (size_t i = 0; i < s->recorded_count; i++) free(s->recorded[i]);
    free(s->recorded);
    table_clear(&s->by_number);
    table_clear(&s->by_gateway);
    nonces_free(s->nonces);
    nonce_log_close(s->nonce_log);
    failures_free(s->failures);
    derived_clear(&s->derived);
    buffer_clear(&s->rewraps.after);
    buffer_clear(&s->out);
    buffer_clear(&s->packed);
    free(s);
}

static slice number_key(const uint64_t *number) { return slice_of(number, sizeof *number); }

static void enqueue(queue *q, job *j) {
    j->next = NULL;
    j->previous = q->last;
    if (q->last) q->last->next = j;
    else q->first = j;
    q->last = j;
    q->count++;
}

static void dequeue(queue *q, job *j) {
    if (j->previous) j->previous->next = j->next;
    else q->first = j->next;
    if (j->next) j->next->previous = j->previous;
    else q->last = j->previous;
    q->count--;
}

job *job_new(serve *s) {
    job *j = s->spare;
    if (j) s->spare = j->next;
    else j = calloc(1, sizeof *j);
    if (!j) return NULL;
    arena memory = j->call.memory;
    buffer event = j->event;
    *j = (job){.event = event, .number = ++s->last_number, .gateway = -1};
    j->call.memory = memory;
    j->call.memory.limit = CALL_MEMORY_LIMIT;
    j->call.house = s->house;
    j->call.now_s = clock_now_s();
    j->call.body.storage = j->call.body.source = -1;
    if (FAILED(table_put(&s->by_number, number_key(&j->number), j, NULL))) {
        j->next = s->spare;
        s->spare = j;
        return NULL;
    }
    enqueue(&s->stages[STAGE_ARRIVED], j);
    return j;
}

static void drop_body(serve *s, call *c) {
    if (c->body.storage >= 0) close(c->body.storage);
    if (c->body.source >= 0) close(c->body.source);
    c->body.storage = c->body.source = -1;
    if (!c->body.is_open) return;
    status_ignore(blobs_abandon(s->house->blobs, c->body.blob_id));
    status_ignore(blobs_remove(s->house->blobs, c->body.blob_id));
    c->body.is_open = false;
}

job *own_new(serve *s, const own_act *act) {
    uint8_t id[16];
    char text[37];
    job *j = job_new(s);
    if (!j) return NULL;
    j->own = act;
    s->own_count++;
    status made = random_uuid(id);
    uuid_format(id, text);
    if (!FAILED(made)) made = arena_copy(&j->call.memory, slice_of_text(text), &j->call.request_id);
    if (!FAILED(made)) return j;
    job_free(s, j);
    return NULL;
}

void job_free(serve *s, job *j) {
    if (j->own) own_ended(s, j);
    drop_body(s, &j->call);
    dequeue(&s->stages[j->stage], j);
    table_remove(&s->by_number, number_key(&j->number));
    uint64_t at_gateway[2] = {(uint64_t)j->gateway, (uint64_t)j->gateway_id};
    slice key = slice_of(at_gateway, sizeof at_gateway); /* a gateway that came anew may use the number again */
    if (table_get(&s->by_gateway, key) == j) table_remove(&s->by_gateway, key);
    arena_wipe(&j->call.memory);
    if (j->event.capacity > SPARE_EVENT_BYTES) buffer_clear(&j->event);
    buffer_reset(&j->event);
    j->next = s->spare;
    s->spare = j;
}

void job_move(serve *s, job *j, enum stage stage) {
    dequeue(&s->stages[j->stage], j);
    j->stage = stage;
    enqueue(&s->stages[stage], j);
}

void job_fail(serve *s, job *j, status failure) {
    call *c = &j->call;
    if (!FAILED(c->failure)) c->failure = failure;
    drop_body(s, c);
    c->change_count = c->doomed_count = 0;
    c->told = (slice){0};
    j->has_outbox = false;
    buffer_reset(&j->event);
    job_move(s, j, STAGE_RECORD);
}

void serve_end(serve *s) { s->is_ending = true; }

size_t serve_busy(const serve *s) { return s->by_number.count; }
