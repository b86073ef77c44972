/* RAM: devices for one-time codes that somebody has: shown, taken away without being thrown away, set right. */
#include "service/ram/mfa.h"

/* The user's own device, which the request has to name. */
static status load_named(call *c, slice user_name, slice serial, bound_pair *out) {
    slice name;
    TRY(mfa_name(c, serial, &name));
    TRY(mfa_load_bound(c, user_name, out));
    ENSURE(slice_equals(out->device.name, name), USER_MFA_NOT_FOUND);
    return OK;
}

status deactivate_mfa_device_prepare(call *c, const deactivate_mfa_device_in *in, deactivate_mfa_device_out *out) {
    (void)out;
    bound_pair p;
    TRY(load_named(c, in->user_name, in->serial_number, &p));
    TRY(mfa_check_dispensable(c, &p));
    p.user.mfa_serial = (slice){0};
    if (user_is_another(c, &p.user)) user_end_sessions(&p.user);
    p.device.bound_at = (maybe_int){0};
    p.device.user_name = (slice){0};
    TRY(mfa_save(c, &p.device, p.device_revision));
    return user_save(c, &p.user, p.user_revision);
}

/* ---- a clock that is off: the vault looks further around and seals what it finds into the seed's header */

status resync_mfa_device_prepare(call *c, const resync_mfa_device_in *in, resync_mfa_device_out *out) {
    (void)out;
    bound_pair p;
    TRY(load_named(c, in->user_name, in->serial_number, &p));
    key_act act = {.act = VAULT_ACT_BIND_SEED, .key = p.device.sealed, .size = p.device.last_step};
    act.user_name = p.user.user_name;
    act.user_id = p.user.user_id;
    act.input = in->authentication_code1;
    act.context = in->authentication_code2;
    return call_ask_vault(c, &act);
}

status resync_mfa_device_finish(call *c, const resync_mfa_device_in *in, resync_mfa_device_out *out) {
    (void)out;
    bound_pair p;
    TRY(load_named(c, in->user_name, in->serial_number, &p));
    p.device.sealed = c->results.at[0].output;
    p.device.last_step = c->results.at[0].time;
    return mfa_save(c, &p.device, p.device_revision);
}

/* ---- showing */

/* AWS's clients write of the account root, which has no name, as of a user called by the account's id. */
static slice shown_name(const call *c, slice name) { return slice_is_absent(name) ? c->who.account_id : name; }

status list_mfa_devices_prepare(call *c, const list_mfa_devices_in *in, list_mfa_devices_out *out) {
    bound_pair p;
    status loaded = mfa_load_bound(c, in->user_name, &p);
    if (FAILED(loaded) && !FAILED_WITH(loaded, USER_MFA_NOT_FOUND)) return loaded;
    out->mfa_devices.at = CALL_NEW(c, enabled_device);
    ENSURE(out->mfa_devices.at != NULL, OUT_OF_MEMORY);
    out->is_truncated = SET_BOOL(false);
    if (FAILED(loaded) || !slice_is_empty(in->marker)) return OK;
    enabled_device *view = &out->mfa_devices.at[out->mfa_devices.count++];
    *view = (enabled_device){.user_name = shown_name(c, p.user.user_name), .enable_date = p.device.bound_at};
    return mfa_serial(c, p.device.name, &view->serial_number);
}

status get_mfa_device_prepare(call *c, const get_mfa_device_in *in, get_mfa_device_out *out) {
    slice name;
    mfa_record device;
    TRY(mfa_name(c, in->serial_number, &name));
    TRY(mfa_load(c, name, &device, NULL));
    bool is_theirs = slice_is_absent(in->user_name) || slice_equals(in->user_name, device.user_name);
    ENSURE(is_theirs, MFA_NOT_FOUND);
    TRY(mfa_serial(c, device.name, &out->serial_number));
    if (!device.bound_at.is_set) return OK;
    out->user_name = shown_name(c, device.user_name);
    out->enable_date = device.bound_at;
    return OK;
}
