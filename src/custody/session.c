/* Sessions: credentials that lapse by themselves. The token is sealed and says all there is to know; there is no table of them. */
#include "base/text.h"
#include "custody/act.h"

enum { NAME_MOST = 128, WAY_FROM_CORE_S = 60 };

/* Clients carry the token about as text. */
static status token_write(const act_scene *scene, const sealing_order *order, slice *out) {
    OWNED(buffer) text = {0};
    slice blob;
    TRY(sealing_seal(scene->account, order, scene->memory, &blob));
    TRY(base64_encode(&text, blob));
    return arena_copy(scene->memory, buffer_slice(&text), out);
}

static status check_bounds(const act_scene *scene, const key_act *act, int64_t most_s) {
    ENSURE(slice_starts_with(act->text, SLICE(SESSION_ID_PREFIX)) && act->text.len <= NAME_MOST, INVALID_PARAMETER);
    ENSURE(act->expires_at.is_set && act->expires_at.value > scene->now_s, INVALID_PARAMETER);
    ENSURE(act->expires_at.value - scene->now_s <= most_s + WAY_FROM_CORE_S, INVALID_PARAMETER);
    return OK;
}

status session_make(act_scene *scene, const key_act *act, const sealed_header *owner, int64_t most_s,
                    act_outcome *out) {
    OWNED(secret) made = {0};
    sealing_order order = {.kind = SEALED_SESSION, .content = &made, .header = *owner};
    TRY(check_bounds(scene, act, most_s));
    order.header.access_key_id = act->text;
    order.header.created_at = SET_INT(scene->now_s);
    order.header.expires_at = act->expires_at;
    if (act->session) order.header.session_policy = act->session->policy;
    if (act->session) order.header.login_epoch = act->session->login_epoch;
    TRY(act_secret(&made));
    TRY(token_write(scene, &order, &out->result.output));
    out->result.time = act->expires_at;
    return act_box(scene, &made, &out->result.boxed);
}

/* With a one-time code of the caller's own device the session may say so. */
static status check_code(act_scene *scene, const key_act *act, sealed_header *owner, act_outcome *out) {
    if (act->token.len == 0) return OK;
    const sealed_header *caller = &scene->caller->header;
    ENSURE(caller->user_id.len > 0 && scene->caller->kind == SEALED_ACCESS_KEY, NO_PERMISSION);
    code_check check = {act->token, act->context, caller->user_id, act->size};
    int64_t step;
    act_scene at_home = *scene; /* the device is the caller's, whosever the role is */
    at_home.account = scene->home;
    TRY(code_verify(&at_home, &check, &step));
    owner->mfa_at = SET_INT(scene->now_s);
    out->result.extra = SLICE("mfa");
    out->result.time = SET_INT(step);
    return OK;
}

slice act_person(const sealed_header *caller) {
    if (caller->role_name.len > 0) return caller->actor_id;
    return caller->user_id.len > 0 ? caller->user_id : caller->account_id;
}

/* Whose trust the role needs was core's to decide; that the role is the one asked for, asked.c has seen to. A session may take a
 * role on as well, but not for long: or it would never have to come back. */
static status role_owner(const act_scene *scene, const session_wish *wish, sealed_header *owner, int64_t *most_s) {
    ENSURE(wish->role_id.len > 0 && wish->name.len > 0, INVALID_PARAMETER);
    *owner = (sealed_header){.role_name = wish->role_name, .role_id = wish->role_id, .session_name = wish->name};
    owner->source_identity = wish->source_identity;
    owner->actor_id = act_person(&scene->caller->header);
    *most_s = scene->caller->kind == SEALED_ACCESS_KEY ? ROLE_SESSION_MOST_S : CHAINED_SESSION_MOST_S;
    return OK;
}

status act_new_session(act_scene *scene, const key_act *act, act_outcome *out) {
    ENSURE(scene->caller != NULL, NO_PERMISSION);
    sealed_header owner = {0};
    int64_t most_s = SESSION_MOST_S;
    act_outcome checked = {0};
    if (act->session && act->session->role_name.len > 0) {
        TRY(role_owner(scene, act->session, &owner, &most_s));
    } else {
        /* The session is the caller's own, whatever core says; and sessions beget no sessions of their own. */
        ENSURE(scene->caller->kind == SEALED_ACCESS_KEY, NO_PERMISSION);
        owner.user_name = scene->caller->header.user_name;
        owner.user_id = scene->caller->header.user_id;
    }
    TRY(check_code(scene, act, &owner, &checked));
    TRY(session_make(scene, act, &owner, most_s, out));
    if (checked.result.time.is_set) out->result.time = checked.result.time; /* the step of the code */
    return OK;
}

status session_check_outlasting(const act_scene *scene, const key_act *act) {
    static const int ACTS[] = {VAULT_ACT_NEW_ACCOUNT,   VAULT_ACT_NEW_ACCESS_KEY,    VAULT_ACT_ADOPT_ACCESS_KEY,
                               VAULT_ACT_NEW_SESSION,   VAULT_ACT_NEW_PASSWORD,      VAULT_ACT_NEW_SEED,
                               VAULT_ACT_BIND_SEED,     VAULT_ACT_NEW_CHALLENGE,     VAULT_ACT_NEW_PASSKEY,
                               VAULT_ACT_SEAL_PROVIDER, VAULT_ACT_PERMIT_SHARING,    VAULT_ACT_SEAL_RULE,
                               VAULT_ACT_LIFT_RULE,     VAULT_ACT_BEGIN_RECOVERY,    VAULT_ACT_END_RECOVERY,
                               VAULT_ACT_APPROVE,       VAULT_ACT_NEW_RECOVERY_CODES};
    if (!slice_starts_with(scene->caller->header.role_name, SLICE(BREAK_GLASS_PREFIX))) return OK;
    for (size_t i = 0; i < sizeof ACTS / sizeof *ACTS; i++) ENSURE(ACTS[i] != act->act, NO_PERMISSION);
    return OK;
}
