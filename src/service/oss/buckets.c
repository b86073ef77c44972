/* OSS: buckets and their encryption rules. */
#include "objects/bucket.h"
#include "service/handlers.h"
#include "service/oss/oss.h"

enum { BUCKETS_MOST = 100 };

/* Bucket names are everybody's, buckets are not: another account's only when that very account let the caller in to it. */
static bool is_let_in(const call_owner *owner, slice bucket, slice account) {
    return slice_equals(owner->bucket, bucket) && slice_equals(owner->account.account_id, account) &&
           !slice_is_empty(owner->sharing);
}

status oss_bucket(call *c, slice name, bucket_record *out, uint64_t *revision) {
    TRY(bucket_load(c->house->store, name, &c->memory, out, revision));
    call_turn_home(c);
    if (slice_equals(out->account_id, c->who.account_id)) return OK;
    for (size_t i = 0; i < c->owner_count; i++)
        if (is_let_in(c->owners[i], name, out->account_id)) c->owner = c->owners[i];
    if (c->owner) return OK;
    return call_refuse(c, FAIL(NO_PERMISSION), "The bucket you access does not belong to you.");
}

status oss_location(call *c, slice *out) {
    return arena_printf(&c->memory, out, "oss-%.*s", SLICE_ARGS(c->house->region));
}

static status bucket_view(call *c, const bucket_record *bucket, bucket_entry *out) {
    *out = (bucket_entry){.name = bucket->name, .region = c->house->region, .creation_date = bucket->created_at};
    out->storage_class = SLICE("Standard");
    out->extranet_endpoint = out->intranet_endpoint = c->peer ? c->peer->host : SLICE("");
    TRY(arena_copy(&c->memory, bucket->name, &out->name));
    return oss_location(c, &out->location);
}

status list_buckets_prepare(call *c, const list_buckets_in *in, list_buckets_out *out) {
    slice prefix, after = {0};
    store_row *rows;
    size_t count, most = in->max_keys.is_set ? (size_t)in->max_keys.value : 100;
    TRY(bucket_index_path(c->who.account_id, slice_is_absent(in->prefix) ? SLICE("") : in->prefix, &c->memory,
                          &prefix));
    if (!slice_is_empty(in->marker)) TRY(bucket_index_path(c->who.account_id, in->marker, &c->memory, &after));
    TRY(store_list(c->house->store, prefix, after, most + 1, &c->memory, &rows, &count));
    size_t shown = count > most ? most : count;
    out->buckets.at = ARENA_ARRAY(&c->memory, bucket_entry, shown + 1);
    ENSURE(out->buckets.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < shown; i++) {
        bucket_record bucket;
        ENSURE(!FAILED(shape_unpack(&bucket_record_shape, rows[i].value, &c->memory, &bucket)), CORRUPT);
        TRY(bucket_view(c, &bucket, &out->buckets.at[out->buckets.count++]));
    }
    out->owner_id = c->who.account_id;
    out->prefix = in->prefix;
    out->marker = in->marker;
    out->max_keys = SET_INT(most);
    out->is_truncated = SET_BOOL(count > most);
    if (count > most) out->next_marker = out->buckets.at[shown - 1].name;
    return OK;
}

status oss_save_bucket(call *c, const bucket_record *bucket, uint64_t revision) {
    slice path, index;
    bucket_record listed = *bucket;
    listed.policy = (slice){0};
    listed.bindings = NULL;
    TRY(bucket_path(bucket->name, &c->memory, &path));
    TRY(bucket_index_path(bucket->account_id, bucket->name, &c->memory, &index));
    TRY(call_change(c, path, &bucket_record_shape, bucket, revision));
    return call_change(c, index, &bucket_record_shape, &listed, STORE_ANY);
}

/* Making a bucket of one's own again changes nothing and succeeds. */
status put_bucket_prepare(call *c, const put_bucket_in *in, put_bucket_out *out) {
    bucket_record bucket = {.name = in->bucket, .account_id = c->who.account_id, .created_at = SET_INT(c->now_s)};
    encryption_rule rule = {.sse_algorithm = ENCRYPTION_AES256};
    slice prefix;
    size_t count;
    TRY(arena_printf(&c->memory, &out->location, "/%.*s", SLICE_ARGS(in->bucket)));
    if (!slice_is_empty(in->storage_class) && !slice_equals_text(in->storage_class, "Standard"))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "StorageClass: only Standard is offered.");
    bucket_record taken;
    status found = bucket_load(c->house->store, in->bucket, &c->memory, &taken, NULL);
    if (!FAILED(found)) {
        ENSURE(slice_equals(taken.account_id, c->who.account_id), BUCKET_EXISTS);
        return OK;
    }
    if (!FAILED_WITH(found, BUCKET_NOT_FOUND)) return found;
    TRY(bucket_index_path(c->who.account_id, SLICE(""), &c->memory, &prefix));
    TRY(records_count(c, prefix, &count));
    ENSURE(count < BUCKETS_MOST, BUCKET_LIMIT);
    bucket.rule = &rule;
    bucket.storage_class = SLICE("Standard");
    return oss_save_bucket(c, &bucket, STORE_ABSENT);
}

