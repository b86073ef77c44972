/* What a role may still ask of the kernel once it runs: entered before the first byte of outside input, never left.
 * docs/THREATS.md says what each list is for; sandbox_rules.c holds the lists. */
#ifndef SYSTEM_SANDBOX_H
#define SYSTEM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/status.h"

enum sandbox_role {
    SANDBOX_SUPERVISOR, /* may start programs; no debugging of others, no new IP sockets, no kernel administration */
    SANDBOX_GATEWAY,    /* accepts on the listeners it was given, reads and writes descriptors; opens nothing by name */
    SANDBOX_CORE,       /* files beneath its folders */
    SANDBOX_VAULT,      /* channels, memory, clock, randomness */
    SANDBOX_AUDITOR,    /* reads, appends, syncs beneath its folders */
};

enum sandbox_right { SANDBOX_READ, SANDBOX_READ_WRITE, SANDBOX_READ_EXECUTE };

typedef struct sandbox_folder {
    const char *path; /* a folder or file; when NULL: dir_fd */
    int dir_fd;
    enum sandbox_right right;
} sandbox_folder;

typedef struct sandbox_plan {
    enum sandbox_role role;
    const sandbox_folder *folders; /* none: no file system at all */
    size_t folder_count;
    const int *keep; /* descriptors that stay open besides 0, 1 and 2 */
    size_t keep_count;
    uid_t run_as_user; /* 0: as before. Only when started as root */
    gid_t run_as_group;
    /* May be NULL. Called when everything but the system call filter is in place: threads started here are under all of
     * it (Landlock holds for the calling thread and the threads it starts later). */
    status (*before_filter)(void *context);
    void *context;
} sandbox_plan;

/* What holds now, for the log and `keyhold doctor`. */
typedef struct sandbox_report {
    int landlock_abi;       /* 0: the kernel has no Landlock */
    bool files_confined;    /* Landlock rules hold for opening, making, removing */
    bool truncate_confined; /* also for truncating (ABI 3, Linux 6.2) */
    bool network_confined;  /* no TCP bind or connect (ABI 4, Linux 6.7) */
    bool signals_confined;  /* no signals or abstract sockets to outside (ABI 6, Linux 6.12) */
    bool filtered;          /* the seccomp list holds in every thread */
    bool capabilities_dropped;
    bool user_changed;
    bool relaxed; /* built with a sanitizer: what its runtime needs is allowed too (but not its leak check: turn that
                     off) */
} sandbox_report;

/* Closes all descriptors not kept, gives up privileges and core dumps, confines files (Landlock) and system calls
 * (seccomp: what is not listed kills the process with SIGSYS). Landlock is used as far as the kernel has it; failing to
 * set up anything else is an error, and then the process must end: it may be half confined.
 * NOT_FOUND (a folder), IO, OUT_OF_MEMORY, UNSUPPORTED (no seccomp in this kernel). */
status sandbox_enter(const sandbox_plan *plan, sandbox_report *out);

/* For `keyhold doctor`: the kernel's Landlock ABI, 0 for none. */
int sandbox_landlock_abi(void);

#endif
