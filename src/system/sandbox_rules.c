/* The lists. To permit something new, find the group it belongs to, or make one named by what it permits, and give it
 * to the roles that need it; sandbox_test.c shows for each role what works and what must die. */
#include "system/sandbox_rules.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define CALL(name)                                                                                                     \
    { SCMP_SYS(name), SANDBOX_ALWAYS, 0, 0 }
#define GROUP(rows)                                                                                                    \
    { #rows, rows, sizeof rows / sizeof rows[0] }

/* abort and assert signal their own thread; nobody signals anyone else. */
static const sandbox_row ending_and_signals[] = {
    CALL(exit),
    CALL(exit_group),
    CALL(rt_sigreturn),
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(sigaltstack),
    CALL(restart_syscall),
    CALL(getpid),
    CALL(gettid),
    CALL(getppid),
    CALL(getuid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getegid),
    {SCMP_SYS(tgkill), SANDBOX_OWN_PID, 0, 0},
};

/* No executable page is ever made: neither mapped nor changed into one. */
static const sandbox_row memory[] = {
    {SCMP_SYS(mmap), SANDBOX_LACKS_BITS, 2, PROT_EXEC},
    {SCMP_SYS(mprotect), SANDBOX_LACKS_BITS, 2, PROT_EXEC},
    CALL(munmap),
    CALL(mremap),
    CALL(madvise),
    CALL(brk),
};

static const sandbox_row clocks_and_randomness[] = {
    CALL(clock_gettime),   CALL(clock_getres), CALL(gettimeofday), CALL(time),
    CALL(clock_nanosleep), CALL(nanosleep),    CALL(getrandom),
};

/* For the thread a role may have started before; starting one takes clone, which is in no list. */
static const sandbox_row living_threads[] = {
    CALL(futex),
    CALL(set_robust_list),
    CALL(rseq),
    CALL(sched_yield),
    CALL(sched_getaffinity),
    {SCMP_SYS(prctl), SANDBOX_EQUALS, 0, PR_SET_NAME},
    {SCMP_SYS(prctl), SANDBOX_EQUALS, 0, PR_GET_NAME},
};

/* Facts the C library asks for (qsort: memory size; sysconf: limits, read only; random seeds in TLS libraries: rusage).
 */
static const sandbox_row own_facts[] = {
    CALL(sysinfo), CALL(uname), CALL(getrusage), {SCMP_SYS(prlimit64), SANDBOX_EQUALS, 2, 0}, CALL(getrlimit),
};

static const sandbox_row event_loop[] = {
    CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2), CALL(epoll_ctl), CALL(epoll_create1),
    CALL(eventfd2),   CALL(signalfd4),   CALL(poll),         CALL(ppoll),
};

/* fstat is newfstatat with an empty path in glibc 2.33 and later. */
static const sandbox_row open_descriptors[] = {
    CALL(read),
    CALL(write),
    CALL(readv),
    CALL(writev),
    CALL(recvmsg),
    CALL(sendmsg),
    CALL(recvfrom),
    CALL(sendto),
    CALL(close),
    CALL(shutdown),
    CALL(getsockopt),
    CALL(fstat),
    CALL(lseek),
    CALL(pread64),
    {SCMP_SYS(newfstatat), SANDBOX_HAS_BITS, 3, AT_EMPTY_PATH},
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_GETFD},
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_SETFD},
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_GETFL},
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_SETFL},
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_DUPFD_CLOEXEC},
    {SCMP_SYS(ioctl), SANDBOX_EQUALS, 1, FIONBIO},
    {SCMP_SYS(ioctl), SANDBOX_EQUALS, 1, FIONREAD},
    {SCMP_SYS(ioctl), SANDBOX_EQUALS, 1, TCGETS}, /* stdio asks whether a stream is a terminal */
};

/* Connections come from the listeners the role was given; socket, bind and connect are in no list. */
static const sandbox_row accepted_connections[] = {
    CALL(accept4),     CALL(accept),   CALL(setsockopt), CALL(getsockname),
    CALL(getpeername), CALL(sendfile), CALL(recvmmsg),   CALL(sendmmsg),
};

