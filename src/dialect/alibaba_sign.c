/* Signatures of the Alibaba RPC wire: version 1 (HMAC-SHA1 over the parameters) and version 3 (ACS3-HMAC-SHA256 over
 * the canonical request). */
#include "base/clock.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "dialect/alibaba_rpc.h"
#include "dialect/answer.h"
#include "dialect/head.h"

/* encodeURIComponent leaves these alone; an old STS client signs with it. */
static const char LENIENT[] = "!'()*";
enum { SIGNED_HEADERS_MOST = 64, USUAL_TEXT_BYTES = 1024 };

/* ---- version 1: METHOD & %2F & encoded(name=value&…) */

static status append_pairs(const form *f, const char *also_safe, buffer *out) {
    bool is_first = true;
    for (size_t i = 0; i < f->count; i++) {
        if (slice_equals_text(f->pairs[i].name, "Signature")) continue;
        if (!is_first) TRY(buffer_append_byte(out, '&'));
        is_first = false;
        TRY(percent_encode(out, f->pairs[i].name, also_safe));
        TRY(buffer_append_byte(out, '='));
        TRY(percent_encode(out, f->pairs[i].value, also_safe));
    }
    return OK;
}

static status v1_text(const rpc_request *r, const char *also_safe, slice *out) {
    OWNED(buffer) pairs = {0};
    OWNED(buffer) text = {0};
    TRY(append_pairs(&r->parameters, also_safe, &pairs));
    TRY(buffer_append(&text, r->head->method));
    TRY(buffer_append_text(&text, "&%2F&"));
    TRY(percent_encode(&text, buffer_slice(&pairs), also_safe));
    status kept = text_keep(&text, r->memory, out);
    buffer_wipe(&pairs); /* Plaintext may be among the parameters */
    buffer_wipe(&text);
    return kept;
}

static status v1_texts(const rpc_request *r, slice_list *out) {
    slice_list texts = {ARENA_ARRAY(r->memory, slice, 2), 1};
    ENSURE(texts.at != NULL, OUT_OF_MEMORY);
    TRY(v1_text(r, NULL, &texts.at[0]));
    TRY(v1_text(r, LENIENT, &texts.at[1]));
    if (!slice_equals(texts.at[0], texts.at[1])) texts.count = 2;
    *out = texts;
    return OK;
}

static status take_required(const rpc_request *r, slice name, slice *out, slice *detail) {
    *out = rpc_parameter(r, name);
    *detail = name;
    ENSURE(!slice_is_empty(*out), INCOMPLETE_SIGNATURE);
    return OK;
}

static status v1_check_method(const rpc_request *r, slice *detail) {
    static const char *const FIXED[][2] = {{"SignatureMethod", "HMAC-SHA1"}, {"SignatureVersion", "1.0"}};
    slice value;
    for (size_t i = 0; i < sizeof FIXED / sizeof *FIXED; i++) {
        TRY(take_required(r, slice_of_text(FIXED[i][0]), &value, detail));
        ENSURE(slice_equals_text(value, FIXED[i][1]), INCOMPLETE_SIGNATURE);
    }
    /* named in a header they would not be signed */
    TRY(take_required(r, SLICE("Action"), &value, detail));
    return take_required(r, SLICE("Version"), &value, detail);
}

static status take_time(slice text, slice name, maybe_int *out, slice *detail) {
    *detail = name;
    int64_t time_s;
    ENSURE(!FAILED(clock_parse_iso(text, &time_s)), BAD_TIMESTAMP);
    *out = SET_INT(time_s);
    return OK;
}

static status v1_proof(const rpc_request *r, proof *p, slice *detail) {
    slice claimed;
    p->scheme = SCHEME_ALIBABA_V1;
    TRY(take_required(r, SLICE("AccessKeyId"), &p->access_key_id, detail));
    TRY(take_required(r, SLICE("Signature"), &claimed, detail));
    TRY(v1_check_method(r, detail));
    TRY(take_required(r, SLICE("SignatureNonce"), &p->nonce, detail));
    TRY(take_time(rpc_parameter(r, SLICE("Timestamp")), SLICE("Timestamp"), &p->request_time, detail));
    slice token = rpc_parameter(r, SLICE("SecurityToken"));
    if (!slice_is_empty(token)) p->security_token = token;
    *detail = SLICE("Signature");
    ENSURE(!FAILED(base64_decode(claimed, r->memory, &p->signature)), INCOMPLETE_SIGNATURE);
    ENSURE(p->signature.len == HASH_SHA1_BYTES, INCOMPLETE_SIGNATURE);
    return v1_texts(r, &p->texts);
}

/* ---- version 3 */

