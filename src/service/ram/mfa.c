/* RAM: virtual MFA devices. Seeds are made, bound and checked in the vault; here is whose they are. */
#include "service/ram/mfa.h"

#include "service/ram/passkey.h"
#include "service/sts/pace.h"

enum { DEVICES_MOST = 2000 };

status mfa_name(call *c, slice serial, slice *out) {
    identity_reference named;
    status told = identity_refer(c, serial, "mfa/", &named);
    if (FAILED_WITH(told, OUT_OF_MEMORY)) return told;
    ENSURE(!FAILED(told) && named.is_own, MFA_NOT_FOUND);
    *out = named.name;
    return OK;
}

status mfa_load(call *c, slice name, mfa_record *out, uint64_t *revision) {
    slice path;
    ENSURE(identity_name_is_valid(name, USER_NAME_MOST), MFA_NOT_FOUND);
    TRY(mfa_path(c->who.account_id, name, &c->memory, &path));
    status loaded = call_load(c, path, &mfa_record_shape, out, revision);
    return FAILED_WITH(loaded, NOT_FOUND) ? FAIL(MFA_NOT_FOUND) : loaded;
}

status mfa_save(call *c, const mfa_record *device, uint64_t revision) {
    slice path;
    TRY(mfa_path(c->who.account_id, device->name, &c->memory, &path));
    return call_change(c, path, &mfa_record_shape, device, revision);
}

status mfa_serial(call *c, slice name, slice *out) {
    return arena_printf(&c->memory, out, "acs:ram::%.*s:mfa/%.*s", SLICE_ARGS(c->who.account_id), SLICE_ARGS(name));
}

static status new_view(call *c, slice name, mfa_device_view **out) {
    mfa_device_view *view = CALL_NEW(c, mfa_device_view);
    ENSURE(view != NULL, OUT_OF_MEMORY);
    TRY(mfa_serial(c, name, &view->serial_number));
    *out = view;
    return OK;
}

/* ---- devices */

