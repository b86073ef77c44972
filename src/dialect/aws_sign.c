/* AWS Signature Version 4: Authorization header and signed URLs. */
#include "dialect/aws_sign.h"

#include "base/clock.h"
#include "base/text.h"
#include "contract/aws_wire.h"
#include "crypto/hash.h"
#include "dialect/answer.h"
#include "dialect/head.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
enum { SIGNED_HEADERS_MOST = 64, EXPIRY_MOST_S = 7 * 24 * 3600 };

/* What both forms of the signature have, wherever it stood. */
typedef struct parts {
    slice credential;     /* AccessKeyId/date/region/service/aws4_request */
    slice signed_headers; /* host;x-amz-date */
    slice signature;      /* hex */
    slice date;           /* 20150830T123600Z, or of a Date header */
    slice token;
    slice expires; /* signed URLs */
} parts;

/* ---- the query: decoded by nobody's rules but RFC 3986, so that '+' stays what it is */

typedef struct query {
    form_pair *at; /* encoded, as the signature has them */
    size_t count;
} query;

static status encode_again(slice raw, arena *memory, slice *out) {
    OWNED(buffer) text = {0};
    slice bytes;
    TRY(percent_decode(raw, false, memory, &bytes));
    TRY(percent_encode(&text, bytes, NULL));
    return text_keep(&text, memory, out);
}

static status query_read(const http_head *head, arena *memory, query *out) {
    slice rest = head_query(head), piece;
    query made = {0};
    size_t room = 1;
    for (size_t i = 0; i < rest.len; i++) room += rest.at[i] == '&';
    ENSURE(room <= FORM_PAIRS_MOST, TOO_LARGE);
    made.at = ARENA_ARRAY(memory, form_pair, room);
    ENSURE(made.at != NULL, OUT_OF_MEMORY);
    while (slice_split(&rest, '&', &piece)) {
        if (piece.len == 0) continue;
        size_t split = slice_find_byte(piece, '=');
        form_pair *next = &made.at[made.count++];
        TRY(encode_again(slice_head(piece, split), memory, &next->name));
        TRY(encode_again(split == SIZE_MAX ? SLICE("") : slice_skip(piece, split + 1), memory, &next->value));
    }
    form sorted = {made.at, made.count};
    form_sort(&sorted);
    *out = made;
    return OK;
}

/* The decoded value of the one parameter of that name. */
static status query_value(const query *q, const char *name, arena *memory, slice *out, slice *detail) {
    slice found = {0};
    *detail = slice_of_text(name);
    for (size_t i = 0; i < q->count; i++) {
        if (!slice_equals_text(q->at[i].name, name)) continue;
        ENSURE(slice_is_absent(found), INCOMPLETE_SIGNATURE);
        found = q->at[i].value;
    }
    if (slice_is_absent(found)) {
        *out = found;
        return OK;
    }
    return percent_decode(found, false, memory, out);
}

static status append_query(const query *q, buffer *out) {
    bool is_first = true;
    for (size_t i = 0; i < q->count; i++) {
        if (slice_equals_text(q->at[i].name, "X-Amz-Signature")) continue;
        if (!is_first) TRY(buffer_append_byte(out, '&'));
        is_first = false;
        TRY(buffer_append(out, q->at[i].name));
        TRY(buffer_append_byte(out, '='));
        TRY(buffer_append(out, q->at[i].value));
    }
    return OK;
}

/* ---- headers */

/* Trimmed, and runs of blanks inside made one; several of one name are joined by commas in the order they came. */
static status append_value(slice value, buffer *out) {
    bool was_blank = false;
    value = slice_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        bool is_blank = value.at[i] == ' ' || value.at[i] == '\t';
        if (!is_blank || !was_blank) TRY(buffer_append_byte(out, is_blank ? ' ' : value.at[i]));
        was_blank = is_blank;
    }
    return OK;
}

