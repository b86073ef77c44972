/* Tests of the sandbox: in a child process per case, what each role must not do ends in SIGSYS or is refused. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "system/sandbox_scene.h"

static int refused_or(bool worked) {
    return worked ? WORKED : errno == EACCES || errno == EPERM ? REFUSED : WENT_WRONG;
}

/* -- what must not be possible */

static int open_outside(void) { return refused_or(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0); }
static int make_outside(void) { return refused_or(open("/tmp/keyhold-outside", O_CREAT | O_WRONLY, 0600) >= 0); }
static int truncate_outside(void) { return refused_or(truncate("/etc/hosts", 0) == 0); }
static int list_root(void) { return refused_or(open("/", O_RDONLY | O_DIRECTORY) >= 0); }
static int tcp_socket(void) { return refused_or(socket(AF_INET, SOCK_STREAM, 0) >= 0); }
static int udp_socket(void) { return refused_or(socket(AF_INET6, SOCK_DGRAM, 0) >= 0); }
static int local_socket(void) { return refused_or(socket(AF_UNIX, SOCK_STREAM, 0) >= 0); }
static int netlink_socket(void) { return refused_or(socket(AF_NETLINK, SOCK_RAW, 0) >= 0); }

static int connect_somewhere(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return refused_or(connect(scene()->pair[0], (struct sockaddr *)&to, sizeof to) == 0);
}

static int run_program(void) {
    char *const arguments[] = {(char *)(uintptr_t) "true", NULL};
    return refused_or(execve("/usr/bin/true", arguments, arguments + 1) == 0);
}

static int run_memory(void) {
    char *const arguments[] = {(char *)(uintptr_t) "true", NULL};
    return refused_or(syscall(SYS_execveat, scene()->file_fd, "", arguments, arguments + 1, AT_EMPTY_PATH) == 0);
}

static int fork_again(void) {
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    return refused_or(pid > 0);
}

static void *nothing(void *context) { return context; }

static int new_thread(void) {
    pthread_t thread;
    return refused_or(pthread_create(&thread, NULL, nothing, NULL) == 0);
}

static int trace_parent(void) { return refused_or(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0); }

static int read_parent(void) {
    static int address;
    char bytes[8];
    struct iovec to = {bytes, sizeof bytes}, from = {&address, sizeof bytes};
    return refused_or(process_vm_readv(getppid(), &to, 1, &from, 1, 0) > 0);
}

static int signal_parent(void) { return refused_or(kill(getppid(), SIGUSR1) == 0); }
static int signal_parent_thread(void) { return refused_or(syscall(SYS_tgkill, getppid(), getppid(), SIGUSR1) == 0); }

static void *some_page(void) { return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }

static int page_to_code(void) { return refused_or(mprotect(some_page(), 4096, PROT_READ | PROT_EXEC) == 0); }

static int writable_code(void) {
    return refused_or(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
                      MAP_FAILED);
}

