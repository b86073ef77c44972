/* The front's guard: connections, their pace, and what libmicrohttpd refuses by itself. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "role/gateway/http_private.h"
#include "role/gateway/http_tls.h"

/* Who does less than this is cut off: it only holds memory. Windows are multiples of the idle timeout. */
enum { BODY_BYTES_A_SECOND = 1 << 10, HEAD_WITHIN = 2, ANSWER_WITHIN = 2 };

static const struct {
    unsigned http_status;
    enum status_code failure;
} refusals[HTTP_REFUSALS] = {
    {MHD_HTTP_BAD_REQUEST, FAILURE_MALFORMED},
    {MHD_HTTP_CONTENT_TOO_LARGE, FAILURE_REQUEST_TOO_LARGE},
    {MHD_HTTP_URI_TOO_LONG, FAILURE_URI_TOO_LONG},
    {MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, FAILURE_HEADERS_TOO_LARGE},
};

static void address_format(const struct sockaddr *address, char out[INET6_ADDRSTRLEN]) {
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
    const void *bytes = &four->sin_addr;
    int family = address->sa_family;
    if (family == AF_INET6) bytes = &six->sin6_addr;
    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        bytes = six->sin6_addr.s6_addr + 12;
        family = AF_INET;
    }
    if (inet_ntop(family, bytes, out, INET6_ADDRSTRLEN) == NULL) out[0] = 0;
}

static http_connection *connection_open(const http_daemon *daemon, struct MHD_Connection *mhd) {
    http_connection *c = calloc(1, sizeof *c);
    http_front *front = daemon->front;
    if (c == NULL) return NULL;
    c->is_tls = daemon->is_tls;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info) address_format(info->client_addr, c->address);
    info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    c->fd = info ? info->connect_fd : -1;
    c->mhd = mhd;
    info = c->is_tls ? MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION) : NULL;
    if (info) c->wire = tls_wire_new(info->tls_session, c->fd);
    c->next = &front->connections;
    c->previous = front->connections.previous;
    c->previous->next = c->next->previous = c;
    c->is_over_limit = ++front->connection_count > front->max_connections;
    http_connection_enter(c, HTTP_PHASE_HEAD, loop_now_ms(front->loop));
    return c;
}

static void connection_close(http_front *front, http_connection *c) {
    c->next->previous = c->previous;
    c->previous->next = c->next;
    front->connection_count--;
    tls_wire_free(c->wire);
    free(c);
}

void http_connection_notify(void *daemon, struct MHD_Connection *mhd, void **connection,
                            enum MHD_ConnectionNotificationCode what) {
    http_front *front = ((http_daemon *)daemon)->front;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *connection = connection_open(daemon, mhd);
    } else if (*connection) {
        connection_close(front, *connection);
        *connection = NULL;
    }
}

http_connection *http_connection_of(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void http_connection_enter(http_connection *c, enum http_phase phase, int64_t now_ms) {
    c->phase = phase;
    c->since_ms = now_ms;
    c->moved_bytes = 0;
}

static bool is_too_slow(const http_front *front, http_connection *c, int64_t now_ms) {
    int64_t lasted_ms = now_ms - c->since_ms, idle_ms = front->idle_timeout_ms;
    switch (c->phase) {
    case HTTP_PHASE_HEAD:
        return lasted_ms > HEAD_WITHIN * idle_ms; /* a kept connection may do nothing for one of them */
    case HTTP_PHASE_HELD: return false;
    case HTTP_PHASE_BODY:
        if (lasted_ms < idle_ms) return false;
        if (c->moved_bytes * 1000 < (uint64_t)(lasted_ms * BODY_BYTES_A_SECOND)) return true;
        break;
    case HTTP_PHASE_ANSWER:
        if (lasted_ms < ANSWER_WITHIN * idle_ms) return false;
        if (c->moved_bytes == 0) return true;
        break;
    }
    http_connection_enter(c, c->phase, now_ms); /* the next window */
    return false;
}

static void refusals_tell(http_front *front) {
    for (size_t i = 0; i < HTTP_REFUSALS; i++) {
        unsigned count = front->refused[i];
        front->refused[i] = 0;
        http_refusal sum = {.failure = refusals[i].failure, .count = count};
        if (count) front->server.on_refused_in_sum(front->server.context, &sum);
    }
}

void http_guard_tick(http_front *front) {
    int64_t now_ms = loop_now_ms(front->loop);
    http_connection *first = &front->connections;
    for (http_connection *c = first->next; c != first; c = c->next)
        if (is_too_slow(front, c, now_ms)) shutdown(c->fd, SHUT_RDWR); /* seen as the peer's end, and cleaned up so */
    refusals_tell(front);
}

void http_guard_count(http_front *front, enum status_code failure) {
    for (size_t i = 0; i < HTTP_REFUSALS; i++) front->refused[i] += refusals[i].failure == failure;
}

void http_guard_log(void *context, const char *format, va_list arguments) {
    http_front *front = context;
    char text[256];
    if (strncmp(format, "Error processing request", 24) == 0) {
        unsigned http_status = va_arg(arguments, unsigned);
        size_t kind = 0; /* other framing errors count as malformed */
        for (size_t i = 0; i < HTTP_REFUSALS; i++)
            if (refusals[i].http_status == http_status) kind = i;
        http_refusal_expect(front, refusals[kind].failure);
        return;
    }
    vsnprintf(text, sizeof text, format, arguments);
    log_line(LOG_DEBUG_LINE, "connection", "%s", text);
}
