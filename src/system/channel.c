/* A channel's life: receiving and handing on, gathering and sending, and ending exactly once. */
#include "system/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "system/channel_input.h"

enum { SEND_BUFFER_BYTES = 1 << 20 };

struct channel {
    loop *loop;
    int fd; /* -1: ended or closed */
    channel_handler *on_frame;
    channel_closed *on_closed;
    void *context;
    channel_input in;
    channel_output out;
    loop_once at_end;     /* flushing, and ends that must not be told from within channel_send */
    uint32_t watched;     /* epoll's events; 0: not watched */
    uint64_t frames;      /* handled so far */
    unsigned holds;       /* callbacks under way: memory must stay */
    enum channel_end why; /* when ending */
    bool ending;          /* end it at the end of the turn */
    bool peer_gone;       /* sending failed: read what is left, then end */
    bool receiving, paused, freed;
    bool waits; /* frames are left where they are until channel_receive_now */
};

static void on_ready(void *context, uint32_t events);
static void at_turn_end(void *context);

static void release(channel *c) {
    if (--c->holds > 0) return;
    if (c->fd < 0) channel_input_clear(&c->in);
    if (c->freed) free(c);
}

static void detach(channel *c) {
    if (c->fd < 0) return;
    loop_unwatch(c->loop, c->fd);
    loop_drop_once(c->loop, &c->at_end);
    close(c->fd);
    c->fd = -1;
    channel_output_clear(&c->out);
    if (c->holds == 0) channel_input_clear(&c->in);
}

static void end(channel *c, enum channel_end why) {
    if (c->fd < 0) return;
    c->holds++;
    detach(c);
    c->on_closed(c->context, why);
    release(c);
}

/* What cannot be told here and now is told when the turn ends. */
static void end_later(channel *c, enum channel_end why) {
    c->ending = true;
    c->why = why;
    loop_queue_once(c->loop, &c->at_end);
}

/* The set of events follows from the state; a channel that wants none is not watched, or a hung-up peer would spin the
 * loop. */
static void update_watch(channel *c) {
    if (c->fd < 0) return;
    uint32_t arriving = c->waits ? EPOLLRDHUP : EPOLLIN;
    uint32_t wanted = (c->paused ? 0 : arriving) | (channel_pending_bytes(c) ? EPOLLOUT : 0);
    if (wanted == c->watched) return;
    status changed = OK;
    if (wanted == 0) loop_unwatch(c->loop, c->fd);
    else if (c->watched == 0) changed = loop_watch(c->loop, c->fd, wanted, on_ready, c);
    else changed = loop_change(c->loop, c->fd, wanted);
    c->watched = wanted;
    if (FAILED(changed)) end_later(c, CHANNEL_END_FAILED);
}

status channel_new(loop *l, int fd, channel_handler *on_frame, channel_closed *on_closed, void *context,
                   channel **out) {
    channel *c = calloc(1, sizeof *c);
    ENSURE(c != NULL, OUT_OF_MEMORY);
    *c = (channel){.loop = l,
                   .fd = fd,
                   .on_frame = on_frame,
                   .on_closed = on_closed,
                   .context = context,
                   .at_end = {.task = at_turn_end, .context = c},
                   .watched = EPOLLIN};
    status watching = loop_watch(l, fd, EPOLLIN, on_ready, c);
    if (FAILED(watching)) {
        free(c);
        return watching;
    }
    *out = c;
    return OK;
}

void channel_redirect(channel *c, channel_handler *on_frame, channel_closed *on_closed, void *context) {
    c->on_frame = on_frame;
    c->on_closed = on_closed;
    c->context = context;
}

void channel_carries_secrets(channel *c) { c->in.bytes.secret = c->out.bytes.secret = true; }

