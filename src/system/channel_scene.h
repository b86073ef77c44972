/* What the tests of channels share: a channel on a loop of its own, with a bare socket at the other end. */
#ifndef SYSTEM_CHANNEL_SCENE_H
#define SYSTEM_CHANNEL_SCENE_H

#include "base/buffer.h"
#include "system/channel.h"

/* One end is a channel; the other is a bare socket (or a second channel). */
typedef struct scene {
    loop *l;
    channel *c;
    int peer;   /* -1: closed */
    buffer got; /* payloads, one after the other */
    int frames, ends;
    enum channel_end why;
    int fds[1024];
    size_t fd_count;
    int open_before;
    void (*during)(struct scene *s); /* called inside on_frame */
} scene;

void expect_ok(status s);
void scene_on_frame(void *context, slice payload, int *fds, size_t fd_count);
void scene_on_closed(void *context, enum channel_end why);
void scene_begin(scene *s);
/* Frees everything; fails when a descriptor has leaked. */
void scene_finish(scene *s);
void scene_turns(scene *s, int count);
void scene_put(scene *s, const void *at, size_t len);
void wire_append_frame(buffer *b, uint8_t flags, slice payload);
void scene_close_peer(scene *s);
/* Bytes with `count` (up to 8) descriptors of /dev/null beside them. */
void scene_put_with_descriptors(scene *s, slice bytes, size_t count);
/* A few turns later the channel has ended, once, for this reason, and takes nothing more. */
void scene_expect_end(scene *s, enum channel_end why);
/* Makes the bare socket a second channel of the same scene; the caller frees it. */
channel *scene_other_end(scene *s);

#endif
