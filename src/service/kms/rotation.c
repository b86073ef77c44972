/* KMS: automatic rotation, as owners set it, and as the house carries it out. */
#include "base/log.h"
#include "contract/interval.h"
#include "keys/rotation.h"
#include "service/handlers.h"
#include "service/kms/replicas.h"
#include "service/pipeline.h"

enum { DAY_S = 24 * 3600, DUE_AT_ONCE = 32 };

/* ---- setting it */

status kms_rotation_interval(call *c, slice text, maybe_int *out) {
    int64_t interval_s = 0;
    if (slice_is_empty(text)) return call_refuse(c, FAIL(MISSING_PARAMETER), "RotationInterval");
    bool is_good = !FAILED(interval_parse(text, &interval_s)) && interval_s >= c->house->rotation_least_s &&
                   interval_s <= (int64_t)ROTATION_DAYS_MOST * DAY_S;
    if (!is_good)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "RotationInterval must be between %llds and %dd.",
                           (long long)c->house->rotation_least_s, ROTATION_DAYS_MOST);
    *out = SET_INT(interval_s);
    return OK;
}

/* The vault puts into the key's sealed header that, and how often, the house may rotate it. */
static status ask_permission(call *c, enum vault_act kind, maybe_int interval_s) {
    key_act act;
    if (call_speaks_aws(c)) ENSURE(c->key->origin != KEY_ORIGIN_EXTERNAL, KEY_ORIGIN); /* whatever its state */
    TRY(key_allows(c->key, KEY_ACT_USE));
    TRY(kms_check_primary(c));
    ENSURE(c->key->origin != KEY_ORIGIN_EXTERNAL, KEY_ORIGIN);
    if (!rotation_is_possible(c->key))
        return call_refuse(c, FAIL(UNSUPPORTED), "Only symmetric keys rotate by themselves.");
    TRY(kms_begin_act(c, kind, (slice){0}, &act));
    act.rotation_interval_s = interval_s;
    return call_ask_vault(c, &act);
}

static status keep_permission(call *c, maybe_int interval_s) {
    key_version_record *version = (key_version_record *)(uintptr_t)key_primary(c->key);
    ENSURE(version != NULL, CORRUPT);
    version->sealed = c->results.at[0].output;
    c->key->rotation_interval_s = interval_s;
    return key_save(c, c->key, c->key_revision);
}

static status wish_of(call *c, const update_rotation_policy_in *in, maybe_int *out) {
    *out = (maybe_int){0};
    return in->enable_automatic_rotation.value ? kms_rotation_interval(c, in->rotation_interval, out) : OK;
}

status update_rotation_policy_prepare(call *c, const update_rotation_policy_in *in, update_rotation_policy_out *out) {
    maybe_int interval_s;
    (void)out;
    TRY(wish_of(c, in, &interval_s));
    return ask_permission(c, interval_s.is_set ? VAULT_ACT_PERMIT_ROTATION : VAULT_ACT_FORBID_ROTATION, interval_s);
}

status update_rotation_policy_finish(call *c, const update_rotation_policy_in *in, update_rotation_policy_out *out) {
    maybe_int interval_s;
    (void)out;
    TRY(wish_of(c, in, &interval_s));
    return keep_permission(c, interval_s);
}

static maybe_int days_of(const enable_key_rotation_in *in) {
    int64_t days = in->rotation_period_in_days.is_set ? in->rotation_period_in_days.value : ROTATION_DAYS_STANDARD;
    return SET_INT(days * DAY_S);
}

status enable_key_rotation_prepare(call *c, const enable_key_rotation_in *in, enable_key_rotation_out *out) {
    (void)out;
    return ask_permission(c, VAULT_ACT_PERMIT_ROTATION, days_of(in));
}

status enable_key_rotation_finish(call *c, const enable_key_rotation_in *in, enable_key_rotation_out *out) {
    (void)out;
    return keep_permission(c, days_of(in));
}

status disable_key_rotation_prepare(call *c, const disable_key_rotation_in *in, disable_key_rotation_out *out) {
    (void)in, (void)out;
    return ask_permission(c, VAULT_ACT_FORBID_ROTATION, (maybe_int){0});
}

