/* One request of the front: its head, its body in pieces, its answer. */
#include <stdlib.h>

#include "base/log.h"
#include "role/gateway/http_private.h"
#include "role/gateway/pool.h"
#include "role/gateway/http_tls.h"
#include "system/sparing.h"

enum { REQUEST_MEMORY_BYTES = 1 << 20 };

static int64_t now_of(const http_request *r) { return loop_now_ms(r->daemon->front->loop); }

static http_request *request_take(http_front *front) {
    http_request *r = front->idle_requests;
    if (r == NULL) {
        r = calloc(1, sizeof *r);
        if (r) r->memory.limit = REQUEST_MEMORY_BYTES;
    } else {
        front->idle_requests = r->next;
        front->idle_count--;
    }
    if (r) front->request_count++;
    return r;
}

static void request_free(http_request *r) {
    arena_clear(&r->memory);
    free(r);
}

/* The target may have carried a secret. */
static void request_give_back(http_front *front, http_request *r) {
    arena memory = r->memory;
    arena_wipe(&memory);
    *r = (http_request){.memory = memory};
    front->request_count--;
    if (front->idle_count >= HTTP_IDLE_REQUESTS_MAX) {
        request_free(r);
        return;
    }
    r->next = front->idle_requests;
    front->idle_requests = r;
    front->idle_count++;
}

void http_requests_free(http_front *front) {
    for (http_request *r = front->idle_requests, *next; r; r = next) {
        next = r->next;
        request_free(r);
    }
}

void *http_request_begin(void *daemon, const char *target, struct MHD_Connection *mhd) {
    http_daemon *d = daemon;
    http_connection *c = http_connection_of(mhd);
    http_request *r = c ? request_take(d->front) : NULL;
    if (r == NULL) return NULL;
    http_refusal_note(c);
    r->daemon = d;
    r->mhd = mhd;
    r->connection = c;
    if (!FAILED(arena_copy(&r->memory, slice_of_text(target ? target : ""), &r->target))) return r;
    request_give_back(d->front, r);
    return NULL;
}

/* -- the head */

typedef struct header_list {
    http_header *at;
    size_t count, capacity;
} header_list;

static enum MHD_Result header_add(void *context, enum MHD_ValueKind kind, const char *name, size_t name_bytes,
                                  const char *value, size_t value_bytes) {
    header_list *list = context;
    (void)kind;
    if (list->count == list->capacity) return MHD_NO;
    slice content = value ? slice_of(value, value_bytes) : SLICE("");
    list->at[list->count++] = (http_header){slice_of(name, name_bytes), content};
    return MHD_YES;
}

static size_t header_count(struct MHD_Connection *mhd) {
    int count = MHD_get_connection_values(mhd, MHD_HEADER_KIND, NULL, NULL);
    return count > 0 ? (size_t)count : 0;
}

static status headers_read(http_request *r, http_request_head *out) {
    header_list list = {.capacity = header_count(r->mhd)};
    list.at = ARENA_ARRAY(&r->memory, http_header, list.capacity + 1);
    ENSURE(list.at != NULL, OUT_OF_MEMORY);
    MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, header_add, &list);
    out->wire.headers = list.at;
    out->wire.header_count = list.count;
    return OK;
}

/* RFC 9110 §5.6.2. RFC 9112 §5.1: a name with a blank before its colon is refused, or somebody in front of us reads another
 * header than we do. */
static bool is_token(slice name) {
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i], lower = (uint8_t)(c | 0x20);
        bool is_letter = lower >= 'a' && lower <= 'z', is_digit = c >= '0' && c <= '9';
        if (!is_letter && !is_digit && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL)) return false;
    }
    return name.len > 0;
}

/* RFC 9112 §6.1 and §6.3: where the body ends must have one reading only, and be said in a way both sides understand. */
static status framing_read(http_request_head *head) {
    size_t lengths = 0, codings = 0;
    for (size_t i = 0; i < head->wire.header_count; i++) {
        const http_header *h = &head->wire.headers[i];
        slice value = slice_trim(h->value);
        ENSURE(is_token(h->name), MALFORMED);
        if (slice_equals_ignoring_case(h->name, SLICE("Content-Length"))) {
            lengths++;
            ENSURE(slice_to_u64(value, &head->body_bytes), MALFORMED);
        } else if (slice_equals_ignoring_case(h->name, SLICE("Transfer-Encoding"))) {
            codings++;
            ENSURE(slice_equals_ignoring_case(value, SLICE("chunked")), MALFORMED);
        } else if (slice_equals_ignoring_case(h->name, SLICE("Expect"))) {
            head->waits_for_continue = slice_equals_ignoring_case(value, SLICE("100-continue"));
        }
    }
    ENSURE(lengths + codings <= 1, MALFORMED);
    head->is_chunked = codings == 1;
    head->has_body = head->is_chunked || head->body_bytes > 0;
    return OK;
}

