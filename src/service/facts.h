/* What is known of a request, as condition keys (access/condition_key.h): one table of what every request says, and what goes with
 * a key, with tags, with what the call itself adds. */
#ifndef SERVICE_FACTS_H
#define SERVICE_FACTS_H

#include "service/call.h"

typedef struct facts {
    call *c;
    condition_value *at;
    size_t count, room;
} facts;

/* For one action on one resource; `key` may be NULL. The caller's policies have been loaded, for its tags. */
typedef struct facts_about {
    const char *action;
    slice resource;
    const key_record *key;
} facts_about;
status facts_gather(call *c, const facts_about *about, facts *out);

/* The encryption context that goes with this action, when the operation has one; else NULL. */
const pair_list *facts_context(const call *c, const char *action);

#endif
