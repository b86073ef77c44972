/* Fewer system calls and records for a request over TLS. GnuTLS reads the head of a record and then the record, a call each,
 * and libmicrohttpd sends the head of an answer and its body as two records. Here a read takes what is there, and a head waits
 * for its body, which follows at once. */
#ifndef ROLE_GATEWAY_HTTP_TLS_H
#define ROLE_GATEWAY_HTTP_TLS_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

typedef struct tls_wire tls_wire;

/* For a session of libmicrohttpd's that has read nothing yet. NULL without memory: all goes on as without. */
tls_wire *tls_wire_new(gnutls_session_t session, int fd);
/* The session is not used any more. NULL is allowed. */
void tls_wire_free(tls_wire *w);

/* What is sent next is the head of an answer, and its body is sent behind it in the same turn. */
void tls_wire_expect_body(tls_wire *w);
/* At the end of a turn: a head whose body did not follow ends its connection. It does not happen. */
void tls_wire_end_turn(void);

int tls_wire_fd(gnutls_session_t session);

#endif