/* Reading and writing files somebody else opened. */
static const sandbox_row passed_files[] = {
    CALL(pwrite64),  CALL(preadv),    CALL(pwritev),   CALL(preadv2),         CALL(pwritev2),  CALL(fsync),
    CALL(fdatasync), CALL(ftruncate), CALL(fallocate), CALL(sync_file_range), CALL(fadvise64), CALL(fstatfs),
};

static const sandbox_row memory_files[] = {
    CALL(memfd_create),
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_ADD_SEALS},
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_GET_SEALS},
};

/* By name; Landlock says beneath which folders. Neither links nor devices, sockets or pipes can be made. */
static const sandbox_row named_files[] = {
    CALL(openat),     CALL(openat2),    CALL(newfstatat), CALL(statx),    CALL(faccessat),
    CALL(faccessat2), CALL(readlinkat), CALL(getdents64), CALL(unlinkat), CALL(mkdirat),
    CALL(renameat),   CALL(renameat2),  CALL(flock),      CALL(fchmod),   CALL(umask),
};

/* SQLite: the older calls by name, and its locks. fchown: it keeps the owner of a database for its WAL. */
static const sandbox_row database[] = {
    CALL(open),
    CALL(stat),
    CALL(lstat),
    CALL(access),
    CALL(readlink),
    CALL(unlink),
    CALL(mkdir),
    CALL(rmdir),
    CALL(rename),
    CALL(getcwd),
    CALL(fchown),
    CALL(linkat),
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_GETLK},
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_SETLK},
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_SETLKW},
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_OFD_GETLK},
    {SCMP_SYS(fcntl), SANDBOX_EQUALS, 1, F_OFD_SETLK},
};

/* -- what the supervisor, and with it every program it starts, never does. The programs add their own lists. */

static const sandbox_row other_processes_memory[] = {
    CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev), CALL(pidfd_getfd),
    CALL(kcmp),   CALL(perf_event_open),  CALL(process_madvise),
};

static const sandbox_row kernel_administration[] = {
    CALL(init_module), CALL(finit_module), CALL(delete_module), CALL(kexec_load),    CALL(kexec_file_load),
    CALL(reboot),      CALL(bpf),          CALL(mount),         CALL(umount2),       CALL(pivot_root),
    CALL(chroot),      CALL(open_tree),    CALL(move_mount),    CALL(fsopen),        CALL(fsconfig),
    CALL(fsmount),     CALL(fspick),       CALL(mount_setattr), CALL(swapon),        CALL(swapoff),
    CALL(acct),        CALL(quotactl),     CALL(settimeofday),  CALL(clock_settime), CALL(clock_adjtime),
    CALL(adjtimex),    CALL(sethostname),  CALL(setdomainname), CALL(syslog),        CALL(iopl),
    CALL(ioperm),      CALL(setns),        CALL(unshare),
};

/* Rarely needed parts of the kernel with a long record of holes, and the way around path rules. */
static const sandbox_row risky_calls[] = {
    CALL(io_uring_setup),
    CALL(io_uring_enter),
    CALL(io_uring_register),
    CALL(userfaultfd),
    CALL(keyctl),
    CALL(add_key),
    CALL(request_key),
    CALL(open_by_handle_at),
    CALL(name_to_handle_at),
    CALL(modify_ldt),
    CALL(vmsplice),
    CALL(mbind),
    CALL(move_pages),
    CALL(migrate_pages),
    CALL(remap_file_pages),
    CALL(uselib),
    CALL(lookup_dcookie),
};

static const sandbox_row new_network_sockets[] = {
    {SCMP_SYS(socket), SANDBOX_DIFFERS, 0, AF_UNIX},
};

