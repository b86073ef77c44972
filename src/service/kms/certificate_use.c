/* KMS: using a certificate's key. The vault does it; here stands what is asked of it. */
#include "base/text.h"
#include "contract/key_spec.h"
#include "service/kms/certificates.h"

static size_t unboxed(slice boxed) { return boxed.len > SECRET_BOX_BYTES ? boxed.len - SECRET_BOX_BYTES : 0; }

static status begin(call *c, enum vault_act kind, enum certificate_use use, key_act *act) {
    const certificate_record *of = c->certificate;
    uint8_t *ids = arena_take(&c->memory, 32);
    ENSURE(ids != NULL, OUT_OF_MEMORY);
    TRY(certificate_allows(of, use, c->now_s));
    ENSURE(!FAILED(uuid_parse(of->certificate_id, ids)) && !FAILED(uuid_parse(of->version_id, ids + 16)), CORRUPT);
    *act = (key_act){.act = (int)kind, .is_certificate = SET_BOOL(true), .key = of->sealed};
    act->key_id = slice_of(ids, 16);
    act->key_version_id = slice_of(ids + 16, 16);
    return OK;
}

/* To whoever names an algorithm, a key that has no such use is one the algorithm does not go with. */
static status as_algorithm(status checked) { return FAILED_WITH(checked, KEY_USAGE) ? FAIL(KEY_ALGORITHM) : checked; }

/* ---- signatures */

typedef struct signing_wish {
    int algorithm, message_type;
    slice message; /* boxed */
} signing_wish;

static status complete_signing(call *c, const signing_wish *w, key_act *act) {
    signing how;
    TRY(as_algorithm(key_spec_check_signing(c->certificate->spec, KEY_USAGE_SIGN_VERIFY, w->algorithm)));
    act->signing = w->algorithm;
    act->message_type = w->message_type ? w->message_type : MESSAGE_TYPE_RAW;
    act->input = w->message;
    TRY(signing_of(act->signing, act->message_type, &how));
    if (how.is_digest && unboxed(w->message) != hash_size(how.hash))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "Message has not the %zu bytes of a digest.",
                           hash_size(how.hash));
    return OK;
}

status certificate_private_key_sign_prepare(call *c, const certificate_private_key_sign_in *in,
                                            certificate_private_key_sign_out *out) {
    (void)out;
    key_act act;
    TRY(begin(c, VAULT_ACT_SIGN, CERTIFICATE_PROTECT, &act));
    TRY(complete_signing(c, &(signing_wish){in->algorithm, in->message_type, in->message}, &act));
    return call_ask_vault(c, &act);
}

status certificate_private_key_sign_finish(call *c, const certificate_private_key_sign_in *in,
                                           certificate_private_key_sign_out *out) {
    (void)in;
    out->certificate_id = c->certificate->certificate_id;
    out->signature_value = c->results.at[0].output;
    return OK;
}

status certificate_public_key_verify_prepare(call *c, const certificate_public_key_verify_in *in,
                                             certificate_public_key_verify_out *out) {
    (void)out;
    key_act act;
    TRY(begin(c, VAULT_ACT_CHECK_SIGNATURE, CERTIFICATE_RECOVER, &act));
    TRY(complete_signing(c, &(signing_wish){in->algorithm, in->message_type, in->message}, &act));
    act.value = in->signature_value;
    return call_ask_vault(c, &act);
}

status certificate_public_key_verify_finish(call *c, const certificate_public_key_verify_in *in,
                                            certificate_public_key_verify_out *out) {
    (void)in;
    out->certificate_id = c->certificate->certificate_id;
    out->signature_valid = SET_BOOL(c->results.at[0].is_valid.value);
    return OK;
}

/* ---- encryption */

static status complete_encryption(call *c, int algorithm, key_act *act) {
    enum asymmetric_sealing how;
    TRY(as_algorithm(key_spec_check_encryption(c->certificate->spec, KEY_USAGE_ENCRYPT_DECRYPT, algorithm)));
    ENSURE(!FAILED(sealing_of_encryption(algorithm, &how)), KEY_ALGORITHM);
    if (unboxed(act->input) > asymmetric_seal_most(key_spec_get(c->certificate->spec)->pair, how) &&
        act->act == VAULT_ACT_ENCRYPT)
        return call_refuse(c, FAIL(TOO_LARGE), "The plaintext does not fit under the key.");
    act->encryption = algorithm;
    return OK;
}

status certificate_public_key_encrypt_prepare(call *c, const certificate_public_key_encrypt_in *in,
                                              certificate_public_key_encrypt_out *out) {
    (void)out;
    key_act act;
    TRY(begin(c, VAULT_ACT_ENCRYPT, CERTIFICATE_PROTECT, &act));
    act.input = in->plaintext;
    TRY(complete_encryption(c, in->algorithm, &act));
    return call_ask_vault(c, &act);
}

status certificate_public_key_encrypt_finish(call *c, const certificate_public_key_encrypt_in *in,
                                             certificate_public_key_encrypt_out *out) {
    (void)in;
    out->certificate_id = c->certificate->certificate_id;
    out->ciphertext_blob = c->results.at[0].output;
    return OK;
}

status certificate_private_key_decrypt_prepare(call *c, const certificate_private_key_decrypt_in *in,
                                               certificate_private_key_decrypt_out *out) {
    (void)out;
    key_act act;
    TRY(begin(c, VAULT_ACT_DECRYPT, CERTIFICATE_RECOVER, &act));
    act.input = in->ciphertext_blob;
    TRY(complete_encryption(c, in->algorithm, &act));
    return call_ask_vault(c, &act);
}

status certificate_private_key_decrypt_finish(call *c, const certificate_private_key_decrypt_in *in,
                                              certificate_private_key_decrypt_out *out) {
    (void)in;
    out->certificate_id = c->certificate->certificate_id;
    out->plaintext = c->results.at[0].boxed;
    return OK;
}
