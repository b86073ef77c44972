/* AWS Signature Version 4, for every dialect that is signed with it: the evidence out of a request's head. */
#ifndef DIALECT_AWS_SIGN_H
#define DIALECT_AWS_SIGN_H

#include "dialect/dialect.h"

typedef struct aws_signed {
    const http_head *head;
    slice
        payload_hash; /* last line of the canonical request: hex of the body's SHA-256, or what the dialect has there */
    arena *memory;
} aws_signed;

/* Whether the request carries such a signature, in its header or its query, well formed or not. Cheap. */
bool aws_is_signed(const http_head *head);
/* The service in the scope of its signature ("kms"); absent when there is none. Cheap, and nothing is decided by it. */
slice aws_service(const http_head *head);

/* Hex of a body's SHA-256, in the arena. */
status aws_hash(slice body, arena *memory, slice *out);

/* Reads the signature of either form into out->proof, and what was signed. The path goes in as it came, so a dialect whose clients
 * normalise it must accept only paths that are normal. ANONYMOUS when there is no signature, INCOMPLETE_SIGNATURE, TWO_SIGNATURES,
 * BAD_TIMESTAMP: then out->has_proof stays false, though the access key id may be known. *detail names what is wrong.
 * What decides what a request does must be under its signature: Host, the time, x-amz-target and the security token. */
status aws_proof(const aws_signed *s, decoded *out, slice *detail);

#endif
