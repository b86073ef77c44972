/* The child reports a failed exec through a close-on-exec pipe: an end without a word means the new program runs. */
#include "system/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ERROR_PIPE = SPAWN_FIRST_DESCRIPTOR + SPAWN_DESCRIPTORS_MAX, LOCKED_MEMORY_BYTES = 64 << 20 };

static void reset_signals(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, &standard, NULL); /* refuses SIGKILL, SIGSTOP: fine */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* First everything out of the way of the final numbers, then each to its place. */
static int place_descriptors(const spawn_plan *plan, int error_fd) {
    int moved[SPAWN_DESCRIPTORS_MAX];
    int error = fcntl(error_fd, F_DUPFD_CLOEXEC, ERROR_PIPE + 1);
    if (error < 0) return -1;
    for (size_t i = 0; i < plan->descriptor_count; i++) {
        moved[i] = fcntl(plan->descriptors[i], F_DUPFD_CLOEXEC, ERROR_PIPE + 1);
        if (moved[i] < 0) return -1;
    }
    for (size_t i = 0; i < plan->descriptor_count; i++)
        if (dup2(moved[i], SPAWN_FIRST_DESCRIPTOR + (int)i) < 0) return -1;
    if (dup3(error, ERROR_PIPE, O_CLOEXEC) < 0) return -1;

    unsigned first_unused = (unsigned)SPAWN_FIRST_DESCRIPTOR + (unsigned)plan->descriptor_count;
    if (first_unused < ERROR_PIPE && close_range(first_unused, ERROR_PIPE - 1, 0) != 0) return -1;
    if (close_range(ERROR_PIPE + 1, ~0U, 0) != 0) return -1;
    int null = open("/dev/null", O_RDONLY);
    if (null < 0) return -1;
    return null == 0 || (dup2(null, 0) == 0 && close(null) == 0) ? 0 : -1;
}

/* Another user has no right to lock memory without limit, so the limit is raised first. Before the request for a signal
 * at the parent's end: changing the user undoes it, prctl(2). */
static int change_user(const spawn_plan *plan) {
    if (plan->user == 0) return 0;
    struct rlimit locked = {LOCKED_MEMORY_BYTES, LOCKED_MEMORY_BYTES};
    setrlimit(RLIMIT_MEMLOCK, &locked);
    if (setgroups(0, NULL) != 0 || setresgid(plan->group, plan->group, plan->group) != 0) return -1;
    return setresuid(plan->user, plan->user, plan->user);
}

_Noreturn static void become(const spawn_plan *plan, int error_fd, pid_t parent) {
    int report = error_fd;
    reset_signals();
    bool placed = place_descriptors(plan, error_fd) == 0;
    if (placed) report = ERROR_PIPE;
    placed = placed && change_user(plan) == 0;
    /* The parent may have ended before the request took effect: then nobody would ever kill this child. */
    if (placed && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
        execve(plan->path, (char *const *)plan->arguments, (char *const *)plan->environment);
    int error = errno;
    ssize_t told = write(report, &error, sizeof error);
    _exit(told == (ssize_t)sizeof error ? 127 : 126);
}

static status read_report(int fd) {
    int error = 0;
    ssize_t got;
    do got = read(fd, &error, sizeof error);
    while (got < 0 && errno == EINTR);
    if (got == 0) return OK;
    ENSURE(got != (ssize_t)sizeof error || (error != ENOENT && error != ENOTDIR), NOT_FOUND);
    return FAIL(IO);
}

static status start(const spawn_plan *plan, const int report[2], spawn_child *out) {
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) become(plan, report[1], parent);
    close(report[1]);
    ENSURE(pid > 0, OUT_OF_MEMORY);
    status running = read_report(report[0]);
    int pidfd = -1;
    if (!FAILED(running)) {
        pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (pidfd < 0) running = FAIL(IO);
    }
    if (FAILED(running)) {
        kill(pid, SIGKILL); /* not collected yet, so the number is still its own */
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
        return running;
    }
    fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    *out = (spawn_child){pid, pidfd};
    return OK;
}

status spawn_start(const spawn_plan *plan, spawn_child *out) {
    ENSURE(plan->descriptor_count <= SPAWN_DESCRIPTORS_MAX, TOO_LARGE);
    int report[2];
    ENSURE(pipe2(report, O_CLOEXEC) == 0, IO);
    status started = start(plan, report, out);
    close(report[0]);
    return started;
}

status spawn_wait(spawn_child *child, int64_t wait_ms, spawn_end *out) {
    struct pollfd ended = {.fd = child->pidfd, .events = POLLIN};
    int ready;
    do ready = poll(&ended, 1, wait_ms < 0 || wait_ms > INT32_MAX ? -1 : (int)wait_ms);
    while (ready < 0 && errno == EINTR);
    ENSURE(ready >= 0, IO);
    ENSURE(ready > 0, TIMEOUT);
    int how;
    pid_t collected;
    do collected = waitpid(child->pid, &how, 0);
    while (collected < 0 && errno == EINTR);
    ENSURE(collected == child->pid, IO);
    close(child->pidfd);
    child->pidfd = -1;
    *out =
        (spawn_end){.exit_code = WIFEXITED(how) ? WEXITSTATUS(how) : 0, .signal = WIFSIGNALED(how) ? WTERMSIG(how) : 0};
    return OK;
}

status spawn_signal(const spawn_child *child, int signal) {
    if (syscall(SYS_pidfd_send_signal, child->pidfd, signal, NULL, 0) == 0) return OK;
    ENSURE(errno != ESRCH, NOT_FOUND);
    return FAIL(IO);
}
