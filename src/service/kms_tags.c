/* KMS: tags of keys, in both generations of calls, and of secrets and certificates in the first; and what the service tells of itself. */
#include "contract/key_spec.h"
#include "service/certificates.h"
#include "service/secrets.h"
#include "service/tag_list.h"

enum { TAGS_MOST = 20, LISTED_MOST = 100 };

static bool tag_key_is_reserved(slice key) {
    return slice_starts_with(key, SLICE("acs:")) || slice_starts_with(key, SLICE("aliyun"));
}

status kms_check_tags(call *c, const tag *tags, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (tag_key_is_reserved(tags[i].tag_key)) return call_refuse(c, FAIL(INVALID_PARAMETER), "Tags");
        for (size_t j = 0; j < i; j++)
            if (slice_equals(tags[i].tag_key, tags[j].tag_key))
                return call_refuse(c, FAIL(INVALID_PARAMETER), "Tags: a key is there twice.");
    }
    return OK;
}

/* ---- a key's tags */

static status tags_set(call *c, key_record *key, const tag *tags, size_t count) {
    tag_list all = {key->tags.at, key->tags.count};
    TRY(key_allows(key, KEY_ACT_DESCRIBE));
    TRY(tag_list_set(&all, tags, count, &c->memory));
    ENSURE(all.count <= TAGS_MOST, KEY_TAG_LIMIT);
    key->tags.at = all.at, key->tags.count = all.count;
    return OK;
}

static status tags_drop(key_record *key, const slice *names, size_t count) {
    tag_list all = {key->tags.at, key->tags.count};
    TRY(key_allows(key, KEY_ACT_DESCRIBE));
    tag_list_drop(&all, names, count);
    key->tags.count = all.count;
    return OK;
}

status tag_resource_prepare(call *c, const tag_resource_in *in, tag_resource_out *out) {
    (void)out;
    TRY(kms_check_tags(c, in->tags.at, in->tags.count));
    if (c->certificate) return certificate_set_tags(c, in->tags.at, in->tags.count);
    if (c->secret) {
        TRY(secret_usable(c->secret));
        TRY(secret_set_tags(c, c->secret, in->tags.at, in->tags.count));
        return secret_save(c, c->secret, c->secret_revision);
    }
    TRY(tags_set(c, c->key, in->tags.at, in->tags.count));
    return key_save(c, c->key, c->key_revision);
}

status untag_resource_prepare(call *c, const untag_resource_in *in, untag_resource_out *out) {
    (void)out;
    if (c->certificate) return certificate_drop_tags(c, in->tag_keys.at, in->tag_keys.count);
    if (c->secret) {
        TRY(secret_usable(c->secret));
        secret_drop_tags(c->secret, in->tag_keys.at, in->tag_keys.count);
        return secret_save(c, c->secret, c->secret_revision);
    }
    TRY(tags_drop(c->key, in->tag_keys.at, in->tag_keys.count));
    return key_save(c, c->key, c->key_revision);
}

/* ---- several keys at once: each is asked for, all change together or none */

typedef struct tagged_key {
    key_record key;
    uint64_t revision;
} tagged_key;

static status load_tagged(call *c, slice id, tagged_key *out) {
    key_shelf shelf = call_keys(c);
    slice arn_text;
    arn_home home = call_home(c);
    TRY(key_load(&shelf, id, &c->memory, &out->key, &out->revision));
    TRY(arn_key(&home, out->key.key_id, &c->memory, &arn_text));
    if (slice_is_absent(c->resource)) c->resource = arn_text;
    return call_authorise(c, c->operation->action, arn_text);
}

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

status kms_tag_resources_prepare(call *c, const kms_tag_resources_in *in, kms_tag_resources_out *out) {
    (void)out;
    tag *tags;
    TRY(read_pairs(c, in->tag.at, in->tag.count, &tags));
    for (size_t i = 0; i < in->resource_id.count; i++) {
        tagged_key each;
        TRY(check_once(c, in->resource_id.at, i));
        TRY(load_tagged(c, in->resource_id.at[i], &each));
        TRY(tags_set(c, &each.key, tags, in->tag.count));
        TRY(key_save(c, &each.key, each.revision));
    }
    return OK;
}

status kms_untag_resources_prepare(call *c, const kms_untag_resources_in *in, kms_untag_resources_out *out) {
    (void)out;
    if (in->tag_key.count == 0 && !in->all.value) return call_refuse(c, FAIL(MISSING_PARAMETER), "TagKey");
    for (size_t i = 0; i < in->resource_id.count; i++) {
        tagged_key each;
        TRY(check_once(c, in->resource_id.at, i));
        TRY(load_tagged(c, in->resource_id.at[i], &each));
        TRY(tags_drop(&each.key, in->tag_key.at, in->tag_key.count));
        if (in->tag_key.count == 0) each.key.tags.count = 0;
        TRY(key_save(c, &each.key, each.revision));
    }
    return OK;
}

/* ---- listing: by key, in the order of the store; the token is the id of the last key shown */

