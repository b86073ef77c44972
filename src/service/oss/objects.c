/* OSS: objects. */
#include "base/text.h"
#include "contract/sealed.h"
#include "objects/bucket.h"
#include "service/handlers.h"
#include "service/oss/oss.h"
#include "service/resource.h"
#include "system/files.h"

enum { HEAD_MOST = 4096 };

/* ---- PutObject */

static status refuse_overwrite(call *c, slice bucket, slice key, maybe_bool is_forbidden) {
    object_record there;
    if (!is_forbidden.value) return OK;
    status found = object_load(c->house->store, bucket, key, &c->memory, &there, NULL);
    ENSURE(FAILED(found), OBJECT_EXISTS);
    return FAILED_WITH(found, OBJECT_NOT_FOUND) ? OK : found;
}

status put_object_prepare(call *c, const put_object_in *in, put_object_out *out) {
    (void)out;
    bucket_record bucket;
    body_choice *choice;
    TRY(oss_bucket(c, in->bucket, &bucket, NULL));
    TRY(refuse_overwrite(c, in->bucket, in->key, in->forbid_overwrite));
    if (!slice_is_absent(in->content_md5)) ENSURE(in->content_md5.len == 16, BAD_DIGEST);
    body_wish wish = {in->bucket, in->key, in->server_side_encryption, in->kms_key_id};
    return oss_choose_key(c, &bucket, &wish, &choice);
}

status put_object_finish(call *c, const put_object_in *in, put_object_out *out) {
    (void)out;
    TRY(oss_begin_body(c, c->memo, &c->results.at[0], BODY_ACT_STORE));
    c->body.plan.plain_size = in->content_length;
    return OK;
}

static status upper_hex(call *c, slice bytes, slice *out) {
    OWNED(buffer) text = {0};
    TRY(hex_encode(&text, bytes));
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] >= 'a') text.at[i] = (uint8_t)(text.at[i] - 32);
    return arena_copy(&c->memory, buffer_slice(&text), out);
}

status put_object_keep(call *c, const put_object_in *in, put_object_out *out) {
    const body_choice *choice = c->memo;
    const body_message *done = c->body.done;
    object_record record = {.headers = in->headers};
    ENSURE(done->md5.len == 16, INTERNAL);
    ENSURE(!in->content_length.is_set || done->size.value == in->content_length.value, BODY_BROKEN_OFF);
    ENSURE(slice_is_absent(in->content_md5) || slice_equals(in->content_md5, done->md5), BAD_DIGEST);
    ENSURE(slice_is_empty(in->crc64) || slice_equals(in->crc64, done->crc64), BAD_CRC);
    TRY(refuse_overwrite(c, in->bucket, in->key, in->forbid_overwrite));
    TRY(upper_hex(c, done->md5, &record.e_tag));
    TRY(oss_keep_body(c, choice, in->bucket, in->key, &record));
    out->e_tag = record.e_tag;
    out->crc64 = record.crc64;
    out->content_md5 = record.content_md5;
    out->server_side_encryption = choice->sse;
    if (choice->sse == ENCRYPTION_KMS) out->kms_key_id = choice->key.key_id;
    return OK;
}

/* ---- reading */

typedef struct reading {
    slice bucket, name;
    object_record object;
    key_record key;
    uint8_t blob_id[16];
    slice context;
    int64_t first, last;
} reading;

static status open_body(call *c, slice bucket, slice key, reading *r) {
    bucket_record owner;
    r->bucket = bucket;
    r->name = key;
    TRY(oss_bucket(c, bucket, &owner, NULL));
    TRY(object_load(c->house->store, bucket, key, &c->memory, &r->object, NULL));
    ENSURE(r->object.blob_id.len == 16, CORRUPT);
    memcpy(r->blob_id, r->object.blob_id.at, 16);
    body_place place = {call_account(c), bucket, key, r->blob_id};
    return body_context(&place, &c->memory, &r->context);
}

