/* The connection's memory pool: blocks never overlap, keep what they had, and nothing is left of the request before. */
#include "role/gateway/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TAIL_BLOCKS_MAX = 512, ROUNDS = 2000 };

struct MemoryPool;
void MHD_init_mem_pools_(void);
struct MemoryPool *MHD_pool_create(size_t told_bytes);
void MHD_pool_destroy(struct MemoryPool *pool);
void *MHD_pool_allocate(struct MemoryPool *pool, size_t size, bool from_end);
void *MHD_pool_try_alloc(struct MemoryPool *pool, size_t size, size_t *missing);
void *MHD_pool_reallocate(struct MemoryPool *pool, void *old, size_t old_size, size_t new_size);
size_t MHD_pool_get_free(struct MemoryPool *pool);
void *MHD_pool_reset(struct MemoryPool *pool, void *keep, size_t keep_bytes, size_t new_size);

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

static bool is_filled_with(const uint8_t *at, size_t bytes, uint8_t value) {
    for (size_t i = 0; i < bytes; i++)
        if (at[i] != value) return false;
    return true;
}

/* As the library works: a read buffer that grows, headers from the end, then shrinking, a write buffer, the next request.
 * The bytes the read buffer still has at the end. */
static size_t one_request(struct MemoryPool *pool, uint8_t *read_buffer, size_t read_bytes, uint32_t *seed) {
    uint8_t *tails[TAIL_BLOCKS_MAX];
    size_t tail_bytes[TAIL_BLOCKS_MAX], tails_count = next_random(seed) % TAIL_BLOCKS_MAX;
    memset(read_buffer, 1, read_bytes);
    for (size_t i = 0; i < tails_count; i++) {
        tail_bytes[i] = next_random(seed) % 300;
        tails[i] = MHD_pool_allocate(pool, tail_bytes[i], true);
        assert_non_null(tails[i]);
        assert_int_equal((uintptr_t)tails[i] % 16, 0);
        memset(tails[i], 2, tail_bytes[i]);
        size_t more = MHD_pool_get_free(pool) / 8;
        if (i % 40 != 0 || more == 0) continue;
        uint8_t *grown = MHD_pool_reallocate(pool, read_buffer, read_bytes, read_bytes + more);
        assert_ptr_equal(grown, read_buffer);
        memset(read_buffer + read_bytes, 1, more);
        read_bytes += more;
    }
    size_t used = next_random(seed) % (read_bytes + 1);
    assert_ptr_equal(MHD_pool_reallocate(pool, read_buffer, read_bytes, used), read_buffer);
    size_t room = MHD_pool_get_free(pool);
    uint8_t *write_buffer = MHD_pool_reallocate(pool, NULL, 0, room);
    assert_non_null(write_buffer);
    memset(write_buffer, 3, room);
    assert_true(is_filled_with(read_buffer, used, 1));
    for (size_t i = 0; i < tails_count; i++) assert_true(is_filled_with(tails[i], tail_bytes[i], 2));
    return used;
}

static void requests_follow_each_other(void **state) {
    uint32_t seed = 5;
    (void)state;
    MHD_init_mem_pools_();
    struct MemoryPool *pool = MHD_pool_create(pool_told_bytes());
    assert_non_null(pool);
    size_t read_bytes = MHD_pool_get_free(pool) / 2;
    uint8_t *read_buffer = MHD_pool_reallocate(pool, NULL, 0, read_bytes);
    for (int round = 0; round < ROUNDS; round++) {
        assert_non_null(read_buffer);
        size_t used = one_request(pool, read_buffer, read_bytes, &seed);
        size_t kept = used > 10 && round % 2 ? (used - 10) % read_bytes : 0;
        read_buffer = MHD_pool_reset(pool, read_buffer + 10, kept, read_bytes);
        assert_true(is_filled_with(read_buffer, kept, 1));
    }
    MHD_pool_destroy(pool);
}

static void nothing_is_left_of_the_last_request(void **state) {
    (void)state;
    for (int kind = 0; kind < 2; kind++) { /* reset, and the pool kept for the next connection */
        struct MemoryPool *pool = MHD_pool_create(pool_told_bytes());
        uint8_t *read_buffer = MHD_pool_reallocate(pool, NULL, 0, 16384);
        memset(read_buffer, 7, 16384);
        uint8_t *tail = MHD_pool_allocate(pool, 400, true);
        memset(tail, 7, 400);
        read_buffer = MHD_pool_reallocate(pool, read_buffer, 16384, 20480);
        memset(read_buffer, 7, 20480);
        assert_ptr_equal(MHD_pool_reallocate(pool, read_buffer, 20480, 5), read_buffer);
        if (kind == 0) MHD_pool_reset(pool, read_buffer, 5, 16384);
        if (kind == 1) MHD_pool_destroy(pool);
        if (kind == 1) assert_ptr_equal(MHD_pool_create(pool_told_bytes()), pool);
        assert_true(is_filled_with(read_buffer + 5, 20475, 0));
        assert_true(is_filled_with(tail, 400, 0));
        MHD_pool_destroy(pool);
    }
}

