/* People come in: a password, and a one-time code or a passkey where there is one, for credentials that lapse. The vault checks them;
 * here is who may try, how often, and what the session may do. Whatever is wrong, the answer is the same. */
#include "service/ram/passkey.h"
#include "service/ram/mfa.h"
#include "service/sts/pace.h"

/* What must be done first: the session is for that alone. */
#define SESSION_FOR(actions)                                                                                           \
    SLICE("{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[" actions "],\"Resource\":\"*\"}]}")
#define RESET_ONLY SESSION_FOR("\"ram:ChangePassword\",\"ram:GetPasswordPolicy\"")
#define MFA_ONLY                                                                                                       \
    SESSION_FOR("\"keyhold:BeginPasskeyRegistration\",\"keyhold:FinishPasskeyRegistration\",\"ram:"                    \
                "CreateVirtualMFADevice\",\"ram:BindMFADevice\",\"ram:GetUserMFAInfo\",\"ram:ChangePassword\","        \
                "\"ram:GetPasswordPolicy\"")

/* What a code on paper is good for. */
#define RECOVERY_ONLY                                                                                                  \
    SESSION_FOR("\"keyhold:*Passkey*\",\"ram:*MFA*\",\"keyhold:*MFA*\",\"keyhold:CreateRecoveryCodes\",\"ram:"         \
                "ChangePassword\",\"ram:GetPasswordPolicy\"")

bool login_is_recovery(const call *c) { return slice_equals(c->who.session_policy, RECOVERY_ONLY); }

/* Chosen once; the session comes first, as session_begin has it. */
typedef struct attempt {
    new_session session;
    login_pace pace;
    bool resets, binds;
} attempt;

static bool is_loopback(slice ip) { return slice_starts_with(ip, SLICE("127.")) || slice_equals_text(ip, "::1"); }

static status check_way(call *c) {
    ENSURE(!c->proof && c->peer, LOGIN_INSECURE);
    ENSURE(c->peer->is_tls.value || is_loopback(c->peer->source_ip), LOGIN_INSECURE);
    return OK;
}

/* An absent user name is the account root. */
static status find_person(call *c, const login_in *in, user_record *user, bool *is_there) {
    slice path;
    TRY(user_path(c->who.account_id, in->user_name, &c->memory, &path));
    status loaded = call_load(c, path, &user_record_shape, user, NULL);
    if (FAILED(loaded) && !FAILED_WITH(loaded, NOT_FOUND)) return loaded;
    *is_there = !FAILED(loaded) && user->login != NULL;
    return OK;
}

static bool is_expired(const call *c, const user_record *user, const password_policy_view *rules) {
    int64_t days = rules ? rules->max_password_age.value : 0;
    return days > 0 && user->login->changed_at.value + days * 24 * 3600 <= c->now_s;
}

/* The root needs a device, others when that was asked of them. */
static bool lacks_device(const user_record *user) {
    bool is_root = slice_is_absent(user->user_name);
    return (user->login->mfa_required.value || is_root) && !has_second_factor(user);
}

static bool comes_with_recovery(const login_in *in) { return !slice_is_absent(in->recovery_code); }
static bool comes_with_passkey(const login_in *in) { return !slice_is_absent(in->credential_id); }

/* Of a credential that nobody has the vault finds nothing good. */
static status put_passkey(call *c, const user_record *user, const login_in *in, key_act *act) {
    const passkey_record *passkey = passkey_find(user, in->credential_id);
    passkey_answer *answer = CALL_NEW(c, passkey_answer);
    ENSURE(answer != NULL, OUT_OF_MEMORY);
    *answer = (passkey_answer){.challenge = in->challenge_token, .client_data = in->client_data_json};
    answer->authenticator_data = in->authenticator_data;
    answer->signature = in->assertion_signature;
    answer->credential_id = in->credential_id;
    if (passkey) answer->passkey = passkey->sealed;
    if (passkey) act->size = passkey->sign_count;
    act->assertion = answer;
    return OK;
}

