/* Tests of the event loop: watching, stale events, timers, turn ends, signals. */
#include "system/loop.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

typedef struct counter {
    loop *l;
    int fd, other;
    int calls, order;
    loop_once once;
    loop_timer timer;
} counter;

static void expect_ok(status s) {
    if (FAILED(s)) fail_msg("%s", status_name(s));
}

static loop *new_loop(void) {
    loop *l;
    expect_ok(loop_new(&l));
    return l;
}

static void new_pair(int pair[2]) { assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0); }

static void count_event(void *context, uint32_t events) {
    counter *c = context;
    char byte;
    (void)events;
    c->calls++;
    if (c->fd >= 0) assert_true(read(c->fd, &byte, 1) >= 0);
}

static void count_task(void *context) { ((counter *)context)->calls++; }

static void watching(void **unused) {
    (void)unused;
    int pair[2];
    new_pair(pair);
    loop *l = new_loop();
    counter c = {.l = l, .fd = pair[0]};
    expect_ok(loop_watch(l, pair[0], EPOLLIN, count_event, &c));
    assert_true(FAILED_WITH(loop_watch(l, pair[0], EPOLLIN, count_event, &c), EXISTS));
    expect_ok(loop_turn(l, 0));
    assert_int_equal(c.calls, 0);
    assert_int_equal(write(pair[1], "x", 1), 1);
    expect_ok(loop_turn(l, 1000));
    assert_int_equal(c.calls, 1);
    expect_ok(loop_change(l, pair[0], EPOLLOUT));
    expect_ok(loop_change(l, pair[0], 0));
    assert_int_equal(write(pair[1], "x", 1), 1);
    expect_ok(loop_turn(l, 0));
    assert_int_equal(c.calls, 1);
    loop_unwatch(l, pair[0]);
    loop_unwatch(l, pair[0]);
    assert_true(FAILED_WITH(loop_change(l, pair[0], EPOLLIN), NOT_FOUND));
    assert_true(FAILED_WITH(loop_watch(l, -1, EPOLLIN, count_event, &c), IO));
    expect_ok(loop_watch(l, pair[0], EPOLLIN, count_event, &c));
    expect_ok(loop_turn(l, 0));
    assert_int_equal(c.calls, 2);
    loop_free(l);
    close(pair[0]);
    close(pair[1]);
}

static void plain_files_are_refused(void **unused) {
    (void)unused;
    loop *l = new_loop();
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_true(FAILED_WITH(loop_watch(l, fileno(file), EPOLLIN, count_event, NULL), UNSUPPORTED));
    fclose(file);
    loop_free(l);
}

static void unwatch_the_other(void *context, uint32_t events) {
    counter *c = context;
    (void)events;
    c->calls++;
    loop_unwatch(c->l, c->fd);
    loop_unwatch(c->l, c->other);
}

/* Both are ready in the same turn; whichever comes first silences the other. */
static void stale_events_are_dropped(void **unused) {
    (void)unused;
    int one[2], two[2];
    new_pair(one);
    new_pair(two);
    loop *l = new_loop();
    counter first = {.l = l, .fd = one[0], .other = two[0]}, second = {.l = l, .fd = two[0], .other = one[0]};
    expect_ok(loop_watch(l, one[0], EPOLLIN, unwatch_the_other, &first));
    expect_ok(loop_watch(l, two[0], EPOLLIN, unwatch_the_other, &second));
    assert_int_equal(write(one[1], "x", 1), 1);
    assert_int_equal(write(two[1], "x", 1), 1);
    expect_ok(loop_turn(l, 1000));
    expect_ok(loop_turn(l, 0));
    assert_int_equal(first.calls + second.calls, 1);
    loop_free(l);
    for (int i = 0; i < 2; i++) {
        close(one[i]);
        close(two[i]);
    }
}

typedef struct replacing {
    loop *l;
    int one, two;
    counter *newcomer;
    int calls;
} replacing;

static void replace_the_other(void *context, uint32_t events) {
    replacing *r = context;
    (void)events;
    if (r->calls++) return;
    loop_unwatch(r->l, r->one);
    loop_unwatch(r->l, r->two);
    expect_ok(loop_watch(r->l, r->one, EPOLLOUT, count_event, r->newcomer));
    expect_ok(loop_watch(r->l, r->two, EPOLLOUT, count_event, r->newcomer));
}

/* The same numbers watched anew inside a turn must not get the old watch's events. */
static void reused_numbers_get_no_old_events(void **unused) {
    (void)unused;
    int one[2], two[2];
    new_pair(one);
    new_pair(two);
    loop *l = new_loop();
    counter newcomer = {.l = l, .fd = -1};
    replacing r = {l, one[0], two[0], &newcomer, 0};
    expect_ok(loop_watch(l, one[0], EPOLLIN, replace_the_other, &r));
    expect_ok(loop_watch(l, two[0], EPOLLIN, replace_the_other, &r));
    assert_int_equal(write(one[1], "x", 1), 1);
    assert_int_equal(write(two[1], "x", 1), 1);
    expect_ok(loop_turn(l, 1000));
    assert_int_equal(r.calls, 1);
    assert_int_equal(newcomer.calls, 0);
    expect_ok(loop_turn(l, 1000));
    assert_int_equal(newcomer.calls, 2);
    loop_free(l);
    for (int i = 0; i < 2; i++) {
        close(one[i]);
        close(two[i]);
    }
}

static int sequence[600];
static int sequence_count;

static void note_order(void *context) { sequence[sequence_count++] = *(int *)context; }

