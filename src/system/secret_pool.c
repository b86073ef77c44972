/* Blocks of fixed classes (four to a doubling), cut off the pool's fresh end and kept in a list per class once given
 * back. Invariant: every byte of the pool outside live blocks' asked-for bytes is zero, but for headers and list links.
 */
#include "system/secret_pool.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    HEADER_BYTES = 16,
    SMALL_STEP = 16,
    SMALL_CLASSES = 16, /* 16, 32, … 256 bytes */
    SMALL_MAX = SMALL_STEP * SMALL_CLASSES,
    STEPS_PER_DOUBLING = 4,
    CLASSES = 128,
};

static const uint32_t live_mark = 0x4b657921, free_mark = 0x46726565;

typedef struct block {
    uint32_t mark;
    uint32_t class;
    uint64_t bytes;          /* asked for; 0 when free */
    struct block *next_free; /* lies in the first bytes of what the user gets */
} block;
_Static_assert(offsetof(block, next_free) == HEADER_BYTES, "the user's bytes follow the header");

static struct {
    uint8_t *at;
    size_t bytes;
    size_t fresh; /* offset of what was never handed out */
    bool secret;
    block *free[CLASSES];
    uint64_t filled[CLASSES / 64]; /* bit set: free[class] is not empty */
    secret_pool_figures figures;
} pool;

/* -- classes */

static uint32_t class_of(size_t bytes) {
    if (bytes <= SMALL_MAX) return bytes ? (uint32_t)((bytes - 1) / SMALL_STEP) : 0;
    unsigned top = 63 - (unsigned)__builtin_clzll(bytes - 1); /* 2^top < bytes <= 2^(top+1), top >= 8 */
    unsigned step = (unsigned)((bytes - 1) >> (top - 2)) & 3;
    return SMALL_CLASSES + (top - 8) * STEPS_PER_DOUBLING + step;
}

/* The most bytes a block of the class holds. */
static size_t class_bytes(uint32_t class) {
    if (class < SMALL_CLASSES) return ((size_t) class + 1) * SMALL_STEP;
    unsigned above = class - SMALL_CLASSES, top = 8 + above / STEPS_PER_DOUBLING, step = above % STEPS_PER_DOUBLING;
    return ((size_t)1 << top) + (((size_t)step + 1) << (top - 2));
}

/* The first class at or above the wanted one, at most double its size, that has a free block; CLASSES when none has. */
static uint32_t find_filled(uint32_t wanted) {
    uint32_t end = wanted < SMALL_CLASSES / 2 ? wanted * 2 + 2 : wanted + STEPS_PER_DOUBLING + 1;
    for (uint32_t class = wanted; class < end && class < CLASSES; class ++)
        if (pool.filled[class / 64] >> (class % 64) & 1) return class;
    return CLASSES;
}

/* -- mapping */

static void raise_lock_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_MEMLOCK, &limit);
}

static bool map_secret(size_t bytes) {
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC); /* the manual says FD_CLOEXEC; the kernel takes this */
    if (fd < 0) return false;
    void *at = MAP_FAILED;
    if (ftruncate(fd, (off_t)bytes) == 0) at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED) return false;
    madvise(at, bytes, MADV_DONTFORK); /* a forked child must not see them; core dumps never do */
    pool.at = at;
    pool.secret = true;
    return true;
}

static bool map_locked(size_t bytes) {
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return false;
    if (mlock2(at, bytes, MLOCK_ONFAULT) != 0 || madvise(at, bytes, MADV_DONTDUMP) != 0 ||
        madvise(at, bytes, MADV_WIPEONFORK) != 0) {
        munmap(at, bytes);
        return false;
    }
    pool.at = at;
    pool.secret = false;
    return true;
}

static bool map_some(bool (*map)(size_t), size_t wanted) {
    for (size_t bytes = wanted; bytes >= SECRET_POOL_LEAST_BYTES; bytes /= 2)
        if (map(bytes)) {
            pool.bytes = bytes;
            return true;
        }
    return false;
}

