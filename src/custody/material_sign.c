/* Signatures, message authentication codes, key agreement, random bytes. */
#include "contract/key_spec.h"
#include "crypto/compare.h"
#include "crypto/mac.h"
#include "crypto/random.h"
#include "custody/act.h"

enum { RANDOM_MOST = 1024 };

/* A key that signs, and the message as it came: boxed, so that core cannot have something else signed. */
typedef struct signing_scene {
    const opened *key;
    signing how;
    secret message;
} signing_scene;

static void signing_scene_clear(signing_scene *s) { secret_clear(&s->message); }

static status signing_begin(act_scene *scene, const key_act *act, act_outcome *out, signing_scene *s) {
    TRY(act_key(scene, act, out, &s->key));
    int usage = act_key_usage(s->key, KEY_USAGE_SIGN_VERIFY);
    TRY(key_spec_check_signing(s->key->header.spec, usage, act->signing));
    ENSURE(s->key->pair != NULL, CORRUPT);
    TRY(signing_of(act->signing, act->message_type, &s->how));
    return act_unbox(scene, act->input, &s->message);
}

status act_sign(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(signing_scene) s = {0};
    OWNED(buffer) signature = {0};
    TRY(signing_begin(scene, act, out, &s));
    TRY(act_key_sign(scene, s.key->pair, &s.how, secret_expose(&s.message), &signature));
    return arena_copy(scene->memory, buffer_slice(&signature), &out->result.output);
}

status act_check_signature(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(signing_scene) s = {0};
    TRY(signing_begin(scene, act, out, &s));
    status verified = asymmetric_verify(s.key->pair, &s.how, secret_expose(&s.message), act->value);
    if (!FAILED_WITH(verified, VERIFICATION)) TRY(verified);
    out->result.is_valid = SET_BOOL(!FAILED(verified));
    return OK;
}

static status mac_make(act_scene *scene, const key_act *act, act_outcome *out, uint8_t mac[HASH_MAX_BYTES],
                       size_t *size) {
    const opened *key = NULL;
    enum hash_kind kind;
    OWNED(secret) message = {0};
    TRY(act_key(scene, act, out, &key));
    TRY(key_spec_check_mac(key->header.spec, key->header.usage, act->mac));
    TRY(hash_of_mac(act->mac, &kind));
    TRY(act_unbox(scene, act->input, &message));
    *size = hash_size(kind);
    return hmac_once(kind, &key->value, secret_expose(&message), mac);
}

status act_generate_mac(act_scene *scene, const key_act *act, act_outcome *out) {
    uint8_t mac[HASH_MAX_BYTES];
    size_t size = 0;
    TRY(mac_make(scene, act, out, mac, &size));
    return arena_copy(scene->memory, slice_of(mac, size), &out->result.output);
}

status act_check_mac(act_scene *scene, const key_act *act, act_outcome *out) {
    uint8_t mac[HASH_MAX_BYTES];
    size_t size = 0;
    TRY(mac_make(scene, act, out, mac, &size));
    out->result.is_valid = SET_BOOL(bytes_equal_secret(slice_of(mac, size), act->value));
    bytes_wipe(mac, sizeof mac);
    return OK;
}

status act_agree(act_scene *scene, const key_act *act, act_outcome *out) {
    const opened *key = NULL;
    OWNED(secret) shared = {0};
    TRY(act_key(scene, act, out, &key));
    TRY(key_spec_check_agreement(key->header.spec, key->header.usage));
    ENSURE(key->pair != NULL, CORRUPT);
    TRY(asymmetric_agree(key->pair, act->value, &shared));
    return act_box(scene, &shared, &out->result.boxed);
}

status act_random(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) made = {0};
    ENSURE(act->size.is_set && act->size.value >= 1 && act->size.value <= RANDOM_MOST, INVALID_PARAMETER);
    TRY(random_secret((size_t)act->size.value, &made));
    return act_box(scene, &made, &out->result.boxed);
}
