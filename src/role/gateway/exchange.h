/* The life of one request: recognised and decoded, asked of core, its body moved, answered. Every answer is one that core has
 * recorded, except when there is no core to be reached. */
#ifndef ROLE_GATEWAY_EXCHANGE_H
#define ROLE_GATEWAY_EXCHANGE_H

#include "role/gateway/gateway.h"

/* How the HTTP front serves requests through exchanges; the context is the gateway. */
http_server exchange_server(gateway *g);
/* Frees the memory kept for later requests. */
void exchanges_free(gateway *g);

#endif
