/* RAM: tags of users, roles and custom policies. */
#include "base/text.h"
#include "service/ram/ram.h"

enum { TAGS_MOST = 20, TAGS_PAGE = 100, TAG_KEY_MOST = 128 };

status tags_check_keys(call *c, const slice_list *keys) {
    for (size_t i = 0; i < keys->count; i++)
        if (keys->at[i].len == 0 || utf8_count(keys->at[i]) > TAG_KEY_MOST)
            return call_refuse(c, FAIL(INVALID_PARAMETER), "TagKeys");
    return OK;
}

status tags_merge(call *c, const tag_set *present, const name_tags *wanted, tag_set *out) {
    tag_set merged = {ARENA_ARRAY(&c->memory, tag, present->count + wanted->count + 1), present->count};
    ENSURE(merged.at != NULL, OUT_OF_MEMORY);
    if (present->count) memcpy(merged.at, present->at, present->count * sizeof *merged.at);
    for (size_t i = 0; i < wanted->count; i++) {
        const name_tag *each = &wanted->at[i];
        for (size_t k = 0; k < i; k++)
            if (slice_equals(wanted->at[k].key, each->key)) return call_refuse(c, FAIL(INVALID_PARAMETER), "Tag.Key");
        size_t at = 0;
        while (at < merged.count && !slice_equals(merged.at[at].tag_key, each->key)) at++;
        merged.at[at] = (tag){each->key, slice_is_absent(each->value) ? SLICE("") : each->value};
        if (at == merged.count) merged.count++;
    }
    ENSURE(merged.count <= TAGS_MOST, TAG_LIMIT);
    *out = merged;
    return OK;
}

static bool has_tag(const tag_set *present, const name_tag *wanted) {
    for (size_t i = 0; i < present->count; i++) {
        const tag *each = &present->at[i];
        if (!slice_equals(each->tag_key, wanted->key)) continue;
        return slice_is_empty(wanted->value) || slice_equals(each->tag_value, wanted->value);
    }
    return false;
}

bool tags_match(const tag_set *present, const name_tags *wanted) {
    for (size_t i = 0; i < wanted->count; i++)
        if (!has_tag(present, &wanted->at[i])) return false;
    return true;
}

/* Something that can have tags. */
typedef struct tagged {
    int type; /* enum tagged_type */
    union {
        user_record user;
        role_record role;
        policy_record policy;
    };
    uint64_t revision;
} tagged;

static status tagged_load(call *c, int type, slice name, tagged *out) {
    out->type = type;
    switch (type) {
    case TAGGED_TYPE_USER: return user_load(c, name, &out->user, &out->revision);
    case TAGGED_TYPE_ROLE: return role_load(c, name, &out->role, &out->revision);
    case TAGGED_TYPE_POLICY: return policy_load(c, name, &out->policy, &out->revision);
    default: return FAIL(INTERNAL);
    }
}

static tag_set tags_of(const tagged *t) {
    switch (t->type) {
    case TAGGED_TYPE_USER: return (tag_set){t->user.tags.at, t->user.tags.count};
    case TAGGED_TYPE_ROLE: return (tag_set){t->role.tags.at, t->role.tags.count};
    default: return (tag_set){t->policy.tags.at, t->policy.tags.count};
    }
}

static status tagged_save(call *c, tagged *t, const tag_set *tags) {
    switch (t->type) {
    case TAGGED_TYPE_USER:
        t->user.tags.at = tags->at, t->user.tags.count = tags->count;
        return user_save(c, &t->user, t->revision);
    case TAGGED_TYPE_ROLE:
        t->role.tags.at = tags->at, t->role.tags.count = tags->count;
        return role_save(c, &t->role, t->revision);
    default:
        t->policy.tags.at = tags->at, t->policy.tags.count = tags->count;
        return policy_save(c, &t->policy, t->revision);
    }
}

/* Each is changed once: two changes of one record would be two answers to what it is now. */
static status check_once(call *c, const slice *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (slice_equals(names[i], names[k]))
                return call_refuse(c, FAIL(INVALID_PARAMETER), "ResourceNames: one is there twice.");
    return OK;
}

status tag_resources_prepare(call *c, const tag_resources_in *in, tag_resources_out *out) {
    (void)out;
    TRY(check_once(c, in->resource_names.at, in->resource_names.count));
    for (size_t i = 0; i < in->resource_names.count; i++) {
        tagged t;
        tag_set merged;
        TRY(tagged_load(c, in->resource_type, in->resource_names.at[i], &t));
        tag_set present = tags_of(&t);
        TRY(tags_merge(c, &present, NAME_TAGS(in->tag), &merged));
        TRY(tagged_save(c, &t, &merged));
    }
    return OK;
}

