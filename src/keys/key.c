/* Key records, names and states. */
#include "keys/key.h"

#include "contract/key_id.h"
#include "keys/imported.h"
#include "keys/replica.h"

/* A region is a client's word: it must not reach into another's records. */
static status path_of(const char *kind, const key_shelf *shelf, slice name, arena *memory, slice *out) {
    ENSURE(shelf->region.len > 0 && !slice_contains_byte(shelf->region, '/'), KEY_NOT_FOUND);
    return ARENA_JOIN(memory, out, slice_of_text(kind), SLICE("/"), shelf->account, SLICE("/"), shelf->region,
                      SLICE("/"), name);
}

status key_path(const key_shelf *shelf, slice key_id, arena *memory, slice *out) {
    return path_of("key", shelf, key_id, memory, out);
}

status key_prefix(const key_shelf *shelf, arena *memory, slice *out) {
    return path_of("key", shelf, SLICE(""), memory, out);
}

status destroyed_key_path(const key_shelf *shelf, slice key_id, arena *memory, slice *out) {
    return arena_printf(memory, out, "destroyed/%.*s/%.*s/%.*s", SLICE_ARGS(shelf->account), SLICE_ARGS(shelf->region),
                        SLICE_ARGS(key_id));
}

status alias_path(const key_shelf *shelf, slice alias, arena *memory, slice *out) {
    return path_of("alias", shelf, alias, memory, out);
}

status shared_key_path(const key_shelf *shelf, slice key_id, arena *memory, slice *out) {
    ENSURE(!slice_contains_byte(shelf->region, '/'), KEY_NOT_FOUND);
    return ARENA_JOIN(memory, out, SLICE("shared-key/"), shelf->region, SLICE("/"), key_id);
}

status alias_prefix(const key_shelf *shelf, arena *memory, slice *out) {
    return path_of("alias", shelf, SLICE(""), memory, out);
}

status key_load(const key_shelf *shelf, slice key_id, arena *memory, key_record *out, uint64_t *revision) {
    slice path, packed;
    uint64_t found;
    uint8_t id[16];
    ENSURE(!FAILED(key_id_parse(key_id, id)), KEY_NOT_FOUND);
    TRY(key_path(shelf, key_id, memory, &path));
    status loaded = store_get(shelf->store, path, memory, &packed, &found);
    if (FAILED_WITH(loaded, NOT_FOUND)) return FAIL(KEY_NOT_FOUND);
    TRY(loaded);
    key_record key;
    ENSURE(!FAILED(shape_unpack(&key_record_shape, packed, memory, &key)), CORRUPT);
    ENSURE(!(key.delete_at.is_set && key.delete_at.value <= shelf->now_s), KEY_NOT_FOUND);
    TRY(replica_borrow(shelf, memory, &key));
    imported_forget_expired(&key, shelf->now_s);
    *out = key;
    if (revision) *revision = found;
    return OK;
}

status alias_load(const key_shelf *shelf, slice alias, arena *memory, alias_record *out, uint64_t *revision) {
    slice path, packed;
    uint64_t found;
    ENSURE(alias_is_valid(alias), ALIAS_NOT_FOUND);
    TRY(alias_path(shelf, alias, memory, &path));
    status loaded = store_get(shelf->store, path, memory, &packed, &found);
    if (FAILED_WITH(loaded, NOT_FOUND)) return FAIL(ALIAS_NOT_FOUND);
    TRY(loaded);
    ENSURE(!FAILED(shape_unpack(&alias_record_shape, packed, memory, out)), CORRUPT);
    if (revision) *revision = found;
    return OK;
}

/* kms:<region>:<account>:key/<id> or :alias/<name>; false when it is no such name of this account and region. */
static bool take_arn(slice rest, const key_shelf *shelf, slice *relative) {
    slice part;
    const slice wanted[] = {SLICE("kms"), shelf->region, shelf->account};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!slice_split(&rest, ':', &part) || !slice_equals(part, wanted[i])) return false;
    if (slice_is_absent(rest)) return false;
    *relative = rest;
    return true;
}

