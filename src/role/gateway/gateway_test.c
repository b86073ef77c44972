/* The gateway as a process, between real HTTP clients and a core that is played: what it must carry, and what it must not.
 * Argument: the executable. */
#include "role/gateway/gateway_test.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "contract/failure.h"

/* A sanitizer keeps freed memory for a while. */
#ifdef __SANITIZE_ADDRESS__ /* gcc */
#define KEEPS_FREED_MEMORY
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) /* clang */
#define KEEPS_FREED_MEMORY
#endif
#endif
#ifdef KEEPS_FREED_MEMORY
enum { RESIDENT_GROWTH_MAX_KIB = 400 << 10 };
#else
enum { RESIDENT_GROWTH_MAX_KIB = 16 << 10 };
#endif

struct test_world world;

static void pattern_fill(uint8_t *at, size_t bytes, uint32_t seed) {
    for (size_t i = 0; i < bytes; i++) {
        seed = seed * 1664525U + 1013904223U;
        at[i] = (uint8_t)(seed >> 24);
    }
}

uint8_t *pattern(size_t bytes, uint32_t seed) {
    uint8_t *made = malloc(bytes + 1);
    assert_non_null(made);
    pattern_fill(made, bytes, seed);
    return made;
}

client open_plain(void) {
    client c;
    client_open(&c, test_core_port(world.core));
    return c;
}

void expect_status(const answer *a, int wanted) {
    if (a->status != wanted) print_error("answer: %.*s%.*s\n", SLICE_ARGS(a->head), SLICE_ARGS(a->body));
    assert_int_equal(a->status, wanted);
    assert_true(a->is_whole);
}

/* One request on a connection of its own; the status. */
int status_of(const char *request) {
    client c = open_plain();
    client_send_text(&c, request);
    answer a = client_answer(&c);
    client_clear(&c);
    return a.status;
}

int put(client *c, const char *key, slice body) {
    char head[512];
    snprintf(head, sizeof head, "PUT /bkt/%s HTTP/1.1\r\n" SIGNED "Content-Length: %zu\r\n\r\n", key, body.len);
    client_send_text(c, head);
    client_send(c, body);
    return client_answer(c).status;
}

answer get_with(client *c, const char *key, const char *more) {
    char head[512];
    snprintf(head, sizeof head, "GET /bkt/%s HTTP/1.1\r\n" SIGNED "%s\r\n", key, more);
    client_send_text(c, head);
    return client_answer(c);
}

answer get(client *c, const char *key) { return get_with(c, key, ""); }

test_core_seen seen(void) { return test_core_seen_now(world.core); }

/* -- requests */

static void answers_carry_the_recorded_id(void **state) {
    (void)state;
    client c = open_plain();
    client_send_text(&c, LIST_BUCKETS);
    answer a = client_answer(&c);
    expect_status(&a, 200);
    assert_true(slice_equals_text(answer_header(&a, "x-oss-request-id"), seen().last_request_id));
    assert_int_equal(strlen(seen().last_request_id), 24);
    assert_string_equal(seen().last_source_ip, "127.0.0.1");
    assert_false(seen().last_was_tls);
    client_clear(&c);
}

#define RPC(action, more)                                                                                              \
    "Action=" action "&Version=2016-01-20&AccessKeyId=LTAItest&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0"         \
    "&SignatureNonce=n1&Timestamp=2024-05-20T06%3A34%3A21Z&Format=JSON"                                                \
    "&Signature=AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D" more

static answer rpc(client *c, const char *form) {
    char head[512];
    snprintf(head, sizeof head,
             "POST / HTTP/1.1\r\nHost: kms.localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
             "Content-Length: %zu\r\n\r\n",
             strlen(form));
    client_send_text(c, head);
    client_send_text(c, form);
    return client_answer(c);
}

static void secrets_travel_in_boxes(void **state) {
    (void)state;
    client c = open_plain();
    unsigned before = seen().plaintexts_seen;
    answer a = rpc(&c, RPC("Encrypt", "&KeyId=k&Plaintext=YXR0YWNrIGF0IGRhd24%3D"));
    expect_status(&a, 200);
    assert_int_equal(seen().plaintexts_seen, before + 1);
    assert_true(slice_find(a.body, SLICE("Y2lwaGVydGV4dA==")) != SIZE_MAX);
    assert_int_equal(strlen(seen().last_request_id), 36);
    assert_true(slice_find(a.body, slice_of_text(seen().last_request_id)) != SIZE_MAX);
    a = rpc(&c, RPC("Decrypt", "&CiphertextBlob=Y2lwaGVydGV4dA%3D%3D"));
    expect_status(&a, 200);
    assert_true(slice_find(a.body, SLICE("YXR0YWNrIGF0IGRhd24=")) != SIZE_MAX);
    test_core_new_pair_key(world.core);
    a = rpc(&c, RPC("Encrypt", "&KeyId=k&Plaintext=YXR0YWNrIGF0IGRhd24%3D"));
    expect_status(&a, 200);
    assert_int_equal(seen().plaintexts_seen, before + 2);
    client_clear(&c);
}

