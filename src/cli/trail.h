/* The verbs of `keyhold trail`. */
#ifndef CLI_TRAIL_H
#define CLI_TRAIL_H

#include "cli/run.h"

/* Asking the server. */
status trail_events(invocation *inv);
status trail_follow(invocation *inv);
status trail_proof(invocation *inv);

/* Without any server. */
status trail_verify(invocation *inv);
status trail_check_proof(invocation *inv);

#endif
