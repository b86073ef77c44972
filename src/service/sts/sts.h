/* What operations that give out credentials share. */
#ifndef SERVICE_STS_H
#define SERVICE_STS_H

#include "service/ram/ram.h"

/* A session being made, kept in c->memo: chosen once. */
typedef struct new_session {
    slice id;
    int64_t expires_at_s;
} new_session;
status session_begin(call *c, int64_t lifetime_s, new_session **out);
/* Of the one result the vault gave for it. */
status session_credentials(call *c, credentials **out);

#endif