static void failures_found_here_are_recorded(void **state) {
    (void)state;
    client c = open_plain();
    answer a = rpc(&c, RPC("Encrypt", "&KeyId=k")); /* no Plaintext */
    expect_status(&a, 400);
    assert_int_equal(seen().last_failure, FAILURE_MISSING_PARAMETER);
    assert_string_equal(seen().last_detail, "Plaintext");
    OWNED(buffer) form = {0};
    assert_false(FAILED(buffer_append_text(&form, RPC("Encrypt", "&KeyId=k&Plaintext="))));
    for (int i = 0; i < 8196; i++) assert_false(FAILED(buffer_append_byte(&form, 'A'))); /* 6147 bytes: 3 too many */
    assert_false(FAILED(buffer_append_byte(&form, 0)));
    a = rpc(&c, (const char *)form.at);
    expect_status(&a, 400);
    assert_int_equal(seen().last_failure, FAILURE_INVALID_PARAMETER);
    assert_string_equal(seen().last_detail, "Plaintext");
    client_clear(&c);
}

static void pipelined_requests_are_answered_in_order(void **state) {
    (void)state;
    client c = open_plain();
    client_send_text(&c, "HEAD /bkt/none HTTP/1.1\r\n" SIGNED "\r\n" LIST_BUCKETS LIST_BUCKETS
                         "GET /bkt/none HTTP/1.1\r\n" SIGNED "\r\n");
    assert_int_equal(client_answer_to_head(&c).status, 404);
    assert_int_equal(client_answer(&c).status, 200);
    assert_int_equal(client_answer(&c).status, 200);
    assert_int_equal(client_answer(&c).status, 404);
    client_clear(&c);
}

static void a_hundred_connections(void **state) {
    (void)state;
    client all[100];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100 && round == 0; i++) all[i] = open_plain();
        for (int i = 0; i < 100; i++) client_send_text(&all[i], LIST_BUCKETS);
        for (int i = 0; i < 100; i++) assert_int_equal(client_answer(&all[i]).status, 200);
    }
    for (int i = 0; i < 100; i++) client_clear(&all[i]);
}

static void one_connection_too_many_is_told_so(void **state) {
    (void)state;
    client all[129];
    for (int i = 0; i < 129; i++) all[i] = open_plain();
    for (int i = 0; i < 128; i++) {
        client_send_text(&all[i], LIST_BUCKETS);
        assert_int_equal(client_answer(&all[i]).status, 200);
    }
    client_send_text(&all[128], LIST_BUCKETS);
    assert_int_equal(client_answer(&all[128]).status, failure_get(FAILURE_THROTTLED)->in[WIRE_OSS_REST].http);
    assert_true(client_is_closed_within(&all[128], 2000));
    for (int i = 0; i < 129; i++) client_clear(&all[i]);
    EVENTUALLY(status_of(LIST_BUCKETS) == 200); /* the room is there again */
}

/* -- heads and framing */

static int long_request(size_t target_bytes, size_t header_bytes) {
    OWNED(buffer) request = {0};
    client c = open_plain();
    assert_false(FAILED(buffer_append_text(&request, "GET /?prefix=")));
    for (size_t i = 9; i < target_bytes; i++) assert_false(FAILED(buffer_append_byte(&request, 'a')));
    assert_false(FAILED(buffer_append_text(&request, " HTTP/1.1\r\n" SIGNED)));
    for (size_t sent = 0; sent < header_bytes; sent += 1000) {
        assert_false(FAILED(buffer_append_text(&request, "X-Long: ")));
        for (int i = 0; i < 990; i++) assert_false(FAILED(buffer_append_byte(&request, 'b')));
        assert_false(FAILED(buffer_append_text(&request, "\r\n")));
    }
    assert_false(FAILED(buffer_append_text(&request, "\r\n")));
    client_send(&c, buffer_slice(&request));
    answer a = client_answer(&c);
    client_clear(&c);
    return a.status;
}

static void long_heads(void **state) {
    (void)state;
    assert_int_equal(long_request(60, 60000), 200);
    unsigned before = seen().requests;
    assert_true(long_request(256 << 10, 0) != 414); /* prefix is too long for OSS, not for us */
    assert_int_equal(seen().requests, before + 1);
    assert_int_equal(long_request((256 << 10) + 1, 0), 414);
    assert_int_equal(seen().last_failure, FAILURE_URI_TOO_LONG);
    assert_int_equal(long_request(60, 70000), 431);
    assert_int_equal(seen().last_failure, FAILURE_HEADERS_TOO_LARGE);
    before = seen().requests;
    assert_int_equal(long_request(1 << 20, 0), 414); /* past all memory: the library refuses */
    EVENTUALLY(seen().requests > before);
    assert_int_equal(long_request(60, 600000), 431);
}

