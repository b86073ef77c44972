/* How much memory libmicrohttpd is told a connection has. There are two answers, one of which is linked: pool.c
 * brings its own memory pool, pool_plain.c leaves libmicrohttpd its own. */
#ifndef ROLE_GATEWAY_POOL_H
#define ROLE_GATEWAY_POOL_H

#include <stddef.h>

/* A request line of 256 KiB, headers of 64 KiB and what their parsing needs. */
enum { POOL_CONNECTION_BYTES = 384 << 10 };

size_t pool_told_bytes(void);

/* A request is over whose head began at `head_at`, in its connection's pool, and which had so many bytes of head and body. What is
 * overwritten next in that pool need not reach further into the read buffer than this and what was read ahead. */
void pool_request_read(const void *head_at, size_t bytes);

#endif
