/* Bringing one's own key: a pair to wrap it for, the token that carries the private half, and the import itself. */
#include "contract/key_spec.h"
#include "crypto/compare.h"
#include "crypto/mac.h"
#include "crypto/random.h"
#include "crypto/wrap.h"
#include "custody/act.h"

enum { TOKEN_LIFETIME_S = 24 * 60 * 60, WRAPPING_KEY_BYTES = 32 };

static status ids_check(const key_act *act) {
    ENSURE(act->key_id.len == ID_BYTES && act->key_version_id.len == ID_BYTES, INVALID_PARAMETER);
    return OK;
}

static status token_seal(act_scene *scene, const key_act *act, const key_pair *made, act_outcome *out) {
    sealing_order order = {.kind = SEALED_IMPORT, .content = &made->private_der};
    order.header.key_id = act->key_id;
    order.header.key_version_id = act->key_version_id;
    order.header.algorithm = act->algorithm;
    order.header.wrapping = act->wrapping;
    order.header.spec = act->spec;
    order.header.usage = act->usage;
    order.header.created_at = SET_INT(scene->now_s);
    order.header.expires_at = SET_INT(scene->now_s + TOKEN_LIFETIME_S);
    TRY(sealing_seal(scene->account, &order, scene->memory, &out->result.extra));
    out->result.time = order.header.expires_at;
    return arena_copy(scene->memory, buffer_slice(&made->public_der), &out->result.output);
}

/* PKCS#1's padding is not offered: whoever sees which ciphertexts are refused learns the plaintext. */
static status wrapping_read(int spec, int algorithm, enum asymmetric_kind *kind) {
    enum asymmetric_sealing how;
    bool wraps_twice = false;
    ENSURE(wrapping_goes_together(spec, algorithm), INVALID_PARAMETER);
    status read = sealing_of_wrapping(algorithm, &how, &wraps_twice);
    if (!FAILED(read)) read = pair_of_wrapping(spec, kind);
    return FAILED(read) ? FAIL(INVALID_PARAMETER) : OK;
}

status act_import_parameters(act_scene *scene, const key_act *act, act_outcome *out) {
    enum asymmetric_kind kind;
    TRY(ids_check(act));
    TRY(wrapping_read(act->wrapping, act->algorithm, &kind));
    OWNED(key_pair) taken = {0};
    TRY(act_pair(scene, kind, &taken));
    return token_seal(scene, act, &taken, out);
}

/* The token must open under the account, be for this key and still hold; for any of its versions, because whether what comes is
 * new or was there before is said only with it. */
static status token_check(const act_scene *scene, const key_act *act, const sealed_header *token) {
    ENSURE(slice_equals(token->key_id, act->key_id), IMPORT_TOKEN);
    ENSURE(token->spec == act->spec && token->usage == act->usage, IMPORT_TOKEN);
    ENSURE(token->expires_at.is_set, IMPORT_TOKEN);
    ENSURE(token->expires_at.value > scene->now_s, IMPORT_TOKEN_EXPIRED);
    return OK;
}

/* RSA_AES_KEY_WRAP: the first part, as long as the RSA key, holds an AES key, and this the material. When the first does not
 * open, the second is tried all the same, under some other key: so that it takes as long. */
static status unwrap_twice(const asymmetric *key, enum asymmetric_sealing how, slice wrapped, secret *out) {
    size_t first = asymmetric_seal_bytes(key);
    OWNED(secret) middle = {0};
    OWNED(secret) other = {0};
    OWNED(secret) made = {0};
    ENSURE(wrapped.len > first, KEY_MATERIAL);
    TRY(random_secret(WRAPPING_KEY_BYTES, &other));
    status opening = asymmetric_open(key, how, slice_head(wrapped, first), &middle);
    status result = wrap_open(FAILED(opening) ? &other : &middle, slice_skip(wrapped, first), &made);
    TRY(opening);
    TRY(result);
    *out = made;
    made = (secret){0};
    return OK;
}

static status unwrap(const opened *token, slice wrapped, secret *out) {
    enum asymmetric_sealing how;
    enum asymmetric_kind kind;
    bool wraps_twice = false;
    asymmetric *key = NULL;
    TRY(sealing_of_wrapping(token->header.algorithm, &how, &wraps_twice));
    TRY(pair_of_wrapping(token->header.wrapping, &kind));
    TRY(asymmetric_from_private(kind, &token->value, &key));
    status opening = wraps_twice ? unwrap_twice(key, how, wrapped, out) : asymmetric_open(key, how, wrapped, out);
    asymmetric_free(key);
    return opening;
}