/* Two blank lines, a request of 300 bytes, 50 bytes of the next one: nothing else of the read buffer was written to. */
static void what_was_not_read_need_not_be_overwritten(void **state) {
    enum { BLANK = 4, REQUEST = 300, AHEAD = 50, READ = BLANK + REQUEST + AHEAD, ROOM = 16384 };
    (void)state;
    struct MemoryPool *pool = MHD_pool_create(pool_told_bytes());
    for (int kind = 0; kind < 4; kind++) {
        uint8_t *read_buffer = MHD_pool_reset(pool, NULL, 0, ROOM);
        memset(read_buffer, 7, READ);
        memset(read_buffer + READ, 9, ROOM - READ); /* in life zeros: shows what is overwritten */
        if (kind == 0) pool_request_read(read_buffer + BLANK, REQUEST);
        if (kind == 1) pool_request_read(&kind, REQUEST); /* that of another connection */
        if (kind == 2) pool_request_read(read_buffer + BLANK, SIZE_MAX);
        if (kind == 3) { /* the read buffer had to move */
            pool_request_read(read_buffer + BLANK, REQUEST);
            assert_non_null(MHD_pool_allocate(pool, 100, false));
            assert_ptr_not_equal(MHD_pool_reallocate(pool, read_buffer, ROOM, ROOM + 1), read_buffer);
        }
        assert_ptr_equal(MHD_pool_reset(pool, read_buffer + BLANK + REQUEST, AHEAD, ROOM), read_buffer);
        assert_true(is_filled_with(read_buffer, AHEAD, kind == 3 ? 0 : 7));
        assert_true(is_filled_with(read_buffer + AHEAD, READ - AHEAD, 0));
        assert_true(is_filled_with(read_buffer + READ, ROOM - READ, kind == 0 ? 9 : 0));
    }
    uint8_t *read_buffer =
        MHD_pool_reset(pool, NULL, 0, ROOM); /* it was told of one request, and is forgotten after it */
    pool_request_read(read_buffer, 10);
    MHD_pool_reset(pool, NULL, 0, ROOM);
    memset(read_buffer, 7, ROOM);
    MHD_pool_reset(pool, NULL, 0, ROOM);
    assert_true(is_filled_with(read_buffer, ROOM, 0));
    MHD_pool_destroy(pool);
}

static void sizes_without_room_are_refused(void **state) {
    size_t missing = 0;
    (void)state;
    struct MemoryPool *pool = MHD_pool_create(pool_told_bytes());
    uint8_t *block = MHD_pool_allocate(pool, 1000, false);
    assert_null(MHD_pool_allocate(pool, POOL_CONNECTION_BYTES, false));
    assert_null(MHD_pool_allocate(pool, SIZE_MAX, true));
    assert_null(MHD_pool_allocate(pool, SIZE_MAX - 8, false));
    assert_null(MHD_pool_reallocate(pool, block, 1000, SIZE_MAX));
    assert_null(MHD_pool_reallocate(pool, block, 1000, SIZE_MAX - 2000));
    assert_null(MHD_pool_reallocate(pool, block, 1000, POOL_CONNECTION_BYTES + 1));
    assert_null(MHD_pool_reallocate(pool, NULL, 0, POOL_CONNECTION_BYTES));
    assert_null(MHD_pool_try_alloc(pool, POOL_CONNECTION_BYTES - 500, &missing));
    assert_in_range(missing, 1, 1024);
    assert_null(MHD_pool_try_alloc(pool, SIZE_MAX - 3, &missing));
    assert_true(missing == SIZE_MAX);
    assert_ptr_equal(MHD_pool_reallocate(pool, block, 1000, POOL_CONNECTION_BYTES), block);
    assert_int_equal(MHD_pool_get_free(pool), 0);
    assert_null(MHD_pool_allocate(pool, 1, true));
    MHD_pool_destroy(pool);
}

/* A block that is not the last moves when it grows, and leaves nothing behind. */
static void blocks_in_the_middle_move(void **state) {
    (void)state;
    struct MemoryPool *pool = MHD_pool_create(pool_told_bytes());
    uint8_t *first = MHD_pool_allocate(pool, 100, false);
    uint8_t *second = MHD_pool_allocate(pool, 100, false);
    memset(first, 4, 100);
    memset(second, 5, 100);
    uint8_t *moved = MHD_pool_reallocate(pool, first, 100, 200);
    assert_non_null(moved);
    assert_ptr_not_equal(moved, first);
    assert_true(is_filled_with(moved, 100, 4));
    assert_true(is_filled_with(first, 100, 0));
    assert_true(is_filled_with(second, 100, 5));
    assert_ptr_equal(MHD_pool_reallocate(pool, second, 100, 50), second);
    MHD_pool_destroy(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_follow_each_other),
        cmocka_unit_test(nothing_is_left_of_the_last_request),
        cmocka_unit_test(what_was_not_read_need_not_be_overwritten),
        cmocka_unit_test(sizes_without_room_are_refused),
        cmocka_unit_test(blocks_in_the_middle_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