static int page_to_writable_code(void) {
    return refused_or(mprotect(some_page(), 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
}

static int map_code(void) {
    return refused_or(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, scene()->file_fd, 0) != MAP_FAILED);
}

static int become_dumpable(void) { return refused_or(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0); }

static int push_terminal_input(void) {
    char byte = 'x';
    return refused_or(ioctl(0, TIOCSTI, &byte) == 0);
}

static int own_another(void) { return refused_or(fcntl(scene()->pair[0], F_SETOWN, getppid()) == 0); }
static int new_io_uring(void) { return refused_or(syscall(SYS_io_uring_setup, 1, NULL) == 0); }
static int kernel_key(void) { return refused_or(syscall(SYS_keyctl, 0, -1, 0) >= 0); }
static int other_namespace(void) { return refused_or(unshare(0x10000000) == 0); }
static int link_to_outside(void) { return refused_or(symlinkat("/etc/passwd", scene()->folder_fd, "link") == 0); }
static int raise_limits(void) {
    struct rlimit limit = {1, 1};
    return refused_or(setrlimit(RLIMIT_CORE, &limit) == 0);
}
static int become_root(void) { return refused_or(setuid(0) == 0); }

typedef struct negative {
    const char *name;
    sandbox_action *act;
    unsigned dies_in;    /* bits 1 << role */
    unsigned refused_in; /* EACCES or EPERM */
} negative;

enum {
    SUPERVISOR = 1 << SANDBOX_SUPERVISOR,
    GATEWAY = 1 << SANDBOX_GATEWAY,
    CORE = 1 << SANDBOX_CORE,
    VAULT = 1 << SANDBOX_VAULT,
    AUDITOR = 1 << SANDBOX_AUDITOR,
    WORKERS = GATEWAY | CORE | VAULT | AUDITOR,
    ALL = WORKERS | SUPERVISOR,
};

static const negative negatives[] = {
    {"open_outside", open_outside, GATEWAY | VAULT, SUPERVISOR | CORE | AUDITOR},
    {"make_outside", make_outside, GATEWAY | VAULT, SUPERVISOR | CORE | AUDITOR},
    {"truncate_outside", truncate_outside, WORKERS, 0},
    {"list_root", list_root, GATEWAY | VAULT, SUPERVISOR | CORE | AUDITOR},
    {"tcp_socket", tcp_socket, ALL, 0},
    {"udp_socket", udp_socket, ALL, 0},
    {"netlink_socket", netlink_socket, ALL, 0},
    {"local_socket", local_socket, WORKERS, 0},
    {"connect_somewhere", connect_somewhere, WORKERS, 0},
    {"run_program", run_program, WORKERS, 0},
    {"run_memory", run_memory, WORKERS, 0},
    {"fork_again", fork_again, WORKERS, 0},
    {"new_thread", new_thread, WORKERS, 0},
    {"trace_parent", trace_parent, ALL, 0},
    {"read_parent", read_parent, ALL, 0},
    {"signal_parent", signal_parent, WORKERS, 0},
    {"signal_parent_thread", signal_parent_thread, WORKERS, 0},
    {"page_to_code", page_to_code, WORKERS, 0},
    {"writable_code", writable_code, ALL, 0},
    {"page_to_writable_code", page_to_writable_code, ALL, 0},
    {"map_code", map_code, WORKERS, 0},
    {"become_dumpable", become_dumpable, WORKERS, 0},
    {"push_terminal_input", push_terminal_input, WORKERS, 0},
    {"own_another", own_another, WORKERS, 0},
    {"new_io_uring", new_io_uring, ALL, 0},
    {"kernel_key", kernel_key, ALL, 0},
    {"other_namespace", other_namespace, ALL, 0},
    {"link_to_outside", link_to_outside, WORKERS, SUPERVISOR},
    {"raise_limits", raise_limits, WORKERS, 0},
    {"become_root", become_root, WORKERS, 0},
};

static int is_relaxed(void) { return scene()->entered.relaxed ? WORKED : WENT_WRONG; }

static void what_must_not_be(void **unused) {
    (void)unused;
    if (scene_run(SANDBOX_VAULT, is_relaxed) == WORKED) skip(); /* a sanitizer build allows more */
    for (size_t i = 0; i < sizeof negatives / sizeof negatives[0]; i++)
        for (int role = SANDBOX_SUPERVISOR; role <= SANDBOX_AUDITOR; role++) {
            const negative *n = &negatives[i];
            unsigned bit = 1U << role;
            if (!((n->dies_in | n->refused_in) & bit)) continue;
            if ((n->refused_in & bit) && sandbox_landlock_abi() == 0) continue;
            int expected = n->dies_in & bit ? -SIGSYS : REFUSED, got = scene_run((enum sandbox_role)role, n->act);
            if (got != expected) fail_msg("%s in role %d: %d, not %d", n->name, role, got, expected);
        }
    assert_int_equal(access("/tmp/keyhold-outside", F_OK), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_must_not_be)};
    if (!scene_find_self()) return 1;
    return cmocka_run_group_tests(tests, scene_set_up, scene_tear_down);
}
