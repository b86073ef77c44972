/* RAM: what holds for the whole account. */
#include "access/address.h"
#include "service/ram/ram.h"

status account_settings_load(call *c, account_settings_record *out, uint64_t *revision) {
    slice path;
    TRY(account_settings_path(c->who.account_id, &c->memory, &path));
    status loaded = call_load(c, path, &account_settings_record_shape, out, revision);
    if (!FAILED_WITH(loaded, NOT_FOUND)) return loaded;
    *out = (account_settings_record){0};
    if (revision) *revision = STORE_ABSENT;
    return OK;
}

status account_settings_save(call *c, const account_settings_record *settings, uint64_t revision) {
    slice path;
    TRY(account_settings_path(c->who.account_id, &c->memory, &path));
    return call_change(c, path, &account_settings_record_shape, settings, revision);
}

/* Lower-case letters, digits and single hyphens inside, as in host names. */
static bool account_alias_is_valid(slice alias) {
    for (size_t i = 0; i < alias.len; i++) {
        uint8_t c = alias.at[i];
        bool is_hyphen = c == '-' && i > 0 && i + 1 < alias.len && alias.at[i - 1] != '-';
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || is_hyphen)) return false;
    }
    return alias.len >= 3 && alias.len <= 63;
}

/* The alias is its account's alone: a record of its own says whose. */
static status release_alias(call *c, slice alias) {
    slice path;
    if (slice_is_absent(alias)) return OK;
    TRY(account_alias_path(alias, &c->memory, &path));
    return call_change(c, path, NULL, NULL, STORE_ANY);
}

status set_account_alias_prepare(call *c, const set_account_alias_in *in, set_account_alias_out *out) {
    (void)out;
    slice path;
    account_settings_record settings;
    account_alias_record owner;
    uint64_t revision;
    if (!account_alias_is_valid(in->account_alias)) return call_refuse(c, FAIL(INVALID_PARAMETER), "AccountAlias");
    TRY(account_settings_load(c, &settings, &revision));
    if (slice_equals(settings.account_alias, in->account_alias)) return OK;
    TRY(account_alias_path(in->account_alias, &c->memory, &path));
    status found = call_load(c, path, &account_alias_record_shape, &owner, NULL);
    ENSURE(FAILED(found), ACCOUNT_ALIAS_EXISTS);
    if (!FAILED_WITH(found, NOT_FOUND)) return found;
    TRY(release_alias(c, settings.account_alias));
    owner = (account_alias_record){c->who.account_id};
    TRY(call_change(c, path, &account_alias_record_shape, &owner, STORE_ABSENT));
    settings.account_alias = in->account_alias;
    return account_settings_save(c, &settings, revision);
}

status get_account_alias_prepare(call *c, const get_account_alias_in *in, get_account_alias_out *out) {
    (void)in;
    account_settings_record settings;
    TRY(account_settings_load(c, &settings, NULL));
    out->account_alias = settings.account_alias;
    return OK;
}

status clear_account_alias_prepare(call *c, const clear_account_alias_in *in, clear_account_alias_out *out) {
    (void)out;
    account_settings_record settings;
    uint64_t revision;
    TRY(account_settings_load(c, &settings, &revision));
    bool is_it = slice_is_absent(in->account_alias) || slice_equals(in->account_alias, settings.account_alias);
    ENSURE(is_it, ACCOUNT_ALIAS_NOT_FOUND);
    TRY(release_alias(c, settings.account_alias));
    settings.account_alias = (slice){0};
    return account_settings_save(c, &settings, revision);
}

status list_account_aliases_prepare(call *c, const list_account_aliases_in *in, list_account_aliases_out *out) {
    (void)in;
    account_settings_record settings;
    TRY(account_settings_load(c, &settings, NULL));
    out->account_aliases.at = ARENA_ARRAY(&c->memory, slice, 1);
    ENSURE(out->account_aliases.at != NULL, OUT_OF_MEMORY);
    out->account_aliases.at[0] = settings.account_alias;
    out->account_aliases.count = !slice_is_absent(settings.account_alias);
    return OK;
}

