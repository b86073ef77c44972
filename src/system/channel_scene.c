/* A scene for the tests of channels. */
#include "system/channel_scene.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

void expect_ok(status s) {
    if (FAILED(s)) fail_msg("%s", status_name(s));
}

static int open_descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}

void scene_on_frame(void *context, slice payload, int *fds, size_t fd_count) {
    scene *s = context;
    s->frames++;
    expect_ok(buffer_append(&s->got, payload));
    for (size_t i = 0; i < fd_count; i++) {
        assert_int_equal(fcntl(fds[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        s->fds[s->fd_count++] = fds[i];
    }
    if (s->during) s->during(s);
}

void scene_on_closed(void *context, enum channel_end why) {
    scene *s = context;
    s->ends++;
    s->why = why;
    assert_int_equal(channel_fd(s->c), -1);
}

void scene_begin(scene *s) {
    int pair[2];
    *s = (scene){.peer = -1};
    s->open_before = open_descriptors();
    expect_ok(loop_new(&s->l));
    expect_ok(channel_pair(pair));
    expect_ok(channel_new(s->l, pair[0], scene_on_frame, scene_on_closed, s, &s->c));
    s->peer = pair[1];
}

void scene_finish(scene *s) {
    for (size_t i = 0; i < s->fd_count; i++) close(s->fds[i]);
    if (s->peer >= 0) close(s->peer);
    channel_free(s->c);
    loop_free(s->l);
    buffer_clear(&s->got);
    assert_int_equal(open_descriptors(), s->open_before);
}

void scene_turns(scene *s, int count) {
    while (count-- > 0) expect_ok(loop_turn(s->l, 0));
}

void scene_put(scene *s, const void *at, size_t len) { assert_int_equal(write(s->peer, at, len), (ssize_t)len); }

void wire_append_frame(buffer *b, uint8_t flags, slice payload) {
    expect_ok(buffer_append_u32(b, (uint32_t)payload.len));
    expect_ok(buffer_append_byte(b, flags));
    expect_ok(buffer_append(b, payload));
}

void scene_close_peer(scene *s) {
    close(s->peer);
    s->peer = -1;
}

void scene_put_with_descriptors(scene *s, slice bytes, size_t count) {
    int fds[8];
    union {
        struct cmsghdr alignment;
        char space[CMSG_SPACE(sizeof fds)];
    } control = {0};
    for (size_t i = 0; i < count; i++) fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct iovec vector = {(void *)(uintptr_t)bytes.at, bytes.len};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    assert_int_equal(sendmsg(s->peer, &message, 0), (ssize_t)bytes.len);
    for (size_t i = 0; i < count; i++) close(fds[i]);
}

void scene_expect_end(scene *s, enum channel_end why) {
    scene_turns(s, 3);
    assert_int_equal(s->ends, 1);
    assert_int_equal(s->why, why);
    assert_false(channel_is_open(s->c));
    assert_true(FAILED_WITH(channel_send(s->c, SLICE("x")), CLOSED));
    assert_true(FAILED_WITH(channel_receive_now(s->c), CLOSED));
}

channel *scene_other_end(scene *s) {
    channel *c;
    expect_ok(channel_new(s->l, s->peer, scene_on_frame, scene_on_closed, s, &c));
    s->peer = -1;
    return c;
}
