/* Passkeys: the vault makes the challenges and checks the answers; here is whose they are. */
#include "service/ram/passkey.h"

#include "base/text.h"

enum { PASSKEYS_MOST = 10 };

status passkey_text(call *c, slice bytes, slice *out) {
    OWNED(buffer) text = {0};
    TRY(base64_encode(&text, bytes));
    while (text.len && text.at[text.len - 1] == '=') text.len--;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '+') text.at[i] = '-';
        if (text.at[i] == '/') text.at[i] = '_';
    }
    return arena_copy(&c->memory, buffer_slice(&text), out);
}

status challenge_read(call *c, challenge_view *out) {
    const key_result *made = &c->results.at[0];
    challenge_view view = {.token = made->output, .rp_id = c->house->login_domain, .expire_date = made->time};
    TRY(passkey_text(c, made->extra, &view.challenge));
    *out = view;
    return OK;
}

passkey_record *passkey_find(const user_record *user, slice credential_id) {
    for (size_t i = 0; i < user->passkeys.count; i++)
        if (slice_equals(user->passkeys.at[i].credential_id, credential_id)) return &user->passkeys.at[i];
    return NULL;
}

static slice algorithm_name(int64_t cose) {
    static const struct {
        int64_t cose;
        const char *name;
    } NAMES[] = {{-7, "ES256"}, {-8, "EdDSA"}, {-35, "ES384"}, {-36, "ES512"}, {-257, "RS256"}};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (NAMES[i].cose == cose) return slice_of_text(NAMES[i].name);
    return (slice){0};
}

static passkey_view view_of(const passkey_record *p) {
    return (passkey_view){.passkey_name = p->name,
                          .credential_id = p->credential_id,
                          .algorithm = algorithm_name(p->algorithm.value),
                          .is_verifying = SET_BOOL(p->is_verifying.value),
                          .sign_count = SET_INT(p->sign_count.value),
                          .create_date = p->created_at,
                          .last_used_date = p->used_at};
}

/* ---- registration, by the person alone */

bool user_is_another(const call *c, const user_record *user) {
    slice id = slice_is_absent(user->user_name) ? c->who.account_id : user->user_id;
    return !slice_equals(id, c->who.user_id);
}

static status check_shown(call *c, const user_record *user) {
    if (!has_second_factor(user) || c->who.mfa_at.is_set) return OK;
    return call_refuse(c, FAIL(NO_PERMISSION), "The user has a second factor: show it first, by logging in.");
}

status user_check_shown(call *c, const user_record *user) {
    bool is_root = slice_is_absent(user->user_name);
    return is_root || user_is_another(c, user) ? OK : check_shown(c, user);
}

/* Whoever has a second factor shows it before there is another. */
static status load_self(call *c, user_record *user, uint64_t *revision) {
    TRY(user_load(c, (slice){0}, user, revision));
    TRY(check_shown(c, user));
    ENSURE(user->passkeys.count < PASSKEYS_MOST, PASSKEY_LIMIT);
    return OK;
}

status begin_passkey_registration_prepare(call *c, const begin_passkey_registration_in *in,
                                          begin_passkey_registration_out *out) {
    (void)in, (void)out;
    user_record user;
    TRY(load_self(c, &user, NULL));
    return call_ask_vault(c, &(key_act){.act = VAULT_ACT_NEW_CHALLENGE});
}

status begin_passkey_registration_finish(call *c, const begin_passkey_registration_in *in,
                                         begin_passkey_registration_out *out) {
    (void)in;
    user_record user;
    challenge_view made;
    TRY(load_self(c, &user, NULL));
    TRY(challenge_read(c, &made));
    out->challenge = made.challenge;
    out->challenge_token = made.token;
    out->rp_id = made.rp_id;
    out->expire_date = made.expire_date;
    TRY(passkey_text(c, c->who.user_id, &out->user_handle));
    out->exclude_credentials.at = ARENA_ARRAY(&c->memory, slice, user.passkeys.count + 1);
    ENSURE(out->exclude_credentials.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < user.passkeys.count; i++)
        TRY(passkey_text(c, user.passkeys.at[i].credential_id,
                         &out->exclude_credentials.at[out->exclude_credentials.count++]));
    return OK;
}

