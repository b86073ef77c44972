/* Holders of policies. */
#include "service/ram/holder.h"

attachments attachments_of(const holder *h) {
    switch (h->kind) {
    case HOLDER_USER: return (attachments){h->user.policies.at, h->user.policies.count};
    case HOLDER_GROUP: return (attachments){h->group.policies.at, h->group.policies.count};
    case HOLDER_ROLE: return (attachments){h->role.policies.at, h->role.policies.count};
    }
    return (attachments){0};
}

void attachments_set(holder *h, attachments list) {
    switch (h->kind) {
    case HOLDER_USER: h->user.policies.at = list.at, h->user.policies.count = list.count; break;
    case HOLDER_GROUP: h->group.policies.at = list.at, h->group.policies.count = list.count; break;
    case HOLDER_ROLE: h->role.policies.at = list.at, h->role.policies.count = list.count; break;
    }
}

inline_policies inline_of(const holder *h) {
    switch (h->kind) {
    case HOLDER_USER: return (inline_policies){h->user.own_policies.at, h->user.own_policies.count};
    case HOLDER_GROUP: return (inline_policies){h->group.own_policies.at, h->group.own_policies.count};
    case HOLDER_ROLE: return (inline_policies){h->role.own_policies.at, h->role.own_policies.count};
    }
    return (inline_policies){0};
}

void inline_set(holder *h, inline_policies list) {
    switch (h->kind) {
    case HOLDER_USER: h->user.own_policies.at = list.at, h->user.own_policies.count = list.count; break;
    case HOLDER_GROUP: h->group.own_policies.at = list.at, h->group.own_policies.count = list.count; break;
    case HOLDER_ROLE: h->role.own_policies.at = list.at, h->role.own_policies.count = list.count; break;
    }
}

status holder_load(call *c, enum holder_kind kind, slice name, holder *out) {
    out->kind = kind;
    switch (kind) {
    case HOLDER_USER: return user_load(c, name, &out->user, &out->revision);
    case HOLDER_GROUP: return group_load(c, name, &out->group, &out->revision);
    case HOLDER_ROLE: return role_load(c, name, &out->role, &out->revision);
    }
    return FAIL(INTERNAL);
}

status holder_save(call *c, const holder *h) {
    switch (h->kind) {
    case HOLDER_USER: return user_save(c, &h->user, h->revision);
    case HOLDER_GROUP: return group_save(c, &h->group, h->revision);
    case HOLDER_ROLE: return role_save(c, &h->role, h->revision);
    }
    return FAIL(INTERNAL);
}

size_t attachment_find(attachments list, const policy_name *p) {
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].policy_type == p->type && slice_equals(list.at[i].policy_name, p->name)) return i;
    return SIZE_MAX;
}

void attachment_remove(holder *h, size_t at) {
    attachments list = attachments_of(h);
    memmove(&list.at[at], &list.at[at + 1], (list.count - at - 1) * sizeof *list.at);
    list.count--;
    attachments_set(h, list);
}

const attachment_record *boundary_of(const holder *h) {
    if (h->kind == HOLDER_USER) return h->user.boundary;
    return h->kind == HOLDER_ROLE ? h->role.boundary : NULL;
}

bool boundary_is(const attachment_record *present, const policy_name *p) {
    return present && present->policy_type == p->type && slice_equals(present->policy_name, p->name);
}

/* ---- all holders of a policy */

typedef struct search {
    enum holder_kind kind;
    const policy_name *wanted;
    holder_visitor *visit;
    void *context;
} search;

static const shape *shape_of(enum holder_kind kind) {
    if (kind == HOLDER_USER) return &user_record_shape;
    return kind == HOLDER_GROUP ? &group_record_shape : &role_record_shape;
}

static void *record_of(holder *h) {
    if (h->kind == HOLDER_USER) return &h->user;
    return h->kind == HOLDER_GROUP ? (void *)&h->group : (void *)&h->role;
}

static bool has_it(const holder *h, const policy_name *p) {
    return attachment_find(attachments_of(h), p) != SIZE_MAX || boundary_is(boundary_of(h), p);
}

/* Most hold something else: only a record that matters is copied into the call's memory. */
static status look_at(call *c, const store_row *row, void *context) {
    const search *s = context;
    OWNED(arena) memory = {0};
    holder passing = {.kind = s->kind}, found = {.kind = s->kind, .revision = row->revision};
    ENSURE(!FAILED(shape_unpack(shape_of(s->kind), row->value, &memory, record_of(&passing))), CORRUPT);
    if (!has_it(&passing, s->wanted)) return OK;
    slice kept;
    TRY(arena_copy(&c->memory, row->value, &kept));
    ENSURE(!FAILED(shape_unpack(shape_of(s->kind), kept, &c->memory, record_of(&found))), CORRUPT);
    return s->visit(c, &found, attachment_find(attachments_of(&found), s->wanted), s->context);
}

status holders_walk(call *c, const policy_name *p, holder_visitor *visit, void *context) {
    slice prefixes[3];
    TRY(user_prefix(c->who.account_id, &c->memory, &prefixes[HOLDER_USER]));
    TRY(group_prefix(c->who.account_id, &c->memory, &prefixes[HOLDER_GROUP]));
    TRY(role_prefix(c->who.account_id, &c->memory, &prefixes[HOLDER_ROLE]));
    for (enum holder_kind kind = HOLDER_USER; kind <= HOLDER_ROLE; kind++) {
        search s = {kind, p, visit, context};
        TRY(records_walk(c, prefixes[kind], look_at, &s));
    }
    return OK;
}
