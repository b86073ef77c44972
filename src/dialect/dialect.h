/* A dialect maps a wire to canonical operations: what came over HTTP becomes an operation, its typed input and the
 * proof of who asks; a typed result or a failure becomes an answer. Nothing here does I/O or keeps state. */
#ifndef DIALECT_DIALECT_H
#define DIALECT_DIALECT_H

#include "base/arena.h"
#include "contract/operation.h"

enum {
    DIALECT_BODY_MOST = 2 << 20,   /* no dialect wants more of a body than this before it decodes */
    DIALECT_MEMORY_MOST = 16 << 20 /* an arena of this limit is enough for every request line, head and such a body */
};

typedef struct http_header {
    slice name;
    slice value;
} http_header;

/* What came over the wire, nothing interpreted. */
typedef struct http_head {
    slice method; /* "GET" */
    slice target; /* raw request target: path and query, still percent-encoded */
    const http_header *headers;
    size_t header_count; /* in the order of arrival */
    slice source_ip;
    bool is_tls;
    slice base_domains; /* configured, comma separated: "oss.example.com" (buckets are its subdomains; on its own the
                           path names the bucket) or "files.example.com=mybucket" (this host is that bucket) */
} http_head;

enum answer_form { ANSWER_JSON, ANSWER_XML };

/* What a dialect makes of a request. Slices live in the arena, the head or the body. */
typedef struct decoded {
    const struct dialect *dialect;
    enum operation_id operation; /* OPERATION_NONE when it is none of ours */
    const product *product;      /* NULL when unknown */
    slice action;                /* the operation as the caller names it, ours or not; absent when unknown */
    slice api_version;
    void *input;       /* the generated struct of operation_get(operation)->in; limits are not yet checked */
    void *alternative; /* the same as the second reading of an ambiguous address has it, or NULL */
    slice_list alternative_texts;
    proof proof;    /* without has_proof only what could be read of it: AccessKeyId */
    bool has_proof; /* false: unsigned, or the signature's own parts are malformed */
    enum answer_form form;
    bool is_head; /* the answer has no body */
} decoded;

/* What core answered. */
typedef struct reply {
    slice request_id;
    status failure;
    slice detail;       /* of a failure; may be absent */
    const void *output; /* the generated struct of operation_get(operation)->out; NULL for failures */
    slice host;         /* the request's Host */
    slice account_id;   /* whose; absent when that is not known */
    int64_t elapsed_ms; /* since the request arrived */
} reply;

typedef struct http_answer {
    int status;
    http_header *headers; /* without Content-Length, Date and Connection, which are the gateway's */
    size_t count;
    slice body;             /* absent when there is none, or when the gateway streams it */
    int64_t content_length; /* of the body; for HEAD and for streamed bodies what Content-Length has to say */
    bool is_streamed;       /* BODY_FETCH: the gateway sends content_length bytes from storage */
} http_answer;

typedef struct dialect {
    const char *name; /* "alibaba_rpc" */
    bool (*recognise)(const http_head *head);
    /* Bytes of body that decode needs at most before it can run: 0 means none (PutObject, GET …: decode gets an
     * absent slice). A longer body is REQUEST_TOO_LARGE, found by the gateway. */
    size_t (*body_wanted)(const http_head *head);
    /* On failure (a row of errors.def; *detail says where) `out` has as much as is known: always dialect and form, so
     * that the failure can be encoded and recorded. A failure with out->has_proof was found after the signature's parts
     * were read: the signature is still to be checked, for a bad one wins over any other error. */
    status (*decode)(const http_head *head, slice body, arena *memory, decoded *out, slice *detail);
    /* The answer to a success. */
    status (*encode)(const decoded *d, const reply *r, arena *memory, http_answer *out);
    /* The answer to r->failure. Needs of `d` only what decoded_begin sets. */
    status (*encode_failure)(const decoded *d, const reply *r, arena *memory, http_answer *out);
} dialect;

/* Never NULL. Exactly one dialect recognises a request:
 *   1. a header x-amz-target, a body of AWS's JSON, or a signature version 4 for a service with that wire   aws_json
 *   2. a signature version 4 for sts or iam, or a query with STS's version        aws_query
 *   3. Authorization of OSS, or a query of a signed OSS URL                       oss_rest
 *   4. Authorization "ACS3-…", a header x-acs-action or x-acs-version             alibaba_rpc
 *   5. path "/" with a parameter Action, or POST / of an HTML form                alibaba_rpc
 *      (whose decode hands a form of STS's version without a signature on)
 *   6. anything else, an unsigned GET / included                                  oss_rest */
const dialect *dialect_recognise(const http_head *head);

/* Zeroes *out and sets dialect, form and is_head: enough for encode_failure, when something is wrong before decoding. */
void decoded_begin(const dialect *d, const http_head *head, decoded *out);

extern const dialect dialect_alibaba_rpc;
extern const dialect dialect_aws_json;
extern const dialect dialect_aws_query;
extern const dialect dialect_oss_rest;

/* The first header of that name in any case; absent when there is none. */
slice head_find_named(const http_head *head, slice name);
static inline slice head_find(const http_head *head, const char *name) {
    return head_find_named(head, slice_of_text(name));
}

#endif
