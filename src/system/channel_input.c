/* The receiving half. The kernel hands descriptors over with the first byte of the sendmsg that carried them and ends a
 * recvmsg at such a boundary, so they arrive in order and never later than their frame. */
#include "system/channel_input.h"

#include <endian.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_ROOM = 64 << 10 };

static bool queue_descriptors(channel_input *in, const struct cmsghdr *header) {
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
        if (in->fd_count < CHANNEL_INPUT_DESCRIPTORS) {
            in->fds[in->fd_count++] = fd;
        } else {
            close(fd);
            fits = false;
        }
    }
    return fits;
}

/* Room for the rest of the frame begun, or for a good deal of small ones. */
static status make_room(channel_input *in) {
    size_t wanted = READ_ROOM, len = in->bytes.end - in->bytes.start;
    if (len >= CHANNEL_HEADER_BYTES) {
        uint32_t wire_length;
        memcpy(&wire_length, in->bytes.at + in->bytes.start, sizeof wire_length);
        size_t whole = (size_t)be32toh(wire_length) + CHANNEL_HEADER_BYTES;
        if (whole <= CHANNEL_FRAME_MAX + CHANNEL_HEADER_BYTES && whole > len && whole - len > wanted)
            wanted = whole - len;
    }
    return channel_bytes_reserve(&in->bytes, wanted);
}

enum channel_received channel_input_receive(channel_input *in, int fd, size_t *got) {
    if (FAILED(make_room(in))) return CHANNEL_RECEIVED_FAILED;
    union {
        struct cmsghdr alignment;
        char space[CMSG_SPACE(sizeof(int) * CHANNEL_DESCRIPTORS_MAX)];
    } control;
    size_t room = in->bytes.capacity - in->bytes.end;
    if (room > CHANNEL_READ_PER_TURN) room = CHANNEL_READ_PER_TURN;
    struct iovec into = {in->bytes.at + in->bytes.end, room};
    struct msghdr message = {
        .msg_iov = &into, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    ssize_t count;
    do count = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (count < 0 && errno == EINTR);
    if (count < 0) {
        if (errno == EAGAIN) return CHANNEL_RECEIVED_NOTHING;
        return errno == ECONNRESET ? CHANNEL_RECEIVED_END : CHANNEL_RECEIVED_FAILED;
    }
    bool fits = (message.msg_flags & MSG_CTRUNC) == 0, carried = false;
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h))
        if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS) {
            carried = true;
            fits = queue_descriptors(in, h) && fits;
        }
    if (!fits) return CHANNEL_RECEIVED_MALFORMED;
    if (count == 0) return CHANNEL_RECEIVED_END;
    in->bytes.end += (size_t)count;
    *got += (size_t)count;
    return (size_t)count == room || carried ? CHANNEL_RECEIVED_ALL_ASKED : CHANNEL_RECEIVED_LESS;
}

/* False when the header is not there yet. */
static bool read_header(const channel_input *in, size_t *length, uint8_t *flags) {
    if (in->bytes.end - in->bytes.start < CHANNEL_HEADER_BYTES) return false;
    const uint8_t *at = in->bytes.at + in->bytes.start;
    uint32_t wire_length;
    memcpy(&wire_length, at, sizeof wire_length);
    *length = be32toh(wire_length);
    *flags = at[4];
    return true;
}

status channel_input_frame(channel_input *in, channel_frame *frame, bool *whole) {
    size_t length;
    uint8_t flags;
    *whole = false;
    if (!read_header(in, &length, &flags)) return OK;
    ENSURE(length <= CHANNEL_FRAME_MAX && flags <= CHANNEL_DESCRIPTORS_MAX, MALFORMED);
    ENSURE(in->fd_count >= flags, MALFORMED);
    if (in->bytes.end - in->bytes.start - CHANNEL_HEADER_BYTES < length) return OK;

    *frame = (channel_frame){slice_of(in->bytes.at + in->bytes.start + CHANNEL_HEADER_BYTES, length), {-1, -1}, flags};
    memcpy(frame->fds, in->fds, flags * sizeof frame->fds[0]);
    in->fd_count -= flags;
    memmove(in->fds, in->fds + flags, in->fd_count * sizeof in->fds[0]);
    *whole = true;
    return OK;
}

void channel_input_drop(channel_input *in, const channel_frame *frame) {
    channel_bytes_drop(&in->bytes, CHANNEL_HEADER_BYTES + frame->payload.len);
}

status channel_input_check_rest(const channel_input *in) {
    if (in->fd_count == 0) return OK;
    size_t length;
    uint8_t flags;
    if (read_header(in, &length, &flags)) {
        ENSURE(in->fd_count == flags, MALFORMED);
        return OK;
    }
    ENSURE(in->bytes.end > in->bytes.start && in->fd_count <= CHANNEL_DESCRIPTORS_MAX, MALFORMED);
    return OK;
}

bool channel_input_is_between_frames(const channel_input *in) {
    return in->bytes.end == in->bytes.start && in->fd_count == 0;
}

void channel_input_clear(channel_input *in) {
    for (size_t i = 0; i < in->fd_count; i++) close(in->fds[i]);
    in->fd_count = 0;
    channel_bytes_clear(&in->bytes);
}
