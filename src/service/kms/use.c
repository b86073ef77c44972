/* KMS: using a key: encrypt, decrypt, data keys. The vault does it; here stands what is asked of it. */
#include "base/text.h"
#include "contract/key_id.h"
#include "contract/key_spec.h"
#include "contract/sealed.h"
#include "service/handlers.h"

status key_ids(call *c, const key_record *key, const key_version_record *version, key_act *act) {
    uint8_t *ids = arena_take(&c->memory, 32);
    ENSURE(ids != NULL, OUT_OF_MEMORY);
    ENSURE(!FAILED(key_id_parse(key->key_id, ids)) && !FAILED(uuid_parse(version->version_id, ids + 16)), CORRUPT);
    act->key_id = slice_of(ids, 16);
    act->key_version_id = slice_of(ids + 16, 16);
    act->key = version->sealed;
    return OK;
}

status kms_context(call *c, pair_list context, const char *name, slice *out) {
    OWNED(buffer) bytes = {0};
    status made = context_canonical(context, &c->memory, &bytes);
    if (FAILED_WITH(made, INVALID_PARAMETER)) return call_refuse(c, made, "%s", name);
    TRY(made);
    if (bytes.len == 0) return OK;
    return arena_copy(&c->memory, buffer_slice(&bytes), out);
}

status kms_refuse_dry_run(call *c, maybe_bool dry_run) {
    if (dry_run.value) return call_refuse(c, FAIL(DRY_RUN), "The request would have succeeded.");
    return OK;
}

status kms_refuse_recipient(call *c, slice recipient) {
    if (!slice_is_empty(recipient)) return call_refuse(c, FAIL(UNSUPPORTED), "Recipient");
    return OK;
}

status kms_version(call *c, const key_record *key, slice version_id, const key_version_record **out) {
    (void)c;
    const key_version_record *found = slice_is_empty(version_id) ? key_primary(key) : key_version(key, version_id);
    ENSURE(found && !slice_is_absent(found->sealed), KEY_VERSION_NOT_FOUND);
    *out = found;
    return OK;
}

status kms_begin_act(call *c, enum vault_act kind, slice version_id, key_act *out) {
    const key_version_record *version;
    TRY(key_allows(c->key, KEY_ACT_USE));
    TRY(kms_version(c, c->key, version_id, &version));
    *out = (key_act){.act = (int)kind};
    return key_ids(c, c->key, version, out);
}

static status check_symmetric(const key_record *key) {
    return key_spec_check_encryption(key->spec, key->usage, ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT);
}

/* An act with the version of a symmetric key that encrypts. */
static status begin_act(call *c, enum vault_act kind, pair_list context, key_act *out) {
    TRY(kms_begin_act(c, kind, (slice){0}, out));
    TRY(check_symmetric(c->key));
    return kms_context(c, context, "EncryptionContext", &out->context);
}

/* With any key: absent, the algorithm is that of symmetric keys. */
static status choose_algorithm(call *c, int algorithm, pair_list context, key_act *act) {
    act->encryption = algorithm ? algorithm : ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT;
    TRY(key_spec_check_encryption(c->key->spec, c->key->usage, act->encryption));
    if (act->encryption == ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT)
        return kms_context(c, context, "EncryptionContext", &act->context);
    if (context.count) return call_refuse(c, FAIL(INVALID_PARAMETER), "EncryptionContext is for symmetric keys.");
    return OK;
}

status encrypt_prepare(call *c, const encrypt_in *in, encrypt_out *out) {
    (void)out;
    key_act act;
    TRY(kms_begin_act(c, VAULT_ACT_ENCRYPT, (slice){0}, &act));
    TRY(choose_algorithm(c, in->encryption_algorithm, in->encryption_context, &act));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    act.input = in->plaintext;
    return call_ask_vault(c, &act);
}

status encrypt_finish(call *c, const encrypt_in *in, encrypt_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->key_version_id = c->key->primary_version;
    out->ciphertext_blob = c->results.at[0].output;
    return OK;
}

status kms_blob_ids(call *c, slice blob, slice *key_id, slice *version_id) {
    ciphertext parsed;
    TRY(ciphertext_parse(blob, &parsed));
    TRY(kms_key_id_text(c, parsed.key_id.at, key_id));
    return kms_uuid_text(c, parsed.key_version_id.at, version_id);
}

/* The version a ciphertext was made under: an asymmetric one does not say, then it is the newest. */
static status decrypting_version(call *c, slice blob, const key_version_record **out) {
    slice key_id, version_id;
    const key_spec_row *row = key_spec_get(c->key->spec);
    ENSURE(row != NULL, CORRUPT);
    if (row->family == KEY_FAMILY_ASYMMETRIC) return kms_version(c, c->key, (slice){0}, out);
    TRY(kms_blob_ids(c, blob, &key_id, &version_id));
    ENSURE(slice_equals(key_id, c->key->key_id), INCORRECT_KEY);
    *out = key_version(c->key, version_id);
    ENSURE(*out && !slice_is_absent((*out)->sealed), CIPHERTEXT);
    return OK;
}

status decrypt_prepare(call *c, const decrypt_in *in, decrypt_out *out) {
    const key_version_record *version;
    key_act act = {.act = VAULT_ACT_DECRYPT, .input = in->ciphertext_blob};
    TRY(kms_refuse_recipient(c, in->recipient));
    TRY(key_allows(c->key, KEY_ACT_USE));
    TRY(choose_algorithm(c, in->encryption_algorithm, in->encryption_context, &act));
    TRY(decrypting_version(c, in->ciphertext_blob, &version));
    TRY(key_ids(c, c->key, version, &act));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    out->key_version_id = version->version_id;
    return call_ask_vault(c, &act);
}

status decrypt_finish(call *c, const decrypt_in *in, decrypt_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->plaintext = c->results.at[0].boxed;
    return OK;
}

int64_t kms_data_key_bytes(maybe_int number, int spec) {
    if (number.is_set) return number.value;
    return spec == DATA_KEY_SPEC_AES_128 ? 16 : 32;
}

status generate_data_key_prepare(call *c, const generate_data_key_in *in, generate_data_key_out *out) {
    (void)out;
    key_act act;
    TRY(kms_refuse_recipient(c, in->recipient));
    TRY(begin_act(c, VAULT_ACT_GENERATE, in->encryption_context, &act));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    act.size = SET_INT(kms_data_key_bytes(in->number_of_bytes, in->key_spec));
    return call_ask_vault(c, &act);
}

status generate_data_key_finish(call *c, const generate_data_key_in *in, generate_data_key_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->key_version_id = c->key->primary_version;
    out->ciphertext_blob = c->results.at[0].output;
    out->plaintext = c->results.at[0].boxed;
    return OK;
}

status generate_data_key_without_plaintext_prepare(call *c, const generate_data_key_without_plaintext_in *in,
                                                   generate_data_key_without_plaintext_out *out) {
    (void)out;
    key_act act;
    TRY(begin_act(c, VAULT_ACT_GENERATE_SEALED, in->encryption_context, &act));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    act.size = SET_INT(kms_data_key_bytes(in->number_of_bytes, in->key_spec));
    return call_ask_vault(c, &act);
}

status generate_data_key_without_plaintext_finish(call *c, const generate_data_key_without_plaintext_in *in,
                                                  generate_data_key_without_plaintext_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->key_version_id = c->key->primary_version;
    out->ciphertext_blob = c->results.at[0].output;
    return OK;
}
