/* Calls of the object service: which method, which part of the URL, which header. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/call.h"
#include "contract/oss_route.h"
#include "crypto/hash.h"
#include "format/xml.h"

/* Fields that travel in a header; those of a bucket's listing are parameters of the URL. */
static const struct {
    const char *field;
    const char *header;
} header_rows[] = {
    {"ContentType", "Content-Type"},
    {"CacheControl", "Cache-Control"},
    {"ContentDisposition", "Content-Disposition"},
    {"ContentEncoding", "Content-Encoding"},
    {"ContentLanguage", "Content-Language"},
    {"Expires", "Expires"},
    {"ServerSideEncryption", "x-oss-server-side-encryption"},
    {"KmsKeyId", "x-oss-server-side-encryption-key-id"},
    {"ForbidOverwrite", "x-oss-forbid-overwrite"},
    {"Directive", "x-oss-metadata-directive"},
};

status order_add_query(oss_order *o, const char *name, slice value) {
    ENSURE(o->query_count < ORDER_PARTS_MOST, TOO_LARGE);
    o->query[o->query_count++] = (pair){slice_of_text(name), value};
    return OK;
}

static status add_named_header(oss_order *o, slice name, slice value) {
    ENSURE(o->header_count < ORDER_PARTS_MOST, TOO_LARGE);
    o->headers[o->header_count++] = (http_header){name, value};
    return OK;
}

status order_add_header(oss_order *o, const char *name, slice value) {
    return add_named_header(o, slice_of_text(name), value);
}

/* ---- arguments */

static status add_metadata(invocation *inv, slice text, oss_order *o) {
    size_t equals = slice_find_byte(text, '=');
    slice name;
    TRY(arena_printf(&inv->memory, &name, "x-oss-meta-%.*s", SLICE_ARGS(slice_head(text, equals))));
    return add_named_header(o, name, slice_skip(text, equals + 1));
}

static bool is_in_body(const field *f) {
    return strcmp(f->name, "SSEAlgorithm") == 0 || strcmp(f->name, "KMSMasterKeyID") == 0 ||
           strcmp(f->name, "Policy") == 0;
}

static bool holds_line_end(slice text) { return slice_contains_byte(text, '\n') || slice_contains_byte(text, '\r'); }

static status add_argument(invocation *inv, const argument *a, oss_order *o) {
    char kebab[KEBAB_BYTES_MOST];
    slice name;
    if (slice_equals_text(slice_of_text(a->of->name), "Bucket")) return o->bucket = a->value, OK;
    if (slice_equals_text(slice_of_text(a->of->name), "Key")) return o->key = a->value, OK;
    if (is_in_body(a->of)) return OK;
    if (holds_line_end(a->value))
        return trouble_note(&inv->trouble, FAIL(USAGE), "%s has to be one line.", a->of->name);
    if (a->of->kind == FIELD_MAP) return add_metadata(inv, a->value, o);
    for (size_t i = 0; i < sizeof header_rows / sizeof *header_rows; i++)
        if (strcmp(a->of->name, header_rows[i].field) == 0) return order_add_header(o, header_rows[i].header, a->value);
    kebab_case(a->of->name, kebab);
    TRY(arena_copy(&inv->memory, slice_of_text(kebab), &name));
    return order_add_query(o, (const char *)name.at, a->value);
}

static status encryption_body(invocation *inv, oss_order *o) {
    OWNED(buffer) body = {0};
    xml_writer w = {.out = &body};
    slice key_id = argument_find(inv, "KMSMasterKeyID"), algorithm = argument_find(inv, "SSEAlgorithm");
    if (slice_is_absent(algorithm)) algorithm = SLICE("KMS");
    xml_begin(&w);
    xml_open(&w, SLICE("ServerSideEncryptionRule"));
    xml_open(&w, SLICE("ApplyServerSideEncryptionByDefault"));
    xml_put_text(&w, SLICE("SSEAlgorithm"), algorithm);
    if (!slice_is_absent(key_id)) xml_put_text(&w, SLICE("KMSMasterKeyID"), key_id);
    xml_close(&w);
    xml_close(&w);
    TRY(xml_finish(&w));
    return arena_copy(&inv->memory, buffer_slice(&body), &o->body);
}

