/* Tries under names. */
#include "access/slowdown.h"

#include <stdlib.h>

#include "base/table.h"

enum { NAMES_MOST = 65536, WAIT_MOST_S = 15 * 60, LOCKED_S = 60 * 60, FORGOTTEN_S = 60 * 60 };

struct slowdown {
    table by_name;
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

/* Those that are over, or all: whoever invents names by the tens of thousands does not fill the memory. */
static void forget(slowdown *s, int64_t now_s) {
    size_t cursor = 0;
    slice name;
    void *value;
    while (table_next(&s->by_name, &cursor, &name, &value))
        if (is_over(value, now_s)) free(table_remove(&s->by_name, name));
    if (s->by_name.count < NAMES_MOST) return;
    cursor = 0;
    while (table_next(&s->by_name, &cursor, NULL, &value)) free(value);
    table_clear(&s->by_name);
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
    if (s->by_name.count >= NAMES_MOST) forget(s, now_s);
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
    return OK;
}

void slowdown_forgive(slowdown *s, slice name) { free(table_remove(&s->by_name, name)); }

void slowdown_take_back(slowdown *s, slice name, const slowdown_rule *rule) {
    tries *t = table_get(&s->by_name, name);
    if (!t || t->count == 0) return;
    t->count--;
    t->until_s = t->last_s + wait_after(rule, t->count);
}
