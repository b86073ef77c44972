/* What was signed, as the vault read it, against what the gateway says was asked: it may be the gateway that lies. A change of records needs
 * no key, but who attaches a policy to another user than was signed may use every key the next moment. */
#ifndef SERVICE_SAID_H
#define SERVICE_SAID_H

#include "service/call.h"

typedef struct said {
    int64_t operation; /* of any request but one of storage; 0: none of ours */
    pair_list pairs;   /* of a change: its parameters without secrets … */
    slice json;        /* … or its members */
    slice verb;        /* of a storage request */
    slice resource;    /* /bucket/key; with version 1 of the signature sub-resources behind a '?' … */
    slice query;       /* … with version 4 here */
} said;

/* Is it the operation that was signed? For storage, as far as reading and changing go. NO_PERMISSION. */
status said_is_operation(const call *c, const said *s, enum operation_id id);
/* … and with this input, where it changes something; for storage, of this bucket or object, and of this part of it. NO_PERMISSION. What
 * version 1 of the storage signature does not cover is not looked at. */
status said_is_input(call *c, const said *s);

#endif