/* ---- what users may do for themselves */

typedef struct preference {
    security_preference_view whole;
    access_key_preference access_keys;
    login_profile_preference login;
    mfa_preference mfa;
    public_key_preference public_keys;
} preference;

static status new_preference(call *c, const account_settings_record *settings, security_preference_view **out) {
    preference *p = CALL_NEW(c, preference);
    ENSURE(p != NULL, OUT_OF_MEMORY);
    p->access_keys.allow_user_to_manage_access_keys = SET_BOOL(settings->manage_access_keys_on.value);
    p->login.allow_user_to_change_password = SET_BOOL(!settings->change_password_off.value);
    p->login.enable_save_mfa_ticket = SET_BOOL(false);
    p->login.login_network_masks =
        slice_is_absent(settings->login_network_masks) ? SLICE("") : settings->login_network_masks;
    p->login.login_session_duration =
        settings->login_session_hours.is_set ? settings->login_session_hours : SET_INT(LOGIN_SESSION_HOURS);
    p->mfa.allow_user_to_manage_mfa_devices = SET_BOOL(!settings->manage_mfa_off.value);
    p->public_keys.allow_user_to_manage_public_keys = SET_BOOL(false);
    p->whole = (security_preference_view){&p->access_keys, &p->login, &p->mfa, &p->public_keys};
    *out = &p->whole;
    return OK;
}

static bool masks_are_valid(slice masks) {
    slice each;
    address_range range;
    if (slice_is_empty(masks)) return true;
    while (slice_split(&masks, ';', &each))
        if (!address_range_parse(slice_trim(each), &range)) return false;
    return true;
}

bool login_network_allows(const account_settings_record *settings, slice source_ip) {
    slice masks = settings->login_network_masks, each;
    address_range from, mask;
    if (slice_is_empty(masks)) return true;
    if (!address_range_parse(source_ip, &from)) return false;
    while (slice_split(&masks, ';', &each))
        if (address_range_parse(slice_trim(each), &mask) && address_range_contains(&mask, &from)) return true;
    return false;
}

status set_security_preference_prepare(call *c, const set_security_preference_in *in,
                                       set_security_preference_out *out) {
    account_settings_record settings;
    uint64_t revision;
    if (in->enable_save_mfa_ticket.value)
        return call_refuse(c, FAIL(UNSUPPORTED), "EnableSaveMFATicket: a code is asked for at every login.");
    if (in->allow_user_to_manage_public_keys.value)
        return call_refuse(c, FAIL(UNSUPPORTED), "AllowUserToManagePublicKeys: users have no public keys here.");
    if (!masks_are_valid(in->login_network_masks)) return call_refuse(c, FAIL(INVALID_PARAMETER), "LoginNetworkMasks");
    TRY(account_settings_load(c, &settings, &revision));
    if (in->allow_user_to_change_password.is_set)
        settings.change_password_off = SET_BOOL(!in->allow_user_to_change_password.value);
    if (in->allow_user_to_manage_access_keys.is_set)
        settings.manage_access_keys_on = in->allow_user_to_manage_access_keys;
    if (in->allow_user_to_manage_mfa_devices.is_set)
        settings.manage_mfa_off = SET_BOOL(!in->allow_user_to_manage_mfa_devices.value);
    if (!slice_is_absent(in->login_network_masks)) settings.login_network_masks = in->login_network_masks;
    if (in->login_session_duration.is_set) settings.login_session_hours = in->login_session_duration;
    TRY(account_settings_save(c, &settings, revision));
    return new_preference(c, &settings, &out->security_preference);
}

status get_security_preference_prepare(call *c, const get_security_preference_in *in,
                                       get_security_preference_out *out) {
    (void)in;
    account_settings_record settings;
    TRY(account_settings_load(c, &settings, NULL));
    return new_preference(c, &settings, &out->security_preference);
}