status key_name_parse(slice text, const key_shelf *shelf, key_name *out) {
    slice relative = text;
    static const slice ACS = {(const uint8_t *)"acs:", 4}, AWS = {(const uint8_t *)"arn:aws:", 8};
    bool is_acs = slice_starts_with(text, ACS);
    if (is_acs || slice_starts_with(text, AWS)) {
        ENSURE(take_arn(slice_skip(text, is_acs ? ACS.len : AWS.len), shelf, &relative), KEY_NOT_FOUND);
        if (slice_starts_with(relative, SLICE("key/"))) relative = slice_skip(relative, 4);
        else ENSURE(slice_starts_with(relative, SLICE("alias/")), KEY_NOT_FOUND);
    }
    if (slice_starts_with(relative, SLICE("alias/"))) *out = (key_name){.alias = relative};
    else *out = (key_name){.key_id = relative};
    return OK;
}

status key_name_resolve(const key_shelf *shelf, const key_name *name, arena *memory, slice *key_id) {
    if (!slice_is_absent(name->key_id)) {
        *key_id = name->key_id;
        return OK;
    }
    alias_record alias;
    TRY(alias_load(shelf, name->alias, memory, &alias, NULL));
    *key_id = alias.key_id;
    return OK;
}

static bool is_alias_byte(uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '/' ||
           c == '-';
}

bool alias_is_valid(slice alias) {
    if (!slice_starts_with(alias, SLICE("alias/")) || alias.len < 7 || alias.len > 255) return false;
    for (size_t i = 0; i < alias.len; i++)
        if (!is_alias_byte(alias.at[i])) return false;
    return true;
}

bool alias_is_reserved(slice alias) {
    return slice_starts_with(alias, SLICE("alias/acs")) || slice_starts_with(alias, SLICE("alias/aws/"));
}

/* One row per act, one column per state: Enabled, Disabled, PendingDeletion, PendingImport. A primary key that waits for its replicas
 * to go is as good as pending deletion. */
static const enum status_code ALLOWED[][4] = {
    [KEY_ACT_USE] = {STATUS_OK, FAILURE_KEY_DISABLED, FAILURE_KEY_PENDING_DELETION, FAILURE_KEY_PENDING_IMPORT},
    [KEY_ACT_SWITCH] = {STATUS_OK, STATUS_OK, FAILURE_KEY_STATE, FAILURE_KEY_STATE},
    [KEY_ACT_SCHEDULE] = {STATUS_OK, STATUS_OK, FAILURE_KEY_STATE, STATUS_OK},
    [KEY_ACT_CANCEL] = {FAILURE_KEY_STATE, FAILURE_KEY_STATE, STATUS_OK, FAILURE_KEY_STATE},
    [KEY_ACT_IMPORT] = {STATUS_OK, STATUS_OK, FAILURE_KEY_STATE, STATUS_OK},
    [KEY_ACT_ALIAS] = {STATUS_OK, STATUS_OK, FAILURE_KEY_STATE, STATUS_OK},
    [KEY_ACT_REALIAS] = {STATUS_OK, STATUS_OK, FAILURE_KEY_PENDING_DELETION, STATUS_OK},
    [KEY_ACT_DESCRIBE] = {STATUS_OK, STATUS_OK, FAILURE_KEY_PENDING_DELETION, STATUS_OK},
    [KEY_ACT_READ] = {STATUS_OK, STATUS_OK, STATUS_OK, STATUS_OK},
};

status key_allows(const key_record *key, enum key_act_kind act) {
    int state = key->state == KEY_STATE_PENDING_REPLICA_DELETION ? KEY_STATE_PENDING_DELETION : key->state;
    ENSURE(state >= KEY_STATE_ENABLED && state <= KEY_STATE_PENDING_IMPORT, CORRUPT);
    return (status){ALLOWED[act][state - 1]};
}

const key_version_record *key_version(const key_record *key, slice version_id) {
    for (size_t i = 0; i < key->versions.count; i++)
        if (slice_equals(key->versions.at[i].version_id, version_id)) return &key->versions.at[i];
    return NULL;
}

const key_version_record *key_primary(const key_record *key) { return key_version(key, key->primary_version); }
