/* Watches are a table indexed by descriptor. Each carries a generation that also travels in epoll's data, so that an
 * event fetched before loop_unwatch (or before the number was used again) is recognised as stale. */
#include "system/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "system/loop_timers.h"

enum { EVENTS_PER_TURN = 256, TURN_END_TASKS_MAX = 16, SIGNALS_MAX = 8, DESCRIPTORS_MAX = 1 << 24 };

typedef struct watch {
    loop_callback *callback; /* NULL: not watched */
    void *context;
    uint32_t events;
    uint32_t generation;
} watch;

typedef struct end_task {
    loop_task *task;
    void *context;
} end_task;

typedef struct signal_entry {
    int signal;
    loop_signal_callback *callback;
    void *context;
} signal_entry;

struct loop {
    int epoll_fd;
    int signal_fd;
    watch *watches;
    size_t watch_capacity;
    loop_timers timers;
    end_task end_tasks[TURN_END_TASKS_MAX];
    size_t end_task_count;
    loop_once *first_once, *last_once;
    size_t once_count;
    signal_entry signals[SIGNALS_MAX];
    size_t signal_count;
    int64_t now_ms;
    bool do_not_block, stopped;
};

status loop_new(loop **out) {
    loop *l = calloc(1, sizeof *l);
    ENSURE(l != NULL, OUT_OF_MEMORY);
    l->signal_fd = -1;
    l->now_ms = clock_monotonic_ms();
    loop_timers_begin(&l->timers);
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd < 0) {
        free(l);
        return FAIL(IO);
    }
    *out = l;
    return OK;
}

void loop_free(loop *l) {
    if (!l) return;
    close(l->epoll_fd);
    if (l->signal_fd >= 0) close(l->signal_fd);
    loop_timers_clear(&l->timers);
    free(l->watches);
    free(l);
}

static status make_room(loop *l, int fd) {
    ENSURE(fd >= 0 && fd < DESCRIPTORS_MAX, IO);
    if ((size_t)fd < l->watch_capacity) return OK;
    size_t capacity = l->watch_capacity ? l->watch_capacity : 64;
    while (capacity <= (size_t)fd) capacity *= 2;
    watch *grown = realloc(l->watches, capacity * sizeof *grown);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    memset(grown + l->watch_capacity, 0, (capacity - l->watch_capacity) * sizeof *grown);
    l->watches = grown;
    l->watch_capacity = capacity;
    return OK;
}

static watch *watch_of(loop *l, int fd) {
    if (fd < 0 || (size_t)fd >= l->watch_capacity || !l->watches[fd].callback) return NULL;
    return &l->watches[fd];
}

static int tell_epoll(loop *l, int operation, int fd, const watch *w) {
    struct epoll_event event = {.events = w->events, .data.u64 = ((uint64_t)w->generation << 32) | (uint32_t)fd};
    return epoll_ctl(l->epoll_fd, operation, fd, &event);
}

status loop_watch(loop *l, int fd, uint32_t events, loop_callback *callback, void *context) {
    TRY(make_room(l, fd));
    watch *w = &l->watches[fd];
    ENSURE(w->callback == NULL, EXISTS);
    watch added = {callback, context, events, w->generation + 1};
    if (tell_epoll(l, EPOLL_CTL_ADD, fd, &added) != 0) {
        ENSURE(errno != EPERM, UNSUPPORTED);
        ENSURE(errno != EEXIST, EXISTS);
        ENSURE(errno != ENOMEM, OUT_OF_MEMORY);
        return FAIL(IO);
    }
    *w = added;
    return OK;
}

status loop_change(loop *l, int fd, uint32_t events) {
    watch *w = watch_of(l, fd);
    ENSURE(w != NULL, NOT_FOUND);
    if (w->events == events) return OK;
    watch changed = *w;
    changed.events = events;
    ENSURE(tell_epoll(l, EPOLL_CTL_MOD, fd, &changed) == 0, IO);
    *w = changed;
    return OK;
}

void loop_unwatch(loop *l, int fd) {
    watch *w = watch_of(l, fd);
    if (!w) return;
    w->callback = NULL;
    w->generation++;
    epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL); /* fails only when fd was closed, and then it is gone already */
}

status loop_after(loop *l, int64_t after_ms, loop_task *task, void *context, loop_timer *timer) {
    loop_timer made;
    int64_t delay_ms = after_ms > 0 ? after_ms : 0;
    TRY(loop_timers_add(&l->timers, clock_monotonic_ms() + delay_ms, task, context, &made));
    if (timer) *timer = made;
    return OK;
}

void loop_cancel(loop *l, loop_timer timer) { loop_timers_cancel(&l->timers, timer); }

status loop_at_turn_end(loop *l, loop_task *task, void *context) {
    ENSURE(l->end_task_count < TURN_END_TASKS_MAX, TOO_LARGE);
    l->end_tasks[l->end_task_count++] = (end_task){task, context};
    return OK;
}

