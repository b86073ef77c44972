/* Request bodies of OSS that are no objects: XML, and the JSON of a policy. */
#include "base/text.h"
#include "crypto/hash.h"
#include "dialect/oss_rest.h"
#include "format/xml.h"

typedef status body_reader(const oss_request *r, const xml *root, void *in);

/* A body under a signed Content-MD5 is under the signature. */
static status check_digest(const oss_request *r, slice *detail) {
    slice claimed, text = head_find(r->head, "content-md5");
    uint8_t hash[HASH_MD5_BYTES];
    *detail = SLICE("Content-MD5");
    if (slice_is_empty(text)) return OK;
    ENSURE(!FAILED(base64_decode(text, r->memory, &claimed)), BAD_DIGEST);
    TRY(hash_once(HASH_MD5, r->body, hash));
    ENSURE(slice_equals(claimed, slice_of(hash, sizeof hash)), BAD_DIGEST);
    *detail = (slice){0};
    return OK;
}

static slice text_of(const xml *parent, const char *name) {
    slice text = {0};
    return xml_child_text(parent, name, &text) ? slice_trim(text) : (slice){0};
}

static status bucket_body(const oss_request *r, const xml *root, void *in) {
    put_bucket_in *to = in;
    (void)r;
    slice storage_class = text_of(root, "StorageClass");
    if (!slice_is_empty(storage_class)) to->storage_class = storage_class;
    return OK;
}

static status encryption_body(const oss_request *r, const xml *root, void *in) {
    put_bucket_encryption_in *to = in;
    const xml *by_default = xml_child(root, "ApplyServerSideEncryptionByDefault");
    slice algorithm = text_of(by_default, "SSEAlgorithm"), key_id = text_of(by_default, "KMSMasterKeyID");
    ENSURE(!slice_is_empty(algorithm), MALFORMED_XML);
    ENSURE(slice_is_empty(text_of(by_default, "KMSDataEncryption")), ENCRYPTION_ALGORITHM);
    encryption_rule *rule = ARENA_NEW(r->memory, encryption_rule);
    ENSURE(rule != NULL, OUT_OF_MEMORY);
    rule->sse_algorithm = choice_find(encryption_choices, algorithm);
    ENSURE(rule->sse_algorithm != 0, ENCRYPTION_ALGORITHM);
    if (!slice_is_empty(key_id)) rule->kms_master_key_id = key_id;
    ENSURE(slice_is_empty(key_id) || rule->sse_algorithm == ENCRYPTION_KMS, INVALID_PARAMETER);
    to->rule = rule;
    return OK;
}

/* The body as it is: what it says is read when it is set. */
static status policy_body(const oss_request *r, const xml *root, void *in) {
    put_bucket_policy_in *to = in;
    (void)root;
    ENSURE(utf8_is_valid(r->body), INVALID_PARAMETER);
    to->policy = r->body;
    return OK;
}

static status delete_one(const xml *object, slice *out) {
    ENSURE(xml_child_text(object, "Key", out), MALFORMED_XML);
    ENSURE(out->len > 0 && out->len <= OSS_KEY_MOST, OBJECT_NAME);
    slice version = text_of(object, "VersionId");
    ENSURE(slice_is_empty(version) || slice_equals_text(version, "null"), UNSUPPORTED);
    return OK;
}

static status delete_body(const oss_request *r, const xml *root, void *in) {
    delete_multiple_objects_in *to = in;
    slice quiet = text_of(root, "Quiet");
    to->quiet = SET_BOOL(slice_equals_ignoring_case(quiet, SLICE("true")));
    to->keys.at = ARENA_ARRAY(r->memory, slice, OSS_DELETE_MOST);
    ENSURE(to->keys.at != NULL, OUT_OF_MEMORY);
    for (const xml *each = root->first; each; each = each->next) {
        if (!slice_equals_text(each->name, "Object")) continue;
        ENSURE(to->keys.count < OSS_DELETE_MOST, MALFORMED_XML);
        TRY(delete_one(each, &to->keys.at[to->keys.count]));
        to->keys.count++;
    }
    ENSURE(to->keys.count > 0, MALFORMED_XML);
    return OK;
}

typedef struct body_row {
    enum operation_id operation;
    const char *root; /* NULL: it is no XML */
    size_t most;      /* bytes */
    bool may_be_empty;
    bool needs_digest;
    body_reader *read;
} body_row;

static const body_row bodies[] = {
    {OPERATION_PUT_BUCKET, "CreateBucketConfiguration", 64 << 10, true, false, bucket_body},
    {OPERATION_PUT_BUCKET_ENCRYPTION, "ServerSideEncryptionRule", 64 << 10, false, false, encryption_body},
    {OPERATION_PUT_BUCKET_POLICY, NULL, 64 << 10, false, false, policy_body},
    {OPERATION_DELETE_MULTIPLE_OBJECTS, "Delete", OSS_BODY_MOST, false, true, delete_body},
};

static status read_body(const oss_request *r, const body_row *row, void *in, slice *detail) {
    const xml *root;
    *detail = SLICE("Content-MD5");
    ENSURE(!row->needs_digest || !slice_is_empty(head_find(r->head, "content-md5")), MISSING_PARAMETER);
    TRY(check_digest(r, detail));
    if (slice_is_empty(slice_trim(r->body)) && row->may_be_empty) return OK;
    if (!row->root) {
        *detail = (slice){0};
        return row->read(r, NULL, in);
    }
    *detail = slice_of_text(row->root);
    status parsed = xml_parse(r->body, r->memory, &root, NULL);
    ENSURE(!FAILED_WITH(parsed, OUT_OF_MEMORY), OUT_OF_MEMORY);
    ENSURE(!FAILED(parsed) && slice_equals_text(root->name, row->root), MALFORMED_XML);
    TRY(row->read(r, root, in));
    *detail = (slice){0};
    return OK;
}

size_t oss_body_most(enum operation_id id) {
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        if (bodies[i].operation == id) return bodies[i].most;
    return 0;
}

status oss_body(const oss_request *r, enum operation_id id, void *in, slice *detail) {
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        if (bodies[i].operation == id) return read_body(r, &bodies[i], in, detail);
    return OK;
}
