/* KMS: bring your own key. */
#include "base/text.h"
#include "contract/key_spec.h"
#include "crypto/compare.h"
#include "crypto/random.h"
#include "keys/imported.h"
#include "service/handlers.h"

static status allow_import(call *c) {
    ENSURE(c->key->origin == KEY_ORIGIN_EXTERNAL, KEY_ORIGIN);
    return key_allows(c->key, KEY_ACT_IMPORT);
}

status get_parameters_for_import_prepare(call *c, const get_parameters_for_import_in *in,
                                         get_parameters_for_import_out *out) {
    (void)out;
    key_act act = {.act = VAULT_ACT_IMPORT_PARAMETERS, .algorithm = in->wrapping_algorithm};
    act.wrapping = in->wrapping_key_spec;
    act.spec = c->key->spec, act.usage = c->key->usage;
    TRY(allow_import(c));
    if (!wrapping_goes_together(in->wrapping_key_spec, in->wrapping_algorithm))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "WrappingAlgorithm does not go with the WrappingKeySpec.");
    const key_version_record *version = key_primary(c->key);
    ENSURE(version != NULL, CORRUPT);
    TRY(key_ids(c, c->key, version, &act));
    act.key = (slice){0};
    return call_ask_vault(c, &act);
}

status get_parameters_for_import_finish(call *c, const get_parameters_for_import_in *in,
                                        get_parameters_for_import_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->public_key = c->results.at[0].output;
    out->import_token = c->results.at[0].extra;
    out->token_expire_time = c->results.at[0].time;
    return OK;
}

/* ---- which version the material is for */

static bool is_symmetric(const key_record *key) { return key_spec_get(key->spec)->family == KEY_FAMILY_SYMMETRIC; }

/* The first import is of new material, later ones of the same, unless said otherwise. */
static bool is_new(const key_record *key, const import_key_material_in *in) {
    if (in->import_type != IMPORT_TYPE_ABSENT) return in->import_type == IMPORT_TYPE_NEW_KEY_MATERIAL;
    const key_version_record *first = key_primary(key);
    return key->versions.count == 1 && first && slice_is_empty(first->fingerprint);
}

static status check_wish(call *c, const import_key_material_in *in) {
    bool names_version = !slice_is_absent(in->key_version_id);
    if (!is_symmetric(c->key) && (in->import_type == IMPORT_TYPE_NEW_KEY_MATERIAL || names_version)) {
        const key_version_record *first = key_primary(c->key);
        ENSURE(first != NULL, CORRUPT);
        if (names_version || !slice_is_empty(first->fingerprint))
            return call_refuse(c, FAIL(UNSUPPORTED), "Only symmetric keys have more than one key material.");
    }
    if (in->import_type == IMPORT_TYPE_NEW_KEY_MATERIAL && names_version)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "New key material has no id yet.");
    if (names_version) ENSURE(key_version(c->key, in->key_version_id) != NULL, KEY_MATERIAL);
    int64_t expires_at = in->key_material_expire_unix.value;
    if (expires_at != 0 && expires_at <= c->now_s)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "KeyMaterialExpireUnix lies in the past.");
    return OK;
}

/* The key's first version until that has had material, afterwards one more. */
static status new_version_id(call *c, uint8_t out[16]) {
    const key_version_record *first = key_primary(c->key);
    ENSURE(first != NULL, CORRUPT);
    if (slice_is_empty(first->fingerprint)) return uuid_parse(first->version_id, out);
    if (imported_pending(c->key))
        return call_refuse(c, FAIL(KEY_STATE), "Other key material is pending rotation already.");
    ENSURE(c->key->versions.count < KEY_VERSIONS_MOST, KEY_VERSION_LIMIT);
    ENSURE(imported_is_complete(c->key), KEY_PENDING_IMPORT);
    return c->memo ? OK : random_uuid(out);
}

static status choose_version(call *c, const import_key_material_in *in, key_act *act) {
    uint8_t *id = c->memo ? c->memo : arena_take(&c->memory, 16);
    ENSURE(id != NULL, OUT_OF_MEMORY);
    if (is_new(c->key, in)) {
        TRY(new_version_id(c, id));
        c->memo = id;
    } else if (slice_is_absent(in->key_version_id)) {
        return OK;
    } else {
        ENSURE(!FAILED(uuid_parse(in->key_version_id, id)), CORRUPT);
    }
    act->key_version_id = slice_of(id, 16);
    return OK;
}

