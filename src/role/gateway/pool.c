/* The memory pool of a connection, in the place of the one inside libmicrohttpd 0.9.75 (linked as an archive, whose own is then
 * left out). A request line may have 256 KiB, so a connection's memory must be large; libmicrohttpd's pool overwrites all
 * of it after every request, which costs several times as much as serving the request and keeps all of it resident. This one overwrites what
 * was used.
 *
 * A pool is one run of bytes. Blocks are laid from the front (the read buffer, then the write buffer: only the last can grow in
 * place) and from the end (parsed headers), until they meet:
 *
 *   0 … front          handed out from the front
 *   0 … touched_front  what a read buffer may have been filled up to since the last reset
 *   front … back       free
 *   back … size        handed out from the end; touched_back is the lowest back since the last reset
 *
 * The functions have the names and the contracts that libmicrohttpd expects of them. One thread. */
#include "role/gateway/pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGNMENT = 16,
    TOLD_BYTES =
        256 << 10, /* what a connection is told it has; its read buffer is half of that: bodies come in few pieces */
    MODEST_BYTES = 64 << 10, /* a pool that used more gives its memory back instead of keeping it */
    KEPT_POOLS_MAX = 64,
};

struct MemoryPool {
    struct MemoryPool *next; /* kept ones */
    uint8_t *bytes;
    size_t front, back;
    size_t touched_front, touched_back;
    bool has_moved; /* the read buffer: it was not in one place only */
};

static struct {
    struct MemoryPool *first;
    size_t count;
} kept;

/* What is known of the request that ended last. */
static struct {
    const uint8_t *head_at; /* NULL: nothing */
    size_t bytes;
} ended;

void MHD_init_mem_pools_(void);
struct MemoryPool *MHD_pool_create(size_t told_bytes);
void MHD_pool_destroy(struct MemoryPool *pool);
void *MHD_pool_allocate(struct MemoryPool *pool, size_t size, bool from_end);
void *MHD_pool_try_alloc(struct MemoryPool *pool, size_t size, size_t *missing);
void *MHD_pool_reallocate(struct MemoryPool *pool, void *old, size_t old_size, size_t new_size);
size_t MHD_pool_get_free(struct MemoryPool *pool);
void *MHD_pool_reset(struct MemoryPool *pool, void *keep, size_t keep_bytes, size_t new_size);

size_t pool_told_bytes(void) { return TOLD_BYTES; }

static size_t aligned(size_t size) { return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1); }

static size_t room(const struct MemoryPool *pool) { return pool->back - pool->front; }

/* Sizes come from parsed input: nothing is added to one before it is known to fit. */
static bool fits(const struct MemoryPool *pool, size_t size) {
    return size <= POOL_CONNECTION_BYTES && aligned(size) <= room(pool);
}

static void touch(struct MemoryPool *pool, size_t front) {
    if (front > pool->touched_front) pool->touched_front = front;
}

static void forget(struct MemoryPool *pool) {
    pool->front = pool->touched_front = 0;
    pool->back = pool->touched_back = POOL_CONNECTION_BYTES;
    pool->has_moved = false;
}

/* Overwrites what was used, but for the first `keep_bytes`. */
static void wipe(struct MemoryPool *pool, size_t keep_bytes) {
    if (pool->touched_front > keep_bytes) explicit_bzero(pool->bytes + keep_bytes, pool->touched_front - keep_bytes);
    explicit_bzero(pool->bytes + pool->touched_back, POOL_CONNECTION_BYTES - pool->touched_back);
}

void MHD_init_mem_pools_(void) {}

struct MemoryPool *MHD_pool_create(size_t told_bytes) {
    struct MemoryPool *pool = kept.first;
    (void)told_bytes;
    if (pool) {
        kept.first = pool->next;
        kept.count--;
        return pool;
    }
    pool = calloc(1, sizeof *pool);
    if (pool) pool->bytes = malloc(POOL_CONNECTION_BYTES);
    if (pool && pool->bytes) {
        forget(pool);
        return pool;
    }
    free(pool);
    return NULL;
}

void MHD_pool_destroy(struct MemoryPool *pool) {
    if (pool == NULL) return;
    bool is_modest = pool->touched_front <= MODEST_BYTES;
    wipe(pool, 0);
    if (is_modest && kept.count < KEPT_POOLS_MAX) {
        forget(pool);
        pool->next = kept.first;
        kept.first = pool;
        kept.count++;
        return;
    }
    free(pool->bytes);
    free(pool);
}

