/* Tries under names. */
#include "access/slowdown.h"

#include <stdlib.h>

#include "base/table.h"

enum { WAIT_MOST_S = 15 * 60, LOCKED_S = 60 * 60, FORGOTTEN_S = 60 * 60 };

struct slowdown {
    table by_name;
    bool has_changed;
};

typedef struct tries {
    unsigned count;
    int64_t last_s, until_s;
} tries;

status slowdown_new(slowdown **out) {
    slowdown *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    *out = made;
    return OK;
}

static bool is_over(const tries *t, int64_t now_s) { return now_s - t->last_s > FORGOTTEN_S && now_s >= t->until_s; }

/* A try that led to a wait: such names go last. */
static bool waits(const tries *t) { return t->until_s > t->last_s; }

typedef bool tries_rule(const tries *t, int64_t now_s);
static bool does_not_wait(const tries *t, int64_t now_s) { return !waits(t) || t->until_s <= now_s; }
static bool is_any(const tries *t, int64_t now_s) { return (void)t, (void)now_s, true; }

static void forget_those(slowdown *s, tries_rule *rule, int64_t now_s) {
    size_t cursor = 0;
    slice name;
    void *value;
    while (table_next(&s->by_name, &cursor, &name, &value))
        if (rule(value, now_s)) free(table_remove(&s->by_name, name));
}

/* Whoever invents names by the tens of thousands fills no memory, and does not make those forgotten who are being guessed at: that would take
 * as many who wait at the same time. */
static void forget(slowdown *s, int64_t now_s) {
    tries_rule *const rules[] = {is_over, does_not_wait, is_any};
    for (size_t i = 0; i < sizeof rules / sizeof *rules && s->by_name.count >= SLOWDOWN_NAMES_MOST; i++)
        forget_those(s, rules[i], now_s);
}

void slowdown_free(slowdown *s) {
    if (!s) return;
    size_t cursor = 0;
    void *value;
    while (table_next(&s->by_name, &cursor, NULL, &value)) free(value);
    table_clear(&s->by_name);
    free(s);
}

static status find(slowdown *s, slice name, int64_t now_s, tries **out) {
    *out = table_get(&s->by_name, name);
    if (*out) return OK;
    if (s->by_name.count >= SLOWDOWN_NAMES_MOST) forget(s, now_s);
    tries *fresh = calloc(1, sizeof *fresh);
    ENSURE(fresh != NULL, OUT_OF_MEMORY);
    status kept = table_put(&s->by_name, name, fresh, NULL);
    if (FAILED(kept)) {
        free(fresh);
        return kept;
    }
    *out = fresh;
    return OK;
}

static int64_t wait_after(const slowdown_rule *rule, unsigned count) {
    if (rule->locked_from && count >= rule->locked_from) return LOCKED_S;
    if (count <= rule->free_tries) return 0;
    unsigned doublings = count - rule->free_tries - 1;
    return doublings < 10 && 1 << doublings < WAIT_MOST_S ? 1 << doublings : WAIT_MOST_S;
}

status slowdown_try(slowdown *s, slice name, const slowdown_rule *rule, int64_t now_s, int64_t *wait_s) {
    tries *t;
    TRY(find(s, name, now_s, &t));
    if (is_over(t, now_s)) *t = (tries){0};
    *wait_s = t->until_s > now_s ? t->until_s - now_s : 0;
    ENSURE(*wait_s == 0, LOGIN_SLOWED);
    t->count++;
    t->last_s = now_s;
    t->until_s = now_s + wait_after(rule, t->count);
    s->has_changed |= waits(t);
    return OK;
}

status slowdown_look(const slowdown *s, slice name, int64_t now_s, int64_t *wait_s) {
    const tries *t = table_get(&s->by_name, name);
    *wait_s = t && t->until_s > now_s ? t->until_s - now_s : 0;
    return *wait_s ? FAIL(LOGIN_SLOWED) : OK;
}

void slowdown_forgive(slowdown *s, slice name) {
    tries *t = table_remove(&s->by_name, name);
    if (t) s->has_changed |= waits(t);
    free(t);
}

void slowdown_take_back(slowdown *s, slice name, const slowdown_rule *rule) {
    tries *t = table_get(&s->by_name, name);
    if (!t || t->count == 0) return;
    t->count--;
    s->has_changed |= waits(t);
    t->until_s = t->last_s + wait_after(rule, t->count);
}

/* ---- over a restart */

bool slowdown_has_changed(const slowdown *s) { return s->has_changed; }
size_t slowdown_names(const slowdown *s) { return s->by_name.count; }

static int by_end(const void *a, const void *b) {
    const tries_record *one = a, *other = b;
    int64_t first = one->until_at.value, second = other->until_at.value;
    return first < second ? 1 : first > second ? -1 : 0;
}

status slowdown_list(slowdown *s, arena *memory, waiting_record *out) {
    waiting_record made = {0};
    size_t cursor = 0;
    slice name;
    void *value;
    made.tries.at = ARENA_ARRAY(memory, tries_record, s->by_name.count + 1);
    ENSURE(made.tries.at != NULL, OUT_OF_MEMORY);
    while (table_next(&s->by_name, &cursor, &name, &value)) {
        const tries *t = value;
        if (!waits(t)) continue;
        tries_record *to = &made.tries.at[made.tries.count++];
        *to = (tries_record){name, SET_INT(t->count), SET_INT(t->last_s), SET_INT(t->until_s)};
    }
    if (made.tries.count > SLOWDOWN_LISTED) {
        qsort(made.tries.at, made.tries.count, sizeof *made.tries.at, by_end);
        made.tries.count = SLOWDOWN_LISTED;
    }
    s->has_changed = false;
    *out = made;
    return OK;
}

status slowdown_recall(slowdown *s, const waiting_record *listed) {
    for (size_t i = 0; i < listed->tries.count; i++) {
        const tries_record *from = &listed->tries.at[i];
        tries *t;
        TRY(find(s, from->name, from->last_at.value, &t));
        *t = (tries){(unsigned)from->count.value, from->last_at.value, from->until_at.value};
    }
    return OK;
}

bool allowance_take(allowance *b, unsigned per_second, int64_t now_s) {
    unsigned most = 3 * per_second;
    int64_t passed_s = now_s - b->second;
    if (passed_s < 0 || passed_s > 3) passed_s = 3;
    b->second = now_s;
    b->left += (unsigned)passed_s * per_second;
    if (b->left > most) b->left = most;
    if (b->left == 0) return false;
    b->left--;
    return true;
}
