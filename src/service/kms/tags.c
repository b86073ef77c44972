/* KMS: tags of keys, secrets and certificates (several at once: tag_resources.c), and what the service tells of itself. */
#include "contract/key_spec.h"
#include "service/kms/certificates.h"
#include "service/secrets/secrets.h"
#include "service/tags.h"

enum { TAGS_MOST = 20, AWS_TAGS_MOST = 50 };

static size_t tags_most(const call *c) { return call_speaks_aws(c) ? AWS_TAGS_MOST : TAGS_MOST; }

static bool tag_key_is_reserved(slice key) {
    return slice_starts_with(key, SLICE("acs:")) || slice_starts_with(key, SLICE("aliyun")) ||
           slice_starts_with(key, SLICE("aws:"));
}

status kms_check_tags(call *c, const tag *tags, size_t count) {
    ENSURE(count <= tags_most(c), KEY_TAG_LIMIT);
    for (size_t i = 0; i < count; i++) {
        if (tag_key_is_reserved(tags[i].tag_key)) return call_refuse(c, FAIL(TAG), "Its key is reserved.");
        for (size_t j = 0; j < i; j++)
            if (slice_equals(tags[i].tag_key, tags[j].tag_key))
                return call_refuse(c, FAIL(TAG), "Its key is there twice.");
    }
    return OK;
}

/* ---- a key's tags */

static status tags_set(call *c, key_record *key, const tag *tags, size_t count) {
    tag_list all = {key->tags.at, key->tags.count};
    TRY(key_allows(key, KEY_ACT_DESCRIBE));
    TRY(tag_list_set(&all, tags, count, &c->memory));
    ENSURE(all.count <= tags_most(c), KEY_TAG_LIMIT);
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

/* ---- of whatever the call is about */

tag_list tags_of(const call *c) {
    if (c->certificate) return (tag_list){c->certificate->tags.at, c->certificate->tags.count};
    if (c->secret) return (tag_list){c->secret->tags.at, c->secret->tags.count};
    return (tag_list){c->key->tags.at, c->key->tags.count};
}

status tags_put(call *c, const tag *tags, size_t count) {
    if (c->certificate) return certificate_set_tags(c, tags, count);
    if (c->secret) {
        TRY(secret_usable(c->secret));
        TRY(secret_set_tags(c, c->secret, tags, count));
        return secret_save(c, c->secret, c->secret_revision);
    }
    TRY(tags_set(c, c->key, tags, count));
    return key_save(c, c->key, c->key_revision);
}

status tags_take(call *c, const slice *names, size_t count) {
    if (c->certificate) return certificate_drop_tags(c, names, count);
    if (c->secret) {
        TRY(secret_usable(c->secret));
        secret_drop_tags(c->secret, names, count);
        return secret_save(c, c->secret, c->secret_revision);
    }
    TRY(tags_drop(c->key, names, count));
    return key_save(c, c->key, c->key_revision);
}

status tag_resource_prepare(call *c, const tag_resource_in *in, tag_resource_out *out) {
    (void)out;
    TRY(kms_check_tags(c, in->tags.at, in->tags.count));
    return tags_put(c, in->tags.at, in->tags.count);
}

status untag_resource_prepare(call *c, const untag_resource_in *in, untag_resource_out *out) {
    (void)out;
    return tags_take(c, in->tag_keys.at, in->tag_keys.count);
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
