/* RAM: permission boundaries. A policy bounds a user or a role as long as the record names it; it cannot be deleted meanwhile, because
 * that would take the bound away. */
#include "access/system_policies.h"
#include "service/ram/holder.h"

status boundary_read(call *c, slice text, policy_name *out) {
    identity_reference named;
    policy_record custom;
    if (!slice_contains_byte(text, ':')) {
        status found = policy_load(c, text, &custom, NULL);
        if (FAILED(found) && !FAILED_WITH(found, POLICY_SYSTEM)) return found;
        *out = (policy_name){text, FAILED(found) ? POLICY_TYPE_SYSTEM : POLICY_TYPE_CUSTOM};
        return OK;
    }
    status told = identity_refer(c, text, "policy/", &named);
    if (FAILED_WITH(told, INVALID_PARAMETER)) return call_refuse(c, told, "PermissionsBoundary must name a policy.");
    TRY(told);
    bool is_system = slice_equals_text(named.account, "system");
    ENSURE(is_system || named.is_own, POLICY_NOT_FOUND);
    *out = (policy_name){named.name, is_system ? POLICY_TYPE_SYSTEM : POLICY_TYPE_CUSTOM};
    return OK;
}

static status count(call *c, const policy_name *p, int change) {
    if (p->type == POLICY_TYPE_SYSTEM) {
        ENSURE(system_policy_find(p->name) != NULL, POLICY_NOT_FOUND);
        return OK;
    }
    policy_record custom;
    uint64_t revision;
    TRY(policy_load(c, p->name, &custom, &revision));
    custom.boundary_count = SET_INT(custom.boundary_count.value + change);
    return policy_save(c, &custom, revision);
}

status boundary_set(call *c, slice text, attachment_record **in_record) {
    policy_name wanted, former;
    if (slice_is_absent(text)) return OK;
    TRY(boundary_read(c, text, &wanted));
    const attachment_record *present = *in_record;
    if (boundary_is(present, &wanted)) return OK;
    TRY(count(c, &wanted, 1));
    if (present) former = (policy_name){present->policy_name, present->policy_type};
    if (present) TRY(count(c, &former, -1));
    *in_record = CALL_NEW(c, attachment_record);
    ENSURE(*in_record != NULL, OUT_OF_MEMORY);
    **in_record = (attachment_record){wanted.name, wanted.type, SET_INT(c->now_s)};
    return OK;
}

status boundary_clear(call *c, attachment_record **in_record) {
    const attachment_record *present = *in_record;
    if (!present) return OK;
    *in_record = NULL;
    return count(c, &(policy_name){present->policy_name, present->policy_type}, -1);
}

status boundary_view_of(call *c, const attachment_record *present, boundary_view **out) {
    if (!present) return OK;
    slice account = present->policy_type == POLICY_TYPE_SYSTEM ? SLICE("system") : c->who.account_id;
    boundary_view *view = CALL_NEW(c, boundary_view);
    ENSURE(view != NULL, OUT_OF_MEMORY);
    view->permissions_boundary_type = SLICE("Policy");
    TRY(arn_policy(account, present->policy_name, &c->memory, &view->permissions_boundary_arn));
    *out = view;
    return OK;
}

static status take_away(call *c, attachment_record **in_record) {
    ENSURE(*in_record != NULL, BOUNDARY_NOT_FOUND);
    return boundary_clear(c, in_record);
}

status put_user_permissions_boundary_prepare(call *c, const put_user_permissions_boundary_in *in,
                                             put_user_permissions_boundary_out *out) {
    (void)out;
    user_record user;
    uint64_t revision;
    TRY(user_load(c, in->user_name, &user, &revision));
    TRY(boundary_set(c, in->permissions_boundary, &user.boundary));
    return user_save(c, &user, revision);
}

status delete_user_permissions_boundary_prepare(call *c, const delete_user_permissions_boundary_in *in,
                                                delete_user_permissions_boundary_out *out) {
    (void)out;
    user_record user;
    uint64_t revision;
    TRY(user_load(c, in->user_name, &user, &revision));
    TRY(take_away(c, &user.boundary));
    return user_save(c, &user, revision);
}

status put_role_permissions_boundary_prepare(call *c, const put_role_permissions_boundary_in *in,
                                             put_role_permissions_boundary_out *out) {
    (void)out;
    role_record role;
    uint64_t revision;
    TRY(role_load(c, in->role_name, &role, &revision));
    TRY(boundary_set(c, in->permissions_boundary, &role.boundary));
    return role_save(c, &role, revision);
}

status delete_role_permissions_boundary_prepare(call *c, const delete_role_permissions_boundary_in *in,
                                                delete_role_permissions_boundary_out *out) {
    (void)out;
    role_record role;
    uint64_t revision;
    TRY(role_load(c, in->role_name, &role, &revision));
    TRY(take_away(c, &role.boundary));
    return role_save(c, &role, revision);
}
