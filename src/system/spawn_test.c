/* Tests of starting programs: this test starts itself and looks around in the child. */
#include "system/spawn.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *own_path;
extern char **environ;

static void expect_ok(status s) {
    if (FAILED(s)) fail_msg("%s", status_name(s));
}

static status start(const char *what, const int *descriptors, size_t count, spawn_child *out) {
    const char *const arguments[] = {own_path, what, NULL}, *const environment[] = {"ONLY=this", NULL};
    spawn_plan plan = {own_path, arguments, environment, descriptors, count};
    return spawn_start(&plan, out);
}

static void expect_end(const char *what, const int *descriptors, size_t count, int code) {
    spawn_child child;
    spawn_end end;
    expect_ok(start(what, descriptors, count, &child));
    expect_ok(spawn_wait(&child, 10000, &end));
    assert_int_equal(end.signal, 0);
    assert_int_equal(end.exit_code, code);
    assert_int_equal(child.pidfd, -1);
}

/* -- in the child */

static int child_looks_around(void) {
    char bytes[8];
    sigset_t mask;
    int death_signal = 0;
    for (int fd = 3; fd <= 5; fd++)
        if (pread(fd, bytes, 1, 0) != 1 || bytes[0] != '0' + fd) return 10 + fd;
    for (int fd = 6; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0) return 20;
    if (read(0, bytes, 1) != 0) return 30; /* /dev/null */
    if (!environ[0] || strcmp(environ[0], "ONLY=this") != 0 || environ[1]) return 31;
    if (prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0) != 0 || death_signal != SIGKILL) return 32;
    if (sigprocmask(SIG_SETMASK, NULL, &mask) != 0 || sigismember(&mask, SIGUSR1)) return 33;
    struct sigaction pipe_action;
    if (sigaction(SIGPIPE, NULL, &pipe_action) != 0 || pipe_action.sa_handler != SIG_DFL) return 34;
    return 42;
}

static int child_is_another(void) {
    gid_t groups[4];
    int death_signal = 0;
    if (getuid() != 71002 || geteuid() != 71002 || getgid() != 71003 || getgroups(4, groups) != 0) return 10;
    if (setuid(0) == 0) return 11;
    if (prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0) != 0 || death_signal != SIGKILL) return 12;
    return 42;
}

static int child_main(const char *what) {
    if (strcmp(what, "another") == 0) return child_is_another();
    if (strcmp(what, "look") == 0) return child_looks_around();
    if (strcmp(what, "sleep") == 0) return (int)sleep(60);
    if (strcmp(what, "many") == 0)
        return fcntl(3 + SPAWN_DESCRIPTORS_MAX - 1, F_GETFD) >= 0 && fcntl(67, F_GETFD) < 0 ? 7 : 8;
    if (strcmp(what, "starter") != 0) return 99;
    spawn_child grandchild; /* its number goes to descriptor 3; it must end with us */
    if (FAILED(start("sleep", NULL, 0, &grandchild))) return 98;
    return write(3, &grandchild.pid, sizeof grandchild.pid) == (ssize_t)sizeof grandchild.pid ? 5 : 97;
}

/* -- tests */

static int file_with(char byte) {
    int fd = memfd_create("x", MFD_CLOEXEC);
    assert_int_equal(write(fd, &byte, 1), 1);
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 200); /* out of the way of the numbers the tests use */
    close(fd);
    return high;
}

static void a_clean_start(void **unused) {
    (void)unused;
    int files[3] = {file_with('5'), file_with('3'), file_with('4')};
    int given[3] = {files[1], files[2], files[0]}, left_open = dup2(files[0], 900);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGPIPE, SIG_IGN);
    expect_end("look", given, 3, 42);
    for (int i = 0; i < 3; i++) assert_true(fcntl(given[i], F_GETFD) >= 0); /* still ours */
    /* Placing one would overwrite the next if they were not moved away first. */
    assert_int_equal(dup2(files[0], 3), 3);
    assert_int_equal(dup2(files[1], 4), 4);
    assert_int_equal(dup2(files[2], 5), 5);
    int rotated[3] = {4, 5, 3};
    expect_end("look", rotated, 3, 42);
    for (int fd = 3; fd <= 5; fd++) close(fd);
    close(left_open);
    for (int i = 0; i < 3; i++) close(files[i]);
    signal(SIGPIPE, SIG_DFL);
}