static status sizes_check(const http_request *r) {
    ENSURE(r->target.len <= HTTP_TARGET_MAX_BYTES, URI_TOO_LONG);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    ENSURE(info == NULL || info->header_size <= r->target.len + HTTP_HEADERS_MAX_BYTES, HEADERS_TOO_LARGE);
    return OK;
}

/* For the pool. The length of a body in chunks is not known before its end. */
static void reading_note(http_request *r, const char *method, const http_request_head *head) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    bool is_known = info && !FAILED(head->framing) && !head->is_chunked && head->body_bytes <= POOL_CONNECTION_BYTES;
    if (!is_known) return;
    r->head_at = method;
    r->read_bytes = info->header_size + (size_t)head->body_bytes;
}

static status head_read(http_request *r, const char *method, http_request_head **out) {
    http_request_head *head = ARENA_NEW(&r->memory, http_request_head);
    ENSURE(head != NULL, OUT_OF_MEMORY);
    head->wire.method = slice_of_text(method);
    head->wire.target = r->target;
    head->wire.source_ip = slice_of_text(r->connection->address);
    head->wire.is_tls = r->daemon->is_tls;
    head->is_over_limit = r->connection->is_over_limit;
    TRY(headers_read(r, head));
    head->framing = sizes_check(r);
    if (!FAILED(head->framing)) head->framing = framing_read(head);
    reading_note(r, method, head);
    r->is_head = slice_equals_text(head->wire.method, "HEAD");
    *out = head;
    return OK;
}

/* -- going on */

static enum MHD_Result wish_fulfil(http_request *r, enum http_wish wish) {
    switch (wish) {
    case HTTP_READ_ON: return MHD_YES;
    case HTTP_ANSWERED: return MHD_YES;
    case HTTP_BREAK_OFF: return MHD_NO;
    case HTTP_HOLD: break;
    }
    r->is_held = true;
    http_connection_enter(r->connection, HTTP_PHASE_HELD, now_of(r));
    sparing_hold(r->connection->fd);
    MHD_suspend_connection(r->mhd);
    return MHD_YES;
}

static enum http_wish head_serve(http_request *r, const char *method) {
    const http_server *server = &r->daemon->front->server;
    if (r->served == NULL) {
        http_request_head *head;
        if (FAILED(head_read(r, method, &head))) return HTTP_BREAK_OFF;
        r->served = server->begin(server->context, r, head);
        if (r->served == NULL) return HTTP_BREAK_OFF;
    }
    enum http_wish wish = server->on_head(r->served);
    if (wish != HTTP_READ_ON) return wish;
    r->is_body_open = true;
    http_connection_enter(r->connection, HTTP_PHASE_BODY, now_of(r));
    return wish;
}

static enum http_wish body_serve(http_request *r, slice part, size_t *left) {
    size_t taken = part.len;
    if (r->connection->phase == HTTP_PHASE_HELD) http_connection_enter(r->connection, HTTP_PHASE_BODY, now_of(r));
    enum http_wish wish = r->daemon->front->server.on_body(r->served, part, &taken);
    r->connection->moved_bytes += taken;
    *left = part.len - taken;
    return wish;
}

/* house_rules: parameters as libmicrohttpd has them */
enum MHD_Result http_request_continue(void *daemon, struct MHD_Connection *mhd, const char *url, const char *method,
                                      const char *version, const char *part, size_t *part_bytes, void **request) {
    http_request *r = *request;
    (void)daemon;
    (void)mhd;
    (void)url;
    (void)version;
    if (r == NULL) return MHD_NO;
    http_refusal_note(r->connection);
    r->is_held = false;
    if (!r->is_body_open) return wish_fulfil(r, head_serve(r, method));
    if (*part_bytes) return wish_fulfil(r, body_serve(r, slice_of(part, *part_bytes), part_bytes));
    return wish_fulfil(r, r->daemon->front->server.on_end(r->served));
}

void http_request_go_on(http_request *r) {
    if (!r->is_held) return;
    r->is_held = false;
    MHD_resume_connection(r->mhd);
    sparing_release(r->connection->fd);
    r->daemon->is_due = true;
}

