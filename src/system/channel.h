/* Messages between two processes of the house: frames on an AF_UNIX stream socket, with descriptors beside them.
 *
 *   frame   length u32 big-endian | flags u8 | payload (length bytes)
 *   flags   0: no descriptor · 1: one descriptor goes with this frame · 2: two; anything else is malformed
 *
 * Output is gathered and written once at the end of each loop turn. The peer is not trusted: a too long frame, unknown
 * flags, a descriptor that no frame announced, a frame without its descriptors, or an end inside a frame closes this
 * channel and nothing else. */
#ifndef SYSTEM_CHANNEL_H
#define SYSTEM_CHANNEL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "system/loop.h"

enum {
    CHANNEL_FRAME_MAX = 1 << 20,        /* payload bytes: signed texts alone can pass 256 KiB */
    CHANNEL_DESCRIPTORS_MAX = 2,        /* beside one frame */
    CHANNEL_OUTPUT_MAX = 64 << 20,      /* unsent bytes at which a channel whose peer does not read is given up */
    CHANNEL_READ_PER_TURN = 256 << 10,  /* bytes read from one channel before others have their turn */
    CHANNEL_RECEIVE_NOW_MAX = 16 << 20, /* bytes channel_receive_now reads at most */
};

typedef struct channel channel;

/* One whole frame. The payload is valid during the call only. The descriptors (fd_count of them, close-on-exec) belong
 * to the handler: it closes them or hands them on. Freeing or closing any channel here is allowed. */
typedef void channel_handler(void *context, slice payload, int *fds, size_t fd_count);

enum channel_end {
    CHANNEL_END_PEER,      /* the peer closed, between frames */
    CHANNEL_END_MALFORMED, /* what came was no frame (see above), or it ended inside one */
    CHANNEL_END_FLOODED,   /* more than CHANNEL_OUTPUT_MAX unsent bytes */
    CHANNEL_END_FAILED,    /* the system refused (memory, descriptors, socket error) */
};
/* Called once when a channel ends by itself (never because of channel_close or channel_free, never from within
 * channel_send). The descriptor is closed already; the channel itself still has to be freed, which may happen here. */
typedef void channel_closed(void *context, enum channel_end why);

/* Takes over fd (a connected non-blocking stream socket) on success. OUT_OF_MEMORY, IO, EXISTS (fd is watched already).
 */
status channel_new(loop *l, int fd, channel_handler *on_frame, channel_closed *on_closed, void *context, channel **out);
/* Changes what frames and the end are told to. */
void channel_redirect(channel *c, channel_handler *on_frame, channel_closed *on_closed, void *context);
/* This channel carries secrets: its buffers are overwritten once sent or handled. */
void channel_carries_secrets(channel *c);

/* Queues one frame; it is copied. CLOSED when the channel has ended or was closed, TOO_LARGE above CHANNEL_FRAME_MAX,
 * OUT_OF_MEMORY; nothing is queued then. When the unsent bytes pass CHANNEL_OUTPUT_MAX: CLOSED, and the channel ends.
 */
status channel_send(channel *c, slice payload);
/* The same from parts laid end to end: one frame, one copy. */
status channel_send_parts(channel *c, const slice *parts, size_t count);
/* Takes over the descriptors in every case: they are closed once sent, or at once on failure (duplicate what is still
 * needed). `count` 1 or 2, TOO_LARGE otherwise. */
status channel_send_with_descriptors(channel *c, slice payload, const int *fds, size_t count);

/* Bytes queued and not yet taken by the kernel: slow down when this grows. */
size_t channel_pending_bytes(const channel *c);
/* Writes now what the kernel takes instead of at the end of the turn. */
void channel_flush(channel *c);
/* No frames are read while paused (the kernel's buffer then stops the peer); the peer's end is seen on resuming. */
void channel_pause(channel *c);
void channel_resume(channel *c);

/* From now on frames wait in the kernel's buffer until channel_receive_now; only the peer's end is noticed by itself. For what
 * is needed no sooner than something else comes: it wakes nobody. */
void channel_read_on_request(channel *c);
/* Reads and handles all whole frames that are there now, without waiting; may call on_frame and on_closed. Does nothing
 * from within this channel's own on_frame. CLOSED when the channel has ended, or ends while doing so. */
status channel_receive_now(channel *c);

/* For start-up, before the loop runs: sends what is queued, waiting up to wait_ms; TIMEOUT, CLOSED. */
status channel_flush_waiting(channel *c, int64_t wait_ms);
/* Waits up to wait_ms until at least one whole frame came, and handles all that are there; TIMEOUT, CLOSED. Not from
 * within this channel's own on_frame. */
status channel_receive_waiting(channel *c, int64_t wait_ms);

/* Before there is a channel: reads exactly one frame without descriptors from the socket and nothing behind it, so that what comes
 * next (descriptors above all) stays with the kernel until the process is confined. Appends the payload. TIMEOUT, CLOSED,
 * MALFORMED. */
status channel_read_first(int fd, int64_t wait_ms, buffer *out);

bool channel_is_open(const channel *c);
/* The socket, for waiting on it or asking for its peer; -1 once ended. */
int channel_fd(const channel *c);

/* Tries to write what is queued, then closes; no callback comes any more. */
void channel_close(channel *c);
/* Closes and frees, from within its own callbacks too. NULL is allowed. */
void channel_free(channel *c);

/* Two connected sockets for channels: non-blocking, close-on-exec, with send buffers of up to 1 MiB. IO. */
status channel_pair(int out[2]);

#endif
