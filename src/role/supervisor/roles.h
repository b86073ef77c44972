/* Who there is and who talks to whom: the two tables the supervisor works from. */
#ifndef ROLE_SUPERVISOR_ROLES_H
#define ROLE_SUPERVISOR_ROLES_H

#include "contract/message.h"

enum role_extras {
    EXTRA_ROOT_KEY = 1,  /* descriptor 4: the file with the root key */
    EXTRA_LISTENERS = 2, /* descriptors 4 and 5: plain and TLS listener; 6: certificate and key */
    EXTRA_FOLDER = 4,    /* setting `folder`: its own part of the data folder */
};

typedef struct role_row {
    enum role role;
    const char *name;       /* in log lines */
    const char *executable; /* beside the supervisor or in libexec */
    const char *folder;     /* its part of the data folder, or NULL */
    unsigned extras;
    unsigned stop_stage; /* all of a stage have ended before the next is told to stop */
    bool is_awaited;     /* readiness of the house waits for it */
} role_row;

enum { ROLE_ROWS = 6, LINK_ROWS = 7, STOP_STAGES = 4 };
const role_row *role_row_at(size_t index); /* in the order in which they are started */

enum link_kind {
    LINK_CHANNEL = 1,  /* a socket pair, one end each */
    LINK_PAIR_KEY = 2, /* 32 fresh random bytes both get to know, and nobody else */
};
typedef struct link_row {
    enum role a, b;
    unsigned kind;
} link_row;
const link_row *link_row_at(size_t index);

#endif
