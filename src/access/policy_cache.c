/* Two tables; a policy is in one of them. */
#include "access/policy_cache.h"

enum { ENTRY_BYTES = 160 }; /* of the table and the allocators, beside name and policy: measured, rounded up */

static size_t cost_of(slice name, const policy *p) { return policy_bytes(p) + name.len + ENTRY_BYTES; }

static void generation_clear(policy_generation *g) {
    size_t cursor = 0;
    void *value;
    while (table_next(&g->policies, &cursor, NULL, &value)) policy_free(value);
    table_clear(&g->policies);
    *g = (policy_generation){0};
}

static status generation_add(policy_generation *g, slice name, policy *p) {
    TRY(table_put(&g->policies, name, p, NULL));
    g->bytes += cost_of(name, p);
    return OK;
}

void policy_cache_begin(policy_cache *c, size_t generation_bytes) {
    *c = (policy_cache){.generation_bytes = generation_bytes};
}

void policy_cache_clear(policy_cache *c) {
    generation_clear(&c->newer);
    generation_clear(&c->older);
}

/* Without memory to move it, it is used from where it is. */
const policy *policy_cache_get(policy_cache *c, slice name) {
    policy *found = table_get(&c->newer.policies, name);
    if (found) return found;
    found = table_get(&c->older.policies, name);
    if (!found || FAILED(generation_add(&c->newer, name, found))) return found;
    (void)table_remove(&c->older.policies, name);
    return found;
}

status policy_cache_put(policy_cache *c, slice name, policy *p) {
    status added = generation_add(&c->newer, name, p);
    if (FAILED(added)) policy_free(p);
    return added;
}

void policy_cache_make_room(policy_cache *c) {
    if (c->newer.bytes < c->generation_bytes) return;
    generation_clear(&c->older);
    c->older = c->newer;
    c->newer = (policy_generation){0};
}
