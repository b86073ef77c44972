/* KMS: asymmetric keys and MAC keys: encrypt, sign, verify, show the public half. */
#include "base/text.h"
#include "contract/key_spec.h"
#include "service/handlers.h"

enum { PEM_LINE = 64 };

static size_t unboxed(slice boxed) { return boxed.len > SECRET_BOX_BYTES ? boxed.len - SECRET_BOX_BYTES : 0; }

/* Whether a key of that kind can do what is asked of it is seen here, so that DryRun tells the truth; the vault looks again. */
static status check_fits(call *c, int algorithm, slice boxed) {
    enum asymmetric_sealing how;
    TRY(key_spec_check_encryption(c->key->spec, c->key->usage, algorithm));
    status read = sealing_of_encryption(algorithm, &how);
    if (FAILED(read)) return FAIL(KEY_ALGORITHM);
    const key_spec_row *row = key_spec_get(c->key->spec);
    if (unboxed(boxed) > asymmetric_seal_most(row->pair, how))
        return call_refuse(c, FAIL(TOO_LARGE), "The plaintext does not fit under the key.");
    return OK;
}

status asymmetric_encrypt_prepare(call *c, const asymmetric_encrypt_in *in, asymmetric_encrypt_out *out) {
    key_act act;
    TRY(kms_begin_act(c, VAULT_ACT_ENCRYPT, in->key_version_id, &act));
    TRY(check_fits(c, in->algorithm, in->plaintext));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    act.encryption = in->algorithm;
    act.input = in->plaintext;
    TRY(kms_uuid_text(c, act.key_version_id.at, &out->key_version_id));
    return call_ask_vault(c, &act);
}

status asymmetric_encrypt_finish(call *c, const asymmetric_encrypt_in *in, asymmetric_encrypt_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->ciphertext_blob = c->results.at[0].output;
    return OK;
}

status asymmetric_decrypt_prepare(call *c, const asymmetric_decrypt_in *in, asymmetric_decrypt_out *out) {
    key_act act;
    TRY(kms_begin_act(c, VAULT_ACT_DECRYPT, in->key_version_id, &act));
    TRY(check_fits(c, in->algorithm, (slice){0}));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    act.encryption = in->algorithm;
    act.input = in->ciphertext_blob;
    TRY(kms_uuid_text(c, act.key_version_id.at, &out->key_version_id));
    return call_ask_vault(c, &act);
}

status asymmetric_decrypt_finish(call *c, const asymmetric_decrypt_in *in, asymmetric_decrypt_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->plaintext = c->results.at[0].boxed;
    return OK;
}

/* ---- signatures */

typedef struct signing_wish {
    slice version_id;
    int algorithm, message_type;
    slice digest; /* boxed: core cannot have another signed */
    maybe_bool dry_run;
} signing_wish;

static status begin_signing(call *c, enum vault_act kind, const signing_wish *w, key_act *act) {
    signing how;
    TRY(kms_begin_act(c, kind, w->version_id, act));
    TRY(key_spec_check_signing(c->key->spec, c->key->usage, w->algorithm));
    TRY(signing_of(w->algorithm, w->message_type, &how));
    if (how.is_digest && how.scheme == SIGNING_ED25519)
        return call_refuse(c, FAIL(KEY_ALGORITHM), "Ed25519 signs messages, not digests: MessageType RAW.");
    if (how.is_digest && unboxed(w->digest) != hash_size(how.hash))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "Digest has not %zu bytes.", hash_size(how.hash));
    TRY(kms_refuse_dry_run(c, w->dry_run));
    act->signing = w->algorithm;
    act->message_type = w->message_type;
    act->input = w->digest;
    return OK;
}

status asymmetric_sign_prepare(call *c, const asymmetric_sign_in *in, asymmetric_sign_out *out) {
    key_act act;
    signing_wish wish = {in->key_version_id, in->algorithm, in->message_type, in->digest, in->dry_run};
    TRY(begin_signing(c, VAULT_ACT_SIGN, &wish, &act));
    TRY(kms_uuid_text(c, act.key_version_id.at, &out->key_version_id));
    return call_ask_vault(c, &act);
}

status asymmetric_sign_finish(call *c, const asymmetric_sign_in *in, asymmetric_sign_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    out->value = c->results.at[0].output;
    return OK;
}

status asymmetric_verify_prepare(call *c, const asymmetric_verify_in *in, asymmetric_verify_out *out) {
    key_act act;
    signing_wish wish = {in->key_version_id, in->algorithm, in->message_type, in->digest, in->dry_run};
    TRY(begin_signing(c, VAULT_ACT_CHECK_SIGNATURE, &wish, &act));
    act.value = in->value;
    TRY(kms_uuid_text(c, act.key_version_id.at, &out->key_version_id));
    return call_ask_vault(c, &act);
}

