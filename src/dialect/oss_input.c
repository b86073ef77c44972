/* Query parameters and headers of OSS into the operations' inputs, by rows. */
#include "base/clock.h"
#include "base/text.h"
#include "dialect/oss_rest.h"

enum { MD5_BYTES = 16 };

/* ---- what must not be ignored */

typedef struct refusal {
    const char *header;   /* or its beginning, when it ends in '-' */
    const char *harmless; /* the one value that changes nothing, in any case; NULL: none */
    enum status_code answer;
} refusal;

static const refusal refusals[] = {
    {"x-oss-acl", "private", FAILURE_UNSUPPORTED},
    {"x-oss-object-acl", "private", FAILURE_UNSUPPORTED},
    {"x-oss-storage-class", "Standard", FAILURE_UNSUPPORTED},
    {"x-oss-tagging", "", FAILURE_UNSUPPORTED},
    {"x-oss-tagging-directive", "COPY", FAILURE_UNSUPPORTED},
    {"x-oss-callback", NULL, FAILURE_UNSUPPORTED},
    {"x-oss-callback-var", NULL, FAILURE_UNSUPPORTED},
    {"x-oss-copy-source-range", NULL, FAILURE_UNSUPPORTED},
    {"x-oss-object-worm-", NULL, FAILURE_UNSUPPORTED},
    {"x-oss-server-side-encryption-customer-", NULL, FAILURE_UNSUPPORTED},
    {"x-oss-copy-source-server-side-encryption-customer-", NULL, FAILURE_UNSUPPORTED},
    {"x-oss-server-side-data-encryption", NULL, FAILURE_ENCRYPTION_ALGORITHM},
};

static const refusal *refusal_of(const http_header *h) {
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        slice name = slice_of_text(refusals[i].header);
        bool is_meant =
            slice_ends_with(name, SLICE("-")) ? slice_starts_with(h->name, name) : slice_equals(h->name, name);
        if (is_meant) return &refusals[i];
    }
    return NULL;
}

static status check_refusals(const oss_request *r, slice *detail) {
    for (size_t i = 0; i < r->headers.count; i++) {
        const http_header *h = &r->headers.at[i];
        const refusal *row = refusal_of(h);
        if (!row || (row->harmless && slice_equals_ignoring_case(h->value, slice_of_text(row->harmless)))) continue;
        if (slice_equals_text(h->name, "x-oss-object-acl") && slice_equals_text(h->value, "default")) continue;
        *detail = h->name;
        return (status){row->answer};
    }
    return OK;
}

/* ---- rows: a parameter or header, and the field it fills */

enum origin { FROM_QUERY, FROM_HEADER };

typedef struct input_row {
    enum operation_id operation; /* OPERATION_NONE: every operation that has the field */
    enum origin origin;
    const char *name;
    const char *field;
} input_row;

