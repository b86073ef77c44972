/* Answers of OSS: statuses, headers, errors. */
#include "base/clock.h"
#include "base/text.h"
#include "dialect/answer.h"
#include "dialect/oss_rest.h"
#include "format/xml.h"

static const char XML_TYPE[] = "application/xml", JSON_TYPE[] = "application/json";
enum { HEADERS_MOST = 32, SKEW_MOST_MS = 15 * 60 * 1000 };

status oss_etag(slice etag, arena *memory, slice *out) {
    if (slice_is_absent(etag) || slice_starts_with(etag, SLICE("\""))) {
        *out = etag;
        return OK;
    }
    return arena_printf(memory, out, "\"%.*s\"", SLICE_ARGS(etag));
}

status oss_time(maybe_int time, arena *memory, slice *out) {
    char iso[CLOCK_ISO_BYTES];
    clock_format_iso(time.value, iso);
    return arena_printf(memory, out, "%.19s.000Z", iso);
}

/* ---- headers every answer has, and those of an object */

static void begin(answer_builder *b, size_t room, const reply *r, arena *memory) {
    answer_begin(b, room, memory);
    answer_add(b, "x-oss-request-id", r->request_id);
    answer_add_integer(b, "x-oss-server-time", r->elapsed_ms > 0 ? r->elapsed_ms : 1);
}

static void add_etag(answer_builder *b, slice etag) {
    slice quoted = {0};
    if (!FAILED(b->failure)) b->failure = oss_etag(etag, b->memory, &quoted);
    answer_add(b, "ETag", quoted);
}

static void add_digests(answer_builder *b, slice crc64, slice md5) {
    slice text = {0};
    answer_add(b, "x-oss-hash-crc64ecma", crc64);
    if (!slice_is_absent(md5) && !FAILED(b->failure)) b->failure = text_base64(md5, b->memory, &text);
    answer_add(b, "Content-MD5", text);
}

static void add_encryption(answer_builder *b, int algorithm, slice key_id) {
    if (algorithm == ENCRYPTION_ABSENT) return;
    answer_add(b, "x-oss-server-side-encryption", slice_of_text(choice_text(encryption_choices, algorithm)));
    if (algorithm == ENCRYPTION_KMS) answer_add(b, "x-oss-server-side-encryption-key-id", key_id);
}

static slice first_of(slice preferred, slice otherwise) { return slice_is_absent(preferred) ? otherwise : preferred; }

static void add_kept_headers(answer_builder *b, const object_headers *kept, const object_headers *override) {
    static const object_headers NONE;
    const object_headers *k = kept ? kept : &NONE, *o = override ? override : &NONE;
    answer_add(b, "Content-Type",
               first_of(first_of(o->content_type, k->content_type), SLICE("application/octet-stream")));
    answer_add(b, "Cache-Control", first_of(o->cache_control, k->cache_control));
    answer_add(b, "Content-Disposition", first_of(o->content_disposition, k->content_disposition));
    answer_add(b, "Content-Encoding", first_of(o->content_encoding, k->content_encoding));
    answer_add(b, "Content-Language", first_of(o->content_language, k->content_language));
    answer_add(b, "Expires", first_of(o->expires, k->expires));
    for (size_t i = 0; i < k->metadata.count; i++) {
        slice name = {0};
        if (!FAILED(b->failure))
            b->failure = arena_printf(b->memory, &name, "x-oss-meta-%.*s", SLICE_ARGS(k->metadata.at[i].key));
        answer_add_named(b, name, k->metadata.at[i].value);
    }
}

static void add_object_constants(answer_builder *b, maybe_int last_modified) {
    char text[CLOCK_RFC1123_BYTES];
    slice kept = {0};
    clock_format_rfc1123(last_modified.value, text);
    if (last_modified.is_set && !FAILED(b->failure)) b->failure = arena_copy(b->memory, slice_of_text(text), &kept);
    answer_add(b, "Last-Modified", kept);
    answer_add(b, "Accept-Ranges", SLICE("bytes"));
    answer_add(b, "x-oss-object-type", SLICE("Normal"));
    answer_add(b, "x-oss-storage-class", SLICE("Standard"));
}

static size_t room_for(const object_headers *headers) { return HEADERS_MOST + (headers ? headers->metadata.count : 0); }

/* ---- operations that answer with headers */

static status encode_put(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    const put_object_out *o = r->output;
    answer_builder b;
    (void)d;
    begin(&b, HEADERS_MOST, r, memory);
    add_etag(&b, o->e_tag);
    add_digests(&b, o->crc64, o->content_md5);
    add_encryption(&b, o->server_side_encryption, o->kms_key_id);
    return answer_finish_empty(&b, 200, out);
}

