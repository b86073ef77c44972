/* Plays supervisor, core and vault for one gateway process, in a thread of the test: keeps a few objects in files without names,
 * opens and makes boxes as the vault would, and remembers what it was told. */
#ifndef ROLE_GATEWAY_TEST_CORE_H
#define ROLE_GATEWAY_TEST_CORE_H

#include "base/slice.h"
#include "contract/contract_tables.h"

typedef struct test_core test_core;

/* What core was told so far. */
typedef struct test_core_seen {
    unsigned requests, abandoned, bodies_stored, bodies_failed;
    unsigned requests_without_proof;
    enum status_code last_failure; /* of a request, as the gateway found it */
    enum status_code last_body_failure;
    char last_detail[64];
    char last_source_ip[64];
    bool last_was_tls;
    uint64_t last_size, last_sealed_size;
    uint8_t last_md5[16];
    char last_crc64[32];
    char last_request_id[64];
    unsigned plaintexts_seen; /* boxes of Encrypt that held "attack at dawn" */
    unsigned ready_count;
} test_core_seen;

/* Starts the process at `path` with listeners on loopback and certificates of its own; returns when it is READY. */
test_core *test_core_start(const char *path);
int test_core_pid(const test_core *c);
uint16_t test_core_port(const test_core *c);
uint16_t test_core_tls_port(const test_core *c);
test_core_seen test_core_seen_now(test_core *c);

/* Core dies; core comes back. */
void test_core_drop(test_core *c);
void test_core_connect(test_core *c);
/* The vault was started anew: both get another pair key. */
void test_core_new_pair_key(test_core *c);
/* Flips a bit of the sealed body of an object stored before. */
void test_core_corrupt(test_core *c, const char *key, uint64_t sealed_offset);
/* Says STOP; the exit code. */
int test_core_stop(test_core *c);

#endif
