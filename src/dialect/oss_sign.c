/* Signatures of OSS: version 1 (HMAC-SHA1) and version 4 (OSS4-HMAC-SHA256), in the Authorization header or the URL. */
#include "base/clock.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "dialect/answer.h"
#include "dialect/oss_rest.h"

/* How the signature came. */
typedef struct evidence {
    slice date_line;          /* version 1: Date, x-oss-date or Expires */
    slice additional_headers; /* version 4: names joined by ';' */
    bool has_empty_values;    /* version 4: of ordinary parameters */
} evidence;

bool oss_is_signed_parameter(slice name) {
    static const char NAMES[] =
        "acl uploads location cors logging website referer lifecycle delete append tagging objectMeta "
        "uploadId partNumber security-token position img style styleName replication replicationProgress "
        "replicationLocation cname bucketInfo comp qos qosInfo live status vod startTime endTime symlink "
        "response-content-type response-content-language response-expires response-cache-control "
        "response-content-disposition response-content-encoding udf udfName udfImage udfId udfImageDesc "
        "udfApplication udfApplicationLog restore callback callback-var policy stat encryption versions "
        "versioning versionId requestPayment sequential inventory inventoryId continuation-token asyncFetch "
        "worm wormId wormExtend withHashContext transferAcceleration regionList cloudboxes metaQuery "
        "resourceGroup rtc responseHeader";
    if (slice_starts_with(name, SLICE("x-oss-"))) return true;
    return words_contain(NAMES, name);
}

static status append_line(buffer *out, slice text) {
    TRY(buffer_append(out, text));
    return buffer_append_byte(out, '\n');
}

static status append_header(buffer *out, const http_header *h) {
    TRY(buffer_append(out, h->name));
    TRY(buffer_append_byte(out, ':'));
    return append_line(out, h->value);
}

/* ---- version 1. Keys and values stand decoded in its text, so "k?acl" and the acl of "k" look alike: a weakness of
 * the scheme. Version 4 has none of it. */

static status append_resource(const oss_request *r, const oss_address *a, buffer *out) {
    TRY(buffer_append_byte(out, '/'));
    if (!slice_is_absent(a->bucket)) {
        TRY(buffer_append(out, a->bucket));
        TRY(buffer_append_byte(out, '/'));
    }
    TRY(buffer_append(out, a->key));
    bool is_first = true;
    for (size_t i = 0; i < r->query.count; i++) {
        const form_pair *found = &r->query.pairs[i];
        if (!oss_is_signed_parameter(found->name)) continue;
        TRY(buffer_append_byte(out, is_first ? '?' : '&'));
        is_first = false;
        TRY(buffer_append(out, found->name));
        if (slice_is_empty(found->value)) continue;
        TRY(buffer_append_byte(out, '='));
        TRY(buffer_append(out, found->value));
    }
    return OK;
}

static status v1_text(const oss_request *r, const evidence *e, const oss_address *a, slice *out) {
    OWNED(buffer) text = {0};
    TRY(append_line(&text, r->head->method));
    TRY(append_line(&text, head_find(r->head, "content-md5")));
    TRY(append_line(&text, head_find(r->head, "content-type")));
    TRY(append_line(&text, e->date_line));
    for (size_t i = 0; i < r->headers.count; i++) TRY(append_header(&text, &r->headers.at[i]));
    TRY(append_resource(r, a, &text));
    return text_keep(&text, r->memory, out);
}

static status v1_texts(const oss_request *r, const evidence *e, const oss_address *a, slice_list *out) {
    slice_list texts = {ARENA_NEW(r->memory, slice), 1};
    ENSURE(texts.at != NULL, OUT_OF_MEMORY);
    TRY(v1_text(r, e, a, texts.at));
    *out = texts;
    return OK;
}

static status v1_signature(slice text, arena *memory, proof *p) {
    ENSURE(!FAILED(base64_decode(text, memory, &p->signature)), INCOMPLETE_SIGNATURE);
    ENSURE(p->signature.len == HASH_SHA1_BYTES, INCOMPLETE_SIGNATURE);
    return OK;
}

/* Authorization: OSS <access key id>:<base64> */
static status v1_header(const oss_request *r, evidence *e, proof *p, slice *detail) {
    slice claimed = slice_skip(head_find(r->head, "authorization"), 4);
    size_t split = slice_find_byte(claimed, ':');
    *detail = SLICE("Authorization");
    ENSURE(split != SIZE_MAX && split > 0, INCOMPLETE_SIGNATURE);
    p->access_key_id = slice_head(claimed, split);
    e->date_line = head_find(r->head, "x-oss-date");
    if (slice_is_absent(e->date_line)) e->date_line = head_find(r->head, "date");
    *detail = SLICE("Date");
    ENSURE(!FAILED(clock_parse_rfc1123(e->date_line, &p->request_time.value)), BAD_TIMESTAMP);
    p->request_time.is_set = true;
    p->security_token = head_find(r->head, "x-oss-security-token");
    *detail = SLICE("Authorization");
    return v1_signature(slice_skip(claimed, split + 1), r->memory, p);
}

