/* The listening sockets. Each gateway has its own on the shared address: the kernel spreads connections, and those that
 * wait for a gateway which just died are still there for the one that takes its place. */
#include <stdio.h>

#include "role/supervisor/supervisor.h"
#include "system/files.h"
#include "system/listen.h"

enum { ADDRESS_BYTES = 80 };

static status refuse(buffer *complaint, status why, const char *address) {
    const char *what = "cannot be listened on (ports below 1024 are for root)";
    if (FAILED_WITH(why, EXISTS)) what = "the address is in use by another program; stop it or choose another port";
    if (FAILED_WITH(why, NOT_FOUND)) what = "is not an address of this machine";
    TRY(buffer_printf(complaint, "%s: %s", address, what));
    return why;
}

/* The same address with the port the kernel chose. */
static status with_port(int fd, const char *address, char out[ADDRESS_BYTES]) {
    uint16_t port;
    TRY(listen_port(fd, &port));
    const char *colon = strrchr(address, ':');
    int len = snprintf(out, ADDRESS_BYTES, "%.*s:%u", (int)(colon - address), address, port);
    ENSURE(len > 0 && len < ADDRESS_BYTES, TOO_LARGE);
    return OK;
}

static bool is_any_port(const char *address) { return strcmp(strrchr(address, ':'), ":0") == 0; }

/* Another program of the same user could share a shared address without either noticing: first see that it is free. */
static status first_listener(const char *address, int *out) {
    if (is_any_port(address)) return listen_tcp_shared(address, out);
    TRY(listen_tcp(address, out));
    files_close(*out);
    *out = -1;
    return listen_tcp_shared(address, out);
}

static status listen_all(supervisor *s, const char *wanted, int *fds, slice *shown) {
    char address[ADDRESS_BYTES];
    TRY(first_listener(wanted, &fds[0]));
    TRY(with_port(fds[0], wanted, address));
    for (size_t i = 1; i < s->gateway_count; i++) TRY(listen_tcp_shared(address, &fds[i]));
    return arena_copy(&s->memory, slice_of_text(address), shown);
}

static status listen_on(supervisor *s, enum setting_id id, int *fds, slice *shown, buffer *complaint) {
    if (settings_is(&s->settings, id, "off")) return OK;
    const char *address = settings_string(&s->settings, id);
    status listening = listen_all(s, address, fds, shown);
    return FAILED(listening) ? refuse(complaint, listening, address) : OK;
}

status supervisor_listen(supervisor *s, buffer *complaint) {
    if (settings_is(&s->settings, SETTING_HTTP, "off") && settings_is(&s->settings, SETTING_HTTPS, "off")) {
        TRY(buffer_append_text(complaint, "both http and https are off: there is nothing to serve"));
        return FAIL(INVALID_PARAMETER);
    }
    TRY(listen_on(s, SETTING_HTTP, s->plain_fds, &s->http, complaint));
    return listen_on(s, SETTING_HTTPS, s->tls_fds, &s->https, complaint);
}

void supervisor_close_listeners(supervisor *s) {
    for (size_t i = 0; i < FAMILY_GATEWAYS_MOST; i++) {
        files_close(s->plain_fds[i]);
        files_close(s->tls_fds[i]);
        s->plain_fds[i] = s->tls_fds[i] = -1;
    }
}