static status append_header(const http_head *head, slice name, buffer *out) {
    size_t count = 0;
    TRY(buffer_append(out, name));
    TRY(buffer_append_byte(out, ':'));
    for (size_t i = 0; i < head->header_count; i++) {
        if (!slice_equals_ignoring_case(head->headers[i].name, name)) continue;
        if (count++) TRY(buffer_append_byte(out, ','));
        TRY(append_value(head->headers[i].value, out));
    }
    ENSURE(count > 0, INCOMPLETE_SIGNATURE);
    return buffer_append_byte(out, '\n');
}

static bool is_lower_name(slice name) {
    for (size_t i = 0; i < name.len; i++)
        if ((name.at[i] >= 'A' && name.at[i] <= 'Z') || name.at[i] <= ' ' || name.at[i] == ':') return false;
    return name.len > 0;
}

static status append_headers(const http_head *head, slice names, buffer *out, slice *detail) {
    slice name;
    size_t count = 0;
    while (slice_split(&names, ';', &name)) {
        *detail = name;
        ENSURE(++count <= SIGNED_HEADERS_MOST && is_lower_name(name), INCOMPLETE_SIGNATURE);
        TRY(append_header(head, name, out));
    }
    return OK;
}

static bool list_names(slice names, const char *wanted) {
    slice name;
    while (slice_split(&names, ';', &name))
        if (slice_equals_text(name, wanted)) return true;
    return false;
}

/* Without these under the signature anyone on the way could swap the operation, its time or who asks. */
static status check_signed(const aws_signed *s, slice names, slice *detail) {
    static const char *const WHEN_THERE[] = {"x-amz-date", "x-amz-target", "x-amz-security-token"};
    *detail = SLICE("host");
    ENSURE(list_names(names, "host"), INCOMPLETE_SIGNATURE);
    for (size_t i = 0; i < sizeof WHEN_THERE / sizeof *WHEN_THERE; i++) {
        *detail = slice_of_text(WHEN_THERE[i]);
        bool is_there = !slice_is_absent(head_find(s->head, WHEN_THERE[i]));
        ENSURE(!is_there || list_names(names, WHEN_THERE[i]), INCOMPLETE_SIGNATURE);
    }
    return OK;
}

/* ---- the canonical request */

static status canonical_request(const aws_signed *s, const query *q, slice names, slice *out, slice *detail) {
    OWNED(buffer) text = {0};
    TRY(buffer_append(&text, s->head->method));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(buffer_append(&text, head_path(s->head)));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(append_query(q, &text));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(append_headers(s->head, names, &text, detail));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(buffer_append(&text, names));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(buffer_append(&text, s->payload_hash));
    status kept = text_keep(&text, s->memory, out);
    buffer_wipe(&text);
    return kept;
}

/* ---- reading the parts */

/* AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=… */
static status parse_authorization(slice authorization, parts *out, slice *detail) {
    slice rest = authorization, piece;
    *detail = SLICE("Authorization");
    ENSURE(slice_starts_with(rest, SLICE(ALGORITHM " ")), INCOMPLETE_SIGNATURE);
    rest = slice_skip(rest, sizeof ALGORITHM);
    while (slice_split(&rest, ',', &piece)) {
        piece = slice_trim(piece);
        size_t split = slice_find_byte(piece, '=');
        slice name = slice_head(piece, split);
        slice *to = slice_equals_text(name, "Credential")      ? &out->credential
                    : slice_equals_text(name, "SignedHeaders") ? &out->signed_headers
                    : slice_equals_text(name, "Signature")     ? &out->signature
                                                               : NULL;
        ENSURE(to && split != SIZE_MAX && slice_is_absent(*to), INCOMPLETE_SIGNATURE);
        *to = slice_skip(piece, split + 1);
    }
    return OK;
}

