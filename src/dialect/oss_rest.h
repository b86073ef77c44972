/* The parts of the OSS REST dialect among themselves. */
#ifndef DIALECT_OSS_REST_H
#define DIALECT_OSS_REST_H

#include "dialect/head.h"

enum {
    OSS_BODY_MOST = DIALECT_BODY_MOST,
    OSS_DELETE_MOST = 1000,
    OSS_KEY_MOST = 1023,
    OSS_URL_LIFETIME_MOST_S = 604800
};

/* What a request is about: neither (the service), a bucket, or an object of it. Absent slices say so. */
typedef struct oss_address {
    slice bucket;
    slice key; /* decoded */
} oss_address;

typedef struct oss_request {
    const http_head *head;
    slice body;
    form query;          /* decoded, sorted, each name once */
    header_list headers; /* x-oss-*, sorted */
    oss_address address;
    oss_address second; /* of an address that can be read in two ways: the other object, else nothing */
    arena *memory;
} oss_request;

/* Host and path as bucket and key.
 *   the service's own name, an IP address, localhost, any other name   /bucket/key
 *   BUCKET.name of the service, BUCKET.localhost, BUCKET.oss-*.aliyuncs.com, a host bound to BUCKET   /key
 *   the latter with a path that begins with /BUCKET/ as well: read as the former, with the latter as second reading
 * MALFORMED for a broken escape, OBJECT_NAME for a key that is too long, begins with '/' or '\', or is not UTF-8. */
status oss_address_read(oss_request *r);

/* The value of a query parameter; absent when it is not there, empty for "name" and "name=". */
slice oss_parameter(const oss_request *r, const char *name);
/* Whether it is one of the parameters that version 1 signs. */
bool oss_is_signed_parameter(slice name);

/* Reads the signature, version 1 or 4, in a header or the URL, into out->proof, and the texts of the second reading.
 * ANONYMOUS when there is none, INCOMPLETE_SIGNATURE, TWO_SIGNATURES, BAD_TIMESTAMP: out->has_proof stays false. */
status oss_proof(const oss_request *r, decoded *out, slice *detail);
status oss_string_to_sign(const proof *p, arena *memory, slice *out);

/* Which operation it is: out->operation and out->action. UNSUPPORTED for what OSS has and this service has not,
 * UNSUPPORTED_METHOD. */
status oss_name_operation(const oss_request *r, decoded *out, slice *detail);

/* Query, headers and body into the operation's input. */
status oss_input(const oss_request *r, enum operation_id id, void *in, slice *detail);
/* Only the body, where it is XML; and how long it may be, 0 where it is none. */
status oss_body(const oss_request *r, enum operation_id id, void *in, slice *detail);
size_t oss_body_most(enum operation_id id);

status oss_encode(const decoded *d, const reply *r, arena *memory, http_answer *out);
status oss_encode_failure(const decoded *d, const reply *r, arena *memory, http_answer *out);
/* The XML document of an operation's result; *has_document is false for those without one. */
status oss_document(const decoded *d, const reply *r, arena *memory, buffer *out, bool *has_document);

/* A time as OSS's XML has it: 2024-05-20T06:34:21.000Z. The arena owns it. */
status oss_time(maybe_int time, arena *memory, slice *out);
/* An ETag in quotes, whether or not it came with them. */
status oss_etag(slice etag, arena *memory, slice *out);

#endif
