/* The parts of the Alibaba RPC dialect among themselves: KMS, RAM, STS, ActionTrail and Keyhold's own operations. */
#ifndef DIALECT_ALIBABA_RPC_H
#define DIALECT_ALIBABA_RPC_H

#include "dialect/dialect.h"
#include "format/form.h"

enum { RPC_BODY_MOST = 512 << 10 };

typedef struct rpc_request {
    const http_head *head;
    slice body;
    form query;
    form parameters; /* those of the query and of the body, sorted, each name once */
    arena *memory;
} rpc_request;

/* The value of a parameter; absent when it is not there, empty for "name" and "name=". */
slice rpc_parameter(const rpc_request *r, slice name);

/* Reads the signature, either version, into out->proof. INCOMPLETE_SIGNATURE, TWO_SIGNATURES, BAD_TIMESTAMP: then
 * out->has_proof stays false, though AccessKeyId may be known. BAD_BODY_HASH with has_proof. */
status rpc_proof(const rpc_request *r, decoded *out, slice *detail);
/* What the server takes as the string that was signed, for the answer to a bad signature. */
status rpc_string_to_sign(const proof *p, arena *memory, slice *out);

status rpc_encode(const decoded *d, const reply *r, arena *memory, http_answer *out);
status rpc_encode_failure(const decoded *d, const reply *r, arena *memory, http_answer *out);

#endif
