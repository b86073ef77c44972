/* Jobs go round a ring: the loop's thread adds and collects, the worker syncs. One eventfd wakes the loop for all that
 * are done. */
#include "system/sync.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "system/files.h"

typedef struct job {
    int fd;
    sync_callback *callback;
    void *context;
    status result;
} job;

struct sync_worker {
    loop *loop;
    int event_fd;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* Under the lock. Counters only grow; a job's place is its number modulo SYNC_QUEUE_MAX. */
    uint64_t submitted, done, collected;
    bool stopping;
    job jobs[SYNC_QUEUE_MAX];
};

static void *work(void *context) {
    sync_worker *w = context;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->done == w->submitted && !w->stopping) pthread_cond_wait(&w->wake, &w->lock);
        if (w->done == w->submitted) break;
        job *next = &w->jobs[w->done % SYNC_QUEUE_MAX];
        pthread_mutex_unlock(&w->lock);
        next->result = files_sync_data(next->fd);
        pthread_mutex_lock(&w->lock);
        w->done++;
        eventfd_write(w->event_fd, 1);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void on_done(void *context, uint32_t events) {
    sync_worker *w = context;
    (void)events;
    eventfd_t count;
    eventfd_read(w->event_fd, &count);
    pthread_mutex_lock(&w->lock);
    for (uint64_t done = w->done; w->collected < done;) {
        job finished = w->jobs[w->collected % SYNC_QUEUE_MAX];
        w->collected++;
        pthread_mutex_unlock(&w->lock);
        finished.callback(finished.context, finished.result);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
}

static status start_thread(sync_worker *w) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited: signals are the loop's business */
    int failed = pthread_create(&w->thread, NULL, work, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    ENSURE(failed == 0, OUT_OF_MEMORY);
    return OK;
}

status sync_worker_start(loop *l, sync_worker **out) {
    sync_worker *w = calloc(1, sizeof *w);
    ENSURE(w != NULL, OUT_OF_MEMORY);
    w->loop = l;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    w->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    status started = w->event_fd < 0 ? FAIL(IO) : loop_watch(l, w->event_fd, EPOLLIN, on_done, w);
    if (!FAILED(started)) {
        started = start_thread(w);
        if (FAILED(started)) loop_unwatch(l, w->event_fd);
    }
    if (FAILED(started)) {
        files_close(w->event_fd);
        free(w);
        return started;
    }
    *out = w;
    return OK;
}

int sync_worker_fd(const sync_worker *w) { return w->event_fd; }

status sync_submit(sync_worker *w, int fd, sync_callback *callback, void *context) {
    pthread_mutex_lock(&w->lock);
    bool room = w->submitted - w->collected < SYNC_QUEUE_MAX;
    if (room) {
        w->jobs[w->submitted % SYNC_QUEUE_MAX] = (job){fd, callback, context, OK};
        w->submitted++;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    ENSURE(room, CONFLICT);
    return OK;
}

void sync_worker_stop(sync_worker *w) {
    if (!w) return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    loop_unwatch(w->loop, w->event_fd);
    close(w->event_fd);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    free(w);
}
