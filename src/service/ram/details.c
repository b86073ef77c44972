/* RAM: users, groups, roles and policies with all that says what they may do, one kind after the other. The marker is "KIND/NAME" of the
 * last one shown. */
#include "access/system_policies.h"
#include "service/ram/holder.h"

enum { DETAILS_DEFAULT = 100 };

/* In the order they are listed. */
enum detail_kind { DETAIL_USER, DETAIL_GROUP, DETAIL_ROLE, DETAIL_CUSTOM, DETAIL_SYSTEM, DETAIL_KINDS };

typedef struct detailing {
    get_account_authorization_details_out *out;
    size_t most, shown;
    bool is_wanted[DETAIL_KINDS];
    int from;    /* the marker's kind */
    slice after; /* …and name; absent: from the start */
    int last_kind;
    slice last;
} detailing;

static const char *const WORDS[DETAIL_KINDS] = {"User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy"};

static int kind_find(slice word) {
    for (int i = 0; i < DETAIL_KINDS; i++)
        if (slice_equals_text(word, WORDS[i])) return i;
    return -1;
}

static status read_wishes(call *c, const get_account_authorization_details_in *in, detailing *d) {
    slice rest = in->marker, word;
    for (int i = 0; i < DETAIL_KINDS; i++) d->is_wanted[i] = in->filter.count == 0;
    for (size_t i = 0; i < in->filter.count; i++) {
        int kind = kind_find(in->filter.at[i]);
        if (kind < 0) return call_refuse(c, FAIL(INVALID_PARAMETER), "Filter");
        d->is_wanted[kind] = true;
    }
    d->most = in->max_items.is_set ? (size_t)in->max_items.value : DETAILS_DEFAULT;
    if (slice_is_empty(in->marker)) return OK;
    d->from = slice_split(&rest, '/', &word) ? kind_find(word) : -1;
    if (d->from < 0 || slice_is_absent(rest)) return call_refuse(c, FAIL(INVALID_PARAMETER), "Marker");
    d->after = rest;
    return OK;
}

/* ---- what holders share */

typedef struct held {
    attachments attached;
    inline_policies own;
} held;

static status show_attached(call *c, attachments from, policy_view **at, size_t *count) {
    *at = ARENA_ARRAY(&c->memory, policy_view, from.count + 1);
    ENSURE(*at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < from.count; i++)
        TRY(policy_view_of(c, from.at[i].policy_name, from.at[i].policy_type, &(*at)[i]));
    *count = from.count;
    return OK;
}

static status show_own(call *c, inline_policies from, own_policy_view **at, size_t *count) {
    *at = ARENA_ARRAY(&c->memory, own_policy_view, from.count + 1);
    ENSURE(*at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < from.count; i++) (*at)[i] = (own_policy_view){from.at[i].policy_name, from.at[i].document};
    *count = from.count;
    return OK;
}

static status add_user(call *c, detailing *d, const store_row *row) {
    holder h = {.kind = HOLDER_USER};
    user_detail *to = &d->out->user_detail_list.at[d->out->user_detail_list.count];
    TRY(row_unpack(c, row, &user_record_shape, &h.user));
    *to = (user_detail){.user_name = h.user.user_name, .user_id = h.user.user_id, .create_date = h.user.created_at};
    to->tags.at = h.user.tags.at, to->tags.count = h.user.tags.count;
    TRY(arn_principal_user(c->who.account_id, h.user.user_name, &c->memory, &to->arn));
    TRY(show_own(c, inline_of(&h), &to->user_policy_list.at, &to->user_policy_list.count));
    TRY(show_attached(c, attachments_of(&h), &to->attached_managed_policies.at, &to->attached_managed_policies.count));
    TRY(boundary_view_of(c, h.user.boundary, &to->permissions_boundary));
    to->group_list.at = ARENA_ARRAY(&c->memory, slice, h.user.groups.count + 1);
    ENSURE(to->group_list.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < h.user.groups.count; i++)
        to->group_list.at[to->group_list.count++] = h.user.groups.at[i].group_name;
    d->last = h.user.user_name;
    d->out->user_detail_list.count++;
    return OK;
}

