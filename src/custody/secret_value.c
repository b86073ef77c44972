/* Values of secrets: sealed under a customer master key, bound to account, secret and version; and random ones. */
#include "crypto/mac.h"
#include "crypto/random.h"
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

static status value_seal_under(const opened *key, const act_scene *scene, const key_act *act, const secret *value,
                               key_result *out) {
    OWNED(buffer) bound = {0};
    OWNED(buffer) data = {0};
    OWNED(buffer) blob = {0};
    uint8_t print[HASH_SHA256_BYTES];
    ENSURE(value->len > 0 && value->len <= SECRET_VALUE_MOST, INVALID_PARAMETER);
    TRY(binding_make(scene, act, &bound));
    TRY(fingerprint(scene, buffer_slice(&bound), value, print));
    TRY(secret_value_begin(key->header.key_id.at, key->header.key_version_id.at, &blob));
    TRY(data_make(buffer_slice(&blob), buffer_slice(&bound), &data));
    TRY(symmetric_seal(key, buffer_slice(&data), value, &blob));
    TRY(arena_copy(scene->memory, slice_of(print, sizeof print), &out->extra));
    return arena_copy(scene->memory, buffer_slice(&blob), &out->output);
}

static status value_seal(act_scene *scene, const key_act *act, const secret *value, act_outcome *out) {
    const opened *key = NULL;
    TRY(act_key(scene, act, out, &key));
    return value_seal_under(key, scene, act, value, &out->result);
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

/* A managed data key: kept as a secret is, under a name that none has. */
status act_generate_managed(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) value = {0};
    bool has_size =
        act->size.is_set && act->size.value >= MANAGED_KEY_BYTES_LEAST && act->size.value <= MANAGED_KEY_BYTES_MOST;
    ENSURE(has_size && slice_starts_with(act->text, SLICE(MANAGED_KEY_PREFIX)), INVALID_PARAMETER);
    TRY(random_secret((size_t)act->size.value, &value));
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
    status opening = symmetric_open(key, buffer_slice(&data), outside.content, out);
    return FAILED_WITH(opening, VERIFICATION) || FAILED_WITH(opening, TOO_LARGE) ? FAIL(CORRUPT) : opening;
}

status act_open_secret(act_scene *scene, const key_act *act, act_outcome *out) {
    const opened *key = NULL;
    OWNED(secret) value = {0};
    TRY(act_key(scene, act, out, &key));
    TRY(value_open(scene, act, key, &value));
    return act_box(scene, &value, &out->result.boxed);
}

/* To a newer version of the same key; nobody sees it on the way. The use that is told is that of the former version. */
status act_rewrap_secret(act_scene *scene, const key_act *act, act_outcome *out) {
    const opened *former = NULL, *next = NULL;
    key_act under = {.act = act->act, .key = act->next};
    act_outcome ignored = {0};
    OWNED(secret) value = {0};
    ENSURE(act->key_id.len == ID_BYTES && act->key_version_id.len == ID_BYTES, INVALID_PARAMETER);
    TRY(act_key(scene, act, out, &former));
    TRY(act_key(scene, &under, &ignored, &next));
    TRY(rewrap_check(former, next));
    TRY(value_open(scene, act, former, &value));
    return value_seal_under(next, scene, act, &value, &out->result);
}

status act_random_password(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) made = {0};
    ENSURE(act->rule != NULL, INVALID_PARAMETER);
    TRY(password_make(act->rule, &made));
    return act_box(scene, &made, &out->result.boxed);
}

/* ---- rotation by the house itself: the owner's leave is a sealed blob that names the secret, the interval and the rule */

enum { PERMIT_FORM = 1 };

static status permit_seal(const act_scene *scene, const key_act *act, slice *out) {
    OWNED(buffer) packed = {0};
    OWNED(secret) content = {0};
    sealing_order order = {.kind = SEALED_PERMIT, .content = &content};
    TRY(buffer_append_byte(&packed, PERMIT_FORM));
    TRY(shape_pack(&password_rule_shape, act->rule, &packed));
    TRY(secret_copy(buffer_slice(&packed), &content));
    order.header.secret_name = act->text;
    order.header.secret_id = act->secret_id;
    order.header.rotation_interval_s = act->rotation_interval_s;
    order.header.created_at = SET_INT(scene->now_s);
    return sealing_seal(scene->account, &order, scene->memory, out);
}

status act_permit_secret_rotation(act_scene *scene, const key_act *act, act_outcome *out) {
    bool is_whole = act->rule != NULL && act->text.len > 0 && act->secret_id.len > 0;
    ENSURE(is_whole && act->rotation_interval_s.is_set && act->rotation_interval_s.value > 0, INVALID_PARAMETER);
    return permit_seal(scene, act, &out->result.output);
}

static status permit_read(const act_scene *scene, const opened *permit, const key_act *act, key_act *renewal) {
    const sealed_header *h = &permit->header;
    slice packed = secret_expose(&permit->value);
    uint8_t form;
    bool is_about_it = slice_equals(h->secret_name, act->text) && slice_equals(h->secret_id, act->secret_id);
    ENSURE(is_about_it && h->rotation_interval_s.is_set && h->created_at.is_set, NO_PERMISSION);
    ENSURE(h->created_at.value + h->rotation_interval_s.value <= scene->now_s, NO_PERMISSION);
    *renewal = *act;
    renewal->rule = ARENA_NEW(scene->memory, password_rule);
    ENSURE(renewal->rule != NULL, OUT_OF_MEMORY);
    ENSURE(slice_take_u8(&packed, &form) && form == PERMIT_FORM, CORRUPT);
    renewal->rotation_interval_s = h->rotation_interval_s;
    return shape_unpack(&password_rule_shape, packed, scene->memory, renewal->rule);
}

static status renew(act_scene *scene, const key_act *act, const opened *permit, act_outcome *out) {
    key_act renewal;
    TRY(permit_read(scene, permit, act, &renewal));
    TRY(act_generate_secret(scene, &renewal, out));
    return permit_seal(scene, &renewal, &out->result.permit);
}

/* Nobody signs for this: not before it is due, and by the rule the owner signed for. */
status act_renew_secret(act_scene *scene, const key_act *act, act_outcome *out) {
    opened *permit = NULL;
    TRY(sealing_open_once(scene->account, SEALED_PERMIT, act->token, &permit));
    status renewed = renew(scene, act, permit, out);
    opened_free(permit);
    return renewed;
}
