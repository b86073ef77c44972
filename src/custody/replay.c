/* A plain list: what has lapsed makes room. */
#include "custody/replay.h"

#include "crypto/hash.h"

static status mark_of(slice who, slice what, uint8_t out[HASH_SHA256_BYTES]) {
    uint8_t both[2 * HASH_SHA256_BYTES];
    TRY(hash_once(HASH_SHA256, who, both));
    TRY(hash_once(HASH_SHA256, what, both + HASH_SHA256_BYTES));
    return hash_once(HASH_SHA256, slice_of(both, sizeof both), out);
}

static void drop_lapsed(replays *r, int64_t now_s) {
    for (size_t i = 0; i < r->count;)
        if (r->at[i].until_s <= now_s) r->at[i] = r->at[--r->count];
        else i++;
}

status replays_take(replays *r, slice who, slice what, int64_t until_s, int64_t now_s) {
    uint8_t mark[HASH_SHA256_BYTES];
    TRY(mark_of(who, what, mark));
    drop_lapsed(r, now_s);
    for (size_t i = 0; i < r->count; i++) {
        slice known = slice_of(r->at[i].mark, REPLAY_MARK_BYTES);
        ENSURE(!slice_equals(known, slice_of(mark, REPLAY_MARK_BYTES)), SAML_ASSERTION);
    }
    ENSURE(r->count < REPLAYS_MOST, THROTTLED);
    struct replay *added = &r->at[r->count++];
    memcpy(added->mark, mark, REPLAY_MARK_BYTES);
    added->until_s = until_s;
    return OK;
}
