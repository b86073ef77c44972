/* Heavy operations handed to another process: a USE that needs one is left undone with an order, and done when the result is there. */
#include "crypto/labour.h"

#include "custody/act.h"

static bool is_handed_out(const act_scene *scene, const asymmetric *key) {
    return scene->labour && scene->labour->worker && asymmetric_is_heavy(key);
}

/* What came back for this very use. */
static status take_result(const act_labour *l, secret *out) {
    TRY(l->answer);
    return labour_result(l->worker, l->aad, l->result, out);
}

status act_key_sign(act_scene *scene, const asymmetric *key, const signing *how, slice message, buffer *out) {
    act_labour *l = scene->labour;
    OWNED(secret) signature = {0};
    if (!is_handed_out(scene, key)) return asymmetric_sign(key, how, message, out);
    if (l->has_answer) {
        TRY(take_result(l, &signature));
        return buffer_append(out, secret_expose(&signature));
    }
    TRY(labour_order_sign(l->worker, l->aad, key, how, message, &l->order));
    return FAIL(CLOSED);
}

status act_key_open(act_scene *scene, const asymmetric *key, enum asymmetric_sealing how, slice from, secret *out) {
    act_labour *l = scene->labour;
    if (!is_handed_out(scene, key)) return asymmetric_open(key, how, from, out);
    if (l->has_answer) return take_result(l, out);
    TRY(labour_order_open(l->worker, l->aad, key, how, from, &l->order));
    return FAIL(CLOSED);
}

status act_hash_passwords(act_scene *scene, const hashing *what, secret *out) {
    act_labour *l = scene->labour;
    if (!l || !l->worker) return labour_hashes(what, out);
    if (l->has_answer) {
        OWNED(secret) made = {0};
        TRY(take_result(l, &made));
        ENSURE(made.len == PASSWORD_SALT_BYTES + what->count * PASSWORD_HASH_BYTES, INTERNAL);
        *out = made;
        made = (secret){0};
        return OK;
    }
    TRY(labour_order_hashes(l->worker, l->aad, what, &l->order));
    return FAIL(CLOSED);
}
