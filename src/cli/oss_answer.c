/* Answers of the object service as JSON, so that everything behind sees one form. */
#include "base/text.h"
#include "cli/call.h"
#include "format/xml.h"

/* Elements that are lists even when there is one, and what other texts are. */
static bool is_list(const xml *parent, slice name) {
    static const char *const LISTS[] = {"Contents", "CommonPrefixes", "Deleted"};
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++)
        if (slice_equals_text(name, LISTS[i])) return true;
    return slice_equals_text(parent->name, "Buckets");
}

static bool is_number(slice name) {
    return slice_equals_text(name, "Size") || slice_equals_text(name, "MaxKeys") || slice_equals_text(name, "KeyCount");
}

static bool is_encoded_name(slice name) {
    static const char *const NAMES[] = {"Key", "Prefix", "Marker", "NextMarker", "Delimiter", "StartAfter"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (slice_equals_text(name, NAMES[i])) return true;
    return false;
}

/* Entity tags come in quotes (RFC 9110 §8.8.3); people and scripts want the tag. */
static slice without_quotes(slice text) {
    bool is_quoted = text.len >= 2 && text.at[0] == '"' && text.at[text.len - 1] == '"';
    return is_quoted ? slice_of(text.at + 1, text.len - 2) : text;
}

typedef struct conversion {
    json_writer w;
    arena *memory;
    bool is_encoded;
} conversion;

static void put_text(conversion *to, const xml *from) {
    int64_t number;
    slice text = from->text, plain;
    if (to->is_encoded && is_encoded_name(from->name) && !FAILED(percent_decode(text, false, to->memory, &plain)))
        text = plain;
    if (slice_equals_text(from->name, "ETag")) text = without_quotes(text);
    if (is_number(from->name) && slice_to_i64(text, &number)) json_put_integer(&to->w, number);
    else if (slice_equals_text(from->name, "IsTruncated")) json_put_bool(&to->w, slice_equals_text(text, "true"));
    else json_put_text(&to->w, text);
}

static void put_element(conversion *to, const xml *from);

static bool came_before(const xml *parent, const xml *element) {
    for (const xml *each = parent->first; each != element; each = each->next)
        if (slice_equals(each->name, element->name)) return true;
    return false;
}

static void put_list(conversion *to, const xml *first) {
    json_begin_array(&to->w);
    for (const xml *each = first; each; each = each->next)
        if (slice_equals(each->name, first->name)) put_element(to, each);
    json_end_array(&to->w);
}

static void put_members(conversion *to, const xml *from) {
    for (const xml *each = from->first; each; each = each->next) {
        bool repeats = is_list(from, each->name);
        if (came_before(from, each)) continue;
        json_put_key(&to->w, each->name);
        if (repeats) put_list(to, each);
        else put_element(to, each);
    }
}

/* Depth is bounded by the parser. */
static void put_element(conversion *to, const xml *from) {
    bool is_leaf = !from->first && !slice_equals_text(from->name, "Buckets");
    if (is_leaf) {
        put_text(to, from);
        return;
    }
    json_begin_object(&to->w);
    put_members(to, from);
    json_end_object(&to->w);
}

static status read_document(const answer *a, arena *memory, const json **out) {
    const xml *root;
    OWNED(buffer) text = {0};
    slice encoding = {0};
    TRY(xml_parse(a->body, memory, &root, NULL));
    (void)xml_child_text(root, "EncodingType", &encoding);
    conversion to = {{.out = &text}, memory, slice_equals_text(encoding, "url")};
    json_begin_object(&to.w);
    put_members(&to, root);
    if (!root->first) json_put_member_text(&to.w, "Location", root->text); /* <LocationConstraint>oss-cn-hangzhou</…> */
    json_put_member_text(&to.w, "RequestId", a->request_id);
    json_end_object(&to.w);
    TRY(json_finish(&to.w));
    return json_from_buffer(&text, memory, out);
}

/* ---- answers without a document */

static const struct {
    const char *header;
    const char *name;
} header_names[] = {
    {"etag", "ETag"},
    {"last-modified", "LastModified"},
    {"content-type", "ContentType"},
    {"cache-control", "CacheControl"},
    {"content-disposition", "ContentDisposition"},
    {"content-encoding", "ContentEncoding"},
    {"content-language", "ContentLanguage"},
    {"expires", "Expires"},
    {"x-oss-hash-crc64ecma", "Crc64"},
    {"content-md5", "ContentMd5"},
    {"x-oss-server-side-encryption", "ServerSideEncryption"},
    {"x-oss-server-side-encryption-key-id", "KmsKeyId"},
    {"location", "Location"},
};

static void put_metadata(json_writer *w, const answer *a) {
    const slice prefix = SLICE("x-oss-meta-");
    bool has_any = false;
    for (size_t i = 0; i < a->headers.count; i++) {
        const pair *h = &a->headers.at[i];
        if (!slice_starts_with(h->key, prefix)) continue;
        if (!has_any) {
            json_put_key(w, SLICE("Metadata"));
            json_begin_object(w);
        }
        has_any = true;
        json_put_key(w, slice_skip(h->key, prefix.len));
        json_put_text(w, h->value);
    }
    if (has_any) json_end_object(w);
}

static status read_headers(const answer *a, arena *memory, const json **out) {
    OWNED(buffer) text = {0};
    json_writer w = {.out = &text};
    int64_t length;
    bool is_object = !slice_is_absent(answer_header(a, "x-oss-object-type"));
    json_begin_object(&w);
    if (is_object && slice_to_i64(answer_header(a, "content-length"), &length))
        json_put_member_integer(&w, "Size", length);
    for (size_t i = 0; i < sizeof header_names / sizeof *header_names; i++) {
        slice value = answer_header(a, header_names[i].header);
        if (!slice_is_absent(value)) json_put_member_text(&w, header_names[i].name, without_quotes(value));
    }
    put_metadata(&w, a);
    bool is_policy = slice_equals_text(answer_header(a, "content-type"), "application/json") && !is_object;
    if (is_policy && a->body.len > 0) json_put_member_text(&w, "Policy", a->body);
    json_put_member_text(&w, "RequestId", a->request_id);
    json_end_object(&w);
    TRY(json_finish(&w));
    return json_from_buffer(&text, memory, out);
}

status oss_answer_read(const answer *a, arena *memory, const json **out) {
    bool is_xml = slice_starts_with(answer_header(a, "content-type"), SLICE("application/xml"));
    return is_xml && a->body.len > 0 ? read_document(a, memory, out) : read_headers(a, memory, out);
}

/* ---- errors */

bool oss_error_read(const answer *a, arena *memory, server_error *out) {
    const xml *root;
    slice document = a->body, coded = answer_header(a, "x-oss-err");
    server_error error = {0};
    if (document.len == 0 && (slice_is_absent(coded) || FAILED(base64_decode(coded, memory, &document)))) return false;
    if (FAILED(xml_parse(document, memory, &root, NULL)) || !slice_equals_text(root->name, "Error")) return false;
    (void)xml_child_text(root, "Code", &error.code);
    (void)xml_child_text(root, "Message", &error.message);
    (void)xml_child_text(root, "RequestId", &error.request_id);
    *out = error;
    return true;
}
