/* One request from its head to its answer, as the HTTP front calls for it. */
#include "role/gateway/exchange.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "crypto/random.h"
#include "role/gateway/exchange_private.h"
#include "role/gateway/refused.h"
#include "system/files.h"

enum { IDLE_EXCHANGES_MAX = 256, SHORT_ID_BYTES = 12 };

static void exchange_free(exchange *e) {
    arena_clear(&e->memory);
    buffer_clear(&e->body);
    free(e);
}

static exchange *exchange_take(gateway *g) {
    exchange *e = g->idle_exchanges;
    if (e == NULL) {
        e = calloc(1, sizeof *e);
        if (e) e->memory.limit = DIALECT_MEMORY_MOST;
        return e;
    }
    g->idle_exchanges = e->next;
    g->idle_count--;
    return e;
}

/* What it held may have been secret: plaintexts, keys. */
static void exchange_give_back(exchange *e) {
    gateway *g = e->gateway;
    arena memory = e->memory;
    arena_wipe(&memory);
    buffer body = e->body;
    buffer_wipe(&body);
    if (body.capacity > CHUNKED_PLAIN_BYTES) buffer_clear(&body);
    *e = (exchange){.memory = memory, .body = body};
    if (g->idle_count >= IDLE_EXCHANGES_MAX) {
        exchange_free(e);
        return;
    }
    e->next = g->idle_exchanges;
    g->idle_exchanges = e;
    g->idle_count++;
}

void exchanges_free(gateway *g) {
    for (exchange *e = g->idle_exchanges, *next; e; e = next) {
        next = e->next;
        exchange_free(e);
    }
    g->idle_exchanges = NULL;
}

/* The ids have the form their clients know: a UUID in upper case, or 24 hex digits for OSS. */
static status request_id_make(exchange *e) {
    uint8_t bytes[16];
    char text[37];
    TRY(random_uuid(bytes));
    uuid_format(bytes, text);
    size_t length = 0;
    bool is_short = e->decoded.dialect == &dialect_oss_rest;
    for (size_t i = 0; text[i]; i++) {
        if (is_short && text[i] == '-') continue;
        char upper = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
        text[length++] = upper;
    }
    if (is_short) length = (size_t)2 * SHORT_ID_BYTES;
    return arena_copy(&e->memory, slice_of(text, length), &e->request_id);
}

static void *on_begin(void *context, http_request *http, http_request_head *head) {
    gateway *g = context;
    exchange *e = exchange_take(g);
    if (e == NULL) return NULL;
    head->wire.base_domains = g->base_domains;
    e->gateway = g;
    e->http = http;
    e->head = head;
    e->began_ms = loop_now_ms(g->loop);
    e->call = (core_call){.on_reply = exchange_on_reply, .on_failure = exchange_on_failure, .context = e};
    decoded_begin(dialect_recognise(&head->wire), &head->wire, &e->decoded);
    if (!FAILED(request_id_make(e))) return e;
    exchange_give_back(e);
    return NULL;
}

void exchange_go_on(exchange *e) { http_request_go_on(e->http); }

void exchange_fail(exchange *e, status failure, slice detail) {
    reply_message replied = {.failure = SET_INT(failure.code), .detail = detail};
    exchange_encode(e, &replied);
}

static enum http_wish answer_now(exchange *e) {
    body_reader *reader = e->reader;
    e->reader = NULL;
    status sent = http_request_answer(e->http, &e->answer, reader);
    if (!FAILED(sent)) return HTTP_ANSWERED;
    log_error("an answer could not be sent", "request %.*s: %s", SLICE_ARGS(e->request_id), status_name(sent));
    return HTTP_BREAK_OFF;
}

/* An answer before the body was read. A client that is still sending sees it only if the body is read to its end. */
static enum http_wish answer_before_body(exchange *e) {
    const http_request_head *head = e->head;
    if (FAILED(head->framing) || head->is_over_limit) return answer_now(e);
    if (!head->has_body) return HTTP_READ_ON; /* on_end follows at once, and the connection lives on */
    bool is_long = head->body_bytes > HTTP_DRAIN_MAX_BYTES;
    return head->waits_for_continue || is_long ? answer_now(e) : HTTP_READ_ON;
}

static status head_check(const exchange *e) {
    TRY(e->head->framing);
    ENSURE(!e->head->is_over_limit, THROTTLED);
    ENSURE(e->body_wanted == 0 || e->head->body_bytes <= e->body_wanted, REQUEST_TOO_LARGE);
    return OK;
}

static enum http_wish begin_serving(exchange *e) {
    size_t wanted = e->decoded.dialect->body_wanted(&e->head->wire);
    e->body_wanted = wanted < DIALECT_BODY_MOST ? wanted : DIALECT_BODY_MOST;
    status found = head_check(e);
    if (!FAILED(found) && e->body_wanted > 0) {
        e->stage = STAGE_COLLECTING;
        return HTTP_READ_ON;
    }
    exchange_ask(e, found, (slice){0});
    return e->stage == STAGE_ANSWERABLE ? answer_before_body(e) : HTTP_HOLD;
}

static enum http_wish on_head(void *served) {
    exchange *e = served;
    switch (e->stage) {
    case STAGE_NEW: return begin_serving(e);
    case STAGE_ANSWERABLE: return answer_before_body(e);
    case STAGE_STORING: return HTTP_READ_ON;
    default: return HTTP_HOLD;
    }
}

static enum http_wish drain(exchange *e, slice part) {
    e->drained_bytes += part.len;
    return e->drained_bytes <= HTTP_DRAIN_MAX_BYTES ? HTTP_READ_ON : HTTP_BREAK_OFF;
}

static enum http_wish collect(exchange *e, slice part) {
    status kept = FAIL(REQUEST_TOO_LARGE);
    if (part.len <= e->body_wanted - e->body.len) kept = buffer_append(&e->body, part);
    if (FAILED(kept)) exchange_ask(e, kept, (slice){0}); /* the rest is drained meanwhile */
    return FAILED(kept) ? drain(e, part) : HTTP_READ_ON;
}

static enum http_wish on_body(void *served, slice part, size_t *taken) {
    exchange *e = served;
    (void)taken; /* all of it, always */
    if (e->stage == STAGE_COLLECTING) return collect(e, part);
    if (e->stage != STAGE_STORING) return drain(e, part);
    exchange_store(e, part);
    return HTTP_READ_ON;
}

static enum http_wish on_end(void *served) {
    exchange *e = served;
    bool is_first = !e->is_body_read;
    e->is_body_read = true;
    if (is_first && e->stage == STAGE_COLLECTING) exchange_ask(e, OK, (slice){0});
    if (is_first && e->stage == STAGE_STORING) exchange_store_end(e);
    return e->stage == STAGE_ANSWERABLE ? answer_now(e) : HTTP_HOLD;
}

static void on_gone(void *served, bool was_answered) {
    exchange *e = served;
    if (!was_answered) log_line(LOG_DEBUG_LINE, "a client went away", "request %.*s", SLICE_ARGS(e->request_id));
    exchange_move_drop(e);
    exchange_give_back(e);
}

static void on_read_failure(void *served, status why) {
    exchange *e = served;
    log_error("a stored body could not be read to its end", "request %.*s: %s", SLICE_ARGS(e->request_id),
              status_name(why));
    core_link_note_body(e->gateway->core, e->call_id, e->request_id, why.code);
}

http_server exchange_server(gateway *g) {
    return (http_server){
        g, on_begin, on_head, on_body, on_end, on_gone, on_read_failure, gateway_on_refused, gateway_on_refused_in_sum};
}