/* Asks the vault to open the object's data key: refused while its CMK is disabled or gone. */
static status ask_data_key(call *c, reading *r) {
    ciphertext blob;
    char version_id[37];
    TRY(resource_use_key(c, r->object.key_id, "kms:Decrypt", &r->key));
    c->key = &r->key;
    ENSURE(!FAILED(ciphertext_parse(r->object.wrapped_key, &blob)), CORRUPT);
    uuid_format(blob.key_version_id.at, version_id);
    const key_version_record *version = key_version(&r->key, slice_of_text(version_id));
    ENSURE(version && !slice_is_absent(version->sealed), KEY_VERSION_NOT_FOUND);
    key_act act = {.act = VAULT_ACT_DECRYPT, .input = r->object.wrapped_key, .context = r->context};
    TRY(key_ids(c, &r->key, version, &act));
    return call_ask_vault(c, &act);
}

/* Written anew or deleted while the vault had the request: the steps run again. */
static status body_is_missing(call *c, const reading *r) {
    object_record now;
    status found = object_load(c->house->store, r->bucket, r->name, &c->memory, &now, NULL);
    ENSURE(!FAILED_WITH(found, OBJECT_NOT_FOUND), CONFLICT);
    TRY(found);
    ENSURE(slice_equals(now.blob_id, r->object.blob_id), CONFLICT);
    return call_refuse(c, FAIL(CORRUPT), "The object's body is missing.");
}

/* The record is the truth. While its data key is being moved to another version of its key, the head in the blob is written after
 * it: until then, and when that happened since this request read the record, the head says nothing. */
static bool head_is_underway(call *c, const reading *r) {
    object_record now;
    if (FAILED(object_load(c->house->store, r->bucket, r->name, &c->memory, &now, NULL))) return false;
    if (!slice_equals(now.blob_id, r->object.blob_id)) return false;
    return !slice_is_absent(now.former_wrapped_key) || !slice_equals(now.wrapped_key, r->object.wrapped_key);
}

static status head_length(const reading *r, size_t *out) {
    OWNED(buffer) head = {0};
    blob_header header = {slice_of(r->blob_id, sizeof r->blob_id), r->object.wrapped_key};
    TRY(blob_head(&header, &head));
    *out = head.len;
    return OK;
}

/* The storage of a body, and where the sealed part begins in it. */
static status open_storage(call *c, const reading *r, int *fd, maybe_int *offset) {
    uint8_t start[HEAD_MOST];
    size_t got, head_bytes;
    blob_header header;
    status opened = blobs_open(c->house->blobs, r->blob_id, fd);
    if (FAILED_WITH(opened, NOT_FOUND)) return body_is_missing(c, r);
    TRY(opened);
    TRY(files_read_at(*fd, 0, start, sizeof start, &got));
    status parsed = blob_head_parse(slice_of(start, got), &c->memory, &header, &head_bytes);
    bool is_ours = !FAILED(parsed) && slice_equals(header.blob_id, slice_of(r->blob_id, 16)) &&
                   slice_equals(header.wrapped_key, r->object.wrapped_key);
    if (!is_ours && !head_is_underway(c, r))
        return call_refuse(c, FAIL(CORRUPT), "The object's body has a damaged head.");
    TRY(head_length(r, &head_bytes));
    *offset = SET_INT(head_bytes);
    return OK;
}

/* RFC 9110 §14.1.2; a range that cannot be satisfied is refused. */
static status choose_range(const get_object_in *in, reading *r) {
    int64_t size = r->object.size.value;
    r->first = 0;
    r->last = size - 1;
    if (in->range_suffix.is_set) {
        ENSURE(in->range_suffix.value > 0 && size > 0, RANGE);
        r->first = in->range_suffix.value < size ? size - in->range_suffix.value : 0;
        return OK;
    }
    if (!in->range_first.is_set) return OK;
    ENSURE(in->range_first.value < size, RANGE);
    r->first = in->range_first.value;
    if (in->range_last.is_set && in->range_last.value < r->last) r->last = in->range_last.value;
    ENSURE(r->first <= r->last, RANGE);
    return OK;
}

