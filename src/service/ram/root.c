/* What an account asks of its root. */
#include "service/ram/passkey.h"

static status load_root(call *c, user_record *out) {
    slice path;
    *out = (user_record){0};
    TRY(user_path(c->who.account_id, (slice){0}, &c->memory, &path));
    status loaded = call_load(c, path, &user_record_shape, out, NULL);
    return FAILED_WITH(loaded, NOT_FOUND) ? OK : loaded;
}

static status new_view(call *c, bool is_mfa_required, root_access_view **out) {
    user_record root;
    root_access_view *view = CALL_NEW(c, root_access_view);
    ENSURE(view != NULL, OUT_OF_MEMORY);
    TRY(load_root(c, &root));
    view->mfa_required = SET_BOOL(is_mfa_required);
    view->has_password = SET_BOOL(root.login != NULL);
    view->has_device = SET_BOOL(has_second_factor(&root));
    view->access_keys = SET_INT(root.access_keys.count);
    view->recovery_codes_left = SET_INT(recovery_codes_left(&root));
    view->last_login_date = root.last_login_at;
    *out = view;
    return OK;
}

status get_root_access_prepare(call *c, const get_root_access_in *in, get_root_access_out *out) {
    (void)in;
    return new_view(c, c->who.root_needs_mfa, &out->root_access);
}

/* Asked for without a device it would lock the root out. */
status set_root_access_prepare(call *c, const set_root_access_in *in, set_root_access_out *out) {
    slice path;
    account_record account;
    uint64_t revision;
    if (!c->who.is_root) return call_refuse(c, FAIL(NO_PERMISSION), "Only the root says so of itself.");
    TRY(new_view(c, in->mfa_required.value, &out->root_access));
    if (in->mfa_required.value) ENSURE(out->root_access->has_device.value, USER_MFA_NOT_FOUND);
    TRY(account_path(c->who.account_id, &c->memory, &path));
    TRY(call_load(c, path, &account_record_shape, &account, &revision));
    account.root_needs_mfa = in->mfa_required;
    return call_change(c, path, &account_record_shape, &account, revision);
}
