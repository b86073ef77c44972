/* What core and auditor share as children of the supervisor: the control channel, settings, readiness, stopping. */
#ifndef ROLE_CHILD_H
#define ROLE_CHILD_H

#include "contract/message.h"
#include "system/channel.h"

enum { CHILD_CONTROL_FD = 3 };

typedef struct child child;

/* A peer's channel end; the handler owns fd. */
typedef void child_connect(void *context, const connect_message *peer, int fd);
/* A control message that is neither CONFIGURE, CONNECT, CONNECTED nor STOP. MALFORMED ends the process. */
typedef status child_other(void *context, const message *m);

struct child {
    enum role role;
    const char *name; /* in log lines */
    child_connect *on_connect;
    child_other *on_other; /* may be NULL */
    void *context;
    /* filled by child_start */
    loop *loop;
    channel *control;
    arena settings_memory;
    pair_list settings;
    bool is_connected; /* every peer has been handed out */
    bool is_stopping;
    bool has_failed;
};

/* Makes the loop and waits for CONFIGURE. Nothing behind it has been read then: the role enters its sandbox next. */
status child_start(child *c);
/* The setting's value, absent when it was not given. */
slice child_setting(const child *c, const char *name);
bool child_setting_is(const child *c, const char *name, const char *value);
/* Sends one control message. */
status child_send(child *c, enum message_verb verb, const void *fields);
/* Takes up the control channel and runs until STOP or the supervisor is gone. */
status child_run(child *c);
void child_clear(child *c);

#endif