/* What does not hold is an answer to one cloud's clients, a failure to the other's. */
status asymmetric_verify_finish(call *c, const asymmetric_verify_in *in, asymmetric_verify_out *out) {
    (void)in;
    out->key_id = c->key->key_id;
    ENSURE(c->results.at[0].is_valid.value || !call_speaks_aws(c), SIGNATURE_INVALID);
    out->value = SET_BOOL(c->results.at[0].is_valid.value);
    return OK;
}

/* ---- the public half */

/* RFC 7468 §13 */
static status write_pem(call *c, slice der, slice *out) {
    OWNED(buffer) text = {0};
    OWNED(buffer) pem = {0};
    TRY(base64_encode(&text, der));
    TRY(buffer_append_text(&pem, "-----BEGIN PUBLIC KEY-----\n"));
    for (slice rest = buffer_slice(&text); rest.len > 0; rest = slice_skip(rest, PEM_LINE)) {
        TRY(buffer_append(&pem, slice_head(rest, PEM_LINE)));
        TRY(buffer_append_byte(&pem, '\n'));
    }
    TRY(buffer_append_text(&pem, "-----END PUBLIC KEY-----\n"));
    return arena_copy(&c->memory, buffer_slice(&pem), out);
}

status get_public_key_prepare(call *c, const get_public_key_in *in, get_public_key_out *out) {
    const key_version_record *version;
    TRY(key_allows(c->key, KEY_ACT_USE));
    ENSURE(key_spec_get(c->key->spec)->family == KEY_FAMILY_ASYMMETRIC, KEY_USAGE);
    TRY(kms_version(c, c->key, in->key_version_id, &version));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    out->key_id = c->key->key_id;
    out->key_version_id = version->version_id;
    out->key_spec = c->key->spec;
    out->key_usage = c->key->usage;
    return write_pem(c, version->public_key, &out->public_key);
}

/* ---- message authentication codes */

status generate_mac_prepare(call *c, const generate_mac_in *in, generate_mac_out *out) {
    (void)out;
    key_act act;
    TRY(kms_begin_act(c, VAULT_ACT_GENERATE_MAC, (slice){0}, &act));
    TRY(key_spec_check_mac(c->key->spec, c->key->usage, in->algorithm));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    act.mac = in->algorithm;
    act.input = in->message;
    return call_ask_vault(c, &act);
}

status generate_mac_finish(call *c, const generate_mac_in *in, generate_mac_out *out) {
    out->key_id = c->key->key_id;
    out->algorithm = in->algorithm;
    out->mac = c->results.at[0].output;
    return OK;
}

status verify_mac_prepare(call *c, const verify_mac_in *in, verify_mac_out *out) {
    (void)out;
    key_act act;
    TRY(kms_begin_act(c, VAULT_ACT_CHECK_MAC, (slice){0}, &act));
    TRY(key_spec_check_mac(c->key->spec, c->key->usage, in->algorithm));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    act.mac = in->algorithm;
    act.input = in->message;
    act.value = in->mac;
    return call_ask_vault(c, &act);
}

status verify_mac_finish(call *c, const verify_mac_in *in, verify_mac_out *out) {
    out->key_id = c->key->key_id;
    ENSURE(c->results.at[0].is_valid.value || !call_speaks_aws(c), MAC_INVALID);
    out->algorithm = in->algorithm;
    out->value = SET_BOOL(c->results.at[0].is_valid.value);
    return OK;
}

/* ---- key agreement */

status derive_shared_secret_prepare(call *c, const derive_shared_secret_in *in, derive_shared_secret_out *out) {
    (void)out;
    key_act act;
    TRY(kms_refuse_recipient(c, in->recipient));
    TRY(kms_begin_act(c, VAULT_ACT_AGREE, (slice){0}, &act));
    TRY(key_spec_check_agreement(c->key->spec, c->key->usage));
    TRY(kms_refuse_dry_run(c, in->dry_run));
    act.value = in->public_key;
    return call_ask_vault(c, &act);
}

status derive_shared_secret_finish(call *c, const derive_shared_secret_in *in, derive_shared_secret_out *out) {
    out->key_id = c->key->key_id;
    out->shared_secret = c->results.at[0].boxed;
    out->key_agreement_algorithm = in->key_agreement_algorithm;
    out->key_origin = c->key->origin;
    return OK;
}
