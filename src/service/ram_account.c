/* RAM: what holds for the whole account. */
#include "service/ram.h"

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
    (void)in, (void)out;
    account_settings_record settings;
    uint64_t revision;
    TRY(account_settings_load(c, &settings, &revision));
    TRY(release_alias(c, settings.account_alias));
    settings.account_alias = (slice){0};
    return account_settings_save(c, &settings, revision);
}