/* The loader of a program it starts maps code, but never writable code. */
static const sandbox_row writable_code[] = {
    {SCMP_SYS(mmap), SANDBOX_HAS_BITS, 2, PROT_EXEC | PROT_WRITE},
    {SCMP_SYS(mprotect), SANDBOX_HAS_BITS, 2, PROT_EXEC | PROT_WRITE},
    {SCMP_SYS(pkey_mprotect), SANDBOX_HAS_BITS, 2, PROT_EXEC | PROT_WRITE},
};

/* -- sanitizers: their runtime looks at its own mappings and writes reports. Their leak check cannot work in here (it
 * stops and reads the process from outside): ASAN_OPTIONS=detect_leaks=0. */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BUILT_WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define BUILT_WITH_SANITIZER 1
#endif
#endif

#ifdef BUILT_WITH_SANITIZER
static const sandbox_row sanitizer_runtime[] = {
    CALL(openat), CALL(open), CALL(readlink), CALL(readlinkat), CALL(getdents64), CALL(prctl),
    CALL(getcwd), CALL(stat), CALL(access),   CALL(arch_prctl), CALL(mincore),    CALL(newfstatat),
};
static const sandbox_group sanitizer_group = GROUP(sanitizer_runtime);
#else
static const sandbox_group sanitizer_group = {"sanitizer_runtime", NULL, 0};
#endif

const sandbox_group *sandbox_sanitizer_group(void) { return &sanitizer_group; }

/* -- roles */

enum group {
    ENDING,
    MEMORY,
    CLOCKS,
    THREADS,
    FACTS,
    LOOP,
    DESCRIPTORS,
    CONNECTIONS,
    PASSED_FILES,
    MEMORY_FILES,
    NAMED_FILES,
    DATABASE,
    OTHERS_MEMORY,
    ADMINISTRATION,
    RISKY,
    NEW_SOCKETS,
    WRITABLE_CODE,
};

static const sandbox_group groups[] = {
    [ENDING] = GROUP(ending_and_signals),
    [MEMORY] = GROUP(memory),
    [CLOCKS] = GROUP(clocks_and_randomness),
    [THREADS] = GROUP(living_threads),
    [FACTS] = GROUP(own_facts),
    [LOOP] = GROUP(event_loop),
    [DESCRIPTORS] = GROUP(open_descriptors),
    [CONNECTIONS] = GROUP(accepted_connections),
    [PASSED_FILES] = GROUP(passed_files),
    [MEMORY_FILES] = GROUP(memory_files),
    [NAMED_FILES] = GROUP(named_files),
    [DATABASE] = GROUP(database),
    [OTHERS_MEMORY] = GROUP(other_processes_memory),
    [ADMINISTRATION] = GROUP(kernel_administration),
    [RISKY] = GROUP(risky_calls),
    [NEW_SOCKETS] = GROUP(new_network_sockets),
    [WRITABLE_CODE] = GROUP(writable_code),
};

#define EVERY_ROLE                                                                                                     \
    &groups[ENDING], &groups[MEMORY], &groups[CLOCKS], &groups[THREADS], &groups[FACTS], &groups[LOOP],                \
        &groups[DESCRIPTORS]

static const sandbox_list lists[] = {
    [SANDBOX_SUPERVISOR] = {true,
                            {&groups[OTHERS_MEMORY], &groups[ADMINISTRATION], &groups[RISKY], &groups[NEW_SOCKETS],
                             &groups[WRITABLE_CODE]}},
    [SANDBOX_GATEWAY] = {false, {EVERY_ROLE, &groups[CONNECTIONS], &groups[PASSED_FILES], &groups[MEMORY_FILES]}},
    [SANDBOX_CORE] = {false,
                      {EVERY_ROLE, &groups[PASSED_FILES], &groups[MEMORY_FILES], &groups[NAMED_FILES],
                       &groups[DATABASE]}},
    [SANDBOX_VAULT] = {false, {EVERY_ROLE}},
    [SANDBOX_AUDITOR] = {false, {EVERY_ROLE, &groups[PASSED_FILES], &groups[NAMED_FILES]}},
};

const sandbox_list *sandbox_list_of(enum sandbox_role role) { return &lists[role]; }
