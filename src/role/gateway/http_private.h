/* What the files of the HTTP front share; for them only. */
#ifndef ROLE_GATEWAY_HTTP_PRIVATE_H
#define ROLE_GATEWAY_HTTP_PRIVATE_H

#include <microhttpd.h>
#include <netinet/in.h>

#include "role/gateway/http.h"

enum { HTTP_DAEMONS = 2, HTTP_REFUSALS = 4, HTTP_IDLE_REQUESTS_MAX = 256 };

/* What a connection is doing, for the sake of those that do it too slowly. */
enum http_phase { HTTP_PHASE_HEAD, HTTP_PHASE_BODY, HTTP_PHASE_HELD, HTTP_PHASE_ANSWER };

typedef struct http_connection {
    struct http_connection *next, *previous;
    struct MHD_Connection *mhd;
    int fd;
    bool is_over_limit, is_tls;
    struct tls_wire *wire; /* NULL: plain */
    enum http_phase phase;
    int64_t since_ms;     /* when the phase, or its present window, began */
    uint64_t moved_bytes; /* in the present window, as far as we see them */
    char address[INET6_ADDRSTRLEN];
} http_connection;

struct http_request {
    struct http_request *next; /* idle ones */
    struct http_daemon *daemon;
    struct MHD_Connection *mhd;
    http_connection *connection;
    arena memory;
    slice target;
    const char *head_at; /* where it was read to; NULL: not known how much was read */
    size_t read_bytes;   /* head, and body as announced */
    void *served;        /* NULL until the head is there */
    bool is_head;        /* its answer has no body */
    bool is_body_open;
    bool is_held;
    bool is_answered;
};

typedef struct http_daemon {
    struct http_front *front;
    struct MHD_Daemon *mhd;
    int epoll_fd;
    int listen_fd; /* after http_front_stop_accepting ours to close; -1 otherwise */
    bool is_tls;
    bool is_due; /* to be run at the end of this turn */
} http_daemon;

struct http_front {
    loop *loop;
    http_server server;
    http_daemon daemons[HTTP_DAEMONS];
    size_t daemon_count;
    http_connection connections; /* head of a ring */
    size_t connection_count, max_connections;
    int64_t idle_timeout_ms;
    http_request *idle_requests;
    size_t idle_count, request_count;
    unsigned refused[HTTP_REFUSALS]; /* since the last second; http_guard.c says what counts as which */
    enum status_code expected;       /* what the next page of libmicrohttpd's is about; STATUS_OK: none is due */
};

/* -- http_request.c: heads in, answers out */

/* The request line is there: the callbacks of libmicrohttpd. */
void *http_request_begin(void *daemon, const char *target, struct MHD_Connection *mhd);
enum MHD_Result http_request_continue(void *daemon, struct MHD_Connection *mhd, const char *url, const char *method,
                                      const char *version, const char *part, size_t *part_bytes, void **request);
void http_request_end(void *daemon, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode why);
void http_requests_free(http_front *front);

/* -- http_refusal.c, or http_refusal_plain.c: what a client is shown that libmicrohttpd refuses */

/* A page of libmicrohttpd's about this is made next. */
void http_refusal_expect(http_front *front, enum status_code failure);
/* Whether the one expected was not made: a response is made for something else. */
bool http_refusal_forget(http_front *front);
/* This connection's turn. */
void http_refusal_note(const http_connection *c);

/* -- http_guard.c: who is connected, who is too slow, what was refused */

void http_connection_notify(void *daemon, struct MHD_Connection *mhd, void **connection,
                            enum MHD_ConnectionNotificationCode what);
http_connection *http_connection_of(struct MHD_Connection *mhd);
void http_connection_enter(http_connection *c, enum http_phase phase, int64_t now_ms);
/* Once a second: breaks off connections that are too slow, tells of what was refused. */
void http_guard_tick(http_front *front);
/* One more that is told of in sums. */
void http_guard_count(http_front *front, enum status_code failure);
/* Takes libmicrohttpd's own messages. */
void http_guard_log(void *front, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

#endif