static status add_group(call *c, detailing *d, const store_row *row) {
    holder h = {.kind = HOLDER_GROUP};
    group_detail *to = &d->out->group_detail_list.at[d->out->group_detail_list.count];
    TRY(row_unpack(c, row, &group_record_shape, &h.group));
    *to = (group_detail){.group_name = h.group.group_name, .group_id = h.group.group_id};
    to->create_date = h.group.created_at;
    TRY(arn_group(c->who.account_id, h.group.group_name, &c->memory, &to->arn));
    TRY(show_own(c, inline_of(&h), &to->group_policy_list.at, &to->group_policy_list.count));
    TRY(show_attached(c, attachments_of(&h), &to->attached_managed_policies.at, &to->attached_managed_policies.count));
    d->last = h.group.group_name;
    d->out->group_detail_list.count++;
    return OK;
}

static status add_role(call *c, detailing *d, const store_row *row) {
    holder h = {.kind = HOLDER_ROLE};
    role_detail *to = &d->out->role_detail_list.at[d->out->role_detail_list.count];
    TRY(row_unpack(c, row, &role_record_shape, &h.role));
    *to = (role_detail){.role_name = h.role.role_name, .role_id = h.role.role_id, .create_date = h.role.created_at};
    to->assume_role_policy_document = h.role.trust_policy;
    to->tags.at = h.role.tags.at, to->tags.count = h.role.tags.count;
    TRY(arn_principal_role(c->who.account_id, h.role.role_name, &c->memory, &to->arn));
    TRY(show_own(c, inline_of(&h), &to->role_policy_list.at, &to->role_policy_list.count));
    TRY(show_attached(c, attachments_of(&h), &to->attached_managed_policies.at, &to->attached_managed_policies.count));
    TRY(boundary_view_of(c, h.role.boundary, &to->permissions_boundary));
    d->last = h.role.role_name;
    d->out->role_detail_list.count++;
    return OK;
}

/* ---- policies */

static status add_custom(call *c, detailing *d, const store_row *row) {
    policy_record p;
    policy_detail *to = &d->out->policies.at[d->out->policies.count];
    TRY(row_unpack(c, row, &policy_record_shape, &p));
    *to = (policy_detail){.policy_name = p.policy_name, .description = p.description};
    to->policy_id = p.policy_name;
    to->default_version_id = p.default_version;
    to->attachment_count = p.attachment_count;
    to->permissions_boundary_usage_count = SET_INT(p.boundary_count.value);
    to->is_attachable = SET_BOOL(true);
    to->create_date = p.created_at, to->update_date = p.updated_at;
    TRY(arn_policy(c->who.account_id, p.policy_name, &c->memory, &to->arn));
    to->policy_version_list.at = ARENA_ARRAY(&c->memory, policy_version_view, p.versions.count + 1);
    ENSURE(to->policy_version_list.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < p.versions.count; i++) {
        const policy_version_record *v = &p.versions.at[i];
        bool is_default = slice_equals(v->version_id, p.default_version);
        to->policy_version_list.at[to->policy_version_list.count++] =
            (policy_version_view){v->version_id, SET_BOOL(is_default), v->document, v->created_at};
    }
    d->last = p.policy_name;
    d->out->policies.count++;
    return OK;
}

