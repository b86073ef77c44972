/* Sessions for whom somebody else vouches. Nobody signs the request: the token, which the gateway boxed, is measured against what the
 * account's owner said of the provider in signed requests. Whom the role trusts is core's to decide, from what the vault found the token
 * to say; who has no good token gets no session from here, whoever holds core or a gateway. */
#include "custody/provider.h"
#include "custody/token.h"

static status token_check(act_scene *scene, const key_act *act, const provider_content *p, vouched *out) {
    OWNED(secret) token = {0};
    slice copy;
    TRY(act_unbox(scene, act->input, &token));
    ENSURE(token.len <= TOKEN_BYTES_MOST, IDENTITY_TOKEN);
    TRY(arena_copy(scene->memory, secret_expose(&token),
                   &copy)); /* what it says is no secret; all of it goes with the request */
    return token_verify(p, copy, scene->now_s, scene->memory, out);
}

static status owner_of(const act_scene *scene, const key_act *act, const vouched *who, const provider_content *p,
                       sealed_header *out) {
    const session_wish *wish = act->session;
    ENSURE(wish != NULL && wish->role_id.len > 0 && wish->role_name.len > 0 && wish->name.len > 0, INVALID_PARAMETER);
    *out = (sealed_header){.role_name = wish->role_name, .role_id = wish->role_id, .session_name = wish->name};
    out->subject = who->subject;
    return ARENA_JOIN(scene->memory, &out->provider, SLICE("oidc-provider/"), p->name);
}

status act_assume_federated(act_scene *scene, const key_act *act, act_outcome *out) {
    const opened *o = NULL;
    provider_content p;
    sealed_header owner;
    vouched *who = ARENA_NEW(scene->memory, vouched);
    ENSURE(scene->caller == NULL, NO_PERMISSION);
    ENSURE(who != NULL, OUT_OF_MEMORY);
    ENSURE(act->key.len > 0, IDENTITY_TOKEN); /* there is no such provider */
    TRY(sealing_open(scene->sealing, scene->account, SEALED_PROVIDER, act->key, &o));
    TRY(provider_read(o, scene->memory, &p));
    TRY(token_check(scene, act, &p, who));
    out->result.vouched = who;
    if (act->session == NULL) return OK; /* a good token, but no role to take on: core says so */
    TRY(owner_of(scene, act, who, &p, &owner));
    return session_make(scene, act, &owner, ROLE_SESSION_MOST_S, out);
}
