/* The Alibaba RPC wire: which operation, of which product, asked by whom. */
#include "dialect/alibaba_rpc.h"

#include "dialect/alibaba_rows.h"
#include "dialect/aws_query.h"
#include "dialect/head.h"
#include "wire/rpc_names.h"

slice rpc_parameter(const rpc_request *r, slice name) {
    const form_pair *found = form_find(&r->parameters, name);
    if (!found) return (slice){0};
    return slice_is_absent(found->value) ? SLICE("") : found->value;
}

/* Cheap and without memory: whether the raw query names a parameter. Good enough to route; nothing is decided by it. */
static bool query_names(const http_head *head, slice name) {
    slice rest = head_query(head), piece;
    while (slice_split(&rest, '&', &piece))
        if (slice_equals(slice_head(piece, slice_find_byte(piece, '=')), name)) return true;
    return false;
}

static bool is_signed_for_oss(const http_head *head) {
    slice authorization = head_find(head, "authorization");
    return slice_starts_with(authorization, SLICE("OSS")) || query_names(head, SLICE("OSSAccessKeyId")) ||
           query_names(head, SLICE("x-oss-signature")) || query_names(head, SLICE("x-oss-credential"));
}

static bool recognise(const http_head *head) {
    if (slice_starts_with(head_find(head, "authorization"), SLICE("ACS3-"))) return true;
    if (is_signed_for_oss(head)) return false;
    if (!slice_is_absent(head_find(head, "x-acs-action")) || !slice_is_absent(head_find(head, "x-acs-version")))
        return true;
    if (!slice_equals(head_path(head), SLICE("/"))) return false;
    bool is_form = slice_equals_text(head->method, "POST") && head_has_form_body(head);
    return is_form || query_names(head, SLICE("Action"));
}

static size_t body_wanted(const http_head *head) {
    bool has_none = slice_equals_text(head->method, "GET") || slice_equals_text(head->method, "HEAD");
    return has_none ? 0 : RPC_BODY_MOST;
}

static status read_parameters(rpc_request *r, slice *detail) {
    form body = {0};
    *detail = SLICE("query string");
    TRY(form_parse(head_query(r->head), r->memory, &r->query));
    *detail = SLICE("form body");
    if (head_has_form_body(r->head)) TRY(form_parse(r->body, r->memory, &body));
    form joined;
    TRY(form_join(&r->query, &body, r->memory, &joined));
    form_sort(&joined);
    for (size_t i = 1; i < joined.count; i++) {
        *detail = joined.pairs[i].name;
        ENSURE(!slice_equals(joined.pairs[i].name, joined.pairs[i - 1].name), INVALID_PARAMETER);
    }
    form_sort(&r->query);
    r->parameters = joined;
    *detail = (slice){0};
    return OK;
}

static status read_request(rpc_request *r, slice *detail) {
    TRY(head_check(r->head, r->memory, detail));
    *detail = SLICE("the path is \"/\"");
    ENSURE(slice_equals(head_path(r->head), SLICE("/")), MALFORMED);
    return read_parameters(r, detail);
}

static slice parameter_or_header(const rpc_request *r, slice parameter, const char *header) {
    slice value = rpc_parameter(r, parameter);
    return slice_is_empty(value) ? head_find(r->head, header) : value;
}

static enum answer_form form_of(const rpc_request *r, const rpc_product *p) {
    slice format = rpc_parameter(r, SLICE("Format"));
    if (slice_equals_ignoring_case(format, SLICE("json"))) return ANSWER_JSON;
    if (slice_equals_ignoring_case(format, SLICE("xml"))) return ANSWER_XML;
    if (slice_find(head_find(r->head, "accept"), SLICE("application/json")) != SIZE_MAX) return ANSWER_JSON;
    return p ? p->form : ANSWER_JSON;
}

static void name_operation(const rpc_request *r, decoded *out) {
    out->action = parameter_or_header(r, SLICE("Action"), "x-acs-action");
    out->api_version = parameter_or_header(r, SLICE("Version"), "x-acs-version");
    const product *named = product_by_version(out->api_version);
    const rpc_product *row = rpc_product_of(named);
    out->form = form_of(r, row);
    if (!row) return;
    out->product = named;
    out->operation = operation_find(named->name, out->action);
}

static status check_operation(const rpc_request *r, const decoded *out, slice *detail) {
    bool is_offered = slice_equals_text(r->head->method, "GET") || slice_equals_text(r->head->method, "POST");
    *detail = r->head->method;
    ENSURE(is_offered, UNSUPPORTED_METHOD);
    *detail = out->api_version;
    ENSURE(out->product != NULL, UNKNOWN_VERSION);
    *detail = out->action;
    ENSURE(out->operation != OPERATION_NONE, UNKNOWN_OPERATION);
    *detail = (slice){0};
    return OK;
}

static status check_demanded(const rpc_request *r, const decoded *d, slice *detail) {
    const rpc_demand *each;
    for (size_t i = 0; (each = rpc_demanded(d->action, i)) != NULL; i++) {
        if (each->instead && !slice_is_empty(rpc_parameter(r, slice_of_text(each->instead)))) continue;
        *detail = slice_of_text(each->name);
        ENSURE(!slice_is_empty(rpc_parameter(r, *detail)), MISSING_PARAMETER);
    }
    *detail = (slice){0};
    return OK;
}

static status decode(const http_head *head, slice body, arena *memory, decoded *out, slice *detail) {
    decoded_begin(&dialect_alibaba_rpc, head, out);
    *detail = (slice){0};
    rpc_request r = {.head = head, .body = body, .memory = memory};
    status read = read_request(&r, detail);
    /* A head alone does not tell whose wire a form without a signature is. */
    if (!FAILED(read) && aws_query_is_meant(head, &r.parameters))
        return dialect_aws_query.decode(head, body, memory, out, detail);
    name_operation(&r, out);
    TRY(read);
    TRY(rpc_proof(&r, out, detail));
    TRY(check_operation(&r, out, detail));
    const operation *op = operation_get(out->operation);
    void *input = arena_take(memory, op->in->struct_bytes);
    ENSURE(input != NULL, OUT_OF_MEMORY);
    TRY(rpc_check_names(&r.parameters, op->in, memory, detail));
    TRY(rpc_input(&r.parameters, op->in, memory, input, detail));
    TRY(check_demanded(&r, out, detail));
    out->input = input;
    return OK;
}

const dialect dialect_alibaba_rpc = {"alibaba_rpc", recognise, body_wanted, decode, rpc_encode, rpc_encode_failure};
