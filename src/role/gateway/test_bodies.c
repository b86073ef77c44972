/* The gateway's test: bodies stored, fetched and copied, whole and broken, over HTTP and HTTPS. */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/chunked.h"
#include "crypto/crc.h"
#include "crypto/hash.h"
#include "role/gateway/gateway_test.h"

static void check_figures(slice body) {
    uint8_t md5[HASH_MD5_BYTES];
    char crc64[32];
    test_core_seen s = seen();
    snprintf(crc64, sizeof crc64, "%llu", (unsigned long long)crc64_update(0, body));
    assert_false(FAILED(hash_once(HASH_MD5, body, md5)));
    assert_int_equal(s.last_size, body.len);
    assert_int_equal(s.last_sealed_size, chunked_sealed_size(body.len));
    assert_memory_equal(s.last_md5, md5, sizeof md5);
    assert_string_equal(s.last_crc64, crc64);
}

void test_bodies_come_back_as_they_were(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 16383, 16384, 262144, 262145, 5000000, 33554432};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        client c = open_plain();
        uint8_t *body = pattern(sizes[i], (uint32_t)i);
        char key[32];
        snprintf(key, sizeof key, "size-%zu", sizes[i]);
        assert_int_equal(put(&c, key, slice_of(body, sizes[i])), 200);
        check_figures(slice_of(body, sizes[i]));
        answer a = get(&c, key);
        expect_status(&a, 200);
        assert_int_equal(a.body.len, sizes[i]);
        assert_memory_equal(a.body.at, body, sizes[i]);
        client_send_text(&c, "HEAD /bkt/");
        client_send_text(&c, key);
        client_send_text(&c, " HTTP/1.1\r\n" SIGNED "\r\n");
        answer head = client_answer_to_head(&c);
        uint64_t announced = 1;
        assert_int_equal(head.status, 200);
        assert_true(slice_to_u64(answer_header(&head, "Content-Length"), &announced));
        assert_int_equal(announced, sizes[i]);
        client_send_text(&c, LIST_BUCKETS); /* the connection is still in step */
        assert_int_equal(client_answer(&c).status, 200);
        free(body);
        client_clear(&c);
    }
}

void test_ranges(void **state) {
    (void)state;
    static const struct {
        unsigned first, last;
    } wanted[] = {{0, 0}, {16383, 16384}, {16380, 700000}, {4999999, 4999999}, {262140, 262150}, {1, 4999998}};
    client c = open_plain();
    uint8_t *body = pattern(5000000, 6); /* stored by the test before */
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        char range[64];
        snprintf(range, sizeof range, "Range: bytes=%u-%u\r\n", wanted[i].first, wanted[i].last);
        answer a = get_with(&c, "size-5000000", range);
        expect_status(&a, 206);
        assert_int_equal(a.body.len, wanted[i].last - wanted[i].first + 1);
        assert_memory_equal(a.body.at, body + wanted[i].first, a.body.len);
    }
    free(body);
    client_clear(&c);
}

void test_chunked_upload(void **state) {
    (void)state;
    client c = open_plain();
    uint8_t *body = pattern(1000000, 77);
    client_send_text(&c, "PUT /bkt/chunked HTTP/1.1\r\n" SIGNED "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < 1000000;) {
        char size[32];
        size_t piece = 1 + at * 7 % 70001;
        if (piece > 1000000 - at) piece = 1000000 - at;
        snprintf(size, sizeof size, "%zx\r\n", piece);
        client_send_text(&c, size);
        client_send(&c, slice_of(body + at, piece));
        client_send_text(&c, "\r\n");
        at += piece;
    }
    client_send_text(&c, "0\r\n\r\n");
    assert_int_equal(client_answer(&c).status, 200);
    check_figures(slice_of(body, 1000000));
    answer a = get(&c, "chunked");
    expect_status(&a, 200);
    assert_memory_equal(a.body.at, body, 1000000);
    free(body);
    client_clear(&c);
}

