/* KMS: the versions of a key. */
#include "contract/key_spec.h"
#include "crypto/random.h"
#include "keys/imported.h"
#include "service/handlers.h"
#include "service/kms/replicas.h"

enum { ASYMMETRIC_VERSIONS_MOST = 50, ON_DEMAND_MOST = 25 };

static bool is_asymmetric(const key_record *key) { return key_spec_get(key->spec)->family == KEY_FAMILY_ASYMMETRIC; }

static status entry_make(call *c, const key_version_record *version, key_version_entry *out) {
    *out = (key_version_entry){c->key->key_id, version->version_id, version->created_at};
    return OK;
}

/* ---- new ones */

status kms_successor_ask(call *c, enum vault_act kind) {
    const key_version_record *former;
    size_t most = is_asymmetric(c->key) ? ASYMMETRIC_VERSIONS_MOST : KEY_VERSIONS_MOST;
    TRY(key_allows(c->key, KEY_ACT_USE));
    TRY(kms_check_primary(c));
    ENSURE(c->key->origin == KEY_ORIGIN_ALIYUN_KMS, KEY_ORIGIN);
    ENSURE(c->key->versions.count < most, KEY_VERSION_LIMIT);
    TRY(kms_version(c, c->key, (slice){0}, &former));
    uint8_t *fresh = c->memo ? c->memo : arena_take(&c->memory, 16);
    ENSURE(fresh != NULL, OUT_OF_MEMORY);
    if (!c->memo) TRY(random_uuid(fresh));
    c->memo = fresh;
    key_act act = {.act = (int)kind, .spec = c->key->spec};
    TRY(key_ids(c, c->key, former, &act));
    act.key_version_id = slice_of(fresh, 16);
    return call_ask_vault(c, &act);
}

status kms_successor_keep(call *c, enum rotation_type how, key_version_record *made) {
    size_t count = c->key->versions.count;
    key_version_record *versions = ARENA_ARRAY(&c->memory, key_version_record, count + 1);
    ENSURE(versions != NULL, OUT_OF_MEMORY);
    if (count) memcpy(versions, c->key->versions.at, count * sizeof *versions);
    key_version_record *added = &versions[count];
    TRY(kms_uuid_text(c, c->memo, &added->version_id));
    added->created_at = SET_INT(c->now_s);
    added->sealed = c->results.at[0].output;
    added->public_key = c->results.at[0].public;
    added->rotation = (int)how;
    c->key->versions.at = versions;
    c->key->versions.count = count + 1;
    c->key->primary_version = added->version_id;
    c->key->last_rotation_at = SET_INT(c->now_s);
    *made = *added;
    return key_save(c, c->key, c->key_revision);
}

/* The last version that somebody asked for. */
static const key_version_record *last_on_demand(const key_record *key) {
    for (size_t i = key->versions.count; i-- > 0;)
        if (key->versions.at[i].rotation == ROTATION_TYPE_ON_DEMAND) return &key->versions.at[i];
    return NULL;
}

status create_key_version_prepare(call *c, const create_key_version_in *in, create_key_version_out *out) {
    (void)in, (void)out;
    const key_version_record *last = last_on_demand(c->key);
    TRY(key_allows(c->key, KEY_ACT_USE));
    if (last && c->now_s - last->created_at.value < c->house->rotation_least_s)
        return call_refuse(c, FAIL(KEY_VERSION_SOON), "At least %llds must pass (kms.rotation_least_s).",
                           (long long)c->house->rotation_least_s);
    return kms_successor_ask(c, VAULT_ACT_NEW_VERSION);
}

status create_key_version_finish(call *c, const create_key_version_in *in, create_key_version_out *out) {
    (void)in;
    key_version_record made;
    out->key_version = CALL_NEW(c, key_version_entry);
    ENSURE(out->key_version != NULL, OUT_OF_MEMORY);
    TRY(kms_successor_keep(c, ROTATION_TYPE_ON_DEMAND, &made));
    return entry_make(c, &made, out->key_version);
}

/* ---- rotating now */

static status check_on_demand(call *c) {
    size_t count = 0;
    if (key_spec_get(c->key->spec)->family != KEY_FAMILY_SYMMETRIC)
        return call_refuse(c, FAIL(UNSUPPORTED), "Only symmetric keys rotate.");
    for (size_t i = 0; i < c->key->versions.count; i++)
        count += c->key->versions.at[i].rotation == ROTATION_TYPE_ON_DEMAND;
    ENSURE(count < ON_DEMAND_MOST, KEY_ON_DEMAND_LIMIT);
    return OK;
}

/* Whoever brings the material has brought the next one already. */
static status check_pending(call *c) {
    TRY(key_allows(c->key, KEY_ACT_USE));
    if (!imported_pending(c->key)) return call_refuse(c, FAIL(KEY_STATE), "No key material is pending rotation.");
    return OK;
}

