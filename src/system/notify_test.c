/* Tests of messages to the service manager, with a socket of our own in its place. */
#include "system/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_ok(status s) {
    if (FAILED(s)) fail_msg("%s", status_name(s));
}

static int manager(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    memcpy(address.sun_path, name, len);
    if (name[0] == '@') address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void expect_message(int fd, const char *text) {
    char got[400];
    ssize_t len = recv(fd, got, sizeof got - 1, 0);
    assert_true(len >= 0);
    got[len] = 0;
    assert_string_equal(got, text);
}

static void nobody_listens(void **unused) {
    (void)unused;
    OWNED(notify) n = {0};
    expect_ok(notify_ready(&n));
    unsetenv("NOTIFY_SOCKET");
    expect_ok(notify_open(&n));
    expect_ok(notify_ready(&n));
    expect_ok(notify_status(&n, "fine"));
    assert_int_equal(n.watchdog_ms, 0);
}

static void messages(const char *name) {
    OWNED(notify) n = {0};
    int fd = manager(name);
    char own_pid[20];
    snprintf(own_pid, sizeof own_pid, "%d", (int)getpid());
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", own_pid, 1);
    expect_ok(notify_open(&n));
    assert_int_equal(n.watchdog_ms, 15000);
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    expect_ok(notify_ready(&n));
    expect_message(fd, "READY=1\n");
    expect_ok(notify_alive(&n));
    expect_message(fd, "WATCHDOG=1\n");
    expect_ok(notify_stopping(&n));
    expect_message(fd, "STOPPING=1\n");
    expect_ok(notify_status(&n, "two\nREADY=1"));
    expect_message(fd, "STATUS=two READY=1");
    char endless[500], cut[300];
    memset(endless, 'x', sizeof endless);
    endless[499] = 0;
    snprintf(cut, sizeof cut, "STATUS=%.200s", endless);
    expect_ok(notify_status(&n, endless));
    expect_message(fd, cut);
    expect_ok(notify_reloading(&n));
    char got[100];
    assert_true(recv(fd, got, sizeof got, 0) > 10);
    assert_memory_equal(got, "RELOADING=1\nMONOTONIC_USEC=", 27);
    close(fd);
    assert_true(FAILED_WITH(notify_ready(&n), IO));
}

static void by_path(void **unused) {
    (void)unused;
    char path[64];
    snprintf(path, sizeof path, "/tmp/keyhold-notify-%d", (int)getpid());
    messages(path);
    unlink(path);
}

static void by_abstract_name(void **unused) {
    (void)unused;
    char name[64];
    snprintf(name, sizeof name, "@keyhold-notify-%d", (int)getpid());
    messages(name);
}

static void bad_addresses(void **unused) {
    (void)unused;
    char endless[300];
    notify n;
    memset(endless, '/', sizeof endless);
    endless[299] = 0;
    static const char *const names[] = {"relative", "/", "@", "vsock:2:1"};
    for (size_t i = 0; i < 4; i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        assert_true(FAILED_WITH(notify_open(&n), MALFORMED));
    }
    setenv("NOTIFY_SOCKET", endless, 1);
    assert_true(FAILED_WITH(notify_open(&n), MALFORMED));
    setenv("NOTIFY_SOCKET", "/nowhere/socket", 1);
    assert_true(FAILED_WITH(notify_open(&n), IO));
}

static void watchdogs_of_others(void **unused) {
    (void)unused;
    OWNED(notify) n = {0};
    int fd = manager("@keyhold-notify-other");
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    expect_ok(notify_open(&n));
    assert_int_equal(n.watchdog_ms, 0);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_listens),      cmocka_unit_test(by_path),
        cmocka_unit_test(by_abstract_name),    cmocka_unit_test(bad_addresses),
        cmocka_unit_test(watchdogs_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
