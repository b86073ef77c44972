/* Using customer master keys. */
#include "crypto/random.h"
#include "custody/act.h"

enum { ID_BYTES = 16, KEY_BYTES = 32, GENERATED_MOST = 1024, PLAINTEXT_MOST = 64 * 1024 };

status act_box(const act_scene *scene, const secret *plaintext, slice *boxed) {
    ENSURE(scene->box != NULL, CLOSED);
    OWNED(buffer) made = {0};
    TRY(box_seal_secret(scene->box, scene->request_id, plaintext, &made));
    return arena_copy(scene->memory, buffer_slice(&made), boxed);
}

/* The key's material, still valid, and the one core says it is. */
static status material_open(act_scene *scene, const key_act *act, const opened **out) {
    const opened *key = NULL;
    TRY(sealing_open(scene->sealing, scene->account, SEALED_KEY_MATERIAL, act->key, &key));
    const sealed_header *h = &key->header;
    ENSURE(h->key_id.len == ID_BYTES && h->key_version_id.len == ID_BYTES, CORRUPT);
    ENSURE(slice_is_absent(act->key_id) || slice_equals(act->key_id, h->key_id), CORRUPT);
    ENSURE(slice_is_absent(act->key_version_id) || slice_equals(act->key_version_id, h->key_version_id), CORRUPT);
    ENSURE(!h->expires_at.is_set || h->expires_at.value > scene->now_s, KEY_PENDING_IMPORT);
    *out = key;
    return OK;
}

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

static status plaintext_seal(act_scene *scene, const key_act *act, const secret *plaintext, act_outcome *out) {
    const opened *key = NULL;
    TRY(material_open(scene, act, &key));
    OWNED(buffer) blob = {0};
    slice bound;
    TRY(ciphertext_begin(key->header.key_id.at, key->header.key_version_id.at, &blob));
    TRY(bind(buffer_slice(&blob), act->context, scene->memory, &bound));
    TRY(xaes_seal_secret(key->cipher, bound, plaintext, &blob));
    out->key_id = key->header.key_id;
    out->key_version_id = key->header.key_version_id;
    return arena_copy(scene->memory, buffer_slice(&blob), &out->result.output);
}

status act_encrypt(act_scene *scene, const key_act *act, act_outcome *out) {
    ENSURE(scene->box != NULL, CLOSED);
    ENSURE(act->input.len <= PLAINTEXT_MOST, TOO_LARGE);
    OWNED(secret) plaintext = {0};
    TRY(box_open(scene->box, scene->request_id, act->input, &plaintext));
    ENSURE(plaintext.len > 0, INVALID_PARAMETER);
    return plaintext_seal(scene, act, &plaintext, out);
}

static status ciphertext_open(const opened *key, const key_act *act, arena *memory, secret *out) {
    ciphertext outside;
    TRY(ciphertext_parse(act->input, &outside));
    const sealed_header *h = &key->header;
    ENSURE(slice_equals(outside.key_id, h->key_id), CIPHERTEXT);
    ENSURE(slice_equals(outside.key_version_id, h->key_version_id), CIPHERTEXT);
    slice bound;
    TRY(bind(outside.clear, act->context, memory, &bound));
    status opening = xaes_open(key->cipher, bound, outside.content, out);
    return FAILED_WITH(opening, VERIFICATION) || FAILED_WITH(opening, TOO_LARGE) ? FAIL(CIPHERTEXT) : opening;
}

status act_decrypt(act_scene *scene, const key_act *act, act_outcome *out) {
    const opened *key = NULL;
    TRY(material_open(scene, act, &key));
    OWNED(secret) plaintext = {0};
    TRY(ciphertext_open(key, act, scene->memory, &plaintext));
    out->key_id = key->header.key_id;
    out->key_version_id = key->header.key_version_id;
    return act_box(scene, &plaintext, &out->result.boxed);
}

static status random_of(const key_act *act, secret *out) {
    ENSURE(act->size.is_set && act->size.value >= 1 && act->size.value <= GENERATED_MOST, INVALID_PARAMETER);
    return random_secret((size_t)act->size.value, out);
}

status act_generate(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) made = {0};
    TRY(random_of(act, &made));
    TRY(plaintext_seal(scene, act, &made, out));
    return act_box(scene, &made, &out->result.boxed);
}

status act_generate_sealed(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) made = {0};
    TRY(random_of(act, &made));
    return plaintext_seal(scene, act, &made, out);
}

status act_new_key(act_scene *scene, const key_act *act, act_outcome *out) {
    ENSURE(act->key_id.len == ID_BYTES && act->key_version_id.len == ID_BYTES, INVALID_PARAMETER);
    OWNED(secret) material = {0};
    TRY(random_secret(KEY_BYTES, &material));
    sealing_order order = {.kind = SEALED_KEY_MATERIAL, .content = &material};
    order.header.key_id = act->key_id;
    order.header.key_version_id = act->key_version_id;
    order.header.created_at = SET_INT(scene->now_s);
    order.header.origin = KEY_ORIGIN_ALIYUN_KMS;
    TRY(sealing_seal(scene->account, &order, scene->memory, &out->result.output));
    out->key_id = act->key_id;
    out->key_version_id = act->key_version_id;
    return OK;
}
