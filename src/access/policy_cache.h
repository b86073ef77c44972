/* Compiled policies kept by name, up to a number of bytes. What was not asked for lately goes first. */
#ifndef ACCESS_POLICY_CACHE_H
#define ACCESS_POLICY_CACHE_H

#include "access/policy.h"
#include "base/table.h"

/* Two generations: what is asked for or put is in the newer one; when that is full it becomes the older one, whose policies go. */
typedef struct policy_generation {
    table policies;
    size_t bytes;
} policy_generation;

typedef struct policy_cache {
    policy_generation newer, older;
    size_t generation_bytes; /* twice as much is kept, and what is used between two calls of policy_cache_make_room */
} policy_cache;

void policy_cache_begin(policy_cache *c, size_t generation_bytes);
void policy_cache_clear(policy_cache *c);

/* NULL when it is not there. What get and put give lives until the next but one policy_cache_make_room at least. */
const policy *policy_cache_get(policy_cache *c, slice name);
/* Takes the policy over, also when it fails. Not for names that are there. OUT_OF_MEMORY. */
status policy_cache_put(policy_cache *c, slice name, policy *p);
/* The only thing that frees policies: called when none is in use. */
void policy_cache_make_room(policy_cache *c);

#endif