typedef struct tag_listing {
    const kms_list_tag_resources_in *in;
    tagged_resource *entries;
    size_t count;
    slice last; /* shown */
    bool is_full;
} tag_listing;

static bool is_wanted(const tag_listing *l, const key_record *key) {
    bool is_named = l->in->resource_id.count == 0;
    for (size_t i = 0; i < l->in->resource_id.count; i++)
        is_named |= slice_equals(l->in->resource_id.at[i], key->key_id);
    if (!is_named) return false;
    for (size_t i = 0; i < l->in->tag.count; i++) {
        tag_list all = {key->tags.at, key->tags.count};
        const tag *there = tag_list_find(&all, l->in->tag.at[i].key);
        slice value = l->in->tag.at[i].value;
        if (!there || (!slice_is_empty(value) && !slice_equals(there->tag_value, value))) return false;
    }
    return true;
}

static status visit_tagged(call *c, const store_row *row, void *context) {
    tag_listing *l = context;
    key_shelf shelf = call_keys(c);
    size_t name = row->key.len;
    while (name > 0 && row->key.at[name - 1] != '/') name--;
    slice id = slice_skip(row->key, name);
    if (l->is_full || (!slice_is_empty(l->in->next_token) && slice_compare(id, l->in->next_token) <= 0)) return OK;
    OWNED(arena) memory = {0};
    key_record key;
    status loaded = key_load(&shelf, id, &memory, &key, NULL);
    if (FAILED_WITH(loaded, KEY_NOT_FOUND)) return OK;
    TRY(loaded);
    if (!is_wanted(l, &key)) return OK;
    l->is_full = l->count > 0 && l->count + key.tags.count > LISTED_MOST;
    if (l->is_full || key.tags.count == 0) return OK;
    TRY(arena_copy(&c->memory, id, &l->last));
    for (size_t i = 0; i < key.tags.count; i++) {
        tagged_resource *entry = &l->entries[l->count++];
        *entry = (tagged_resource){l->last, SLICE("key"), {0}, SLICE("")};
        TRY(arena_copy(&c->memory, key.tags.at[i].tag_key, &entry->tag_key));
        if (!slice_is_empty(key.tags.at[i].tag_value))
            TRY(arena_copy(&c->memory, key.tags.at[i].tag_value, &entry->tag_value));
    }
    return OK;
}

status kms_list_tag_resources_prepare(call *c, const kms_list_tag_resources_in *in, kms_list_tag_resources_out *out) {
    tag_listing listing = {.in = in};
    slice prefix;
    listing.entries = ARENA_ARRAY(&c->memory, tagged_resource, LISTED_MOST + TAGS_MOST);
    ENSURE(listing.entries != NULL, OUT_OF_MEMORY);
    key_shelf shelf = call_keys(c);
    TRY(key_prefix(&shelf, &c->memory, &prefix));
    TRY(records_walk(c, prefix, visit_tagged, &listing));
    out->tag_resources.at = listing.entries;
    out->tag_resources.count = listing.count;
    out->next_token = listing.is_full ? listing.last : SLICE("");
    return OK;
}

/* ---- the service itself */

static status describe_spec(call *c, int spec, spec_entry *out) {
    const key_spec_row *row = key_spec_get(spec);
    slice *usages = ARENA_ARRAY(&c->memory, slice, 3), *level = CALL_NEW(c, slice);
    ENSURE(usages != NULL && level != NULL, OUT_OF_MEMORY);
    *level = SLICE("SOFTWARE");
    *out = (spec_entry){.name = spec, .supported_protection_levels = {level, 1}, .usages = {usages, 0}};
    for (size_t i = 0; i < 3 && row->usages[i]; i++)
        usages[out->usages.count++] = slice_of_text(choice_text(key_usage_choices, row->usages[i]));
    return OK;
}

status describe_service_prepare(call *c, const describe_service_in *in, describe_service_out *out) {
    (void)in;
    out->protection_levels.at = CALL_NEW(c, protection_entry);
    out->key_specs.at = ARENA_ARRAY(&c->memory, spec_entry, KEY_SPEC_HMAC_SM3);
    ENSURE(out->protection_levels.at != NULL && out->key_specs.at != NULL, OUT_OF_MEMORY);
    out->protection_levels.at[0].type = PROTECTION_LEVEL_SOFTWARE;
    out->protection_levels.count = 1;
    for (int spec = KEY_SPEC_ALIYUN_AES_256; spec <= KEY_SPEC_HMAC_SM3; spec++)
        TRY(describe_spec(c, spec, &out->key_specs.at[out->key_specs.count++]));
    return OK;
}

status describe_account_kms_status_prepare(call *c, const describe_account_kms_status_in *in,
                                           describe_account_kms_status_out *out) {
    (void)c, (void)in;
    out->account_status = SLICE("Enabled");
    return OK;
}

status open_kms_service_prepare(call *c, const open_kms_service_in *in, open_kms_service_out *out) {
    (void)c, (void)in, (void)out;
    return OK;
}
