/* The key pair of a certificate: made and sealed here, with the request (CSR) that an authority is to answer. */
#include "contract/key_spec.h"
#include "custody/act.h"
#include "custody/subject.h"

static bool is_offered(int spec) {
    return spec == KEY_SPEC_RSA_2048 || spec == KEY_SPEC_EC_P256 || spec == KEY_SPEC_EC_SM2;
}

static status request_sign(arena *memory, enum asymmetric_kind kind, const request_wish *wish,
                           const secret *private_der, slice *pem) {
    OWNED(buffer) text = {0};
    asymmetric *key = NULL;
    TRY(asymmetric_from_private(kind, private_der, &key));
    status signing_done = request_make(key, wish, &text);
    asymmetric_free(key);
    TRY(signing_done);
    return arena_copy(memory, buffer_slice(&text), pem);
}

status act_new_certificate(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(key_pair) made = {0};
    name_part parts[REQUEST_PARTS_MOST];
    request_wish wish = {.parts = parts, .names = act->names.at, .name_count = act->names.count};
    ENSURE(act->key_id.len == ID_BYTES && act->key_version_id.len == ID_BYTES, INVALID_PARAMETER);
    ENSURE(is_offered(act->spec), INVALID_PARAMETER);
    enum asymmetric_kind kind = key_spec_get(act->spec)->pair;
    TRY(subject_read(act->subject, scene->memory, parts, &wish.part_count));
    TRY(act_pair(scene, kind, &made));
    TRY(request_sign(scene->memory, kind, &wish, &made.private_der, &out->result.extra));
    sealing_order order = {.kind = SEALED_CERTIFICATE_KEY, .content = &made.private_der};
    order.header.key_id = act->key_id;
    order.header.key_version_id = act->key_version_id;
    order.header.created_at = SET_INT(scene->now_s);
    order.header.origin = KEY_ORIGIN_ALIYUN_KMS;
    order.header.spec = act->spec;
    TRY(arena_copy(scene->memory, buffer_slice(&made.public_der), &out->result.public));
    TRY(sealing_seal(scene->account, &order, scene->memory, &out->result.output));
    out->key_id = act->key_id;
    out->key_version_id = act->key_version_id;
    return OK;
}