status delete_bucket_prepare(call *c, const delete_bucket_in *in, delete_bucket_out *out) {
    (void)out;
    bucket_record bucket;
    uint64_t revision;
    slice objects, path, index;
    store_row *rows;
    size_t count;
    TRY(oss_bucket(c, in->bucket, &bucket, &revision));
    TRY(object_prefix(in->bucket, SLICE(""), &c->memory, &objects));
    TRY(store_list(c->house->store, objects, (slice){0}, 1, &c->memory, &rows, &count));
    ENSURE(count == 0, BUCKET_NOT_EMPTY);
    TRY(bucket_path(in->bucket, &c->memory, &path));
    TRY(bucket_index_path(bucket.account_id, in->bucket, &c->memory, &index));
    TRY(call_change(c, path, NULL, NULL, revision));
    return call_change(c, index, NULL, NULL, STORE_ANY);
}

status get_bucket_info_prepare(call *c, const get_bucket_info_in *in, get_bucket_info_out *out) {
    bucket_record bucket;
    TRY(oss_bucket(c, in->bucket, &bucket, NULL));
    out->info = CALL_NEW(c, bucket_entry);
    ENSURE(out->info != NULL, OUT_OF_MEMORY);
    TRY(bucket_view(c, &bucket, out->info));
    out->owner_id = bucket.account_id;
    out->rule = bucket.rule;
    out->request_host = c->peer ? c->peer->host : SLICE("");
    return OK;
}

status get_bucket_location_prepare(call *c, const get_bucket_location_in *in, get_bucket_location_out *out) {
    bucket_record bucket;
    TRY(oss_bucket(c, in->bucket, &bucket, NULL));
    return oss_location(c, &out->location);
}

status get_bucket_acl_prepare(call *c, const get_bucket_acl_in *in, get_bucket_acl_out *out) {
    bucket_record bucket;
    TRY(oss_bucket(c, in->bucket, &bucket, NULL));
    out->owner_id = bucket.account_id;
    out->acl = ACL_PRIVATE;
    return OK;
}

/* ---- encryption rules */

status put_bucket_encryption_prepare(call *c, const put_bucket_encryption_in *in, put_bucket_encryption_out *out) {
    key_shelf shelf = call_keys(c);
    (void)out;
    bucket_record bucket;
    uint64_t revision;
    TRY(oss_bucket(c, in->bucket, &bucket, &revision));
    ENSURE(in->rule->sse_algorithm != 0, ENCRYPTION_ALGORITHM);
    bool names_key = !slice_is_empty(in->rule->kms_master_key_id);
    if (names_key && in->rule->sse_algorithm != ENCRYPTION_KMS)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "KMSMasterKeyID goes with KMS only.");
    key_name name;
    key_record key;
    if (names_key) { /* it must be there; whether it may be used is decided at each use */
        slice key_id;
        TRY(key_name_parse(in->rule->kms_master_key_id, &shelf, &name));
        TRY(key_name_resolve(&shelf, &name, &c->memory, &key_id));
        TRY(key_load(&shelf, key_id, &c->memory, &key, NULL));
        in->rule->kms_master_key_id = key.key_id;
    }
    bucket.rule = in->rule;
    return oss_save_bucket(c, &bucket, revision);
}

status get_bucket_encryption_prepare(call *c, const get_bucket_encryption_in *in, get_bucket_encryption_out *out) {
    bucket_record bucket;
    TRY(oss_bucket(c, in->bucket, &bucket, NULL));
    ENSURE(bucket.rule != NULL, NO_ENCRYPTION_RULE);
    out->rule = bucket.rule;
    return OK;
}

/* There is no bucket without encryption: the rule goes back to the service key. */
status delete_bucket_encryption_prepare(call *c, const delete_bucket_encryption_in *in,
                                        delete_bucket_encryption_out *out) {
    (void)out;
    bucket_record bucket;
    uint64_t revision;
    encryption_rule rule = {.sse_algorithm = ENCRYPTION_AES256};
    TRY(oss_bucket(c, in->bucket, &bucket, &revision));
    bucket.rule = &rule;
    return oss_save_bucket(c, &bucket, revision);
}