status get_object_prepare(call *c, const get_object_in *in, get_object_out *out) {
    (void)out;
    reading *r = CALL_NEW(c, reading);
    ENSURE(r != NULL, OUT_OF_MEMORY);
    TRY(open_body(c, in->bucket, in->key, r));
    conditions asked = {in->if_match, in->if_none_match, in->if_modified_since, in->if_unmodified_since};
    TRY(oss_check_conditions(&asked, &r->object));
    TRY(choose_range(in, r));
    c->memo = r;
    return ask_data_key(c, r);
}

static slice either(slice wished, slice kept) { return slice_is_absent(wished) ? kept : wished; }

/* response-* parameters replace what was stored with the object. */
static status answer_headers(call *c, const object_headers *kept, const object_headers *wished, object_headers **out) {
    object_headers none = {0};
    object_headers *h = CALL_NEW(c, object_headers);
    ENSURE(h != NULL, OUT_OF_MEMORY);
    if (!kept) kept = &none;
    if (!wished) wished = &none;
    *h = (object_headers){either(wished->content_type, kept->content_type),
                          either(wished->cache_control, kept->cache_control),
                          either(wished->content_disposition, kept->content_disposition),
                          either(wished->content_encoding, kept->content_encoding),
                          either(wished->content_language, kept->content_language),
                          either(wished->expires, kept->expires),
                          kept->metadata};
    *out = h;
    return OK;
}

status get_object_finish(call *c, const get_object_in *in, get_object_out *out) {
    reading *r = c->memo;
    const object_record *object = &r->object;
    TRY(open_storage(c, r, &c->body.storage, &c->body.plan.offset));
    c->body.plan.act = BODY_ACT_FETCH;
    c->body.plan.data_key = c->results.at[0].boxed;
    c->body.plan.context = r->context;
    c->body.plan.plain_size = object->size;
    c->body.plan.first = SET_INT(r->first);
    c->body.plan.last = SET_INT(r->last);
    out->size = object->size;
    if (in->range_first.is_set || in->range_suffix.is_set) {
        out->first = SET_INT(r->first);
        out->last = SET_INT(r->last);
    }
    out->e_tag = object->e_tag;
    out->last_modified = object->modified_at;
    out->crc64 = object->crc64;
    out->content_md5 = object->content_md5;
    out->server_side_encryption = object->server_side_encryption;
    if (object->server_side_encryption == ENCRYPTION_KMS) out->kms_key_id = object->key_id;
    return answer_headers(c, object->headers, in->response_headers, &out->headers);
}

status head_object_prepare(call *c, const head_object_in *in, head_object_out *out) {
    bucket_record owner;
    object_record object;
    TRY(oss_bucket(c, in->bucket, &owner, NULL));
    TRY(object_load(c->house->store, in->bucket, in->key, &c->memory, &object, NULL));
    conditions asked = {in->if_match, in->if_none_match, in->if_modified_since, in->if_unmodified_since};
    TRY(oss_check_conditions(&asked, &object));
    out->size = object.size;
    out->e_tag = object.e_tag;
    out->last_modified = object.modified_at;
    out->crc64 = object.crc64;
    out->content_md5 = object.content_md5;
    out->server_side_encryption = object.server_side_encryption;
    if (object.server_side_encryption == ENCRYPTION_KMS) out->kms_key_id = object.key_id;
    return answer_headers(c, object.headers, NULL, &out->headers);
}

/* ---- CopyObject: opened under the source's key, sealed anew under the destination's */

typedef struct copying {
    body_choice *choice; /* first, as oss_choose_key keeps it in c->memo */
    reading source;
} copying;

