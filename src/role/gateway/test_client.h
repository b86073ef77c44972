/* A plain HTTP client for the gateway's test: raw sockets, so that it can also misbehave; TLS through GnuTLS. */
#ifndef ROLE_GATEWAY_TEST_CLIENT_H
#define ROLE_GATEWAY_TEST_CLIENT_H

#include "base/buffer.h"

typedef struct client {
    int fd;
    struct gnutls_session_int *tls; /* NULL: plain */
    void *credentials;
    buffer in;             /* received */
    size_t answered_bytes; /* of it: the answer given last */
    unsigned receives;     /* TLS: records, but for those larger than any */
} client;

void client_open(client *c, uint16_t port);
void client_open_tls(client *c, uint16_t port);
/* Name of protocol version and cipher in use. */
const char *client_tls_version(const client *c);
const char *client_tls_cipher(const client *c);
void client_clear(client *c);

/* False when the connection was closed meanwhile. */
bool client_send(client *c, slice bytes);
bool client_send_text(client *c, const char *text);
/* No more will be sent. */
void client_end_sending(client *c);

typedef struct answer {
    int status; /* 0: the connection ended without one */
    slice head; /* in the client's buffer, until the next call */
    slice body;
    bool is_whole; /* as many bytes as Content-Length said */
} answer;
/* The next answer, within 20 seconds; for a HEAD request its body is not waited for. */
answer client_answer(client *c);
answer client_answer_to_head(client *c);
/* A header's value, absent when there is none. */
slice answer_header(const answer *a, const char *name);
/* True when the peer closed within wait_ms and sent nothing more. */
bool client_is_closed_within(client *c, int wait_ms);

#endif
