/* Resolvers of storage: buckets and objects. */
#include "objects/bucket.h"
#include "service/resolver.h"

status resolve_oss_service(call *c) {
    slice arn_text;
    TRY(arn_buckets(c->who.account_id, &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}

static status check_bucket_name(call *c, slice bucket) {
    (void)c;
    ENSURE(bucket_name_is_valid(bucket), BUCKET_NAME);
    return OK;
}

/* Bucket names are everybody's: whose the bucket is stands in its record. */
static status turn_to_bucket(call *c, slice name) {
    bucket_record *bucket = CALL_NEW(c, bucket_record);
    ENSURE(bucket != NULL, OUT_OF_MEMORY);
    TRY(check_bucket_name(c, name));
    call_turn_home(c);
    c->bucket = NULL;
    status found = bucket_load(c->house->store, name, &c->memory, bucket, &c->bucket_revision);
    if (FAILED_WITH(found, BUCKET_NOT_FOUND)) return OK; /* for the handler to tell */
    TRY(found);
    bool is_own = slice_equals(bucket->account_id, c->who.account_id);
    if (!is_own && !c->operation->is_shared) return OK; /* likewise */
    TRY(call_turn_to(c, bucket->account_id, (slice){0}));
    if (c->owner) c->owner->bucket = name;
    c->bucket = bucket;
    return OK;
}

static status allow_in_bucket(call *c, const char *action, slice arn_text) {
    if (c->owner) c->owner->named = arn_text;
    if (slice_is_absent(c->resource)) c->resource = arn_text;
    return call_authorise(c, action, arn_text);
}

status resolve_bucket(call *c) {
    slice arn_text, bucket = call_input_text(c, "Bucket");
    TRY(turn_to_bucket(c, bucket));
    TRY(arn_bucket(call_account(c), bucket, &c->memory, &arn_text));
    slice prefix = call_input_text(c, "Prefix"), delimiter = call_input_text(c, "Delimiter");
    if (!slice_is_absent(prefix)) TRY(call_condition(c, SLICE(CONDITION_OSS_PREFIX), prefix));
    if (!slice_is_absent(delimiter)) TRY(call_condition(c, SLICE(CONDITION_OSS_DELIMITER), delimiter));
    return allow_in_bucket(c, c->operation->action, arn_text);
}

/* Turns to the bucket, too. */
static status object_arn(call *c, slice bucket, slice key, slice *arn_text) {
    TRY(check_bucket_name(c, bucket));
    ENSURE(object_name_is_valid(key), OBJECT_NAME);
    TRY(turn_to_bucket(c, bucket));
    return arn_object(call_account(c), bucket, key, &c->memory, arn_text);
}

status resolve_object(call *c) {
    slice arn_text;
    TRY(object_arn(c, call_input_text(c, "Bucket"), call_input_text(c, "Key"), &arn_text));
    return allow_in_bucket(c, c->operation->action, arn_text);
}

status resolve_copy(call *c) {
    slice source, target;
    TRY(object_arn(c, call_input_text(c, "SourceBucket"), call_input_text(c, "SourceKey"), &source));
    TRY(allow_in_bucket(c, "oss:GetObject", source));
    TRY(object_arn(c, call_input_text(c, "Bucket"), call_input_text(c, "Key"), &target));
    c->resource = target;
    return allow_in_bucket(c, "oss:PutObject", target);
}

status resolve_objects(call *c) {
    const delete_multiple_objects_in *in = c->in;
    TRY(turn_to_bucket(c, in->bucket));
    TRY(arn_bucket(call_account(c), in->bucket, &c->memory, &c->resource));
    for (size_t i = 0; i < in->keys.count; i++) {
        slice arn_text;
        ENSURE(object_name_is_valid(in->keys.at[i]), OBJECT_NAME);
        TRY(arn_object(call_account(c), in->bucket, in->keys.at[i], &c->memory, &arn_text));
        TRY(allow_in_bucket(c, c->operation->action, arn_text));
    }
    return OK;
}