/* A key named for an object means KMS. */
static status complete_encryption(const invocation *inv, oss_order *o) {
    bool has_key = !slice_is_absent(argument_find(inv, "KmsKeyId"));
    bool has_algorithm = !slice_is_absent(argument_find(inv, "ServerSideEncryption"));
    return has_key && !has_algorithm ? order_add_header(o, "x-oss-server-side-encryption", SLICE("KMS")) : OK;
}

status order_from_arguments(invocation *inv, oss_order *out) {
    oss_order *o = out;
    *o = (oss_order){.id = inv->command->operation};
    for (size_t i = 0; i < inv->argument_count; i++) TRY(add_argument(inv, &inv->arguments[i], o));
    TRY(complete_encryption(inv, o));
    if (o->id == OPERATION_PUT_BUCKET_ENCRYPTION) TRY(encryption_body(inv, o));
    if (o->id == OPERATION_PUT_BUCKET_POLICY) o->body = argument_find(inv, "Policy");
    if (o->id == OPERATION_LIST_OBJECTS_V2) TRY(order_add_query(o, "encoding-type", SLICE("url")));
    return OK;
}

/* ---- calling */

static void add_choice(const oss_route *r, oss_order *o) {
    if (r->part) o->query[o->query_count++] = (pair){slice_of_text(r->part), SLICE("")};
    if (r->operation == OPERATION_LIST_OBJECTS_V2) o->query[o->query_count++] = (pair){SLICE("list-type"), SLICE("2")};
}

/* The body of a request is under the signature through its digest. */
static status add_digest(invocation *inv, oss_order *o) {
    uint8_t hash[HASH_MD5_BYTES];
    OWNED(buffer) text = {0};
    slice kept;
    if (o->body.len == 0) return OK;
    TRY(hash_once(HASH_MD5, o->body, hash));
    TRY(base64_encode(&text, slice_of(hash, sizeof hash)));
    TRY(arena_copy(&inv->memory, buffer_slice(&text), &kept));
    TRY(order_add_header(o, "Content-MD5", kept));
    return order_add_header(o, "Content-Type", SLICE("application/xml"));
}

static status read_failure(client *c, const answer *a) {
    server_error error = {0};
    if (!oss_error_read(a, &c->inv->memory, &error)) error = (server_error){0};
    error.http = a->http;
    if (slice_is_absent(error.request_id)) error.request_id = a->request_id;
    return trouble_from_server(&c->inv->trouble, &error);
}

status call_oss(client *c, const oss_order *order, const client_stream *stream, result *out) {
    const oss_route *r = oss_route_of(order->id);
    ENSURE(r != NULL && order->query_count < ORDER_PARTS_MOST, INTERNAL);
    oss_order *o = ARENA_NEW(&c->inv->memory, oss_order);
    ENSURE(o != NULL, OUT_OF_MEMORY);
    *o = *order;
    add_choice(r, o);
    TRY(add_digest(c->inv, o));
    client_oss call = {.method = slice_of_text(r->method),
                       .host = c->profile.host,
                       .region = c->profile.region,
                       .bucket = o->bucket,
                       .key = o->key,
                       .query = {o->query, o->query_count},
                       .headers = o->headers,
                       .header_count = o->header_count,
                       .time_s = clock_now_s()};
    client_request request;
    result made = {0};
    TRY(client_sign_oss(&c->credentials, &call, &c->inv->memory, &request));
    request.body = o->body;
    TRY(client_send(c, &request, stream, &made.answer));
    if (made.answer.http / 100 != 2) return read_failure(c, &made.answer);
    TRY(oss_answer_read(&made.answer, &c->inv->memory, &made.value));
    *out = made;
    return OK;
}
