/* KMS: plaintexts that stay in the vault: from one key to another, or to a public key of the caller's; and what is drawn at random. */
#include "contract/key_spec.h"
#include "service/handlers.h"
#include "service/resource.h"

/* ---- from one key to another */

static int algorithm_or_standard(int algorithm) {
    return algorithm ? algorithm : ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT;
}

/* The act that decrypts: a symmetric ciphertext names its version, for an asymmetric one the caller does. */
static status source_act(call *c, const re_encrypt_in *in, re_encrypt_out *out, key_act *act) {
    slice key_id, version_id = in->source_key_version_id;
    const key_version_record *version;
    *act = (key_act){.act = VAULT_ACT_HOLD_DECRYPTED, .input = in->ciphertext_blob};
    act->encryption = algorithm_or_standard(in->source_encryption_algorithm);
    TRY(key_allows(c->key, KEY_ACT_USE));
    TRY(key_spec_check_encryption(c->key->spec, c->key->usage, act->encryption));
    if (act->encryption == ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT) {
        TRY(kms_blob_ids(c, in->ciphertext_blob, &key_id, &version_id));
        ENSURE(slice_equals(key_id, c->key->key_id), INCORRECT_KEY);
        TRY(kms_context(c, in->source_encryption_context, "SourceEncryptionContext", &act->context));
    }
    TRY(kms_version(c, c->key, version_id, &version));
    out->key_version_id = version->version_id;
    return key_ids(c, c->key, version, act);
}

static status destination_act(call *c, const re_encrypt_in *in, re_encrypt_out *out, key_act *act) {
    key_record key;
    const key_version_record *version;
    TRY(resource_other_key(c, in->destination_key_id, "kms:ReEncryptTo", &key));
    *act = (key_act){.act = VAULT_ACT_SEAL_HELD};
    act->encryption = algorithm_or_standard(in->destination_encryption_algorithm);
    TRY(key_spec_check_encryption(key.spec, key.usage, act->encryption));
    TRY(kms_version(c, &key, (slice){0}, &version));
    if (act->encryption == ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT)
        TRY(kms_context(c, in->destination_encryption_context, "DestinationEncryptionContext", &act->context));
    out->destination_key_id = key.key_id;
    out->destination_key_version_id = version->version_id;
    return key_ids(c, &key, version, act);
}

status re_encrypt_prepare(call *c, const re_encrypt_in *in, re_encrypt_out *out) {
    key_act from, to;
    TRY(source_act(c, in, out, &from));
    TRY(call_ask_vault(c, &from));
    TRY(destination_act(c, in, out, &to));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    return call_ask_vault(c, &to);
}

status re_encrypt_finish(call *c, const re_encrypt_in *in, re_encrypt_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->ciphertext_blob = c->results.at[1].output;
    bool is_elsewhere = !slice_equals(c->key->account_id, call_account(c)); /* than the key it was sealed under */
    if (!is_elsewhere || !call_speaks_aws(c)) return OK;
    return arn_key(&(arn_home){call_region(c), c->key->account_id}, c->key->key_id, &c->memory, &out->key_id);
}

/* ---- to a public key of the caller's */

static status wrap_act(call *c, int spec, int algorithm, slice public_key, key_act *act) {
    bool wraps_twice = false;
    enum asymmetric_sealing how;
    if (!wrapping_goes_together(spec, algorithm))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "WrappingAlgorithm does not go with the WrappingKeySpec.");
    TRY(sealing_of_wrapping(algorithm, &how, &wraps_twice));
    if (wraps_twice) return call_refuse(c, FAIL(INVALID_PARAMETER), "WrappingAlgorithm");
    *act = (key_act){.act = VAULT_ACT_WRAP_HELD, .wrapping = spec, .algorithm = algorithm, .value = public_key};
    return OK;
}

status export_data_key_prepare(call *c, const export_data_key_in *in, export_data_key_out *out) {
    slice key_id;
    const key_version_record *version;
    key_act from = {.act = VAULT_ACT_HOLD_DECRYPTED, .input = in->ciphertext_blob}, to;
    TRY(key_allows(c->key, KEY_ACT_USE));
    TRY(key_spec_check_encryption(c->key->spec, c->key->usage, ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT));
    TRY(kms_blob_ids(c, in->ciphertext_blob, &key_id, &out->key_version_id));
    TRY(kms_version(c, c->key, out->key_version_id, &version));
    TRY(kms_context(c, in->encryption_context, "EncryptionContext", &from.context));
    TRY(key_ids(c, c->key, version, &from));
    TRY(wrap_act(c, in->wrapping_key_spec, in->wrapping_algorithm, in->public_key_blob, &to));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    TRY(call_ask_vault(c, &from));
    return call_ask_vault(c, &to);
}

