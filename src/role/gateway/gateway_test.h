/* What the files of the gateway's test share. */
#ifndef ROLE_GATEWAY_TEST_H
#define ROLE_GATEWAY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "role/gateway/test_client.h"
#include "role/gateway/test_core.h"

#define SIGNED                                                                                                         \
    "Host: oss.localhost\r\nDate: Mon, 20 May 2024 06:34:21 GMT\r\n"                                                   \
    "Authorization: OSS LTAItest:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"
#define LIST_BUCKETS "GET / HTTP/1.1\r\n" SIGNED "\r\n"

/* One process under test, one core that is played. */
extern struct test_world {
    const char *path;
    test_core *core;
} world;

/* Reproducible bytes, to be freed. */
uint8_t *pattern(size_t bytes, uint32_t seed);
client open_plain(void);
void expect_status(const answer *a, int wanted);
/* One request on a connection of its own; the status. */
int status_of(const char *request);
int put(client *c, const char *key, slice body);
answer get_with(client *c, const char *key, const char *more);
answer get(client *c, const char *key);
test_core_seen seen(void);

/* What arrives at core a little later than the answer at the client. */
#define EVENTUALLY(condition)                                                                                          \
    do {                                                                                                               \
        for (int turn_ = 0; !(condition) && turn_ < 1000; turn_++) usleep(5000);                                       \
        assert_true(condition);                                                                                        \
    } while (0)

/* -- test_bodies.c */
void test_bodies_come_back_as_they_were(void **state);
void test_ranges(void **state);
void test_chunked_upload(void **state);
void test_broken_off_upload(void **state);
void test_refused_uploads_are_answered(void **state);
void test_corruption_is_never_passed_on(void **state);
void test_copies(void **state);
void test_https(void **state);
void test_records(void **state);

#endif