static void limits(void **unused) {
    (void)unused;
    int many[SPAWN_DESCRIPTORS_MAX + 1];
    for (int i = 0; i <= SPAWN_DESCRIPTORS_MAX; i++) many[i] = 2;
    expect_end("many", many, SPAWN_DESCRIPTORS_MAX, 7);
    spawn_child child;
    assert_true(FAILED_WITH(start("many", many, SPAWN_DESCRIPTORS_MAX + 1, &child), TOO_LARGE));
    int closed[] = {1023};
    assert_true(FAILED_WITH(start("look", closed, 1, &child), IO));
}

static void programs_that_are_not_there(void **unused) {
    (void)unused;
    const char *const arguments[] = {"x", NULL};
    spawn_plan plan = {.path = "/nowhere/keyhold-vault", .arguments = arguments, .environment = arguments + 1};
    spawn_child child = {-7, -7};
    assert_true(FAILED_WITH(spawn_start(&plan, &child), NOT_FOUND));
    plan.path = "/etc/passwd";
    assert_true(FAILED_WITH(spawn_start(&plan, &child), IO));
    assert_int_equal(child.pid, -7);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left behind */
}

/* The executable may lie where only root gets to. */
static void another_user(void **unused) {
    (void)unused;
    const char *const arguments[] = {own_path, "another", NULL}, *const environment[] = {NULL};
    spawn_plan plan = {own_path, arguments, environment, NULL, 0, 71002, 71003};
    spawn_child child;
    spawn_end end;
    if (geteuid() != 0) {
        assert_true(FAILED_WITH(spawn_start(&plan, &child), IO));
        skip();
    }
    status started = spawn_start(&plan, &child);
    if (FAILED_WITH(started, IO)) skip();
    expect_ok(started);
    expect_ok(spawn_wait(&child, 10000, &end));
    assert_int_equal(end.exit_code, 42);
}

static void waiting_and_signals(void **unused) {
    (void)unused;
    spawn_child child;
    spawn_end end;
    expect_ok(start("sleep", NULL, 0, &child));
    assert_true(FAILED_WITH(spawn_wait(&child, 0, &end), TIMEOUT));
    assert_true(FAILED_WITH(spawn_wait(&child, 5, &end), TIMEOUT));
    expect_ok(spawn_signal(&child, SIGTERM));
    expect_ok(spawn_wait(&child, -1, &end));
    assert_int_equal(end.signal, SIGTERM);
}

/* Zombies count as ended: nobody may be there to collect an orphan in a container. */
static bool is_gone(pid_t pid) {
    char path[40], line[200] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return true;
    ssize_t len = read(fd, line, sizeof line - 1);
    close(fd);
    char *state = len > 0 ? strrchr(line, ')') : NULL;
    return !state || state[2] == 'Z' || state[2] == 'X';
}

static void children_end_with_their_parent(void **unused) {
    (void)unused;
    int fds[2];
    pid_t grandchild;
    assert_int_equal(pipe(fds), 0);
    expect_end("starter", &fds[1], 1, 5);
    assert_int_equal(read(fds[0], &grandchild, sizeof grandchild), (ssize_t)sizeof grandchild);
    for (int i = 0; i < 500 && !is_gone(grandchild); i++) usleep(10000);
    assert_true(is_gone(grandchild));
    close(fds[0]);
    close(fds[1]);
}

static void paths(void **unused) {
    (void)unused;
    OWNED(arena) a = {0};
    slice found;
    const char *name = strrchr(own_path, '/') + 1;
    unsetenv("KEYHOLD_LIBEXEC");
    expect_ok(path_find_libexec(&a, name, &found));
    assert_true(slice_equals_text(found, own_path));
    assert_true(FAILED_WITH(path_find_libexec(&a, "keyhold-nothing", &found), NOT_FOUND));
    setenv("KEYHOLD_LIBEXEC", "/usr/bin", 1);
    expect_ok(path_find_libexec(&a, "env", &found));
    assert_true(slice_equals_text(found, "/usr/bin/env"));
    assert_true(FAILED_WITH(path_find_libexec(&a, name, &found), NOT_FOUND));
    unsetenv("KEYHOLD_LIBEXEC");
}

int main(int argument_count, char **arguments) {
    OWNED(arena) a = {0};
    slice self;
    if (FAILED(path_of_self(&a, &self))) return 1;
    own_path = (const char *)self.at;
    if (argument_count == 2) return child_main(arguments[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_start),
        cmocka_unit_test(limits),
        cmocka_unit_test(programs_that_are_not_there),
        cmocka_unit_test(another_user),
        cmocka_unit_test(waiting_and_signals),
        cmocka_unit_test(children_end_with_their_parent),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
