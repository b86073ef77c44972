/* RAM: tags of one user, role or policy, as AWS's clients ask for them. What is done is the same as for many (tags.c). */
#include "service/ram/ram.h"

static status put(call *c, int type, slice name, const name_tags *tags) {
    tag_resources_in all = {.resource_type = type};
    all.resource_names = (slice_list){&name, 1};
    all.tag.at = (name_tag *)(uintptr_t)tags->at, all.tag.count = tags->count;
    return tag_resources_prepare(c, &all, NULL);
}

static status take(call *c, int type, slice name, slice_list keys) {
    untag_resources_in all = {.resource_type = type, .tag_keys = keys};
    all.resource_names = (slice_list){&name, 1};
    return untag_resources_prepare(c, &all, NULL);
}

/* ---- users */

status tag_user_prepare(call *c, const tag_user_in *in, tag_user_out *out) {
    (void)out;
    return put(c, TAGGED_TYPE_USER, in->user_name, NAME_TAGS(in->tag));
}

status untag_user_prepare(call *c, const untag_user_in *in, untag_user_out *out) {
    (void)out;
    return take(c, TAGGED_TYPE_USER, in->user_name, in->tag_keys);
}

status list_user_tags_prepare(call *c, const list_user_tags_in *in, list_user_tags_out *out) {
    user_record user;
    list_rest rest;
    TRY(user_load(c, in->user_name, &user, NULL));
    out->tags.at = user.tags.at, out->tags.count = user.tags.count;
    TRY(LIST_CUT(c, out->tags, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}

/* ---- roles */

status tag_role_prepare(call *c, const tag_role_in *in, tag_role_out *out) {
    (void)out;
    return put(c, TAGGED_TYPE_ROLE, in->role_name, NAME_TAGS(in->tag));
}

status untag_role_prepare(call *c, const untag_role_in *in, untag_role_out *out) {
    (void)out;
    return take(c, TAGGED_TYPE_ROLE, in->role_name, in->tag_keys);
}

status list_role_tags_prepare(call *c, const list_role_tags_in *in, list_role_tags_out *out) {
    role_record role;
    list_rest rest;
    TRY(role_load(c, in->role_name, &role, NULL));
    out->tags.at = role.tags.at, out->tags.count = role.tags.count;
    TRY(LIST_CUT(c, out->tags, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}

/* ---- policies: those that are shipped have none, and get none */

status tag_policy_prepare(call *c, const tag_policy_in *in, tag_policy_out *out) {
    (void)out;
    return put(c, TAGGED_TYPE_POLICY, in->policy_name, NAME_TAGS(in->tag));
}

status untag_policy_prepare(call *c, const untag_policy_in *in, untag_policy_out *out) {
    (void)out;
    return take(c, TAGGED_TYPE_POLICY, in->policy_name, in->tag_keys);
}

status list_policy_tags_prepare(call *c, const list_policy_tags_in *in, list_policy_tags_out *out) {
    policy_record p = {0};
    list_rest rest;
    status loaded = policy_load(c, in->policy_name, &p, NULL);
    if (FAILED(loaded) && !FAILED_WITH(loaded, POLICY_SYSTEM)) return loaded;
    out->tags.at = p.tags.at, out->tags.count = p.tags.count;
    TRY(LIST_CUT(c, out->tags, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}