static bool is_listed(const slice_list *keys, slice key) {
    for (size_t i = 0; i < keys->count; i++)
        if (slice_equals(keys->at[i], key)) return true;
    return false;
}

size_t tags_drop(const tag_set *present, const slice_list *keys) {
    size_t kept = 0;
    for (size_t i = 0; i < present->count; i++)
        if (!is_listed(keys, present->at[i].tag_key)) present->at[kept++] = present->at[i];
    return kept;
}

status untag_resources_prepare(call *c, const untag_resources_in *in, untag_resources_out *out) {
    (void)out;
    bool takes_all = in->all.value && in->tag_keys.count == 0;
    if (!takes_all && in->tag_keys.count == 0) return call_refuse(c, FAIL(MISSING_PARAMETER), "TagKeys");
    TRY(tags_check_keys(c, &in->tag_keys));
    TRY(check_once(c, in->resource_names.at, in->resource_names.count));
    for (size_t i = 0; i < in->resource_names.count; i++) {
        tagged t;
        TRY(tagged_load(c, in->resource_type, in->resource_names.at[i], &t));
        tag_set tags = tags_of(&t);
        tags.count = takes_all ? 0 : tags_drop(&tags, &in->tag_keys);
        TRY(tagged_save(c, &t, &tags));
    }
    return OK;
}

/* ---- listing: one element for each tag; a page ends with a whole resource */

typedef struct tag_listing {
    const list_tag_resources_in *in;
    list_tag_resources_out *out;
    size_t room;
} tag_listing;

static status list_one(call *c, tag_listing *l, const tagged *t, slice name) {
    tag_set tags = tags_of(t);
    list_tag_resources_out *out = l->out;
    if (!tags_match(&tags, NAME_TAGS(l->in->tag))) return OK;
    if (out->tag_resources.count + tags.count > l->room) {
        size_t wanted = 2 * (out->tag_resources.count + tags.count);
        tagged_view *grown = ARENA_ARRAY(&c->memory, tagged_view, wanted);
        ENSURE(grown != NULL, OUT_OF_MEMORY);
        if (out->tag_resources.count) memcpy(grown, out->tag_resources.at, out->tag_resources.count * sizeof *grown);
        out->tag_resources.at = grown;
        l->room = wanted;
    }
    for (size_t i = 0; i < tags.count; i++)
        out->tag_resources.at[out->tag_resources.count++] =
            (tagged_view){t->type, name, tags.at[i].tag_key, tags.at[i].tag_value};
    return OK;
}

static status list_named(call *c, tag_listing *l) {
    for (size_t i = 0; i < l->in->resource_names.count; i++) {
        tagged t;
        TRY(tagged_load(c, l->in->resource_type, l->in->resource_names.at[i], &t));
        TRY(list_one(c, l, &t, l->in->resource_names.at[i]));
    }
    return OK;
}

static const shape *shape_of(int type) {
    if (type == TAGGED_TYPE_USER) return &user_record_shape;
    return type == TAGGED_TYPE_ROLE ? &role_record_shape : &policy_record_shape;
}

static void *record_of(tagged *t) {
    if (t->type == TAGGED_TYPE_USER) return &t->user;
    return t->type == TAGGED_TYPE_ROLE ? (void *)&t->role : (void *)&t->policy;
}

static slice name_of(const tagged *t) {
    if (t->type == TAGGED_TYPE_USER) return t->user.user_name;
    return t->type == TAGGED_TYPE_ROLE ? t->role.role_name : t->policy.policy_name;
}

static status prefix_of(call *c, int type, slice *out) {
    if (type == TAGGED_TYPE_USER) return user_prefix(c->who.account_id, &c->memory, out);
    if (type == TAGGED_TYPE_ROLE) return role_prefix(c->who.account_id, &c->memory, out);
    return policy_prefix(c->who.account_id, &c->memory, out);
}

status list_tag_resources_prepare(call *c, const list_tag_resources_in *in, list_tag_resources_out *out) {
    record_page shown;
    tag_listing l = {.in = in, .out = out};
    if (in->resource_names.count) return list_named(c, &l);
    page_wish wish = {.marker = in->next_token, .most = in->page_size.is_set ? in->page_size : SET_INT(TAGS_PAGE)};
    TRY(prefix_of(c, in->resource_type, &wish.prefix));
    TRY(page_read(c, &wish, &shown));
    for (size_t i = 0; i < shown.count; i++) {
        tagged t = {.type = in->resource_type};
        TRY(row_unpack(c, &shown.rows[i], shape_of(t.type), record_of(&t)));
        TRY(list_one(c, &l, &t, name_of(&t)));
        if (shown.is_truncated) out->next_token = name_of(&t);
    }
    return OK;
}
