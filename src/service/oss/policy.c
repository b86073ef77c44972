/* OSS: the policies of buckets. Nobody reaches a bucket without a signature, and a policy that would have it so is refused. */
#include "service/oss/oss.h"
#include "service/sharing.h"

static status refuse_public(call *c, slice document) {
    policy *compiled = NULL;
    policy_principals found;
    TRY(document_compile(c, document, POLICY_RESOURCE, &compiled));
    status listed = policy_list_principals(compiled, &c->memory, &found);
    policy_free(compiled);
    TRY(listed);
    if (!found.is_public) return OK;
    return call_refuse(c, FAIL(NO_PERMISSION),
                       "The policy would open the bucket to everybody; name accounts, users or roles.");
}

status put_bucket_policy_prepare(call *c, const put_bucket_policy_in *in, put_bucket_policy_out *out) {
    (void)out;
    bucket_record bucket;
    TRY(oss_bucket(c, in->bucket, &bucket, NULL));
    TRY(refuse_public(c, in->policy));
    TRY(sharing_ask(c, &(sharing_wish){in->policy, POLICY_RESOURCE, {.text = in->bucket}}));
    if (c->act_count > 0 && slice_is_empty(in->content_md5))
        return call_refuse(c, FAIL(MISSING_PARAMETER),
                           "Content-MD5: a policy that lets other accounts in has to be signed for.");
    return OK;
}

status put_bucket_policy_finish(call *c, const put_bucket_policy_in *in, put_bucket_policy_out *out) {
    (void)out;
    bucket_record bucket;
    uint64_t revision;
    TRY(oss_bucket(c, in->bucket, &bucket, &revision));
    bucket.policy = in->policy;
    TRY(sharing_bindings(c, in->policy, POLICY_RESOURCE, &bucket.bindings));
    return oss_save_bucket(c, &bucket, revision);
}

status get_bucket_policy_prepare(call *c, const get_bucket_policy_in *in, get_bucket_policy_out *out) {
    bucket_record bucket;
    TRY(oss_bucket(c, in->bucket, &bucket, NULL));
    ENSURE(!slice_is_absent(bucket.policy), NO_BUCKET_POLICY);
    out->policy = bucket.policy;
    return OK;
}

status delete_bucket_policy_prepare(call *c, const delete_bucket_policy_in *in, delete_bucket_policy_out *out) {
    (void)out;
    bucket_record bucket;
    uint64_t revision;
    TRY(oss_bucket(c, in->bucket, &bucket, &revision));
    bucket.policy = (slice){0};
    bucket.bindings = NULL;
    return oss_save_bucket(c, &bucket, revision);
}
