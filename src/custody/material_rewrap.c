/* Moving data keys to a newer version of the key that wraps them, and what values of secrets need for the same. Nobody sees
 * them on the way, and the key's owner has said before, by a signed request, that the house may: it stands in the sealed header
 * of the version they are moved to. */
#include "custody/act.h"

status rewrap_check(const opened *former, const opened *next) {
    const sealed_header *from = &former->header, *to = &next->header;
    ENSURE(to->allows_rewrap.value, NO_PERMISSION);
    ENSURE(slice_equals(from->key_id, to->key_id), CORRUPT);
    ENSURE(!slice_equals(from->key_version_id, to->key_version_id), INVALID_PARAMETER);
    ENSURE(from->created_at.is_set && to->created_at.is_set && to->created_at.value >= from->created_at.value,
           NO_PERMISSION);
    return OK;
}

/* The use that is told is that of the former version. */
status act_rewrap(act_scene *scene, const key_act *act, act_outcome *out) {
    const opened *former = NULL, *next = NULL;
    key_act under = {.act = act->act, .key = act->next, .context = act->context};
    act_outcome ignored = {0};
    OWNED(secret) data_key = {0};
    ENSURE(act->key_id.len == ID_BYTES && act->key_version_id.len == ID_BYTES, INVALID_PARAMETER);
    TRY(act_key(scene, act, out, &former));
    TRY(act_key(scene, &under, &ignored, &next));
    TRY(rewrap_check(former, next));
    TRY(act_open_symmetric(scene, act, out, &data_key));
    return act_seal_symmetric(scene, &under, &data_key, &ignored, &out->result.output);
}

/* The same material under the same ids, with the owner's word in the header. */
status act_permit_rewrap(act_scene *scene, const key_act *act, act_outcome *out) {
    opened *former = NULL;
    OWNED(secret) content = {0};
    ENSURE(act->key_id.len == ID_BYTES && act->key_version_id.len == ID_BYTES, INVALID_PARAMETER);
    TRY(sealing_open_content(scene->account, act->key, &former, &content));
    sealing_order order = {.kind = SEALED_KEY_MATERIAL, .header = former->header, .content = &content};
    order.header.allows_rewrap = SET_BOOL(true);
    bool is_it = slice_equals(former->header.key_id, act->key_id) &&
                 slice_equals(former->header.key_version_id, act->key_version_id);
    status done = is_it ? sealing_seal(scene->account, &order, scene->memory, &out->result.output) : FAIL(CORRUPT);
    out->key_id = act->key_id;
    out->key_version_id = act->key_version_id;
    opened_free(former);
    return done;
}
