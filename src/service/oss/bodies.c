/* OSS: which key a body is sealed under, where it goes, and what is kept of it. */
#include <unistd.h>

#include "base/text.h"
#include "crypto/random.h"
#include "objects/bucket.h"
#include "service/handlers.h"
#include "service/oss/oss.h"
#include "service/resource.h"
#include "system/files.h"

enum { DATA_KEY_BYTES = 32 };

/* The request's own wish goes before the bucket's rule. AES256, and KMS without a key, mean the account's service key. */
static status which_key(call *c, const bucket_record *bucket, const body_wish *wish, slice *name, int *sse) {
    if (!wish->sse && !slice_is_empty(wish->kms_key_id))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "A key id goes with x-oss-server-side-encryption: KMS.");
    *sse = wish->sse ? wish->sse : bucket->rule ? bucket->rule->sse_algorithm : ENCRYPTION_AES256;
    slice asked = wish->sse ? wish->kms_key_id : bucket->rule ? bucket->rule->kms_master_key_id : (slice){0};
    if (*sse != ENCRYPTION_KMS && !slice_is_empty(asked))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "A key id goes with x-oss-server-side-encryption: KMS.");
    *name = slice_is_empty(asked) ? call_account_record(c)->service_key_id : asked;
    return OK;
}

status oss_choose_key(call *c, const bucket_record *bucket, const body_wish *wish, body_choice **out) {
    slice name;
    body_choice *choice = c->memo ? c->memo : CALL_NEW(c, body_choice);
    ENSURE(choice != NULL, OUT_OF_MEMORY);
    if (!c->memo) TRY(random_fill(choice->blob_id, sizeof choice->blob_id));
    if (!c->memo) blobs_gather(c->house->blobs, choice->blob_id);
    c->memo = choice;
    TRY(which_key(c, bucket, wish, &name, &choice->sse));
    TRY(resource_use_key(c, name, "kms:GenerateDataKey", &choice->key));
    body_place place = {call_account(c), wish->bucket, wish->key, choice->blob_id};
    TRY(body_context(&place, &c->memory, &choice->context));
    key_act act = {.act = VAULT_ACT_GENERATE, .context = choice->context, .size = SET_INT(DATA_KEY_BYTES)};
    const key_version_record *version = key_primary(&choice->key);
    ENSURE(version && !slice_is_absent(version->sealed), KEY_VERSION_NOT_FOUND);
    TRY(key_ids(c, &choice->key, version, &act));
    c->key = &choice->key;
    *out = choice;
    return call_ask_vault(c, &act);
}

static status write_head(int fd, const body_choice *choice, slice wrapped, int64_t *offset) {
    OWNED(buffer) head = {0};
    blob_header header = {slice_of(choice->blob_id, 16), wrapped};
    TRY(blob_head(&header, &head));
    TRY(files_write_at(fd, 0, buffer_slice(&head)));
    *offset = (int64_t)head.len;
    return OK;
}

status oss_begin_body(call *c, const body_choice *choice, const key_result *result, enum body_act act) {
    int64_t offset;
    TRY(blobs_create(c->house->blobs, choice->blob_id, &c->body.storage));
    c->body.is_open = true;
    memcpy(c->body.blob_id, choice->blob_id, 16);
    TRY(write_head(c->body.storage, choice, result->output, &offset));
    c->body.plan.act = (int)act;
    c->body.plan.data_key = result->boxed;
    c->body.plan.context = choice->context;
    c->body.plan.offset = SET_INT(offset);
    return OK;
}

static status replace(call *c, slice bucket, slice key, uint64_t *expected) {
    object_record old;
    status found = object_load(c->house->store, bucket, key, &c->memory, &old, expected);
    if (FAILED_WITH(found, OBJECT_NOT_FOUND)) {
        *expected = STORE_ABSENT;
        return OK;
    }
    TRY(found);
    return call_doom(c, old.blob_id);
}

status oss_keep_body(call *c, const body_choice *choice, slice bucket, slice key, object_record *record) {
    slice path;
    uint64_t expected;
    bucket_record still_there;
    TRY(oss_bucket(c, bucket, &still_there, NULL));
    TRY(replace(c, bucket, key, &expected));
    const body_message *done = c->body.done;
    const key_version_record *version = key_primary(&choice->key);
    record->blob_id = slice_of(choice->blob_id, 16);
    record->size = SET_INT(done->size.value);
    record->sealed_size = SET_INT(done->sealed_size.value);
    record->content_md5 = done->md5;
    record->crc64 = done->crc64;
    record->modified_at = SET_INT(c->now_s);
    record->server_side_encryption = choice->sse;
    record->key_id = choice->key.key_id;
    record->key_version_id = version->version_id;
    record->wrapped_key = c->results.at[c->results.count - 1].output;
    TRY(object_path(bucket, key, &c->memory, &path));
    return call_change(c, path, &object_record_shape, record, expected);
}

/* An entity tag list: "*", or quoted tags divided by commas. */
static bool tag_matches(slice list, slice e_tag) {
    slice rest = list, each;
    while (slice_split(&rest, ',', &each)) {
        each = slice_trim(each);
        if (slice_equals_text(each, "*")) return true;
        if (each.len >= 2 && each.at[0] == '"' && each.at[each.len - 1] == '"')
            each = slice_of(each.at + 1, each.len - 2);
        if (slice_equals_ignoring_case(each, e_tag)) return true;
    }
    return false;
}

status oss_check_conditions(const conditions *asked, const object_record *object) {
    int64_t modified_s = object->modified_at.value;
    if (!slice_is_absent(asked->if_match)) ENSURE(tag_matches(asked->if_match, object->e_tag), PRECONDITION);
    else if (asked->if_unmodified_since.is_set) ENSURE(modified_s <= asked->if_unmodified_since.value, PRECONDITION);
    if (!slice_is_absent(asked->if_none_match)) ENSURE(!tag_matches(asked->if_none_match, object->e_tag), NOT_MODIFIED);
    else if (asked->if_modified_since.is_set) ENSURE(modified_s > asked->if_modified_since.value, NOT_MODIFIED);
    return OK;
}