void http_request_end(void *daemon, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode why) {
    http_front *front = ((http_daemon *)daemon)->front;
    http_request *r = *request;
    (void)mhd;
    if (r == NULL) return;
    *request = NULL;
    http_refusal_note(r->connection);
    if (r->served) front->server.on_gone(r->served, r->is_answered && why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    http_connection_enter(r->connection, HTTP_PHASE_HEAD, loop_now_ms(front->loop));
    pool_request_read(r->head_at, r->read_bytes);
    request_give_back(front, r);
}

/* -- answers */

/* Part of a streamed body, on its way out. */
typedef struct download {
    http_request *request;
    body_reader *reader;
} download;

static ssize_t download_read(void *context, uint64_t position, char *out, size_t room) {
    download *d = context;
    size_t got = 0;
    (void)position;
    status read = body_reader_read(d->reader, (uint8_t *)out, room, &got);
    if (FAILED(read)) {
        d->request->daemon->front->server.on_read_failure(d->request->served, read);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    d->request->connection->moved_bytes += got;
    return (ssize_t)got;
}

static void download_free(void *context) {
    download *d = context;
    body_reader_free(d->reader);
    free(d);
}

static ssize_t nothing_to_read(void *context, uint64_t position, char *out, size_t room) {
    (void)context;
    (void)position;
    (void)out;
    (void)room;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static void reader_release(void *reader) { body_reader_free(reader); }

static struct MHD_Response *streamed_response(http_request *r, const http_answer *answer, body_reader *reader) {
    slice all = body_reader_all(reader);
    bool fits = (int64_t)body_reader_left(reader) == answer->content_length;
    if (fits && !slice_is_absent(all))
        return MHD_create_response_from_buffer_with_free_callback_cls(all.len, (void *)(uintptr_t)all.at,
                                                                      reader_release, reader);
    download *d = fits ? calloc(1, sizeof *d) : NULL;
    if (d == NULL) {
        body_reader_free(reader);
        return NULL;
    }
    *d = (download){r, reader};
    struct MHD_Response *made = MHD_create_response_from_callback((uint64_t)answer->content_length, BODY_STEP_BYTES,
                                                                  download_read, d, download_free);
    if (made == NULL) download_free(d);
    return made;
}

static struct MHD_Response *response_new(http_request *r, const http_answer *answer, body_reader *reader) {
    if (reader) return streamed_response(r, answer, reader);
    slice body = answer->body;
    bool is_announced_only = slice_is_absent(body) && answer->content_length > 0; /* HEAD */
    if (is_announced_only)
        return MHD_create_response_from_callback((uint64_t)answer->content_length, 1, nothing_to_read, NULL, NULL);
    return MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.at, MHD_RESPMEM_PERSISTENT);
}

static status headers_add(http_request *r, const http_answer *answer, struct MHD_Response *response) {
    for (size_t i = 0; i < answer->count; i++) {
        slice name, value;
        if (slice_is_empty(answer->headers[i].value)) continue;      /* libmicrohttpd cannot send it */
        TRY(arena_copy(&r->memory, answer->headers[i].name, &name)); /* a NUL follows the copy */
        TRY(arena_copy(&r->memory, answer->headers[i].value, &value));
        bool added = MHD_add_response_header(response, (const char *)name.at, (const char *)value.at) == MHD_YES;
        ENSURE(added, INTERNAL);
    }
    return OK;
}

/* What libmicrohttpd has in memory it sends directly behind the head, unless the protocol knows no body there. */
static bool has_body_at_once(const http_request *r, const http_answer *answer, const body_reader *reader) {
    bool may_have_one = answer->status >= 200 && answer->status != 204 && answer->status != 304 && !r->is_head;
    return reader == NULL && answer->body.len > 0 && may_have_one;
}

status http_request_answer(http_request *r, const http_answer *answer, body_reader *reader) {
    (void)http_refusal_forget(r->daemon->front);
    struct MHD_Response *response = response_new(r, answer, reader);
    ENSURE(response != NULL, OUT_OF_MEMORY);
    status added = headers_add(r, answer, response);
    bool queued = !FAILED(added) && MHD_queue_response(r->mhd, (unsigned)answer->status, response) == MHD_YES;
    MHD_destroy_response(response);
    TRY(added);
    ENSURE(queued, INTERNAL);
    r->is_answered = true;
    if (r->connection->wire && has_body_at_once(r, answer, reader)) tls_wire_expect_body(r->connection->wire);
    http_connection_enter(r->connection, HTTP_PHASE_ANSWER, now_of(r));
    return OK;
}
