/* Names, ids, records and pages of the RAM handlers. */
#include "access/arn_twin.h"
#include "access/system_policies.h"
#include "crypto/random.h"
#include "service/account/break_glass.h"
#include "service/ram/ram.h"

enum { PAGE_DEFAULT = 100 };

bool identity_text_has_only(slice text, const char *further) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_plain && (c == 0 || !strchr(further, c))) return false;
    }
    return true;
}

bool identity_name_is_valid(slice name, size_t bytes_most) {
    return identity_text_has_only(name, "+=,.@_-") && name.len >= 1 && name.len <= bytes_most;
}

status identity_name_check(call *c, slice name, size_t bytes_most, const char *field_name) {
    return identity_name_is_valid(name, bytes_most) ? OK : call_refuse(c, FAIL(INVALID_PARAMETER), "%s", field_name);
}

bool identity_is_here(slice text, const arn *parts) {
    bool is_session = slice_starts_with(parts->relative, SLICE("assumed-role/"));
    slice theirs = is_session ? SLICE("arn:aws:sts:") : SLICE("arn:aws:iam:");
    bool is_here = slice_starts_with(text, SLICE("acs:")) || slice_starts_with(text, theirs);
    bool is_everywhere = parts->region.len == 0 || slice_equals_text(parts->region, "*");
    return is_here && is_everywhere && slice_equals_text(parts->service, "ram");
}

status identity_refer(call *c, slice text, const char *kind, identity_reference *out) {
    arn parts;
    slice whole;
    bool is_arn = slice_starts_with(text, SLICE("acs:")) || slice_starts_with(text, SLICE("arn:"));
    if (!is_arn) {
        *out = (identity_reference){c->who.account_id, text, true};
        return OK;
    }
    status told = arn_canonical(text, &c->memory, &whole);
    if (FAILED_WITH(told, OUT_OF_MEMORY)) return told;
    ENSURE(!FAILED(told) && !FAILED(arn_parse(whole, &parts)), INVALID_PARAMETER);
    ENSURE(identity_is_here(text, &parts) && slice_starts_with(parts.relative, slice_of_text(kind)), INVALID_PARAMETER);
    *out = (identity_reference){.account = parts.account, .name = slice_skip(parts.relative, strlen(kind))};
    out->is_own = slice_equals(parts.account, c->who.account_id);
    return OK;
}

status identity_id_new(call *c, char first, slice *out) {
    uint64_t number;
    TRY(random_fill((uint8_t *)&number, sizeof number));
    return arena_printf(&c->memory, out, "%c%017llu", first, (unsigned long long)(number % 100000000000000000ULL));
}

/* ---- records */

status user_load(call *c, slice name, user_record *out, uint64_t *revision) {
    slice path;
    if (slice_is_absent(name)) name = c->who.user_name;
    ENSURE(!slice_is_absent(name) || c->who.is_root, USER_NOT_FOUND); /* a role is no user */
    TRY(user_path(c->who.account_id, name, &c->memory, &path));
    status loaded = call_load(c, path, &user_record_shape, out, revision);
    return FAILED_WITH(loaded, NOT_FOUND) ? FAIL(USER_NOT_FOUND) : loaded;
}

status user_save(call *c, const user_record *user, uint64_t revision) {
    slice path;
    TRY(user_path(c->who.account_id, user->user_name, &c->memory, &path));
    return call_change(c, path, &user_record_shape, user, revision);
}

status group_load(call *c, slice name, group_record *out, uint64_t *revision) {
    slice path;
    TRY(group_path(c->who.account_id, name, &c->memory, &path));
    status loaded = call_load(c, path, &group_record_shape, out, revision);
    return FAILED_WITH(loaded, NOT_FOUND) ? FAIL(GROUP_NOT_FOUND) : loaded;
}

status group_save(call *c, const group_record *group, uint64_t revision) {
    slice path;
    TRY(group_path(c->who.account_id, group->group_name, &c->memory, &path));
    return call_change(c, path, &group_record_shape, group, revision);
}

status role_load(call *c, slice name, role_record *out, uint64_t *revision) {
    slice path;
    TRY(role_path(call_account(c), name, &c->memory, &path));
    status loaded = call_load(c, path, &role_record_shape, out, revision);
    return FAILED_WITH(loaded, NOT_FOUND) ? FAIL(ROLE_NOT_FOUND) : loaded;
}

status role_save(call *c, const role_record *role, uint64_t revision) {
    slice path;
    TRY(break_glass_spare(c, role->role_name));
    TRY(role_path(c->who.account_id, role->role_name, &c->memory, &path));
    return call_change(c, path, &role_record_shape, role, revision);
}

