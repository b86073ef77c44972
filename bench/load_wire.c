/* Connections of the load generator: TCP, or TLS over it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

enum { DISCARD_BYTES = 256 << 10 };

typedef struct wire_shared {
    gnutls_certificate_credentials_t credentials;
    uint8_t *waste;
} wire_shared;
static wire_shared shared;

status load_wire_start(void) {
    shared.waste = malloc(DISCARD_BYTES);
    ENSURE(shared.waste != NULL, OUT_OF_MEMORY);
    ENSURE(gnutls_certificate_allocate_credentials(&shared.credentials) == GNUTLS_E_SUCCESS, OUT_OF_MEMORY);
    return OK;
}

static status shake_hands(load_wire *w) {
    const unsigned flags = GNUTLS_CLIENT | GNUTLS_NO_TICKETS | GNUTLS_NO_SIGNAL;
    const char *priorities = "NONE:+VERS-TLS1.3:+AES-256-GCM:+AEAD:+GROUP-ALL:+SIGN-ALL:+CTYPE-ALL:+SHA384";
    ENSURE(gnutls_init(&w->session, flags) == GNUTLS_E_SUCCESS, OUT_OF_MEMORY);
    ENSURE(gnutls_priority_set_direct(w->session, priorities, NULL) == GNUTLS_E_SUCCESS, INTERNAL);
    ENSURE(gnutls_credentials_set(w->session, GNUTLS_CRD_CERTIFICATE, shared.credentials) == GNUTLS_E_SUCCESS,
           INTERNAL);
    gnutls_server_name_set(w->session, GNUTLS_NAME_DNS, "localhost", sizeof "localhost" - 1);
    gnutls_transport_set_int(w->session, w->fd);
    int result;
    do result = gnutls_handshake(w->session);
    while (result < 0 && !gnutls_error_is_fatal(result));
    ENSURE(result == GNUTLS_E_SUCCESS, CLOSED);
    return OK;
}

status load_wire_open(const load_plan *plan, load_wire *out) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(plan->port)};
    load_wire w = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), NULL};
    const int yes = 1;
    ENSURE(w.fd >= 0, CLOSED);
    setsockopt(w.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    status result = FAIL(CLOSED);
    if (inet_pton(AF_INET, plan->host, &address.sin_addr) == 1 &&
        connect(w.fd, (struct sockaddr *)&address, sizeof address) == 0)
        result = plan->is_tls ? shake_hands(&w) : OK;
    if (!FAILED(result) && fcntl(w.fd, F_SETFL, O_NONBLOCK) != 0) result = FAIL(INTERNAL);
    if (FAILED(result)) load_wire_close(&w);
    else *out = w;
    return result;
}

static ptrdiff_t tls_result(ssize_t result) {
    if (result > 0) return result;
    return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED ? 0 : -1;
}

static ptrdiff_t plain_result(ssize_t result) {
    if (result > 0) return result;
    return result < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

ptrdiff_t load_wire_send(load_wire *w, slice bytes, bool more_follows) {
    if (w->session) return tls_result(gnutls_record_send(w->session, bytes.at, bytes.len));
    return plain_result(send(w->fd, bytes.at, bytes.len, MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0)));
}

ptrdiff_t load_wire_receive(load_wire *w, uint8_t *at, size_t room) {
    if (!w->session) return plain_result(recv(w->fd, at, room, 0));
    ssize_t result;
    do result = gnutls_record_recv(w->session, at, room);
    while (result < 0 && result != GNUTLS_E_AGAIN && !gnutls_error_is_fatal((int)result));
    return tls_result(result);
}

ptrdiff_t load_wire_discard(load_wire *w, size_t most) {
    if (w->session) return load_wire_receive(w, shared.waste, most < DISCARD_BYTES ? most : DISCARD_BYTES);
    return plain_result(recv(w->fd, shared.waste, most, MSG_TRUNC)); /* tcp(7): drops them without a copy */
}

void load_wire_close(load_wire *w) {
    if (w->session) gnutls_deinit(w->session);
    if (w->fd >= 0) close(w->fd);
    *w = (load_wire){-1, NULL};
}
