/* Makes guessing slow: counts tries under a name and lets the next one wait, longer each time. In memory, and bounded: when there are too many
 * names, those go first that nobody has to wait for. */
#ifndef ACCESS_SLOWDOWN_H
#define ACCESS_SLOWDOWN_H

#include "contract/contract_tables.h"

typedef struct slowdown slowdown;
status slowdown_new(slowdown **out);
void slowdown_free(slowdown *s); /* NULL is fine */

typedef struct slowdown_rule {
    unsigned free_tries;  /* without any wait; then 1 s, doubling up to 15 minutes */
    unsigned locked_from; /* from this try on one hour; 0: never */
} slowdown_rule;

/* Counts a try before it is known how it ends, so that tries at the same time count as well. LOGIN_SLOWED, and nothing is counted,
 * when it comes too early; *wait_s is then what is left. What was not tried for an hour is forgotten. */
status slowdown_try(slowdown *s, slice name, const slowdown_rule *rule, int64_t now_s, int64_t *wait_s);
/* Whether the next try would come too early; nothing is counted. LOGIN_SLOWED. */
status slowdown_look(const slowdown *s, slice name, int64_t now_s, int64_t *wait_s);
/* A try succeeded: counting begins anew. */
void slowdown_forgive(slowdown *s, slice name);
/* A try succeeded, but others under this name may not have: it alone does not count. */
void slowdown_take_back(slowdown *s, slice name, const slowdown_rule *rule);

/* Whether somebody waits, or no longer does, since slowdown_list was last called. */
bool slowdown_has_changed(const slowdown *s);
/* Those that led to a wait, at most SLOWDOWN_LISTED: the longest waits. What lies below it is forgotten by a restart. */
enum { SLOWDOWN_LISTED = 1024, SLOWDOWN_NAMES_MOST = 65536 };
status slowdown_list(slowdown *s, arena *memory, waiting_record *out);
/* Counts on from there. */
status slowdown_recall(slowdown *s, const waiting_record *listed);
size_t slowdown_names(const slowdown *s);

/* So many a second whoever asks, after three seconds' worth at once: for what costs much. */
typedef struct allowance {
    int64_t second;
    unsigned left;
} allowance;
bool allowance_take(allowance *b, unsigned per_second, int64_t now_s);

#endif
