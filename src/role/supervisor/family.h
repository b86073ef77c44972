/* The supervisor's children: started, connected with each other, watched, started again, stopped in order. */
#ifndef ROLE_SUPERVISOR_FAMILY_H
#define ROLE_SUPERVISOR_FAMILY_H

#include "contract/settings.h"
#include "role/supervisor/roles.h"
#include "system/loop.h"

enum {
    FAMILY_GATEWAYS_MOST = 64,
    FAMILY_KEYGENS = 2, /* one makes pairs, one works with large ones */
    FAMILY_STOP_WAIT_MS = 12 * 1000,
    FAMILY_DEATHS_A_MINUTE = 5
};

typedef struct family family;

/* What happens, told once each. None may free the family. */
typedef struct family_events {
    void (*on_ready)(void *context); /* every awaited child is ready for the first time */
    void (*on_bootstrapped)(void *context, const bootstrapped_message *result); /* slices valid during the call */
    void (*on_failed)(void *context); /* a child ended before all were ready; it is logged */
    void (*on_gone)(void *context);   /* after family_stop: all have ended */
    void *context;
} family_events;

typedef struct family_plan {
    loop *loop;
    const settings *settings;
    const char *data_path; /* absolute */
    unsigned roles;        /* 1u << ROLE_… of those to start */
    bool may_begin;        /* there is no account yet: the vault may make the first */
    bool has_one_try;      /* a child that ends is not started again: on_failed */
    size_t gateway_count;
    const int *plain_fds;             /* per gateway; NULL: no plain HTTP */
    const int *tls_fds;               /* per gateway; NULL: no HTTPS */
    int root_key_fd, pem_fd, null_fd; /* the last one stands where there is nothing to pass */
    family_events events;
} family_plan;

/* Finds the executables; nothing is started. What the plan points to must outlive the family, its descriptors stay the
 * caller's. NOT_FOUND (with a log line), OUT_OF_MEMORY. */
status family_new(const family_plan *plan, family **out);
/* The folder the executables are in, for the sandbox; followed by a NUL. */
slice family_folder(const family *f);

/* Starts all and connects them. After a failure: family_free. */
status family_start(family *f);
/* Sends a control message to every child with that role that lives. CLOSED when none does. */
status family_tell(family *f, enum role role, enum message_verb verb, const void *fields);
/* Sends the settings again: what can change without a restart does. */
void family_configure(family *f, const settings *changed);
/* Whether all awaited children are ready now. */
bool family_is_ready(const family *f);

/* Stops stage by stage, each within FAMILY_STOP_WAIT_MS (children give up what is in hand after 10 s), then by force.
 * Again: by force at once. */
void family_stop(family *f);
/* Ends by force what still lives. NULL is allowed. */
void family_free(family *f);

#endif
