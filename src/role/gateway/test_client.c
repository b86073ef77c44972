/* The test's HTTP client. */
#include "role/gateway/test_client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_WITHIN_MS = 20000, RECEIVE_BYTES = 256 << 10 };

void client_open(client *c, uint16_t port) {
    struct sockaddr_in there = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    *c = (client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert(c->fd >= 0);
    assert(connect(c->fd, (struct sockaddr *)&there, sizeof there) == 0);
}

void client_open_tls(client *c, uint16_t port) {
    gnutls_certificate_credentials_t credentials;
    client_open(c, port);
    assert(gnutls_certificate_allocate_credentials(&credentials) == 0);
    c->credentials = credentials;
    assert(gnutls_init(&c->tls, GNUTLS_CLIENT) == 0);
    assert(gnutls_set_default_priority(c->tls) == 0);
    assert(gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, credentials) == 0);
    gnutls_server_name_set(c->tls, GNUTLS_NAME_DNS, "localhost", 9);
    gnutls_transport_set_int(c->tls, c->fd);
    int result;
    do result = gnutls_handshake(c->tls);
    while (result < 0 && !gnutls_error_is_fatal(result));
    assert(result == 0);
}

const char *client_tls_version(const client *c) {
    return gnutls_protocol_get_name(gnutls_protocol_get_version(c->tls));
}
const char *client_tls_cipher(const client *c) { return gnutls_cipher_get_name(gnutls_cipher_get(c->tls)); }

void client_clear(client *c) {
    if (c->tls) {
        gnutls_deinit(c->tls);
        gnutls_certificate_free_credentials(c->credentials);
    }
    if (c->fd >= 0) close(c->fd);
    buffer_clear(&c->in);
    *c = (client){.fd = -1};
}

static ssize_t send_some(client *c, slice bytes) {
    if (c->tls) return gnutls_record_send(c->tls, bytes.at, bytes.len);
    return send(c->fd, bytes.at, bytes.len, MSG_NOSIGNAL);
}

bool client_send(client *c, slice bytes) {
    while (bytes.len) {
        ssize_t sent = send_some(c, bytes);
        if (sent <= 0) return false;
        bytes = slice_skip(bytes, (size_t)sent);
    }
    return true;
}

bool client_send_text(client *c, const char *text) { return client_send(c, slice_of_text(text)); }

void client_end_sending(client *c) { shutdown(c->fd, SHUT_WR); }

static ssize_t receive_some(client *c, void *into, size_t room) {
    if (c->tls) return gnutls_record_recv(c->tls, into, room);
    return recv(c->fd, into, room, 0);
}

static bool is_readable(client *c, int wait_ms) {
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    if (c->tls && gnutls_record_check_pending(c->tls)) return true;
    return poll(&p, 1, wait_ms) > 0;
}

/* More into the buffer; false at the end of the connection or after too long a wait. */
static bool receive(client *c) {
    if (!is_readable(c, ANSWER_WITHIN_MS)) return false;
    if (FAILED(buffer_reserve(&c->in, RECEIVE_BYTES))) return false;
    ssize_t got = receive_some(c, c->in.at + c->in.len, RECEIVE_BYTES);
    if (got <= 0) return false;
    c->in.len += (size_t)got;
    c->receives++;
    return true;
}

slice answer_header(const answer *a, const char *name) {
    slice rest = a->head, line, field;
    while (slice_split(&rest, '\n', &line)) {
        slice value = line;
        if (!slice_split(&value, ':', &field) || slice_is_absent(value)) continue;
        if (slice_equals_ignoring_case(slice_trim(field), slice_of_text(name))) return slice_trim(value);
    }
    return (slice){0};
}

static uint64_t announced_bytes(const answer *a) {
    uint64_t bytes = 0;
    slice_to_u64(answer_header(a, "Content-Length"), &bytes);
    return bytes;
}

static answer answer_read(client *c, bool is_to_head) {
    size_t head_bytes;
    while ((head_bytes = slice_find(buffer_slice(&c->in), SLICE("\r\n\r\n"))) == SIZE_MAX)
        if (!receive(c)) return (answer){0};
    head_bytes += 4;
    answer a = {.head = slice_of(c->in.at, head_bytes)};
    assert(head_bytes > 12);
    a.status = (int)strtol((const char *)c->in.at + 9, NULL, 10);
    size_t body_bytes = is_to_head ? 0 : (size_t)announced_bytes(&a);
    a.is_whole = true;
    while (c->in.len < head_bytes + body_bytes && a.is_whole) a.is_whole = receive(c);
    a.head = slice_of(c->in.at, head_bytes);
    a.body = slice_head(slice_of(c->in.at + head_bytes, c->in.len - head_bytes), body_bytes);
    return a;
}

/* The answer before stays readable until here. */
static answer next_answer(client *c, bool is_to_head) {
    buffer_consume(&c->in, c->answered_bytes);
    c->answered_bytes = 0;
    answer a = answer_read(c, is_to_head);
    c->answered_bytes = a.head.len + a.body.len;
    return a;
}

answer client_answer(client *c) { return next_answer(c, false); }
answer client_answer_to_head(client *c) { return next_answer(c, true); }

bool client_is_closed_within(client *c, int wait_ms) {
    char byte;
    if (!is_readable(c, wait_ms)) return false;
    return receive_some(c, &byte, 1) <= 0;
}
