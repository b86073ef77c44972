/* The sending half: a descriptor goes with the very sendmsg whose first byte is its frame's first byte, so the receiver
 * never sees it later than its frame. */
#include "system/channel_output.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 16 << 10, KEPT_CAPACITY = 512 << 10 };

status channel_bytes_reserve(channel_bytes *b, size_t more) {
    if (b->capacity - b->end >= more) return OK;
    size_t live = b->end - b->start;
    if (b->start > 0 && b->capacity - live >= more && live <= b->start) {
        memcpy(b->at, b->at + b->start, live); /* no overlap: live <= start */
        if (b->secret) explicit_bzero(b->at + b->start, live);
        b->start = 0;
        b->end = live;
        return OK;
    }
    size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
    while (capacity - live < more) capacity *= 2;
    uint8_t *grown = malloc(capacity);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    if (live) memcpy(grown, b->at + b->start, live);
    if (b->secret && live) explicit_bzero(b->at + b->start, live);
    free(b->at);
    b->at = grown;
    b->start = 0;
    b->end = live;
    b->capacity = capacity;
    return OK;
}

void channel_bytes_drop(channel_bytes *b, size_t n) {
    if (b->secret && n) explicit_bzero(b->at + b->start, n);
    b->start += n;
    if (b->start < b->end) return;
    b->start = b->end = 0;
    if (b->capacity <= KEPT_CAPACITY) return;
    free(b->at);
    b->at = NULL;
    b->capacity = 0;
}

void channel_bytes_clear(channel_bytes *b) {
    if (b->secret && b->end > b->start) explicit_bzero(b->at + b->start, b->end - b->start);
    free(b->at);
    b->at = NULL;
    b->start = b->end = b->capacity = 0;
}

static status reserve_mark(channel_output *o) {
    if (o->mark_end < o->mark_capacity) return OK;
    size_t live = o->mark_end - o->mark_start;
    if (live) memmove(o->marks, o->marks + o->mark_start, live * sizeof *o->marks);
    o->mark_start = 0;
    o->mark_end = live;
    if (live < o->mark_capacity / 2) return OK;
    size_t capacity = o->mark_capacity ? o->mark_capacity * 2 : 8;
    channel_mark *grown = realloc(o->marks, capacity * sizeof *grown);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    o->marks = grown;
    o->mark_capacity = capacity;
    return OK;
}

status channel_output_add(channel_output *o, const slice *parts, size_t count, const int *fds, size_t fd_count) {
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        ENSURE(parts[i].len <= CHANNEL_FRAME_MAX - length, TOO_LARGE);
        length += parts[i].len;
    }
    TRY(channel_bytes_reserve(&o->bytes, CHANNEL_HEADER_BYTES + length));
    if (fd_count) {
        TRY(reserve_mark(o));
        channel_mark *mark = &o->marks[o->mark_end++];
        mark->position = o->sent + (o->bytes.end - o->bytes.start);
        mark->fd_count = fd_count;
        memcpy(mark->fds, fds, fd_count * sizeof *fds);
    }
    uint8_t *at = o->bytes.at + o->bytes.end;
    uint32_t wire_length = htobe32((uint32_t)length);
    memcpy(at, &wire_length, sizeof wire_length);
    at[4] = (uint8_t)fd_count; /* one descriptor is bit 0, two are bit 1: the count itself */
    at += CHANNEL_HEADER_BYTES;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len) memcpy(at, parts[i].at, parts[i].len);
        at += parts[i].len;
    }
    o->bytes.end += CHANNEL_HEADER_BYTES + length;
    return OK;
}

static void close_mark(channel_mark *mark) {
    for (size_t i = 0; i < mark->fd_count; i++) close(mark->fds[i]);
    mark->fd_count = 0;
}

static ssize_t send_with_mark(int fd, struct iovec *bytes, const channel_mark *mark) {
    union {
        struct cmsghdr alignment;
        char space[CMSG_SPACE(sizeof(int) * CHANNEL_DESCRIPTORS_MAX)];
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_iov = bytes, .msg_iovlen = 1};
    if (mark) {
        size_t fds_bytes = sizeof(int) * mark->fd_count;
        message.msg_control = control.space;
        message.msg_controllen = CMSG_SPACE(fds_bytes);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fds_bytes);
        memcpy(CMSG_DATA(header), mark->fds, fds_bytes);
    }
    ssize_t sent;
    do sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent;
}

/* One sendmsg: from the front up to the next frame that carries descriptors, or that frame with what follows it. */
static ssize_t send_run(channel_output *o, int fd) {
    channel_mark *mark = o->mark_start < o->mark_end ? &o->marks[o->mark_start] : NULL;
    channel_mark *following = mark;
    if (mark && mark->position == o->sent) following = o->mark_start + 1 < o->mark_end ? mark + 1 : NULL;
    else mark = NULL;
    size_t len = o->bytes.end - o->bytes.start;
    if (following && following->position - o->sent < len) len = (size_t)(following->position - o->sent);

    struct iovec bytes = {o->bytes.at + o->bytes.start, len};
    ssize_t sent = send_with_mark(fd, &bytes, mark);
    if (sent > 0 && mark) {
        close_mark(mark);
        o->mark_start++;
    }
    return sent;
}

status channel_output_send(channel_output *o, int fd) {
    while (o->bytes.end > o->bytes.start) {
        ssize_t sent = send_run(o, fd);
        if (sent < 0) {
            /* ETOOMANYREFS: too many descriptors of ours lie unread in sockets; the peer's reading cures it. */
            if (errno == EAGAIN || errno == ETOOMANYREFS || errno == ENOBUFS) return OK;
            ENSURE(errno != EPIPE && errno != ECONNRESET, CLOSED);
            return FAIL(IO);
        }
        o->sent += (uint64_t)sent;
        channel_bytes_drop(&o->bytes, (size_t)sent);
    }
    return OK;
}

void channel_output_clear(channel_output *o) {
    for (size_t i = o->mark_start; i < o->mark_end; i++) close_mark(&o->marks[i]);
    free(o->marks);
    channel_bytes_clear(&o->bytes);
    *o = (channel_output){.bytes.secret = o->bytes.secret};
}
