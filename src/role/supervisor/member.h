/* For the family's files only: one child, and what they call of each other. */
#ifndef ROLE_SUPERVISOR_MEMBER_H
#define ROLE_SUPERVISOR_MEMBER_H

#include "role/supervisor/family.h"
#include "system/channel.h"
#include "system/spawn.h"

typedef struct member {
    family *family;
    const role_row *row;
    int64_t index;       /* which gateway; else 0 */
    slice path;          /* of the executable, followed by a NUL */
    bool is_alive;       /* has a process */
    spawn_child process; /* while it is alive */
    channel *control;    /* NULL: it closed its end */
    bool is_ready;
    bool has_ended; /* once before */
    int64_t started_ms;
    int64_t deaths_ms[FAMILY_DEATHS_A_MINUTE + 1]; /* the latest, oldest first; 0: none */
    unsigned quick_deaths;                         /* in a row, each soon after the start */
    loop_timer timer;                              /* to start it again, or to end it by force */
} member;

struct family {
    family_plan plan;
    const settings *settings; /* the plan's, or those of the last reload */
    arena memory;
    slice folder;
    member *members;
    size_t count;
    const char **environment; /* of the children */
    bool was_ready, has_failed;
    bool is_stopping;
    unsigned stop_stage;
    loop_timer stop_timer;
};

enum { MEMBER_NAME_BYTES = 32 };
/* "core", "gateway 3" */
void member_name(const member *m, char out[MEMBER_NAME_BYTES]);

/* member.c */
/* Starts the process and sends it its settings. */
status member_start(member *m);
/* Sends a control message; takes over fd unless it is -1. */
status member_tell(member *m, enum message_verb verb, const void *fields, int fd);
status member_configure(member *m);
/* Kills it at once; its end is reported as any other. */
void member_kill(member *m);
void member_clear(member *m);

/* links.c */
/* Connects two, as the row says. */
status members_link(member *a, member *b, unsigned kind);
/* Connects one with all others that live, and says so: CONNECTED. */
status member_link_all(member *m);

/* family.c: what a member reports */
void family_member_ready(family *f, member *m);
void family_member_ended(family *f, member *m, const spawn_end *how);

#endif