status copy_object_prepare(call *c, const copy_object_in *in, copy_object_out *out) {
    (void)out;
    bucket_record target;
    copying *copy = CALL_NEW(c, copying);
    ENSURE(copy != NULL, OUT_OF_MEMORY);
    TRY(open_body(c, in->source_bucket, in->source_key, &copy->source));
    conditions asked = {in->if_match, in->if_none_match, in->if_modified_since, in->if_unmodified_since};
    status held = oss_check_conditions(&asked, &copy->source.object);
    if (FAILED(held)) return FAIL(PRECONDITION); /* a copy has nothing to answer "not modified" with */
    TRY(refuse_overwrite(c, in->bucket, in->key, in->forbid_overwrite));
    TRY(ask_data_key(c, &copy->source));
    TRY(oss_bucket(c, in->bucket, &target, NULL));
    body_wish wish = {in->bucket, in->key, in->server_side_encryption, in->kms_key_id};
    c->memo = NULL;
    TRY(oss_choose_key(c, &target, &wish, &copy->choice));
    c->memo = copy;
    return OK;
}

status copy_object_finish(call *c, const copy_object_in *in, copy_object_out *out) {
    (void)in, (void)out;
    copying *copy = c->memo;
    TRY(open_storage(c, &copy->source, &c->body.source, &c->body.plan.source_offset));
    TRY(oss_begin_body(c, copy->choice, &c->results.at[1], BODY_ACT_COPY));
    c->body.plan.source_key = c->results.at[0].boxed;
    c->body.plan.source_context = copy->source.context;
    c->body.plan.plain_size = copy->source.object.size;
    return OK;
}

status copy_object_keep(call *c, const copy_object_in *in, copy_object_out *out) {
    copying *copy = c->memo;
    const body_message *done = c->body.done;
    bool replaces = in->directive == METADATA_DIRECTIVE_REPLACE;
    object_record record = {.headers = replaces ? in->headers : copy->source.object.headers};
    ENSURE(done->md5.len == 16 && done->size.value == copy->source.object.size.value, INTERNAL);
    TRY(refuse_overwrite(c, in->bucket, in->key, in->forbid_overwrite));
    TRY(upper_hex(c, done->md5, &record.e_tag));
    TRY(oss_keep_body(c, copy->choice, in->bucket, in->key, &record));
    out->e_tag = record.e_tag;
    out->last_modified = record.modified_at;
    out->crc64 = record.crc64;
    out->server_side_encryption = copy->choice->sse;
    if (copy->choice->sse == ENCRYPTION_KMS) out->kms_key_id = copy->choice->key.key_id;
    return OK;
}

/* ---- deleting */

static status delete_one(call *c, slice bucket, slice key) {
    slice path;
    object_record object;
    uint64_t revision;
    status found = object_load(c->house->store, bucket, key, &c->memory, &object, &revision);
    if (FAILED_WITH(found, OBJECT_NOT_FOUND)) return OK;
    TRY(found);
    TRY(object_path(bucket, key, &c->memory, &path));
    TRY(call_doom(c, object.blob_id));
    return call_change(c, path, NULL, NULL, revision);
}

status delete_object_prepare(call *c, const delete_object_in *in, delete_object_out *out) {
    (void)out;
    bucket_record bucket;
    TRY(oss_bucket(c, in->bucket, &bucket, NULL));
    return delete_one(c, in->bucket, in->key);
}

static bool comes_again(const delete_multiple_objects_in *in, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (slice_equals(in->keys.at[i], in->keys.at[at])) return true;
    return false;
}

status delete_multiple_objects_prepare(call *c, const delete_multiple_objects_in *in,
                                       delete_multiple_objects_out *out) {
    bucket_record bucket;
    TRY(oss_bucket(c, in->bucket, &bucket, NULL));
    out->deleted.at = ARENA_ARRAY(&c->memory, deleted_entry, in->keys.count);
    ENSURE(out->deleted.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < in->keys.count; i++) {
        if (!comes_again(in, i)) TRY(delete_one(c, in->bucket, in->keys.at[i]));
        if (!in->quiet.value) out->deleted.at[out->deleted.count++].key = in->keys.at[i];
    }
    out->encoding_type = in->encoding_type;
    return OK;
}
