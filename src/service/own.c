/* Beginning Keyhold's own acts when they are due. */
#include "service/own.h"

#include "access/identity.h"
#include "base/clock.h"
#include "keys/due.h"

enum { LOOK_EVERY_MS = 1000, REST_MS = 30 * 1000, BEGUN_AT_ONCE = 16, LOOK_MEMORY = 1 << 20 };

static status fill(serve *s, call *c, const own_place *place) {
    TRY(arena_copy(&c->memory, place->region, &c->region));
    TRY(arena_copy(&c->memory, place->subject, &c->subject));
    return identity_of_account(s->house->identities, place->account, &c->memory, &c->who);
}

status own_begin(serve *s, const own_act *act, const own_place *place) {
    job *j = own_new(s, act);
    ENSURE(j != NULL, OUT_OF_MEMORY);
    status filled = fill(s, &j->call, place);
    if (FAILED(filled)) job_free(s, j);
    return filled;
}

static const own_act *const DUE_ACTS[DUE_KINDS] = {
    [DUE_DESTRUCTION] = &own_destroy_key,
    [DUE_EXPIRY] = &own_expire_material,
    [DUE_SECRET_END] = &own_destroy_secret,
};

static status begin_due(serve *s) {
    OWNED(arena) memory = {.limit = LOOK_MEMORY};
    due *list;
    size_t count;
    TRY(due_list(s->house->store, clock_now_s(), BEGUN_AT_ONCE, &memory, &list, &count));
    for (size_t i = 0; i < count; i++) {
        own_place place = {list[i].account, list[i].region, list[i].subject};
        TRY(own_begin(s, DUE_ACTS[list[i].kind], &place));
    }
    return OK;
}

/* What is under way is still listed as due: nothing more is begun until all of it has ended. */
void own_turn(serve *s) {
    int64_t now_ms = clock_monotonic_ms();
    if (s->is_ending || s->own_count > s->rewraps.under_way || now_ms < s->own_next_ms || !s->auditor) return;
    s->own_next_ms = now_ms + LOOK_EVERY_MS;
    if (FAILED(begin_due(s))) s->own_next_ms = now_ms + REST_MS;
}

status serve_change(serve *s, const store_change *change, arena *memory) {
    derived_changes more;
    TRY(derived_follow(s->house->store, change, 1, memory, &more));
    store_change *all = ARENA_ARRAY(memory, store_change, more.count + 1);
    ENSURE(all != NULL, OUT_OF_MEMORY);
    all[0] = *change;
    if (more.count) memcpy(all + 1, more.at, more.count * sizeof *all);
    TRY(store_apply(s->house->store, all, more.count + 1));
    return derived_count(&s->derived, &more);
}

void own_ended(serve *s, const job *j) {
    s->own_count--;
    if (j->own == &own_rewrap_object || j->own == &own_rewrap_secret) return rewrap_ended(s, j);
    if (FAILED(j->call.failure)) s->own_next_ms = clock_monotonic_ms() + REST_MS;
}
