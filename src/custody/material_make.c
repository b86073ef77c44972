/* Making keys, new versions of them, and key pairs as data keys. */
#include "contract/key_spec.h"
#include "crypto/random.h"
#include "custody/act.h"

static bool pair_of_spec(int spec, enum asymmetric_kind *kind) {
    const key_spec_row *row = key_spec_get(spec);
    if (row == NULL || row->family != KEY_FAMILY_ASYMMETRIC) return false;
    *kind = row->pair;
    return true;
}

static int usage_of(const key_act *act) { return act->usage ? act->usage : KEY_USAGE_ENCRYPT_DECRYPT; }

bool act_needs_pair(const key_act *act, enum asymmetric_kind *kind) {
    bool is_pair = false;
    switch (act->act) {
    case VAULT_ACT_IMPORT_PARAMETERS: is_pair = !FAILED(pair_of_wrapping(act->wrapping, kind)); break;
    case VAULT_ACT_NEW_KEY: /* a wrong usage is not worth waiting for */
        is_pair = key_spec_has_usage(act->spec, usage_of(act)) && pair_of_spec(act->spec, kind);
        break;
    case VAULT_ACT_NEW_VERSION:
    case VAULT_ACT_NEW_CERTIFICATE:
    case VAULT_ACT_GENERATE_PAIR:
    case VAULT_ACT_GENERATE_PAIR_SEALED: is_pair = pair_of_spec(act->spec, kind); break;
    default: break;
    }
    return is_pair && asymmetric_is_slow(*kind);
}

status act_pair(const act_scene *scene, enum asymmetric_kind kind, key_pair *out) {
    if (asymmetric_is_slow(kind)) return stock_take(scene->stock, kind, out);
    OWNED(key_pair) made = {0};
    TRY(asymmetric_generate(kind, &made.private_der));
    TRY(asymmetric_public_of(kind, &made.private_der, &made.public_der));
    *out = made;
    made = (key_pair){0};
    return OK;
}

/* New material of a spec; of a pair the public half goes into the result. */
static status material_make(const act_scene *scene, int spec, act_outcome *out, secret *content) {
    const key_spec_row *row = key_spec_get(spec);
    ENSURE(row != NULL, INVALID_PARAMETER);
    if (row->family != KEY_FAMILY_ASYMMETRIC) return random_secret(row->key_bytes, content);
    OWNED(key_pair) made = {0};
    TRY(act_pair(scene, row->pair, &made));
    TRY(arena_copy(scene->memory, buffer_slice(&made.public_der), &out->result.public));
    *content = made.private_der;
    made.private_der = (secret){0};
    return OK;
}

static status ids_check(const key_act *act) {
    ENSURE(act->key_id.len == ID_BYTES && act->key_version_id.len == ID_BYTES, INVALID_PARAMETER);
    return OK;
}

static status material_seal(act_scene *scene, const sealing_order *order, act_outcome *out) {
    TRY(sealing_seal(scene->account, order, scene->memory, &out->result.output));
    out->key_id = order->header.key_id;
    out->key_version_id = order->header.key_version_id;
    return OK;
}

status act_new_key(act_scene *scene, const key_act *act, act_outcome *out) {
    TRY(ids_check(act));
    ENSURE(key_spec_has_usage(act->spec, usage_of(act)), KEY_USAGE);
    OWNED(secret) content = {0};
    TRY(material_make(scene, act->spec, out, &content));
    sealing_order order = {.kind = SEALED_KEY_MATERIAL, .content = &content};
    order.header.key_id = act->key_id;
    order.header.key_version_id = act->key_version_id;
    order.header.created_at = SET_INT(scene->now_s);
    order.header.origin = KEY_ORIGIN_ALIYUN_KMS;
    order.header.spec = act->spec;
    order.header.usage = act->usage;
    order.header.rotation_interval_s = act->rotation_interval_s;
    return material_seal(scene, &order, out);
}

/* ---- versions: everything but the material and its age is as in the version before */