static bool asks_for_range(const get_object_in *in) {
    return in && (in->range_first.is_set || in->range_last.is_set || in->range_suffix.is_set);
}

static status encode_get(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    const get_object_out *o = r->output;
    const get_object_in *in = d->input;
    answer_builder b;
    begin(&b, room_for(o->headers), r, memory);
    add_kept_headers(&b, o->headers, in ? in->response_headers : NULL);
    add_object_constants(&b, o->last_modified);
    add_etag(&b, o->e_tag);
    add_digests(&b, o->crc64, o->content_md5);
    add_encryption(&b, o->server_side_encryption, o->kms_key_id);
    bool is_part = asks_for_range(in) && o->first.is_set && o->last.is_set;
    slice range = {0};
    if (is_part && !FAILED(b.failure))
        b.failure = arena_printf(memory, &range, "bytes %lld-%lld/%lld", (long long)o->first.value,
                                 (long long)o->last.value, (long long)o->size.value);
    answer_add(&b, "Content-Range", range);
    TRY(answer_finish_empty(&b, is_part ? 206 : 200, out));
    out->content_length = is_part ? o->last.value - o->first.value + 1 : o->size.value;
    out->is_streamed = true;
    return OK;
}

static status encode_head(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    const head_object_out *o = r->output;
    answer_builder b;
    (void)d;
    begin(&b, room_for(o->headers), r, memory);
    add_kept_headers(&b, o->headers, NULL);
    add_object_constants(&b, o->last_modified);
    add_etag(&b, o->e_tag);
    add_digests(&b, o->crc64, o->content_md5);
    add_encryption(&b, o->server_side_encryption, o->kms_key_id);
    TRY(answer_finish_empty(&b, 200, out));
    out->content_length = o->size.value;
    return OK;
}

static status encode_put_bucket(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    const put_bucket_in *in = d->input;
    answer_builder b;
    slice location = {0};
    begin(&b, HEADERS_MOST, r, memory);
    /* clients take the bucket's name from here */
    if (in && !FAILED(b.failure)) b.failure = arena_printf(memory, &location, "/%.*s", SLICE_ARGS(in->bucket));
    answer_add(&b, "Location", location);
    return answer_finish_empty(&b, 200, out);
}

static status encode_gone(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    answer_builder b;
    (void)d;
    begin(&b, HEADERS_MOST, r, memory);
    return answer_finish_empty(&b, 204, out);
}

static void add_copy_headers(answer_builder *b, const copy_object_out *o) {
    add_etag(b, o->e_tag);
    add_digests(b, o->crc64, (slice){0});
    add_encryption(b, o->server_side_encryption, o->kms_key_id);
}

static status encode_document(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    OWNED(buffer) body = {0};
    bool has_document;
    answer_builder b;
    TRY(oss_document(d, r, memory, &body, &has_document));
    begin(&b, HEADERS_MOST, r, memory);
    if (d->operation == OPERATION_COPY_OBJECT) add_copy_headers(&b, r->output);
    return has_document ? answer_finish_body(&b, 200, XML_TYPE, &body, out) : answer_finish_empty(&b, 200, out);
}

static status encode_policy(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    const get_bucket_policy_out *o = r->output;
    OWNED(buffer) body = {0};
    answer_builder b;
    (void)d;
    TRY(buffer_append(&body, o->policy));
    begin(&b, HEADERS_MOST, r, memory);
    return answer_finish_body(&b, 200, JSON_TYPE, &body, out);
}

typedef status encoder(const decoded *d, const reply *r, arena *memory, http_answer *out);

static encoder *encoder_of(enum operation_id id) {
    switch (id) {
    case OPERATION_PUT_OBJECT: return encode_put;
    case OPERATION_GET_OBJECT: return encode_get;
    case OPERATION_HEAD_OBJECT: return encode_head;
    case OPERATION_PUT_BUCKET: return encode_put_bucket;
    case OPERATION_GET_BUCKET_POLICY: return encode_policy;
    case OPERATION_DELETE_BUCKET_POLICY:
    case OPERATION_DELETE_BUCKET:
    case OPERATION_DELETE_OBJECT:
    case OPERATION_DELETE_BUCKET_ENCRYPTION: return encode_gone;
    default: return encode_document;
    }
}

status oss_encode(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    ENSURE(r->output != NULL, INTERNAL);
    return encoder_of(d->operation)(d, r, memory, out);
}

/* ---- failures */

