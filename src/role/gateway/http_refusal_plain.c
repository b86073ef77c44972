/* libmicrohttpd as a shared library shows its own pages: they have no request id, and are recorded in sums. */
#include "role/gateway/http_private.h"

void http_refusal_expect(http_front *front, enum status_code failure) { http_guard_count(front, failure); }

bool http_refusal_forget(http_front *front) {
    (void)front;
    return false;
}

void http_refusal_note(const http_connection *c) { (void)c; }
