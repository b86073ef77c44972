/* The AWS query wire: a form with Action and Version, signed with version 4 for sts or iam. */
#include "dialect/aws_query.h"

#include "dialect/alibaba_rpc.h"
#include "dialect/aws_sign.h"
#include "dialect/head.h"

static bool is_our_service(slice service) {
    return slice_equals_text(service, "sts") || slice_equals_text(service, "iam");
}

static bool recognise(const http_head *head) { return aws_is_signed(head) && is_our_service(aws_service(head)); }

static size_t body_wanted(const http_head *head) {
    return slice_equals_text(head->method, "POST") ? AWS_QUERY_BODY_MOST : 0;
}

static slice parameter(const form *f, const char *name) {
    const form_pair *found = form_find(f, slice_of_text(name));
    return found ? found->value : (slice){0};
}

static const char *version_of(slice service) { return slice_equals_text(service, "iam") ? "2010-05-08" : "2011-06-15"; }

static void name_operation(const http_head *head, const form *f, decoded *out) {
    out->form = ANSWER_XML;
    out->action = parameter(f, "Action");
    out->api_version = parameter(f, "Version");
    out->operation = operation_find_aws(aws_service(head), out->action);
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
    ENSURE(slice_equals_text(out->api_version, version_of(aws_service(head))), UNKNOWN_VERSION);
    *detail = out->action;
    ENSURE(out->operation != OPERATION_NONE, UNKNOWN_OPERATION);
    *detail = (slice){0};
    return OK;
}

static status read_input(decoded *out, const form *said, arena *memory, slice *detail) {
    const operation *op = operation_get(out->operation);
    rpc_request r = {.memory = memory};
    TRY(aws_query_translate(op, said, memory, &r.parameters, detail));
    form_sort(&r.parameters);
    void *input = arena_take(memory, op->in->struct_bytes);
    ENSURE(input != NULL, OUT_OF_MEMORY);
    TRY(rpc_input(&r, op->in, input, detail));
    out->input = input;
    return OK;
}

static status decode(const http_head *head, slice body, arena *memory, decoded *out, slice *detail) {
    decoded_begin(&dialect_aws_query, head, out);
    form said = {0};
    aws_signed evidence = {.head = head, .memory = memory};
    TRY(head_check(head, memory, detail));
    status read = read_form(head, body, memory, &said, detail);
    name_operation(head, &said, out);
    TRY(read);
    TRY(aws_hash(body, memory, &evidence.payload_hash));
    TRY(aws_proof(&evidence, out, detail));
    out->proof.body = body; /* what was signed of a form can only be read with it, whatever else is wrong */
    TRY(check_operation(head, out, detail));
    return read_input(out, &said, memory, detail);
}

const dialect dialect_aws_query = {"aws_query", recognise,        body_wanted,
                                   decode,      aws_query_encode, aws_query_encode_failure};
