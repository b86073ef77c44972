/* RAM: policies of a user's, group's or role's own, which stand in its record and are nobody else's. */
#include "service/ram/holder.h"

/* How much text without blanks all of them together may have, as AWS counts it. */
static size_t bytes_most(enum holder_kind kind) {
    static const size_t MOST[] = {[HOLDER_USER] = 2048, [HOLDER_GROUP] = 5120, [HOLDER_ROLE] = 10240};
    return MOST[kind];
}

enum { OWN_POLICIES_MOST = 10 }; /* IDENTITY_POLICIES_MOST has room for those of a user and of its groups */

static size_t bytes_counted(slice document) {
    size_t count = 0;
    for (size_t i = 0; i < document.len; i++)
        count += document.at[i] != ' ' && document.at[i] != '\t' && document.at[i] != '\n' && document.at[i] != '\r';
    return count;
}

static size_t find(inline_policies list, slice name) {
    for (size_t i = 0; i < list.count; i++)
        if (slice_equals(list.at[i].policy_name, name)) return i;
    return SIZE_MAX;
}

/* In the order of their names, which pages go by. */
static status insert(call *c, inline_policies list, const inline_policy_record *added, inline_policies *out) {
    inline_policies grown = {ARENA_ARRAY(&c->memory, inline_policy_record, list.count + 1), 0};
    ENSURE(grown.at != NULL, OUT_OF_MEMORY);
    bool is_in = false;
    for (size_t i = 0; i < list.count; i++) {
        int order = slice_compare(list.at[i].policy_name, added->policy_name);
        if (order >= 0 && !is_in) grown.at[grown.count++] = *added;
        is_in |= order >= 0;
        if (order != 0) grown.at[grown.count++] = list.at[i];
    }
    if (!is_in) grown.at[grown.count++] = *added;
    *out = grown;
    return OK;
}

typedef struct named {
    enum holder_kind kind;
    slice holder, policy;
} named;

static status put(call *c, const named *n, slice document) {
    holder h;
    inline_policies list;
    size_t bytes = 0;
    TRY(identity_name_check(c, n->policy, POLICY_NAME_MOST, "PolicyName"));
    TRY(holder_load(c, n->kind, n->holder, &h));
    TRY(insert(c, inline_of(&h), &(inline_policy_record){n->policy, document}, &list));
    for (size_t i = 0; i < list.count; i++) bytes += bytes_counted(list.at[i].document);
    if (list.count > OWN_POLICIES_MOST) return call_refuse(c, FAIL(INLINE_LIMIT), "%d policies.", OWN_POLICIES_MOST);
    if (bytes > bytes_most(n->kind)) return call_refuse(c, FAIL(INLINE_LIMIT), "%zu characters.", bytes_most(n->kind));
    TRY(document_check(c, document, POLICY_IDENTITY));
    inline_set(&h, list);
    return holder_save(c, &h);
}

static status get(call *c, const named *n, slice *document) {
    holder h;
    TRY(holder_load(c, n->kind, n->holder, &h));
    size_t at = find(inline_of(&h), n->policy);
    ENSURE(at != SIZE_MAX, INLINE_NOT_FOUND);
    *document = inline_of(&h).at[at].document;
    return OK;
}

static status drop(call *c, const named *n) {
    holder h;
    TRY(holder_load(c, n->kind, n->holder, &h));
    inline_policies list = inline_of(&h);
    size_t at = find(list, n->policy);
    ENSURE(at != SIZE_MAX, INLINE_NOT_FOUND);
    memmove(&list.at[at], &list.at[at + 1], (list.count - at - 1) * sizeof *list.at);
    list.count--;
    inline_set(&h, list);
    return holder_save(c, &h);
}

/* ---- pages of names */

typedef struct listing {
    slice marker;
    maybe_int most;
    slice_list names;
    bool is_truncated;
    slice last;
} listing;

