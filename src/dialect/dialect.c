/* Which dialect a request speaks. */
#include "dialect/dialect.h"

const dialect *dialect_recognise(const http_head *head) {
    if (dialect_aws_json.recognise(head)) return &dialect_aws_json;
    if (dialect_aws_query.recognise(head)) return &dialect_aws_query;
    return dialect_alibaba_rpc.recognise(head) ? &dialect_alibaba_rpc : &dialect_oss_rest;
}

void decoded_begin(const dialect *d, const http_head *head, decoded *out) {
    *out = (decoded){.dialect = d, .form = d == &dialect_oss_rest ? ANSWER_XML : ANSWER_JSON};
    out->is_head = slice_equals_text(head->method, "HEAD");
}
