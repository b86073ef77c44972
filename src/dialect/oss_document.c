/* The XML documents OSS answers with. */
#include "base/text.h"
#include "dialect/answer.h"
#include "dialect/oss_rest.h"
#include "format/xml.h"

/* Writing one document. With `is_encoded` names are percent-encoded, for XML cannot carry every byte a key may have. */
typedef struct document {
    xml_writer w;
    arena *memory;
    bool is_encoded;
    status failure;
} document;

static void put(document *doc, const char *name, slice text) {
    if (slice_is_absent(text) || FAILED(doc->failure)) return;
    slice carried;
    doc->failure = text_for_xml(text, doc->memory, &carried);
    if (!FAILED(doc->failure)) xml_put_text(&doc->w, slice_of_text(name), carried);
}

/* A key, prefix, marker or delimiter. */
static void put_name(document *doc, const char *name, slice text) {
    if (!doc->is_encoded || slice_is_absent(text) || FAILED(doc->failure)) return put(doc, name, text);
    OWNED(buffer) encoded = {0};
    doc->failure = percent_encode(&encoded, text, NULL);
    if (!FAILED(doc->failure)) xml_put_text(&doc->w, slice_of_text(name), buffer_slice(&encoded));
}

static void put_integer(document *doc, const char *name, maybe_int number) {
    if (number.is_set) xml_put_integer(&doc->w, slice_of_text(name), number.value);
}

static void put_time(document *doc, const char *name, maybe_int time) {
    slice text = {0};
    if (time.is_set && !FAILED(doc->failure)) doc->failure = oss_time(time, doc->memory, &text);
    put(doc, name, text);
}

static void put_etag(document *doc, slice etag) {
    slice quoted = {0};
    if (!FAILED(doc->failure)) doc->failure = oss_etag(etag, doc->memory, &quoted);
    put(doc, "ETag", quoted);
}

static void begin(document *doc, const char *name) { xml_open(&doc->w, slice_of_text(name)); }
static void end(document *doc) { xml_close(&doc->w); }

static void put_owner(document *doc, slice id) {
    begin(doc, "Owner");
    put(doc, "ID", slice_is_absent(id) ? SLICE("") : id);
    put(doc, "DisplayName", slice_is_absent(id) ? SLICE("") : id);
    end(doc);
}

static void put_bucket(document *doc, const bucket_entry *b) {
    put(doc, "Name", b->name);
    put(doc, "Location", b->location);
    put(doc, "Region", b->region);
    put_time(doc, "CreationDate", b->creation_date);
    put(doc, "StorageClass", slice_is_empty(b->storage_class) ? SLICE("Standard") : b->storage_class);
    put(doc, "ExtranetEndpoint", b->extranet_endpoint);
    put(doc, "IntranetEndpoint", b->intranet_endpoint);
}

static void list_buckets_document(document *doc, const decoded *d, const void *output) {
    const list_buckets_out *o = output;
    (void)d;
    begin(doc, "ListAllMyBucketsResult");
    put_owner(doc, o->owner_id);
    put(doc, "Prefix", o->prefix);
    put(doc, "Marker", o->marker);
    put_integer(doc, "MaxKeys", o->max_keys);
    xml_put_bool(&doc->w, SLICE("IsTruncated"), o->is_truncated.value);
    put(doc, "NextMarker", o->next_marker);
    begin(doc, "Buckets");
    for (size_t i = 0; i < o->buckets.count; i++) {
        begin(doc, "Bucket");
        put_bucket(doc, &o->buckets.at[i]);
        end(doc);
    }
    end(doc);
    end(doc);
}

static void put_rule(document *doc, const encryption_rule *rule) {
    slice algorithm = slice_of_text(choice_text(encryption_choices, rule ? rule->sse_algorithm : ENCRYPTION_ABSENT));
    put(doc, "SSEAlgorithm", algorithm.len ? algorithm : SLICE("None"));
    if (rule) put(doc, "KMSMasterKeyID", rule->kms_master_key_id);
}

