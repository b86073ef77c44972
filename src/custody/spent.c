/* A plain list: what has expired makes room. */
#include "custody/spent.h"

#include "crypto/hash.h"

static status mark_of(slice bytes, uint8_t out[SPENT_MARK_BYTES]) {
    uint8_t whole[HASH_SHA256_BYTES];
    TRY(hash_once(HASH_SHA256, bytes, whole));
    memcpy(out, whole, SPENT_MARK_BYTES);
    return OK;
}

static bool same(const uint8_t a[SPENT_MARK_BYTES], const uint8_t b[SPENT_MARK_BYTES]) {
    return slice_equals(slice_of(a, SPENT_MARK_BYTES), slice_of(b, SPENT_MARK_BYTES));
}

static status mark(slice approval, slice signature, int64_t until_s, struct spent *out) {
    struct spent made = {.until_s = until_s};
    TRY(mark_of(approval, made.approval));
    TRY(mark_of(signature, made.signature));
    *out = made;
    return OK;
}

status spent_check(const spent_list *l, slice approval, slice signature) {
    struct spent sought;
    TRY(mark(approval, signature, 0, &sought));
    for (size_t i = 0; i < l->count; i++)
        if (same(l->at[i].approval, sought.approval))
            return same(l->at[i].signature, sought.signature) ? OK : FAIL(APPROVAL_REQUIRED);
    return OK;
}

static void drop_expired(spent_list *l, int64_t now_s) {
    for (size_t i = 0; i < l->count;)
        if (l->at[i].until_s <= now_s) l->at[i] = l->at[--l->count];
        else i++;
}

status spent_make_room(spent_list *l, size_t count, int64_t now_s) {
    if (l->count + count > SPENT_MOST) drop_expired(l, now_s);
    ENSURE(l->count + count <= SPENT_MOST, THROTTLED);
    return OK;
}

status spent_note(spent_list *l, slice approval, slice signature, int64_t until_s) {
    struct spent used;
    TRY(mark(approval, signature, until_s, &used));
    for (size_t i = 0; i < l->count; i++)
        if (same(l->at[i].approval, used.approval)) return OK;
    ENSURE(l->count < SPENT_MOST, THROTTLED);
    l->at[l->count++] = used;
    return OK;
}