static status successor_make(act_scene *scene, const key_act *act, const sealed_header *former, act_outcome *out) {
    ENSURE(slice_equals(former->key_id, act->key_id), CORRUPT);
    ENSURE(!slice_equals(former->key_version_id, act->key_version_id), INVALID_PARAMETER);
    ENSURE(former->origin == KEY_ORIGIN_ALIYUN_KMS, KEY_ORIGIN);
    const key_spec_row *said = key_spec_get(act->spec);
    ENSURE(said != NULL && said == key_spec_get(former->spec), CORRUPT);
    OWNED(secret) content = {0};
    TRY(material_make(scene, former->spec, out, &content));
    sealing_order order = {.kind = SEALED_KEY_MATERIAL, .header = *former, .content = &content};
    order.header.key_id = act->key_id; /* the same, but not gone with the former */
    order.header.key_version_id = act->key_version_id;
    order.header.created_at = SET_INT(scene->now_s);
    return material_seal(scene, &order, out);
}

status act_new_version(act_scene *scene, const key_act *act, act_outcome *out) {
    TRY(ids_check(act));
    opened *former = NULL;
    OWNED(secret) none = {0};
    TRY(sealing_open_content(scene->account, act->key, &former, &none));
    status made = successor_make(scene, act, &former->header, out);
    opened_free(former);
    return made;
}

/* The one act nobody signs for: the owner did so before, and the former version's header says how often. */
static status rotation_check(const act_scene *scene, const sealed_header *former) {
    ENSURE(former->rotation_interval_s.is_set && former->rotation_interval_s.value > 0, NO_PERMISSION);
    ENSURE(former->created_at.is_set, NO_PERMISSION);
    ENSURE(scene->now_s - former->created_at.value >= former->rotation_interval_s.value, NO_PERMISSION);
    const key_spec_row *row = key_spec_get(former->spec);
    ENSURE(row != NULL && row->family == KEY_FAMILY_SYMMETRIC, NO_PERMISSION);
    return OK;
}

status act_rotate(act_scene *scene, const key_act *act, act_outcome *out) {
    TRY(ids_check(act));
    opened *former = NULL;
    OWNED(secret) none = {0};
    TRY(sealing_open_content(scene->account, act->key, &former, &none));
    status made = rotation_check(scene, &former->header);
    if (!FAILED(made)) made = successor_make(scene, act, &former->header, out);
    opened_free(former);
    return made;
}

/* The same material under the same ids, with another word about rotation. */
static status rotation_set(act_scene *scene, const key_act *act, maybe_int interval_s, act_outcome *out) {
    TRY(ids_check(act));
    opened *former = NULL;
    OWNED(secret) content = {0};
    TRY(sealing_open_content(scene->account, act->key, &former, &content));
    sealing_order order = {.kind = SEALED_KEY_MATERIAL, .header = former->header, .content = &content};
    order.header.rotation_interval_s = interval_s;
    bool is_it = slice_equals(former->header.key_id, act->key_id) &&
                 slice_equals(former->header.key_version_id, act->key_version_id);
    status done = is_it ? sealing_seal(scene->account, &order, scene->memory, &out->result.output) : FAIL(CORRUPT);
    out->key_id = act->key_id;
    out->key_version_id = act->key_version_id;
    opened_free(former);
    return done;
}

status act_permit_rotation(act_scene *scene, const key_act *act, act_outcome *out) {
    ENSURE(act->rotation_interval_s.is_set && act->rotation_interval_s.value > 0, INVALID_PARAMETER);
    return rotation_set(scene, act, act->rotation_interval_s, out);
}

status act_forbid_rotation(act_scene *scene, const key_act *act, act_outcome *out) {
    return rotation_set(scene, act, (maybe_int){0}, out);
}

/* ---- pairs as data keys */

static status pair_generate(act_scene *scene, const key_act *act, act_outcome *out, key_pair *made) {
    enum asymmetric_kind kind;
    ENSURE(pair_of_spec(act->spec, &kind), INVALID_PARAMETER);
    TRY(act_pair(scene, kind, made));
    TRY(arena_copy(scene->memory, buffer_slice(&made->public_der), &out->result.public));
    return act_seal_symmetric(scene, act, &made->private_der, out, &out->result.output);
}

status act_generate_pair(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(key_pair) made = {0};
    TRY(pair_generate(scene, act, out, &made));
    return act_box(scene, &made.private_der, &out->result.boxed);
}

status act_generate_pair_sealed(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(key_pair) made = {0};
    return pair_generate(scene, act, out, &made);
}