static const input_row rows[] = {
    {OPERATION_NONE, FROM_QUERY, "prefix", "Prefix"},
    {OPERATION_NONE, FROM_QUERY, "marker", "Marker"},
    {OPERATION_NONE, FROM_QUERY, "max-keys", "MaxKeys"},
    {OPERATION_NONE, FROM_QUERY, "delimiter", "Delimiter"},
    {OPERATION_NONE, FROM_QUERY, "encoding-type", "EncodingType"},
    {OPERATION_NONE, FROM_QUERY, "start-after", "StartAfter"},
    {OPERATION_NONE, FROM_QUERY, "continuation-token", "ContinuationToken"},
    {OPERATION_NONE, FROM_QUERY, "fetch-owner", "FetchOwner"},
    {OPERATION_PUT_BUCKET, FROM_HEADER, "x-oss-acl", "Acl"},
    {OPERATION_PUT_OBJECT, FROM_HEADER, "x-oss-object-acl", "Acl"},
    {OPERATION_PUT_BUCKET, FROM_HEADER, "x-oss-storage-class", "StorageClass"},
    {OPERATION_NONE, FROM_HEADER, "content-length", "ContentLength"},
    {OPERATION_NONE, FROM_HEADER, "content-md5", "ContentMd5"},
    {OPERATION_NONE, FROM_HEADER, "x-oss-hash-crc64ecma", "Crc64"},
    {OPERATION_NONE, FROM_HEADER, "x-oss-server-side-encryption", "ServerSideEncryption"},
    {OPERATION_NONE, FROM_HEADER, "x-oss-server-side-encryption-key-id", "KmsKeyId"},
    {OPERATION_NONE, FROM_HEADER, "x-oss-forbid-overwrite", "ForbidOverwrite"},
    {OPERATION_NONE, FROM_HEADER, "x-oss-metadata-directive", "Directive"},
    {OPERATION_GET_OBJECT, FROM_HEADER, "if-match", "IfMatch"},
    {OPERATION_GET_OBJECT, FROM_HEADER, "if-none-match", "IfNoneMatch"},
    {OPERATION_GET_OBJECT, FROM_HEADER, "if-modified-since", "IfModifiedSince"},
    {OPERATION_GET_OBJECT, FROM_HEADER, "if-unmodified-since", "IfUnmodifiedSince"},
    {OPERATION_HEAD_OBJECT, FROM_HEADER, "if-match", "IfMatch"},
    {OPERATION_HEAD_OBJECT, FROM_HEADER, "if-none-match", "IfNoneMatch"},
    {OPERATION_HEAD_OBJECT, FROM_HEADER, "if-modified-since", "IfModifiedSince"},
    {OPERATION_HEAD_OBJECT, FROM_HEADER, "if-unmodified-since", "IfUnmodifiedSince"},
    {OPERATION_COPY_OBJECT, FROM_HEADER, "x-oss-copy-source-if-match", "IfMatch"},
    {OPERATION_COPY_OBJECT, FROM_HEADER, "x-oss-copy-source-if-none-match", "IfNoneMatch"},
    {OPERATION_COPY_OBJECT, FROM_HEADER, "x-oss-copy-source-if-modified-since", "IfModifiedSince"},
    {OPERATION_COPY_OBJECT, FROM_HEADER, "x-oss-copy-source-if-unmodified-since", "IfUnmodifiedSince"},
};

static status read_choice(const field *f, slice text, void *at) {
    bool is_encryption = f->choices == encryption_choices;
    if (f->choices == acl_choices && slice_equals_text(text, "default")) return OK;
    *(int *)at = choice_find(f->choices, text);
    ENSURE(*(int *)at != 0 || !is_encryption, ENCRYPTION_ALGORITHM);
    ENSURE(*(int *)at != 0, INVALID_PARAMETER);
    return OK;
}

static status read_bytes(slice text, arena *memory, slice *out) {
    ENSURE(!FAILED(base64_decode(text, memory, out)) && out->len == MD5_BYTES, BAD_DIGEST);
    return OK;
}

static status read_value(const oss_request *r, const field *f, slice text, void *at) {
    int64_t number;
    switch (f->kind) {
    case FIELD_TEXT: *(slice *)at = text; return OK;
    case FIELD_BYTES: return read_bytes(text, r->memory, at);
    case FIELD_CHOICE: return read_choice(f, text, at);
    case FIELD_INT:
        ENSURE(slice_to_i64(text, &number), INVALID_PARAMETER);
        *(maybe_int *)at = SET_INT(number);
        return OK;
    case FIELD_BOOL: {
        bool is_true = slice_equals_ignoring_case(text, SLICE("true"));
        ENSURE(is_true || slice_equals_ignoring_case(text, SLICE("false")), INVALID_PARAMETER);
        *(maybe_bool *)at = SET_BOOL(is_true);
        return OK;
    }
    case FIELD_TIME: /* RFC 9110 §13.1.3: a date that is none makes no condition */
        if (!FAILED(clock_parse_rfc1123(text, &number))) *(maybe_int *)at = SET_INT(number);
        return OK;
    default: return FAIL(INTERNAL);
    }
}