static void timers_run_in_order(void **unused) {
    (void)unused;
    static const int delays[] = {30, 0, 10, 20, 10};
    static int names[] = {4, 0, 1, 3, 2};
    loop *l = new_loop();
    sequence_count = 0;
    for (size_t i = 0; i < 5; i++) expect_ok(loop_after(l, delays[i], note_order, &names[i], NULL));
    int64_t start_ms = clock_monotonic_ms();
    while (sequence_count < 5) expect_ok(loop_turn(l, -1));
    assert_true(clock_monotonic_ms() - start_ms >= 29);
    for (int i = 0; i < 5; i++) assert_int_equal(sequence[i], i);
    loop_free(l);
}

static void cancelled_timers_do_not_run(void **unused) {
    (void)unused;
    enum { COUNT = 500 };
    static int names[COUNT];
    loop_timer timers[COUNT];
    loop *l = new_loop();
    sequence_count = 0;
    for (int i = 0; i < COUNT; i++) {
        names[i] = i;
        expect_ok(loop_after(l, (i * 7919) % 13, note_order, &names[i], &timers[i]));
        assert_true(timers[i] != 0);
    }
    for (int i = 0; i < COUNT; i += 2) loop_cancel(l, timers[i]);
    for (int i = 0; i < COUNT; i += 2)
        loop_cancel(l, timers[i]); /* again: nothing, not even to the slots' next users */
    int64_t end_ms = clock_monotonic_ms() + 30;
    while (clock_monotonic_ms() < end_ms) expect_ok(loop_turn(l, 5));
    assert_int_equal(sequence_count, COUNT / 2);
    for (int i = 0; i < sequence_count; i++) assert_int_equal(sequence[i] % 2, 1);
    loop_cancel(l, timers[1]);
    loop_cancel(l, 0);
    loop_cancel(l, UINT64_MAX);
    loop_free(l);
}

static void set_again(void *context) {
    counter *c = context;
    c->calls++;
    expect_ok(loop_after(c->l, 0, set_again, c, NULL));
}

/* A timer that sets itself for "at once" runs once a turn and does not hold up the turn. */
static void timers_cannot_hold_a_turn(void **unused) {
    (void)unused;
    loop *l = new_loop();
    counter c = {.l = l};
    expect_ok(loop_after(l, 0, set_again, &c, NULL));
    for (int turn = 1; turn <= 5; turn++) {
        expect_ok(loop_turn(l, 100));
        assert_int_equal(c.calls, turn);
    }
    loop_free(l);
}

static void queue_self(void *context) {
    counter *c = context;
    c->calls++;
    loop_queue_once(c->l, &c->once);
}

static void turn_ends(void **unused) {
    (void)unused;
    loop *l = new_loop();
    counter end = {.l = l}, once = {.l = l}, endless = {.l = l}, dropped = {.l = l};
    once.once = (loop_once){.task = count_task, .context = &once};
    endless.once = (loop_once){.task = queue_self, .context = &endless};
    dropped.once = (loop_once){.task = count_task, .context = &dropped};
    expect_ok(loop_at_turn_end(l, count_task, &end));
    loop_queue_once(l, &once.once);
    loop_queue_once(l, &once.once);
    loop_queue_once(l, &dropped.once);
    loop_queue_once(l, &endless.once);
    loop_drop_once(l, &dropped.once);
    loop_drop_once(l, &dropped.once);
    for (int turn = 1; turn <= 3; turn++) {
        expect_ok(loop_turn(l, -1)); /* does not block: something is queued */
        assert_int_equal(end.calls, turn);
        assert_int_equal(endless.calls, turn);
    }
    assert_int_equal(once.calls, 1);
    assert_int_equal(dropped.calls, 0);
    loop_drop_once(l, &endless.once);
    loop_do_not_block(l);
    expect_ok(loop_turn(l, -1));
    assert_int_equal(end.calls, 4);
    for (int i = 1; i < 16; i++) expect_ok(loop_at_turn_end(l, count_task, &end));
    assert_true(FAILED_WITH(loop_at_turn_end(l, count_task, &end), TOO_LARGE));
    loop_free(l);
}

static void stop_on_signal(void *context, int signal) {
    counter *c = context;
    c->calls += signal;
    loop_stop(c->l);
}

static void signals(void **unused) {
    (void)unused;
    loop *l = new_loop();
    counter first = {.l = l}, second = {.l = l};
    expect_ok(loop_on_signal(l, SIGUSR1, stop_on_signal, &second));
    expect_ok(loop_on_signal(l, SIGUSR1, stop_on_signal, &first));
    expect_ok(loop_on_signal(l, SIGUSR2, stop_on_signal, &second));
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    expect_ok(loop_run(l));
    assert_int_equal(first.calls, SIGUSR1);
    assert_int_equal(second.calls, 0);
    assert_int_equal(kill(getpid(), SIGUSR2), 0);
    expect_ok(loop_run(l));
    assert_int_equal(second.calls, SIGUSR2);
    assert_true(FAILED_WITH(loop_on_signal(l, 12345, stop_on_signal, &second), IO));
    loop_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watching),
        cmocka_unit_test(plain_files_are_refused),
        cmocka_unit_test(stale_events_are_dropped),
        cmocka_unit_test(reused_numbers_get_no_old_events),
        cmocka_unit_test(timers_run_in_order),
        cmocka_unit_test(cancelled_timers_do_not_run),
        cmocka_unit_test(timers_cannot_hold_a_turn),
        cmocka_unit_test(turn_ends),
        cmocka_unit_test(signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