static status put_safe(xml_writer *w, const char *name, slice text, arena *memory) {
    slice carried;
    if (slice_is_absent(text)) return OK;
    TRY(text_for_xml(text, memory, &carried));
    xml_put_text(w, slice_of_text(name), carried);
    return OK;
}

/* "47 45 54": the bytes that were signed, for people who look for an invisible difference. */
static status spaced_hex(slice bytes, arena *memory, slice *out) {
    OWNED(buffer) text = {0};
    for (size_t i = 0; i < bytes.len; i++) TRY(buffer_printf(&text, i ? " %02X" : "%02X", bytes.at[i]));
    return text_keep(&text, memory, out);
}

static status put_signature(xml_writer *w, const proof *p, arena *memory) {
    slice text, hex, claimed;
    if (FAILED(oss_string_to_sign(p, memory, &text))) return OK;
    TRY(spaced_hex(text, memory, &hex));
    TRY(p->scheme == SCHEME_OSS_V1 ? text_base64(p->signature, memory, &claimed)
                                   : text_hex(p->signature, memory, &claimed));
    TRY(put_safe(w, "OSSAccessKeyId", p->access_key_id, memory));
    TRY(put_safe(w, "SignatureProvided", claimed, memory));
    TRY(put_safe(w, "StringToSign", text, memory));
    return put_safe(w, "StringToSignBytes", hex, memory);
}

static status put_skew(xml_writer *w, const proof *p, arena *memory) {
    slice time;
    TRY(oss_time(p->request_time, memory, &time));
    xml_put_integer(w, SLICE("MaxAllowedSkewMilliseconds"), SKEW_MOST_MS);
    if (p->request_time.is_set) xml_put_text(w, SLICE("RequestTime"), time);
    TRY(oss_time(SET_INT(clock_now_s()), memory, &time));
    xml_put_text(w, SLICE("ServerTime"), time);
    return OK;
}

static slice input_text(const decoded *d, const char *name) {
    const operation *op = operation_get(d->operation);
    const field *f = op && d->input ? shape_find(op->in, slice_of_text(name)) : NULL;
    return f && f->kind == FIELD_TEXT ? *(const slice *)field_at(f, d->input) : (slice){0};
}

static status write_error(const decoded *d, const reply *r, const failure_row *row, arena *memory, buffer *out) {
    slice message, detail = row == failure_get(r->failure.code) ? r->detail : (slice){0};
    xml_writer w = {.out = out};
    TRY(failure_text(row, detail, memory, &message));
    xml_begin(&w);
    xml_open(&w, SLICE("Error"));
    xml_put_text(&w, SLICE("Code"), slice_of_text(row->in[WIRE_OSS_REST].code));
    TRY(put_safe(&w, "Message", message, memory));
    TRY(put_safe(&w, "RequestId", r->request_id, memory));
    TRY(put_safe(&w, "HostId", r->host, memory));
    TRY(put_safe(&w, "BucketName", input_text(d, "Bucket"), memory));
    TRY(put_safe(&w, "Key", input_text(d, "Key"), memory));
    if (FAILED_WITH(r->failure, BAD_SIGNATURE)) TRY(put_signature(&w, &d->proof, memory));
    if (FAILED_WITH(r->failure, REQUEST_EXPIRED)) TRY(put_skew(&w, &d->proof, memory));
    xml_close(&w);
    return xml_finish(&w);
}

/* HEAD has no body, so clients look for the error in a header. There the document must be short: without the texts that
 * were signed. */
static status write_head_error(const decoded *d, const reply *r, const failure_row *row, arena *memory, slice *out) {
    OWNED(buffer) body = {0};
    decoded bare = *d;
    bare.proof = (proof){0};
    TRY(write_error(&bare, r, row, memory, &body));
    return text_base64(buffer_slice(&body), memory, out);
}

status oss_encode_failure(const decoded *d, const reply *r, arena *memory, http_answer *out) {
    const failure_row *row = failure_get(r->failure.code);
    if (!row->in[WIRE_OSS_REST].code) row = failure_get(FAILURE_INTERNAL);
    answer_builder b;
    begin(&b, HEADERS_MOST, r, memory);
    if (row->in[WIRE_OSS_REST].http == 304) return answer_finish_empty(&b, row->in[WIRE_OSS_REST].http, out);
    if (d->is_head) {
        slice error;
        TRY(write_head_error(d, r, row, memory, &error));
        answer_add(&b, "x-oss-err", error);
        return answer_finish_empty(&b, row->in[WIRE_OSS_REST].http, out);
    }
    OWNED(buffer) body = {0};
    TRY(write_error(d, r, row, memory, &body));
    return answer_finish_body(&b, row->in[WIRE_OSS_REST].http, XML_TYPE, &body, out);
}