status export_data_key_finish(call *c, const export_data_key_in *in, export_data_key_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->exported_data_key = c->results.at[1].output;
    return OK;
}

/* An act with the version of a symmetric key that encrypts. */
static status begin_symmetric(call *c, enum vault_act kind, pair_list context, key_act *act) {
    TRY(kms_begin_act(c, kind, (slice){0}, act));
    TRY(key_spec_check_encryption(c->key->spec, c->key->usage, ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT));
    return kms_context(c, context, "EncryptionContext", &act->context);
}

status generate_and_export_data_key_prepare(call *c, const generate_and_export_data_key_in *in,
                                            generate_and_export_data_key_out *out) {
    (void)out;
    key_act from, to;
    TRY(begin_symmetric(c, VAULT_ACT_HOLD_GENERATED, in->encryption_context, &from));
    TRY(wrap_act(c, in->wrapping_key_spec, in->wrapping_algorithm, in->public_key_blob, &to));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    from.size = SET_INT(kms_data_key_bytes(in->number_of_bytes, in->key_spec));
    TRY(call_ask_vault(c, &from));
    return call_ask_vault(c, &to);
}

status generate_and_export_data_key_finish(call *c, const generate_and_export_data_key_in *in,
                                           generate_and_export_data_key_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->key_version_id = c->key->primary_version;
    out->ciphertext_blob = c->results.at[0].output;
    out->exported_data_key = c->results.at[1].output;
    return OK;
}

/* ---- drawn at random */

status generate_random_prepare(call *c, const generate_random_in *in, generate_random_out *out) {
    (void)out;
    TRY(kms_refuse_recipient(c, in->recipient));
    key_act act = {.act = VAULT_ACT_RANDOM, .size = in->number_of_bytes};
    return call_ask_vault(c, &act);
}

status generate_random_finish(call *c, const generate_random_in *in, generate_random_out *out) {
    (void)in;
    out->plaintext = c->results.at[0].boxed;
    return OK;
}

status generate_data_key_pair_prepare(call *c, const generate_data_key_pair_in *in, generate_data_key_pair_out *out) {
    (void)out;
    key_act act;
    TRY(kms_refuse_recipient(c, in->recipient));
    TRY(begin_symmetric(c, VAULT_ACT_GENERATE_PAIR, in->encryption_context, &act));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    act.spec = key_spec_of_pair(in->key_pair_spec);
    return call_ask_vault(c, &act);
}

status generate_data_key_pair_finish(call *c, const generate_data_key_pair_in *in, generate_data_key_pair_out *out) {
    out->key_id = c->key->key_id;
    out->key_version_id = c->key->primary_version;
    out->key_pair_spec = in->key_pair_spec;
    out->public_key = c->results.at[0].public;
    out->private_key_plaintext = c->results.at[0].boxed;
    out->private_key_ciphertext_blob = c->results.at[0].output;
    return OK;
}

status generate_data_key_pair_without_plaintext_prepare(call *c, const generate_data_key_pair_without_plaintext_in *in,
                                                        generate_data_key_pair_without_plaintext_out *out) {
    (void)out;
    key_act act;
    TRY(begin_symmetric(c, VAULT_ACT_GENERATE_PAIR_SEALED, in->encryption_context, &act));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    act.spec = key_spec_of_pair(in->key_pair_spec);
    return call_ask_vault(c, &act);
}

status generate_data_key_pair_without_plaintext_finish(call *c, const generate_data_key_pair_without_plaintext_in *in,
                                                       generate_data_key_pair_without_plaintext_out *out) {
    out->key_id = c->key->key_id;
    out->key_version_id = c->key->primary_version;
    out->key_pair_spec = in->key_pair_spec;
    out->public_key = c->results.at[0].public;
    out->private_key_ciphertext_blob = c->results.at[0].output;
    return OK;
}
