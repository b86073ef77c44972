/* KMS: secrets rotated by the house itself. Nobody signs for this; the vault looks into the owner's leave, which it sealed. */
#include "base/log.h"
#include "service/pipeline.h"
#include "service/secrets/secrets.h"

enum { DUE_AT_ONCE = 32, LATER_S = 3600 };

/* ---- the act */

static status load(call *c, slice name) {
    secret_shelf shelf = call_secrets(c);
    secret_name named = {.name = name};
    return secret_load(&shelf, &named, &c->memory, c->secret, &c->secret_revision);
}

static status renew_prepare(call *c) {
    key_act act;
    slice version_id;
    TRY(secret_arn(c, c->secret, &c->resource));
    TRY(secret_version_id(c, (slice){0}, &version_id));
    TRY(secret_begin_sealing(c, c->secret, version_id, &act));
    act.act = VAULT_ACT_RENEW_SECRET;
    act.token = c->secret->permit;
    return call_ask_vault(c, &act);
}

static status renew_finish(call *c) {
    slice version_id;
    TRY(secret_version_id(c, (slice){0}, &version_id));
    c->secret->permit = c->results.at[0].permit;
    c->secret->rotation_from = SET_INT(c->now_s);
    return secret_rotate_take(c, version_id);
}

static const own_act RENEW = {"RotateSecret", renew_prepare, renew_finish};

/* ---- what is due */

/* Waits for the owner: for a confirmation, or for its key. */
static bool must_wait(call *c) {
    key_shelf shelf = call_keys(c);
    key_record key;
    slice key_id = c->secret->encryption_key_id;
    bool is_standard = slice_is_absent(key_id);
    if (is_standard) shelf.region = c->house->region;
    status loaded = key_load(&shelf, is_standard ? c->who.service_key_id : key_id, &c->memory, &key, NULL);
    return secret_version_waiting(c->secret) || FAILED(loaded) || FAILED(key_allows(&key, KEY_ACT_USE));
}

/* In the place of the entry, or none: one looked at is not looked at again at once, however the rotation ends. */
static status entry_move(serve *s, const store_row *row, slice path, int64_t to_s, arena *memory) {
    store_change changes[] = {{.key = row->key, .expected = STORE_ANY}, {.value = row->value, .expected = STORE_ANY}};
    if (to_s > 0) TRY(secret_rotation_path(to_s, path, memory, &changes[1].key));
    TRY(store_begin(s->house->store));
    status applied = store_apply(s->house->store, changes, to_s > 0 ? 2 : 1);
    if (!FAILED(applied)) return store_commit(s->house->store);
    store_roll_back(s->house->store);
    return applied;
}

static status begin(job *j, const secret_rotation_record *due) {
    call *c = &j->call;
    slice name;
    TRY(arena_copy(&c->memory, due->region, &c->region));
    TRY(arena_copy(&c->memory, due->secret_name, &name));
    TRY(identity_of_account(c->house->identities, due->account_id, &c->memory, &c->who));
    c->secret = CALL_NEW(c, secret_record);
    ENSURE(c->secret != NULL, OUT_OF_MEMORY);
    return load(c, name);
}

static status entry_work(serve *s, const store_row *row, int64_t now_s, arena *memory) {
    secret_rotation_record due;
    slice path;
    ENSURE(!FAILED(shape_unpack(&secret_rotation_record_shape, row->value, memory, &due)), CORRUPT);
    job *j = own_new(s, &RENEW);
    ENSURE(j != NULL, OUT_OF_MEMORY);
    call *c = &j->call;
    status begun = begin(j, &due);
    maybe_int next = FAILED(begun) ? (maybe_int){0} : secret_next_rotation(c->secret);
    bool is_due = next.is_set && next.value <= now_s;
    secret_shelf shelf = call_secrets(c);
    status moved = secret_path(&shelf, due.secret_name, memory, &path);
    if (!FAILED(moved)) moved = entry_move(s, row, path, is_due ? now_s + LATER_S : 0, memory);
    if (FAILED(moved) || !is_due || must_wait(c)) job_free(s, j);
    return moved;
}

void serve_renew_due(serve *s, int64_t now_s) {
    OWNED(arena) memory = {.limit = 8 << 20};
    store_row *rows;
    size_t count;
    if (!s->vault || !s->auditor || s->own_count > s->rewraps.under_way) return;
    if (FAILED(store_list(s->house->store, SECRET_ROTATION_PREFIX, (slice){0}, DUE_AT_ONCE, &memory, &rows, &count)))
        return;
    for (size_t i = 0; i < count; i++) {
        int64_t due_s;
        if (FAILED(secret_rotation_path_read(rows[i].key, &due_s)) || due_s > now_s) return;
        status worked = entry_work(s, &rows[i], now_s, &memory);
        if (FAILED(worked)) log_warning("rotation not begun", "%.*s: %s", SLICE_ARGS(rows[i].key), status_name(worked));
    }
}