static status read_rows(const oss_request *r, enum operation_id id, void *in, slice *detail) {
    const shape *s = operation_get(id)->in;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const input_row *row = &rows[i];
        const field *f = shape_find(s, slice_of_text(row->field));
        if (!f || (row->operation != OPERATION_NONE && row->operation != id)) continue;
        slice text = row->origin == FROM_QUERY ? oss_parameter(r, row->name) : head_find(r->head, row->name);
        if (slice_is_empty(text)) continue;
        *detail = slice_of_text(row->name);
        TRY(read_value(r, f, text, field_at(f, in)));
    }
    slice encoding = oss_parameter(r, "encoding-type");
    *detail = SLICE("encoding-type");
    ENSURE(slice_is_empty(encoding) || slice_equals_text(encoding, "url"), INVALID_PARAMETER);
    *detail = (slice){0};
    return OK;
}

/* ---- headers that are kept with an object */

typedef struct kept_header {
    const char *header;
    const char *override; /* the query parameter that replaces it in one answer */
    size_t offset;
} kept_header;

static const kept_header kept_headers[] = {
    {"content-type", "response-content-type", offsetof(object_headers, content_type)},
    {"cache-control", "response-cache-control", offsetof(object_headers, cache_control)},
    {"content-disposition", "response-content-disposition", offsetof(object_headers, content_disposition)},
    {"content-encoding", "response-content-encoding", offsetof(object_headers, content_encoding)},
    {"content-language", "response-content-language", offsetof(object_headers, content_language)},
    {"expires", "response-expires", offsetof(object_headers, expires)},
};

static status read_metadata(const oss_request *r, pair_list *out) {
    const slice prefix = SLICE("x-oss-meta-");
    pair_list map = {.at = ARENA_ARRAY(r->memory, pair, r->headers.count)};
    ENSURE(map.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < r->headers.count; i++) {
        const http_header *h = &r->headers.at[i];
        if (!slice_starts_with(h->name, prefix)) continue;
        ENSURE(h->name.len > prefix.len, INVALID_PARAMETER);
        map.at[map.count++] = (pair){slice_skip(h->name, prefix.len), h->value};
    }
    *out = map;
    return OK;
}

static status read_object_headers(const oss_request *r, object_headers **out) {
    object_headers *headers = ARENA_NEW(r->memory, object_headers);
    ENSURE(headers != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < sizeof kept_headers / sizeof *kept_headers; i++) {
        slice value = head_find(r->head, kept_headers[i].header);
        if (!slice_is_empty(value)) *(slice *)((uint8_t *)headers + kept_headers[i].offset) = value;
    }
    TRY(read_metadata(r, &headers->metadata));
    *out = headers;
    return OK;
}

static bool is_header_value(slice text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < ' ' || text.at[i] == 0x7f) return false;
    return true;
}

static status read_overrides(const oss_request *r, object_headers **out, slice *detail) {
    object_headers *headers = ARENA_NEW(r->memory, object_headers);
    bool has_any = false;
    ENSURE(headers != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < sizeof kept_headers / sizeof *kept_headers; i++) {
        slice value = oss_parameter(r, kept_headers[i].override);
        if (slice_is_empty(value)) continue;
        *detail = slice_of_text(kept_headers[i].override);
        ENSURE(is_header_value(value), INVALID_PARAMETER);
        *(slice *)((uint8_t *)headers + kept_headers[i].offset) = value;
        has_any = true;
    }
    if (has_any) *out = headers;
    *detail = (slice){0};
    return OK;
}

/* ---- operations with something of their own */

/* RFC 9110 §14.1: one range of bytes. Several ranges, other units and what is malformed mean the whole object, which
 * is always a right answer (§14.2). So does If-Range: its condition is not looked at. */
