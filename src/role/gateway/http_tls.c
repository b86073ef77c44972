/* Reading ahead, and sending an answer's head and body as one record. The linker's --wrap brings libmicrohttpd's sending here; with
 * the shared library it does not, and heads go out by themselves. */
#include "role/gateway/http_tls.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"

enum { AHEAD_BYTES = 4096, HEAD_BYTES_MOST = 1024, RECORD_BYTES_MOST = 16384 };

struct tls_wire {
    gnutls_session_t session;
    int fd;
    bool expects_body;
    bool is_pending;   /* GnuTLS has the record and could not send all of it */
    size_t head_bytes; /* that wait, or are in that record */
    size_t ahead_at, ahead_end;
    uint8_t ahead[AHEAD_BYTES];
    uint8_t head[HEAD_BYTES_MOST];
};

static struct {
    tls_wire *holding;                 /* a head; from one call to the next only */
    uint8_t record[RECORD_BYTES_MOST]; /* being put together: overwritten, it holds an answer */
} all;

ssize_t __real_gnutls_record_send(gnutls_session_t session, const void *data, size_t bytes);
ssize_t __wrap_gnutls_record_send(gnutls_session_t session, const void *data, size_t bytes);

/* ---- reading */

static ssize_t ahead_take(tls_wire *w, void *into, size_t room) {
    size_t bytes = w->ahead_end - w->ahead_at;
    if (bytes > room) bytes = room;
    memcpy(into, w->ahead + w->ahead_at, bytes);
    w->ahead_at += bytes;
    return (ssize_t)bytes;
}

static ssize_t wire_pull(gnutls_transport_ptr_t at, void *into, size_t room) {
    tls_wire *w = at;
    if (w->ahead_at < w->ahead_end) return ahead_take(w, into, room);
    if (room >= sizeof w->ahead) return recv(w->fd, into, room, 0);
    ssize_t got = recv(w->fd, w->ahead, sizeof w->ahead, 0);
    if (got <= 0) return got;
    w->ahead_at = 0;
    w->ahead_end = (size_t)got;
    return ahead_take(w, into, room);
}

/* GnuTLS asks where it waits; it does not for sessions like ours. */
static int wire_pull_timeout(gnutls_transport_ptr_t at, unsigned wait_ms) {
    tls_wire *w = at;
    struct pollfd socket = {.fd = w->fd, .events = POLLIN};
    return w->ahead_at < w->ahead_end ? 1 : poll(&socket, 1, wait_ms > INT32_MAX ? -1 : (int)wait_ms);
}

/* ---- sending */

void tls_wire_expect_body(tls_wire *w) { w->expects_body = true; }

static void break_off(tls_wire *w) {
    log_error("the head of an answer had no body", "%s", "connection broken off");
    w->head_bytes = 0;
    shutdown(w->fd, SHUT_RDWR);
}

void tls_wire_end_turn(void) {
    tls_wire *w = all.holding;
    all.holding = NULL;
    if (w) break_off(w);
}

static bool head_hold(tls_wire *w, const void *head, size_t bytes) {
    bool fits = bytes <= sizeof w->head && gnutls_record_get_max_size(w->session) >= 2 * sizeof w->head;
    w->expects_body = false;
    if (!fits) return false;
    memcpy(w->head, head, bytes);
    w->head_bytes = bytes;
    all.holding = w;
    return true;
}

/* How many bytes of the body went with the head. */
static ssize_t record_sent(tls_wire *w, ssize_t sent) {
    w->is_pending = sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED;
    if (w->is_pending) return sent;
    size_t head_bytes = w->head_bytes;
    w->head_bytes = 0;
    if (sent < 0) return sent;
    return (size_t)sent > head_bytes ? sent - (ssize_t)head_bytes : GNUTLS_E_INTERNAL_ERROR;
}

static ssize_t record_send(tls_wire *w, const void *body, size_t bytes) {
    size_t most = gnutls_record_get_max_size(w->session);
    if (most > sizeof all.record) most = sizeof all.record;
    if (bytes > most - w->head_bytes) bytes = most - w->head_bytes;
    memcpy(all.record, w->head, w->head_bytes);
    memcpy(all.record + w->head_bytes, body, bytes);
    all.holding = NULL;
    ssize_t sent = __real_gnutls_record_send(w->session, all.record, w->head_bytes + bytes);
    explicit_bzero(all.record, w->head_bytes + bytes);
    return record_sent(w, sent);
}

ssize_t __wrap_gnutls_record_send(gnutls_session_t session, const void *data, size_t bytes) {
    tls_wire *w = gnutls_session_get_ptr(session);
    if (all.holding && all.holding != w) tls_wire_end_turn();
    if (w == NULL || bytes == 0) return __real_gnutls_record_send(session, data, bytes);
    if (w->is_pending) return record_sent(w, __real_gnutls_record_send(session, NULL, 0));
    if (w->head_bytes) return record_send(w, data, bytes);
    if (w->expects_body && head_hold(w, data, bytes)) return (ssize_t)bytes;
    return __real_gnutls_record_send(session, data, bytes);
}

/* ---- life */

tls_wire *tls_wire_new(gnutls_session_t session, int fd) {
    tls_wire *w = session ? malloc(sizeof *w) : NULL;
    if (w == NULL) return NULL;
    memset(w, 0, offsetof(tls_wire, ahead));
    w->session = session;
    w->fd = fd;
    gnutls_session_set_ptr(session, w);
    gnutls_transport_ptr_t receiving, sending;
    gnutls_transport_get_ptr2(session, &receiving, &sending);
    gnutls_transport_set_ptr2(session, w, sending);
    gnutls_transport_set_pull_function(session, wire_pull);
    gnutls_transport_set_pull_timeout_function(session, wire_pull_timeout);
    return w;
}

void tls_wire_free(tls_wire *w) {
    if (w == NULL) return;
    if (all.holding == w) all.holding = NULL;
    explicit_bzero(w->head, sizeof w->head);
    free(w);
}

int tls_wire_fd(gnutls_session_t session) {
    const tls_wire *w = gnutls_session_get_ptr(session);
    return w ? w->fd : gnutls_transport_get_int(session);
}
