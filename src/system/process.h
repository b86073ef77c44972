/* Facts about processes: who is at the other end of a socket, how much memory we use. */
#ifndef SYSTEM_PROCESS_H
#define SYSTEM_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

typedef struct process_peer {
    pid_t pid;
    uid_t user;
    gid_t group;
} process_peer;
/* Who made the other end of an AF_UNIX socket (for a socketpair: who made the pair). IO. */
status process_peer_of(int socket_fd, process_peer *out);

/* Opens what process_memory reads; before the sandbox, and keep it. IO. */
status process_memory_open(int *out);
/* Bytes of memory this process has resident. IO. */
status process_memory(int memory_fd, uint64_t *resident_bytes);

bool process_is_terminal(int fd);
bool process_is_root(void);
/* A variable of the environment; NULL when it is not set (or privileges were gained by starting). */
const char *process_variable(const char *name);
/* Raises the soft limit on open descriptors to the hard one; the limit then in force. */
uint64_t process_raise_descriptor_limit(void);
/* Processors this process may use, at least 1. */
unsigned process_cpu_count(void);
/* Makes a new descriptor of the same open file, close-on-exec. IO. */
status process_duplicate(int fd, int *out);
/* Closed pipes and sockets then show as errors of write instead of ending the process. Call first in main. */
void process_ignore_broken_pipes(void);
/* From here on everybody else comes first: for work that nobody should notice. */
void process_step_back(void);
/* Keeps a few megabytes that were freed for what comes next, instead of giving pages back and faulting them in again
 * with every burst of requests. Once at start. */
void process_keep_memory(void);

#endif
