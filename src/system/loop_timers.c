/* A binary heap of slot numbers; a timer's name is its slot and how often the slot was used. */
#include "system/loop_timers.h"

#include <stdlib.h>

enum { NO_SLOT = -1 };

void loop_timers_begin(loop_timers *t) { *t = (loop_timers){.free_slot = (uint32_t)NO_SLOT, .next_order = 1}; }

void loop_timers_clear(loop_timers *t) {
    free(t->slots);
    free(t->heap);
    loop_timers_begin(t);
}

static bool is_before(const loop_timers *t, uint32_t a, uint32_t b) {
    const loop_timer_slot *first = &t->slots[t->heap[a]], *second = &t->slots[t->heap[b]];
    return first->due_ms < second->due_ms || (first->due_ms == second->due_ms && first->order < second->order);
}

static void swap_places(loop_timers *t, uint32_t a, uint32_t b) {
    uint32_t slot = t->heap[a];
    t->heap[a] = t->heap[b];
    t->heap[b] = slot;
    t->slots[t->heap[a]].place = a;
    t->slots[t->heap[b]].place = b;
}

static void move_up(loop_timers *t, uint32_t at) {
    while (at > 0 && is_before(t, at, (at - 1) / 2)) {
        swap_places(t, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void move_down(loop_timers *t, uint32_t at) {
    for (;;) {
        uint32_t first = at, left = 2 * at + 1;
        if (left < t->count && is_before(t, left, first)) first = left;
        if (left + 1 < t->count && is_before(t, left + 1, first)) first = left + 1;
        if (first == at) return;
        swap_places(t, at, first);
        at = first;
    }
}

static status grow(loop_timers *t) {
    uint32_t capacity = t->capacity ? t->capacity * 2 : 16;
    loop_timer_slot *slots = realloc(t->slots, capacity * sizeof *slots);
    ENSURE(slots != NULL, OUT_OF_MEMORY);
    t->slots = slots;
    uint32_t *heap = realloc(t->heap, capacity * sizeof *heap);
    ENSURE(heap != NULL, OUT_OF_MEMORY);
    t->heap = heap;
    t->capacity = capacity;
    return OK;
}

status loop_timers_add(loop_timers *t, int64_t due_ms, loop_task *task, void *context, loop_timer *out) {
    uint32_t slot = t->free_slot;
    if (slot == (uint32_t)NO_SLOT) {
        if (t->slots_used == t->capacity) TRY(grow(t));
        slot = t->slots_used++;
        t->slots[slot].generation = 0;
    } else {
        t->free_slot = t->slots[slot].place;
    }
    loop_timer_slot *timer = &t->slots[slot];
    uint32_t generation = timer->generation + 1;
    *timer = (loop_timer_slot){.due_ms = due_ms,
                               .order = t->next_order++,
                               .task = task,
                               .context = context,
                               .generation = generation,
                               .place = t->count,
                               .used = true};
    t->heap[t->count] = slot;
    move_up(t, t->count++);
    *out = ((uint64_t)generation << 32) | slot;
    return OK;
}

static void remove_slot(loop_timers *t, uint32_t slot) {
    uint32_t place = t->slots[slot].place, last = t->count - 1;
    if (place != last) swap_places(t, place, last);
    t->count--;
    if (place != last) {
        move_down(t, place);
        move_up(t, place);
    }
    t->slots[slot].used = false;
    t->slots[slot].place = t->free_slot;
    t->free_slot = slot;
}

void loop_timers_cancel(loop_timers *t, loop_timer timer) {
    uint32_t slot = (uint32_t)timer, generation = (uint32_t)(timer >> 32);
    if (slot >= t->slots_used || !t->slots[slot].used || t->slots[slot].generation != generation) return;
    remove_slot(t, slot);
}

bool loop_timers_take_due(loop_timers *t, int64_t now_ms, uint64_t before_order, loop_task **task, void **context) {
    if (t->count == 0) return false;
    loop_timer_slot *first = &t->slots[t->heap[0]];
    if (first->due_ms > now_ms || first->order >= before_order) return false;
    *task = first->task;
    *context = first->context;
    remove_slot(t, t->heap[0]);
    return true;
}

int64_t loop_timers_next_ms(const loop_timers *t) { return t->count ? t->slots[t->heap[0]].due_ms : -1; }