/* Hands on all whole frames, as long as the handler wants them. */
static void handle_frames(channel *c) {
    while (c->fd >= 0 && !c->paused) {
        channel_frame frame;
        bool whole;
        status parsed = channel_input_frame(&c->in, &frame, &whole);
        if (!FAILED(parsed) && !whole) parsed = channel_input_check_rest(&c->in);
        if (FAILED(parsed)) end(c, CHANNEL_END_MALFORMED);
        if (FAILED(parsed) || !whole) return;
        c->frames++;
        c->on_frame(c->context, frame.payload, frame.fds, frame.fd_count);
        channel_input_drop(&c->in, &frame);
    }
}

/* One recvmsg and what follows from it. */
static enum channel_received receive_some(channel *c, size_t *got) {
    enum channel_received what = channel_input_receive(&c->in, c->fd, got);
    switch (what) {
    case CHANNEL_RECEIVED_ALL_ASKED:
    case CHANNEL_RECEIVED_LESS: handle_frames(c); break;
    case CHANNEL_RECEIVED_NOTHING: break;
    case CHANNEL_RECEIVED_END:
        end(c, channel_input_is_between_frames(&c->in) ? CHANNEL_END_PEER : CHANNEL_END_MALFORMED);
        break;
    case CHANNEL_RECEIVED_MALFORMED: end(c, CHANNEL_END_MALFORMED); break;
    case CHANNEL_RECEIVED_FAILED: end(c, CHANNEL_END_FAILED); break;
    }
    return what;
}

/* Goes on while it gets at least `least`, up to `budget` bytes. The caller holds the channel. */
static void receive(channel *c, size_t budget, enum channel_received least) {
    if (c->receiving) return;
    c->receiving = true;
    size_t got = 0;
    handle_frames(c); /* left from before a pause */
    while (c->fd >= 0 && !c->paused && got < budget)
        if (receive_some(c, &got) > least) break;
    c->receiving = false;
}

static void send_some(channel *c) {
    if (c->fd < 0 || c->peer_gone) return;
    status sent = channel_output_send(&c->out, c->fd);
    if (FAILED_WITH(sent, CLOSED)) {
        c->peer_gone = true;
        channel_output_clear(&c->out);
        loop_queue_once(c->loop, &c->at_end);
    } else if (FAILED(sent)) {
        end_later(c, CHANNEL_END_FAILED);
    }
    update_watch(c);
}

static void on_ready(void *context, uint32_t events) {
    channel *c = context;
    c->holds++;
    if (events & EPOLLOUT) send_some(c);
    if ((events & ~(uint32_t)EPOLLOUT) && !c->paused) receive(c, CHANNEL_READ_PER_TURN, CHANNEL_RECEIVED_ALL_ASKED);
    release(c);
}

static void at_turn_end(void *context) {
    channel *c = context;
    c->holds++;
    if (!c->ending) send_some(c);
    if (c->paused) {
        if (c->ending) end(c, c->why);
        release(c);
        return;
    }
    if (c->peer_gone) {
        receive(c, CHANNEL_RECEIVE_NOW_MAX, CHANNEL_RECEIVED_LESS);
        if (!c->paused) end(c, CHANNEL_END_PEER);
    } else if (c->ending) {
        end(c, c->why);
    } else if (!channel_input_is_between_frames(&c->in)) {
        receive(c, 0, CHANNEL_RECEIVED_ALL_ASKED); /* resumed: frames that lie here already */
    }
    release(c);
}

static status queue_frame(channel *c, const slice *parts, size_t count, const int *fds, size_t fd_count) {
    ENSURE(c->fd >= 0 && !c->peer_gone && !c->ending, CLOSED);
    TRY(channel_output_add(&c->out, parts, count, fds, fd_count));
    loop_queue_once(c->loop, &c->at_end);
    return OK;
}

/* The frame just queued was one too many: its descriptors are the channel's already, so only tell. */
static status check_flood(channel *c) {
    if (channel_pending_bytes(c) <= CHANNEL_OUTPUT_MAX) return OK;
    end_later(c, CHANNEL_END_FLOODED);
    return FAIL(CLOSED);
}

status channel_send(channel *c, slice payload) { return channel_send_parts(c, &payload, 1); }

