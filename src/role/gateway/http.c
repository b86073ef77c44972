/* The HTTP front: its daemons and their place in the loop. */
#include "role/gateway/http.h"

#include <stdlib.h>

#include "base/log.h"
#include "role/gateway/http_private.h"
#include "role/gateway/pool.h"
#include "role/gateway/http_tls.h"
#include "system/files.h"
#include "system/sparing.h"

enum { TICK_MS = 1000 };

/* TLS 1.3 and 1.2 with forward secrecy; AES-256-GCM is the server's first choice. */
static const char tls_priorities[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:"
    "%SERVER_PRECEDENCE";

static void daemon_due(http_daemon *d) { d->is_due = true; }

static void on_events(void *context, uint32_t events) {
    (void)events;
    daemon_due(context);
}

static void daemon_run(http_daemon *d) {
    MHD_UNSIGNED_LONG_LONG wait_ms;
    if (!d->is_due) return;
    d->is_due = false;
    MHD_run(d->mhd);
    if (MHD_get_timeout(d->mhd, &wait_ms) == MHD_YES && wait_ms == 0) {
        daemon_due(d);
        loop_do_not_block(d->front->loop);
    }
}

/* After events and timers: what they made due runs once, and what it sends to core leaves in the same turn. */
static void on_turn_end(void *context) {
    http_front *front = context;
    for (size_t i = 0; i < front->daemon_count; i++) daemon_run(&front->daemons[i]);
    tls_wire_end_turn();
}

static void on_tick(void *context) {
    http_front *front = context;
    http_guard_tick(front);
    for (size_t i = 0; i < front->daemon_count; i++) daemon_due(&front->daemons[i]); /* its own timeouts */
    if (FAILED(loop_after(front->loop, TICK_MS, on_tick, front, NULL)))
        log_error("no more timeouts", "%s", "out of memory");
}

/* Query arguments stay as they were sent: dialects read the raw target. */
static size_t leave_as_it_is(void *context, struct MHD_Connection *mhd, char *text) {
    (void)context;
    (void)mhd;
    return strlen(text);
}

static struct MHD_Daemon *daemon_start(http_daemon *d, int listen_fd, const http_settings *settings) {
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (d->is_tls ? MHD_USE_TLS : 0);
    unsigned limit = settings->max_connections + HTTP_OVER_LIMIT_CONNECTIONS;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)settings->pem},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)settings->pem},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)tls_priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    return MHD_start_daemon(flags, 0, NULL, NULL, http_request_continue, d, MHD_OPTION_EXTERNAL_LOGGER, http_guard_log,
                            d->front, MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT, limit,
                            MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            pool_told_bytes(), MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
                            MHD_OPTION_UNESCAPE_CALLBACK, leave_as_it_is, NULL, MHD_OPTION_URI_LOG_CALLBACK,
                            http_request_begin, d, MHD_OPTION_NOTIFY_COMPLETED, http_request_end, d,
                            MHD_OPTION_NOTIFY_CONNECTION, http_connection_notify, d, MHD_OPTION_ARRAY,
                            d->is_tls ? tls : none, MHD_OPTION_END);
}

static status daemon_add(http_front *front, int listen_fd, bool is_tls, const http_settings *settings) {
    http_daemon *d = &front->daemons[front->daemon_count];
    *d = (http_daemon){.front = front, .is_tls = is_tls, .listen_fd = -1};
    d->mhd = daemon_start(d, listen_fd, settings);
    if (d->mhd == NULL) {
        files_close(listen_fd);
        return is_tls ? FAIL(MALFORMED) : FAIL(IO);
    }
    front->daemon_count++;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    ENSURE(info != NULL, INTERNAL);
    d->epoll_fd = info->epoll_fd;
    status_ignore(sparing_adopt(d->epoll_fd)); /* without it everything works, with more system calls */
    return loop_watch(front->loop, d->epoll_fd, EPOLLIN, on_events, d);
}

static status front_begin(http_front *front, const http_settings *settings) {
    if (settings->plain_fd >= 0) TRY(daemon_add(front, settings->plain_fd, false, settings));
    if (settings->tls_fd >= 0) TRY(daemon_add(front, settings->tls_fd, true, settings));
    TRY(loop_after(front->loop, TICK_MS, on_tick, front, NULL));
    return loop_at_turn_end(front->loop, on_turn_end, front);
}

status http_front_new(loop *l, const http_settings *settings, const http_server *server, http_front **out) {
    http_front *front = calloc(1, sizeof *front);
    ENSURE(front != NULL, OUT_OF_MEMORY);
    front->loop = l;
    front->server = *server;
    front->max_connections = settings->max_connections;
    front->idle_timeout_ms = (int64_t)settings->idle_timeout_s * 1000;
    front->connections.next = front->connections.previous = &front->connections;
    status begun = front_begin(front, settings);
    if (FAILED(begun)) {
        http_front_free(front);
        return begun;
    }
    *out = front;
    return OK;
}

void http_front_stop_accepting(http_front *front) {
    for (size_t i = 0; i < front->daemon_count; i++) {
        http_daemon *d = &front->daemons[i];
        if (d->listen_fd < 0) d->listen_fd = MHD_quiesce_daemon(d->mhd);
    }
}

size_t http_front_request_count(const http_front *front) { return front->request_count; }

/* Held connections have to go on before a daemon may stop; they end with it. */
void http_front_free(http_front *front) {
    if (front == NULL) return;
    http_connection *first = &front->connections;
    for (http_connection *c = first->next; c != first; c = c->next)
        if (c->phase == HTTP_PHASE_HELD) MHD_resume_connection(c->mhd);
    for (size_t i = 0; i < front->daemon_count; i++) {
        http_daemon *d = &front->daemons[i];
        loop_unwatch(front->loop, d->epoll_fd);
        MHD_stop_daemon(d->mhd);
        files_close(d->listen_fd);
    }
    http_requests_free(front);
    free(front);
}
