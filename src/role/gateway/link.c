/* Requests under way to core. */
#include "role/gateway/link.h"

#include <stdlib.h>

#include "base/log.h"
#include "system/files.h"

enum { TICK_MS = 1000, SLOT_BITS = 16, MEMORY_LIMIT = 16 << 20 };

struct core_link {
    loop *loop;
    channel *channel;  /* NULL: no core now */
    core_call **calls; /* by slot; a call's id is a serial number and its slot */
    uint32_t *free_slots;
    size_t capacity, free_count;
    int64_t serial;
    arena memory; /* of the message being handled */
    buffer frame; /* of the message being sent */
};

static size_t slot_of(int64_t id) { return (size_t)(id & (LINK_CALLS_MAX - 1)); }

static core_call *call_find(const core_link *link, int64_t id) {
    if (id <= 0 || slot_of(id) >= link->capacity) return NULL;
    core_call *call = link->calls[slot_of(id)];
    return call && call->id == id ? call : NULL;
}

static status slots_grow(core_link *link) {
    size_t capacity = link->capacity ? link->capacity * 2 : 64;
    ENSURE(capacity <= LINK_CALLS_MAX, OUT_OF_MEMORY);
    core_call **calls = realloc(link->calls, capacity * sizeof calls[0]);
    ENSURE(calls != NULL, OUT_OF_MEMORY);
    link->calls = calls;
    uint32_t *free_slots = realloc(link->free_slots, capacity * sizeof free_slots[0]);
    ENSURE(free_slots != NULL, OUT_OF_MEMORY);
    link->free_slots = free_slots;
    for (size_t slot = capacity; slot-- > link->capacity;) {
        calls[slot] = NULL;
        free_slots[link->free_count++] = (uint32_t)slot;
    }
    link->capacity = capacity;
    return OK;
}

static status call_add(core_link *link, core_call *call) {
    if (link->free_count == 0) TRY(slots_grow(link));
    uint32_t slot = link->free_slots[--link->free_count];
    call->id = ++link->serial << SLOT_BITS | slot;
    link->calls[slot] = call;
    return OK;
}

static void call_remove(core_link *link, core_call *call) {
    size_t slot = slot_of(call->id);
    link->calls[slot] = NULL;
    link->free_slots[link->free_count++] = (uint32_t)slot;
    call->id = 0;
    call->is_awaited = false;
}

static void call_fail(core_link *link, core_call *call, status why) {
    call_remove(link, call);
    call->on_failure(call->context, why);
}

static void fail_all(core_link *link, status why) {
    for (size_t slot = 0; slot < link->capacity; slot++)
        if (link->calls[slot]) call_fail(link, link->calls[slot], why);
}

static status message_send(core_link *link, enum message_verb verb, const void *fields) {
    ENSURE(core_link_is_open(link), CLOSED);
    buffer_reset(&link->frame);
    TRY(message_encode(verb, fields, &link->frame));
    return channel_send(link->channel, buffer_slice(&link->frame));
}

static void abandon(core_link *link, int64_t id) {
    abandon_message gone = {.id = SET_INT(id)};
    if (link->channel) status_ignore(message_send(link, MESSAGE_ABANDON, &gone));
}

static void on_tick(void *context) {
    core_link *link = context;
    int64_t now = loop_now_ms(link->loop);
    for (size_t slot = 0; slot < link->capacity; slot++) {
        core_call *call = link->calls[slot];
        if (call == NULL || !call->is_awaited || call->deadline_ms > now) continue;
        abandon(link, call->id);
        call_fail(link, call, FAIL(TIMEOUT));
    }
    if (FAILED(loop_after(link->loop, TICK_MS, on_tick, link, NULL)))
        log_error("no more deadlines", "%s", "out of memory");
}

static void close_all(const int *fds, size_t count) {
    for (size_t i = 0; i < count; i++) files_close(fds[i]);
}