static status add_system(call *c, detailing *d, const system_policy *p) {
    policy_detail *to = &d->out->policies.at[d->out->policies.count++];
    *to = (policy_detail){.policy_name = slice_of_text(p->name), .description = slice_of_text(p->description)};
    to->policy_id = to->policy_name;
    to->default_version_id = SLICE("v1");
    to->is_attachable = SET_BOOL(true);
    TRY(arn_policy(SLICE("system"), to->policy_name, &c->memory, &to->arn));
    to->policy_version_list.at = CALL_NEW(c, policy_version_view);
    ENSURE(to->policy_version_list.at != NULL, OUT_OF_MEMORY);
    to->policy_version_list.at[to->policy_version_list.count++] = (policy_version_view){
        .version_id = SLICE("v1"), .is_default_version = SET_BOOL(true), .policy_document = slice_of_text(p->document)};
    d->last = to->policy_name;
    return OK;
}

/* ---- one kind after the other */

static status prefix_of(call *c, int kind, slice *out) {
    if (kind == DETAIL_USER) return user_prefix(c->who.account_id, &c->memory, out);
    if (kind == DETAIL_GROUP) return group_prefix(c->who.account_id, &c->memory, out);
    return kind == DETAIL_ROLE ? role_prefix(c->who.account_id, &c->memory, out)
                               : policy_prefix(c->who.account_id, &c->memory, out);
}

static status list_records(call *c, detailing *d, int kind, slice after) {
    typedef status adder(call *, detailing *, const store_row *);
    static adder *const ADDERS[] = {add_user, add_group, add_role, add_custom};
    record_page shown;
    page_wish wish = {.marker = after, .most = SET_INT((int64_t)(d->most - d->shown))};
    TRY(prefix_of(c, kind, &wish.prefix));
    TRY(page_read(c, &wish, &shown));
    for (size_t i = 0; i < shown.count; i++) TRY(ADDERS[kind](c, d, &shown.rows[i]));
    d->shown += shown.count;
    if (shown.count) d->last_kind = kind;
    d->out->is_truncated = SET_BOOL(shown.is_truncated);
    return OK;
}

static status list_shipped(call *c, detailing *d, slice after) {
    for (size_t i = 0; i < system_policy_count(); i++) {
        const system_policy *each = system_policy_at(i);
        if (!slice_is_empty(after) && slice_compare(slice_of_text(each->name), after) <= 0) continue;
        d->out->is_truncated = SET_BOOL(d->shown == d->most);
        if (d->shown == d->most) return OK;
        TRY(add_system(c, d, each));
        d->shown++;
        d->last_kind = DETAIL_SYSTEM;
    }
    return OK;
}

/* A page that is full before the last kind may have nothing behind it: the next one is empty then. */
static status list_all(call *c, detailing *d) {
    d->out->is_truncated = SET_BOOL(false);
    for (int kind = d->from; kind < DETAIL_KINDS; kind++) {
        slice after = kind == d->from ? d->after : (slice){0};
        if (!d->is_wanted[kind]) continue;
        if (d->shown == d->most) d->out->is_truncated = SET_BOOL(true);
        if (d->out->is_truncated.value) return OK;
        TRY(kind == DETAIL_SYSTEM ? list_shipped(c, d, after) : list_records(c, d, kind, after));
    }
    return OK;
}

status get_account_authorization_details_prepare(call *c, const get_account_authorization_details_in *in,
                                                 get_account_authorization_details_out *out) {
    detailing d = {.out = out};
    TRY(read_wishes(c, in, &d));
    out->user_detail_list.at = ARENA_ARRAY(&c->memory, user_detail, d.most);
    out->group_detail_list.at = ARENA_ARRAY(&c->memory, group_detail, d.most);
    out->role_detail_list.at = ARENA_ARRAY(&c->memory, role_detail, d.most);
    out->policies.at = ARENA_ARRAY(&c->memory, policy_detail, d.most);
    bool has_room =
        out->user_detail_list.at && out->group_detail_list.at && out->role_detail_list.at && out->policies.at;
    ENSURE(has_room, OUT_OF_MEMORY);
    TRY(list_all(c, &d));
    if (!out->is_truncated.value) return OK;
    return arena_printf(&c->memory, &out->marker, "%s/%.*s", WORDS[d.last_kind], SLICE_ARGS(d.last));
}
