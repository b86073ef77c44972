/* What a channel has received and not yet handed on: bytes, and descriptors waiting for their frame. Private to
 * channel.c. */
#ifndef SYSTEM_CHANNEL_INPUT_H
#define SYSTEM_CHANNEL_INPUT_H

#include "system/channel_output.h"

/* A frame begun may have its two, and the frame after it, received in the same call, its own two. */
enum { CHANNEL_INPUT_DESCRIPTORS = 2 * CHANNEL_DESCRIPTORS_MAX };

typedef struct channel_input {
    channel_bytes bytes;
    int fds[CHANNEL_INPUT_DESCRIPTORS]; /* in the order they came */
    size_t fd_count;
} channel_input;

enum channel_received {
    CHANNEL_RECEIVED_ALL_ASKED, /* there may be more */
    CHANNEL_RECEIVED_LESS,      /* probably no more now */
    CHANNEL_RECEIVED_NOTHING,   /* nothing there now */
    CHANNEL_RECEIVED_END,       /* the peer closed */
    CHANNEL_RECEIVED_MALFORMED, /* more descriptors than allowed */
    CHANNEL_RECEIVED_FAILED,
};

/* One recvmsg. Adds what came to *got. */
enum channel_received channel_input_receive(channel_input *in, int fd, size_t *got);

typedef struct channel_frame {
    slice payload; /* within the input, until channel_input_drop */
    int fds[CHANNEL_DESCRIPTORS_MAX];
    size_t fd_count;
} channel_frame;

/* The first whole frame; its descriptors leave the queue. *whole says whether there was one. MALFORMED: close. */
status channel_input_frame(channel_input *in, channel_frame *frame, bool *whole);
/* Drops the frame just handled. */
void channel_input_drop(channel_input *in, const channel_frame *frame);
/* After all whole frames are taken: MALFORMED when descriptors are left that the frame begun cannot own. */
status channel_input_check_rest(const channel_input *in);
/* Nothing is left over: the peer may end here. */
bool channel_input_is_between_frames(const channel_input *in);
/* Closes the descriptors nobody took. */
void channel_input_clear(channel_input *in);

#endif