/* Whether the material is a key of the spec; of a pair the public half goes into the result. */
static status material_check(const act_scene *scene, int spec, const secret *material, act_outcome *out) {
    const key_spec_row *row = key_spec_get(spec);
    ENSURE(row != NULL, INVALID_PARAMETER);
    if (row->family != KEY_FAMILY_ASYMMETRIC) {
        ENSURE(material->len == row->key_bytes, KEY_MATERIAL);
        return OK;
    }
    asymmetric *key = NULL;
    OWNED(buffer) spki = {0};
    TRY(asymmetric_from_private(row->pair, material, &key));
    status shown = asymmetric_public(key, &spki);
    asymmetric_free(key);
    TRY(shown);
    return arena_copy(scene->memory, buffer_slice(&spki), &out->result.public);
}

/* Whatever is wrong with what was wrapped, the answer is one. */
static status material_unwrap(const act_scene *scene, const key_act *act, const opened *token, act_outcome *out,
                              secret *material) {
    OWNED(secret) made = {0};
    status result = unwrap(token, act->input, &made);
    if (!FAILED(result)) result = material_check(scene, act->spec, &made, out);
    if (FAILED(result)) return FAILED_WITH(result, OUT_OF_MEMORY) ? result : FAIL(KEY_MATERIAL);
    *material = made;
    made = (secret){0};
    return OK;
}

/* A keyed hash of the material: tells whether the same comes again, and nothing else. */
static status fingerprint(const opened *account, slice key_id, const secret *material, uint8_t out[HASH_SHA256_BYTES]) {
    const slice parts[] = {key_id, secret_expose(material)};
    return hmac_parts(HASH_SHA256, secret_expose(&account->value), &(hmac_text){parts, 2}, out);
}

static status material_seal(act_scene *scene, const key_act *act, slice version_id, const secret *material,
                            act_outcome *out) {
    sealing_order order = {.kind = SEALED_KEY_MATERIAL, .content = material};
    order.header.key_id = act->key_id;
    order.header.key_version_id = version_id;
    order.header.created_at = SET_INT(scene->now_s);
    order.header.expires_at = act->expires_at;
    order.header.origin = KEY_ORIGIN_EXTERNAL;
    order.header.spec = act->spec;
    order.header.usage = act->usage;
    TRY(sealing_seal(scene->account, &order, scene->memory, &out->result.output));
    out->key_id = act->key_id;
    out->key_version_id = version_id;
    return OK;
}

/* ---- which version it is: core tells of every version that has had material its id and its fingerprint */

static bool take_known(slice *rest, slice *id, slice *print) {
    return slice_take(rest, ID_BYTES, id) && slice_take(rest, HASH_SHA256_BYTES, print);
}

bool import_is_new(const key_act *act) {
    slice rest = act->context, id, print;
    if (slice_is_absent(act->key_version_id)) return false;
    while (take_known(&rest, &id, &print))
        if (slice_equals(id, act->key_version_id)) return false;
    return true;
}

/* New material is unlike any before; what is said to come again, to that version or to some, is like it. */
static status version_find(const key_act *act, slice material_print, slice *version_id) {
    slice rest = act->context, id, print, found = {0};
    while (take_known(&rest, &id, &print))
        if (bytes_equal_secret(print, material_print)) found = id;
    ENSURE(slice_is_empty(rest), INVALID_PARAMETER);
    if (import_is_new(act)) {
        ENSURE(slice_is_absent(found), KEY_MATERIAL);
        *version_id = act->key_version_id;
        return OK;
    }
    bool is_it = slice_is_absent(act->key_version_id) || slice_equals(found, act->key_version_id);
    ENSURE(!slice_is_absent(found) && is_it, KEY_MATERIAL);
    *version_id = found;
    return OK;
}

static status token_use(act_scene *scene, const key_act *act, const opened *token, act_outcome *out) {
    TRY(token_check(scene, act, &token->header));
    OWNED(secret) material = {0};
    TRY(material_unwrap(scene, act, token, out, &material));
    uint8_t print[HASH_SHA256_BYTES];
    slice version_id;
    TRY(fingerprint(scene->account, act->key_id, &material, print));
    TRY(version_find(act, slice_of(print, sizeof print), &version_id));
    TRY(arena_copy(scene->memory, slice_of(print, sizeof print), &out->result.extra));
    return material_seal(scene, act, version_id, &material, out);
}

status act_import(act_scene *scene, const key_act *act, act_outcome *out) {
    bool has_version = act->key_version_id.len == ID_BYTES || slice_is_absent(act->key_version_id);
    ENSURE(act->key_id.len == ID_BYTES && has_version, INVALID_PARAMETER);
    ENSURE(!act->expires_at.is_set || act->expires_at.value > scene->now_s, INVALID_PARAMETER);
    opened *token = NULL;
    status opening = sealing_open_once(scene->account, SEALED_IMPORT, act->token, &token);
    if (FAILED(opening)) return FAILED_WITH(opening, CORRUPT) ? FAIL(IMPORT_TOKEN) : opening;
    status used = token_use(scene, act, token, out);
    opened_free(token);
    return used;
}
