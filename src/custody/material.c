/* Encrypting and decrypting under customer master keys of every kind. */
#include "contract/key_spec.h"
#include "crypto/cipher.h"
#include "crypto/random.h"
#include "crypto/wrap.h"
#include "custody/act.h"

enum { GENERATED_MOST = 1024, BOXED_MOST = 64 * 1024 };

status act_box(const act_scene *scene, const secret *plaintext, slice *boxed) {
    ENSURE(scene->box != NULL, CLOSED);
    OWNED(buffer) made = {0};
    TRY(box_seal_secret(scene->box, scene->request_id, plaintext, &made));
    return arena_copy(scene->memory, buffer_slice(&made), boxed);
}

status act_unbox(const act_scene *scene, slice boxed, secret *out) {
    ENSURE(scene->box != NULL, CLOSED);
    ENSURE(boxed.len <= BOXED_MOST, TOO_LARGE);
    OWNED(secret) plaintext = {0};
    TRY(box_open(scene->box, scene->request_id, boxed, &plaintext));
    ENSURE(plaintext.len > 0, INVALID_PARAMETER);
    *out = plaintext;
    plaintext = (secret){0};
    return OK;
}

void act_hold(act_scene *scene, secret *plaintext) {
    secret_clear(scene->held);
    *scene->held = *plaintext;
    *plaintext = (secret){0};
}

status act_key(act_scene *scene, const key_act *act, act_outcome *out, const opened **found) {
    const opened *key = NULL;
    enum sealed_kind kind = act->is_certificate.value ? SEALED_CERTIFICATE_KEY : SEALED_KEY_MATERIAL;
    TRY(sealing_open(scene->sealing, scene->account, kind, act->key, &key));
    const sealed_header *h = &key->header;
    ENSURE(h->key_id.len == ID_BYTES && h->key_version_id.len == ID_BYTES, CORRUPT);
    ENSURE(slice_is_absent(act->key_id) || slice_equals(act->key_id, h->key_id), CORRUPT);
    ENSURE(slice_is_absent(act->key_version_id) || slice_equals(act->key_version_id, h->key_version_id), CORRUPT);
    ENSURE(!h->expires_at.is_set || h->expires_at.value > scene->now_s, KEY_PENDING_IMPORT);
    out->key_id = h->key_id;
    out->key_version_id = h->key_version_id;
    *found = key;
    return OK;
}

int act_key_usage(const opened *key, int wanted) {
    return key->kind == SEALED_CERTIFICATE_KEY ? wanted : key->header.usage;
}

/* ---- symmetric keys */

/* Additional data: the clear header, then the canonical encryption context. */
static status bind(slice clear, slice context, arena *memory, slice *out) {
    ENSURE(context.len <= CONTEXT_MAX_BYTES, INVALID_PARAMETER);
    uint8_t *at = arena_take(memory, clear.len + context.len);
    ENSURE(at != NULL, OUT_OF_MEMORY);
    memcpy(at, clear.at, clear.len);
    if (context.len) memcpy(at + clear.len, context.at, context.len);
    *out = slice_of(at, clear.len + context.len);
    return OK;
}

static status cipher_of(int spec, enum cipher_kind *out) {
    switch (spec) {
    case KEY_SPEC_ALIYUN_AES_128: *out = CIPHER_AES_128; return OK;
    case KEY_SPEC_ALIYUN_AES_192: *out = CIPHER_AES_192; return OK;
    case KEY_SPEC_ALIYUN_SM4: *out = CIPHER_SM4; return OK;
    default: return FAIL(KEY_USAGE);
    }
}

status symmetric_seal(const opened *key, slice bound, const secret *plaintext, buffer *blob) {
    enum cipher_kind kind;
    if (key->cipher) return xaes_seal_secret(key->cipher, bound, plaintext, blob);
    TRY(cipher_of(key->header.spec, &kind));
    return cipher_seal(kind, &key->value, bound, plaintext, blob);
}

status symmetric_open(const opened *key, slice bound, slice from, secret *out) {
    enum cipher_kind kind;
    if (key->cipher) return xaes_open(key->cipher, bound, from, out);
    TRY(cipher_of(key->header.spec, &kind));
    return cipher_open(kind, &key->value, bound, from, out);
}

static status check_symmetric(const opened *key) {
    const sealed_header *h = &key->header;
    return key_spec_check_encryption(h->spec, h->usage, ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT);
}

status act_seal_symmetric(act_scene *scene, const key_act *act, const secret *plaintext, act_outcome *out,
                          slice *made) {
    const opened *key = NULL;
    TRY(act_key(scene, act, out, &key));
    TRY(check_symmetric(key));
    OWNED(buffer) blob = {0};
    slice bound;
    TRY(ciphertext_begin(key->header.key_id.at, key->header.key_version_id.at, &blob));
    TRY(bind(buffer_slice(&blob), act->context, scene->memory, &bound));
    TRY(symmetric_seal(key, bound, plaintext, &blob));
    return arena_copy(scene->memory, buffer_slice(&blob), made);
}

static status ciphertext_open(const opened *key, const key_act *act, arena *memory, secret *out) {
    ciphertext outside;
    TRY(ciphertext_parse(act->input, &outside));
    const sealed_header *h = &key->header;
    ENSURE(slice_equals(outside.key_id, h->key_id), CIPHERTEXT);
    ENSURE(slice_equals(outside.key_version_id, h->key_version_id), CIPHERTEXT);
    slice bound;
    TRY(bind(outside.clear, act->context, memory, &bound));
    status opening = symmetric_open(key, bound, outside.content, out);
    return FAILED_WITH(opening, VERIFICATION) || FAILED_WITH(opening, TOO_LARGE) ? FAIL(CIPHERTEXT) : opening;
}

