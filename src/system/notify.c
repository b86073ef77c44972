/* sd_notify(3): one datagram per message, lines NAME=value. */
#include "system/notify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/slice.h"

enum { STATUS_BYTES = 200 };

static status connect_to(const char *name, int *out) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    ENSURE((name[0] == '/' || name[0] == '@') && len > 1 && len < sizeof address.sun_path, MALFORMED);
    memcpy(address.sun_path, name, len);
    if (name[0] == '@') address.sun_path[0] = 0; /* the abstract namespace, unix(7) */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ENSURE(fd >= 0, IO);
    if (connect(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) != 0) {
        close(fd);
        return FAIL(IO);
    }
    *out = fd;
    return OK;
}

/* sd_watchdog_enabled(3): the interval holds only for the process named, when one is named. */
static int64_t watchdog_interval_ms(void) {
    const char *interval = getenv("WATCHDOG_USEC"), *owner = getenv("WATCHDOG_PID");
    uint64_t interval_us, pid;
    if (!interval || !slice_to_u64(slice_of_text(interval), &interval_us)) return 0;
    if (owner && (!slice_to_u64(slice_of_text(owner), &pid) || pid != (uint64_t)getpid())) return 0;
    return (int64_t)(interval_us / 2000);
}

status notify_open(notify *out) {
    notify opened = {.fd = -1};
    const char *name = getenv("NOTIFY_SOCKET");
    if (name && *name) {
        TRY(connect_to(name, &opened.fd));
        opened.watchdog_ms = watchdog_interval_ms();
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    *out = opened;
    return OK;
}

static status tell(const notify *n, const char *lines) {
    if (n->fd <= 0) return OK;
    slice message = slice_of_text(lines);
    ssize_t sent;
    do sent = send(n->fd, message.at, message.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    ENSURE(sent == (ssize_t)message.len, IO);
    return OK;
}

status notify_ready(const notify *n) { return tell(n, "READY=1\n"); }

status notify_stopping(const notify *n) { return tell(n, "STOPPING=1\n"); }

status notify_reloading(const notify *n) {
    char lines[80];
    snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%lld\n", (long long)clock_monotonic_us());
    return tell(n, lines);
}

status notify_alive(const notify *n) { return tell(n, "WATCHDOG=1\n"); }

status notify_status(const notify *n, const char *text) {
    char lines[STATUS_BYTES + 16];
    int len = snprintf(lines, sizeof lines - 1, "STATUS=%.*s", STATUS_BYTES, text);
    ENSURE(len > 0, IO);
    for (int i = 0; i < len; i++)
        if (lines[i] == '\n') lines[i] = ' ';
    return tell(n, lines);
}

void notify_clear(notify *n) {
    if (n->fd > 0) close(n->fd);
    *n = (notify){.fd = -1};
}
