/* What the files about exchanges share; for them only. */
#ifndef ROLE_GATEWAY_EXCHANGE_PRIVATE_H
#define ROLE_GATEWAY_EXCHANGE_PRIVATE_H

#include "role/gateway/exchange.h"

enum exchange_stage {
    STAGE_NEW,
    STAGE_COLLECTING, /* a body that decoding wants */
    STAGE_ASKED,      /* core has it */
    STAGE_STORING,    /* a body on its way into storage */
    STAGE_SYNCING,    /* on its way to the disk */
    STAGE_COPYING,
    STAGE_TOLD,       /* core knows how the body went, the answer is due */
    STAGE_ANSWERABLE, /* an answer is there, perhaps before the body was read */
};

typedef struct exchange {
    struct exchange *next; /* idle ones */
    gateway *gateway;
    http_request *http;
    const http_request_head *head;
    arena memory;
    enum exchange_stage stage;
    decoded decoded;
    slice request_id;
    int64_t began_ms;
    buffer body; /* what decoding wants of it */
    size_t body_wanted;
    bool is_body_read; /* on_end came */
    uint64_t drained_bytes;
    core_call call;
    int64_t call_id; /* also after the call is over */
    body_writer *writer;
    body_reader *reader; /* Fetch: for the answer; Copy: the source */
    loop_timer copy_timer;
    http_answer answer;
} exchange;

/* -- exchange.c */

/* A failure that is answered without core: core cannot be reached, or has answered already. */
void exchange_fail(exchange *e, status failure, slice detail);
/* Lets the front go on if it waits for this exchange. */
void exchange_go_on(exchange *e);

/* -- ask.c: what goes to core, what comes back */

/* Decodes and asks; `found` is what the gateway has found wrong before, OK otherwise. */
void exchange_ask(exchange *e, status found, slice detail);
/* The answer to what core replied, failures included. */
void exchange_encode(exchange *e, const reply_message *replied);
/* The callbacks of core_call. */
void exchange_on_reply(void *context, const reply_message *replied, const int *fds, size_t fd_count);
void exchange_on_failure(void *context, status why);

/* -- move.c: bodies */

/* Carries the plan of a reply out; the descriptors are taken over. */
void exchange_move(exchange *e, const reply_message *replied, const int *fds, size_t fd_count);
/* The next part of a body that is stored. */
void exchange_store(exchange *e, slice part);
/* The stored body is complete: to the disk with it. */
void exchange_store_end(exchange *e);
/* The body will never be complete: core is told, and answers. */
void exchange_body_failed(exchange *e, status why);
/* Nobody wants it any more. */
void exchange_move_drop(exchange *e);

#endif
