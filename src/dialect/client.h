/* The other side: signed requests, for the command line, for tests and for load generators. Only what Keyhold's own
 * clients need: version 3 for the RPC products, version 4 for OSS. No I/O; the caller sends what it gets. */
#ifndef DIALECT_CLIENT_H
#define DIALECT_CLIENT_H

#include "base/secret.h"
#include "dialect/dialect.h"

typedef struct client_credentials {
    slice access_key_id;  /* borrowed */
    slice security_token; /* borrowed; absent for keys that do not lapse */
    secret key;
    secret scoped_key; /* what version 4 derives its keys from */
} client_credentials;

/* Copies the secret; the caller wipes its own. */
status client_credentials_new(slice access_key_id, slice access_key_secret, slice security_token,
                              client_credentials *out);
void client_credentials_clear(client_credentials *c);

/* What to send. Lives in the arena, or is borrowed from what was asked for. Content-Length is up to the sender. */
typedef struct client_request {
    slice method;
    slice target;
    http_header *headers;
    size_t header_count;
    slice body; /* of RPC requests; OSS bodies are the caller's */
} client_request;

typedef struct client_rpc {
    slice host;    /* as the Host header will have it, with the port unless it is the default one */
    slice action;  /* "DescribeKey" */
    slice version; /* "2016-01-20" */
    pair_list parameters;
    int64_t time_s;
    slice nonce; /* unique among the requests of this access key */
} client_rpc;

/* POST / with the parameters as a form. */
status client_sign_rpc(const client_credentials *c, const client_rpc *call, arena *memory, client_request *out);

/* The same without a signature, for operations that nobody signs. */
status client_plain_rpc(const client_rpc *call, arena *memory, client_request *out);

typedef struct client_oss {
    slice method;
    slice host;
    slice region;               /* "cn-hangzhou" */
    slice bucket;               /* absent: the service */
    slice key;                  /* absent: the bucket */
    pair_list query;            /* an empty value means a bare name: "acl" */
    const http_header *headers; /* Content-Type, x-oss-*, … ; not Host, Date and Authorization */
    size_t header_count;
    int64_t time_s;
} client_oss;

/* Path style: /bucket/key. The host is under the signature as well. */
status client_sign_oss(const client_credentials *c, const client_oss *call, arena *memory, client_request *out);

#endif
