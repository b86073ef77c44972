/* KMS: using a key: encrypt, decrypt, data keys. The vault does it; here stands what is asked of it. */
#include "base/text.h"
#include "contract/sealed.h"
#include "service/handlers.h"

status key_ids(call *c, const key_record *key, const key_version_record *version, key_act *act) {
    uint8_t *ids = arena_take(&c->memory, 32);
    ENSURE(ids != NULL, OUT_OF_MEMORY);
    ENSURE(!FAILED(uuid_parse(key->key_id, ids)) && !FAILED(uuid_parse(version->version_id, ids + 16)), CORRUPT);
    act->key_id = slice_of(ids, 16);
    act->key_version_id = slice_of(ids + 16, 16);
    act->key = version->sealed;
    return OK;
}

static status canonical(call *c, pair_list context, slice *out) {
    OWNED(buffer) bytes = {0};
    status made = context_canonical(context, &c->memory, &bytes);
    if (FAILED_WITH(made, INVALID_PARAMETER)) return call_refuse(c, made, "EncryptionContext");
    TRY(made);
    if (bytes.len == 0) return OK;
    return arena_copy(&c->memory, buffer_slice(&bytes), out);
}

/* DryRun: everything is checked, nothing is done, and the answer is always a failure that says what would have been. */
static status refuse_dry_run(call *c, maybe_bool dry_run) {
    if (dry_run.value) return call_refuse(c, FAIL(DRY_RUN), "The request would have succeeded.");
    return OK;
}

static status refuse_recipient(call *c, slice recipient) {
    if (!slice_is_empty(recipient)) return call_refuse(c, FAIL(UNSUPPORTED), "Recipient");
    return OK;
}

/* An act with the version that encrypts. */
static status begin_act(call *c, enum vault_act kind, pair_list context, key_act *out) {
    const key_version_record *version = key_primary(c->key);
    TRY(key_allows(c->key, KEY_ACT_USE));
    ENSURE(version && !slice_is_absent(version->sealed), KEY_VERSION_NOT_FOUND);
    *out = (key_act){.act = (int)kind};
    TRY(canonical(c, context, &out->context));
    return key_ids(c, c->key, version, out);
}

status encrypt_prepare(call *c, const encrypt_in *in, encrypt_out *out) {
    (void)out;
    key_act act;
    TRY(begin_act(c, VAULT_ACT_ENCRYPT, in->encryption_context, &act));
    TRY(refuse_dry_run(c, in->dry_run));
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

static status version_text(call *c, slice blob, slice *out) {
    ciphertext parsed;
    char text[37];
    TRY(ciphertext_parse(blob, &parsed));
    uuid_format(parsed.key_version_id.at, text);
    return arena_copy(&c->memory, slice_of_text(text), out);
}

status decrypt_prepare(call *c, const decrypt_in *in, decrypt_out *out) {
    slice version_id;
    key_act act = {.act = VAULT_ACT_DECRYPT, .input = in->ciphertext_blob};
    TRY(refuse_recipient(c, in->recipient));
    TRY(key_allows(c->key, KEY_ACT_USE));
    TRY(version_text(c, in->ciphertext_blob, &version_id));
    const key_version_record *version = key_version(c->key, version_id);
    ENSURE(version && !slice_is_absent(version->sealed), CIPHERTEXT);
    TRY(canonical(c, in->encryption_context, &act.context));
    TRY(key_ids(c, c->key, version, &act));
    TRY(refuse_dry_run(c, in->dry_run));
    out->key_version_id = version_id;
    return call_ask_vault(c, &act);
}

status decrypt_finish(call *c, const decrypt_in *in, decrypt_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->plaintext = c->results.at[0].boxed;
    return OK;
}

static int64_t bytes_wanted(maybe_int number, int spec) {
    if (number.is_set) return number.value;
    return spec == DATA_KEY_SPEC_AES_128 ? 16 : 32;
}

status generate_data_key_prepare(call *c, const generate_data_key_in *in, generate_data_key_out *out) {
    (void)out;
    key_act act;
    TRY(refuse_recipient(c, in->recipient));
    TRY(begin_act(c, VAULT_ACT_GENERATE, in->encryption_context, &act));
    TRY(refuse_dry_run(c, in->dry_run));
    act.size = SET_INT(bytes_wanted(in->number_of_bytes, in->key_spec));
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
    TRY(refuse_dry_run(c, in->dry_run));
    act.size = SET_INT(bytes_wanted(in->number_of_bytes, in->key_spec));
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