static status v1_url(const oss_request *r, evidence *e, proof *p, slice *detail) {
    uint64_t expires_s;
    *detail = SLICE("OSSAccessKeyId, Expires, Signature");
    p->access_key_id = oss_parameter(r, "OSSAccessKeyId");
    e->date_line = oss_parameter(r, "Expires");
    ENSURE(!slice_is_empty(p->access_key_id) && !slice_is_empty(e->date_line), INCOMPLETE_SIGNATURE);
    *detail = SLICE("Expires");
    ENSURE(slice_to_u64(e->date_line, &expires_s) && expires_s <= INT64_MAX, BAD_TIMESTAMP);
    p->expires_at = SET_INT(expires_s);
    p->security_token = oss_parameter(r, "security-token");
    *detail = SLICE("Signature");
    return v1_signature(oss_parameter(r, "Signature"), r->memory, p);
}

/* ---- version 4 */

/* Clients differ in how they sign an ordinary parameter without a value: as "prefix", or "prefix=" as it stands on the
 * wire. The server cannot tell; it tries both. Sub-resources are bare for all. */
enum spelling { SPELLING_BARE, SPELLING_AS_IT_STANDS, SPELLINGS };

static status append_query(const oss_request *r, enum spelling spelling, buffer *out) {
    bool is_first = true;
    for (size_t i = 0; i < r->query.count; i++) {
        const form_pair *found = &r->query.pairs[i];
        if (slice_equals_text(found->name, "x-oss-signature")) continue;
        if (!is_first) TRY(buffer_append_byte(out, '&'));
        is_first = false;
        TRY(percent_encode(out, found->name, NULL));
        bool may_be_bare = spelling == SPELLING_BARE || oss_is_signed_parameter(found->name);
        if (slice_is_empty(found->value) && may_be_bare) continue;
        TRY(buffer_append_byte(out, '='));
        TRY(percent_encode(out, found->value, NULL));
    }
    return buffer_append_byte(out, '\n');
}

static bool is_always_signed(slice name) {
    return slice_starts_with(name, SLICE("x-oss-")) || slice_equals_text(name, "content-type") ||
           slice_equals_text(name, "content-md5");
}

static status add_header(const oss_request *r, slice name, header_list *list) {
    slice lower;
    TRY(text_lower(name, r->memory, &lower));
    slice value = head_find_named(r->head, lower);
    if (!slice_is_absent(value)) list->at[list->count++] = (http_header){lower, value};
    return OK;
}

static status v4_headers(const oss_request *r, const evidence *e, header_list *out) {
    slice rest = e->additional_headers, name;
    size_t room = r->headers.count + 2;
    for (size_t i = 0; i < rest.len; i++) room += rest.at[i] == ';';
    header_list list = {ARENA_ARRAY(r->memory, http_header, room + 1), r->headers.count};
    ENSURE(list.at != NULL, OUT_OF_MEMORY);
    if (list.count) memcpy(list.at, r->headers.at, list.count * sizeof *list.at);
    TRY(add_header(r, SLICE("content-type"), &list));
    TRY(add_header(r, SLICE("content-md5"), &list));
    while (slice_split(&rest, ';', &name)) {
        ENSURE(name.len > 0, INCOMPLETE_SIGNATURE);
        slice lower;
        TRY(text_lower(name, r->memory, &lower));
        if (!is_always_signed(lower)) TRY(add_header(r, lower, &list));
    }
    header_list_sort(&list);
    *out = list;
    return OK;
}

static status v4_text(const oss_request *r, const evidence *e, const oss_address *a, enum spelling spelling,
                      slice *out) {
    OWNED(buffer) text = {0};
    header_list headers;
    TRY(v4_headers(r, e, &headers));
    TRY(append_line(&text, r->head->method));
    TRY(buffer_append_byte(&text, '/'));
    if (!slice_is_absent(a->bucket)) {
        TRY(percent_encode(&text, a->bucket, NULL));
        TRY(buffer_append_byte(&text, '/'));
    }
    TRY(percent_encode(&text, a->key, "/"));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(append_query(r, spelling, &text));
    for (size_t i = 0; i < headers.count; i++) TRY(append_header(&text, &headers.at[i]));
    TRY(buffer_append_byte(&text, '\n'));
    slice names;
    TRY(text_lower(e->additional_headers, r->memory, &names));
    TRY(append_line(&text, names));
    slice payload = head_find(r->head, "x-oss-content-sha256");
    TRY(buffer_append(&text, slice_is_absent(payload) ? SLICE("UNSIGNED-PAYLOAD") : payload));
    return text_keep(&text, r->memory, out);
}

