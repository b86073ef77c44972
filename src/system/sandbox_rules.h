/* The system calls each role may make. Private to sandbox.c. */
#ifndef SYSTEM_SANDBOX_RULES_H
#define SYSTEM_SANDBOX_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "system/sandbox.h"

enum sandbox_condition {
    SANDBOX_ALWAYS,
    SANDBOX_EQUALS,     /* the argument is `value` */
    SANDBOX_DIFFERS,    /* the argument is not `value` */
    SANDBOX_HAS_BITS,   /* all bits of `value` are set in the argument */
    SANDBOX_LACKS_BITS, /* none is */
    SANDBOX_OWN_PID,    /* the argument is this process's id */
};

typedef struct sandbox_row {
    int call; /* SCMP_SYS(name) */
    enum sandbox_condition when;
    unsigned argument; /* which one, from 0 */
    uint64_t value;
} sandbox_row;

/* Rows that belong together, named by what they permit (or, for the supervisor, forbid). */
typedef struct sandbox_group {
    const char *name;
    const sandbox_row *rows;
    size_t count;
} sandbox_group;

enum { SANDBOX_GROUPS_MAX = 16 };

typedef struct sandbox_list {
    bool forbids; /* false: what the groups do not allow kills; true: what they list kills */
    const sandbox_group *groups[SANDBOX_GROUPS_MAX]; /* NULL at the end */
} sandbox_list;

const sandbox_list *sandbox_list_of(enum sandbox_role role);
/* What the runtime of a sanitizer needs on top; count 0 in ordinary builds. */
const sandbox_group *sandbox_sanitizer_group(void);

#endif
