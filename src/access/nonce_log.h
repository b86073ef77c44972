/* Which nonces were used, on disk: so that a process that starts anew takes no request for a second time. Two files beneath the folder, used in
 * turn; what is in them is of no use once its window is over.
 *
 *   nonces.0, nonces.1    "KHNONCE1", id of the machine's start (36), key of the hashes (16), the time it is whole since (4); then entries of 16 bytes:
 *                         hash and the request's time in seconds, little endian each
 *
 * Nothing is synced: what was written outlives the process, and whether the machine was started anew since, the id in the file tells. Then the
 * newest entries may be missing, and it is whole only from then on. */
#ifndef ACCESS_NONCE_LOG_H
#define ACCESS_NONCE_LOG_H

#include "access/nonce.h"

typedef struct nonce_log nonce_log;

typedef struct nonce_place {
    slice folder, boot; /* boot: of the machine, as /proc/sys/kernel/random/boot_id has it */
    int64_t now_s;
    bool is_new; /* no request was ever answered here */
} nonce_place;

/* Fills *into with what is still within its window, and has it use the same key. Failures as in system/files.h; OUT_OF_MEMORY. */
status nonce_log_open(const nonce_place *place, nonces *into, nonce_log **out);
void nonce_log_close(nonce_log *log); /* NULL is fine */

/* Every nonce of an answered request is known whose time is this or later; an older request may be a repetition. It is the time of opening
 * where the machine was started anew since, or a file is none; 0 where there was nothing before. */
int64_t nonce_log_since_s(const nonce_log *log);

/* To be written by the next flush. */
void nonce_log_add(nonce_log *log, uint64_t hash, int64_t request_time_s);
/* Before anything that rests on them is answered. After a failure nothing more is written, and the log says of itself that it is not
 * whole. */
status nonce_log_flush(nonce_log *log, int64_t now_s);

#endif
