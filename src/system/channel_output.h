/* What a channel still has to send: bytes, and descriptors tied to the first byte of their frame. Private to channel.c.
 */
#ifndef SYSTEM_CHANNEL_OUTPUT_H
#define SYSTEM_CHANNEL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "system/channel.h"

enum { CHANNEL_HEADER_BYTES = 5 };

typedef struct channel_mark {
    uint64_t position; /* in the stream, of the frame's first byte */
    int fds[CHANNEL_DESCRIPTORS_MAX];
    size_t fd_count;
} channel_mark;

/* Bytes from `start` to `end` are live. */
typedef struct channel_bytes {
    uint8_t *at;
    size_t start, end, capacity;
    bool secret; /* overwrite what is no longer needed */
} channel_bytes;

/* Room for `more` bytes at the end. OUT_OF_MEMORY. */
status channel_bytes_reserve(channel_bytes *b, size_t more);
/* Drops n bytes from the front; frees large memory that is no longer needed. */
void channel_bytes_drop(channel_bytes *b, size_t n);
void channel_bytes_clear(channel_bytes *b);

typedef struct channel_output {
    channel_bytes bytes;
    uint64_t sent; /* stream position of bytes.start */
    channel_mark *marks;
    size_t mark_start, mark_end, mark_capacity;
} channel_output;

/* Queues one frame. On failure nothing is queued and the descriptors are still the caller's. */
status channel_output_add(channel_output *o, const slice *parts, size_t count, const int *fds, size_t fd_count);
/* Sends what the kernel takes now: CLOSED when the peer is gone, IO for other errors; OK also when some is left. */
status channel_output_send(channel_output *o, int fd);
/* Closes the descriptors not sent. */
void channel_output_clear(channel_output *o);

#endif