static void read_range(const oss_request *r, get_object_in *in) {
    slice text = head_find(r->head, "range");
    if (!slice_starts_with(text, SLICE("bytes=")) || !slice_is_absent(head_find(r->head, "if-range"))) return;
    slice range = slice_trim(slice_skip(text, 6));
    size_t dash = slice_find_byte(range, '-');
    if (dash == SIZE_MAX) return;
    slice first = slice_head(range, dash), last = slice_skip(range, dash + 1);
    uint64_t from = 0, to = 0;
    bool has_first = slice_to_u64(first, &from) && from <= INT64_MAX,
         has_last = slice_to_u64(last, &to) && to <= INT64_MAX;
    if ((!has_first && first.len) || (!has_last && last.len) || (!has_first && !has_last)) return;
    if (has_first && has_last && from > to) return;
    if (has_first) in->range_first = SET_INT(from);
    if (has_first && has_last) in->range_last = SET_INT(to);
    if (!has_first) in->range_suffix = SET_INT(to);
}

static status read_copy_source(const oss_request *r, copy_object_in *in, slice *detail) {
    slice source = head_find(r->head, "x-oss-copy-source");
    *detail = SLICE("x-oss-copy-source");
    if (slice_starts_with(source, SLICE("/"))) source = slice_skip(source, 1);
    size_t question = slice_find_byte(source, '?');
    ENSURE(question == SIZE_MAX, UNSUPPORTED); /* ?versionId=: there is but one version */
    size_t split = slice_find_byte(source, '/');
    ENSURE(split != SIZE_MAX && split > 0 && split + 1 < source.len, INVALID_PARAMETER);
    ENSURE(!FAILED(percent_decode(slice_head(source, split), false, r->memory, &in->source_bucket)), INVALID_PARAMETER);
    ENSURE(!FAILED(percent_decode(slice_skip(source, split + 1), false, r->memory, &in->source_key)),
           INVALID_PARAMETER);
    ENSURE(in->source_key.len <= OSS_KEY_MOST && utf8_is_valid(in->source_key), INVALID_PARAMETER);
    *detail = (slice){0};
    return OK;
}

static status check_encryption(int algorithm, slice key_id, slice *detail) {
    *detail = SLICE("x-oss-server-side-encryption-key-id");
    ENSURE(slice_is_absent(key_id) || algorithm == ENCRYPTION_KMS, INVALID_PARAMETER);
    *detail = (slice){0};
    return OK;
}

static status put_object_input(const oss_request *r, put_object_in *in, slice *detail) {
    slice coding = head_find(r->head, "transfer-encoding");
    *detail = SLICE("Content-Length");
    ENSURE(in->content_length.is_set || !slice_is_absent(coding), MISSING_LENGTH);
    if (!slice_is_absent(coding)) in->content_length = (maybe_int){0}; /* RFC 9112 §6.3: chunked wins */
    TRY(check_encryption(in->server_side_encryption, in->kms_key_id, detail));
    return read_object_headers(r, &in->headers);
}

static status copy_object_input(const oss_request *r, copy_object_in *in, slice *detail) {
    TRY(read_copy_source(r, in, detail));
    TRY(check_encryption(in->server_side_encryption, in->kms_key_id, detail));
    return read_object_headers(r, &in->headers);
}

static status get_object_input(const oss_request *r, get_object_in *in, slice *detail) {
    read_range(r, in);
    return read_overrides(r, &in->response_headers, detail);
}

status oss_input(const oss_request *r, enum operation_id id, void *in, slice *detail) {
    TRY(check_refusals(r, detail));
    TRY(read_rows(r, id, in, detail));
    switch (id) {
    case OPERATION_PUT_OBJECT: return put_object_input(r, in, detail);
    case OPERATION_COPY_OBJECT: return copy_object_input(r, in, detail);
    case OPERATION_GET_OBJECT: return get_object_input(r, in, detail);
    default: return oss_body(r, id, in, detail);
    }
}