/* Of codes that nobody has the vault is not asked: as with a password that is not there, all the rest is computed. */
static status put_recovery(const user_record *user, const login_in *in, key_act *act) {
    if (!user->recovery) act->key = (slice){0};
    if (!user->recovery) return OK;
    act->value = user->recovery->sealed;
    act->context = in->recovery_code;
    act->size = user->recovery->used;
    return OK;
}

static status put_device(call *c, const user_record *user, const login_in *in, key_act *act) {
    mfa_record device;
    if (comes_with_recovery(in)) return put_recovery(user, in, act);
    if (comes_with_passkey(in)) return put_passkey(c, user, in, act);
    /* who has a passkey alone does not come in without it */
    if (slice_is_absent(user->mfa_serial) && user->passkeys.count > 0) act->key = (slice){0};
    if (slice_is_absent(user->mfa_serial)) return OK;
    TRY(mfa_load(c, user->mfa_serial, &device, NULL));
    act->token = device.sealed;
    act->context = in->code;
    act->size = device.last_step;
    return OK;
}

static status put_person(call *c, const login_in *in, const user_record *user, key_act *act) {
    attempt *a = c->memo;
    session_wish *wish = CALL_NEW(c, session_wish);
    ENSURE(wish != NULL, OUT_OF_MEMORY);
    if (a->resets) wish->policy = RESET_ONLY;
    if (a->binds) wish->policy = MFA_ONLY;
    if (comes_with_recovery(in)) wish->policy = RECOVERY_ONLY;
    wish->login_epoch = SET_INT(user->login_epoch.value);
    act->session = wish;
    act->key = user->login->sealed;
    act->user_name = user->user_name;
    act->user_id = user->user_id;
    return put_device(c, user, in, act);
}

/* user is NULL when there is nobody. */
static status begin(call *c, const login_in *in, const account_settings_record *settings, const user_record *user,
                    attempt **out) {
    if (c->memo) {
        *out = c->memo;
        return OK;
    }
    attempt *a = CALL_NEW(c, attempt);
    new_session *session;
    int64_t hours = settings->login_session_hours.is_set ? settings->login_session_hours.value : LOGIN_SESSION_HOURS;
    int64_t most_s = hours * 3600, wanted_s = in->duration_seconds.is_set ? in->duration_seconds.value : most_s;
    ENSURE(a != NULL, OUT_OF_MEMORY);
    TRY(session_begin(c, wanted_s < most_s ? wanted_s : most_s, &session));
    a->session = *session;
    pace_wish wish = {in->user_name, user, .has_password = !slice_is_absent(in->password)};
    if (settings->password_policy) wish.locked_from = (unsigned)settings->password_policy->max_login_attemps.value;
    TRY(pace_take(c, &wish, &a->pace));
    c->memo = a;
    *out = a;
    return OK;
}

static status load_account(call *c, const login_in *in, account_settings_record *settings) {
    TRY(check_way(c));
    status found = identity_find_account(c->house->identities, in->account, &c->memory, &c->who.account_id);
    ENSURE(!FAILED_WITH(found, NOT_FOUND), LOGIN_FAILED);
    TRY(found);
    c->who.user_name = in->user_name;
    TRY(identity_fill(c->house->identities, &c->memory, &c->who));
    ENSURE(!c->who.is_frozen, LOGIN_FAILED);
    return account_settings_load(c, settings, NULL);
}

