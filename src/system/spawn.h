/* Starting another executable of the house: nothing inherited but what is listed. */
#ifndef SYSTEM_SPAWN_H
#define SYSTEM_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

enum { SPAWN_FIRST_DESCRIPTOR = 3, SPAWN_DESCRIPTORS_MAX = 64 };

typedef struct spawn_plan {
    const char *path;               /* of the executable */
    const char *const *arguments;   /* argv, the name at [0], NULL at the end */
    const char *const *environment; /* all of it, "NAME=value", NULL at the end */
    const int *descriptors;         /* become SPAWN_FIRST_DESCRIPTOR, +1, … in the child; stay the caller's here */
    size_t descriptor_count;
    uid_t
        user; /* 0: as before. The child runs as this user and group, without other groups; only when root starts it */
    gid_t group;
} spawn_plan;

typedef struct spawn_child {
    pid_t pid;
    int pidfd; /* readable when the child has ended: watch with EPOLLIN */
} spawn_child;

typedef struct spawn_end {
    int exit_code; /* when signal is 0 */
    int signal;    /* that killed it; SIGSYS: its sandbox did */
} spawn_end;

/* fork and exec. In the child: the listed descriptors only (and stdout, stderr; stdin is /dev/null), default signal
 * dispositions, empty signal mask, SIGKILL when the starting thread ends. NOT_FOUND (no such executable), IO,
 * OUT_OF_MEMORY, TOO_LARGE (descriptors): no child is left then. Call from the main thread. */
status spawn_start(const spawn_plan *plan, spawn_child *out);
/* Collects the child's end and closes the pidfd. TIMEOUT when it does not end within wait_ms (0: just look, -1: wait),
 * everything as before then. */
status spawn_wait(spawn_child *child, int64_t wait_ms, spawn_end *out);
/* Sends a signal to the child, never to whoever may have got its number later. NOT_FOUND when it has ended. */
status spawn_signal(const spawn_child *child, int signal);

/* Path of the running executable, as text that lives in the arena (a NUL follows). Before the sandbox: an undumpable
 * process may not ask. IO. */
status path_of_self(arena *a, slice *out);
/* Looks for an executable of the house called `name` ("keyhold-vault"): in $KEYHOLD_LIBEXEC when that is set (then only
 * there), else beside the running executable, in ../libexec/keyhold/ and in ../libexec/ from there. NOT_FOUND. */
status path_find_libexec(arena *a, const char *name, slice *out);

#endif
