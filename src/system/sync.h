/* A thread that does nothing but fdatasync, so that an event loop need not wait for the disk. */
#ifndef SYSTEM_SYNC_H
#define SYSTEM_SYNC_H

#include "base/status.h"
#include "system/loop.h"

enum { SYNC_QUEUE_MAX = 4096 };

typedef struct sync_worker sync_worker;
/* Called in the loop's thread; result as files_sync_data. */
typedef void sync_callback(void *context, status result);

/* Starts the thread: before the sandbox's filter (sandbox_plan.before_filter is the place). All signals are blocked
 * in it. OUT_OF_MEMORY, IO. */
status sync_worker_start(loop *l, sync_worker **out);
/* The eventfd through which it reports; belongs into sandbox_plan.keep when the thread was started before
 * sandbox_enter. */
int sync_worker_fd(const sync_worker *w);
/* Syncs fd, which stays the caller's and must stay open until the callback. Results come in the order of submission.
 * CONFLICT when SYNC_QUEUE_MAX are under way: the callback does not come then. */
status sync_submit(sync_worker *w, int fd, sync_callback *callback, void *context);
/* Finishes what was submitted without calling back, ends the thread, frees. NULL is allowed. */
void sync_worker_stop(sync_worker *w);

#endif