/* The library grows buffers by an eighth of this: small steps at first, large ones for what turns out to be large. */
size_t MHD_pool_get_free(struct MemoryPool *pool) {
    size_t free_bytes = room(pool);
    return pool->front <= TOLD_BYTES && free_bytes > TOLD_BYTES ? TOLD_BYTES : free_bytes;
}

static uint8_t *take_from_end(struct MemoryPool *pool, size_t size) {
    pool->back -= aligned(size);
    if (pool->back < pool->touched_back) pool->touched_back = pool->back;
    return pool->bytes + pool->back;
}

void *MHD_pool_allocate(struct MemoryPool *pool, size_t size, bool from_end) {
    if (!fits(pool, size)) return NULL;
    if (from_end) return take_from_end(pool, size);
    uint8_t *block = pool->bytes + pool->front;
    pool->front += aligned(size);
    touch(pool, pool->front);
    return block;
}

/* From the end; *missing says how much would have to be freed first, SIZE_MAX when that would not help. */
void *MHD_pool_try_alloc(struct MemoryPool *pool, size_t size, size_t *missing) {
    if (fits(pool, size)) return take_from_end(pool, size);
    bool can_ever_fit = size <= POOL_CONNECTION_BYTES && aligned(size) <= pool->back;
    *missing = can_ever_fit ? aligned(size) - room(pool) : SIZE_MAX;
    return NULL;
}

static void *block_move(struct MemoryPool *pool, uint8_t *old, size_t old_size, size_t new_size) {
    bool is_read_buffer = pool->front == 0 || old_size > 0;
    if (!fits(pool, new_size)) return NULL;
    uint8_t *block = pool->bytes + pool->front;
    pool->front += aligned(new_size);
    if (is_read_buffer) touch(pool, pool->front); /* a write buffer holds heads of answers: nothing to hide */
    if (old_size == 0) return block;
    memcpy(block, old, old_size);
    explicit_bzero(old, old_size);
    pool->has_moved = true;
    return block;
}

/* What a block had is kept; blocks that are not the last one move when they grow. NULL, and nothing changed, without room. */
void *MHD_pool_reallocate(struct MemoryPool *pool, void *old, size_t old_size, size_t new_size) {
    uint8_t *block = old;
    if (block == NULL) return block_move(pool, NULL, 0, new_size);
    size_t offset = (size_t)(block - pool->bytes);
    bool is_last = aligned(offset + old_size) == pool->front;
    if (new_size <= old_size) {
        if (is_last) pool->front = aligned(offset + new_size);
        return block;
    }
    if (!is_last) return block_move(pool, block, old_size, new_size);
    if (new_size > pool->back - offset || aligned(offset + new_size) > pool->back) return NULL;
    pool->front = aligned(offset + new_size);
    touch(pool, pool->front);
    return block;
}

void pool_request_read(const void *head_at, size_t bytes) {
    ended.head_at = head_at;
    ended.bytes = bytes;
}

/* All that was received lies in one piece from the pool's first byte on: empty lines, head, body, what was read ahead. Most of a
 * read buffer is never written to. */
static void touched_front_narrow(struct MemoryPool *pool, size_t read_ahead) {
    uintptr_t first = (uintptr_t)pool->bytes, at = (uintptr_t)ended.head_at;
    bool is_here = at >= first && at - first < POOL_CONNECTION_BYTES;
    ended.head_at = NULL;
    if (!is_here || pool->has_moved || ended.bytes > POOL_CONNECTION_BYTES) return;
    size_t filled = (size_t)(at - first) + ended.bytes + read_ahead;
    if (filled < pool->touched_front) pool->touched_front = filled;
}

/* The next request: a block of `new_size` at the very front, whose first bytes are those kept (a pipelined request). */
void *MHD_pool_reset(struct MemoryPool *pool, void *keep, size_t keep_bytes, size_t new_size) {
    touched_front_narrow(pool, keep_bytes);
    if (keep && keep_bytes) memmove(pool->bytes, keep, keep_bytes);
    wipe(pool, keep_bytes);
    forget(pool);
    pool->front = aligned(new_size);
    touch(pool, pool->front);
    return pool->bytes;
}
