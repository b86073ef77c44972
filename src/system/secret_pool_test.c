/* Tests of the secret pool: out of reach of others, all zero when free, and honest when exhausted. */
#include "system/secret_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_ok(status s) {
    if (FAILED(s)) fail_msg("%s", status_name(s));
}

static int end_of(pid_t pid) {
    int how;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    return WIFSIGNALED(how) ? -WTERMSIG(how) : WEXITSTATUS(how);
}

static int open_pool(void **unused) {
    (void)unused;
    return FAILED(secret_pool_open(4 << 20)) ? -1 : 0;
}

static int close_pool(void **unused) {
    (void)unused;
    secret_pool_close();
    return 0;
}

static bool is_zero(const uint8_t *at, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        if (at[i]) return false;
    return true;
}

/* Not through /proc/self/mem, and not from another process: this test runs as root in most places. */
static void nobody_else_can_read_it(void **unused) {
    (void)unused;
    if (!secret_pool_is_secret()) skip();
    char *key = secret_pool_take(32);
    static char ordinary[32] = "readable";
    assert_non_null(key);
    memcpy(key, "the key bytes that nobody reads", 32);
    int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char copy[32];
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, copy, sizeof copy, (off_t)(uintptr_t)ordinary), 32);
    assert_int_equal(pread(fd, copy, sizeof copy, (off_t)(uintptr_t)key), -1);
    close(fd);
    pid_t pid = fork();
    if (pid == 0) {
        struct iovec to = {copy, sizeof copy}, from = {key, sizeof copy}, plain = {ordinary, sizeof copy};
        if (process_vm_readv(getppid(), &to, 1, &plain, 1, 0) != 32) _exit(2);
        _exit(process_vm_readv(getppid(), &to, 1, &from, 1, 0) < 0 ? 0 : 1);
    }
    int end = end_of(pid);
    assert_true(end == 0 || (end == 2 && geteuid() != 0));
    pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        _exit(key[0] == 't'); /* not even a child has the pages */
    }
    assert_int_equal(end_of(pid), -SIGSEGV);
    secret_pool_give_back(key);
}

static void all_sizes(void **unused) {
    (void)unused;
    secret_pool_figures before = secret_pool_count();
    for (size_t bytes = 0; bytes < 5000; bytes++) {
        uint8_t *at = secret_pool_take(bytes);
        assert_non_null(at);
        assert_int_equal((uintptr_t)at % 16, 0);
        assert_true(secret_pool_holds(at));
        assert_true(is_zero(at, bytes));
        memset(at, 0xff, bytes);
        secret_pool_give_back(at);
    }
    uint8_t *large = secret_pool_take(1 << 20);
    assert_non_null(large);
    memset(large, 0xff, 1 << 20);
    secret_pool_give_back_sized(large, 1 << 20);
    secret_pool_figures after = secret_pool_count();
    assert_int_equal(after.live_count, before.live_count);
    assert_int_equal(after.live_bytes, before.live_bytes);
    assert_false(secret_pool_holds(&before));
    secret_pool_give_back(NULL);
}

static void given_back_means_overwritten(void **unused) {
    (void)unused;
    uint8_t *at = secret_pool_take(1000);
    memset(at, 0xaa, 1000);
    secret_pool_give_back(at);
    assert_true(is_zero(at + sizeof(void *), 1000 - sizeof(void *))); /* the first bytes link the free list */
}

static void resizing(void **unused) {
    (void)unused;
    uint8_t *at = secret_pool_resize(NULL, 20);
    memset(at, 1, 20);
    uint8_t *same = secret_pool_resize(at, 32);
    assert_ptr_equal(same, at);
    assert_true(is_zero(at + 20, 12));
    memset(at, 1, 32);
    assert_ptr_equal(secret_pool_resize(at, 8), at);
    assert_ptr_equal(secret_pool_resize(at, 32), at);
    assert_true(is_zero(at + 8, 24));
    memset(at, 1, 32);
    uint8_t *larger = secret_pool_resize(at, 100000);
    assert_ptr_not_equal(larger, at);
    assert_true(is_zero(larger + 32, 100000 - 32));
    assert_int_equal(larger[31], 1);
    assert_true(is_zero(at + sizeof(void *), 32 - sizeof(void *)));
    assert_null(secret_pool_resize(larger, (size_t)1 << 40));
    assert_int_equal(larger[31], 1);
    assert_null(secret_pool_resize(larger, 0));
}

/* Random takes, resizes and returns: what is live keeps its bytes, what comes is zero. */
static void churn(void **unused) {
    (void)unused;
    enum { SLOTS = 300, ROUNDS = 200000 };
    static uint8_t *slots[SLOTS];
    static size_t sizes[SLOTS];
    uint32_t seed = 12345;
    for (int round = 0; round < ROUNDS; round++) {
        seed = seed * 1664525u + 1013904223u;
        size_t slot = (seed >> 8) % SLOTS, bytes = (size_t)1 + (seed >> 12) % ((size_t)1 << (4 + (seed >> 28) % 9));
        if (slots[slot]) {
            for (size_t i = 0; i < sizes[slot]; i++)
                if (slots[slot][i] != (uint8_t)slot) fail_msg("byte %zu of slot %zu was changed", i, slot);
            secret_pool_give_back(slots[slot]);
            slots[slot] = NULL;
        } else {
            slots[slot] = secret_pool_take(bytes);
            assert_non_null(slots[slot]);
            assert_true(is_zero(slots[slot], bytes));
            memset(slots[slot], (int)slot, bytes);
            sizes[slot] = bytes;
        }
    }
    for (size_t slot = 0; slot < SLOTS; slot++) {
        secret_pool_give_back(slots[slot]);
        slots[slot] = NULL;
    }
    assert_int_equal(secret_pool_count().live_count, 0);
}

