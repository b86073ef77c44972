/* Many connections at a time from one thread: each asks, waits for the whole answer, asks again. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "load.h"

enum { HEAD_BYTES = 16 << 10, EVENTS = 256, PATIENCE_MS = 30 * 1000 };

typedef struct connection {
    load_wire wire;
    const load_shot *shot; /* NULL: idle */
    size_t sent;           /* of the shot and the long body */
    int64_t asked_us;
    size_t head_len;
    uint64_t body_left;
    bool has_head;
    bool waits_to_send;
    uint8_t head[HEAD_BYTES];
} connection;

typedef struct drive {
    const load_plan *plan;
    const load_store *store;
    load_result *result;
    connection *connections;
    int epoll;
    size_t next;  /* shot */
    size_t limit; /* shots of this part */
    size_t busy;
    int64_t ends_us; /* 0: when the shots run out */
    bool is_timed;
} drive;

static void interest(drive *d, connection *c, bool also_sending) {
    struct epoll_event e = {.events = EPOLLIN | (also_sending ? EPOLLOUT : 0u), .data.ptr = c};
    if (also_sending == c->waits_to_send) return;
    epoll_ctl(d->epoll, EPOLL_CTL_MOD, c->wire.fd, &e);
    c->waits_to_send = also_sending;
}

/* ---- asking */

static slice left_to_send(const drive *d, const connection *c, bool *more_follows) {
    slice head = slice_of(d->store->bytes.at + c->shot->at, c->shot->len);
    *more_follows = c->sent < head.len && d->store->long_body.len;
    return c->sent < head.len ? slice_skip(head, c->sent) : slice_skip(d->store->long_body, c->sent - head.len);
}

static bool send_on(drive *d, connection *c) {
    for (;;) {
        bool more_follows;
        slice rest = left_to_send(d, c, &more_follows);
        if (rest.len == 0) break;
        ptrdiff_t sent = load_wire_send(&c->wire, rest, more_follows);
        if (sent < 0) return false;
        if (sent == 0) {
            interest(d, c, true);
            return true;
        }
        c->sent += (size_t)sent;
    }
    interest(d, c, false);
    return true;
}

static bool ask(drive *d, connection *c) {
    int64_t now_us = clock_monotonic_us();
    if (d->next >= d->limit || (d->ends_us && now_us >= d->ends_us)) return true;
    c->shot = &d->store->shots[d->next++];
    c->sent = c->head_len = 0;
    c->has_head = false;
    c->asked_us = now_us;
    d->busy++;
    return send_on(d, c);
}

/* ---- the answer */

static bool header_is(slice line, const char *name, slice *value) {
    size_t len = strlen(name);
    if (line.len <= len || line.at[len] != ':' || strncasecmp((const char *)line.at, name, len) != 0) return false;
    *value = slice_trim(slice_skip(line, len + 1));
    return true;
}

/* Takes in the head; false when it is none. What follows it in the buffer is the start of the body. */
static bool head_read(drive *d, connection *c, size_t end) {
    slice rest = slice_of(c->head, end), line, value;
    uint64_t number = 0, bytes = 0;
    if (!slice_split(&rest, '\n', &line) || line.len < 12 || !slice_to_u64(slice_of(line.at + 9, 3), &number))
        return false;
    while (slice_split(&rest, '\n', &line))
        if (header_is(line, "content-length", &value) && !slice_to_u64(value, &bytes)) return false;
    if (d->plan->status ? number != d->plan->status : number < 200 || number > 299) {
        if (!d->result->failures++) d->result->first_bad_status = (int)number;
    }
    size_t have = c->head_len - end;
    if (have > bytes) return false; /* nobody asked for more */
    c->body_left = bytes - have;
    c->has_head = true;
    d->result->received += d->is_timed ? bytes : 0;
    if (d->plan->is_printed) status_ignore(buffer_append(&d->result->body, slice_of(c->head + end, have)));
    return true;
}

static void answered(drive *d, connection *c) {
    load_result *r = d->result;
    c->shot = NULL;
    d->busy--;
    if (d->is_timed) r->latency_us[r->answers++] = (uint32_t)(clock_monotonic_us() - c->asked_us);
}

