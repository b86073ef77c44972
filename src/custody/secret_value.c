/* Values of secrets: sealed under a customer master key, bound to account, secret and version; and random ones. */
#include "crypto/mac.h"
#include "custody/act.h"
#include "custody/password.h"

enum { NAMES_MOST = 1024 };

/* What a value is bound to: it opens for no other account, secret or version. */
static status binding_make(const act_scene *scene, const key_act *act, buffer *out) {
    pair pairs[] = {
        {SLICE("account"), scene->account->header.account_id},
        {SLICE("id"), act->secret_id},
        {SLICE("name"), act->text},
        {SLICE("version"), act->version},
    };
    bool is_whole = act->secret_id.len > 0 && act->text.len > 0 && act->version.len > 0;
    ENSURE(is_whole && act->text.len <= NAMES_MOST && act->version.len <= NAMES_MOST, INVALID_PARAMETER);
    return context_canonical((pair_list){pairs, sizeof pairs / sizeof *pairs}, scene->memory, out);
}

/* A keyed hash: tells whether the same value comes again for the same version, and nothing else. */
static status fingerprint(const act_scene *scene, slice bound, const secret *value, uint8_t out[HASH_SHA256_BYTES]) {
    const slice parts[] = {SLICE("secret value"), bound, secret_expose(value)};
    return hmac_parts(HASH_SHA256, secret_expose(&scene->account->value), &(hmac_text){parts, 3}, out);
}

/* The clear header, then the binding. */
static status data_make(slice clear, slice bound, buffer *out) {
    TRY(buffer_append(out, clear));
    return buffer_append(out, bound);
}

static status value_seal(act_scene *scene, const key_act *act, const secret *value, act_outcome *out) {
    const opened *key = NULL;
    OWNED(buffer) bound = {0};
    OWNED(buffer) data = {0};
    OWNED(buffer) blob = {0};
    uint8_t print[HASH_SHA256_BYTES];
    ENSURE(value->len > 0 && value->len <= SECRET_VALUE_MOST, INVALID_PARAMETER);
    TRY(act_key(scene, act, out, &key));
    ENSURE(key->cipher != NULL, KEY_USAGE);
    TRY(binding_make(scene, act, &bound));
    TRY(fingerprint(scene, buffer_slice(&bound), value, print));
    TRY(secret_value_begin(key->header.key_id.at, key->header.key_version_id.at, &blob));
    TRY(data_make(buffer_slice(&blob), buffer_slice(&bound), &data));
    TRY(xaes_seal_secret(key->cipher, buffer_slice(&data), value, &blob));
    TRY(arena_copy(scene->memory, slice_of(print, sizeof print), &out->result.extra));
    return arena_copy(scene->memory, buffer_slice(&blob), &out->result.output);
}

status act_seal_secret(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) value = {0};
    ENSURE(scene->box != NULL, CLOSED);
    ENSURE(act->input.len <= SECRET_VALUE_MOST + SECRET_BOX_BYTES, TOO_LARGE);
    TRY(box_open(scene->box, scene->request_id, act->input, &value));
    return value_seal(scene, act, &value, out);
}

status act_generate_secret(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) value = {0};
    ENSURE(act->rule != NULL, INVALID_PARAMETER);
    TRY(password_make(act->rule, &value));
    return value_seal(scene, act, &value, out);
}

static status value_open(const act_scene *scene, const key_act *act, const opened *key, secret *out) {
    ciphertext outside;
    OWNED(buffer) bound = {0};
    OWNED(buffer) data = {0};
    TRY(secret_value_parse(act->input, &outside));
    ENSURE(slice_equals(outside.key_id, key->header.key_id), CORRUPT);
    ENSURE(slice_equals(outside.key_version_id, key->header.key_version_id), CORRUPT);
    TRY(binding_make(scene, act, &bound));
    TRY(data_make(outside.clear, buffer_slice(&bound), &data));
    status opening = xaes_open(key->cipher, buffer_slice(&data), outside.content, out);
    return FAILED_WITH(opening, VERIFICATION) || FAILED_WITH(opening, TOO_LARGE) ? FAIL(CORRUPT) : opening;
}

status act_open_secret(act_scene *scene, const key_act *act, act_outcome *out) {
    const opened *key = NULL;
    OWNED(secret) value = {0};
    TRY(act_key(scene, act, out, &key));
    ENSURE(key->cipher != NULL, KEY_USAGE);
    TRY(value_open(scene, act, key, &value));
    return act_box(scene, &value, &out->result.boxed);
}

status act_random_password(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) made = {0};
    ENSURE(act->rule != NULL, INVALID_PARAMETER);
    TRY(password_make(act->rule, &made));
    return act_box(scene, &made, &out->result.boxed);
}
