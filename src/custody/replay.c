/* A plain list: what has lapsed makes room. */
#include "custody/replay.h"

#include "crypto/hash.h"

status replay_mark(slice who, slice what, arena *memory, slice *out) {
    uint8_t both[2 * HASH_SHA256_BYTES], *mark = arena_take_raw(memory, HASH_SHA256_BYTES);
    ENSURE(mark != NULL, OUT_OF_MEMORY);
    TRY(hash_once(HASH_SHA256, who, both));
    TRY(hash_once(HASH_SHA256, what, both + HASH_SHA256_BYTES));
    TRY(hash_once(HASH_SHA256, slice_of(both, sizeof both), mark));
    *out = slice_of(mark, REPLAY_MARK_BYTES);
    return OK;
}

static void drop_lapsed(replays *r, int64_t now_s) {
    for (size_t i = 0; i < r->count;)
        if (r->at[i].until_s <= now_s) r->at[i] = r->at[--r->count];
        else i++;
}

status replays_take(replays *r, slice mark, int64_t until_s, int64_t now_s) {
    ENSURE(mark.len == REPLAY_MARK_BYTES, INTERNAL);
    drop_lapsed(r, now_s);
    for (size_t i = 0; i < r->count; i++)
        ENSURE(!slice_equals(slice_of(r->at[i].mark, REPLAY_MARK_BYTES), mark), SAML_ASSERTION);
    ENSURE(r->count < REPLAYS_MOST, THROTTLED);
    struct replay *added = &r->at[r->count++];
    memcpy(added->mark, mark.at, REPLAY_MARK_BYTES);
    added->until_s = until_s;
    return OK;
}