static status rotate_to_pending(call *c) {
    TRY(check_pending(c));
    key_version_record *next = imported_pending(c->key);
    next->is_pending = SET_BOOL(false);
    next->rotation = ROTATION_TYPE_ON_DEMAND;
    next->rotated_at = SET_INT(c->now_s);
    c->key->primary_version = next->version_id;
    c->key->last_rotation_at = SET_INT(c->now_s);
    imported_settle(c->key);
    return key_save(c, c->key, c->key_revision);
}

status rotate_key_on_demand_prepare(call *c, const rotate_key_on_demand_in *in, rotate_key_on_demand_out *out) {
    (void)in, (void)out;
    TRY(check_on_demand(c));
    return c->key->origin == KEY_ORIGIN_EXTERNAL ? check_pending(c) : kms_successor_ask(c, VAULT_ACT_NEW_VERSION);
}

status rotate_key_on_demand_finish(call *c, const rotate_key_on_demand_in *in, rotate_key_on_demand_out *out) {
    (void)in;
    key_version_record made;
    out->key_id = c->key->key_id;
    if (c->key->origin == KEY_ORIGIN_EXTERNAL) return rotate_to_pending(c);
    return kms_successor_keep(c, ROTATION_TYPE_ON_DEMAND, &made);
}

/* ---- looking at them */

status describe_key_version_prepare(call *c, const describe_key_version_in *in, describe_key_version_out *out) {
    const key_version_record *version = key_version(c->key, in->key_version_id);
    ENSURE(version != NULL, KEY_VERSION_NOT_FOUND);
    out->key_version = CALL_NEW(c, key_version_entry);
    ENSURE(out->key_version != NULL, OUT_OF_MEMORY);
    return entry_make(c, version, out->key_version);
}

status list_key_versions_prepare(call *c, const list_key_versions_in *in, list_key_versions_out *out) {
    page shown = page_of(in->page_number, in->page_size);
    out->key_versions.at = ARENA_ARRAY(&c->memory, key_version_entry, (size_t)shown.size);
    ENSURE(out->key_versions.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < c->key->versions.count; i++)
        if (page_holds(&shown, (int64_t)i))
            TRY(entry_make(c, &c->key->versions.at[i], &out->key_versions.at[out->key_versions.count++]));
    out->page_number = SET_INT(shown.number);
    out->page_size = SET_INT(shown.size);
    out->total_count = SET_INT(c->key->versions.count);
    return OK;
}

/* ---- rotations */

static int material_state(const key_record *key, const key_version_record *version) {
    if (version->is_pending.value) return KEY_MATERIAL_STATE_PENDING_ROTATION;
    bool is_current = slice_equals(version->version_id, key->primary_version);
    return is_current ? KEY_MATERIAL_STATE_CURRENT : KEY_MATERIAL_STATE_NON_CURRENT;
}

static void rotation_show(const key_record *key, const key_version_record *version, rotation_entry *out) {
    *out = (rotation_entry){.key_id = key->key_id, .key_version_id = version->version_id};
    out->key_material_state = material_state(key, version);
    out->rotation_type = version->rotation;
    if (version->rotation) out->rotation_date = version->rotated_at.is_set ? version->rotated_at : version->created_at;
    if (key->origin != KEY_ORIGIN_EXTERNAL) return;
    bool is_there = !slice_is_absent(version->sealed);
    out->key_material_description = version->description;
    out->import_state = is_there ? IMPORT_STATE_IMPORTED : IMPORT_STATE_PENDING_IMPORT;
    if (!is_there) return;
    out->valid_to = version->expires_at;
    out->expiration_model = version->expires_at.is_set ? EXPIRATION_MODEL_KEY_MATERIAL_EXPIRES
                                                       : EXPIRATION_MODEL_KEY_MATERIAL_DOES_NOT_EXPIRE;
}

status list_key_rotations_prepare(call *c, const list_key_rotations_in *in, list_key_rotations_out *out) {
    page shown = page_of(in->page_number, in->page_size);
    bool is_all = in->include_key_material == INCLUDED_MATERIAL_ALL_KEY_MATERIAL;
    int64_t total = 0;
    if (call_speaks_aws(c) && key_spec_get(c->key->spec)->family != KEY_FAMILY_SYMMETRIC)
        return call_refuse(c, FAIL(UNSUPPORTED), "Only symmetric keys rotate.");
    out->rotations.at = ARENA_ARRAY(&c->memory, rotation_entry, (size_t)shown.size);
    ENSURE(out->rotations.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < c->key->versions.count; i++) {
        const key_version_record *version = &c->key->versions.at[i];
        bool is_wanted = is_all || version->rotation;
        if (is_wanted && page_holds(&shown, total++))
            rotation_show(c->key, version, &out->rotations.at[out->rotations.count++]);
    }
    out->page_number = SET_INT(shown.number);
    out->page_size = SET_INT(shown.size);
    out->total_count = SET_INT(total);
    return OK;
}