static status v4_texts(const oss_request *r, const evidence *e, const oss_address *a, slice_list *out) {
    slice_list texts = {ARENA_ARRAY(r->memory, slice, SPELLINGS), e->has_empty_values ? SPELLINGS : 1};
    ENSURE(texts.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < texts.count; i++) TRY(v4_text(r, e, a, (enum spelling)i, &texts.at[i]));
    *out = texts;
    return OK;
}

static status v4_signature(slice text, arena *memory, proof *p) {
    ENSURE(!FAILED(hex_decode(text, memory, &p->signature)), INCOMPLETE_SIGNATURE);
    ENSURE(p->signature.len == HASH_SHA256_BYTES, INCOMPLETE_SIGNATURE);
    return OK;
}

/* <access key id>/<YYYYMMDD>/<region>/oss/aliyun_v4_request */
static status take_credential(slice credential, proof *p) {
    slice parts[5], rest = credential;
    for (size_t i = 0; i < 5; i++) ENSURE(slice_split(&rest, '/', &parts[i]) && parts[i].len > 0, INCOMPLETE_SIGNATURE);
    ENSURE(slice_is_absent(rest), INCOMPLETE_SIGNATURE);
    p->access_key_id = parts[0];
    p->scope_date = parts[1];
    p->scope_region = parts[2];
    ENSURE(slice_equals_text(parts[3], "oss") && slice_equals_text(parts[4], "aliyun_v4_request"),
           INCOMPLETE_SIGNATURE);
    return OK;
}

static status take_basic_time(slice text, proof *p, slice *detail) {
    *detail = SLICE("x-oss-date");
    ENSURE(!FAILED(clock_parse_basic(text, &p->request_time.value)), BAD_TIMESTAMP);
    p->request_time.is_set = true;
    return OK;
}

/* Authorization: OSS4-HMAC-SHA256 Credential=…[,AdditionalHeaders=…],Signature=… */
static status v4_header(const oss_request *r, evidence *e, proof *p, slice *detail) {
    slice rest = slice_skip(head_find(r->head, "authorization"), sizeof "OSS4-HMAC-SHA256 " - 1), piece;
    slice credential = {0}, signature = {0};
    *detail = SLICE("Authorization");
    while (slice_split(&rest, ',', &piece)) {
        piece = slice_trim(piece);
        size_t split = slice_find_byte(piece, '=');
        slice name = slice_head(piece, split);
        slice *to = slice_equals_text(name, "Credential")          ? &credential
                    : slice_equals_text(name, "AdditionalHeaders") ? &e->additional_headers
                    : slice_equals_text(name, "Signature")         ? &signature
                                                                   : NULL;
        ENSURE(to && split != SIZE_MAX && slice_is_absent(*to), INCOMPLETE_SIGNATURE);
        *to = slice_skip(piece, split + 1);
    }
    TRY(take_credential(credential, p));
    p->security_token = head_find(r->head, "x-oss-security-token");
    TRY(v4_signature(signature, r->memory, p));
    return take_basic_time(head_find(r->head, "x-oss-date"), p, detail);
}

static status v4_url(const oss_request *r, evidence *e, proof *p, slice *detail) {
    uint64_t lifetime_s;
    *detail = SLICE("x-oss-signature-version");
    ENSURE(slice_equals_text(oss_parameter(r, "x-oss-signature-version"), "OSS4-HMAC-SHA256"), INCOMPLETE_SIGNATURE);
    *detail = SLICE("x-oss-credential");
    TRY(take_credential(oss_parameter(r, "x-oss-credential"), p));
    TRY(take_basic_time(oss_parameter(r, "x-oss-date"), p, detail));
    *detail = SLICE("x-oss-expires");
    ENSURE(slice_to_u64(oss_parameter(r, "x-oss-expires"), &lifetime_s), BAD_TIMESTAMP);
    ENSURE(lifetime_s >= 1 && lifetime_s <= OSS_URL_LIFETIME_MOST_S, BAD_TIMESTAMP);
    p->expires_at = SET_INT(p->request_time.value + (int64_t)lifetime_s);
    e->additional_headers = oss_parameter(r, "x-oss-additional-headers");
    p->security_token = oss_parameter(r, "x-oss-security-token");
    *detail = SLICE("x-oss-signature");
    return v4_signature(oss_parameter(r, "x-oss-signature"), r->memory, p);
}

