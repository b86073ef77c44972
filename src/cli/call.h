/* Calling operations of the contract: arguments into the request, the answer into JSON, whatever the wire. */
#ifndef CLI_CALL_H
#define CLI_CALL_H

#include "cli/client.h"
#include "format/json.h"

typedef struct result {
    const json *value; /* an object; lives in the invocation's memory */
    answer answer;
} result;

/* The operation of the invocation's command with its arguments. Failures of the server stand in the invocation's
 * trouble, with its code and request id. */
status call_operation(client *c, result *out);

/* An operation of an RPC product with parameters as the wire has them. */
status call_rpc(client *c, enum operation_id id, pair_list parameters, result *out);
/* The arguments as RPC parameters: maps and lists become JSON texts. USAGE for a name given twice in a map. */
status call_parameters(invocation *inv, pair_list *out);

enum { ORDER_PARTS_MOST = 64 };

/* A request to the object service. */
typedef struct oss_order {
    enum operation_id id;
    slice bucket, key; /* absent: none */
    pair query[ORDER_PARTS_MOST];
    size_t query_count;
    http_header headers[ORDER_PARTS_MOST];
    size_t header_count;
    slice body;
} oss_order;

/* What the arguments say. */
status order_from_arguments(invocation *inv, oss_order *out);
status order_add_query(oss_order *o, const char *name, slice value);
status order_add_header(oss_order *o, const char *name, slice value);
/* `stream` may be NULL. The result holds the answer's document, or its headers under the names of the contract. */
status call_oss(client *c, const oss_order *order, const client_stream *stream, result *out);

/* The answer's XML document, or its headers, as JSON. Names that the server percent-encoded come decoded. MALFORMED. */
status oss_answer_read(const answer *a, arena *memory, const json **out);
/* What an error document (or the header that stands for it) says. False when it says nothing. */
bool oss_error_read(const answer *a, arena *memory, server_error *out);

/* Finished JSON text as a value in the arena; the buffer is wiped. */
status json_from_buffer(buffer *text, arena *memory, const json **out);

#endif