typedef struct acs3 {
    slice credential;
    slice signed_headers;
    slice signature;
} acs3;

/* ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=… */
static status acs3_parse(slice authorization, acs3 *out, slice *detail) {
    acs3 parsed = {0};
    slice rest = authorization, piece;
    *detail = SLICE("Authorization");
    ENSURE(slice_starts_with(rest, SLICE("ACS3-HMAC-SHA256 ")), INCOMPLETE_SIGNATURE);
    rest = slice_skip(rest, sizeof "ACS3-HMAC-SHA256 " - 1);
    while (slice_split(&rest, ',', &piece)) {
        piece = slice_trim(piece);
        size_t split = slice_find_byte(piece, '=');
        slice name = slice_head(piece, split);
        slice *to = slice_equals_text(name, "Credential")      ? &parsed.credential
                    : slice_equals_text(name, "SignedHeaders") ? &parsed.signed_headers
                    : slice_equals_text(name, "Signature")     ? &parsed.signature
                                                               : NULL;
        ENSURE(to && split != SIZE_MAX && slice_is_absent(*to), INCOMPLETE_SIGNATURE);
        *to = slice_skip(piece, split + 1);
    }
    *out = parsed;
    return OK;
}

static bool list_names(slice names, slice wanted) {
    slice name;
    while (slice_split(&names, ';', &name))
        if (slice_equals_ignoring_case(name, wanted)) return true;
    return false;
}

#define TEXT(literal)                                                                                                  \
    { (const uint8_t *)(literal), sizeof(literal) - 1 }

/* Without these under the signature anyone on the way could swap the operation, its time or its body. */
static status v3_check_signed(const rpc_request *r, slice names, slice *detail) {
    static const slice ALWAYS[] = {TEXT("host"),       TEXT("x-acs-action"),          TEXT("x-acs-version"),
                                   TEXT("x-acs-date"), TEXT("x-acs-signature-nonce"), TEXT("x-acs-content-sha256")};
    bool is_there[sizeof ALWAYS / sizeof *ALWAYS] = {0};
    slice rest = names, name;
    while (slice_split(&rest, ';', &name))
        for (size_t i = 0; i < sizeof ALWAYS / sizeof *ALWAYS; i++)
            is_there[i] |= name.len == ALWAYS[i].len && slice_equals_ignoring_case(name, ALWAYS[i]);
    for (size_t i = 0; i < sizeof ALWAYS / sizeof *ALWAYS; i++) {
        *detail = ALWAYS[i];
        ENSURE(is_there[i], INCOMPLETE_SIGNATURE);
    }
    bool has_token = !slice_is_absent(head_find(r->head, "x-acs-security-token"));
    *detail = SLICE("x-acs-security-token");
    ENSURE(!has_token || list_names(names, *detail), INCOMPLETE_SIGNATURE);
    *detail = SLICE("content-type"); /* it decides whether the body holds parameters */
    ENSURE(slice_is_empty(r->body) || list_names(names, *detail), INCOMPLETE_SIGNATURE);
    return OK;
}

static status append_signed_headers(const rpc_request *r, slice names, buffer *out, slice *detail) {
    slice name;
    size_t count = 0;
    while (slice_split(&names, ';', &name)) {
        *detail = name;
        ENSURE(++count <= SIGNED_HEADERS_MOST, INCOMPLETE_SIGNATURE);
        slice lower;
        TRY(text_lower(name, r->memory, &lower));
        slice value = head_find_named(r->head, lower);
        ENSURE(name.len > 0 && !slice_is_absent(value), INCOMPLETE_SIGNATURE);
        TRY(buffer_append(out, lower));
        TRY(buffer_append_byte(out, ':'));
        TRY(buffer_append(out, value));
        TRY(buffer_append_byte(out, '\n'));
    }
    return OK;
}

static status v3_text(const rpc_request *r, slice names, slice *out, slice *detail) {
    OWNED(buffer) text = {0};
    TRY(buffer_reserve(&text, USUAL_TEXT_BYTES));
    TRY(buffer_append(&text, r->head->method));
    TRY(buffer_append_text(&text, "\n/\n"));
    TRY(append_pairs(&r->query, NULL, &text));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(append_signed_headers(r, names, &text, detail));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(buffer_append(&text, names));
    TRY(buffer_append_byte(&text, '\n'));
    TRY(buffer_append(&text, head_find(r->head, "x-acs-content-sha256")));
    status kept = text_keep(&text, r->memory, out);
    buffer_wipe(&text);
    return kept;
}