static status list(call *c, const named *n, listing *l) {
    enum { PAGE = 100 };
    holder h;
    TRY(holder_load(c, n->kind, n->holder, &h));
    inline_policies held = inline_of(&h);
    size_t most = l->most.is_set ? (size_t)l->most.value : PAGE;
    l->names.at = ARENA_ARRAY(&c->memory, slice, held.count + 1);
    ENSURE(l->names.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < held.count; i++) {
        slice name = held.at[i].policy_name;
        if (!slice_is_empty(l->marker) && slice_compare(name, l->marker) <= 0) continue;
        l->is_truncated = l->names.count == most;
        if (l->is_truncated) break;
        l->last = l->names.at[l->names.count++] = name;
    }
    return OK;
}

/* ---- users */

status put_user_policy_prepare(call *c, const put_user_policy_in *in, put_user_policy_out *out) {
    (void)out;
    return put(c, &(named){HOLDER_USER, in->user_name, in->policy_name}, in->policy_document);
}

status get_user_policy_prepare(call *c, const get_user_policy_in *in, get_user_policy_out *out) {
    TRY(get(c, &(named){HOLDER_USER, in->user_name, in->policy_name}, &out->policy_document));
    out->user_name = in->user_name;
    out->policy_name = in->policy_name;
    return OK;
}

status list_user_policies_prepare(call *c, const list_user_policies_in *in, list_user_policies_out *out) {
    listing l = {.marker = in->marker, .most = in->max_items};
    TRY(list(c, &(named){HOLDER_USER, in->user_name, {0}}, &l));
    out->policy_names = l.names;
    out->is_truncated = SET_BOOL(l.is_truncated);
    if (l.is_truncated) out->marker = l.last;
    return OK;
}

status delete_user_policy_prepare(call *c, const delete_user_policy_in *in, delete_user_policy_out *out) {
    (void)out;
    return drop(c, &(named){HOLDER_USER, in->user_name, in->policy_name});
}

/* ---- groups */

status put_group_policy_prepare(call *c, const put_group_policy_in *in, put_group_policy_out *out) {
    (void)out;
    return put(c, &(named){HOLDER_GROUP, in->group_name, in->policy_name}, in->policy_document);
}

status get_group_policy_prepare(call *c, const get_group_policy_in *in, get_group_policy_out *out) {
    TRY(get(c, &(named){HOLDER_GROUP, in->group_name, in->policy_name}, &out->policy_document));
    out->group_name = in->group_name;
    out->policy_name = in->policy_name;
    return OK;
}

status list_group_policies_prepare(call *c, const list_group_policies_in *in, list_group_policies_out *out) {
    listing l = {.marker = in->marker, .most = in->max_items};
    TRY(list(c, &(named){HOLDER_GROUP, in->group_name, {0}}, &l));
    out->policy_names = l.names;
    out->is_truncated = SET_BOOL(l.is_truncated);
    if (l.is_truncated) out->marker = l.last;
    return OK;
}

status delete_group_policy_prepare(call *c, const delete_group_policy_in *in, delete_group_policy_out *out) {
    (void)out;
    return drop(c, &(named){HOLDER_GROUP, in->group_name, in->policy_name});
}

/* ---- roles */

status put_role_policy_prepare(call *c, const put_role_policy_in *in, put_role_policy_out *out) {
    (void)out;
    return put(c, &(named){HOLDER_ROLE, in->role_name, in->policy_name}, in->policy_document);
}

status get_role_policy_prepare(call *c, const get_role_policy_in *in, get_role_policy_out *out) {
    TRY(get(c, &(named){HOLDER_ROLE, in->role_name, in->policy_name}, &out->policy_document));
    out->role_name = in->role_name;
    out->policy_name = in->policy_name;
    return OK;
}

status list_role_policies_prepare(call *c, const list_role_policies_in *in, list_role_policies_out *out) {
    listing l = {.marker = in->marker, .most = in->max_items};
    TRY(list(c, &(named){HOLDER_ROLE, in->role_name, {0}}, &l));
    out->policy_names = l.names;
    out->is_truncated = SET_BOOL(l.is_truncated);
    if (l.is_truncated) out->marker = l.last;
    return OK;
}

status delete_role_policy_prepare(call *c, const delete_role_policy_in *in, delete_role_policy_out *out) {
    (void)out;
    return drop(c, &(named){HOLDER_ROLE, in->role_name, in->policy_name});
}