static status parts_of_header(const aws_signed *s, parts *out, slice *detail) {
    TRY(parse_authorization(head_find(s->head, "authorization"), out, detail));
    out->date = head_find(s->head, "x-amz-date");
    if (slice_is_absent(out->date) && list_names(out->signed_headers, "date")) out->date = head_find(s->head, "date");
    out->token = head_find(s->head, "x-amz-security-token");
    return OK;
}

static status parts_of_query(const aws_signed *s, const query *q, parts *out, slice *detail) {
    slice algorithm;
    struct {
        const char *name;
        slice *to;
    } const rows[] = {
        {"X-Amz-Algorithm", &algorithm},      {"X-Amz-Credential", &out->credential},
        {"X-Amz-Date", &out->date},           {"X-Amz-SignedHeaders", &out->signed_headers},
        {"X-Amz-Signature", &out->signature}, {"X-Amz-Security-Token", &out->token},
        {"X-Amz-Expires", &out->expires},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        TRY(query_value(q, rows[i].name, s->memory, rows[i].to, detail));
    *detail = SLICE("X-Amz-Algorithm");
    ENSURE(slice_equals_text(algorithm, ALGORITHM), INCOMPLETE_SIGNATURE);
    *detail = SLICE("X-Amz-Expires");
    ENSURE(!slice_is_absent(out->expires), INCOMPLETE_SIGNATURE);
    return OK;
}

/* From the right: an access key id may hold anything. */
static bool take_last(slice *rest, slice *out) {
    for (size_t i = rest->len; i > 0; i--) {
        if (rest->at[i - 1] != '/') continue;
        *out = slice_skip(*rest, i);
        *rest = slice_head(*rest, i - 1);
        return true;
    }
    return false;
}

static status parse_credential(slice credential, proof *p, slice *detail) {
    slice end;
    *detail = SLICE("Credential");
    ENSURE(take_last(&credential, &end) && slice_equals_text(end, "aws4_request"), INCOMPLETE_SIGNATURE);
    ENSURE(take_last(&credential, &p->scope_service) && take_last(&credential, &p->scope_region), INCOMPLETE_SIGNATURE);
    ENSURE(take_last(&credential, &p->scope_date) && credential.len > 0, INCOMPLETE_SIGNATURE);
    p->access_key_id = credential;
    return OK;
}

static status parse_time(slice text, proof *p, slice *detail) {
    int64_t time_s;
    *detail = SLICE("X-Amz-Date");
    bool is_time = !FAILED(clock_parse_basic(text, &time_s)) || !FAILED(clock_parse_rfc1123(text, &time_s));
    ENSURE(is_time, BAD_TIMESTAMP);
    p->request_time = SET_INT(time_s);
    return OK;
}

static status parse_expires(slice text, proof *p, slice *detail) {
    int64_t seconds;
    if (slice_is_absent(text)) return OK;
    *detail = SLICE("X-Amz-Expires");
    ENSURE(slice_to_i64(text, &seconds) && seconds >= 1 && seconds <= EXPIRY_MOST_S, INCOMPLETE_SIGNATURE);
    p->expires_at = SET_INT(p->request_time.value + seconds);
    return OK;
}

static status parse_signature(slice text, arena *memory, proof *p, slice *detail) {
    *detail = SLICE("Signature");
    ENSURE(!FAILED(hex_decode(text, memory, &p->signature)), INCOMPLETE_SIGNATURE);
    ENSURE(p->signature.len == HASH_SHA256_BYTES, INCOMPLETE_SIGNATURE);
    return OK;
}

static status read_proof(const aws_signed *s, bool is_url, proof *p, slice *detail) {
    parts found = {0};
    query q;
    p->scheme = SCHEME_AWS_V4;
    *detail = SLICE("query string");
    TRY(query_read(s->head, s->memory, &q));
    if (is_url) TRY(parts_of_query(s, &q, &found, detail));
    else TRY(parts_of_header(s, &found, detail));
    TRY(parse_credential(found.credential, p, detail));
    TRY(parse_time(found.date, p, detail));
    TRY(parse_expires(found.expires, p, detail));
    TRY(parse_signature(found.signature, s->memory, p, detail));
    if (!is_url) TRY(check_signed(s, found.signed_headers, detail));
    if (!slice_is_empty(found.token)) p->security_token = found.token;
    p->texts = (slice_list){ARENA_NEW(s->memory, slice), 1};
    ENSURE(p->texts.at != NULL, OUT_OF_MEMORY);
    TRY(canonical_request(s, &q, found.signed_headers, p->texts.at, detail));
    return aws_attempt(p->texts.at[0], s->memory, &p->nonce);
}

/* ---- what the dialects call */

static slice credential_of(const http_head *head) {
    static const slice WORD = {(const uint8_t *)"Credential=", 11};
    slice authorization = head_find(head, "authorization");
    size_t at = slice_find(authorization, WORD);
    if (!slice_starts_with(authorization, SLICE(ALGORITHM)) || at == SIZE_MAX) return (slice){0};
    slice rest = slice_skip(authorization, at + WORD.len);
    return slice_trim(slice_head(rest, slice_find_byte(rest, ',')));
}

static bool is_signed_url(const http_head *head) {
    slice rest = head_query(head), piece;
    while (slice_split(&rest, '&', &piece))
        if (slice_equals_text(slice_head(piece, slice_find_byte(piece, '=')), "X-Amz-Signature")) return true;
    return false;
}

bool aws_is_signed(const http_head *head) {
    return slice_starts_with(head_find(head, "authorization"), SLICE(ALGORITHM)) || is_signed_url(head);
}

/* In a URL the slashes of the scope are encoded: …%2Fs3%2Faws4_request. */
static slice service_of_url(const http_head *head) {
    slice rest = head_query(head), piece;
    while (slice_split(&rest, '&', &piece)) {
        if (!slice_starts_with(piece, SLICE("X-Amz-Credential="))) continue;
        size_t end = slice_find(piece, SLICE("%2Faws4_request"));
        if (end == SIZE_MAX) return (slice){0};
        piece = slice_head(piece, end);
        for (size_t at; (at = slice_find(piece, SLICE("%2F"))) != SIZE_MAX;) piece = slice_skip(piece, at + 3);
        return piece;
    }
    return (slice){0};
}

slice aws_service(const http_head *head) {
    slice credential = credential_of(head), end, service;
    if (slice_is_absent(credential)) return service_of_url(head);
    return take_last(&credential, &end) && take_last(&credential, &service) ? service : (slice){0};
}

status aws_hash(slice body, arena *memory, slice *out) {
    uint8_t hash[HASH_SHA256_BYTES];
    TRY(hash_once(HASH_SHA256, body.len ? body : SLICE(""), hash));
    return text_hex(slice_of(hash, sizeof hash), memory, out);
}

status aws_proof(const aws_signed *s, decoded *out, slice *detail) {
    bool is_url = is_signed_url(s->head), is_header = !slice_is_absent(head_find(s->head, "authorization"));
    *detail = (slice){0};
    ENSURE(is_url || is_header, ANONYMOUS);
    *detail = SLICE("Authorization, X-Amz-Signature");
    ENSURE(!is_url || !is_header, TWO_SIGNATURES);
    status read = read_proof(s, is_url, &out->proof, detail);
    slice culprit;
    if (FAILED(shape_check(&proof_shape, &out->proof, &culprit))) {
        out->proof = (proof){0}; /* too long or not UTF-8: nothing of it is to be repeated anywhere */
        *detail = culprit;
        return FAILED(read) ? read : FAIL(INCOMPLETE_SIGNATURE);
    }
    if (FAILED_WITH(read, MALFORMED)) return FAIL(INCOMPLETE_SIGNATURE);
    TRY(read);
    out->has_proof = true;
    *detail = (slice){0};
    return OK;
}