void loop_queue_once(loop *l, loop_once *once) {
    if (once->queued) return;
    once->queued = true;
    once->next = NULL;
    if (l->last_once) l->last_once->next = once;
    else l->first_once = once;
    l->last_once = once;
    l->once_count++;
}

void loop_drop_once(loop *l, loop_once *once) {
    if (!once->queued) return;
    loop_once *before = NULL, *at = l->first_once;
    while (at && at != once) {
        before = at;
        at = at->next;
    }
    if (!at) return;
    if (before) before->next = once->next;
    else l->first_once = once->next;
    if (l->last_once == once) l->last_once = before;
    once->queued = false;
    once->next = NULL;
    l->once_count--;
}

static void on_signal_fd(void *context, uint32_t events) {
    loop *l = context;
    (void)events;
    struct signalfd_siginfo arrived;
    while (read(l->signal_fd, &arrived, sizeof arrived) == (ssize_t)sizeof arrived)
        for (size_t i = 0; i < l->signal_count; i++)
            if (l->signals[i].signal == (int)arrived.ssi_signo)
                l->signals[i].callback(l->signals[i].context, (int)arrived.ssi_signo);
}

status loop_on_signal(loop *l, int signal, loop_signal_callback *callback, void *context) {
    size_t place = 0;
    while (place < l->signal_count && l->signals[place].signal != signal) place++;
    ENSURE(place < SIGNALS_MAX, TOO_LARGE);

    sigset_t watched;
    sigemptyset(&watched);
    ENSURE(sigaddset(&watched, signal) == 0, IO);
    for (size_t i = 0; i < l->signal_count; i++) sigaddset(&watched, l->signals[i].signal);
    ENSURE(sigprocmask(SIG_BLOCK, &watched, NULL) == 0, IO);
    int fd = signalfd(l->signal_fd, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
    ENSURE(fd >= 0, IO);
    if (l->signal_fd < 0) {
        status watching = loop_watch(l, fd, EPOLLIN, on_signal_fd, l);
        if (FAILED(watching)) {
            close(fd);
            return watching;
        }
        l->signal_fd = fd;
    }
    l->signals[place] = (signal_entry){signal, callback, context};
    if (place == l->signal_count) l->signal_count++;
    return OK;
}

void loop_do_not_block(loop *l) { l->do_not_block = true; }

void loop_stop(loop *l) { l->stopped = true; }

size_t loop_descriptors(const loop *l, int out[LOOP_DESCRIPTORS_MAX]) {
    out[0] = l->epoll_fd;
    if (l->signal_fd >= 0) out[1] = l->signal_fd;
    return l->signal_fd >= 0 ? 2 : 1;
}

int64_t loop_now_ms(const loop *l) { return l->now_ms; }

/* How long epoll may wait: the given time, or less when something is due or queued already. */
static int waiting_time_ms(const loop *l, int64_t wait_ms) {
    if (l->do_not_block || l->first_once) return 0;
    int64_t due_ms = loop_timers_next_ms(&l->timers);
    if (due_ms >= 0) {
        int64_t left_ms = due_ms - clock_monotonic_ms();
        if (left_ms < 0) left_ms = 0;
        if (wait_ms < 0 || left_ms < wait_ms) wait_ms = left_ms;
    }
    return wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms;
}

static void run_events(loop *l, const struct epoll_event *events, int count) {
    for (int i = 0; i < count; i++) {
        watch *w = watch_of(l, (int)(uint32_t)events[i].data.u64);
        if (w && w->generation == (uint32_t)(events[i].data.u64 >> 32)) w->callback(w->context, events[i].events);
    }
}

/* Timers that the timers themselves set wait for the next turn, so that one set for "at once" cannot keep the turn
 * going. */
static void run_timers(loop *l) {
    uint64_t before_order = l->timers.next_order;
    loop_task *task;
    void *context;
    while (loop_timers_take_due(&l->timers, l->now_ms, before_order, &task, &context)) task(context);
}

/* Those queued meanwhile wait for the next turn. */
static void run_onces(loop *l) {
    for (size_t left = l->once_count; left > 0 && l->first_once; left--) {
        loop_once *once = l->first_once;
        loop_drop_once(l, once);
        once->task(once->context);
    }
}

status loop_turn(loop *l, int64_t wait_ms) {
    struct epoll_event events[EVENTS_PER_TURN];
    int timeout_ms = waiting_time_ms(l, wait_ms);
    l->do_not_block = false;
    int count = epoll_wait(l->epoll_fd, events, EVENTS_PER_TURN, timeout_ms);
    ENSURE(count >= 0 || errno == EINTR, IO);
    l->now_ms = clock_monotonic_ms();
    run_events(l, events, count);
    run_timers(l);
    for (size_t i = 0; i < l->end_task_count; i++) l->end_tasks[i].task(l->end_tasks[i].context);
    run_onces(l);
    return OK;
}

status loop_run(loop *l) {
    while (!l->stopped) TRY(loop_turn(l, -1));
    l->stopped = false;
    return OK;
}
