/* The one frame a process reads before it is confined. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "system/channel.h"

enum { HEAD_BYTES = 5 };

static status read_exactly(int fd, int64_t until_ms, uint8_t *into, size_t bytes) {
    size_t got = 0;
    while (got < bytes) {
        ssize_t n = recv(fd, into + got, bytes - got, MSG_DONTWAIT);
        if (n > 0) {
            got += (size_t)n;
            continue;
        }
        ENSURE(n != 0, CLOSED);
        if (errno == EINTR) continue;
        ENSURE(errno == EAGAIN || errno == EWOULDBLOCK, CLOSED);
        int64_t left_ms = until_ms - clock_monotonic_ms();
        ENSURE(left_ms > 0, TIMEOUT);
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, (int)left_ms) < 0) ENSURE(errno == EINTR, IO);
    }
    return OK;
}

status channel_read_first(int fd, int64_t wait_ms, buffer *out) {
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    uint8_t head[HEAD_BYTES];
    uint32_t length;
    uint8_t flags;
    TRY(read_exactly(fd, until_ms, head, sizeof head));
    slice rest = slice_of(head, sizeof head);
    ENSURE(slice_take_u32(&rest, &length) && slice_take_u8(&rest, &flags), MALFORMED);
    ENSURE(length <= CHANNEL_FRAME_MAX && flags == 0, MALFORMED);
    TRY(buffer_reserve(out, length));
    TRY(read_exactly(fd, until_ms, out->at + out->len, length));
    out->len += length;
    return OK;
}
