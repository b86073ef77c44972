/* Who has to wait before logging in again, over a restart of core. */
#include "base/log.h"
#include "service/pipeline.h"

enum { KEPT_EVERY_S = 5 };

static status keep(house *h, slowdown *s, slice path) {
    OWNED(arena) memory = {0};
    OWNED(buffer) packed = {0};
    waiting_record waiting;
    store_change change = {.key = path, .expected = STORE_ANY};
    TRY(slowdown_list(s, &memory, &waiting));
    TRY(shape_pack(&waiting_record_shape, &waiting, &packed));
    if (waiting.tries.count) change.value = buffer_slice(&packed);
    TRY(store_begin(h->store));
    status applied = store_apply(h->store, &change, 1);
    if (!FAILED(applied)) return store_commit(h->store);
    store_roll_back(h->store);
    return applied;
}

static status recall(house *h, slowdown *s, slice path) {
    OWNED(arena) memory = {0};
    slice value;
    uint64_t revision;
    waiting_record waiting;
    status found = store_get(h->store, path, &memory, &value, &revision);
    if (FAILED_WITH(found, NOT_FOUND)) return OK;
    TRY(found);
    TRY(shape_unpack(&waiting_record_shape, value, &memory, &waiting));
    return slowdown_recall(s, &waiting);
}

#define BY_PERSON SLICE("tries/person")
#define BY_ADDRESS SLICE("tries/address")

status serve_recall_tries(serve *s) {
    TRY(recall(s->house, s->house->by_person, BY_PERSON));
    return recall(s->house, s->house->by_address, BY_ADDRESS);
}

void serve_keep_tries(serve *s, int64_t now_s) {
    house *h = s->house;
    bool is_changed = slowdown_has_changed(h->by_person) || slowdown_has_changed(h->by_address);
    if (!is_changed || now_s < s->tries_not_before_s) return;
    s->tries_not_before_s = now_s == INT64_MAX ? now_s : now_s + KEPT_EVERY_S;
    status kept = slowdown_has_changed(h->by_person) ? keep(h, h->by_person, BY_PERSON) : OK;
    if (!FAILED(kept) && slowdown_has_changed(h->by_address)) kept = keep(h, h->by_address, BY_ADDRESS);
    if (FAILED(kept)) log_warning("waits after failed logins not kept", "%s", status_name(kept));
}
