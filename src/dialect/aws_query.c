/* The AWS query wire: a form with Action and Version, signed with version 4 for sts or iam. */
#include "dialect/aws_query.h"

#include "base/text.h"
#include "dialect/alibaba_rpc.h"
#include "dialect/aws_sign.h"
#include "dialect/head.h"
#include "format/json.h"
#include "wire/aws_form.h"
#include "wire/rpc_input.h"

static bool is_our_service(slice service) {
    return slice_equals_text(service, "sts") || slice_equals_text(service, "iam");
}

#define STS_VERSION "2011-06-15"

/* Without a signature its version tells it: no other wire has that one. */
static bool names_version(const http_head *head) {
    slice rest = head_query(head), piece;
    while (slice_split(&rest, '&', &piece))
        if (slice_equals_text(piece, "Version=" STS_VERSION)) return true;
    return false;
}

static bool recognise(const http_head *head) {
    if (aws_is_signed(head)) return is_our_service(aws_service(head));
    return slice_equals_text(head_path(head), "/") && names_version(head);
}

bool aws_query_is_meant(const http_head *head, const form *said) {
    const form_pair *version = form_find(said, SLICE("Version"));
    return !aws_is_signed(head) && version && slice_equals_text(version->value, STS_VERSION);
}

static size_t body_wanted(const http_head *head) {
    return slice_equals_text(head->method, "POST") ? AWS_QUERY_BODY_MOST : 0;
}

static slice parameter(const form *f, const char *name) {
    const form_pair *found = form_find(f, slice_of_text(name));
    return found ? found->value : (slice){0};
}

/* What nobody signs is STS's. */
static slice service_of(const http_head *head) { return aws_is_signed(head) ? aws_service(head) : SLICE("sts"); }

static const char *version_of(slice service) { return slice_equals_text(service, "iam") ? "2010-05-08" : STS_VERSION; }

static void name_operation(const http_head *head, const form *f, decoded *out) {
    out->form = ANSWER_XML;
    out->action = parameter(f, "Action");
    out->api_version = parameter(f, "Version");
    out->operation = operation_find_aws(service_of(head), out->action);
    const operation *op = operation_get(out->operation);
    if (op) out->product = op->product;
}

/* Parameters stand in the query of a GET or in the body of a POST, each name once. */
static status read_form(const http_head *head, slice body, arena *memory, form *out, slice *detail) {
    bool is_post = slice_equals_text(head->method, "POST"), has_twice;
    *detail = head->method;
    ENSURE(is_post || slice_equals_text(head->method, "GET"), UNSUPPORTED_METHOD);
    *detail = SLICE("the path is \"/\"");
    ENSURE(slice_equals_text(head_path(head), "/") && (!is_post || slice_is_empty(head_query(head))), MALFORMED);
    *detail = SLICE("form");
    TRY(form_parse(is_post ? body : head_query(head), memory, out));
    TRY(form_has_duplicates(out, memory, &has_twice));
    ENSURE(!has_twice, INVALID_PARAMETER);
    *detail = (slice){0};
    return OK;
}

static status check_operation(const http_head *head, const decoded *out, slice *detail) {
    *detail = out->api_version;
    ENSURE(slice_equals_text(out->api_version, version_of(service_of(head))), UNKNOWN_VERSION);
    *detail = out->operation == OPERATION_NONE ? aws_query_refusal(out->action) : (slice){0};
    ENSURE(slice_is_absent(*detail), UNSUPPORTED);
    *detail = out->action;
    ENSURE(out->operation != OPERATION_NONE, UNKNOWN_OPERATION);
    *detail = (slice){0};
    return OK;
}

/* These clients do not say whose token they bring: it does. What it says is looked at only to find whom to ask; the vault believes none of
 * it. */
static status put_issuer(assume_role_with_oidc_in *in, arena *memory) {
    slice rest = in->oidc_token, header, claims, decoded_claims;
    const json *parsed = NULL;
    bool is_token = slice_split(&rest, '.', &header) && slice_split(&rest, '.', &claims);
    status read = is_token ? base64url_decode(claims, memory, &decoded_claims) : FAIL(MALFORMED);
    if (!FAILED(read)) read = json_parse(decoded_claims, memory, &parsed, NULL);
    if (FAILED_WITH(read, OUT_OF_MEMORY)) return read;
    if (!FAILED(read) && !json_get_text(json_member(parsed, SLICE("iss")), &in->issuer)) in->issuer = (slice){0};
    return OK;
}

static status read_input(decoded *out, const form *said, arena *memory, slice *detail) {
    const operation *op = operation_get(out->operation);
    form parameters;
    TRY(aws_query_translate(op, said, memory, &parameters, detail));
    form_sort(&parameters);
    void *input = arena_take(memory, op->in->struct_bytes);
    ENSURE(input != NULL, OUT_OF_MEMORY);
    TRY(rpc_input(&parameters, op->in, memory, input, detail));
    if (out->operation == OPERATION_ASSUME_ROLE_WITH_OIDC) TRY(put_issuer(input, memory));
    out->input = input;
    return OK;
}

/* Nobody signs these, and a signature changes nothing of them. */
static bool needs_none(const http_head *head, const decoded *out) {
    const operation *op = operation_get(out->operation);
    return op && op->is_unsigned && !aws_is_signed(head);
}

static status decode(const http_head *head, slice body, arena *memory, decoded *out, slice *detail) {
    decoded_begin(&dialect_aws_query, head, out);
    form said = {0};
    aws_signed evidence = {.head = head, .memory = memory};
    TRY(head_check(head, memory, detail));
    status read = read_form(head, body, memory, &said, detail);
    name_operation(head, &said, out);
    TRY(read);
    if (needs_none(head, out)) {
        TRY(check_operation(head, out, detail));
        return read_input(out, &said, memory, detail);
    }
    TRY(aws_hash(body, memory, &evidence.payload_hash));
    TRY(aws_proof(&evidence, out, detail));
    out->proof.body = body; /* what was signed of a form can only be read with it, whatever else is wrong */
    TRY(check_operation(head, out, detail));
    return read_input(out, &said, memory, detail);
}

const dialect dialect_aws_query = {"aws_query", recognise,        body_wanted,
                                   decode,      aws_query_encode, aws_query_encode_failure};
