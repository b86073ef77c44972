/* Speaking HTTP with the server, through libcurl. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "cli/profile.h"
#include "dialect/client.h"

/* A body that is not held in memory. */
typedef struct client_stream {
    /* Upload: up to `room` bytes; *got 0 at the end. NULL when there is none. */
    status (*read)(void *context, uint8_t *into, size_t room, size_t *got);
    /* Download: called for the body of a success. NULL: kept in memory. */
    status (*write)(void *context, slice bytes);
    /* Both ways, now and then; total is 0 while unknown. NULL: nobody watches. */
    void (*moved)(void *context, uint64_t bytes, uint64_t total);
    void *context;
    int64_t upload_bytes; /* -1: not known beforehand */
} client_stream;

typedef struct answer {
    int http;
    slice body; /* in the invocation's memory; absent when it was streamed */
    slice request_id;
    pair_list headers; /* names in lower case */
} answer;

typedef struct client {
    invocation *inv;
    profile profile;
    client_credentials credentials;
    void *curl;
} client;

/* Finds endpoint and access key (which operations that nobody signs do without); connects with the first request. */
status client_open(invocation *inv, client *out);
void client_clear(client *c);

/* Sends a signed request, `stream` may be NULL. Fails when there was no whole answer (CLOSED, TIMEOUT, VERIFICATION for
 * a certificate that is not trusted, or what the stream gave), with the reason in the invocation's trouble. With --wait
 * it tries again while nobody answers, or the answer is 503, and no body has moved. */
status client_send(client *c, const client_request *request, const client_stream *stream, answer *out);

/* A header of the answer by its name in lower case, or absent. */
slice answer_header(const answer *a, const char *name);

/* Whether anybody answers at the endpoint; `why` (with room for `room` bytes) says why not. Signs nothing. */
bool client_probe(const profile *p, char *why, size_t room);

#endif
