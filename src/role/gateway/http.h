/* The gateway's HTTP/1.1 front: libmicrohttpd with GnuTLS, driven from our own loop. Knows nothing of core: it reads heads,
 * hands bodies on in pieces, and sends answers. */
#ifndef ROLE_GATEWAY_HTTP_H
#define ROLE_GATEWAY_HTTP_H

#include "dialect/dialect.h"
#include "role/gateway/body.h"
#include "system/loop.h"

enum {
    HTTP_TARGET_MAX_BYTES = 256 << 10,
    HTTP_HEADERS_MAX_BYTES = 64 << 10,
    /* A refused body of up to this size is read and thrown away, so that the client sees the answer and the connection lives. */
    HTTP_DRAIN_MAX_BYTES = 16 << 20,
    HTTP_OVER_LIMIT_CONNECTIONS = 64, /* beyond the limit: they are told so instead of being left to wait */
};

typedef struct http_front http_front;
typedef struct http_request http_request;

typedef struct http_settings {
    int plain_fd, tls_fd; /* listening sockets, taken over; -1: none */
    const char *pem;      /* server certificate and key, for tls_fd; wiped by the caller when the front is made */
    unsigned max_connections;
    unsigned idle_timeout_s;
} http_settings;

/* What the request says before its body. All of it lives as long as the request. */
typedef struct http_request_head {
    http_head wire;     /* base_domains is for the server to fill in */
    bool is_over_limit; /* one connection too many */
    bool has_body;
    bool is_chunked;
    bool waits_for_continue; /* Expect: 100-continue */
    uint64_t body_bytes;     /* announced; 0 when chunked */
    status framing; /* URI_TOO_LONG, HEADERS_TOO_LARGE, or MALFORMED when it is not clear where the body ends */
} http_request_head;

/* A request that libmicrohttpd refused by itself, before its head could be read or in the middle of its body. */
typedef struct http_refusal {
    enum status_code failure;
    slice source_ip; /* absent when it is not known */
    bool is_tls;
    unsigned count; /* how many, when they are told together: then there is no page */
    arena *memory;  /* for the page */
} http_refusal;

/* What the front is to do next with a request. */
enum http_wish {
    HTTP_READ_ON,  /* go on: the body, then its end */
    HTTP_HOLD,     /* nothing until http_request_go_on */
    HTTP_ANSWERED, /* http_request_answer was called */
    HTTP_BREAK_OFF /* close the connection without an answer */
};

/* Whoever serves the requests. All calls come in the loop's thread. */
typedef struct http_server {
    void *context;
    /* A request's head is there; the result goes with all later calls. NULL: the connection is closed. */
    void *(*begin)(void *context, http_request *r, http_request_head *head);
    enum http_wish (*on_head)(void *served); /* once, and again after each time it held */
    /* Part of the body; *taken starts as all of it. Again with the rest after a hold. */
    enum http_wish (*on_body)(void *served, slice part, size_t *taken);
    enum http_wish (*on_end)(void *served); /* the body is complete (or there is none); again after each hold */
    /* The last call: the answer was sent, or the client is gone (even before on_end). */
    void (*on_gone)(void *served, bool was_answered);
    /* A chunk of a body_reader's answer could not be had: the connection is broken off. */
    void (*on_read_failure)(void *served, status why);
    /* One was refused: what its client is shown instead of libmicrohttpd's own page. On failure that page is shown, and the
     * refusal told later with others. */
    status (*on_refused)(void *context, const http_refusal *refusal, http_answer *page);
    /* At most once a second: how many others were refused as `failure`. */
    void (*on_refused_in_sum)(void *context, const http_refusal *refusal);
} http_server;

/* Listens. MALFORMED (certificate or key), IO, OUT_OF_MEMORY. Before the sandbox. */
status http_front_new(loop *l, const http_settings *settings, const http_server *server, http_front **out);
/* No new connections; those that are there are served. */
void http_front_stop_accepting(http_front *front);
size_t http_front_request_count(const http_front *front); /* being served */
/* Breaks off what is left. */
void http_front_free(http_front *front);

/* -- from within the server's calls, or while a request is held */

/* Goes on with a held request in this turn. */
void http_request_go_on(http_request *r);

/* The answer's body (if it is not streamed) stays where it is until on_gone; its headers are copied. A streamed body comes
 * from `reader`, which is taken over in every case and NULL otherwise. Only from within on_head (the connection then closes
 * after the answer) and on_end. OUT_OF_MEMORY, INTERNAL. */
status http_request_answer(http_request *r, const http_answer *answer, body_reader *reader);

#endif