void test_broken_off_upload(void **state) {
    (void)state;
    unsigned failed = seen().bodies_failed, stored = seen().bodies_stored;
    client c = open_plain();
    uint8_t *part = pattern(700000, 1);
    client_send_text(&c, "PUT /bkt/broken HTTP/1.1\r\n" SIGNED "Content-Length: 1000000\r\n\r\n");
    client_send(&c, slice_of(part, 700000));
    usleep(50000);
    client_clear(&c);
    EVENTUALLY(seen().bodies_failed == failed + 1);
    assert_int_equal(seen().last_body_failure, FAILURE_BODY_BROKEN_OFF);
    assert_int_equal(seen().bodies_stored, stored);
    c = open_plain(); /* half-closed: no more comes, but an answer could be read */
    client_send_text(&c, "PUT /bkt/broken HTTP/1.1\r\n" SIGNED "Transfer-Encoding: chunked\r\n\r\n1000\r\nabc");
    client_end_sending(&c);
    client_answer(&c);
    client_clear(&c);
    EVENTUALLY(seen().bodies_failed == failed + 2);
    free(part);
}

void test_refused_uploads_are_answered(void **state) {
    (void)state;
    uint8_t *body = pattern(20000000, 5);
    client c = open_plain();
    assert_int_equal(put(&c, "denied", slice_of(body, 3000000)), 403); /* read to its end, the connection lives on */
    client_send_text(&c, LIST_BUCKETS);
    assert_int_equal(client_answer(&c).status, 200);
    client_send_text(&c,
                     "PUT /bkt/denied HTTP/1.1\r\n" SIGNED "Content-Length: 3000000\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(client_answer(&c).status, 403); /* at once */
    client_clear(&c);
    c = open_plain();
    client_send_text(&c, "PUT /bkt/welcome HTTP/1.1\r\n" SIGNED "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(client_answer(&c).status, 100);
    client_send_text(&c, "abc");
    assert_int_equal(client_answer(&c).status, 200);
    client_clear(&c);
    c = open_plain(); /* a form larger than any operation wants */
    client_send_text(&c, "POST / HTTP/1.1\r\nHost: kms.localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                         "Content-Length: 3000000\r\n\r\n");
    client_send(&c, slice_of(body, 3000000));
    assert_int_equal(client_answer(&c).status, 413);
    assert_int_equal(seen().last_failure, FAILURE_REQUEST_TOO_LARGE);
    client_clear(&c);
    free(body);
}

void test_corruption_is_never_passed_on(void **state) {
    (void)state;
    client c = open_plain();
    uint8_t *body = pattern(3000000, 9);
    assert_int_equal(put(&c, "bad-start", slice_of(body, 100000)), 200);
    assert_int_equal(put(&c, "bad-end", slice_of(body, 3000000)), 200);
    assert_int_equal(put(&c, "bad-header", slice_of(body, 10)), 200);
    test_core_corrupt(world.core, "bad-start", 70000);
    test_core_corrupt(world.core, "bad-end", 2900000);
    test_core_corrupt(world.core, "bad-header", 40);
    unsigned failed = seen().bodies_failed;
    answer a = get(&c, "bad-start");
    expect_status(&a, 500);
    a = get(&c, "bad-header");
    expect_status(&a, 500);
    EVENTUALLY(seen().bodies_failed == failed + 2);
    a = get(&c, "bad-end");
    assert_int_equal(a.status, 200);
    assert_false(a.is_whole);
    assert_true(a.body.len < 2900000);
    assert_memory_equal(a.body.at, body, a.body.len);
    EVENTUALLY(seen().bodies_failed == failed + 3);
    assert_int_equal(seen().last_body_failure, FAILURE_CORRUPT);
    client_clear(&c);
    c = open_plain();
    a = get_with(&c, "bad-end", "Range: bytes=0-1000000\r\n"); /* what is sound can still be read */
    expect_status(&a, 206);
    assert_memory_equal(a.body.at, body, 1000001);
    free(body);
    client_clear(&c);
}

void test_copies(void **state) {
    (void)state;
    client c = open_plain();
    client_send_text(&c, "PUT /bkt/copy-1 HTTP/1.1\r\n" SIGNED
                         "x-oss-copy-source: /bkt/size-5000000\r\nContent-Length: 0\r\n\r\n");
    answer a = client_answer(&c);
    expect_status(&a, 200);
    uint8_t *body = pattern(5000000, 6);
    check_figures(slice_of(body, 5000000));
    a = get(&c, "copy-1");
    expect_status(&a, 200);
    assert_memory_equal(a.body.at, body, 5000000);
    test_core_corrupt(world.core, "copy-1", 4000000);
    client_send_text(&c, "PUT /bkt/copy-2 HTTP/1.1\r\n" SIGNED
                         "x-oss-copy-source: /bkt/copy-1\r\nContent-Length: 0\r\n\r\n");
    a = client_answer(&c);
    expect_status(&a, 500);
    assert_int_equal(seen().last_body_failure, FAILURE_CORRUPT);
    free(body);
    client_clear(&c);
}

/* However records and requests lie across each other; and an answer of one piece is one record. */
void test_records(void **state) {
    (void)state;
    client c;
    client_open_tls(&c, test_core_tls_port(world.core));
    for (int i = 0; i < 3; i++) {
        unsigned before = c.receives;
        assert_true(client_send_text(&c, LIST_BUCKETS));
        answer a = client_answer(&c);
        assert_int_equal(a.status, 200);
        assert_true(a.is_whole && a.body.len > 0);
        assert_int_equal(c.receives - before, 1);
    }
    assert_true(client_send_text(&c, LIST_BUCKETS LIST_BUCKETS LIST_BUCKETS));
    for (int i = 0; i < 3; i++) assert_int_equal(client_answer(&c).status, 200);
    for (const char *at = LIST_BUCKETS; *at; at++) assert_true(client_send(&c, slice_of(at, 1)));
    assert_int_equal(client_answer(&c).status, 200);
    uint8_t *body = pattern(70000, 9);
    assert_int_equal(put(&c, "records", slice_of(body, 70000)), 200);
    for (size_t size = 1; size < 70000; size = size * 3 + 1) { /* bodies about as long as a record, and longer */
        assert_int_equal(put(&c, "records", slice_of(body, size)), 200);
        answer a = get(&c, "records");
        expect_status(&a, 200);
        assert_true(slice_equals(a.body, slice_of(body, size)));
    }
    free(body);
    client_clear(&c);
}

void test_https(void **state) {
    (void)state;
    client c;
    uint8_t *body = pattern(5000000, 6);
    client_open_tls(&c, test_core_tls_port(world.core));
    assert_string_equal(client_tls_version(&c), "TLS1.3");
    assert_string_equal(client_tls_cipher(&c), "AES-256-GCM");
    answer a = get(&c, "size-5000000");
    expect_status(&a, 200);
    assert_memory_equal(a.body.at, body, 5000000);
    assert_true(seen().last_was_tls);
    assert_int_equal(put(&c, "over-tls", slice_of(body, 3000000)), 200);
    a = get(&c, "over-tls");
    expect_status(&a, 200);
    assert_memory_equal(a.body.at, body, 3000000);
    free(body);
    client_clear(&c);
    c = open_plain(); /* TLS spoken to the plain port, and the other way round: refused, nothing falls over */
    client_send(&c, slice_of("\x16\x03\x01\x00\x05hello\r\n\r\n", 14));
    client_answer(&c);
    client_clear(&c);
    client_open(&c, test_core_tls_port(world.core));
    client_send_text(&c, LIST_BUCKETS);
    assert_int_not_equal(client_answer(&c).status, 200);
    client_clear(&c);
}