static status v3_check_names(const rpc_request *r, slice *detail) {
    static const char *const NAMES[][2] = {{"Action", "x-acs-action"}, {"Version", "x-acs-version"}};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        slice named = rpc_parameter(r, slice_of_text(NAMES[i][0]));
        *detail = slice_of_text(NAMES[i][1]);
        ENSURE(slice_is_empty(named) || slice_equals(named, head_find(r->head, NAMES[i][1])), INVALID_PARAMETER);
    }
    return OK;
}

static status v3_check_body(const rpc_request *r, slice *detail) {
    uint8_t hash[HASH_SHA256_BYTES];
    slice hex;
    TRY(hash_once(HASH_SHA256, r->body, hash));
    TRY(text_hex(slice_of(hash, sizeof hash), r->memory, &hex));
    *detail = SLICE("x-acs-content-sha256");
    ENSURE(slice_equals_ignoring_case(hex, head_find(r->head, "x-acs-content-sha256")), BAD_BODY_HASH);
    return OK;
}

static status v3_proof(const rpc_request *r, proof *p, slice *detail) {
    acs3 parts;
    p->scheme = SCHEME_ALIBABA_V3;
    TRY(acs3_parse(head_find(r->head, "authorization"), &parts, detail));
    *detail = SLICE("Credential");
    ENSURE(!slice_is_empty(parts.credential), INCOMPLETE_SIGNATURE);
    p->access_key_id = parts.credential;
    TRY(v3_check_signed(r, parts.signed_headers, detail));
    p->nonce = head_find(r->head, "x-acs-signature-nonce");
    *detail = SLICE("x-acs-signature-nonce");
    ENSURE(!slice_is_empty(p->nonce), INCOMPLETE_SIGNATURE);
    TRY(take_time(head_find(r->head, "x-acs-date"), SLICE("x-acs-date"), &p->request_time, detail));
    slice token = head_find(r->head, "x-acs-security-token");
    if (!slice_is_empty(token)) p->security_token = token;
    *detail = SLICE("Signature");
    ENSURE(!FAILED(hex_decode(parts.signature, r->memory, &p->signature)), INCOMPLETE_SIGNATURE);
    ENSURE(p->signature.len == HASH_SHA256_BYTES, INCOMPLETE_SIGNATURE);
    p->texts = (slice_list){ARENA_NEW(r->memory, slice), 1};
    ENSURE(p->texts.at != NULL, OUT_OF_MEMORY);
    if (!slice_is_empty(r->body)) p->body = r->body;
    return v3_text(r, parts.signed_headers, p->texts.at, detail);
}

/* ---- both */

static bool has_v1(const rpc_request *r) {
    return !slice_is_absent(rpc_parameter(r, SLICE("Signature"))) ||
           !slice_is_absent(rpc_parameter(r, SLICE("AccessKeyId")));
}

status rpc_proof(const rpc_request *r, decoded *out, slice *detail) {
    bool has_v3 = slice_starts_with(head_find(r->head, "authorization"), SLICE("ACS3-"));
    *detail = SLICE("Authorization, Signature");
    ENSURE(!has_v3 || !has_v1(r), TWO_SIGNATURES);
    const operation *op = operation_get(out->operation);
    if (!has_v3 && !has_v1(r) && op && op->is_unsigned) {
        *detail = (slice){0};
        return OK;
    }
    ENSURE(has_v3 || has_v1(r), INCOMPLETE_SIGNATURE);
    status read = has_v3 ? v3_proof(r, &out->proof, detail) : v1_proof(r, &out->proof, detail);
    slice culprit;
    if (FAILED(shape_check(&proof_shape, &out->proof, &culprit))) {
        out->proof = (proof){0}; /* too long or not UTF-8: nothing of it is to be repeated anywhere */
        *detail = culprit;
        return FAILED(read) ? read : FAIL(INCOMPLETE_SIGNATURE);
    }
    TRY(read);
    out->has_proof = true;
    if (has_v3) TRY(v3_check_names(r, detail));
    if (has_v3) TRY(v3_check_body(r, detail));
    *detail = (slice){0};
    return OK;
}

status rpc_string_to_sign(const proof *p, arena *memory, slice *out) {
    ENSURE(p->texts.count > 0, MALFORMED);
    if (p->scheme != SCHEME_ALIBABA_V3) {
        *out = p->texts.at[0];
        return OK;
    }
    uint8_t hash[HASH_SHA256_BYTES];
    slice hex;
    TRY(hash_once(HASH_SHA256, p->texts.at[0], hash));
    TRY(text_hex(slice_of(hash, sizeof hash), memory, &hex));
    return arena_printf(memory, out, "ACS3-HMAC-SHA256\n%.*s", SLICE_ARGS(hex));
}
