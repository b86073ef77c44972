/* Listening TCP sockets. */
#ifndef SYSTEM_LISTEN_H
#define SYSTEM_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

enum { LISTEN_BACKLOG = 1024 };

/* Binds and listens on a numeric address: "127.0.0.1:8080", "[::1]:8443", "0.0.0.0:80"; port 0 lets the kernel choose.
 * Non-blocking, close-on-exec, SO_REUSEADDR; IPv6 sockets take IPv6 only. MALFORMED (no such address), EXISTS (the
 * address is in use), NOT_FOUND (not an address of this machine), IO (permission for low ports, limits). */
status listen_tcp(const char *address, int *out);
/* The same with SO_REUSEPORT: several processes share the address, the kernel spreads connections. */
status listen_tcp_shared(const char *address, int *out);
/* The port a socket is bound to. */
status listen_port(int fd, uint16_t *out);
/* Whether an address as for listen_tcp is on the loopback interface only; false for a malformed one. */
bool listen_is_loopback(const char *address);
/* "192.0.2.7" or "2001:db8::1": the other end of a connected socket, in the arena. IO. */
status listen_peer_address(int fd, arena *a, slice *out);

#endif
