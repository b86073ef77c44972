/* KMS: tags in the second generation of calls: of several resources of one kind at once. Each is asked for, all change together or none. A
 * further kind is one row. */
#include "service/resource.h"
#include "service/tags.h"

enum { SHOWN_MOST = 100, TAGS_MOST = 50 }; /* …of one resource */

/* What a record says of itself; the slices point into the arena it was read with. */
typedef struct tagged {
    slice id;
    tag_list tags;
} tagged;

typedef struct tagged_kind {
    status (*use)(call *c, slice id, const char *action); /* it becomes the call's key, secret or certificate */
    status (*container)(const arn_home *home, arena *memory, slice *out);
    status (*prefix)(call *c, slice *out); /* of the records' store keys; the id follows */
    status (*read)(call *c, slice id, arena *memory, tagged *out);
} tagged_kind;

/* ---- keys */

static status key_rows(call *c, slice *out) {
    key_shelf shelf = call_keys(c);
    return key_prefix(&shelf, &c->memory, out);
}

static status key_read(call *c, slice id, arena *memory, tagged *out) {
    key_shelf shelf = call_keys(c);
    key_record key;
    status loaded = key_load(&shelf, id, memory, &key, NULL);
    ENSURE(!FAILED_WITH(loaded, KEY_NOT_FOUND), NOT_FOUND);
    TRY(loaded);
    *out = (tagged){id, {key.tags.at, key.tags.count}};
    return OK;
}

/* ---- secrets */

static status secret_rows(call *c, slice *out) {
    secret_shelf shelf = call_secrets(c);
    return secret_prefix(&shelf, &c->memory, out);
}

static status secret_read(call *c, slice id, arena *memory, tagged *out) {
    secret_shelf shelf = call_secrets(c);
    secret_name name = {.name = id};
    secret_record of;
    status loaded = secret_load(&shelf, &name, memory, &of, NULL);
    ENSURE(!FAILED_WITH(loaded, SECRET_NOT_FOUND), NOT_FOUND);
    TRY(loaded);
    *out = (tagged){id, {of.tags.at, of.tags.count}};
    return OK;
}

/* ---- certificates */

static status certificate_rows(call *c, slice *out) {
    key_shelf shelf = call_keys(c);
    return certificate_prefix(&shelf, &c->memory, out);
}

static status certificate_read(call *c, slice id, arena *memory, tagged *out) {
    key_shelf shelf = call_keys(c);
    certificate_record of;
    TRY(certificate_load(&shelf, id, memory, &of, NULL));
    *out = (tagged){id, {of.tags.at, of.tags.count}};
    return OK;
}

static const tagged_kind KINDS[] = {
    [KEY_TAGGED_TYPE_KEY] = {resource_use_tagged_key, arn_keys, key_rows, key_read},
    [KEY_TAGGED_TYPE_SECRET] = {resource_tag_secret, arn_secrets, secret_rows, secret_read},
    [KEY_TAGGED_TYPE_CERTIFICATE] = {resource_use_certificate, arn_certificates, certificate_rows, certificate_read},
};

/* ---- changes */

static status read_pairs(call *c, const tag_pair *pairs, size_t count, tag **out) {
    *out = ARENA_ARRAY(&c->memory, tag, count + 1);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) (*out)[i] = (tag){pairs[i].key, pairs[i].value};
    return kms_check_tags(c, *out, count);
}

static status check_once(call *c, const slice *ids, size_t place) {
    for (size_t i = 0; i < place; i++)
        if (slice_equals(ids[i], ids[place]))
            return call_refuse(c, FAIL(INVALID_PARAMETER), "ResourceId: one is there twice.");
    return OK;
}

/* The tags of one say nothing about another. */
static status use_one(call *c, int kind, const slice_list *ids, size_t place) {
    TRY(check_once(c, ids->at, place));
    c->condition_count = 0;
    c->key = NULL, c->secret = NULL, c->certificate = NULL;
    return KINDS[kind].use(c, ids->at[place], c->operation->action);
}

status kms_tag_resources_prepare(call *c, const kms_tag_resources_in *in, kms_tag_resources_out *out) {
    (void)out;
    tag *tags;
    slice_list ids = {in->resource_id.at, in->resource_id.count};
    TRY(read_pairs(c, in->tag.at, in->tag.count, &tags));
    for (size_t i = 0; i < ids.count; i++) {
        TRY(use_one(c, in->resource_type, &ids, i));
        TRY(tags_put(c, tags, in->tag.count));
    }
    return OK;
}

