/* Requests that never became exchanges: libmicrohttpd could not read them. */
#ifndef ROLE_GATEWAY_REFUSED_H
#define ROLE_GATEWAY_REFUSED_H

#include "role/gateway/gateway.h"

/* As http_server has them; the context is the gateway. Core is told of each, and the client gets a page with the id it is recorded
 * under. Nothing can be held back inside libmicrohttpd: here alone the answer does not wait for the journal. */
status gateway_on_refused(void *context, const http_refusal *refusal, http_answer *page);
void gateway_on_refused_in_sum(void *context, const http_refusal *refusal);

#endif
