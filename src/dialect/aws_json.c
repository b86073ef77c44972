/* The AWS JSON wire: POST / with x-amz-target. */
#include "dialect/aws_json.h"

#include "dialect/aws_check.h"
#include "dialect/aws_rows.h"
#include "dialect/aws_sign.h"
#include "dialect/aws_trail.h"
#include "dialect/head.h"
#include "wire/aws_json_input.h"

static bool has_json_type(const http_head *head) {
    slice type = head_find(head, "content-type");
    slice kind = slice_trim(slice_head(type, slice_find_byte(type, ';')));
    return slice_equals_ignoring_case(kind, SLICE("application/x-amz-json-1.1")) ||
           slice_equals_ignoring_case(kind, SLICE("application/x-amz-json-1.0"));
}

static bool is_our_service(slice service) {
    return slice_equals_text(service, "kms") || slice_equals_text(service, "secretsmanager") ||
           slice_equals_text(service, "cloudtrail");
}

static bool recognise(const http_head *head) {
    if (!slice_is_absent(head_find(head, "x-amz-target")) || has_json_type(head)) return true;
    return aws_is_signed(head) && is_our_service(aws_service(head));
}

static size_t body_wanted(const http_head *head) { return slice_equals_text(head->method, "POST") ? AWS_BODY_MOST : 0; }

static void name_operation(const http_head *head, decoded *out) {
    slice service, target = head_find(head, "x-amz-target");
    if (!aws_target_split(target, &service, &out->action)) return;
    out->operation = operation_find_aws(service, out->action);
    const operation *op = operation_get(out->operation);
    if (op) out->product = op->product;
}

static status check_operation(const http_head *head, const decoded *out, slice *detail) {
    slice service = {0}, action;
    *detail = head->method;
    ENSURE(slice_equals_text(head->method, "POST"), UNSUPPORTED_METHOD);
    *detail = slice_head(head_find(head, "x-amz-target"), 256);
    ENSURE(aws_target_split(head_find(head, "x-amz-target"), &service, &action), UNKNOWN_OPERATION);
    const char *why = NULL;
    status offered = aws_not_offered(action, &why);
    if (why) *detail = slice_of_text(why);
    TRY(offered);
    ENSURE(slice_equals_text(head->target, "/") && out->operation != OPERATION_NONE, UNKNOWN_OPERATION);
    *detail = SLICE("Credential should be scoped to the service that is called.");
    ENSURE(slice_equals(service, out->proof.scope_service), BAD_SIGNATURE);
    *detail = (slice){0};
    return OK;
}

static status read_body(slice body, arena *memory, const json **out, slice *detail) {
    *detail = (slice){0};
    status parsed = json_parse(body, memory, out, NULL);
    ENSURE(!FAILED_WITH(parsed, OUT_OF_MEMORY), OUT_OF_MEMORY);
    ENSURE(!FAILED(parsed) && json_is_object(*out), MALFORMED);
    return OK;
}

/* CloudTrail's clients may give one end of the time alone. */
static status adjust_lookup(lookup_events_in *in, slice *detail) {
    enum { LATEST_S = 253402300799 };
    if (in->end_time.is_set && !in->start_time.is_set) in->start_time = SET_INT(0);
    if (in->start_time.is_set && !in->end_time.is_set) in->end_time = SET_INT(LATEST_S);
    *detail = SLICE("LookupAttributes");
    for (size_t i = 0; i < in->lookup_attribute.count; i++) TRY(aws_trail_attribute(&in->lookup_attribute.at[i]));
    return OK;
}

/* The sentence for a word that is no choice. */
static status tell_fault(const aws_fault *fault, status failed, arena *memory, slice *detail) {
    *detail = fault->detail;
    if (!fault->choice) return failed;
    *detail = fault->word;
    ENSURE(!aws_word_is_known(fault->word), UNSUPPORTED);
    TRY(aws_sentence_choice(fault->choice, fault->member, fault->word, memory, detail));
    return failed;
}

static status read_input(decoded *d, const json *body, arena *memory, slice *detail) {
    aws_fault fault = {0};
    void *input;
    status read = aws_json_input(d->operation, body, memory, &input, &fault);
    if (FAILED(read)) return tell_fault(&fault, read, memory, detail);
    if (d->operation == OPERATION_LOOKUP_EVENTS) TRY(adjust_lookup(input, detail));
    TRY(aws_check(operation_get(d->operation)->in, input, memory, detail));
    d->input = input;
    return OK;
}

static status decode(const http_head *head, slice body, arena *memory, decoded *out, slice *detail) {
    decoded_begin(&dialect_aws_json, head, out);
    const json *members;
    aws_signed evidence = {.head = head, .memory = memory};
    TRY(head_check(head, memory, detail));
    name_operation(head, out);
    TRY(aws_hash(body, memory, &evidence.payload_hash));
    TRY(aws_proof(&evidence, out, detail));
    TRY(check_operation(head, out, detail));
    TRY(read_body(body, memory, &members, detail));
    out->proof.body = body;
    return read_input(out, members, memory, detail);
}

const dialect dialect_aws_json = {"aws_json", recognise, body_wanted, decode, aws_json_encode, aws_json_encode_failure};
