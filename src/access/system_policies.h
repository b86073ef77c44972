/* The policies every account has without making them (PolicyType System). They cannot be changed. */
#ifndef ACCESS_SYSTEM_POLICIES_H
#define ACCESS_SYSTEM_POLICIES_H

#include "base/slice.h"

typedef struct system_policy {
    const char *name;
    const char *description;
    const char *document; /* compiles as POLICY_IDENTITY */
} system_policy;

/* Names are compared exactly. NULL when there is none. */
const system_policy *system_policy_find(slice name);
/* In the order of their names: 0 to system_policy_count() - 1. */
const system_policy *system_policy_at(size_t index);
size_t system_policy_count(void);

#endif
