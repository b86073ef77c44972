/* Rows of what is due. */
#include "keys/due.h"

#include "base/text.h"

static const char *const NAMES[DUE_KINDS] = {"", "destroy", "expire"};

status due_of_key(slice path, const key_record *key, due out[DUE_KINDS], size_t *count) {
    slice rest = path, prefix;
    due d = {.kind = DUE_NONE};
    bool is_key = slice_split(&rest, '/', &prefix) && slice_split(&rest, '/', &d.account) &&
                  slice_split(&rest, '/', &d.region) && !slice_is_absent(rest);
    ENSURE(is_key && slice_equals_text(prefix, "key"), CORRUPT);
    d.key_id = rest;
    *count = 0;
    if (key->state == KEY_STATE_PENDING_DELETION && key->delete_at.is_set) {
        d.kind = DUE_DESTRUCTION, d.at_s = key->delete_at.value;
        out[(*count)++] = d;
    }
    if (key->material_expires_at.is_set) {
        d.kind = DUE_EXPIRY, d.at_s = key->material_expires_at.value;
        out[(*count)++] = d;
    }
    return OK;
}

status due_path(const due *d, arena *memory, slice *out) {
    ENSURE(d->at_s >= 0 && d->kind > DUE_NONE && d->kind < DUE_KINDS, INVALID_PARAMETER);
    return arena_printf(memory, out, "due/%016lld/%s/%.*s/%.*s/%.*s", (long long)d->at_s, NAMES[d->kind],
                        SLICE_ARGS(d->account), SLICE_ARGS(d->region), SLICE_ARGS(d->key_id));
}

status due_parse(slice row, due *out) {
    slice rest = row, prefix, time, what;
    due d = {0};
    uint8_t id[16];
    bool is_whole = slice_split(&rest, '/', &prefix) && slice_split(&rest, '/', &time) &&
                    slice_split(&rest, '/', &what) && slice_split(&rest, '/', &d.account) &&
                    slice_split(&rest, '/', &d.region) && !slice_is_absent(rest);
    ENSURE(is_whole && slice_equals_text(prefix, "due") && time.len == 16 && slice_to_i64(time, &d.at_s), CORRUPT);
    for (int kind = DUE_NONE + 1; kind < DUE_KINDS; kind++)
        if (slice_equals_text(what, NAMES[kind])) d.kind = (enum due_kind)kind;
    ENSURE(d.kind != DUE_NONE && !FAILED(uuid_parse(rest, id)), CORRUPT);
    d.key_id = rest;
    *out = d;
    return OK;
}

status due_list(store *s, int64_t now_s, size_t limit, arena *memory, due **out, size_t *count) {
    slice until;
    store_row *rows;
    size_t found;
    TRY(arena_printf(memory, &until, "due/%016lld/", (long long)now_s + 1));
    TRY(store_range(s, SLICE("due/"), until, limit, memory, &rows, &found));
    due *list = ARENA_ARRAY(memory, due, found + 1);
    ENSURE(list != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < found; i++) TRY(due_parse(rows[i].key, &list[i]));
    *out = list;
    *count = found;
    return OK;
}
