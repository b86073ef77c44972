/* RAM: passwords of people. They are hashed and compared in the vault; here is who has one, and what the account asks of them. */
#include "service/sts/pace.h"

enum { LENGTH_DEFAULT = 8 };

static password_policy_view rules_of(const account_settings_record *settings) {
    password_policy_view rules = settings->password_policy ? *settings->password_policy : (password_policy_view){0};
    if (!rules.minimum_password_length.is_set) rules.minimum_password_length = SET_INT(LENGTH_DEFAULT);
    maybe_bool *const truths[] = {&rules.require_lowercase_characters, &rules.require_uppercase_characters,
                                  &rules.require_numbers, &rules.require_symbols, &rules.hard_expiry};
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++) truths[i]->is_set = true;
    maybe_int *const numbers[] = {&rules.max_login_attemps, &rules.max_password_age, &rules.password_reuse_prevention};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) numbers[i]->is_set = true;
    return rules;
}

status password_rules(call *c, password_policy_view **out) {
    account_settings_record settings;
    TRY(account_settings_load(c, &settings, NULL));
    *out = CALL_NEW(c, password_policy_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    **out = rules_of(&settings);
    return OK;
}

void user_end_sessions(user_record *user) { user->login_epoch = SET_INT(user->login_epoch.value + 1); }

/* A new password for somebody, in place of the one they have. */
static status ask_password(call *c, const user_record *user, slice boxed, slice boxed_old) {
    key_act act = {.act = VAULT_ACT_NEW_PASSWORD, .input = boxed, .token = boxed_old, .user_name = user->user_name};
    act.user_id = user->user_id;
    if (user->login) act.key = user->login->sealed;
    TRY(password_rules(c, &act.rules));
    return call_ask_vault(c, &act);
}

static status new_view(call *c, const user_record *user, login_profile_view **out) {
    *out = CALL_NEW(c, login_profile_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    **out = (login_profile_view){.user_name = user->user_name, .create_date = user->login->created_at};
    (*out)->password_reset_required = SET_BOOL(user->login->reset_required.value);
    (*out)->mfa_bind_required = SET_BOOL(user->login->mfa_required.value);
    return OK;
}

status create_login_profile_prepare(call *c, const create_login_profile_in *in, create_login_profile_out *out) {
    (void)out;
    user_record user;
    TRY(user_load(c, in->user_name, &user, NULL));
    ENSURE(user.login == NULL, LOGIN_PROFILE_EXISTS);
    return ask_password(c, &user, in->password, (slice){0});
}

status create_login_profile_finish(call *c, const create_login_profile_in *in, create_login_profile_out *out) {
    user_record user;
    uint64_t revision;
    TRY(user_load(c, in->user_name, &user, &revision));
    ENSURE(user.login == NULL, LOGIN_PROFILE_EXISTS);
    user.login = CALL_NEW(c, login_record);
    ENSURE(user.login != NULL, OUT_OF_MEMORY);
    *user.login = (login_record){.sealed = c->results.at[0].output, .created_at = SET_INT(c->now_s)};
    user.login->changed_at = SET_INT(c->now_s);
    user.login->reset_required = SET_BOOL(in->password_reset_required.value);
    user.login->mfa_required = SET_BOOL(in->mfa_bind_required.value);
    TRY(user_save(c, &user, revision));
    return new_view(c, &user, &out->login_profile);
}

static status load_with_login(call *c, slice name, user_record *user, uint64_t *revision) {
    TRY(user_load(c, name, user, revision));
    ENSURE(user->login != NULL, LOGIN_PROFILE_NOT_FOUND);
    return OK;
}

status get_login_profile_prepare(call *c, const get_login_profile_in *in, get_login_profile_out *out) {
    user_record user;
    TRY(load_with_login(c, in->user_name, &user, NULL));
    return new_view(c, &user, &out->login_profile);
}

status update_login_profile_prepare(call *c, const update_login_profile_in *in, update_login_profile_out *out) {
    (void)out;
    user_record user;
    TRY(load_with_login(c, in->user_name, &user, NULL));
    return slice_is_absent(in->password) ? OK : ask_password(c, &user, in->password, (slice){0});
}

status update_login_profile_finish(call *c, const update_login_profile_in *in, update_login_profile_out *out) {
    (void)out;
    user_record user;
    uint64_t revision;
    TRY(load_with_login(c, in->user_name, &user, &revision));
    if (!slice_is_absent(in->password)) {
        user.login->sealed = c->results.at[0].output;
        user.login->changed_at = SET_INT(c->now_s);
        user_end_sessions(&user);
    }
    if (in->password_reset_required.is_set) user.login->reset_required = in->password_reset_required;
    if (in->mfa_bind_required.is_set) user.login->mfa_required = in->mfa_bind_required;
    return user_save(c, &user, revision);
}

status delete_login_profile_prepare(call *c, const delete_login_profile_in *in, delete_login_profile_out *out) {
    (void)out;
    user_record user;
    uint64_t revision;
    TRY(load_with_login(c, in->user_name, &user, &revision));
    user.login = NULL;
    user_end_sessions(&user);
    return user_save(c, &user, revision);
}

status change_password_prepare(call *c, const change_password_in *in, change_password_out *out) {
    (void)out;
    user_record user;
    TRY(load_with_login(c, (slice){0}, &user, NULL));
    TRY(pace_take_shown(c));
    return ask_password(c, &user, in->new_password, in->old_password);
}

status change_password_finish(call *c, const change_password_in *in, change_password_out *out) {
    (void)in, (void)out;
    user_record user;
    uint64_t revision;
    TRY(load_with_login(c, (slice){0}, &user, &revision));
    user.login->sealed = c->results.at[0].output;
    user.login->changed_at = SET_INT(c->now_s);
    user.login->reset_required = SET_BOOL(false);
    pace_forgive_shown(c);
    user_end_sessions(&user);
    return user_save(c, &user, revision);
}

status revoke_user_sessions_prepare(call *c, const revoke_user_sessions_in *in, revoke_user_sessions_out *out) {
    (void)out;
    user_record user;
    uint64_t revision;
    TRY(user_load(c, in->user_name, &user, &revision));
    user_end_sessions(&user);
    return user_save(c, &user, revision);
}

/* ---- what the account asks of passwords */

#define KEEP_OR_SET(field)                                                                                             \
    if (in->field.is_set) rules.field = in->field

status set_password_policy_prepare(call *c, const set_password_policy_in *in, set_password_policy_out *out) {
    account_settings_record settings;
    uint64_t revision;
    TRY(account_settings_load(c, &settings, &revision));
    password_policy_view rules = rules_of(&settings);
    KEEP_OR_SET(minimum_password_length);
    KEEP_OR_SET(require_lowercase_characters);
    KEEP_OR_SET(require_uppercase_characters);
    KEEP_OR_SET(require_numbers);
    KEEP_OR_SET(require_symbols);
    KEEP_OR_SET(hard_expiry);
    KEEP_OR_SET(max_login_attemps);
    KEEP_OR_SET(max_password_age);
    KEEP_OR_SET(password_reuse_prevention);
    settings.password_policy = CALL_NEW(c, password_policy_view);
    ENSURE(settings.password_policy != NULL, OUT_OF_MEMORY);
    *settings.password_policy = rules;
    out->password_policy = settings.password_policy;
    return account_settings_save(c, &settings, revision);
}

status get_password_policy_prepare(call *c, const get_password_policy_in *in, get_password_policy_out *out) {
    (void)in;
    return password_rules(c, &out->password_policy);
}

/* ---- the same as AWS's clients have it: all of it said at once, the right to change one's own password among it */

status update_account_password_policy_prepare(call *c, const update_account_password_policy_in *in,
                                              update_account_password_policy_out *out) {
    (void)out;
    account_settings_record settings;
    uint64_t revision;
    TRY(account_settings_load(c, &settings, &revision));
    password_policy_view *rules = CALL_NEW(c, password_policy_view);
    ENSURE(rules != NULL, OUT_OF_MEMORY);
    *rules = (password_policy_view){.minimum_password_length = in->minimum_password_length,
                                    .require_lowercase_characters = in->require_lowercase_characters,
                                    .require_uppercase_characters = in->require_uppercase_characters,
                                    .require_numbers = in->require_numbers,
                                    .require_symbols = in->require_symbols,
                                    .hard_expiry = in->hard_expiry,
                                    .max_password_age = in->max_password_age,
                                    .password_reuse_prevention = in->password_reuse_prevention};
    if (settings.password_policy) rules->max_login_attemps = settings.password_policy->max_login_attemps;
    settings.password_policy = rules;
    settings.change_password_off = SET_BOOL(!in->allow_users_to_change_password.value);
    return account_settings_save(c, &settings, revision);
}

status get_account_password_policy_prepare(call *c, const get_account_password_policy_in *in,
                                           get_account_password_policy_out *out) {
    (void)in;
    account_settings_record settings;
    TRY(account_settings_load(c, &settings, NULL));
    ENSURE(settings.password_policy != NULL, PASSWORD_POLICY_NOT_FOUND);
    password_policy_view rules = rules_of(&settings);
    account_password_policy *view = CALL_NEW(c, account_password_policy);
    ENSURE(view != NULL, OUT_OF_MEMORY);
    *view = (account_password_policy){.minimum_password_length = rules.minimum_password_length,
                                      .require_symbols = rules.require_symbols,
                                      .require_numbers = rules.require_numbers,
                                      .require_uppercase_characters = rules.require_uppercase_characters,
                                      .require_lowercase_characters = rules.require_lowercase_characters,
                                      .hard_expiry = rules.hard_expiry};
    view->allow_users_to_change_password = SET_BOOL(!settings.change_password_off.value);
    view->expire_passwords = SET_BOOL(rules.max_password_age.value > 0);
    if (rules.max_password_age.value > 0) view->max_password_age = rules.max_password_age;
    if (rules.password_reuse_prevention.value > 0) view->password_reuse_prevention = rules.password_reuse_prevention;
    out->password_policy = view;
    return OK;
}

status delete_account_password_policy_prepare(call *c, const delete_account_password_policy_in *in,
                                              delete_account_password_policy_out *out) {
    (void)in, (void)out;
    account_settings_record settings;
    uint64_t revision;
    TRY(account_settings_load(c, &settings, &revision));
    ENSURE(settings.password_policy != NULL, PASSWORD_POLICY_NOT_FOUND);
    settings.password_policy = NULL;
    return account_settings_save(c, &settings, revision);
}
