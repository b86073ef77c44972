/* The event loop of a process: one epoll_wait a turn, timers, signals, and work at the end of each turn. One thread. */
#ifndef SYSTEM_LOOP_H
#define SYSTEM_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h> /* EPOLLIN, EPOLLOUT … for `events` */

#include "base/status.h"

typedef struct loop loop;

/* A descriptor is ready; `events` are epoll's bits. */
typedef void loop_callback(void *context, uint32_t events);
/* A timer is due, a turn ends. */
typedef void loop_task(void *context);
/* A signal arrived (several of one kind may have been merged into one, as signals are). */
typedef void loop_signal_callback(void *context, int signal);

/* A timer's name; never used twice, 0 names none. */
typedef uint64_t loop_timer;

/* Failures: IO (the kernel's limits on descriptors), OUT_OF_MEMORY. */
status loop_new(loop **out);
/* Closes the loop's own descriptors, not the watched ones. Not from within a callback. NULL is allowed. */
void loop_free(loop *l);

/* Calls `callback` whenever fd is ready (level-triggered unless `events` has EPOLLET; EPOLLERR and EPOLLHUP always
 * report). EXISTS when fd is watched already; UNSUPPORTED for what epoll refuses (plain files); OUT_OF_MEMORY, IO. */
status loop_watch(loop *l, int fd, uint32_t events, loop_callback *callback, void *context);
/* Waits for other events from now on; no system call when they are the same. NOT_FOUND when fd is not watched. */
status loop_change(loop *l, int fd, uint32_t events);
/* Forgets fd: no callback for it comes any more, not even one already fetched in this turn. Call before closing fd.
 * Allowed in callbacks, its own included, and for a descriptor that is not watched. */
void loop_unwatch(loop *l, int fd);

/* Runs `task` once, `after_ms` milliseconds from now or somewhat later (0: in this turn's timers or the next).
 * `timer` may be NULL. OUT_OF_MEMORY. */
status loop_after(loop *l, int64_t after_ms, loop_task *task, void *context, loop_timer *timer);
/* Allowed for a timer that ran or was cancelled: does nothing then. */
void loop_cancel(loop *l, loop_timer timer);

/* Runs `task` once at the end of every turn, after its events and timers, in the order of these calls (at most 16).
 * What such tasks send on channels still goes out in the same turn. TOO_LARGE for a seventeenth. */
status loop_at_turn_end(loop *l, loop_task *task, void *context);

/* Something to be done once, at the very end of this turn (or of the next one, when asked for at the very end):
 * how channels flush. The struct belongs to the caller, who fills task and context and leaves the rest zero. */
typedef struct loop_once {
    loop_task *task;
    void *context;
    struct loop_once *next;
    bool queued;
} loop_once;
/* Does nothing when it is queued already. Cannot fail. */
void loop_queue_once(loop *l, loop_once *once);
/* Takes it off the queue if it is there; call before freeing what holds it. */
void loop_drop_once(loop *l, loop_once *once);

/* Blocks the signal for the process and delivers it here instead. Again for the same signal: replaces. At most 8
 * signals. Call before threads are started, so that they inherit the mask. TOO_LARGE, IO. */
status loop_on_signal(loop *l, int signal, loop_signal_callback *callback, void *context);

/* There is more work: the next turn polls without waiting. Holds for one turn. */
void loop_do_not_block(loop *l);

/* Runs turns until loop_stop. The turn in which it is called still ends as usual (turn-end tasks, flushing). IO when
 * epoll fails. */
status loop_run(loop *l);
void loop_stop(loop *l);
/* One turn that waits at most `wait_ms` (-1: as long as it takes) for something to happen: start-up code and tests. */
status loop_turn(loop *l, int64_t wait_ms);

/* The loop's own descriptors, for sandbox_plan.keep; how many they are (2 once loop_on_signal was called, else 1). */
enum { LOOP_DESCRIPTORS_MAX = 2 };
size_t loop_descriptors(const loop *l, int out[LOOP_DESCRIPTORS_MAX]);

/* Monotonic milliseconds, read once a turn: cheap. */
int64_t loop_now_ms(const loop *l);

#endif
