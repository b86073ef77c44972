/* Numeric addresses only: no resolver runs in any process that listens. */
#include "system/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

typedef union endpoint {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} endpoint;

static socklen_t endpoint_bytes(const endpoint *e) {
    return e->any.sa_family == AF_INET6 ? sizeof e->v6 : sizeof e->v4;
}

/* "host:port" and "[host]:port". */
static status parse_address(const char *address, endpoint *out) {
    slice text = slice_of_text(address), host, port;
    size_t colon = text.len;
    while (colon > 0 && text.at[colon - 1] != ':') colon--;
    ENSURE(colon > 1, MALFORMED);
    host = slice_head(text, colon - 1);
    port = slice_skip(text, colon);
    uint64_t number;
    ENSURE(port.len <= 5 && slice_to_u64(port, &number) && number <= UINT16_MAX, MALFORMED);

    bool bracketed = host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
    if (bracketed) host = slice_of(host.at + 1, host.len - 2);
    char numeric[INET6_ADDRSTRLEN];
    ENSURE(host.len < sizeof numeric, MALFORMED);
    memcpy(numeric, host.at, host.len);
    numeric[host.len] = 0;

    endpoint e = {0};
    if (bracketed) {
        e.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number)};
        ENSURE(inet_pton(AF_INET6, numeric, &e.v6.sin6_addr) == 1, MALFORMED);
    } else {
        e.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
        ENSURE(inet_pton(AF_INET, numeric, &e.v4.sin_addr) == 1, MALFORMED);
    }
    *out = e;
    return OK;
}

static status bind_and_listen(int fd, const endpoint *e, bool shared) {
    int yes = 1;
    ENSURE(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0, IO);
    if (shared) ENSURE(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) == 0, IO);
    if (e->any.sa_family == AF_INET6) ENSURE(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0, IO);
    if (bind(fd, &e->any, endpoint_bytes(e)) != 0 || listen(fd, LISTEN_BACKLOG) != 0) {
        ENSURE(errno != EADDRINUSE, EXISTS);
        ENSURE(errno != EADDRNOTAVAIL, NOT_FOUND);
        return FAIL(IO);
    }
    return OK;
}

static status open_listener(const char *address, bool shared, int *out) {
    endpoint e;
    TRY(parse_address(address, &e));
    int fd = socket(e.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ENSURE(fd >= 0 || errno != EAFNOSUPPORT, NOT_FOUND);
    ENSURE(fd >= 0, IO);
    status listening = bind_and_listen(fd, &e, shared);
    if (FAILED(listening)) {
        close(fd);
        return listening;
    }
    *out = fd;
    return OK;
}

status listen_tcp(const char *address, int *out) { return open_listener(address, false, out); }

status listen_tcp_shared(const char *address, int *out) { return open_listener(address, true, out); }

status listen_port(int fd, uint16_t *out) {
    endpoint e = {0};
    socklen_t bytes = sizeof e;
    ENSURE(getsockname(fd, &e.any, &bytes) == 0, IO);
    ENSURE(e.any.sa_family == AF_INET || e.any.sa_family == AF_INET6, IO);
    *out = ntohs(e.any.sa_family == AF_INET6 ? e.v6.sin6_port : e.v4.sin_port);
    return OK;
}

bool listen_is_loopback(const char *address) {
    endpoint e;
    if (FAILED(parse_address(address, &e))) return false;
    if (e.any.sa_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&e.v6.sin6_addr);
    return ntohl(e.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

status listen_peer_address(int fd, arena *a, slice *out) {
    endpoint e = {0};
    socklen_t bytes = sizeof e;
    ENSURE(getpeername(fd, &e.any, &bytes) == 0, IO);
    ENSURE(e.any.sa_family == AF_INET || e.any.sa_family == AF_INET6, IO);
    char numeric[INET6_ADDRSTRLEN];
    const void *host = e.any.sa_family == AF_INET6 ? (const void *)&e.v6.sin6_addr : (const void *)&e.v4.sin_addr;
    ENSURE(inet_ntop(e.any.sa_family, host, numeric, sizeof numeric) != NULL, IO);
    return arena_copy(a, slice_of_text(numeric), out);
}
