/* The grants of one grantee on one key, in memory: however many there are, a question is put to the few that could answer it. */
#ifndef ACCESS_GRANT_SHELF_H
#define ACCESS_GRANT_SHELF_H

#include "contract/action_name.h"
#include "access/grant.h"
#include "base/table.h"

enum {
    GRANT_SHELF_FROM = 64,             /* grants a key has before this is worth while */
    GRANT_SHELVES_BYTES = 48 << 20,    /* all that is kept, about */
    GRANT_SHELF_BYTES_MOST = 40 << 20, /* of one */
};

typedef struct grant_shelf grant_shelf;
typedef struct grant_shelves {
    table by_prefix;
    size_t bytes;
} grant_shelves;

void grant_shelves_clear(grant_shelves *all);

/* The shelf of the grants under `prefix` (grant_prefix_of_grantee) as they were at this revision of the key's record, which changes with
 * every grant that is given or ended; NULL when that is not here. */
const grant_shelf *grant_shelves_get(const grant_shelves *all, slice prefix, uint64_t revision);
/* Takes it over, instead of what was there, also when it fails. No other shelf is in use. OUT_OF_MEMORY. */
status grant_shelves_put(grant_shelves *all, slice prefix, grant_shelf *shelf);

status grant_shelf_new(uint64_t revision, grant_shelf **out);
void grant_shelf_free(grant_shelf *s); /* NULL is allowed */
/* A packed grant_record. OUT_OF_MEMORY, also past GRANT_SHELF_BYTES_MOST; CORRUPT. */
status grant_shelf_add(grant_shelf *s, slice packed);

/* Which grants to look at: some may not reach the caller all the same (grant_reach), but none that does is left out, but for those that say
 * the very same as another. */
typedef struct grant_walk {
    const grant_shelf *shelf;
    const grant_question *question;
    slice grantee;                     /* one of the names the caller goes by */
    int operations[ACTION_NAMES_MOST]; /* that the action is */
    size_t operation_count;
    size_t source;
    const struct grant_link *at;
} grant_walk;
grant_walk grant_walk_for(const grant_shelf *s, const grant_question *question, slice grantee);
/* Packed; false at the end. */
bool grant_walk_next(grant_walk *w, slice *packed);

/* Those that were given this name. */
grant_walk grant_walk_named(const grant_shelf *s, slice name);

#endif
