/* RAM: attaching policies to users, groups and roles, and taking them away. A custom policy counts its attachments. */
#include "service/ram/holder.h"

/* What differs between the kinds: how many policies they may have, and how their failures are called. */
static const struct holder_rule {
    size_t system_most, custom_most;
    status attached, not_attached, limit;
} rules[] = {
    [HOLDER_USER] = {20, 10, {FAILURE_POLICY_ATTACHED}, {FAILURE_POLICY_NOT_ATTACHED}, {FAILURE_POLICY_ATTACH_LIMIT}},
    [HOLDER_GROUP] =
        {20, 5, {FAILURE_GROUP_POLICY_ATTACHED}, {FAILURE_GROUP_POLICY_NOT_ATTACHED}, {FAILURE_GROUP_POLICY_LIMIT}},
    [HOLDER_ROLE] =
        {20, 5, {FAILURE_ROLE_POLICY_ATTACHED}, {FAILURE_ROLE_POLICY_NOT_ATTACHED}, {FAILURE_ROLE_POLICY_LIMIT}},
};

static size_t attachments_count(attachments list, int type) {
    size_t count = 0;
    for (size_t i = 0; i < list.count; i++) count += list.at[i].policy_type == type;
    return count;
}

static status attach(call *c, holder *h, const policy_name *p) {
    const struct holder_rule *rule = &rules[h->kind];
    attachments list = attachments_of(h);
    TRY(policy_count(c, p->name, p->type, 1));
    if (attachment_find(list, p) != SIZE_MAX) return rule->attached;
    size_t most = p->type == POLICY_TYPE_SYSTEM ? rule->system_most : rule->custom_most;
    if (attachments_count(list, p->type) >= most) return rule->limit;
    attachments grown = {ARENA_ARRAY(&c->memory, attachment_record, list.count + 1), list.count + 1};
    ENSURE(grown.at != NULL, OUT_OF_MEMORY);
    if (list.count) memcpy(grown.at, list.at, list.count * sizeof *grown.at);
    grown.at[list.count] = (attachment_record){p->name, p->type, SET_INT(c->now_s)};
    attachments_set(h, grown);
    return holder_save(c, h);
}

static status detach(call *c, holder *h, const policy_name *p) {
    size_t at = attachment_find(attachments_of(h), p);
    if (at == SIZE_MAX) return rules[h->kind].not_attached;
    TRY(policy_count(c, p->name, p->type, -1));
    attachment_remove(h, at);
    return holder_save(c, h);
}

typedef struct policy_views {
    policy_view *at;
    size_t count;
} policy_views;

static status list(call *c, const holder *h, policy_views *out) {
    attachments held = attachments_of(h);
    policy_views views = {.at = ARENA_ARRAY(&c->memory, policy_view, held.count + 1)};
    ENSURE(views.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < held.count; i++) {
        policy_view *view = &views.at[views.count++];
        TRY(policy_view_of(c, held.at[i].policy_name, held.at[i].policy_type, view));
        view->attach_date = held.at[i].attached_at;
    }
    *out = views;
    return OK;
}

/* ---- users */

status attach_policy_to_user_prepare(call *c, const attach_policy_to_user_in *in, attach_policy_to_user_out *out) {
    (void)out;
    holder h;
    TRY(holder_load(c, HOLDER_USER, in->user_name, &h));
    return attach(c, &h, &(policy_name){in->policy_name, in->policy_type});
}

status detach_policy_from_user_prepare(call *c, const detach_policy_from_user_in *in,
                                       detach_policy_from_user_out *out) {
    (void)out;
    holder h;
    TRY(holder_load(c, HOLDER_USER, in->user_name, &h));
    return detach(c, &h, &(policy_name){in->policy_name, in->policy_type});
}