static ptrdiff_t body_receive(drive *d, connection *c) {
    size_t room = c->body_left < HEAD_BYTES ? (size_t)c->body_left : HEAD_BYTES;
    ptrdiff_t got = d->plan->is_printed ? load_wire_receive(&c->wire, c->head, room)
                                        : load_wire_discard(&c->wire, (size_t)c->body_left);
    if (got <= 0) return got;
    if (d->plan->is_printed) status_ignore(buffer_append(&d->result->body, slice_of(c->head, (size_t)got)));
    c->body_left -= (uint64_t)got;
    return got;
}

static ptrdiff_t head_receive(drive *d, connection *c) {
    if (c->head_len == HEAD_BYTES) return -1;
    ptrdiff_t got = load_wire_receive(&c->wire, c->head + c->head_len, HEAD_BYTES - c->head_len);
    if (got <= 0) return got;
    c->head_len += (size_t)got;
    size_t end = slice_find(slice_of(c->head, c->head_len), SLICE("\r\n\r\n"));
    if (end != SIZE_MAX && !head_read(d, c, end + 4)) return -1;
    return got;
}

static bool receive_on(drive *d, connection *c) {
    while (c->shot) {
        ptrdiff_t got = c->has_head ? body_receive(d, c) : head_receive(d, c);
        if (got <= 0) return got == 0;
        if (!c->has_head || c->body_left) continue;
        answered(d, c);
        return ask(d, c);
    }
    return true;
}

/* ---- all of them */

static void broke(drive *d, connection *c) {
    if (c->shot) d->busy--;
    c->shot = NULL;
    d->result->failures++;
    load_wire_close(&c->wire);
}

static status turn(drive *d) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(d->epoll, events, EVENTS, PATIENCE_MS);
    ENSURE(count > 0, TIMEOUT);
    for (int i = 0; i < count; i++) {
        connection *c = events[i].data.ptr;
        bool stands = true;
        if (c->wire.fd < 0) continue;
        if (events[i].events & EPOLLOUT) stands = send_on(d, c);
        if (stands && (events[i].events & ~(uint32_t)EPOLLOUT)) stands = receive_on(d, c);
        if (!stands) broke(d, c);
    }
    return OK;
}

/* Asks until the shots up to `limit` or the time are used up, and waits for the last answer. */
static status part(drive *d, size_t limit) {
    d->limit = limit;
    for (size_t i = 0; i < d->plan->connections; i++) {
        connection *c = &d->connections[i];
        if (c->wire.fd >= 0 && !c->shot && !ask(d, c)) broke(d, c);
    }
    while (d->busy) TRY(turn(d));
    return OK;
}

static status open_all(drive *d) {
    d->epoll = epoll_create1(EPOLL_CLOEXEC);
    d->connections = calloc(d->plan->connections, sizeof *d->connections);
    ENSURE(d->epoll >= 0 && d->connections != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < d->plan->connections; i++) {
        connection *c = &d->connections[i];
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        TRY(load_wire_open(d->plan, &c->wire));
        ENSURE(epoll_ctl(d->epoll, EPOLL_CTL_ADD, c->wire.fd, &e) == 0, INTERNAL);
    }
    return OK;
}

status load_drive(const load_plan *plan, const load_store *store, const load_hooks *hooks, load_result *out) {
    drive d = {.plan = plan, .store = store, .result = out};
    out->latency_us = calloc(store->count, sizeof *out->latency_us);
    ENSURE(out->latency_us != NULL, OUT_OF_MEMORY);
    TRY(open_all(&d));
    if (store->count > plan->connections) TRY(part(&d, plan->connections)); /* one each, not counted */
    hooks->before(hooks->context);
    int64_t began_us = clock_monotonic_us();
    d.is_timed = true;
    d.ends_us = began_us + (int64_t)(plan->seconds * 1e6);
    TRY(part(&d, store->count));
    out->seconds = (double)(clock_monotonic_us() - began_us) / 1e6;
    hooks->after(hooks->context);
    for (size_t i = 0; i < plan->connections; i++) load_wire_close(&d.connections[i].wire);
    free(d.connections);
    close(d.epoll);
    return OK;
}

void load_result_clear(load_result *r) {
    free(r->latency_us);
    buffer_clear(&r->body);
    *r = (load_result){0};
}
