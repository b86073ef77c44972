/* The gateway process: what its files share. It holds TLS sessions and bodies in flight; it has no keys but those of the
 * bodies it is moving, opens no file by name, and knows no policy. */
#ifndef ROLE_GATEWAY_H
#define ROLE_GATEWAY_H

#include "crypto/box.h"
#include "role/child.h"
#include "role/gateway/http.h"
#include "role/gateway/link.h"

typedef struct gateway {
    child child;
    loop *loop; /* the child's */
    core_link *core;
    http_front *front;
    sync_worker *sync;
    box *box;                  /* secrets to and from the vault; NULL until CONNECT brings the key */
    buffer input, alternative; /* of the request being sent to core, packed: plaintexts are boxed */
    slice base_domains;
    bool is_ready;
    unsigned refusals_open; /* told to core one by one, and not answered yet */
    struct exchange *idle_exchanges;
    size_t idle_count;
} gateway;

#endif
