/* RAM: policies, their versions, and who has them. */
#include "access/identity.h"
#include "access/system_policies.h"
#include "service/ram/holder.h"

static policy_view view_custom(const policy_record *p) {
    policy_view view = {.policy_name = p->policy_name,
                        .policy_type = POLICY_TYPE_CUSTOM,
                        .description = slice_is_absent(p->description) ? SLICE("") : p->description,
                        .default_version = p->default_version,
                        .attachment_count = p->attachment_count,
                        .permissions_boundary_usage_count = SET_INT(p->boundary_count.value),
                        .create_date = p->created_at,
                        .update_date = p->updated_at};
    view.tags.at = p->tags.at, view.tags.count = p->tags.count;
    return view;
}

static policy_view view_system(const system_policy *p) {
    return (policy_view){.policy_name = slice_of_text(p->name),
                         .policy_type = POLICY_TYPE_SYSTEM,
                         .description = slice_of_text(p->description),
                         .default_version = SLICE("v1")};
}

static status new_policy_view(call *c, policy_view view, policy_view **out) {
    *out = CALL_NEW(c, policy_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    **out = view;
    return OK;
}

static const policy_version_record *find_version(const policy_record *p, slice version_id) {
    for (size_t i = 0; i < p->versions.count; i++)
        if (slice_equals(p->versions.at[i].version_id, version_id)) return &p->versions.at[i];
    return NULL;
}

static policy_version_view view_version(const policy_record *p, const policy_version_record *v) {
    return (policy_version_view){.version_id = v->version_id,
                                 .is_default_version = SET_BOOL(slice_equals(v->version_id, p->default_version)),
                                 .policy_document = v->document,
                                 .create_date = v->created_at};
}

/* Shipped policies have one version. */
static policy_version_view view_system_version(const system_policy *p) {
    return (policy_version_view){
        .version_id = SLICE("v1"), .is_default_version = SET_BOOL(true), .policy_document = slice_of_text(p->document)};
}

static status find_system(slice name, const system_policy **out) {
    *out = system_policy_find(name);
    ENSURE(*out != NULL, POLICY_NOT_FOUND);
    return OK;
}

static status new_version_view(call *c, policy_version_view view, policy_version_view **out) {
    *out = CALL_NEW(c, policy_version_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    **out = view;
    return OK;
}

status policy_view_of(call *c, slice name, int type, policy_view *out) {
    if (type == POLICY_TYPE_SYSTEM) {
        const system_policy *shipped;
        TRY(find_system(name, &shipped));
        *out = view_system(shipped);
        return OK;
    }
    policy_record p;
    TRY(policy_load(c, name, &p, NULL));
    *out = view_custom(&p);
    return OK;
}

status create_policy_prepare(call *c, const create_policy_in *in, create_policy_out *out) {
    slice path, prefix;
    policy_record taken, p = {.policy_name = in->policy_name, .description = in->description};
    TRY(identity_name_check(c, in->policy_name, POLICY_NAME_MOST, "PolicyName"));
    ENSURE(system_policy_find(in->policy_name) == NULL, POLICY_EXISTS);
    TRY(policy_path(c->who.account_id, in->policy_name, &c->memory, &path));
    status found = call_load(c, path, &policy_record_shape, &taken, NULL);
    ENSURE(FAILED(found), POLICY_EXISTS);
    if (!FAILED_WITH(found, NOT_FOUND)) return found;
    size_t count;
    TRY(policy_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(records_count(c, prefix, &count));
    ENSURE(count < POLICIES_MOST, POLICY_LIMIT);
    TRY(document_check(c, in->policy_document, POLICY_IDENTITY));
    policy_version_record first = {SLICE("v1"), in->policy_document, SET_INT(c->now_s)};
    tag_set tags;
    TRY(tags_merge(c, &(tag_set){0}, NAME_TAGS(in->tag), &tags));
    p.tags.at = tags.at, p.tags.count = tags.count;
    p.versions.at = &first, p.versions.count = 1;
    p.default_version = first.version_id;
    p.next_version = SET_INT(2);
    p.attachment_count = SET_INT(0);
    p.created_at = p.updated_at = SET_INT(c->now_s);
    TRY(policy_save(c, &p, STORE_ABSENT));
    return new_policy_view(c, view_custom(&p), &out->policy);
}

static status show_policy(call *c, const policy_view *shown, const policy_version_view *version, get_policy_out *out) {
    TRY(new_policy_view(c, *shown, &out->policy));
    out->policy->policy_document = version->policy_document;
    return new_version_view(c, *version, &out->default_policy_version);
}

status get_policy_prepare(call *c, const get_policy_in *in, get_policy_out *out) {
    if (in->policy_type == POLICY_TYPE_SYSTEM) {
        const system_policy *shipped;
        TRY(find_system(in->policy_name, &shipped));
        policy_view shown = view_system(shipped);
        policy_version_view only = view_system_version(shipped);
        return show_policy(c, &shown, &only, out);
    }
    policy_record p;
    TRY(policy_load(c, in->policy_name, &p, NULL));
    const policy_version_record *version = find_version(&p, p.default_version);
    ENSURE(version != NULL, CORRUPT);
    policy_view shown = view_custom(&p);
    policy_version_view is_default = view_version(&p, version);
    return show_policy(c, &shown, &is_default, out);
}

/* System policies come first, then custom ones; the marker is "System/NAME" or "Custom/NAME" of the last one shown. */
typedef struct policy_listing {
    policy_view *at;
    size_t count, most;
    bool is_truncated;
    policy_name last; /* that was looked at */
    const name_tags *tags;
} policy_listing;

static void list_system(policy_listing *listing, slice after) {
    for (size_t i = 0; i < system_policy_count(); i++) {
        policy_view each = view_system(system_policy_at(i));
        if (!slice_is_absent(after) && slice_compare(each.policy_name, after) <= 0) continue;
        if (listing->count == listing->most) {
            listing->is_truncated = true;
            return;
        }
        listing->last = (policy_name){each.policy_name, POLICY_TYPE_SYSTEM};
        listing->at[listing->count++] = each;
    }
}

static status list_custom(call *c, policy_listing *listing, slice after_name) {
    slice prefix, after = {0};
    store_row *rows;
    size_t count, room = listing->most - listing->count;
    TRY(policy_prefix(c->who.account_id, &c->memory, &prefix));
    if (!slice_is_absent(after_name)) TRY(policy_path(c->who.account_id, after_name, &c->memory, &after));
    TRY(store_list(c->house->store, prefix, after, room + 1, &c->memory, &rows, &count));
    listing->is_truncated = count > room;
    for (size_t i = 0; i < count && i < room; i++) {
        policy_record p;
        TRY(row_unpack(c, &rows[i], &policy_record_shape, &p));
        listing->last = (policy_name){p.policy_name, POLICY_TYPE_CUSTOM};
        if (tags_match(TAG_SET(p.tags), listing->tags)) listing->at[listing->count++] = view_custom(&p);
    }
    return OK;
}

status list_policies_prepare(call *c, const list_policies_in *in, list_policies_out *out) {
    policy_listing listing = {.most = in->max_items.is_set ? (size_t)in->max_items.value : 100};
    slice after = in->marker, kind = {0};
    listing.at = ARENA_ARRAY(&c->memory, policy_view, listing.most);
    ENSURE(listing.at != NULL, OUT_OF_MEMORY);
    if (!slice_is_empty(in->marker) && (!slice_split(&after, '/', &kind) || slice_is_absent(after)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "Marker");
    bool has_tags = in->tag.count > 0; /* shipped policies have none */
    listing.tags = NAME_TAGS(in->tag);
    bool wants_system = !has_tags && in->policy_type != POLICY_TYPE_CUSTOM && !slice_equals_text(kind, "Custom");
    bool wants_custom = in->policy_type != POLICY_TYPE_SYSTEM;
    if (wants_system) list_system(&listing, slice_equals_text(kind, "System") ? after : (slice){0});
    if (wants_custom && !listing.is_truncated)
        TRY(list_custom(c, &listing, slice_equals_text(kind, "Custom") ? after : (slice){0}));
    out->policies.at = listing.at, out->policies.count = listing.count;
    out->is_truncated = SET_BOOL(listing.is_truncated);
    if (!listing.is_truncated) return OK;
    return arena_printf(&c->memory, &out->marker, "%s/%.*s", choice_text(policy_type_choices, listing.last.type),
                        SLICE_ARGS(listing.last.name));
}

status update_policy_description_prepare(call *c, const update_policy_description_in *in,
                                         update_policy_description_out *out) {
    policy_record p;
    uint64_t revision;
    TRY(policy_load(c, in->policy_name, &p, &revision));
    p.description = in->new_description;
    p.updated_at = SET_INT(c->now_s);
    TRY(policy_save(c, &p, revision));
    return new_policy_view(c, view_custom(&p), &out->policy);
}

static status refuse_for(call *c, holder *h, size_t at, void *context) {
    (void)c, (void)at, (void)context;
    if (h->kind == HOLDER_GROUP) return FAIL(POLICY_IN_USE_BY_GROUP);
    return h->kind == HOLDER_ROLE ? FAIL(POLICY_IN_USE_BY_ROLE) : FAIL(POLICY_IN_USE);
}

static status detach_from(call *c, holder *h, size_t at, void *context) {
    (void)context;
    attachment_remove(h, at);
    return holder_save(c, h);
}

status delete_policy_prepare(call *c, const delete_policy_in *in, delete_policy_out *out) {
    (void)out;
    slice path;
    policy_record p;
    uint64_t revision;
    policy_name name = {in->policy_name, POLICY_TYPE_CUSTOM};
    TRY(policy_load(c, in->policy_name, &p, &revision));
    bool cascades = in->cascading_delete.value;
    ENSURE(p.boundary_count.value == 0, POLICY_IN_USE_AS_BOUNDARY); /* taking a bound away is no part of tidying up */
    if (p.attachment_count.value > 0) TRY(holders_walk(c, &name, cascades ? detach_from : refuse_for, NULL));
    ENSURE(p.versions.count == 1 || cascades, POLICY_HAS_VERSIONS);
    TRY(policy_path(c->who.account_id, in->policy_name, &c->memory, &path));
    return call_change(c, path, NULL, NULL, revision);
}

/* ---- versions */

static void drop_version(policy_record *p, const policy_version_record *version) {
    size_t at = (size_t)(version - p->versions.at);
    memmove(&p->versions.at[at], &p->versions.at[at + 1], (p->versions.count - at - 1) * sizeof *p->versions.at);
    p->versions.count--;
}

static status make_room(const create_policy_version_in *in, policy_record *p) {
    if (p->versions.count < POLICY_VERSIONS_MOST) return OK;
    ENSURE(in->rotate_strategy == ROTATE_STRATEGY_DELETE_OLDEST_NON_DEFAULT_VERSION_WHEN_LIMIT_EXCEEDED,
           POLICY_VERSION_LIMIT);
    for (size_t i = 0; i < p->versions.count; i++) {
        if (slice_equals(p->versions.at[i].version_id, p->default_version)) continue;
        drop_version(p, &p->versions.at[i]);
        return OK;
    }
    return FAIL(POLICY_VERSION_LIMIT);
}

status create_policy_version_prepare(call *c, const create_policy_version_in *in, create_policy_version_out *out) {
    policy_record p;
    uint64_t revision;
    TRY(policy_load(c, in->policy_name, &p, &revision));
    TRY(document_check(c, in->policy_document, POLICY_IDENTITY));
    TRY(make_room(in, &p));
    policy_version_record *grown = ARENA_ARRAY(&c->memory, policy_version_record, p.versions.count + 1);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    memcpy(grown, p.versions.at, p.versions.count * sizeof *grown);
    policy_version_record *added = &grown[p.versions.count++];
    p.versions.at = grown;
    *added = (policy_version_record){.document = in->policy_document, .created_at = SET_INT(c->now_s)};
    TRY(arena_printf(&c->memory, &added->version_id, "v%lld", (long long)p.next_version.value));
    p.next_version.value++;
    p.updated_at = SET_INT(c->now_s);
    if (in->set_as_default.value) p.default_version = added->version_id;
    TRY(policy_save(c, &p, revision));
    return new_version_view(c, view_version(&p, added), &out->policy_version);
}

status get_policy_version_prepare(call *c, const get_policy_version_in *in, get_policy_version_out *out) {
    if (in->policy_type == POLICY_TYPE_SYSTEM) {
        const system_policy *shipped;
        TRY(find_system(in->policy_name, &shipped));
        ENSURE(slice_equals_text(in->version_id, "v1"), POLICY_VERSION_NOT_FOUND);
        return new_version_view(c, view_system_version(shipped), &out->policy_version);
    }
    policy_record p;
    TRY(policy_load(c, in->policy_name, &p, NULL));
    const policy_version_record *version = find_version(&p, in->version_id);
    ENSURE(version != NULL, POLICY_VERSION_NOT_FOUND);
    return new_version_view(c, view_version(&p, version), &out->policy_version);
}

status list_policy_versions_prepare(call *c, const list_policy_versions_in *in, list_policy_versions_out *out) {
    out->policy_versions.at = ARENA_ARRAY(&c->memory, policy_version_view, POLICY_VERSIONS_MOST);
    ENSURE(out->policy_versions.at != NULL, OUT_OF_MEMORY);
    if (in->policy_type == POLICY_TYPE_SYSTEM) {
        const system_policy *shipped;
        TRY(find_system(in->policy_name, &shipped));
        out->policy_versions.at[out->policy_versions.count++] = view_system_version(shipped);
        if (call_speaks_aws(c)) out->is_truncated = SET_BOOL(false);
        return OK;
    }
    policy_record p;
    TRY(policy_load(c, in->policy_name, &p, NULL));
    for (size_t i = 0; i < p.versions.count && i < POLICY_VERSIONS_MOST; i++)
        out->policy_versions.at[out->policy_versions.count++] = view_version(&p, &p.versions.at[i]);
    list_rest rest;
    TRY(LIST_CUT(c, out->policy_versions, &rest));
    out->is_truncated = rest.is_truncated, out->marker = rest.marker;
    return OK;
}

status delete_policy_version_prepare(call *c, const delete_policy_version_in *in, delete_policy_version_out *out) {
    (void)out;
    policy_record p;
    uint64_t revision;
    TRY(policy_load(c, in->policy_name, &p, &revision));
    const policy_version_record *version = find_version(&p, in->version_id);
    ENSURE(version != NULL, POLICY_VERSION_NOT_FOUND);
    ENSURE(!slice_equals(in->version_id, p.default_version), POLICY_VERSION_DEFAULT);
    drop_version(&p, version);
    return policy_save(c, &p, revision);
}

status set_default_policy_version_prepare(call *c, const set_default_policy_version_in *in,
                                          set_default_policy_version_out *out) {
    (void)out;
    policy_record p;
    uint64_t revision;
    TRY(policy_load(c, in->policy_name, &p, &revision));
    ENSURE(find_version(&p, in->version_id) != NULL, POLICY_VERSION_NOT_FOUND);
    p.default_version = in->version_id;
    p.updated_at = SET_INT(c->now_s);
    return policy_save(c, &p, revision);
}
