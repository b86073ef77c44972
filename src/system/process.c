/* Facts about processes and a few settings of our own. */
#include "system/process.h"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/slice.h"

status process_peer_of(int socket_fd, process_peer *out) {
    struct ucred peer;
    socklen_t bytes = sizeof peer;
    ENSURE(getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 && bytes == sizeof peer, IO);
    *out = (process_peer){peer.pid, peer.uid, peer.gid};
    return OK;
}

status process_memory_open(int *out) {
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0, IO);
    *out = fd;
    return OK;
}

/* proc(5): total, resident, shared, … in pages. */
status process_memory(int memory_fd, uint64_t *resident_bytes) {
    char text[128];
    ssize_t len = pread(memory_fd, text, sizeof text, 0);
    ENSURE(len > 0, IO);
    slice rest = slice_of(text, (size_t)len), total, resident;
    uint64_t pages, bytes;
    ENSURE(slice_split(&rest, ' ', &total) && slice_split(&rest, ' ', &resident), IO);
    ENSURE(slice_to_u64(resident, &pages), IO);
    ENSURE(!__builtin_mul_overflow(pages, (uint64_t)sysconf(_SC_PAGESIZE), &bytes), IO);
    *resident_bytes = bytes;
    return OK;
}

bool process_is_root(void) { return geteuid() == 0; }

const char *process_variable(const char *name) { return secure_getenv(name); }

bool process_is_terminal(int fd) { return isatty(fd) == 1; }

uint64_t process_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    rlim_t soft = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : soft;
}

unsigned process_cpu_count(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    int count = CPU_COUNT(&allowed);
    return count > 0 ? (unsigned)count : 1;
}

status process_duplicate(int fd, int *out) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    ENSURE(copy >= 0, IO);
    *out = copy;
    return OK;
}

void process_ignore_broken_pipes(void) {
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignored, NULL);
}

void process_keep_memory(void) {
    enum { KEPT_BYTES = 8 << 20, STEP_BYTES = 256 << 10, LARGE_BYTES = 4 << 20 };
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_TOP_PAD, STEP_BYTES);
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
}

void process_step_back(void) {
    const struct sched_param none = {0};
    if (sched_setscheduler(0, SCHED_BATCH, &none) != 0) return; /* a wish, not a need */
    setpriority(PRIO_PROCESS, 0, 10);                           /* a tenth of what others get, not nothing */
}
