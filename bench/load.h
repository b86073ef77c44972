/* The load generator's parts: what is asked (load_request.c), over which wire (load_wire.c), by many connections at a
 * time (load_drive.c), and what it cost the server (load_cost.c). A program of the workshop: it ends at the first
 * thing that is not as it should be. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "base/buffer.h"
#include "contract/shape.h"

enum { LOAD_PARAMETERS_MOST = 16, LOAD_PROCESSES_MOST = 80, LOAD_CONNECTIONS_MOST = 4096 };

enum load_kind {
    LOAD_PLAIN, /* unsigned: METHOD /path */
    LOAD_RPC,   /* ACTION name=value …, signature version 3 */
    LOAD_RPC_1, /* the same under signature version 1, all in the query, as older clients do */
    LOAD_OSS,   /* METHOD bucket/key, signature version 4 */
};

typedef struct load_plan {
    const char *host; /* numeric, IPv4 */
    uint16_t port;
    bool is_tls;
    size_t connections;
    double seconds; /* of the timed slice */
    size_t count;   /* requests made beforehand; the slice ends when they run out */
    size_t body_bytes;
    size_t names;         /* '%' counts up to here and begins again; 0: no end */
    size_t status;        /* that answers are to have, but for one in a hundred; 0: all 2xx */
    bool is_printed;      /* one request, its answer to stdout */
    const char *key_file; /* id and secret on a line each, of one access key or many */
    const char *api_version;
    const char *region;
    enum load_kind kind;
    slice method_or_action;
    slice target; /* '%' in it becomes the number of the request */
    pair parameters[LOAD_PARAMETERS_MOST];
    size_t parameter_count;
    int processes[LOAD_PROCESSES_MOST];
    size_t process_count;
} load_plan;

/* ---- what is asked */

typedef struct load_shot {
    size_t at;  /* in the store's bytes */
    size_t len; /* head, and a short body */
} load_shot;

typedef struct load_store {
    buffer bytes;
    load_shot *shots;
    size_t count;
    slice long_body; /* follows every head; absent when the body is in the shot */
} load_store;

/* Makes plan->count requests, signed with fresh nonces; plain ones are all the same. */
status load_store_fill(const load_plan *plan, load_store *out);
void load_store_clear(load_store *s);

/* ---- the wire */

typedef struct load_wire {
    int fd;
    struct gnutls_session_int *session; /* NULL: plain TCP */
} load_wire;

/* Once before any wire with TLS. The server's certificate is not checked: what is measured is the server. */
status load_wire_start(void);
/* Connects and shakes hands, then becomes non-blocking. CLOSED. */
status load_wire_open(const load_plan *plan, load_wire *out);
/* Bytes sent or received; 0: later; -1: the connection is gone. */
ptrdiff_t load_wire_send(load_wire *w, slice bytes, bool more_follows);
ptrdiff_t load_wire_receive(load_wire *w, uint8_t *at, size_t room);
/* The same, and the bytes are of no interest. */
ptrdiff_t load_wire_discard(load_wire *w, size_t most);
void load_wire_close(load_wire *w);

/* ---- driving */

typedef struct load_result {
    size_t answers;  /* of the timed slice, all */
    size_t failures; /* answers that are not 2xx, and connections that broke */
    int first_bad_status;
    double seconds;       /* from the first request to the last answer */
    uint32_t *latency_us; /* of each answer */
    uint64_t received;    /* bytes of bodies */
    buffer body;          /* of the last answer, when it is printed */
} load_result;

typedef struct load_hooks {
    void (*before)(void *context); /* all connections stand and have had an answer */
    void (*after)(void *context);  /* the last answer is in */
    void *context;
} load_hooks;

/* Runs the slice. */
status load_drive(const load_plan *plan, const load_store *store, const load_hooks *hooks, load_result *out);
void load_result_clear(load_result *r);

/* ---- cost */

/* CPU time of a process, user and system, all its threads, ns; 0 when it is gone. */
uint64_t load_cpu_ns(int process);

#endif