status disable_key_rotation_finish(call *c, const disable_key_rotation_in *in, disable_key_rotation_out *out) {
    (void)in, (void)out;
    return keep_permission(c, (maybe_int){0});
}

status get_key_rotation_status_prepare(call *c, const get_key_rotation_status_in *in,
                                       get_key_rotation_status_out *out) {
    (void)in;
    ENSURE(c->key->origin != KEY_ORIGIN_EXTERNAL, KEY_ORIGIN);
    if (!rotation_is_possible(c->key))
        return call_refuse(c, FAIL(UNSUPPORTED), "Only symmetric keys rotate by themselves.");
    out->key_id = c->key->key_id;
    out->key_rotation_enabled = SET_BOOL(rotation_status(c->key) == ROTATION_STATUS_ENABLED);
    if (!c->key->rotation_interval_s.is_set) return OK;
    out->rotation_period_in_days = SET_INT(c->key->rotation_interval_s.value / DAY_S);
    out->next_rotation_date = rotation_next(c->key);
    return OK;
}

/* ---- carrying it out: nobody signs for this; the vault looks into the key's header whether its owner allowed it */

static status rotate_prepare(call *c) {
    arn_home home = call_home(c);
    TRY(arn_key(&home, c->key->key_id, &c->memory, &c->resource));
    return kms_successor_ask(c, VAULT_ACT_ROTATE);
}

static status rotate_finish(call *c) {
    key_version_record made;
    return kms_successor_keep(c, ROTATION_TYPE_AUTOMATIC, &made);
}

static const own_act ROTATE = {"RotateKey", rotate_prepare, rotate_finish};

static status rotation_begin(serve *s, const rotation_record *due) {
    job *j = own_new(s, &ROTATE);
    ENSURE(j != NULL, OUT_OF_MEMORY);
    call *c = &j->call;
    status found = arena_copy(&c->memory, due->region, &c->region);
    if (!FAILED(found)) found = identity_of_account(s->house->identities, due->account_id, &c->memory, &c->who);
    key_shelf shelf = call_keys(c);
    c->key = CALL_NEW(c, key_record);
    if (!FAILED(found))
        found = c->key ? key_load(&shelf, due->key_id, &c->memory, c->key, &c->key_revision) : FAIL(OUT_OF_MEMORY);
    if (FAILED(found)) job_free(s, j);
    return found;
}

/* A key that is gone, or was changed behind the index's back, is no longer waited for. */
static void entry_forget(serve *s, slice path) {
    store_change removal = {.key = path, .expected = STORE_ANY};
    if (FAILED(store_begin(s->house->store))) return;
    if (FAILED(store_apply(s->house->store, &removal, 1))) return store_roll_back(s->house->store);
    status_ignore(store_commit(s->house->store));
}

static status entry_work(serve *s, const store_row *row, arena *memory) {
    rotation_record due;
    ENSURE(!FAILED(shape_unpack(&rotation_record_shape, row->value, memory, &due)), CORRUPT);
    status begun = rotation_begin(s, &due);
    if (FAILED_WITH(begun, KEY_NOT_FOUND)) entry_forget(s, row->key);
    return begun;
}

void serve_rotate_due(serve *s, int64_t now_s) {
    OWNED(arena) memory = {0};
    store_row *rows;
    size_t count;
    if (s->is_ending || !s->vault || !s->auditor || s->own_count > s->rewraps.under_way || now_s < s->own_not_before_s)
        return;
    s->own_not_before_s = now_s + 1;
    if (FAILED(store_list(s->house->store, ROTATION_PREFIX, (slice){0}, DUE_AT_ONCE, &memory, &rows, &count))) return;
    for (size_t i = 0; i < count; i++) {
        int64_t due_s;
        if (FAILED(rotation_path_read(rows[i].key, &due_s)) || due_s > now_s) return;
        status worked = entry_work(s, &rows[i], &memory);
        if (FAILED(worked)) log_warning("rotation not begun", "%.*s: %s", SLICE_ARGS(rows[i].key), status_name(worked));
    }
}