status secret_pool_open(size_t bytes) {
    ENSURE(pool.at == NULL, EXISTS);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t wanted = bytes ? bytes : SECRET_POOL_DEFAULT_BYTES;
    if (wanted < SECRET_POOL_LEAST_BYTES) wanted = SECRET_POOL_LEAST_BYTES;
    ENSURE(wanted <= UINT32_MAX, OUT_OF_MEMORY);
    wanted = (wanted + page - 1) & ~(page - 1);
    raise_lock_limit();
    ENSURE(map_some(map_secret, wanted) || map_some(map_locked, wanted), OUT_OF_MEMORY);
    pool.figures.pool_bytes = pool.bytes;
    return OK;
}

void secret_pool_close(void) {
    if (!pool.at) return;
    explicit_bzero(pool.at, pool.fresh);
    munmap(pool.at, pool.bytes);
    memset(&pool, 0, sizeof pool);
}

bool secret_pool_is_secret(void) { return pool.at && pool.secret; }

bool secret_pool_holds(const void *at) {
    uintptr_t address = (uintptr_t)at, start = (uintptr_t)pool.at;
    return pool.at && address >= start && address - start < pool.bytes;
}

secret_pool_figures secret_pool_count(void) { return pool.figures; }

/* -- blocks */

static block *take_free(uint32_t class) {
    block *b = pool.free[class];
    if (b->mark != free_mark || b->class != class) abort(); /* written to after it was given back */
    pool.free[class] = b->next_free;
    if (!b->next_free) pool.filled[class / 64] &= ~(1ULL << (class % 64));
    b->next_free = NULL;
    return b;
}

static block *take_fresh(uint32_t class) {
    size_t whole = HEADER_BYTES + class_bytes(class);
    if (pool.bytes - pool.fresh < whole) return NULL;
    block *b = (block *)(void *)(pool.at + pool.fresh);
    pool.fresh += whole;
    pool.figures.reached_bytes = pool.fresh;
    b->class = class;
    return b;
}

void *secret_pool_take(size_t bytes) {
    block *b = NULL;
    if (pool.at && bytes <= pool.bytes) {
        uint32_t class = class_of(bytes);
        if (pool.free[class]) b = take_free(class);
        else b = take_fresh(class);
        if (!b && (class = find_filled(class)) < CLASSES) b = take_free(class);
    }
    if (!b) {
        pool.figures.refused_count++;
        return NULL;
    }
    b->mark = live_mark;
    b->bytes = bytes;
    pool.figures.live_bytes += bytes;
    pool.figures.live_count++;
    return (uint8_t *)b + HEADER_BYTES;
}

static block *block_of(void *at) {
    block *b = (block *)(void *)((uint8_t *)at - HEADER_BYTES);
    if (!secret_pool_holds(at) || (uintptr_t)at % HEADER_BYTES != 0 || !secret_pool_holds(b) || b->mark != live_mark)
        abort();
    return b;
}

void secret_pool_give_back(void *at) {
    if (!at) return;
    block *b = block_of(at);
    pool.figures.live_bytes -= b->bytes;
    pool.figures.live_count--;
    explicit_bzero(at, b->bytes);
    b->bytes = 0;
    b->mark = free_mark;
    b->next_free = pool.free[b->class];
    pool.free[b->class] = b;
    pool.filled[b->class / 64] |= 1ULL << (b->class % 64);
}

void secret_pool_give_back_sized(void *at, size_t bytes) {
    (void)bytes; /* the header knows */
    secret_pool_give_back(at);
}

void *secret_pool_resize(void *at, size_t bytes) {
    if (!at) return secret_pool_take(bytes);
    if (bytes == 0) {
        secret_pool_give_back(at);
        return NULL;
    }
    block *b = block_of(at);
    if (bytes <= class_bytes(b->class)) {
        if (bytes < b->bytes) explicit_bzero((uint8_t *)at + bytes, b->bytes - bytes);
        pool.figures.live_bytes += bytes - b->bytes;
        b->bytes = bytes;
        return at;
    }
    void *larger = secret_pool_take(bytes);
    if (!larger) return NULL;
    memcpy(larger, at, b->bytes);
    secret_pool_give_back(at);
    return larger;
}
