/* Fuzz inputs that are requests: "METHOD target\n", "Name: value\n" for each header, an empty line, the body. */
#ifndef FUZZ_HTTP_TEXT_H
#define FUZZ_HTTP_TEXT_H

#include <stdlib.h>

#include "dialect/dialect.h"

enum { HTTP_TEXT_HEADERS_MOST = 64 };

typedef struct http_text {
    http_head head;
    slice body;
    http_header headers[HTTP_TEXT_HEADERS_MOST];
} http_text;

static inline void http_text_read(slice input, http_text *out) {
    *out = (http_text){0};
    slice rest = input, line = {0};
    slice_split(&rest, '\n', &line);
    size_t blank = slice_find_byte(line, ' ');
    out->head.method = slice_head(line, blank);
    out->head.target = blank == SIZE_MAX ? SLICE("/") : slice_skip(line, blank + 1);
    while (slice_split(&rest, '\n', &line) && line.len > 0 && out->head.header_count < HTTP_TEXT_HEADERS_MOST) {
        size_t colon = slice_find_byte(line, ':');
        slice value = colon == SIZE_MAX ? SLICE("") : slice_trim(slice_skip(line, colon + 1));
        out->headers[out->head.header_count++] = (http_header){slice_head(line, colon), value};
    }
    out->head.headers = out->headers;
    out->head.base_domains = SLICE("oss.example.com,files.example.com=bound");
    out->body = slice_is_absent(rest) ? SLICE("") : rest;
}

/* What must hold for any request: it is decoded or refused, what was decoded is whole, and either has an answer. */
static inline void http_text_check(const dialect *wire, const http_text *t) {
    arena memory = {.limit = DIALECT_MEMORY_MOST};
    decoded d;
    slice detail, culprit;
    size_t wanted = wire->body_wanted(&t->head);
    slice body = wanted ? slice_head(t->body, wanted) : (slice){0};
    status decoded_so = wire->decode(&t->head, body, &memory, &d, &detail);
    /* a form without a signature may turn out to be the other cloud's */
    if (d.dialect != wire && (wire != &dialect_alibaba_rpc || d.dialect != &dialect_aws_query)) abort();
    const operation *op = operation_get(d.operation);
    if (!FAILED(decoded_so)) {
        if (!op || !d.input || d.has_proof != (d.proof.texts.count > 0)) abort();
        if (!d.has_proof && !op->is_unsigned) abort();
        if (d.alternative && d.alternative_texts.count == 0) abort();
        status_ignore(shape_check(op->in, d.input, &culprit));
    }
    if (d.has_proof && FAILED(shape_check(&proof_shape, &d.proof, &culprit))) abort();
    reply r = {.request_id = SLICE("id"),
               .failure = FAILED(decoded_so) ? decoded_so : FAIL(BAD_SIGNATURE),
               .detail = detail,
               .host = SLICE("h")};
    http_answer answer;
    status encoded = d.dialect->encode_failure(&d, &r, &memory, &answer);
    if (FAILED(encoded) && !FAILED_WITH(encoded, OUT_OF_MEMORY)) abort();
    if (!FAILED(encoded) && (answer.status < 300 || answer.status > 599)) abort();
    arena_clear(&memory);
}

#endif