static bool has_name(const user_record *user, slice name) {
    for (size_t i = 0; i < user->passkeys.count; i++)
        if (slice_equals(user->passkeys.at[i].name, name)) return true;
    return false;
}

status finish_passkey_registration_prepare(call *c, const finish_passkey_registration_in *in,
                                           finish_passkey_registration_out *out) {
    (void)out;
    user_record user;
    passkey_answer *answer = CALL_NEW(c, passkey_answer);
    ENSURE(answer != NULL, OUT_OF_MEMORY);
    TRY(load_self(c, &user, NULL));
    ENSURE(!has_name(&user, in->passkey_name), PASSKEY_EXISTS);
    *answer = (passkey_answer){.challenge = in->challenge_token, .client_data = in->client_data_json};
    answer->attestation = in->attestation_object;
    return call_ask_vault(c, &(key_act){.act = VAULT_ACT_NEW_PASSKEY, .assertion = answer});
}

static status record_of(call *c, slice name, passkey_record *out) {
    const key_result *made = &c->results.at[0];
    int64_t algorithm;
    ENSURE(slice_to_i64(made->permit, &algorithm), INTERNAL);
    *out = (passkey_record){.name = name, .credential_id = made->extra, .sealed = made->output};
    out->algorithm = SET_INT(algorithm);
    out->is_verifying = SET_BOOL(made->is_valid.value);
    out->sign_count = made->time;
    out->created_at = SET_INT(c->now_s);
    return OK;
}

status finish_passkey_registration_finish(call *c, const finish_passkey_registration_in *in,
                                          finish_passkey_registration_out *out) {
    user_record user;
    uint64_t revision;
    TRY(load_self(c, &user, &revision));
    passkey_record *list = ARENA_ARRAY(&c->memory, passkey_record, user.passkeys.count + 1);
    out->passkey = CALL_NEW(c, passkey_view);
    ENSURE(list != NULL && out->passkey != NULL, OUT_OF_MEMORY);
    TRY(record_of(c, in->passkey_name, &list[user.passkeys.count]));
    ENSURE(!passkey_find(&user, list[user.passkeys.count].credential_id), PASSKEY_EXISTS);
    if (user.passkeys.count) memcpy(list, user.passkeys.at, user.passkeys.count * sizeof *list);
    *out->passkey = view_of(&list[user.passkeys.count++]);
    user.passkeys.at = list;
    return user_save(c, &user, revision);
}

/* ---- looking after them */

status list_passkeys_prepare(call *c, const list_passkeys_in *in, list_passkeys_out *out) {
    user_record user;
    TRY(user_load(c, in->user_name, &user, NULL));
    out->passkeys.at = ARENA_ARRAY(&c->memory, passkey_view, user.passkeys.count + 1);
    ENSURE(out->passkeys.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < user.passkeys.count; i++)
        out->passkeys.at[out->passkeys.count++] = view_of(&user.passkeys.at[i]);
    return OK;
}

status delete_passkey_prepare(call *c, const delete_passkey_in *in, delete_passkey_out *out) {
    (void)out;
    user_record user;
    uint64_t revision;
    size_t at = 0;
    TRY(user_load(c, in->user_name, &user, &revision));
    while (at < user.passkeys.count && !slice_equals(user.passkeys.at[at].name, in->passkey_name)) at++;
    ENSURE(at < user.passkeys.count, PASSKEY_NOT_FOUND);
    TRY(user_check_shown(c, &user));
    user.passkeys.at[at] = user.passkeys.at[--user.passkeys.count];
    bool is_root = slice_is_absent(user.user_name) && c->who.root_needs_mfa && !login_is_recovery(c);
    if (is_root && !has_second_factor(&user))
        return call_refuse(c, FAIL(MFA_IN_USE), "The account asks its root for one: SetRootAccess first.");
    if (user_is_another(c, &user)) user_end_sessions(&user); /* somebody lost it */
    return user_save(c, &user, revision);
}