/* A password, or the whole answer of an authenticator. */
static status check_shown(call *c, const login_in *in) {
    if (comes_with_recovery(in) && (comes_with_passkey(in) || !slice_is_absent(in->code)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "RecoveryCode");
    if (comes_with_recovery(in) && slice_is_absent(in->password))
        return call_refuse(c, FAIL(MISSING_PARAMETER), "Password");
    const slice answer[] = {in->challenge_token, in->client_data_json, in->authenticator_data, in->assertion_signature};
    if (!comes_with_passkey(in) && slice_is_absent(in->password))
        return call_refuse(c, FAIL(MISSING_PARAMETER), "Password");
    for (size_t i = 0; comes_with_passkey(in) && i < sizeof answer / sizeof *answer; i++)
        if (slice_is_absent(answer[i]))
            return call_refuse(c, FAIL(MISSING_PARAMETER),
                               "ChallengeToken, ClientDataJSON, AuthenticatorData, AssertionSignature");
    return OK;
}

/* Of somebody who is not there: as much is computed, and it fails. */
static status ask_for_nobody(call *c, const login_in *in, key_act *act) {
    user_record nobody = {0};
    if (comes_with_passkey(in)) TRY(put_passkey(c, &nobody, in, act));
    return call_ask_vault(c, act);
}

status login_prepare(call *c, const login_in *in, login_out *out) {
    (void)out;
    user_record user = {0};
    account_settings_record settings;
    bool is_there;
    attempt *a;
    TRY(check_shown(c, in));
    TRY(load_account(c, in, &settings));
    TRY(find_person(c, in, &user, &is_there));
    TRY(begin(c, in, &settings, is_there ? &user : NULL, &a));
    ENSURE(login_network_allows(&settings, c->peer->source_ip), LOGIN_FAILED);
    key_act act = {.act = VAULT_ACT_LOGIN, .input = in->password, .text = a->session.id};
    act.expires_at = SET_INT(a->session.expires_at_s);
    if (!is_there) return ask_for_nobody(c, in, &act);
    const password_policy_view *rules = settings.password_policy;
    bool is_old = is_expired(c, &user, rules);
    /* a password past its age is as good as none where the account says so; the computation takes place all the same */
    if (is_old && rules->hard_expiry.value) return ask_for_nobody(c, in, &act);
    a->resets = user.login->reset_required.value || is_old;
    a->binds = lacks_device(&user);
    TRY(put_person(c, in, &user, &act));
    return call_ask_vault(c, &act);
}

/* Neither code nor count of a passkey is good twice. */
static status take_factor(call *c, const login_in *in, const user_record *user) {
    passkey_record *passkey = comes_with_passkey(in) ? passkey_find(user, in->credential_id) : NULL;
    maybe_int shown = c->results.at[0].time;
    if (comes_with_passkey(in)) {
        ENSURE(passkey != NULL && shown.is_set, LOGIN_FAILED);
        passkey->sign_count = shown;
        passkey->used_at = SET_INT(c->now_s);
        return OK;
    }
    if (comes_with_recovery(in)) {
        ENSURE(user->recovery != NULL && shown.is_set && shown.value >= 0 && shown.value < 63, LOGIN_FAILED);
        int64_t bit = INT64_C(1) << shown.value;
        ENSURE((user->recovery->used.value & bit) == 0, LOGIN_FAILED);
        user->recovery->used = SET_INT(user->recovery->used.value | bit);
        return OK;
    }
    if (slice_is_absent(user->mfa_serial)) return OK;
    status taken = mfa_take_step(c, user->mfa_serial, shown);
    return FAILED_WITH(taken, MFA_CODE) ? FAIL(LOGIN_FAILED) : taken;
}

status login_finish(call *c, const login_in *in, login_out *out) {
    attempt *a = c->memo;
    user_record user;
    uint64_t revision;
    TRY(user_load(c, in->user_name, &user, &revision));
    TRY(take_factor(c, in, &user));
    user.last_login_at = SET_INT(c->now_s);
    TRY(pace_forgive(c, &a->pace, &user));
    TRY(user_save(c, &user, revision));
    c->who.user_id = user.user_id;
    out->password_reset_required = SET_BOOL(a->resets);
    out->mfa_bind_required = SET_BOOL(a->binds);
    return session_credentials(c, &out->credentials);
}

/* ---- a challenge for whoever wants to log in: it tells nothing of anybody */

status begin_login_prepare(call *c, const begin_login_in *in, begin_login_out *out) {
    (void)out;
    account_settings_record settings;
    login_in whose = {.account = in->account};
    TRY(load_account(c, &whose, &settings));
    return call_ask_vault(c, &(key_act){.act = VAULT_ACT_NEW_CHALLENGE});
}

status begin_login_finish(call *c, const begin_login_in *in, begin_login_out *out) {
    (void)in;
    challenge_view made;
    TRY(challenge_read(c, &made));
    out->challenge = made.challenge;
    out->challenge_token = made.token;
    out->rp_id = made.rp_id;
    out->expire_date = made.expire_date;
    return OK;
}
