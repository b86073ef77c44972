/* Rows of what is due. */
#include "keys/due.h"

#include "base/text.h"
#include "contract/key_id.h"
#include "keys/stored_secret.h"

static const char *const NAMES[DUE_KINDS] = {"", "destroy", "expire", "forget"};

/* <what>/<account>/<region>/<subject> */
static status read_path(slice path, const char *what, due *out) {
    slice rest = path, prefix;
    due d = {.kind = DUE_NONE};
    bool is_whole = slice_split(&rest, '/', &prefix) && slice_split(&rest, '/', &d.account) &&
                    slice_split(&rest, '/', &d.region) && !slice_is_absent(rest);
    ENSURE(is_whole && slice_equals_text(prefix, what), CORRUPT);
    d.subject = rest;
    *out = d;
    return OK;
}

static void put(due *d, enum due_kind kind, maybe_int at, due out[DUE_KINDS], size_t *count) {
    if (!at.is_set) return;
    d->kind = kind, d->at_s = at.value;
    out[(*count)++] = *d;
}

status due_of_key(slice path, const key_record *key, due out[DUE_KINDS], size_t *count) {
    due d;
    TRY(read_path(path, "key", &d));
    *count = 0;
    if (key->state == KEY_STATE_PENDING_DELETION) put(&d, DUE_DESTRUCTION, key->delete_at, out, count);
    put(&d, DUE_EXPIRY, key->material_expires_at, out, count);
    return OK;
}

status due_of_secret(slice path, const secret_record *of, due out[DUE_KINDS], size_t *count) {
    due d;
    TRY(read_path(path, "secret", &d));
    *count = 0;
    put(&d, DUE_SECRET_END, of->delete_at, out, count);
    return OK;
}

status due_path(const due *d, arena *memory, slice *out) {
    ENSURE(d->at_s >= 0 && d->kind > DUE_NONE && d->kind < DUE_KINDS, INVALID_PARAMETER);
    return arena_printf(memory, out, "due/%016lld/%s/%.*s/%.*s/%.*s", (long long)d->at_s, NAMES[d->kind],
                        SLICE_ARGS(d->account), SLICE_ARGS(d->region), SLICE_ARGS(d->subject));
}

static bool subject_is_valid(const due *d) {
    uint8_t id[16];
    return d->kind == DUE_SECRET_END ? secret_name_is_valid(d->subject) : !FAILED(key_id_parse(d->subject, id));
}

status due_parse(slice row, due *out) {
    slice rest = row, prefix, time, what;
    due d = {0};
    bool is_whole = slice_split(&rest, '/', &prefix) && slice_split(&rest, '/', &time) &&
                    slice_split(&rest, '/', &what) && slice_split(&rest, '/', &d.account) &&
                    slice_split(&rest, '/', &d.region) && !slice_is_absent(rest);
    ENSURE(is_whole && slice_equals_text(prefix, "due") && time.len == 16 && slice_to_i64(time, &d.at_s), CORRUPT);
    for (int kind = DUE_NONE + 1; kind < DUE_KINDS; kind++)
        if (slice_equals_text(what, NAMES[kind])) d.kind = (enum due_kind)kind;
    d.subject = rest;
    ENSURE(d.kind != DUE_NONE && subject_is_valid(&d), CORRUPT);
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