status act_open_symmetric(act_scene *scene, const key_act *act, act_outcome *out, secret *plaintext) {
    const opened *key = NULL;
    TRY(act_key(scene, act, out, &key));
    TRY(check_symmetric(key));
    return ciphertext_open(key, act, scene->memory, plaintext);
}

/* ---- any key */

static bool is_asymmetric(const key_act *act) {
    return act->encryption != ENCRYPTION_ALGORITHM_ABSENT && act->encryption != ENCRYPTION_ALGORITHM_SYMMETRIC_DEFAULT;
}

static status pair_key(act_scene *scene, const key_act *act, act_outcome *out, const opened **key,
                       enum asymmetric_sealing *how) {
    TRY(act_key(scene, act, out, key));
    int usage = act_key_usage(*key, KEY_USAGE_ENCRYPT_DECRYPT);
    TRY(key_spec_check_encryption((*key)->header.spec, usage, act->encryption));
    ENSURE((*key)->pair != NULL, CORRUPT);
    return sealing_of_encryption(act->encryption, how);
}

static status seal_any(act_scene *scene, const key_act *act, const secret *plaintext, act_outcome *out) {
    if (!is_asymmetric(act)) return act_seal_symmetric(scene, act, plaintext, out, &out->result.output);
    const opened *key = NULL;
    enum asymmetric_sealing how;
    OWNED(buffer) made = {0};
    TRY(pair_key(scene, act, out, &key, &how));
    TRY(asymmetric_seal(key->pair, how, secret_expose(plaintext), &made));
    return arena_copy(scene->memory, buffer_slice(&made), &out->result.output);
}

static status open_any(act_scene *scene, const key_act *act, act_outcome *out, secret *plaintext) {
    const opened *key = NULL;
    if (is_asymmetric(act)) {
        enum asymmetric_sealing how;
        TRY(pair_key(scene, act, out, &key, &how));
        return act_key_open(scene, key->pair, how, act->input, plaintext);
    }
    TRY(act_key(scene, act, out, &key));
    TRY(check_symmetric(key));
    return ciphertext_open(key, act, scene->memory, plaintext);
}

status act_encrypt(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) plaintext = {0};
    TRY(act_unbox(scene, act->input, &plaintext));
    return seal_any(scene, act, &plaintext, out);
}

status act_decrypt(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) plaintext = {0};
    TRY(open_any(scene, act, out, &plaintext));
    return act_box(scene, &plaintext, &out->result.boxed);
}

static status random_of(const key_act *act, secret *out) {
    ENSURE(act->size.is_set && act->size.value >= 1 && act->size.value <= GENERATED_MOST, INVALID_PARAMETER);
    return random_secret((size_t)act->size.value, out);
}

status act_generate(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) made = {0};
    TRY(random_of(act, &made));
    TRY(act_seal_symmetric(scene, act, &made, out, &out->result.output));
    return act_box(scene, &made, &out->result.boxed);
}

status act_generate_sealed(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) made = {0};
    TRY(random_of(act, &made));
    return act_seal_symmetric(scene, act, &made, out, &out->result.output);
}

/* Only keys of customers: account keys and credentials may be in use by the very request. */
status act_forget(act_scene *scene, const key_act *act, act_outcome *out) {
    (void)out;
    const opened *found = cache_find(&scene->sealing->cache, act->key);
    bool is_key = found && (found->kind == SEALED_KEY_MATERIAL || found->kind == SEALED_CERTIFICATE_KEY);
    if (is_key) cache_forget(&scene->sealing->cache, act->key);
    return OK;
}

/* ---- what stays inside between two acts of one request */

status act_hold_decrypted(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) plaintext = {0};
    TRY(open_any(scene, act, out, &plaintext));
    act_hold(scene, &plaintext);
    return OK;
}

status act_hold_generated(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) made = {0};
    TRY(random_of(act, &made));
    TRY(act_seal_symmetric(scene, act, &made, out, &out->result.output));
    act_hold(scene, &made);
    return OK;
}

status act_seal_held(act_scene *scene, const key_act *act, act_outcome *out) {
    ENSURE(scene->held->len > 0, INVALID_PARAMETER);
    return seal_any(scene, act, scene->held, out);
}

/* The public key passes through core in clear, and is what was signed (bound.c). */
status act_wrap_held(act_scene *scene, const key_act *act, act_outcome *out) {
    enum asymmetric_sealing how;
    enum asymmetric_kind kind;
    bool wraps_twice = false;
    OWNED(buffer) wrapped = {0};
    ENSURE(scene->held->len > 0 && wrapping_goes_together(act->wrapping, act->algorithm), INVALID_PARAMETER);
    TRY(sealing_of_wrapping(act->algorithm, &how, &wraps_twice));
    TRY(pair_of_wrapping(act->wrapping, &kind));
    ENSURE(!wraps_twice, UNSUPPORTED);
    status sealing_done = asymmetric_seal_once(kind, act->value, how, secret_expose(scene->held), &wrapped);
    if (FAILED_WITH(sealing_done, MALFORMED)) return FAIL(INVALID_PARAMETER);
    TRY(sealing_done);
    return arena_copy(scene->memory, buffer_slice(&wrapped), &out->result.output);
}
