/* Versions with imported material. */
#include "keys/imported.h"

#include "base/text.h"

enum { ID_BYTES = 16, PRINT_BYTES = 32 };

void imported_normalise(key_record *key) {
    if (key->origin != KEY_ORIGIN_EXTERNAL || key->versions.count != 1) return;
    key_version_record *only = &key->versions.at[0];
    if (slice_is_absent(only->fingerprint)) only->fingerprint = key->fingerprint;
    only->expires_at = key->material_expires_at;
}

static bool has_material(const key_version_record *v) { return !slice_is_absent(v->sealed); }

/* A slice that is not there cannot tell a version without material from one whose material is missing: only `sealed` does. */
static void take_away(key_version_record *v) {
    v->sealed = (slice){0};
    v->expires_at = (maybe_int){0};
}

bool imported_is_complete(const key_record *key) {
    for (size_t i = 0; i < key->versions.count; i++)
        if (!key->versions.at[i].is_pending.value && !has_material(&key->versions.at[i])) return false;
    return key->versions.count > 0;
}

static void note_expiry(maybe_int *first, maybe_int next) {
    if (next.is_set && (!first->is_set || next.value < first->value)) *first = next;
}

maybe_int imported_expiry(const key_record *key) {
    maybe_int first = {0};
    for (size_t i = 0; i < key->versions.count; i++)
        if (!key->versions.at[i].is_pending.value) note_expiry(&first, key->versions.at[i].expires_at);
    return first;
}

void imported_settle(key_record *key) {
    maybe_int first = {0};
    bool is_whole = imported_is_complete(key);
    for (size_t i = 0; i < key->versions.count; i++) note_expiry(&first, key->versions.at[i].expires_at);
    key->material_expires_at = first;
    if (key->state == KEY_STATE_PENDING_DELETION) return;
    if (!is_whole) key->state = KEY_STATE_PENDING_IMPORT;
    else if (key->state == KEY_STATE_PENDING_IMPORT) key->state = KEY_STATE_ENABLED;
}

void imported_forget(key_record *key, key_version_record *version) {
    size_t place = (size_t)(version - key->versions.at);
    take_away(version);
    if (!version->is_pending.value) return;
    for (size_t i = place; i + 1 < key->versions.count; i++) key->versions.at[i] = key->versions.at[i + 1];
    key->versions.count--;
}

void imported_forget_expired(key_record *key, int64_t now_s) {
    if (key->origin != KEY_ORIGIN_EXTERNAL) return;
    imported_normalise(key);
    if (!key->material_expires_at.is_set || key->material_expires_at.value > now_s) return;
    for (size_t i = key->versions.count; i-- > 0;) {
        key_version_record *v = &key->versions.at[i];
        if (v->expires_at.is_set && v->expires_at.value <= now_s) imported_forget(key, v);
    }
    imported_settle(key);
}

key_version_record *imported_pending(const key_record *key) {
    for (size_t i = 0; i < key->versions.count; i++)
        if (key->versions.at[i].is_pending.value) return &key->versions.at[i];
    return NULL;
}

status imported_known(const key_record *key, arena *memory, slice *out) {
    uint8_t *at = arena_take(memory, key->versions.count * (ID_BYTES + PRINT_BYTES) + 1);
    size_t used = 0;
    ENSURE(at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < key->versions.count; i++) {
        const key_version_record *v = &key->versions.at[i];
        if (slice_is_empty(v->fingerprint)) continue;
        ENSURE(v->fingerprint.len == PRINT_BYTES && !FAILED(uuid_parse(v->version_id, at + used)), CORRUPT);
        memcpy(at + used + ID_BYTES, v->fingerprint.at, PRINT_BYTES);
        used += ID_BYTES + PRINT_BYTES;
    }
    *out = used ? slice_of(at, used) : (slice){0};
    return OK;
}