status create_virtual_mfa_device_prepare(call *c, const create_virtual_mfa_device_in *in,
                                         create_virtual_mfa_device_out *out) {
    (void)out;
    mfa_record taken;
    slice prefix;
    size_t count;
    TRY(identity_name_check(c, in->virtual_mfa_device_name, USER_NAME_MOST, "VirtualMFADeviceName"));
    status found = mfa_load(c, in->virtual_mfa_device_name, &taken, NULL);
    ENSURE(FAILED(found), MFA_EXISTS);
    if (!FAILED_WITH(found, MFA_NOT_FOUND)) return found;
    TRY(mfa_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(records_count(c, prefix, &count));
    ENSURE(count < DEVICES_MOST, MFA_LIMIT);
    return call_ask_vault(c, &(key_act){.act = VAULT_ACT_NEW_SEED});
}

status create_virtual_mfa_device_finish(call *c, const create_virtual_mfa_device_in *in,
                                        create_virtual_mfa_device_out *out) {
    mfa_record device = {.name = in->virtual_mfa_device_name, .created_at = SET_INT(c->now_s)};
    device.sealed = c->results.at[0].output;
    TRY(mfa_save(c, &device, STORE_ABSENT));
    TRY(new_view(c, device.name, &out->virtual_mfa_device));
    out->virtual_mfa_device->base32_string_seed = c->results.at[0].boxed; /* the gateway draws the picture of it */
    return OK;
}

static status show_user(call *c, slice name, user_view **out) {
    user_record user;
    *out = CALL_NEW(c, user_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    if (slice_is_absent(name)) return OK; /* the account root */
    TRY(user_load(c, name, &user, NULL));
    **out = (user_view){.user_id = user.user_id, .user_name = user.user_name, .display_name = user.display_name};
    (*out)->create_date = user.created_at;
    return OK;
}

static bool is_wanted(int wish, const mfa_record *device) {
    if (wish == ASSIGNMENT_STATUS_ASSIGNED) return device->bound_at.is_set;
    return wish != ASSIGNMENT_STATUS_UNASSIGNED || !device->bound_at.is_set;
}

status list_virtual_mfa_devices_prepare(call *c, const list_virtual_mfa_devices_in *in,
                                        list_virtual_mfa_devices_out *out) {
    record_page shown;
    page_wish wish = {.marker = in->marker, .most = in->max_items.is_set ? in->max_items : SET_INT(DEVICES_MOST)};
    TRY(mfa_prefix(c->who.account_id, &c->memory, &wish.prefix));
    TRY(page_read(c, &wish, &shown));
    out->virtual_mfa_devices.at = ARENA_ARRAY(&c->memory, mfa_device_view, shown.count + 1);
    ENSURE(out->virtual_mfa_devices.at != NULL, OUT_OF_MEMORY);
    if (call_speaks_aws(c) || shown.is_truncated) out->is_truncated = SET_BOOL(shown.is_truncated);
    for (size_t i = 0; i < shown.count; i++) {
        mfa_record device;
        TRY(row_unpack(c, &shown.rows[i], &mfa_record_shape, &device));
        if (shown.is_truncated) out->marker = device.name;
        if (!is_wanted(in->assignment_status, &device)) continue;
        mfa_device_view *view = &out->virtual_mfa_devices.at[out->virtual_mfa_devices.count++];
        TRY(mfa_serial(c, device.name, &view->serial_number));
        if (!device.bound_at.is_set) continue;
        view->activate_date = device.bound_at;
        TRY(show_user(c, device.user_name, &view->user));
    }
    return OK;
}

status delete_virtual_mfa_device_prepare(call *c, const delete_virtual_mfa_device_in *in,
                                         delete_virtual_mfa_device_out *out) {
    (void)out;
    slice name, path;
    mfa_record device;
    uint64_t revision;
    TRY(mfa_name(c, in->serial_number, &name));
    TRY(mfa_load(c, name, &device, &revision));
    ENSURE(!device.bound_at.is_set, MFA_IN_USE);
    TRY(mfa_path(c->who.account_id, name, &c->memory, &path));
    return call_change(c, path, NULL, NULL, revision);
}

/* ---- whose they are */

static status load_unbound(call *c, const bind_mfa_device_in *in, bound_pair *out) {
    slice name;
    TRY(mfa_name(c, in->serial_number, &name));
    TRY(mfa_load(c, name, &out->device, &out->device_revision));
    TRY(user_load(c, in->user_name, &out->user, &out->user_revision));
    ENSURE(slice_is_absent(out->user.mfa_serial), USER_MFA_EXISTS);
    ENSURE(!out->device.bound_at.is_set, MFA_IN_USE);
    return OK;
}

status bind_mfa_device_prepare(call *c, const bind_mfa_device_in *in, bind_mfa_device_out *out) {
    (void)out;
    bound_pair p;
    TRY(load_unbound(c, in, &p));
    key_act act = {
        .act = VAULT_ACT_BIND_SEED, .key = p.device.sealed, .user_id = p.user.user_id, .size = p.device.last_step};
    act.user_name = p.user.user_name;
    act.input = in->authentication_code1;
    act.context = in->authentication_code2;
    return call_ask_vault(c, &act);
}

status bind_mfa_device_finish(call *c, const bind_mfa_device_in *in, bind_mfa_device_out *out) {
    (void)out;
    bound_pair p;
    TRY(load_unbound(c, in, &p));
    p.device.sealed = c->results.at[0].output;
    p.device.last_step = c->results.at[0].time;
    p.device.bound_at = SET_INT(c->now_s);
    p.device.user_name = p.user.user_name;
    p.user.mfa_serial = p.device.name;
    TRY(mfa_save(c, &p.device, p.device_revision));
    return user_save(c, &p.user, p.user_revision);
}

status mfa_load_bound(call *c, slice user_name, bound_pair *out) {
    TRY(user_load(c, user_name, &out->user, &out->user_revision));
    ENSURE(!slice_is_absent(out->user.mfa_serial), USER_MFA_NOT_FOUND);
    return mfa_load(c, out->user.mfa_serial, &out->device, &out->device_revision);
}

status mfa_check_dispensable(call *c, const bound_pair *p) {
    TRY(user_check_shown(c, &p->user));
    bool is_last = p->user.passkeys.count == 0;
    if (!slice_is_absent(p->user.user_name) || !c->who.root_needs_mfa || !is_last || login_is_recovery(c)) return OK;
    return call_refuse(c, FAIL(MFA_IN_USE), "The account asks its root for it: SetRootAccess first.");
}

/* The seed stays the user's: an unbound device can only be deleted. */
status unbind_mfa_device_prepare(call *c, const unbind_mfa_device_in *in, unbind_mfa_device_out *out) {
    bound_pair p;
    slice path;
    TRY(mfa_load_bound(c, in->user_name, &p));
    TRY(mfa_check_dispensable(c, &p));
    p.user.mfa_serial = (slice){0};
    if (user_is_another(c, &p.user)) user_end_sessions(&p.user); /* somebody lost it */
    TRY(mfa_path(c->who.account_id, p.device.name, &c->memory, &path));
    TRY(call_change(c, path, NULL, NULL, p.device_revision));
    TRY(user_save(c, &p.user, p.user_revision));
    return new_view(c, p.device.name, &out->mfa_device);
}

status get_user_mfa_info_prepare(call *c, const get_user_mfa_info_in *in, get_user_mfa_info_out *out) {
    bound_pair p;
    TRY(mfa_load_bound(c, in->user_name, &p));
    TRY(new_view(c, p.device.name, &out->mfa_device));
    out->mfa_device->type = SLICE("VMFA");
    out->mfa_device->activate_date = p.device.bound_at;
    return OK;
}

/* ---- codes that come along with a request */

static bool same_name(slice a, slice b) { return slice_is_empty(a) ? slice_is_empty(b) : slice_equals(a, b); }

status mfa_put_code(call *c, const mfa_claim *claim, key_act *act) {
    slice name;
    mfa_record device;
    if (slice_is_absent(claim->serial) && slice_is_absent(claim->boxed_code)) return OK;
    if (slice_is_absent(claim->serial)) return call_refuse(c, FAIL(MISSING_PARAMETER), "SerialNumber");
    if (slice_is_absent(claim->boxed_code)) return call_refuse(c, FAIL(MISSING_PARAMETER), "TokenCode");
    if (c->who.is_session)
        return call_refuse(c, FAIL(NO_PERMISSION), "Only who signs with an access key shows a code.");
    /* A device that is not there, one of somebody else and a wrong code look alike. */
    status found = mfa_name(c, claim->serial, &name);
    if (!FAILED(found)) found = mfa_load(c, name, &device, NULL);
    ENSURE(!FAILED_WITH(found, MFA_NOT_FOUND), MFA_CODE);
    TRY(found);
    ENSURE(device.bound_at.is_set && same_name(device.user_name, c->who.user_name), MFA_CODE);
    TRY(pace_take_shown(c));
    act->token = device.sealed;
    act->context = claim->boxed_code;
    act->size = device.last_step;
    return OK;
}

status mfa_take_step(call *c, slice name, maybe_int step) {
    mfa_record device;
    uint64_t revision;
    TRY(mfa_load(c, name, &device, &revision));
    ENSURE(step.is_set && (!device.last_step.is_set || step.value > device.last_step.value), MFA_CODE);
    device.last_step = step;
    return mfa_save(c, &device, revision);
}

status mfa_take_code(call *c, const mfa_claim *claim, const key_result *result) {
    slice name;
    if (slice_is_absent(claim->serial)) return OK;
    TRY(mfa_name(c, claim->serial, &name));
    pace_forgive_shown(c);
    return mfa_take_step(c, name, result->time);
}
