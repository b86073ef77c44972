/* Accounts and access keys: what a request can be signed with for good. */
#include "crypto/random.h"
#include "custody/act.h"

enum {
    SECRET_CHARACTERS = 30, /* log2(62^30) = 178 bits */
    ADOPTED_LEAST = 16,
    ADOPTED_MOST = 128,
    NAME_MOST = 128,
};

/* At the beginning the account that core names; later another one, made on an operator's signed request. What follows in the same USE is the
 * new account's. */
status act_new_account(act_scene *scene, const key_act *act, act_outcome *out) {
    slice id = scene->caller ? act->text : scene->account_id;
    ENSURE(!scene->caller || !slice_equals(id, scene->account_id), INVALID_PARAMETER);
    sealed_header header = {.account_id = id, .created_at = SET_INT(scene->now_s)};
    return sealing_new_account(scene->sealing, &header, scene->memory, &out->result.output, &scene->account);
}

/* Each character from a random byte below 4 * 62, so that none is likelier than another. */
status act_secret(secret *out) {
    static const char CHARACTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    enum { KINDS = sizeof CHARACTERS - 1, FAIR = 256 - 256 % KINDS };
    OWNED(secret) made = {0};
    TRY(secret_new(SECRET_CHARACTERS, &made));
    size_t filled = 0;
    while (filled < SECRET_CHARACTERS) {
        OWNED(secret) drawn = {0};
        TRY(random_secret(2 * SECRET_CHARACTERS, &drawn));
        slice bytes = secret_expose(&drawn);
        for (size_t i = 0; i < bytes.len && filled < SECRET_CHARACTERS; i++)
            if (bytes.at[i] < FAIR) secret_fill(&made)[filled++] = (uint8_t)CHARACTERS[bytes.at[i] % KINDS];
    }
    *out = made;
    made = (secret){0};
    return OK;
}

static status access_key_seal(act_scene *scene, const key_act *act, const secret *made, act_outcome *out) {
    ENSURE(act->text.len > 0 && act->text.len <= NAME_MOST, INVALID_PARAMETER);
    ENSURE(!slice_starts_with(act->text, SLICE(SESSION_ID_PREFIX)), INVALID_PARAMETER);
    sealing_order order = {.kind = SEALED_ACCESS_KEY, .content = made};
    order.header.access_key_id = act->text;
    order.header.user_name = act->user_name;
    order.header.user_id = act->user_id;
    order.header.created_at = SET_INT(scene->now_s);
    return sealing_seal(scene->account, &order, scene->memory, &out->result.output);
}

static void show(secret *made, act_outcome *out) {
    out->shown = *made;
    out->result.extra = secret_expose(&out->shown);
    *made = (secret){0};
}

status act_new_access_key(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) made = {0};
    TRY(act_secret(&made));
    TRY(access_key_seal(scene, act, &made, out));
    if (scene->caller != NULL) return act_box(scene, &made, &out->result.boxed);
    show(&made, out);
    return OK;
}

status act_adopt_access_key(act_scene *scene, const key_act *act, act_outcome *out) {
    ENSURE(act->input.len >= ADOPTED_LEAST && act->input.len <= ADOPTED_MOST, INVALID_PARAMETER);
    OWNED(secret) given = {0};
    TRY(secret_copy(act->input, &given));
    TRY(access_key_seal(scene, act, &given, out));
    show(&given, out);
    return OK;
}
