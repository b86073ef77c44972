/* Telling of what was refused. */
#include "role/gateway/refused.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "crypto/random.h"
#include "system/files.h"

enum {
    SHORT_ID_BYTES = 12,      /* 24 characters, as OSS has them */
    REFUSALS_OPEN_MOST = 256, /* nobody's connection is held for these: in a flood the others are told of in sums */
};

typedef struct refusal_note {
    core_call call;
    gateway *gateway;
} refusal_note;

static void note_end(refusal_note *note) {
    note->gateway->refusals_open--;
    free(note);
}

static void note_replied(void *context, const reply_message *replied, const int *fds, size_t fd_count) {
    (void)replied;
    for (size_t i = 0; i < fd_count; i++) files_close(fds[i]);
    note_end(context);
}

static void note_failed(void *context, status why) {
    (void)why;
    note_end(context);
}

static status note_send(gateway *g, request_message *request) {
    refusal_note *note = calloc(1, sizeof *note);
    ENSURE(note != NULL, OUT_OF_MEMORY);
    note->gateway = g;
    note->call = (core_call){.on_reply = note_replied, .on_failure = note_failed, .context = note};
    g->refusals_open++;
    status asked = core_link_ask(g->core, &note->call, request);
    if (FAILED(asked)) note_end(note);
    return asked;
}

static status request_id_make(char out[2 * SHORT_ID_BYTES + 1]) {
    uint8_t bytes[16];
    TRY(random_uuid(bytes));
    for (size_t i = 0; i < SHORT_ID_BYTES; i++) snprintf(out + 2 * i, 3, "%02X", bytes[i]);
    return OK;
}

/* Which wire was meant nobody knows: the error is in the words of the one that takes whatever is not another's. */
static status page_make(const http_refusal *refusal, slice request_id, http_answer *page) {
    static const http_head NOTHING = {0};
    decoded d;
    reply r = {.request_id = request_id, .failure = {refusal->failure}};
    decoded_begin(dialect_recognise(&NOTHING), &NOTHING, &d);
    return d.dialect->encode_failure(&d, &r, refusal->memory, page);
}

status gateway_on_refused(void *context, const http_refusal *refusal, http_answer *page) {
    const gateway *g = context;
    ENSURE(g->refusals_open < REFUSALS_OPEN_MOST, THROTTLED);
    char id[2 * SHORT_ID_BYTES + 1];
    peer from = {.source_ip = refusal->source_ip, .is_tls = SET_BOOL(refusal->is_tls)};
    TRY(request_id_make(id));
    request_message request = {.request_id = slice_of_text(id), .failure = SET_INT(refusal->failure), .peer = &from};
    http_answer made;
    slice kept;
    TRY(arena_copy(refusal->memory, request.request_id, &kept));
    TRY(page_make(refusal, kept, &made));
    TRY(note_send(context, &request));
    *page = made;
    return OK;
}

void gateway_on_refused_in_sum(void *context, const http_refusal *refusal) {
    char id[2 * SHORT_ID_BYTES + 1], detail[64];
    int length = snprintf(detail, sizeof detail, "requests refused: %u", refusal->count);
    request_message request = {.failure = SET_INT(refusal->failure), .detail = slice_of(detail, (size_t)length)};
    status recorded = request_id_make(id);
    request.request_id = slice_of_text(id);
    if (!FAILED(recorded)) recorded = note_send(context, &request);
    log_warning("requests refused", "%u as %s, recorded: %s", refusal->count, status_name((status){refusal->failure}),
                status_name(recorded));
}