/* Also what libmicrohttpd refuses by itself: in the dialect's words, with the id it is recorded under. */
static void expect_recorded_page(const answer *a, bool is_tls) {
    slice type = answer_header(a, "Content-Type"), id = answer_header(a, "x-oss-request-id");
    assert_true(slice_equals_text(type, "application/xml"));
    if (slice_find(a->body, id) == SIZE_MAX) fail_msg("%.*s%.*s", SLICE_ARGS(a->head), SLICE_ARGS(a->body));
    assert_int_equal(id.len, 24);
    EVENTUALLY(slice_equals_text(id, seen().last_request_id));
    assert_string_equal(seen().last_source_ip, "127.0.0.1");
    assert_int_equal(seen().last_was_tls, is_tls);
}

static void refusals_over_tls(void **state) {
    (void)state;
    client good, bad;
    client_open_tls(&good, test_core_tls_port(world.core));
    client_open_tls(&bad, test_core_tls_port(world.core));
    client_send_text(&good, LIST_BUCKETS);
    assert_int_equal(client_answer(&good).status, 200);
    client_send_text(&bad, "GET / HTTP/1.1\r\n\r\n");
    answer a = client_answer(&bad);
    assert_int_equal(a.status, 400);
    expect_recorded_page(&a, true);
    client_clear(&good);
    client_clear(&bad);
}

static void ambiguous_framing_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "PUT /bkt/k HTTP/1.1\r\n" SIGNED "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "PUT /bkt/k HTTP/1.1\r\n" SIGNED "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "PUT /bkt/k HTTP/1.1\r\n" SIGNED "Content-Length: -1\r\n\r\n",
        "PUT /bkt/k HTTP/1.1\r\n" SIGNED "Content-Length: 99999999999999999999999\r\n\r\n",
        "PUT /bkt/k HTTP/1.1\r\n" SIGNED "Transfer-Encoding: gzip\r\n\r\nabc",
        "PUT /bkt/k HTTP/1.1\r\n" SIGNED "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "PUT /bkt/k HTTP/1.1\r\n" SIGNED "Content-Length : 3\r\n\r\nabc",
        "PUT /bkt/k HTTP/1.1\r\n" SIGNED "Transfer-Encoding\t: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "PUT /bkt/k HTTP/1.1\r\n" SIGNED "Content-Length: 3\r\n Content-Length: 4\r\n\r\nabcd",
        "PUT /bkt/k HTTP/1.1\r\n" SIGNED "\"Content-Length\": 3\r\n\r\nabc",
        "GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/9.9\r\n" SIGNED "\r\n",
    };
    unsigned stored = seen().bodies_stored;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        client c = open_plain();
        client_send_text(&c, bad[i]);
        answer a = client_answer(&c);
        if (a.status < 400) print_error("%s\nanswer %d\n", bad[i], a.status);
        assert_true(a.status >= 400 && a.status < 600);
        expect_recorded_page(&a, false);
        assert_true(client_is_closed_within(&c, 3000));
        client_clear(&c);
    }
    assert_int_equal(seen().bodies_stored, stored);
    EVENTUALLY(seen().last_failure == FAILURE_MALFORMED);
    assert_int_equal(status_of("rubbish\r\n\r\n"), 0);
    assert_int_equal(status_of(LIST_BUCKETS), 200);
}

static void slow_clients(void **state) {
    (void)state;
    client patient = open_plain(), lazy = open_plain(), drip = open_plain();
    const char *request = LIST_BUCKETS;
    client_send_text(&lazy, "GET / HT");
    client_send_text(&drip, "PUT /bkt/drip HTTP/1.1\r\n" SIGNED "Content-Length: 100000\r\n\r\n");
    for (size_t i = 0; request[i]; i++) { /* one byte at a time is slow, and allowed */
        assert_true(client_send(&patient, slice_of(request + i, 1)));
        usleep(2000);
    }
    assert_int_equal(client_answer(&patient).status, 200);
    bool is_cut = false;
    unsigned failed = seen().bodies_failed;
    for (int i = 0; i < 120 && !is_cut; i++) { /* never idle for two seconds, but far below a kilobyte a second */
        is_cut = !client_send_text(&drip, "x");
        usleep(100000);
    }
    assert_true(is_cut);
    assert_true(client_is_closed_within(&lazy, 10)); /* idle for longer than the idle timeout */
    EVENTUALLY(seen().bodies_failed == failed + 1);
    client_clear(&patient);
    client_clear(&lazy);
    client_clear(&drip);
}

