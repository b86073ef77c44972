/* KMS: bring your own key. */
#include "contract/key_spec.h"
#include "service/handlers.h"

static status allow_import(call *c) {
    ENSURE(c->key->origin == KEY_ORIGIN_EXTERNAL, KEY_ORIGIN);
    return key_allows(c->key, KEY_ACT_IMPORT);
}

static key_version_record *only_version(call *c) {
    return c->key->versions.count ? (key_version_record *)(uintptr_t)key_primary(c->key) : NULL;
}

status get_parameters_for_import_prepare(call *c, const get_parameters_for_import_in *in,
                                         get_parameters_for_import_out *out) {
    (void)out;
    key_act act = {.act = VAULT_ACT_IMPORT_PARAMETERS, .algorithm = in->wrapping_algorithm};
    act.wrapping = in->wrapping_key_spec;
    act.spec = c->key->spec, act.usage = c->key->usage;
    ENSURE(c->key->origin == KEY_ORIGIN_EXTERNAL, KEY_ORIGIN);
    if (!wrapping_goes_together(in->wrapping_key_spec, in->wrapping_algorithm))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "WrappingAlgorithm does not go with the WrappingKeySpec.");
    const key_version_record *version = only_version(c);
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

status import_key_material_prepare(call *c, const import_key_material_in *in, import_key_material_out *out) {
    (void)out;
    key_act act = {.act = VAULT_ACT_IMPORT, .input = in->encrypted_key_material, .token = in->import_token};
    TRY(allow_import(c));
    int64_t expires_at = in->key_material_expire_unix.value;
    if (expires_at != 0 && expires_at <= c->now_s)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "KeyMaterialExpireUnix lies in the past.");
    const key_version_record *version = only_version(c);
    ENSURE(version != NULL, CORRUPT);
    TRY(key_ids(c, c->key, version, &act));
    act.key = (slice){0};
    act.context = c->key->fingerprint;
    act.spec = c->key->spec, act.usage = c->key->usage;
    if (expires_at != 0) act.expires_at = SET_INT(expires_at);
    return call_ask_vault(c, &act);
}

status import_key_material_finish(call *c, const import_key_material_in *in, import_key_material_out *out) {
    TRY(allow_import(c));
    key_version_record *version = only_version(c);
    version->sealed = c->results.at[0].output;
    version->public_key = c->results.at[0].public;
    c->key->fingerprint = c->results.at[0].extra;
    int64_t expires_at = in->key_material_expire_unix.value;
    c->key->material_expires_at = expires_at ? SET_INT(expires_at) : (maybe_int){0};
    if (c->key->state == KEY_STATE_PENDING_IMPORT) c->key->state = KEY_STATE_ENABLED;
    out->key_id = c->key->key_id;
    out->key_version_id = version->version_id;
    return key_save(c, c->key, c->key_revision);
}

status delete_key_material_prepare(call *c, const delete_key_material_in *in, delete_key_material_out *out) {
    (void)in;
    ENSURE(c->key->origin == KEY_ORIGIN_EXTERNAL, KEY_ORIGIN);
    key_version_record *version = only_version(c);
    ENSURE(version != NULL, CORRUPT);
    version->sealed = (slice){0};
    out->key_id = c->key->key_id;
    out->key_version_id = version->version_id;
    c->key->material_expires_at = (maybe_int){0};
    if (c->key->state != KEY_STATE_PENDING_DELETION) c->key->state = KEY_STATE_PENDING_IMPORT;
    return key_save(c, c->key, c->key_revision);
}
