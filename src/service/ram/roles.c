/* RAM: roles, what somebody may take on for a while. */
#include "access/policy.h"
#include "service/account/break_glass.h"
#include "service/ram/ram.h"
#include "service/sharing.h"

enum { SESSION_DEFAULT_S = 3600 };

static status new_view(call *c, const role_record *role, role_view **out) {
    *out = CALL_NEW(c, role_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    return role_view_of(c, role, *out);
}

/* What the vault is to seal about a trust policy that lets other accounts in. */
static status ask_sharing(call *c, const role_record *role, slice trust_policy) {
    session_wish *of = CALL_NEW(c, session_wish);
    ENSURE(of != NULL, OUT_OF_MEMORY);
    *of = (session_wish){.role_name = role->role_name, .role_id = role->role_id};
    return sharing_ask(c, &(sharing_wish){trust_policy, POLICY_TRUST, {.session = of}});
}

static status set_trust(call *c, role_record *role, slice trust_policy) {
    role->trust_policy = trust_policy;
    return sharing_bindings(c, trust_policy, POLICY_TRUST, &role->bindings);
}

/* Chosen once, however often the steps run. */
static status new_role_id(call *c, slice *out) {
    slice *held = c->memo ? c->memo : CALL_NEW(c, slice);
    ENSURE(held != NULL, OUT_OF_MEMORY);
    if (!c->memo) TRY(identity_id_new(c, '3', held));
    c->memo = held;
    *out = *held;
    return OK;
}

status create_role_prepare(call *c, const create_role_in *in, create_role_out *out) {
    (void)out;
    slice prefix;
    size_t count;
    role_record taken, role = {.role_name = in->role_name};
    TRY(identity_name_check(c, in->role_name, ROLE_NAME_MOST, "RoleName"));
    TRY(break_glass_spare(c, in->role_name));
    status found = role_load(c, in->role_name, &taken, NULL);
    ENSURE(FAILED(found), ROLE_EXISTS);
    if (!FAILED_WITH(found, ROLE_NOT_FOUND)) return found;
    TRY(role_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(records_count(c, prefix, &count));
    ENSURE(count < ROLES_MOST, ROLE_LIMIT);
    TRY(new_role_id(c, &role.role_id));
    return ask_sharing(c, &role, in->assume_role_policy_document);
}

status create_role_finish(call *c, const create_role_in *in, create_role_out *out) {
    role_record role = {.role_name = in->role_name, .description = in->description};
    tag_set tags;
    TRY(new_role_id(c, &role.role_id));
    TRY(tags_merge(c, &(tag_set){0}, NAME_TAGS(in->tag), &tags));
    role.tags.at = tags.at, role.tags.count = tags.count;
    TRY(set_trust(c, &role, in->assume_role_policy_document));
    role.max_session_duration = in->max_session_duration.is_set ? in->max_session_duration : SET_INT(SESSION_DEFAULT_S);
    role.created_at = role.updated_at = SET_INT(c->now_s);
    TRY(boundary_set(c, in->permissions_boundary, &role.boundary));
    TRY(role_save(c, &role, STORE_ABSENT));
    return new_view(c, &role, &out->role);
}

status get_role_prepare(call *c, const get_role_in *in, get_role_out *out) {
    role_record role;
    access_key_use_record use = {0};
    TRY(role_load(c, in->role_name, &role, NULL));
    TRY(new_view(c, &role, &out->role));
    TRY(access_key_last_use(c, role.role_id, &use));
    out->role->role_last_used = CALL_NEW(c, role_use);
    ENSURE(out->role->role_last_used != NULL, OUT_OF_MEMORY);
    *out->role->role_last_used = (role_use){use.used_at, use.region};
    return OK;
}

status list_roles_prepare(call *c, const list_roles_in *in, list_roles_out *out) {
    record_page shown;
    page_wish wish = {.marker = in->marker, .most = in->max_items};
    TRY(role_prefix(c->who.account_id, &c->memory, &wish.prefix));
    TRY(page_read(c, &wish, &shown));
    out->roles.at = ARENA_ARRAY(&c->memory, role_view, shown.count + 1);
    ENSURE(out->roles.at != NULL, OUT_OF_MEMORY);
    out->is_truncated = SET_BOOL(shown.is_truncated);
    for (size_t i = 0; i < shown.count; i++) {
        role_record role;
        TRY(row_unpack(c, &shown.rows[i], &role_record_shape, &role));
        if (shown.is_truncated) out->marker = role.role_name;
        if (!tags_match(TAG_SET(role.tags), NAME_TAGS(in->tag))) continue;
        role_view *view = &out->roles.at[out->roles.count++];
        TRY(role_view_of(c, &role, view));
        view->assume_role_policy_document = (slice){0}; /* as the service documents it: GetRole shows it */
    }
    return OK;
}

status update_role_prepare(call *c, const update_role_in *in, update_role_out *out) {
    (void)out;
    role_record role;
    slice trust_policy = in->new_assume_role_policy_document;
    TRY(break_glass_spare(c, in->role_name));
    TRY(role_load(c, in->role_name, &role, NULL));
    return slice_is_absent(trust_policy) ? OK : ask_sharing(c, &role, trust_policy);
}

status update_role_finish(call *c, const update_role_in *in, update_role_out *out) {
    role_record role;
    uint64_t revision;
    slice trust_policy = in->new_assume_role_policy_document;
    TRY(role_load(c, in->role_name, &role, &revision));
    if (!slice_is_absent(trust_policy)) TRY(set_trust(c, &role, trust_policy));
    if (!slice_is_absent(in->new_description)) role.description = in->new_description;
    if (in->new_max_session_duration.is_set) role.max_session_duration = in->new_max_session_duration;
    role.updated_at = SET_INT(c->now_s);
    TRY(role_save(c, &role, revision));
    return new_view(c, &role, &out->role);
}

status update_assume_role_policy_prepare(call *c, const update_assume_role_policy_in *in,
                                         update_assume_role_policy_out *out) {
    (void)out;
    role_record role;
    TRY(break_glass_spare(c, in->role_name));
    TRY(role_load(c, in->role_name, &role, NULL));
    return ask_sharing(c, &role, in->policy_document);
}

status update_assume_role_policy_finish(call *c, const update_assume_role_policy_in *in,
                                        update_assume_role_policy_out *out) {
    (void)out;
    role_record role;
    uint64_t revision;
    TRY(role_load(c, in->role_name, &role, &revision));
    TRY(set_trust(c, &role, in->policy_document));
    role.updated_at = SET_INT(c->now_s);
    return role_save(c, &role, revision);
}

status update_role_description_prepare(call *c, const update_role_description_in *in,
                                       update_role_description_out *out) {
    role_record role;
    uint64_t revision;
    TRY(role_load(c, in->role_name, &role, &revision));
    role.description = in->description;
    role.updated_at = SET_INT(c->now_s);
    TRY(role_save(c, &role, revision));
    return new_view(c, &role, &out->role);
}

status delete_role_prepare(call *c, const delete_role_in *in, delete_role_out *out) {
    (void)out;
    slice path;
    role_record role;
    uint64_t revision;
    TRY(break_glass_spare(c, in->role_name));
    TRY(role_load(c, in->role_name, &role, &revision));
    ENSURE(role.policies.count == 0 && role.own_policies.count == 0, ROLE_HAS_POLICY);
    TRY(boundary_clear(c, &role.boundary));
    TRY(access_key_use_path(role.role_id, &c->memory, &path));
    TRY(call_change(c, path, NULL, NULL, STORE_ANY));
    TRY(role_path(c->who.account_id, in->role_name, &c->memory, &path));
    return call_change(c, path, NULL, NULL, revision);
}
