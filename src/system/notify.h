/* Telling the service manager how we are: the sd_notify protocol (systemd, sd_notify(3)) over $NOTIFY_SOCKET. */
#ifndef SYSTEM_NOTIFY_H
#define SYSTEM_NOTIFY_H

#include <stdint.h>

#include "base/status.h"

typedef struct notify {
    int fd;              /* 0 (as in a zeroed struct) or -1: nobody listens, and every message is a success */
    int64_t watchdog_ms; /* send notify_alive at least this often (half of what the manager allows); 0: not wanted */
} notify;

/* Connects to $NOTIFY_SOCKET (a path, or '@' and an abstract name) when it is set, and removes the variables from the
 * environment. Before the sandbox. MALFORMED, IO. */
status notify_open(notify *out);
status notify_ready(const notify *n);
status notify_stopping(const notify *n);
status notify_reloading(const notify *n); /* followed by notify_ready when done */
status notify_alive(const notify *n);     /* WATCHDOG=1 */
/* One line for `systemctl status`; cut at 200 bytes, newlines become spaces. */
status notify_status(const notify *n, const char *text);
void notify_clear(notify *n);

#endif