static void reply_deliver(core_link *link, const reply_message *reply, const int *fds, size_t fd_count) {
    core_call *call = call_find(link, reply->id.value);
    if (call == NULL) { /* it timed out, or its client went away */
        close_all(fds, fd_count);
        return;
    }
    bool goes_on = reply->body && reply->body->act != BODY_ACT_FETCH;
    call->is_awaited = false;
    if (!goes_on) call_remove(link, call);
    call->on_reply(call->context, reply, fds, fd_count);
}

static void channel_drop(core_link *link) {
    channel *lost = link->channel;
    link->channel = NULL;
    channel_free(lost);
    fail_all(link, FAIL(CLOSED));
}

static void on_frame(void *context, slice payload, int *fds, size_t fd_count) {
    core_link *link = context;
    message m;
    arena_reset(&link->memory);
    status decoded = message_decode(payload, ROLE_CORE, ROLE_GATEWAY, &link->memory, &m);
    if (FAILED(decoded) || m.verb != MESSAGE_REPLY) {
        log_error("core sent what is no reply", "%s", status_name(decoded));
        close_all(fds, fd_count);
        channel_drop(link);
        return;
    }
    reply_deliver(link, m.fields, fds, fd_count);
}

static void on_closed(void *context, enum channel_end why) {
    core_link *link = context;
    log_warning("core is gone", "channel end %d, %zu requests under way", (int)why, core_link_count(link));
    channel_drop(link);
}

status core_link_new(loop *l, core_link **out) {
    core_link *link = calloc(1, sizeof *link);
    ENSURE(link != NULL, OUT_OF_MEMORY);
    link->loop = l;
    link->memory.limit = MEMORY_LIMIT;
    status ticking = loop_after(l, TICK_MS, on_tick, link, NULL);
    if (FAILED(ticking)) {
        free(link);
        return ticking;
    }
    *out = link;
    return OK;
}

status core_link_connect(core_link *link, int fd) {
    if (link->channel) channel_drop(link);
    return channel_new(link->loop, fd, on_frame, on_closed, link, &link->channel);
}

bool core_link_is_open(const core_link *link) { return link->channel && channel_is_open(link->channel); }

static void await(core_link *link, core_call *call) {
    call->is_awaited = true;
    call->deadline_ms = loop_now_ms(link->loop) + LINK_ANSWER_WITHIN_MS;
}

status core_link_ask(core_link *link, core_call *call, request_message *request) {
    ENSURE(core_link_is_open(link), CLOSED);
    TRY(call_add(link, call));
    request->id = SET_INT(call->id);
    status sent = message_send(link, MESSAGE_REQUEST, request);
    if (FAILED(sent)) {
        call_remove(link, call);
        return sent;
    }
    await(link, call);
    return OK;
}

status core_link_tell_body(core_link *link, core_call *call, body_message *body) {
    ENSURE(call->id != 0, CLOSED);
    body->id = SET_INT(call->id);
    status sent = message_send(link, MESSAGE_BODY, body);
    if (FAILED(sent)) {
        call_remove(link, call);
        return sent;
    }
    await(link, call);
    return OK;
}

void core_link_note_body(core_link *link, int64_t id, slice request_id, enum status_code failure) {
    body_message body = {.id = SET_INT(id), .failure = SET_INT(failure), .request_id = request_id};
    if (core_link_is_open(link)) status_ignore(message_send(link, MESSAGE_BODY, &body));
}

void core_link_drop(core_link *link, core_call *call) {
    if (call->id == 0) return;
    abandon(link, call->id);
    call_remove(link, call);
}

size_t core_link_count(const core_link *link) { return link->capacity - link->free_count; }

void core_link_free(core_link *link) {
    if (link == NULL) return;
    channel_drop(link);
    free(link->calls);
    free(link->free_slots);
    arena_clear(&link->memory);
    buffer_clear(&link->frame);
    free(link);
}
