/* Memory for key material that no other process can read, root included: pages of memfd_secret(2). One pool in a
 * process, one thread. All free memory in it is zero. */
#ifndef SYSTEM_SECRET_POOL_H
#define SYSTEM_SECRET_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { SECRET_POOL_DEFAULT_BYTES = 16 << 20, SECRET_POOL_LEAST_BYTES = 1 << 20 };

/* Maps the pool; once, at start, before the sandbox. 0 means SECRET_POOL_DEFAULT_BYTES. Pages are filled in by the
 * kernel as they are first used. When RLIMIT_MEMLOCK does not allow the size, a smaller pool is made (not below
 * SECRET_POOL_LEAST_BYTES); without memfd_secret it is locked, undumpable ordinary memory, and secret_pool_is_secret()
 * says false: the role warns. OUT_OF_MEMORY when nothing can be had, EXISTS when there is a pool already. */
status secret_pool_open(size_t bytes);
/* Overwrites and unmaps everything: tests, and the very end. */
void secret_pool_close(void);
/* Whether the pages are out of other processes' reach (memfd_secret), not merely locked. */
bool secret_pool_is_secret(void);

/* `bytes` zeroed bytes aligned to 16 (of 0 bytes: a pointer that may be given back). NULL when the pool is exhausted or
 * not open. O(1). */
void *secret_pool_take(size_t bytes);
/* As realloc: NULL takes, 0 bytes gives back and returns NULL; what is new is zero, what was left is overwritten. NULL
 * when exhausted, and then `at` is as before. */
void *secret_pool_resize(void *at, size_t bytes);
/* Overwrites and frees; NULL is allowed. A pointer that is not one of the pool's, or was given back before, ends the
 * process. */
void secret_pool_give_back(void *at);
/* The same in the shape of base/secret.h's secret_memory. */
void secret_pool_give_back_sized(void *at, size_t bytes);
/* Whether `at` points into the pool (memory from before the pool was opened does not). */
bool secret_pool_holds(const void *at);

typedef struct secret_pool_figures {
    size_t pool_bytes;    /* mapped */
    size_t reached_bytes; /* ever handed out: about what is resident */
    size_t live_bytes;    /* in use now, as asked for */
    size_t live_count;
    size_t refused_count; /* takes that found the pool exhausted */
} secret_pool_figures;
secret_pool_figures secret_pool_count(void);

#endif
