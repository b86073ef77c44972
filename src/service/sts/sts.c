/* STS: who am I, and credentials that lapse by themselves. */
#include "crypto/random.h"
#include "service/ram/mfa.h"
#include "service/sts/sts.h"

enum { DEFAULT_SESSION_S = 3600, SESSION_ID_RANDOM = 24 };

status get_caller_identity_prepare(call *c, const get_caller_identity_in *in, get_caller_identity_out *out) {
    (void)in;
    out->account_id = c->who.account_id;
    out->arn = c->who.arn;
    if (!slice_is_absent(c->who.role_name)) {
        out->identity_type = IDENTITY_TYPE_ASSUMED_ROLE_USER;
        out->role_id = c->who.role_id;
        out->principal_id = c->who.session_principal;
        return OK;
    }
    out->identity_type = c->who.is_root ? IDENTITY_TYPE_ACCOUNT : IDENTITY_TYPE_RAM_USER;
    out->principal_id = c->who.user_id;
    out->user_id = c->who.user_id;
    return OK;
}

/* The resolver of access keys does not fit: keys are told apart from none only for the caller's own account. */
status get_access_key_info_prepare(call *c, const get_access_key_info_in *in, get_access_key_info_out *out) {
    slice path;
    access_key_record key;
    TRY(access_key_path(in->user_access_key_id, &c->memory, &path));
    status found = call_load(c, path, &access_key_record_shape, &key, NULL);
    if (FAILED(found) && !FAILED_WITH(found, NOT_FOUND)) return found;
    bool is_own = !FAILED(found) && slice_equals(key.account_id, c->who.account_id);
    ENSURE(is_own, ACCESS_KEY_NOT_FOUND);
    out->account = key.account_id;
    return OK;
}

static status session_id(call *c, slice *out) {
    static const char LETTERS[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    uint8_t random[SESSION_ID_RANDOM];
    char id[4 + SESSION_ID_RANDOM + 1] = "STS.";
    TRY(random_fill(random, sizeof random));
    for (size_t i = 0; i < sizeof random; i++) id[4 + i] = LETTERS[random[i] % (sizeof LETTERS - 1)];
    return arena_copy(&c->memory, slice_of_text(id), out);
}

status session_begin(call *c, int64_t lifetime_s, new_session **out) {
    new_session *fresh = c->memo ? c->memo : CALL_NEW(c, new_session);
    ENSURE(fresh != NULL, OUT_OF_MEMORY);
    if (!c->memo) {
        TRY(session_id(c, &fresh->id));
        fresh->expires_at_s = c->now_s + lifetime_s;
        c->memo = fresh;
    }
    *out = fresh;
    return OK;
}

status session_credentials(call *c, credentials **out) {
    const new_session *fresh = c->memo;
    credentials *made = CALL_NEW(c, credentials);
    ENSURE(made != NULL && fresh != NULL && c->results.count == 1, INTERNAL);
    made->access_key_id = fresh->id;
    made->access_key_secret = c->results.at[0].boxed;
    made->security_token = c->results.at[0].output;
    made->expiration = SET_INT(fresh->expires_at_s);
    *out = made;
    return OK;
}

/* A session does not give out sessions: it would never lapse. */
status get_session_token_prepare(call *c, const get_session_token_in *in, get_session_token_out *out) {
    (void)out;
    new_session *fresh;
    if (c->who.is_session) return call_refuse(c, FAIL(NO_PERMISSION), "A session cannot make another one.");
    TRY(session_begin(c, in->duration_seconds.is_set ? in->duration_seconds.value : DEFAULT_SESSION_S, &fresh));
    key_act act = {.act = VAULT_ACT_NEW_SESSION, .text = fresh->id, .expires_at = SET_INT(fresh->expires_at_s)};
    act.user_name = c->who.user_name;
    act.user_id = c->who.user_id;
    TRY(mfa_put_code(c, &(mfa_claim){in->serial_number, in->token_code}, &act));
    return call_ask_vault(c, &act);
}

status get_session_token_finish(call *c, const get_session_token_in *in, get_session_token_out *out) {
    TRY(mfa_take_code(c, &(mfa_claim){in->serial_number, in->token_code}, &c->results.at[0]));
    return session_credentials(c, &out->credentials);
}