static void exhaustion(void **unused) {
    (void)unused;
    enum { BLOCK = 4096 };
    static void *blocks[2048];
    size_t count = 0;
    assert_null(secret_pool_take(SIZE_MAX));
    assert_null(secret_pool_take(secret_pool_count().pool_bytes));
    while (count < 2048 && (blocks[count] = secret_pool_take(BLOCK)) != NULL) count++;
    assert_true(count > 500 && count < 2048);
    assert_true(secret_pool_count().refused_count >= 3);
    secret_pool_give_back(blocks[--count]);
    void *smaller = secret_pool_take(3000); /* out of a free block of a larger class */
    assert_non_null(smaller);
    assert_null(secret_pool_take(BLOCK));
    secret_pool_give_back(smaller);
    while (count > 0) secret_pool_give_back(blocks[--count]);
}

static void give_back_twice(void) {
    void *at = secret_pool_take(10);
    secret_pool_give_back(at);
    secret_pool_give_back(at);
}

static void give_back_foreign(void) { secret_pool_give_back(malloc(100)); }

static void give_back_inside(void) { secret_pool_give_back((uint8_t *)secret_pool_take(100) + 16); }

/* In a process of its own pool, as the pages do not survive fork. */
static int end_of_misuse(void (*misuse)(void)) {
    pid_t pid = fork();
    if (pid > 0) return end_of(pid);
    signal(SIGABRT, SIG_DFL);
    if (!FAILED(secret_pool_open(0))) misuse();
    _exit(0);
}

static void misuse_ends_the_process(void **unused) {
    (void)unused;
    secret_pool_close();
    assert_int_equal(end_of_misuse(give_back_twice), -SIGABRT);
    assert_int_equal(end_of_misuse(give_back_foreign), -SIGABRT);
    assert_int_equal(end_of_misuse(give_back_inside), -SIGABRT);
    expect_ok(secret_pool_open(4 << 20));
}

static void opening(void **unused) {
    (void)unused;
    assert_true(FAILED_WITH(secret_pool_open(0), EXISTS));
    secret_pool_close();
    assert_null(secret_pool_take(1));
    assert_false(secret_pool_is_secret());
    expect_ok(secret_pool_open(0));
    assert_int_equal(secret_pool_count().pool_bytes, SECRET_POOL_DEFAULT_BYTES);
    secret_pool_close();
    expect_ok(secret_pool_open(1));
    assert_int_equal(secret_pool_count().pool_bytes, SECRET_POOL_LEAST_BYTES);
}

static int use_small_limit(void) {
    struct rlimit limit = {1 << 20, 5 << 20};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 1;
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 2; /* root is not bound by it */
    if (FAILED(secret_pool_open(16 << 20)) || secret_pool_count().pool_bytes != 4 << 20) return 3;
    void *at = secret_pool_take(3 << 20);
    if (!at) return 4;
    memset(at, 1, 3 << 20);
    return 0;
}

static int use_without_secret_memory(void) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(memfd_secret), 0) != 0) return 1;
    if (seccomp_load(filter) != 0) return 2;
    seccomp_release(filter);
    if (FAILED(secret_pool_open(0)) || secret_pool_is_secret()) return 3;
    char *key = secret_pool_take(32);
    if (!key) return 4;
    memset(key, 'k', 32);
    pid_t pid = fork();
    if (pid == 0) _exit(key[0]); /* wiped in the child */
    int how;
    return waitpid(pid, &how, 0) == pid && WIFEXITED(how) && WEXITSTATUS(how) == 0 && key[0] == 'k' ? 0 : 5;
}

static int end_in_child(int (*use)(void)) {
    pid_t pid = fork();
    if (pid == 0) _exit(use());
    return end_of(pid);
}

static void smaller_and_lesser_pools(void **unused) {
    (void)unused;
    secret_pool_close();
    assert_int_equal(end_in_child(use_small_limit), 0);
    assert_int_equal(end_in_child(use_without_secret_memory), 0);
    expect_ok(secret_pool_open(4 << 20));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_else_can_read_it),
        cmocka_unit_test(all_sizes),
        cmocka_unit_test(given_back_means_overwritten),
        cmocka_unit_test(resizing),
        cmocka_unit_test(churn),
        cmocka_unit_test(misuse_ends_the_process),
        cmocka_unit_test(exhaustion),
        cmocka_unit_test(opening),
        cmocka_unit_test(smaller_and_lesser_pools),
    };
    return cmocka_run_group_tests(tests, open_pool, close_pool);
}