status channel_send_parts(channel *c, const slice *parts, size_t count) {
    TRY(queue_frame(c, parts, count, NULL, 0));
    return check_flood(c);
}

status channel_send_with_descriptors(channel *c, slice payload, const int *fds, size_t count) {
    bool fits = count >= 1 && count <= CHANNEL_DESCRIPTORS_MAX;
    status queued = fits ? queue_frame(c, &payload, 1, fds, count) : FAIL(TOO_LARGE);
    if (FAILED(queued)) {
        for (size_t i = 0; i < count; i++) close(fds[i]);
        return queued;
    }
    return check_flood(c);
}

size_t channel_pending_bytes(const channel *c) { return c->out.bytes.end - c->out.bytes.start; }

void channel_flush(channel *c) { send_some(c); }

void channel_pause(channel *c) {
    c->paused = true;
    update_watch(c);
}

void channel_resume(channel *c) {
    if (!c->paused) return;
    c->paused = false;
    update_watch(c);
    if (c->fd >= 0) loop_queue_once(c->loop, &c->at_end);
}

void channel_read_on_request(channel *c) {
    c->waits = true;
    update_watch(c);
}

/* A read that got less than there was room for has got all frames; whether the peer has ended too, one more would tell, but
 * who reads on request hears of that anyway. */
status channel_receive_now(channel *c) {
    ENSURE(c->fd >= 0, CLOSED);
    c->holds++;
    receive(c, CHANNEL_RECEIVE_NOW_MAX, c->waits ? CHANNEL_RECEIVED_ALL_ASKED : CHANNEL_RECEIVED_LESS);
    bool open = c->fd >= 0;
    release(c);
    ENSURE(open, CLOSED);
    return OK;
}

static status wait_for(const channel *c, short events, int64_t until_ms) {
    int64_t left_ms = until_ms - clock_monotonic_ms();
    ENSURE(left_ms > 0, TIMEOUT);
    struct pollfd waited = {.fd = c->fd, .events = events};
    int ready = poll(&waited, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
    ENSURE(ready >= 0 || errno == EINTR, IO);
    return OK;
}

status channel_flush_waiting(channel *c, int64_t wait_ms) {
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    for (;;) {
        send_some(c);
        ENSURE(c->fd >= 0 && !c->peer_gone && !c->ending, CLOSED);
        if (channel_pending_bytes(c) == 0) return OK;
        TRY(wait_for(c, POLLOUT, until_ms));
    }
}

static status receive_until(channel *c, int64_t until_ms) {
    uint64_t before = c->frames;
    for (;;) {
        ENSURE(c->fd >= 0, CLOSED);
        receive(c, CHANNEL_RECEIVE_NOW_MAX, CHANNEL_RECEIVED_LESS);
        if (c->frames != before) return c->freed ? FAIL(CLOSED) : OK;
        ENSURE(c->fd >= 0, CLOSED);
        TRY(wait_for(c, POLLIN, until_ms));
    }
}

status channel_receive_waiting(channel *c, int64_t wait_ms) {
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    c->holds++;
    status result = receive_until(c, until_ms);
    release(c);
    return result;
}

bool channel_is_open(const channel *c) { return c->fd >= 0 && !c->ending && !c->peer_gone; }

int channel_fd(const channel *c) { return c->fd; }

void channel_close(channel *c) {
    if (c->fd < 0) return;
    if (!c->peer_gone && !c->ending) status_ignore(channel_output_send(&c->out, c->fd));
    detach(c);
}

void channel_free(channel *c) {
    if (!c || c->freed) return;
    c->holds++;
    channel_close(c);
    c->freed = true;
    release(c);
}

status channel_pair(int out[2]) {
    int pair[2], bytes = SEND_BUFFER_BYTES;
    ENSURE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0, IO);
    for (size_t i = 0; i < 2; i++)
        if (setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
            setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes); /* the system's limit may cut it */
    out[0] = pair[0];
    out[1] = pair[1];
    return OK;
}