status import_key_material_prepare(call *c, const import_key_material_in *in, import_key_material_out *out) {
    (void)out;
    key_act act = {.act = VAULT_ACT_IMPORT, .input = in->encrypted_key_material, .token = in->import_token};
    TRY(allow_import(c));
    TRY(check_wish(c, in));
    const key_version_record *version = key_primary(c->key);
    ENSURE(version != NULL, CORRUPT);
    TRY(key_ids(c, c->key, version, &act));
    act.key = (slice){0}, act.key_version_id = (slice){0};
    TRY(choose_version(c, in, &act));
    TRY(imported_known(c->key, &c->memory, &act.context));
    act.spec = c->key->spec, act.usage = c->key->usage;
    int64_t expires_at = in->key_material_expire_unix.value;
    if (expires_at != 0) act.expires_at = SET_INT(expires_at);
    return call_ask_vault(c, &act);
}

/* ---- the record */

static key_version_record *version_of_print(key_record *key, slice print) {
    for (size_t i = 0; i < key->versions.count; i++)
        if (bytes_equal_secret(key->versions.at[i].fingerprint, print)) return &key->versions.at[i];
    return NULL;
}

/* One more, that waits for RotateKeyOnDemand. */
static status add_pending(call *c, key_version_record **out) {
    size_t count = c->key->versions.count;
    key_version_record *versions = ARENA_ARRAY(&c->memory, key_version_record, count + 1);
    ENSURE(versions != NULL, OUT_OF_MEMORY);
    memcpy(versions, c->key->versions.at, count * sizeof *versions);
    TRY(kms_uuid_text(c, c->memo, &versions[count].version_id));
    versions[count].created_at = SET_INT(c->now_s);
    versions[count].is_pending = SET_BOOL(true);
    c->key->versions.at = versions, c->key->versions.count = count + 1;
    *out = &versions[count];
    return OK;
}

static status find_version(call *c, const import_key_material_in *in, slice print, key_version_record **out) {
    if (!is_new(c->key, in)) {
        *out = version_of_print(c->key, print);
        ENSURE(*out != NULL, KEY_MATERIAL);
        return OK;
    }
    key_version_record *first = (key_version_record *)(uintptr_t)key_primary(c->key);
    if (!slice_is_empty(first->fingerprint)) return add_pending(c, out);
    *out = first;
    return OK;
}

status import_key_material_finish(call *c, const import_key_material_in *in, import_key_material_out *out) {
    key_version_record *version;
    slice print = c->results.at[0].extra;
    TRY(allow_import(c));
    TRY(find_version(c, in, print, &version));
    version->sealed = c->results.at[0].output;
    version->public_key = c->results.at[0].public;
    version->fingerprint = print;
    int64_t expires_at = in->key_material_expire_unix.value;
    version->expires_at = expires_at ? SET_INT(expires_at) : (maybe_int){0};
    if (!slice_is_absent(in->key_material_description)) version->description = in->key_material_description;
    if (slice_is_empty(c->key->fingerprint)) c->key->fingerprint = print;
    out->key_id = c->key->key_id;
    out->key_version_id = version->version_id;
    imported_settle(c->key);
    return key_save(c, c->key, c->key_revision);
}

status delete_key_material_prepare(call *c, const delete_key_material_in *in, delete_key_material_out *out) {
    ENSURE(c->key->origin == KEY_ORIGIN_EXTERNAL, KEY_ORIGIN);
    slice wanted = slice_is_absent(in->key_version_id) ? c->key->primary_version : in->key_version_id;
    key_version_record *version = (key_version_record *)(uintptr_t)key_version(c->key, wanted);
    ENSURE(version != NULL, KEY_VERSION_NOT_FOUND);
    out->key_id = c->key->key_id;
    out->key_version_id = version->version_id;
    imported_forget(c->key, version);
    imported_settle(c->key);
    return key_save(c, c->key, c->key_revision);
}