static void head_dripped_for_ever_is_cut(void **state) {
    (void)state;
    client c = open_plain();
    bool is_cut = false;
    client_send_text(&c, "GET / HTTP/1.1\r\nX-Drip: ");
    for (int i = 0; i < 100 && !is_cut; i++) {
        is_cut = !client_send_text(&c, "x");
        usleep(100000);
    }
    assert_true(is_cut);
    client_clear(&c);
}

/* -- core goes and comes */

static void core_restarts(void **state) {
    (void)state;
    client hanging = open_plain(), uploading = open_plain(), later = open_plain();
    client_send_text(&hanging, "GET /bkt/hang HTTP/1.1\r\n" SIGNED "\r\n");
    client_send_text(&uploading, "PUT /bkt/interrupted HTTP/1.1\r\n" SIGNED "Content-Length: 20\r\n\r\n0123456789");
    usleep(100000);
    test_core_drop(world.core);
    answer a = client_answer(&hanging);
    expect_status(&a, 503);
    client_send_text(&uploading, "0123456789");
    a = client_answer(&uploading);
    expect_status(&a, 503);
    client_send_text(&later, LIST_BUCKETS);
    a = client_answer(&later);
    expect_status(&a, 503);
    test_core_connect(world.core);
    for (int turn = 0; turn < 1000; turn++) { /* the request may overtake the news of the new channel */
        client_send_text(&later, LIST_BUCKETS);
        a = client_answer(&later);
        if (a.status != 503) break;
        usleep(5000);
    }
    expect_status(&a, 200);
    assert_int_equal(seen().ready_count, 1);
    client_clear(&hanging);
    client_clear(&uploading);
    client_clear(&later);
}

/* -- nothing is left behind */

static int descriptors(void) {
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", test_core_pid(world.core));
    DIR *folder = opendir(path);
    if (folder == NULL) return -1; /* only root may look */
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}

static long resident_kib(void) {
    char path[64];
    long total = 0, resident = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", test_core_pid(world.core));
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &total, &resident), 2);
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void nothing_is_left_behind(void **state) {
    (void)state;
    static int descriptors_before;
    static long kib_before;
    if (descriptors_before == 0) { /* first call: after start */
        a_hundred_connections(state);
        usleep(300000);
        descriptors_before = descriptors();
        kib_before = resident_kib();
        return;
    }
    EVENTUALLY(descriptors() == descriptors_before);
    print_message("resident: %ld KiB at first, %ld KiB after all tests\n", kib_before, resident_kib());
    assert_true(resident_kib() < kib_before + RESIDENT_GROWTH_MAX_KIB);
}

/* An upload that is under way when STOP comes, and is finished a little later. */
static void *finish_upload(void *context) {
    client *c = context;
    static int answered;
    usleep(400000);
    client_send_text(c, "6789");
    answered = client_answer(c).status;
    return &answered;
}

static void stops_when_told(void **state) {
    (void)state;
    pthread_t other;
    void *answered = NULL;
    client c = open_plain();
    client_send_text(&c, "PUT /bkt/last HTTP/1.1\r\n" SIGNED "Content-Length: 10\r\n\r\n012345");
    usleep(100000);
    assert_int_equal(pthread_create(&other, NULL, finish_upload, &c), 0);
    int code = test_core_stop(world.core);
    world.core = NULL;
    pthread_join(other, &answered);
    assert_int_equal(code, 0);
    assert_int_equal(*(int *)answered, 200);
    client_clear(&c);
}

static int start(void **state) {
    (void)state;
    world.core = test_core_start(world.path);
    return 0;
}

int main(int count, char **arguments) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_behind),
        cmocka_unit_test(answers_carry_the_recorded_id),
        cmocka_unit_test(secrets_travel_in_boxes),
        cmocka_unit_test(failures_found_here_are_recorded),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_hundred_connections),
        cmocka_unit_test(one_connection_too_many_is_told_so),
        cmocka_unit_test(long_heads),
        cmocka_unit_test(ambiguous_framing_is_refused),
        cmocka_unit_test(slow_clients),
        cmocka_unit_test(head_dripped_for_ever_is_cut),
        cmocka_unit_test(test_bodies_come_back_as_they_were),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_chunked_upload),
        cmocka_unit_test(test_broken_off_upload),
        cmocka_unit_test(test_refused_uploads_are_answered),
        cmocka_unit_test(test_corruption_is_never_passed_on),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(refusals_over_tls),
        cmocka_unit_test(test_https),
        cmocka_unit_test(test_records),
        cmocka_unit_test(core_restarts),
        cmocka_unit_test(nothing_is_left_behind),
        cmocka_unit_test(stops_when_told),
    };
    if (count != 2) return 2;
    world.path = arguments[1];
    return cmocka_run_group_tests(tests, start, NULL);
}
