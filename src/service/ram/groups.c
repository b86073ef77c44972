/* RAM: groups, and who is in them. Who is in which group stands in the users' records; a group counts its users. */
#include "service/ram/ram.h"

static status new_view(call *c, const group_record *group, group_view **out) {
    *out = CALL_NEW(c, group_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    **out = group_view_of(group);
    return OK;
}

static status check_free(call *c, slice name) {
    group_record taken;
    status found = group_load(c, name, &taken, NULL);
    ENSURE(FAILED(found), GROUP_EXISTS);
    return FAILED_WITH(found, GROUP_NOT_FOUND) ? OK : found;
}

status create_group_prepare(call *c, const create_group_in *in, create_group_out *out) {
    slice prefix;
    size_t count;
    group_record group = {.group_name = in->group_name, .comments = in->comments, .user_count = SET_INT(0)};
    TRY(identity_name_check(c, in->group_name, GROUP_NAME_MOST, "GroupName"));
    TRY(check_free(c, in->group_name));
    TRY(group_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(records_count(c, prefix, &count));
    ENSURE(count < GROUPS_MOST, GROUP_LIMIT);
    TRY(identity_id_new(c, '4', &group.group_id));
    group.created_at = group.updated_at = SET_INT(c->now_s);
    TRY(group_save(c, &group, STORE_ABSENT));
    return new_view(c, &group, &out->group);
}

status get_group_prepare(call *c, const get_group_in *in, get_group_out *out) {
    group_record group;
    TRY(group_load(c, in->group_name, &group, NULL));
    return new_view(c, &group, &out->group);
}

status list_groups_prepare(call *c, const list_groups_in *in, list_groups_out *out) {
    record_page shown;
    page_wish wish = {.marker = in->marker, .most = in->max_items};
    TRY(group_prefix(c->who.account_id, &c->memory, &wish.prefix));
    TRY(page_read(c, &wish, &shown));
    out->groups.at = ARENA_ARRAY(&c->memory, group_view, shown.count + 1);
    ENSURE(out->groups.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < shown.count; i++) {
        group_record group;
        TRY(row_unpack(c, &shown.rows[i], &group_record_shape, &group));
        out->groups.at[out->groups.count++] = group_view_of(&group);
    }
    out->is_truncated = SET_BOOL(shown.is_truncated);
    if (shown.is_truncated) out->marker = out->groups.at[shown.count - 1].group_name;
    return OK;
}

/* ---- a new name: the members' records have it too */

typedef struct renaming {
    slice from, to;
} renaming;

static status rename_in_user(call *c, const store_row *row, void *context) {
    const renaming *wish = context;
    user_record user;
    OWNED(arena) memory = {0};
    ENSURE(!FAILED(shape_unpack(&user_record_shape, row->value, &memory, &user)), CORRUPT);
    bool is_member = false;
    for (size_t i = 0; i < user.groups.count; i++) {
        if (!slice_equals(user.groups.at[i].group_name, wish->from)) continue;
        user.groups.at[i].group_name = wish->to;
        is_member = true;
    }
    return is_member ? user_save(c, &user, row->revision) : OK;
}

static status rename_group(call *c, const group_record *group, slice to, uint64_t revision) {
    slice path, users;
    renaming wish = {group->group_name, to};
    TRY(identity_name_check(c, to, GROUP_NAME_MOST, "NewGroupName"));
    TRY(check_free(c, to));
    TRY(user_prefix(c->who.account_id, &c->memory, &users));
    TRY(records_walk(c, users, rename_in_user, &wish));
    TRY(group_path(c->who.account_id, group->group_name, &c->memory, &path));
    return call_change(c, path, NULL, NULL, revision);
}

status update_group_prepare(call *c, const update_group_in *in, update_group_out *out) {
    group_record group;
    uint64_t revision;
    TRY(group_load(c, in->group_name, &group, &revision));
    bool is_renamed = !slice_is_absent(in->new_group_name) && !slice_equals(in->new_group_name, in->group_name);
    if (is_renamed) TRY(rename_group(c, &group, in->new_group_name, revision));
    if (is_renamed) group.group_name = in->new_group_name;
    if (!slice_is_absent(in->new_comments)) group.comments = in->new_comments;
    group.updated_at = SET_INT(c->now_s);
    TRY(group_save(c, &group, is_renamed ? STORE_ABSENT : revision));
    return new_view(c, &group, &out->group);
}

status delete_group_prepare(call *c, const delete_group_in *in, delete_group_out *out) {
    (void)out;
    slice path;
    group_record group;
    uint64_t revision;
    TRY(group_load(c, in->group_name, &group, &revision));
    ENSURE(group.user_count.value == 0, GROUP_HAS_USER);
    ENSURE(group.policies.count == 0 && group.own_policies.count == 0, GROUP_HAS_POLICY);
    TRY(group_path(c->who.account_id, in->group_name, &c->memory, &path));
    return call_change(c, path, NULL, NULL, revision);
}

/* ---- membership */

static size_t find_membership(const user_record *user, slice group_name) {
    for (size_t i = 0; i < user->groups.count; i++)
        if (slice_equals(user->groups.at[i].group_name, group_name)) return i;
    return SIZE_MAX;
}

typedef struct pair_of_records {
    user_record user;
    group_record group;
    uint64_t user_revision, group_revision;
} pair_of_records;

static status load_pair(call *c, slice user_name, slice group_name, pair_of_records *out) {
    TRY(user_load(c, user_name, &out->user, &out->user_revision));
    return group_load(c, group_name, &out->group, &out->group_revision);
}

static status save_pair(call *c, pair_of_records *p, int change) {
    p->group.user_count = SET_INT(p->group.user_count.value + change);
    TRY(group_save(c, &p->group, p->group_revision));
    return user_save(c, &p->user, p->user_revision);
}

status add_user_to_group_prepare(call *c, const add_user_to_group_in *in, add_user_to_group_out *out) {
    (void)out;
    pair_of_records p;
    TRY(load_pair(c, in->user_name, in->group_name, &p));
    ENSURE(find_membership(&p.user, in->group_name) == SIZE_MAX, USER_IN_GROUP);
    ENSURE(p.user.groups.count < GROUPS_OF_USER_MOST, USER_GROUP_LIMIT);
    membership_record *grown = ARENA_ARRAY(&c->memory, membership_record, p.user.groups.count + 1);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    if (p.user.groups.count) memcpy(grown, p.user.groups.at, p.user.groups.count * sizeof *grown);
    grown[p.user.groups.count++] = (membership_record){in->group_name, SET_INT(c->now_s)};
    p.user.groups.at = grown;
    return save_pair(c, &p, 1);
}

status remove_user_from_group_prepare(call *c, const remove_user_from_group_in *in, remove_user_from_group_out *out) {
    (void)out;
    pair_of_records p;
    TRY(load_pair(c, in->user_name, in->group_name, &p));
    size_t at = find_membership(&p.user, in->group_name);
    ENSURE(at != SIZE_MAX, USER_NOT_IN_GROUP);
    memmove(&p.user.groups.at[at], &p.user.groups.at[at + 1],
            (p.user.groups.count - at - 1) * sizeof *p.user.groups.at);
    p.user.groups.count--;
    return save_pair(c, &p, -1);
}

status list_groups_for_user_prepare(call *c, const list_groups_for_user_in *in, list_groups_for_user_out *out) {
    user_record user;
    TRY(user_load(c, in->user_name, &user, NULL));
    out->groups.at = ARENA_ARRAY(&c->memory, group_view, user.groups.count + 1);
    ENSURE(out->groups.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < user.groups.count; i++) {
        group_record group;
        TRY(group_load(c, user.groups.at[i].group_name, &group, NULL));
        group_view *view = &out->groups.at[out->groups.count++];
        *view = group_view_of(&group);
        view->join_date = user.groups.at[i].joined_at;
    }
    list_rest rest;
    TRY(LIST_CUT(c, out->groups, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}

typedef struct member_search {
    slice group_name;
    user_view *at;
    size_t count, most;
    bool is_truncated;
} member_search;

static status take_member(call *c, const store_row *row, void *context) {
    member_search *search = context;
    user_record user;
    OWNED(arena) memory = {0};
    ENSURE(!FAILED(shape_unpack(&user_record_shape, row->value, &memory, &user)), CORRUPT);
    size_t at = find_membership(&user, search->group_name);
    if (at == SIZE_MAX) return OK;
    search->is_truncated = search->count == search->most;
    if (search->is_truncated) return OK;
    user_view *view = &search->at[search->count++];
    *view = (user_view){.join_date = user.groups.at[at].joined_at, .create_date = user.created_at};
    TRY(arena_copy(&c->memory, user.user_id, &view->user_id));
    TRY(arena_copy(&c->memory, user.user_name, &view->user_name));
    return slice_is_absent(user.display_name) ? OK : arena_copy(&c->memory, user.display_name, &view->display_name);
}

status list_users_for_group_prepare(call *c, const list_users_for_group_in *in, list_users_for_group_out *out) {
    group_record group;
    member_search search = {.group_name = in->group_name};
    records_span span = {.is_enough = &search.is_truncated};
    search.most = in->max_items.is_set ? (size_t)in->max_items.value : 100;
    TRY(group_load(c, in->group_name, &group, NULL));
    search.at = ARENA_ARRAY(&c->memory, user_view, search.most);
    ENSURE(search.at != NULL, OUT_OF_MEMORY);
    TRY(user_prefix(c->who.account_id, &c->memory, &span.prefix));
    if (!slice_is_empty(in->marker)) TRY(ARENA_JOIN(&c->memory, &span.after, span.prefix, in->marker));
    TRY(records_walk_some(c, &span, take_member, &search));
    out->users.at = search.at, out->users.count = search.count;
    out->is_truncated = SET_BOOL(search.is_truncated);
    if (search.is_truncated) out->marker = search.at[search.count - 1].user_name;
    return new_view(c, &group, &out->group);
}
