/* The loop's timers: a heap ordered by due time, names that are never used twice. Private to loop.c. */
#ifndef SYSTEM_LOOP_TIMERS_H
#define SYSTEM_LOOP_TIMERS_H

#include <stddef.h>

#include "system/loop.h"

typedef struct loop_timer_slot {
    int64_t due_ms;
    uint64_t order; /* timers due at the same time run in the order they were set */
    loop_task *task;
    void *context;
    uint32_t generation;
    uint32_t place; /* in the heap, or the next free slot */
    bool used;
} loop_timer_slot;

typedef struct loop_timers {
    loop_timer_slot *slots;
    uint32_t *heap; /* slot numbers; capacity as that of slots */
    uint32_t capacity;
    uint32_t count;      /* in the heap */
    uint32_t slots_used; /* ever */
    uint32_t free_slot;  /* UINT32_MAX: none */
    uint64_t next_order;
} loop_timers;

void loop_timers_begin(loop_timers *t);
status loop_timers_add(loop_timers *t, int64_t due_ms, loop_task *task, void *context, loop_timer *out);
void loop_timers_cancel(loop_timers *t, loop_timer timer);
/* Takes the first timer due by now_ms that was set before `before_order`; false when there is none. */
bool loop_timers_take_due(loop_timers *t, int64_t now_ms, uint64_t before_order, loop_task **task, void **context);
/* Due time of the first timer, or -1. */
int64_t loop_timers_next_ms(const loop_timers *t);
void loop_timers_clear(loop_timers *t);

#endif