status policy_load(call *c, slice name, policy_record *out, uint64_t *revision) {
    slice path;
    TRY(policy_path(c->who.account_id, name, &c->memory, &path));
    status loaded = call_load(c, path, &policy_record_shape, out, revision);
    if (FAILED_WITH(loaded, NOT_FOUND)) return system_policy_find(name) ? FAIL(POLICY_SYSTEM) : FAIL(POLICY_NOT_FOUND);
    return loaded;
}

status policy_save(call *c, const policy_record *p, uint64_t revision) {
    slice path;
    TRY(policy_path(c->who.account_id, p->policy_name, &c->memory, &path));
    return call_change(c, path, &policy_record_shape, p, revision);
}

status policy_count(call *c, slice name, int type, int change) {
    if (type == POLICY_TYPE_SYSTEM) {
        ENSURE(system_policy_find(name) != NULL, POLICY_NOT_FOUND);
        return OK;
    }
    policy_record p;
    uint64_t revision;
    TRY(policy_load(c, name, &p, &revision));
    p.attachment_count = SET_INT(p.attachment_count.value + change);
    return policy_save(c, &p, revision);
}

/* ---- views */

status user_view_of(call *c, const user_record *user, user_view *out) {
    user_view view = {.user_id = user->user_id,
                      .user_name = user->user_name,
                      .display_name = user->display_name,
                      .comments = user->comments,
                      .email = user->email,
                      .mobile_phone = user->mobile_phone,
                      .create_date = user->created_at,
                      .update_date = user->updated_at,
                      .last_login_date = user->last_login_at};
    view.tags.at = user->tags.at, view.tags.count = user->tags.count;
    TRY(boundary_view_of(c, user->boundary, &view.permissions_boundary));
    *out = view;
    return OK;
}

group_view group_view_of(const group_record *group) {
    return (group_view){.group_id = group->group_id,
                        .group_name = group->group_name,
                        .comments = group->comments,
                        .create_date = group->created_at,
                        .update_date = group->updated_at};
}

status role_view_of(call *c, const role_record *role, role_view *out) {
    role_view view = {.role_id = role->role_id,
                      .role_name = role->role_name,
                      .description = role->description,
                      .assume_role_policy_document = role->trust_policy,
                      .max_session_duration = role->max_session_duration,
                      .create_date = role->created_at,
                      .update_date = role->updated_at};
    view.tags.at = role->tags.at, view.tags.count = role->tags.count;
    TRY(arn_principal_role(c->who.account_id, role->role_name, &c->memory, &view.arn));
    TRY(boundary_view_of(c, role->boundary, &view.permissions_boundary));
    *out = view;
    return OK;
}

/* ---- pages */

status page_read(call *c, const page_wish *wish, record_page *out) {
    record_page found = {0};
    slice after = {0};
    size_t most = wish->most.is_set ? (size_t)wish->most.value : PAGE_DEFAULT;
    if (!slice_is_empty(wish->marker))
        TRY(arena_printf(&c->memory, &after, "%.*s%.*s", SLICE_ARGS(wish->prefix), SLICE_ARGS(wish->marker)));
    TRY(store_list(c->house->store, wish->prefix, after, most + 1, &c->memory, &found.rows, &found.count));
    found.is_truncated = found.count > most;
    if (found.is_truncated) found.count = most;
    *out = found;
    return OK;
}

status list_cut(call *c, const list_wish *wish, shape_list *list, size_t element_bytes, list_rest *out) {
    int64_t skipped = 0;
    bool is_number = slice_is_empty(wish->marker) || slice_to_i64(wish->marker, &skipped);
    if (!is_number || skipped < 0 || skipped > (int64_t)list->count)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "Marker");
    size_t left = list->count - (size_t)skipped;
    bool is_cut = wish->most.is_set && (size_t)wish->most.value < left;
    list->at = (uint8_t *)list->at + (size_t)skipped * element_bytes;
    list->count = is_cut ? (size_t)wish->most.value : left;
    *out = (list_rest){0};
    if (is_cut || call_speaks_aws(c)) out->is_truncated = SET_BOOL(is_cut);
    return is_cut ? arena_printf(&c->memory, &out->marker, "%lld", (long long)(skipped + wish->most.value)) : OK;
}

status row_unpack(call *c, const store_row *row, const shape *record, void *out) {
    ENSURE(!FAILED(shape_unpack(record, row->value, &c->memory, out)), CORRUPT);
    return OK;
}