static status drop_all(call *c) {
    tag_list all = tags_of(c);
    slice *names = ARENA_ARRAY(&c->memory, slice, all.count + 1);
    ENSURE(names != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < all.count; i++) names[i] = all.at[i].tag_key;
    return tags_take(c, names, all.count);
}

status kms_untag_resources_prepare(call *c, const kms_untag_resources_in *in, kms_untag_resources_out *out) {
    (void)out;
    slice_list ids = {in->resource_id.at, in->resource_id.count};
    if (in->tag_key.count == 0 && !in->all.value) return call_refuse(c, FAIL(MISSING_PARAMETER), "TagKey");
    for (size_t i = 0; i < ids.count; i++) {
        TRY(use_one(c, in->resource_type, &ids, i));
        if (in->tag_key.count) TRY(tags_take(c, in->tag_key.at, in->tag_key.count));
        else TRY(drop_all(c));
    }
    return OK;
}

/* ---- listing: by resource, in the order of the store; the token is the id of the last one shown */

typedef struct tag_listing {
    const kms_list_tag_resources_in *in;
    const tagged_kind *kind;
    size_t prefix_bytes;
    tagged_resource *entries;
    size_t count;
    slice last; /* shown */
    bool is_full;
} tag_listing;

static bool is_wanted(const tag_listing *l, const tagged *one) {
    bool is_named = l->in->resource_id.count == 0;
    for (size_t i = 0; i < l->in->resource_id.count; i++) is_named |= slice_equals(l->in->resource_id.at[i], one->id);
    if (!is_named) return false;
    for (size_t i = 0; i < l->in->tag.count; i++) {
        const tag *there = tag_list_find(&one->tags, l->in->tag.at[i].key);
        slice value = l->in->tag.at[i].value;
        if (!there || (!slice_is_empty(value) && !slice_equals(there->tag_value, value))) return false;
    }
    return true;
}

static status show(call *c, tag_listing *l, const tagged *one) {
    const char *type = choice_text(key_tagged_type_choices, l->in->resource_type);
    TRY(arena_copy(&c->memory, one->id, &l->last));
    for (size_t i = 0; i < one->tags.count; i++) {
        tagged_resource *entry = &l->entries[l->count++];
        *entry = (tagged_resource){l->last, slice_of_text(type), {0}, SLICE("")};
        TRY(arena_copy(&c->memory, one->tags.at[i].tag_key, &entry->tag_key));
        if (slice_is_empty(one->tags.at[i].tag_value)) continue;
        TRY(arena_copy(&c->memory, one->tags.at[i].tag_value, &entry->tag_value));
    }
    return OK;
}

static status visit(call *c, const store_row *row, void *context) {
    tag_listing *l = context;
    slice id = slice_skip(row->key, l->prefix_bytes);
    OWNED(arena) memory = {0};
    tagged one;
    if (l->is_full || (!slice_is_empty(l->in->next_token) && slice_compare(id, l->in->next_token) <= 0)) return OK;
    status read = l->kind->read(c, id, &memory, &one);
    if (FAILED_WITH(read, NOT_FOUND)) return OK;
    TRY(read);
    if (one.tags.count == 0 || !is_wanted(l, &one)) return OK;
    l->is_full = l->count > 0 && l->count + one.tags.count > SHOWN_MOST;
    return l->is_full ? OK : show(c, l, &one);
}

status kms_list_tag_resources_prepare(call *c, const kms_list_tag_resources_in *in, kms_list_tag_resources_out *out) {
    tag_listing l = {.in = in, .kind = &KINDS[in->resource_type]};
    arn_home home = call_home(c);
    slice prefix;
    TRY(l.kind->container(&home, &c->memory, &c->resource));
    TRY(call_authorise(c, c->operation->action, c->resource));
    l.entries = ARENA_ARRAY(&c->memory, tagged_resource, SHOWN_MOST + TAGS_MOST);
    ENSURE(l.entries != NULL, OUT_OF_MEMORY);
    TRY(l.kind->prefix(c, &prefix));
    l.prefix_bytes = prefix.len;
    TRY(records_walk(c, prefix, visit, &l));
    out->tag_resources.at = l.entries;
    out->tag_resources.count = l.count;
    out->next_token = l.is_full ? l.last : SLICE("");
    return OK;
}
