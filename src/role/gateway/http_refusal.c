/* libmicrohttpd answers what it cannot read with a page of its own: no dialect's error, no request id, nobody told. As an archive
 * it makes the page through MHD_create_response_from_buffer, and the linker's --wrap brings that call here, directly behind
 * the message to the log that says why. What it reads last, or we serve last, is the connection it is about. */
#include <gnutls/gnutls.h>

#include "role/gateway/http_private.h"
#include "role/gateway/http_tls.h"
#include "system/sparing.h"

enum { PAGE_MEMORY_BYTES = 64 << 10 };

static http_front *waiting; /* the front that expects a page; one thread */

struct MHD_Response *__real_MHD_create_response_from_buffer(size_t size, void *bytes, enum MHD_ResponseMemoryMode mode);
struct MHD_Response *__wrap_MHD_create_response_from_buffer(size_t size, void *bytes, enum MHD_ResponseMemoryMode mode);
ssize_t __real_gnutls_record_recv(gnutls_session_t session, void *into, size_t room);
ssize_t __wrap_gnutls_record_recv(gnutls_session_t session, void *into, size_t room);

/* GnuTLS reads the socket itself. */
ssize_t __wrap_gnutls_record_recv(gnutls_session_t session, void *into, size_t room) {
    sparing_note(tls_wire_fd(session));
    return __real_gnutls_record_recv(session, into, room);
}

void http_refusal_note(const http_connection *c) { sparing_note(c->fd); }

bool http_refusal_forget(http_front *front) {
    bool was_due = front->expected != STATUS_OK;
    if (was_due) http_guard_count(front, front->expected);
    front->expected = STATUS_OK;
    waiting = NULL;
    return was_due;
}

void http_refusal_expect(http_front *front, enum status_code failure) {
    http_refusal_forget(front);
    front->expected = failure;
    waiting = front;
}

static const http_connection *connection_at_hand(const http_front *front) {
    const http_connection *first = &front->connections;
    for (const http_connection *c = first->next; c != first; c = c->next)
        if (c->fd == sparing_at_hand()) return c;
    return NULL;
}

static struct MHD_Response *page_new(const http_answer *page, arena *memory) {
    struct MHD_Response *made =
        __real_MHD_create_response_from_buffer(page->body.len, (void *)(uintptr_t)page->body.at, MHD_RESPMEM_MUST_COPY);
    for (size_t i = 0; made && i < page->count; i++) {
        slice name, value;
        bool is_copied = !FAILED(arena_copy(memory, page->headers[i].name, &name)) &&
                         !FAILED(arena_copy(memory, page->headers[i].value, &value));
        if (is_copied) (void)MHD_add_response_header(made, (const char *)name.at, (const char *)value.at);
    }
    return made;
}

static struct MHD_Response *refusal_answer(http_front *front) {
    OWNED(arena) memory = {.limit = PAGE_MEMORY_BYTES};
    const http_connection *c = connection_at_hand(front);
    http_refusal refusal = {.failure = front->expected, .memory = &memory};
    http_answer page;
    if (c) refusal.source_ip = slice_of_text(c->address);
    if (c) refusal.is_tls = c->is_tls;
    status told = front->server.on_refused(front->server.context, &refusal, &page);
    if (FAILED(told)) return NULL;
    front->expected = STATUS_OK;
    return page_new(&page, &memory);
}

struct MHD_Response *__wrap_MHD_create_response_from_buffer(size_t size, void *bytes,
                                                            enum MHD_ResponseMemoryMode mode) {
    http_front *front = waiting;
    struct MHD_Response *made = front ? refusal_answer(front) : NULL;
    if (front) http_refusal_forget(front); /* not told yet: then in the next sum */
    return made ? made : __real_MHD_create_response_from_buffer(size, bytes, mode);
}