static void put_grant(document *doc, int acl) {
    begin(doc, "AccessControlList");
    put(doc, "Grant", slice_of_text(choice_text(acl_choices, acl ? acl : ACL_PRIVATE)));
    end(doc);
}

static void bucket_info_document(document *doc, const decoded *d, const void *output) {
    const get_bucket_info_out *o = output;
    (void)d;
    begin(doc, "BucketInfo");
    begin(doc, "Bucket");
    if (o->info) put_bucket(doc, o->info);
    put_owner(doc, o->owner_id);
    put_grant(doc, ACL_PRIVATE);
    begin(doc, "ServerSideEncryptionRule");
    put_rule(doc, o->rule);
    end(doc);
    end(doc);
    end(doc);
}

static void bucket_location_document(document *doc, const decoded *d, const void *output) {
    const get_bucket_location_out *o = output;
    (void)d;
    put(doc, "LocationConstraint", slice_is_absent(o->location) ? SLICE("") : o->location);
}

static void bucket_acl_document(document *doc, const decoded *d, const void *output) {
    const get_bucket_acl_out *o = output;
    (void)d;
    begin(doc, "AccessControlPolicy");
    put_owner(doc, o->owner_id);
    put_grant(doc, o->acl);
    end(doc);
}

static void bucket_encryption_document(document *doc, const decoded *d, const void *output) {
    const get_bucket_encryption_out *o = output;
    (void)d;
    begin(doc, "ServerSideEncryptionRule");
    begin(doc, "ApplyServerSideEncryptionByDefault");
    put_rule(doc, o->rule);
    end(doc);
    end(doc);
}

/* ---- listings */

static void put_object(document *doc, const object_entry *entry, const slice *owner_id) {
    begin(doc, "Contents");
    put_name(doc, "Key", entry->key);
    put_time(doc, "LastModified", entry->last_modified);
    put_etag(doc, entry->e_tag);
    put(doc, "Type", SLICE("Normal"));
    put_integer(doc, "Size", entry->size);
    put(doc, "StorageClass", slice_is_empty(entry->storage_class) ? SLICE("Standard") : entry->storage_class);
    if (owner_id) put_owner(doc, *owner_id);
    end(doc);
}

static void put_prefixes(document *doc, const slice_list *prefixes) {
    for (size_t i = 0; i < prefixes->count; i++) {
        begin(doc, "CommonPrefixes");
        put_name(doc, "Prefix", prefixes->at[i]);
        end(doc);
    }
}

static bool can_carry_all(const object_entry *entries, size_t count, const slice_list *prefixes) {
    for (size_t i = 0; i < count; i++)
        if (!xml_can_carry(entries[i].key)) return false;
    for (size_t i = 0; i < prefixes->count; i++)
        if (!xml_can_carry(prefixes->at[i])) return false;
    return true;
}

static void put_encoding(document *doc) {
    if (doc->is_encoded) put(doc, "EncodingType", SLICE("url"));
}

static void list_objects_document(document *doc, const decoded *d, const void *output) {
    const list_objects_out *o = output;
    (void)d;
    doc->is_encoded =
        !slice_is_empty(o->encoding_type) || !can_carry_all(o->contents.at, o->contents.count, &o->common_prefixes);
    begin(doc, "ListBucketResult");
    put(doc, "Name", o->bucket);
    put_name(doc, "Prefix", slice_is_absent(o->prefix) ? SLICE("") : o->prefix);
    put_name(doc, "Marker", slice_is_absent(o->marker) ? SLICE("") : o->marker);
    put_integer(doc, "MaxKeys", o->max_keys);
    put_name(doc, "Delimiter", slice_is_absent(o->delimiter) ? SLICE("") : o->delimiter);
    xml_put_bool(&doc->w, SLICE("IsTruncated"), o->is_truncated.value);
    put_name(doc, "NextMarker", o->next_marker);
    put_encoding(doc);
    /* clients fail on an entry without Owner */
    for (size_t i = 0; i < o->contents.count; i++) put_object(doc, &o->contents.at[i], &o->owner_id);
    put_prefixes(doc, &o->common_prefixes);
    end(doc);
}

