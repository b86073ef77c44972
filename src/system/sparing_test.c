/* What the library behind sparing.h sees must be what it would see without it: every event once, every byte, every end. */
#include "system/sparing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { EVENTS = EPOLLIN | EPOLLOUT | EPOLLPRI, SOON_MS = 2000 };

typedef struct scene {
    int epoll_fd, listener, here, there;
} scene;

static char mine; /* what the library hands to epoll */

/* The number `held` is given back between connecting and accepting; -1: none. */
static void connect_later(scene *s, int held) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &bytes), 0);
    s->there = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(s->there, (struct sockaddr *)&address, sizeof address), 0);
    close(held);
    s->here = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(s->here >= 0);
}

static void connect_pair(scene *s) { connect_later(s, -1); }

static int scene_begin(void **state) {
    static scene s;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s.listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(s.listener, 8) != 0) return -1;
    s.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (FAILED(sparing_adopt(s.epoll_fd))) return -1;
    *state = &s;
    return 0;
}

static int scene_end(void **state) {
    scene *s = *state;
    close(s->epoll_fd);
    close(s->listener);
    return 0;
}

static void put_in(const scene *s) {
    struct epoll_event event = {.events = EVENTS | EPOLLET, .data.ptr = &mine};
    assert_int_equal(epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->here, &event), 0);
}

static void take_out(const scene *s) { assert_int_equal(epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, s->here, NULL), 0); }

/* The next event's bits, 0 when none comes. */
static uint32_t next_event(const scene *s, int wait_ms) {
    struct epoll_event event;
    int count = epoll_wait(s->epoll_fd, &event, 1, wait_ms);
    if (count == 0) return 0;
    assert_int_equal(count, 1);
    assert_ptr_equal(event.data.ptr, &mine);
    return event.events;
}

/* Held-back events end a wait early: waits on for the one that is meant. */
static uint32_t event_with(const scene *s, uint32_t bit) {
    for (int tries = 0; tries < 10; tries++) {
        uint32_t seen = next_event(s, SOON_MS);
        if (seen & bit) return seen;
    }
    return 0;
}

