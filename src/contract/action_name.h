/* Actions that mean the same thing in the two clouds, and services likewise: a request has all of its names, and a policy
 * that names any of them is about it. */
#ifndef CONTRACT_ACTION_NAME_H
#define CONTRACT_ACTION_NAME_H

#include "base/slice.h"

enum { ACTION_NAMES_MOST = 4, ACTION_NAME_BYTES_MOST = 128, SERVICE_NAMES_MOST = 3 };

typedef struct action_names {
    slice whole[ACTION_NAMES_MOST]; /* "kms:encrypt", in lower case; the first is the one asked about */
    size_t count;
    uint8_t room[ACTION_NAMES_MOST][ACTION_NAME_BYTES_MOST];
} action_names;

/* False, and nothing written, unless it is "service:Name" of at most ACTION_NAME_BYTES_MOST bytes. Slices point into *out. */
bool action_names_find(slice action, action_names *out);

/* The names of a service in lower case, itself first: "oss" is also "s3", "ram" also "iam" and "sts". */
typedef struct service_names {
    slice at[SERVICE_NAMES_MOST];
    size_t count;
} service_names;
void service_names_find(slice service, slice relative, service_names *out);

#endif