static void list_objects_v2_document(document *doc, const decoded *d, const void *output) {
    const list_objects_v2_out *o = output;
    const list_objects_v2_in *in = d->input;
    bool shows_owner = in && in->fetch_owner.value;
    doc->is_encoded =
        !slice_is_empty(o->encoding_type) || !can_carry_all(o->contents.at, o->contents.count, &o->common_prefixes);
    begin(doc, "ListBucketResult");
    put(doc, "Name", o->bucket);
    put_name(doc, "Prefix", slice_is_absent(o->prefix) ? SLICE("") : o->prefix);
    put_name(doc, "StartAfter", o->start_after);
    put(doc, "ContinuationToken", o->continuation_token);
    put_integer(doc, "MaxKeys", o->max_keys);
    put_name(doc, "Delimiter", slice_is_absent(o->delimiter) ? SLICE("") : o->delimiter);
    xml_put_bool(&doc->w, SLICE("IsTruncated"), o->is_truncated.value);
    put(doc, "NextContinuationToken", o->next_continuation_token);
    put_integer(doc, "KeyCount", o->key_count);
    put_encoding(doc);
    for (size_t i = 0; i < o->contents.count; i++)
        put_object(doc, &o->contents.at[i], shows_owner ? &o->owner_id : NULL);
    put_prefixes(doc, &o->common_prefixes);
    end(doc);
}

static void copy_document(document *doc, const decoded *d, const void *output) {
    const copy_object_out *o = output;
    (void)d;
    begin(doc, "CopyObjectResult");
    put_time(doc, "LastModified", o->last_modified);
    put_etag(doc, o->e_tag);
    end(doc);
}

static bool can_carry_deleted(const delete_multiple_objects_out *o) {
    for (size_t i = 0; i < o->deleted.count; i++)
        if (!xml_can_carry(o->deleted.at[i].key)) return false;
    return true;
}

static void delete_document(document *doc, const decoded *d, const void *output) {
    const delete_multiple_objects_out *o = output;
    const delete_multiple_objects_in *in = d->input;
    bool is_quiet = in && in->quiet.value;
    doc->is_encoded = !slice_is_empty(o->encoding_type) || !can_carry_deleted(o);
    begin(doc, "DeleteResult");
    put_encoding(doc);
    for (size_t i = 0; !is_quiet && i < o->deleted.count; i++) {
        begin(doc, "Deleted");
        put_name(doc, "Key", o->deleted.at[i].key);
        end(doc);
    }
    end(doc);
}

typedef void document_writer(document *doc, const decoded *d, const void *output);

static document_writer *writer_of(enum operation_id id) {
    switch (id) {
    case OPERATION_LIST_BUCKETS: return list_buckets_document;
    case OPERATION_GET_BUCKET_INFO: return bucket_info_document;
    case OPERATION_GET_BUCKET_LOCATION: return bucket_location_document;
    case OPERATION_GET_BUCKET_ACL: return bucket_acl_document;
    case OPERATION_GET_BUCKET_ENCRYPTION: return bucket_encryption_document;
    case OPERATION_LIST_OBJECTS: return list_objects_document;
    case OPERATION_LIST_OBJECTS_V2: return list_objects_v2_document;
    case OPERATION_COPY_OBJECT: return copy_document;
    case OPERATION_DELETE_MULTIPLE_OBJECTS: return delete_document;
    default: return NULL;
    }
}

status oss_document(const decoded *d, const reply *r, arena *memory, buffer *out, bool *has_document) {
    document_writer *write = writer_of(d->operation);
    document doc = {.w = {.out = out}, .memory = memory};
    *has_document = write != NULL;
    if (!write) return OK;
    xml_begin(&doc.w);
    write(&doc, d, r->output);
    TRY(doc.failure);
    return xml_finish(&doc.w);
}