status list_policies_for_user_prepare(call *c, const list_policies_for_user_in *in, list_policies_for_user_out *out) {
    holder h;
    policy_views views;
    list_rest rest;
    TRY(holder_load(c, HOLDER_USER, in->user_name, &h));
    TRY(list(c, &h, &views));
    out->policies.at = views.at, out->policies.count = views.count;
    TRY(LIST_CUT(c, out->policies, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}

/* ---- groups */

status attach_policy_to_group_prepare(call *c, const attach_policy_to_group_in *in, attach_policy_to_group_out *out) {
    (void)out;
    holder h;
    TRY(holder_load(c, HOLDER_GROUP, in->group_name, &h));
    return attach(c, &h, &(policy_name){in->policy_name, in->policy_type});
}

status detach_policy_from_group_prepare(call *c, const detach_policy_from_group_in *in,
                                        detach_policy_from_group_out *out) {
    (void)out;
    holder h;
    TRY(holder_load(c, HOLDER_GROUP, in->group_name, &h));
    return detach(c, &h, &(policy_name){in->policy_name, in->policy_type});
}

status list_policies_for_group_prepare(call *c, const list_policies_for_group_in *in,
                                       list_policies_for_group_out *out) {
    holder h;
    policy_views views;
    list_rest rest;
    TRY(holder_load(c, HOLDER_GROUP, in->group_name, &h));
    TRY(list(c, &h, &views));
    out->policies.at = views.at, out->policies.count = views.count;
    TRY(LIST_CUT(c, out->policies, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}

/* ---- roles */

status attach_policy_to_role_prepare(call *c, const attach_policy_to_role_in *in, attach_policy_to_role_out *out) {
    (void)out;
    holder h;
    TRY(holder_load(c, HOLDER_ROLE, in->role_name, &h));
    return attach(c, &h, &(policy_name){in->policy_name, in->policy_type});
}

status detach_policy_from_role_prepare(call *c, const detach_policy_from_role_in *in,
                                       detach_policy_from_role_out *out) {
    (void)out;
    holder h;
    TRY(holder_load(c, HOLDER_ROLE, in->role_name, &h));
    return detach(c, &h, &(policy_name){in->policy_name, in->policy_type});
}

status list_policies_for_role_prepare(call *c, const list_policies_for_role_in *in, list_policies_for_role_out *out) {
    holder h;
    policy_views views;
    list_rest rest;
    TRY(holder_load(c, HOLDER_ROLE, in->role_name, &h));
    TRY(list(c, &h, &views));
    out->policies.at = views.at, out->policies.count = views.count;
    TRY(LIST_CUT(c, out->policies, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}

/* ---- everybody who has one */

typedef struct entities {
    const list_entities_for_policy_in *in;
    list_entities_for_policy_out *out;
    size_t rooms[3];
} entities;

/* Room for one element more. */
static status grow(call *c, shape_list *views, size_t *room, size_t size) {
    if (views->count < *room) return OK;
    size_t wanted = *room ? *room * 2 : 16;
    void *grown = arena_take_array(&c->memory, wanted, size);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    if (views->count) memcpy(grown, views->at, views->count * size);
    views->at = grown;
    *room = wanted;
    return OK;
}

/* Alibaba's clients know of no boundaries. */
static bool is_wanted(const call *c, const list_entities_for_policy_in *in, const holder *h, size_t at) {
    static const enum entity_filter KINDS[] = {
        [HOLDER_USER] = ENTITY_FILTER_USER, [HOLDER_GROUP] = ENTITY_FILTER_GROUP, [HOLDER_ROLE] = ENTITY_FILTER_ROLE};
    if (in->entity_filter && in->entity_filter != (int)KINDS[h->kind]) return false;
    if (in->policy_usage_filter == POLICY_USAGE_PERMISSIONS_BOUNDARY)
        return boundary_is(boundary_of(h), &(policy_name){in->policy_name, in->policy_type});
    return at != SIZE_MAX || (call_speaks_aws(c) && !in->policy_usage_filter);
}

static status take_entity(call *c, holder *h, size_t at, void *context) {
    entities *all = context;
    list_entities_for_policy_out *out = all->out;
    if (!is_wanted(c, all->in, h, at)) return OK;
    maybe_int since = at == SIZE_MAX ? boundary_of(h)->attached_at : attachments_of(h).at[at].attached_at;
    size_t *room = &all->rooms[h->kind];
    switch (h->kind) {
    case HOLDER_USER:
        TRY(grow(c, (shape_list *)&out->users, room, sizeof *out->users.at));
        TRY(user_view_of(c, &h->user, &out->users.at[out->users.count]));
        out->users.at[out->users.count++].attach_date = since;
        return OK;
    case HOLDER_GROUP:
        TRY(grow(c, (shape_list *)&out->groups, room, sizeof *out->groups.at));
        out->groups.at[out->groups.count] = group_view_of(&h->group);
        out->groups.at[out->groups.count++].attach_date = since;
        return OK;
    case HOLDER_ROLE:
        TRY(grow(c, (shape_list *)&out->roles, room, sizeof *out->roles.at));
        TRY(role_view_of(c, &h->role, &out->roles.at[out->roles.count]));
        out->roles.at[out->roles.count].assume_role_policy_document = (slice){0};
        out->roles.at[out->roles.count++].attach_date = since;
        return OK;
    }
    return FAIL(INTERNAL);
}

/* Takes off what goes before a page and what follows it, of one list after the other. */
static void cut_one(shape_list *list, size_t size, size_t *skip, size_t *most) {
    size_t skipped = *skip < list->count ? *skip : list->count;
    list->at = (uint8_t *)list->at + skipped * size;
    list->count -= skipped;
    *skip -= skipped;
    if (list->count > *most) list->count = *most;
    *most -= list->count;
}

/* The marker counts users, groups and roles in this order. */
static status cut_entities(call *c, const list_entities_for_policy_in *in, list_entities_for_policy_out *out) {
    int64_t before = 0;
    size_t count = out->users.count + out->groups.count + out->roles.count;
    bool is_number = slice_is_empty(in->marker) || slice_to_i64(in->marker, &before);
    if (!is_number || before < 0 || before > (int64_t)count) return call_refuse(c, FAIL(INVALID_PARAMETER), "Marker");
    size_t left = count - (size_t)before, most = in->max_items.is_set ? (size_t)in->max_items.value : left;
    size_t skip = (size_t)before, room = most;
    cut_one((shape_list *)&out->users, sizeof *out->users.at, &skip, &room);
    cut_one((shape_list *)&out->groups, sizeof *out->groups.at, &skip, &room);
    cut_one((shape_list *)&out->roles, sizeof *out->roles.at, &skip, &room);
    if (most < left || call_speaks_aws(c)) out->is_truncated = SET_BOOL(most < left);
    return most < left ? arena_printf(&c->memory, &out->marker, "%lld", (long long)(before + (int64_t)most)) : OK;
}

status list_entities_for_policy_prepare(call *c, const list_entities_for_policy_in *in,
                                        list_entities_for_policy_out *out) {
    policy_view view;
    entities all = {.in = in, .out = out};
    policy_name wanted = {in->policy_name, in->policy_type};
    TRY(policy_view_of(c, in->policy_name, in->policy_type, &view));
    TRY(holders_walk(c, &wanted, take_entity, &all));
    return cut_entities(c, in, out);
}
