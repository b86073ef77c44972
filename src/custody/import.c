/* Bringing one's own key: an RSA pair to wrap it for, the token that carries the private half, and the import itself.
 */
#include "crypto/compare.h"
#include "crypto/mac.h"
#include "crypto/asymmetric.h"
#include "custody/act.h"

enum { ID_BYTES = 16, KEY_BYTES = 32, TOKEN_LIFETIME_S = 24 * 60 * 60 };

static status ids_check(const key_act *act) {
    ENSURE(act->key_id.len == ID_BYTES && act->key_version_id.len == ID_BYTES, INVALID_PARAMETER);
    return OK;
}

static status sealing_of(int algorithm, enum asymmetric_sealing *out) {
    switch (algorithm) {
    case WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256: *out = SEALING_OAEP_SHA256; return OK;
    case WRAPPING_ALGORITHM_RSAES_OAEP_SHA_1: *out = SEALING_OAEP_SHA1; return OK;
    default: return FAIL(INVALID_PARAMETER);
    }
}

static status token_seal(act_scene *scene, const key_act *act, const key_pair *made, act_outcome *out) {
    sealing_order order = {.kind = SEALED_IMPORT, .content = &made->private_der};
    order.header.key_id = act->key_id;
    order.header.key_version_id = act->key_version_id;
    order.header.algorithm = act->algorithm;
    order.header.created_at = SET_INT(scene->now_s);
    order.header.expires_at = SET_INT(scene->now_s + TOKEN_LIFETIME_S);
    TRY(sealing_seal(scene->account, &order, scene->memory, &out->result.extra));
    out->result.time = order.header.expires_at;
    return arena_copy(scene->memory, buffer_slice(&made->public_der), &out->result.output);
}

status act_import_parameters(act_scene *scene, const key_act *act, act_outcome *out) {
    enum asymmetric_sealing how;
    TRY(ids_check(act));
    TRY(sealing_of(act->algorithm, &how));
    OWNED(key_pair) taken = {0};
    TRY(stock_take(scene->stock, &taken));
    return token_seal(scene, act, &taken, out);
}

/* The token must open under the account, be for this key and still hold. */
static status token_check(const act_scene *scene, const key_act *act, const sealed_header *token) {
    ENSURE(slice_equals(token->key_id, act->key_id), IMPORT_TOKEN);
    ENSURE(slice_equals(token->key_version_id, act->key_version_id), IMPORT_TOKEN);
    ENSURE(token->expires_at.is_set, IMPORT_TOKEN);
    ENSURE(token->expires_at.value > scene->now_s, IMPORT_TOKEN_EXPIRED);
    return OK;
}

static status material_unwrap(const key_act *act, const opened *token, secret *out) {
    enum asymmetric_sealing how;
    TRY(sealing_of(token->header.algorithm, &how));
    OWNED(secret) made = {0};
    status opening = asymmetric_open_once(ASYMMETRIC_RSA_2048, &token->value, how, act->input, &made);
    if (FAILED(opening)) return FAIL(KEY_MATERIAL);
    ENSURE(made.len == KEY_BYTES, KEY_MATERIAL);
    *out = made;
    made = (secret){0};
    return OK;
}

/* A keyed hash of the material: tells whether the same comes again, and nothing else. */
static status fingerprint(const opened *account, slice key_id, const secret *material, uint8_t out[HASH_SHA256_BYTES]) {
    const slice parts[] = {key_id, secret_expose(material)};
    return hmac_parts(HASH_SHA256, secret_expose(&account->value), &(hmac_text){parts, 2}, out);
}

static status material_seal(act_scene *scene, const key_act *act, const secret *material, act_outcome *out) {
    sealing_order order = {.kind = SEALED_KEY_MATERIAL, .content = material};
    order.header.key_id = act->key_id;
    order.header.key_version_id = act->key_version_id;
    order.header.created_at = SET_INT(scene->now_s);
    order.header.expires_at = act->expires_at;
    order.header.origin = KEY_ORIGIN_EXTERNAL;
    TRY(sealing_seal(scene->account, &order, scene->memory, &out->result.output));
    out->key_id = act->key_id;
    out->key_version_id = act->key_version_id;
    return OK;
}

static status token_use(act_scene *scene, const key_act *act, const opened *token, act_outcome *out) {
    TRY(token_check(scene, act, &token->header));
    OWNED(secret) material = {0};
    TRY(material_unwrap(act, token, &material));
    uint8_t print[HASH_SHA256_BYTES];
    TRY(fingerprint(scene->account, act->key_id, &material, print));
    bool is_first = slice_is_empty(act->context);
    ENSURE(is_first || bytes_equal_secret(act->context, slice_of(print, sizeof print)), KEY_MATERIAL);
    TRY(arena_copy(scene->memory, slice_of(print, sizeof print), &out->result.extra));
    return material_seal(scene, act, &material, out);
}

status act_import(act_scene *scene, const key_act *act, act_outcome *out) {
    TRY(ids_check(act));
    ENSURE(!act->expires_at.is_set || act->expires_at.value > scene->now_s, INVALID_PARAMETER);
    opened *token = NULL;
    status opening = sealing_open_once(scene->account, SEALED_IMPORT, act->token, &token);
    if (FAILED(opening)) return FAILED_WITH(opening, CORRUPT) ? FAIL(IMPORT_TOKEN) : opening;
    status used = token_use(scene, act, token, out);
    opened_free(token);
    return used;
}