/* ---- both */

static bool has_any(const oss_request *r, const char *one, const char *other) {
    return !slice_is_absent(oss_parameter(r, one)) || !slice_is_absent(oss_parameter(r, other));
}

typedef status evidence_reader(const oss_request *r, evidence *e, proof *p, slice *detail);

static status choose_reader(const oss_request *r, evidence_reader **out, proof *p, slice *detail) {
    slice authorization = head_find(r->head, "authorization");
    bool has_header = !slice_is_empty(authorization);
    bool has_v1_url = has_any(r, "OSSAccessKeyId", "Signature");
    bool has_v4_url = has_any(r, "x-oss-signature", "x-oss-credential");
    *detail = SLICE("Authorization, Signature");
    ENSURE(has_header + has_v1_url + has_v4_url < 2, TWO_SIGNATURES);
    ENSURE(has_header || has_v1_url || has_v4_url, ANONYMOUS);
    p->scheme = has_v1_url ? SCHEME_OSS_V1 : SCHEME_OSS_V4;
    *out = has_v1_url ? v1_url : v4_url;
    if (!has_header) return OK;
    bool is_v1 = slice_starts_with(authorization, SLICE("OSS "));
    ENSURE(is_v1 || slice_starts_with(authorization, SLICE("OSS4-HMAC-SHA256 ")), INCOMPLETE_SIGNATURE);
    p->scheme = is_v1 ? SCHEME_OSS_V1 : SCHEME_OSS_V4;
    *out = is_v1 ? v1_header : v4_header;
    return OK;
}

static status read_evidence(const oss_request *r, evidence *e, proof *p, slice *detail) {
    evidence_reader *reader;
    TRY(choose_reader(r, &reader, p, detail));
    TRY(reader(r, e, p, detail));
    if (slice_is_empty(p->security_token)) p->security_token = (slice){0};
    for (size_t i = 0; i < r->query.count; i++)
        e->has_empty_values |=
            slice_is_empty(r->query.pairs[i].value) && !oss_is_signed_parameter(r->query.pairs[i].name);
    *detail = SLICE("AdditionalHeaders");
    return OK;
}

static status make_texts(const oss_request *r, const evidence *e, decoded *out) {
    bool is_v1 = out->proof.scheme == SCHEME_OSS_V1;
    TRY(is_v1 ? v1_texts(r, e, &r->address, &out->proof.texts) : v4_texts(r, e, &r->address, &out->proof.texts));
    if (slice_is_absent(r->second.bucket)) return OK;
    return is_v1 ? v1_texts(r, e, &r->second, &out->alternative_texts)
                 : v4_texts(r, e, &r->second, &out->alternative_texts);
}

status oss_proof(const oss_request *r, decoded *out, slice *detail) {
    evidence e = {0};
    slice culprit;
    status read = read_evidence(r, &e, &out->proof, detail);
    if (!FAILED(read)) read = make_texts(r, &e, out);
    if (FAILED(shape_check(&proof_shape, &out->proof, &culprit))) {
        out->proof = (proof){0}; /* too long or not UTF-8: nothing of it is to be repeated anywhere */
        *detail = culprit;
        return FAILED(read) ? read : FAIL(INCOMPLETE_SIGNATURE);
    }
    TRY(read);
    out->has_proof = true;
    slice payload = head_find(r->head, "x-oss-content-sha256");
    *detail = SLICE("x-oss-content-sha256");
    ENSURE(slice_is_absent(payload) || slice_equals_text(payload, "UNSIGNED-PAYLOAD"), UNSUPPORTED);
    *detail = (slice){0};
    return OK;
}

status oss_string_to_sign(const proof *p, arena *memory, slice *out) {
    ENSURE(p->texts.count > 0, MALFORMED);
    if (p->scheme == SCHEME_OSS_V1) {
        *out = p->texts.at[0];
        return OK;
    }
    uint8_t hash[HASH_SHA256_BYTES];
    char time[CLOCK_BASIC_BYTES];
    slice hex;
    TRY(hash_once(HASH_SHA256, p->texts.at[0], hash));
    TRY(text_hex(slice_of(hash, sizeof hash), memory, &hex));
    clock_format_basic(p->request_time.value, time);
    return arena_printf(memory, out, "OSS4-HMAC-SHA256\n%s\n%.*s/%.*s/oss/aliyun_v4_request\n%.*s", time,
                        SLICE_ARGS(p->scope_date), SLICE_ARGS(p->scope_region), SLICE_ARGS(hex));
}
