/* Tests of facts about processes. */
#include "system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_ok(status s) {
    if (FAILED(s)) fail_msg("%s", status_name(s));
}

static void peers(void **unused) {
    (void)unused;
    int pair[2];
    process_peer peer = {.pid = -7};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    expect_ok(process_peer_of(pair[0], &peer));
    assert_int_equal(peer.pid, getpid());
    assert_int_equal(peer.user, geteuid());
    assert_int_equal(peer.group, getegid());
    close(pair[0]);
    close(pair[1]);
    assert_true(FAILED_WITH(process_peer_of(pair[0], &peer), IO));
}

static void memory(void **unused) {
    (void)unused;
    enum { BLOCK = 32 << 20 };
    int fd;
    uint64_t before, after;
    expect_ok(process_memory_open(&fd));
    expect_ok(process_memory(fd, &before));
    uint8_t *block = malloc(BLOCK);
    assert_non_null(block);
    memset(block, 1, BLOCK);
    expect_ok(process_memory(fd, &after));
    assert_true(block[BLOCK / 2] == 1 && after >= before + BLOCK / 2 && after < before + 4 * (uint64_t)BLOCK);
    free(block);
    close(fd);
    assert_true(FAILED_WITH(process_memory(fd, &after), IO));
}

static void descriptors(void **unused) {
    (void)unused;
    int copy;
    expect_ok(process_duplicate(0, &copy));
    assert_true(copy > 2 && (fcntl(copy, F_GETFD) & FD_CLOEXEC));
    close(copy);
    assert_true(FAILED_WITH(process_duplicate(copy, &copy), IO));
    struct rlimit limit;
    uint64_t raised = process_raise_descriptor_limit();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(limit.rlim_cur, raised);
    assert_int_equal(limit.rlim_cur, limit.rlim_max);
    assert_true(process_cpu_count() >= 1);
}

static void broken_pipes(void **unused) {
    (void)unused;
    int fds[2];
    process_ignore_broken_pipes();
    assert_int_equal(pipe(fds), 0);
    assert_false(process_is_terminal(fds[0]));
    close(fds[0]);
    assert_int_equal(write(fds[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(fds[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(peers), cmocka_unit_test(memory), cmocka_unit_test(descriptors),
                                       cmocka_unit_test(broken_pipes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