static void send_text(const scene *s, const char *text) {
    assert_int_equal(send(s->there, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void assert_read(const scene *s, const char *text) {
    char got[64];
    assert_int_equal(recv(s->here, got, sizeof got, 0), (ssize_t)strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static void assert_nothing_to_read(const scene *s) {
    char got[64];
    errno = 0;
    assert_int_equal(recv(s->here, got, sizeof got, 0), -1);
    assert_int_equal(errno, EAGAIN);
}

static void both_close(const scene *s) {
    close(s->here);
    close(s->there);
}

static void a_request_after_the_other(void **state) {
    scene *s = *state;
    connect_pair(s);
    put_in(s);
    for (int i = 0; i < 5; i++) {
        send_text(s, "request");
        assert_true(event_with(s, EPOLLIN));
        assert_read(s, "request");
        take_out(s);
        assert_nothing_to_read(s);
        put_in(s);
    }
    both_close(s);
}

static void what_comes_while_out_is_held_back_until_in(void **state) {
    scene *s = *state;
    connect_pair(s);
    put_in(s);
    (void)next_event(s, 0);
    take_out(s);
    send_text(s, "early");
    assert_int_equal(next_event(s, 100), 0);
    assert_int_equal(next_event(s, 0), 0);
    put_in(s);
    assert_true(event_with(s, EPOLLIN));
    assert_read(s, "early");
    both_close(s);
}

static void what_comes_while_out_and_nobody_waits(void **state) {
    scene *s = *state;
    connect_pair(s);
    put_in(s);
    (void)next_event(s, 0);
    take_out(s);
    send_text(s, "early");
    put_in(s);
    assert_true(event_with(s, EPOLLIN));
    assert_read(s, "early");
    both_close(s);
}

static void what_comes_after_a_release_passes(void **state) {
    scene *s = *state;
    connect_pair(s);
    put_in(s);
    (void)next_event(s, 0);
    take_out(s);
    sparing_release(s->here);
    send_text(s, "next");
    assert_true(event_with(s, EPOLLIN));
    assert_read(s, "next");
    sparing_hold(s->here);
    send_text(s, "later");
    assert_int_equal(next_event(s, 100), 0);
    sparing_release(s->here); /* too late for what was held back: putting in tells it */
    put_in(s);
    assert_true(event_with(s, EPOLLIN));
    assert_read(s, "later");
    both_close(s);
}

static void more_after_a_short_read(void **state) {
    scene *s = *state;
    connect_pair(s);
    put_in(s);
    send_text(s, "one");
    assert_true(event_with(s, EPOLLIN));
    assert_read(s, "one");
    send_text(s, "two");
    assert_true(event_with(s, EPOLLIN));
    assert_read(s, "two");
    assert_nothing_to_read(s);
    both_close(s);
}

static void a_full_read_is_not_the_end(void **state) {
    scene *s = *state;
    char got[3];
    connect_pair(s);
    put_in(s);
    send_text(s, "sixsix");
    assert_true(event_with(s, EPOLLIN));
    assert_int_equal(recv(s->here, got, sizeof got, 0), 3);
    assert_int_equal(recv(s->here, got, sizeof got, 0), 3);
    assert_nothing_to_read(s);
    both_close(s);
}

/* The end that came with the last bytes is not told by another event. */
static void the_end_right_behind_the_bytes(void **state) {
    scene *s = *state;
    char got[8];
    connect_pair(s);
    put_in(s);
    send_text(s, "last");
    shutdown(s->there, SHUT_WR);
    usleep(20 * 1000);
    assert_true(event_with(s, EPOLLIN));
    assert_read(s, "last");
    assert_int_equal(recv(s->here, got, sizeof got, 0), 0);
    both_close(s);
}

static void the_end_while_out(void **state) {
    scene *s = *state;
    char got[8];
    connect_pair(s);
    put_in(s);
    send_text(s, "last");
    assert_true(event_with(s, EPOLLIN));
    assert_read(s, "last");
    take_out(s);
    shutdown(s->there, SHUT_WR);
    usleep(20 * 1000);
    assert_int_equal(next_event(s, 0), 0);
    put_in(s);
    assert_true(event_with(s, EPOLLIN));
    assert_int_equal(recv(s->here, got, sizeof got, 0), 0);
    both_close(s);
}

/* Closed while it was out: the next connection gets the same number, and none of its past. */
static void a_number_that_comes_again(void **state) {
    scene *s = *state;
    connect_pair(s);
    put_in(s);
    send_text(s, "old");
    assert_true(event_with(s, EPOLLIN));
    assert_read(s, "old");
    take_out(s);
    int before = s->here, old_there = s->there;
    int placeholder =
        dup(s->listener); /* numbers are given out from the lowest: the client's socket gets the other one */
    close(s->here);
    int low = dup(s->listener);
    assert_int_equal(low, before);
    close(placeholder);
    connect_later(s, low);
    assert_int_equal(s->here, before);
    put_in(s);
    send_text(s, "new");
    assert_true(event_with(s, EPOLLIN));
    assert_read(s, "new");
    both_close(s);
    close(old_there);
}

static void other_epolls_are_left_alone(void **state) {
    scene *s = *state;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = &mine};
    connect_pair(s);
    int other = epoll_create1(EPOLL_CLOEXEC);
    assert_int_equal(epoll_ctl(other, EPOLL_CTL_ADD, s->here, &event), 0);
    send_text(s, "x");
    assert_int_equal(epoll_wait(other, &event, 1, SOON_MS), 1);
    assert_ptr_equal(event.data.ptr, &mine);
    assert_int_equal(epoll_ctl(other, EPOLL_CTL_DEL, s->here, NULL), 0);
    assert_int_equal(epoll_ctl(other, EPOLL_CTL_DEL, s->here, NULL), -1);
    assert_int_equal(errno, ENOENT);
    close(other);
    both_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_after_the_other),
        cmocka_unit_test(what_comes_while_out_is_held_back_until_in),
        cmocka_unit_test(what_comes_while_out_and_nobody_waits),
        cmocka_unit_test(what_comes_after_a_release_passes),
        cmocka_unit_test(more_after_a_short_read),
        cmocka_unit_test(a_full_read_is_not_the_end),
        cmocka_unit_test(the_end_right_behind_the_bytes),
        cmocka_unit_test(the_end_while_out),
        cmocka_unit_test(a_number_that_comes_again),
        cmocka_unit_test(other_epolls_are_left_alone),
    };
    return cmocka_run_group_tests_name("sparing", tests, scene_begin, scene_end);
}
