/* Tests of listening sockets. */
#include "system/listen.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_ok(status s) {
    if (FAILED(s)) fail_msg("%s", status_name(s));
}

static void bad_addresses(void **unused) {
    (void)unused;
    static const char *const addresses[] = {
        "",
        ":",
        ":80",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1:8080x",
        "127.0.0.1:080808",
        "localhost:80",
        "127.0.0:80",
        "127.0.0.1.1:80",
        "::1:80",
        "[::1]",
        "[::1]80",
        "[::1:80",
        "::1]:80",
        "[127.0.0.1]:80",
        "[]:80",
        "[::1%lo]:80",
        "256.1.1.1:80",
        " 127.0.0.1:80",
        "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:1",
    };
    int fd = -7;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        if (!FAILED_WITH(listen_tcp(addresses[i], &fd), MALFORMED)) fail_msg("'%s' was taken", addresses[i]);
    assert_int_equal(fd, -7);
    assert_true(FAILED_WITH(listen_tcp("192.0.2.1:0", &fd), NOT_FOUND));
}

static void listening(void **unused) {
    (void)unused;
    int fd, second;
    uint16_t port;
    char address[40];
    expect_ok(listen_tcp("127.0.0.1:0", &fd));
    expect_ok(listen_port(fd, &port));
    assert_true(port > 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    assert_true(FAILED_WITH(listen_tcp(address, &second), EXISTS));

    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof to), 0);
    int accepted = accept(fd, NULL, NULL);
    assert_true(accepted >= 0);
    OWNED(arena) a = {0};
    slice peer;
    expect_ok(listen_peer_address(accepted, &a, &peer));
    assert_true(slice_equals_text(peer, "127.0.0.1"));
    assert_true(FAILED_WITH(listen_peer_address(fd, &a, &peer), IO));
    close(accepted);
    close(client);
    close(fd);
    expect_ok(listen_tcp(address, &fd)); /* at once again, although a connection lingers */
    close(fd);
}

static void sharing(void **unused) {
    (void)unused;
    int first, second;
    uint16_t port;
    char address[40];
    expect_ok(listen_tcp_shared("127.0.0.1:0", &first));
    expect_ok(listen_port(first, &port));
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    expect_ok(listen_tcp_shared(address, &second));
    close(first);
    close(second);
}

static void version_6(void **unused) {
    (void)unused;
    int fd;
    uint16_t port;
    status made = listen_tcp("[::1]:0", &fd);
    if (FAILED_WITH(made, NOT_FOUND)) skip(); /* no IPv6 on this machine */
    expect_ok(made);
    expect_ok(listen_port(fd, &port));
    assert_true(port > 0);
    close(fd);
}

static void loopback(void **unused) {
    (void)unused;
    assert_true(listen_is_loopback("127.0.0.1:80"));
    assert_true(listen_is_loopback("127.9.9.9:80"));
    assert_true(listen_is_loopback("[::1]:80"));
    static const char *const others[] = {"0.0.0.0:80",   "[::]:80", "10.0.0.1:80", "[::ffff:127.0.0.1]:80",
                                         "localhost:80", ""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) assert_false(listen_is_loopback(others[i]));
    int pair[2];
    uint16_t port;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_true(FAILED_WITH(listen_port(pair[0], &port), IO));
    close(pair[0]);
    close(pair[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_addresses), cmocka_unit_test(listening), cmocka_unit_test(sharing),
        cmocka_unit_test(version_6),     cmocka_unit_test(loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
