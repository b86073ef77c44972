/* Tests of channels: gathering, bounds, pausing, and every way to end. */
#include "system/channel_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static void output_is_gathered(void **unused) {
    (void)unused;
    scene s;
    scene_begin(&s);
    for (int i = 0; i < 100; i++) expect_ok(channel_send(s.c, SLICE("12345")));
    assert_int_equal(channel_pending_bytes(s.c), 1000);
    char byte;
    assert_int_equal(read(s.peer, &byte, 1), -1); /* nothing before the turn ends */
    scene_turns(&s, 1);
    assert_int_equal(channel_pending_bytes(s.c), 0);
    char all[1001];
    assert_int_equal(read(s.peer, all, sizeof all), 1000);
    expect_ok(channel_send(s.c, SLICE("12345")));
    channel_flush(s.c);
    assert_int_equal(read(s.peer, all, sizeof all), 10);
    scene_finish(&s);
}

static void a_peer_that_never_reads(void **unused) {
    (void)unused;
    scene s;
    scene_begin(&s);
    static uint8_t block[CHANNEL_FRAME_MAX];
    status sent = OK;
    int count = 0;
    while (!FAILED(sent) && count < 100) {
        sent = channel_send(s.c, slice_of(block, sizeof block));
        assert_int_equal(s.ends, 0);
        count++;
    }
    assert_true(FAILED_WITH(sent, CLOSED));
    assert_int_equal(count, 64);
    scene_expect_end(&s, CHANNEL_END_FLOODED);
    scene_finish(&s);
}

/* However much comes, one turn reads a bounded amount, and nothing piles up. */
static void a_peer_that_floods(void **unused) {
    (void)unused;
    scene s;
    scene_begin(&s);
    OWNED(buffer) wire = {0};
    while (wire.len < (1 << 16)) wire_append_frame(&wire, 0, SLICE("0123456789"));
    size_t total = 0;
    for (int round = 0; round < 200; round++) {
        size_t at = total % wire.len;
        for (ssize_t done = 1; done > 0; at = total % wire.len) {
            done = write(s.peer, wire.at + at, wire.len - at);
            if (done > 0) total += (size_t)done;
        }
        int before = s.frames;
        scene_turns(&s, 1);
        assert_true((s.frames - before) * 15 <= 2 * CHANNEL_READ_PER_TURN);
        buffer_reset(&s.got);
    }
    while (s.frames < (int)(total / 15)) {
        scene_turns(&s, 1);
        buffer_reset(&s.got);
    }
    assert_int_equal(s.ends, 0);
    assert_true(total > (10 << 20));
    scene_finish(&s);
}

static void free_it(scene *s) { channel_free(s->c); }
static void close_it(scene *s) { channel_close(s->c); }
static void pause_it(scene *s) { channel_pause(s->c); }
static void receive_again(scene *s) { expect_ok(channel_receive_now(s->c)); }
static void answer_it(scene *s) { expect_ok(channel_send(s->c, SLICE("answer"))); }

static void ending_inside_a_callback(void **unused) {
    (void)unused;
    OWNED(buffer) wire = {0};
    wire_append_frame(&wire, 0, SLICE("a"));
    wire_append_frame(&wire, 0, SLICE("b"));
    scene s;
    scene_begin(&s);
    s.during = free_it;
    scene_put(&s, wire.at, wire.len);
    scene_turns(&s, 3);
    assert_int_equal(s.frames, 1);
    assert_int_equal(s.ends, 0);
    s.c = NULL;
    scene_finish(&s);
    scene_begin(&s);
    s.during = close_it;
    scene_put(&s, wire.at, wire.len);
    scene_turns(&s, 3);
    assert_int_equal(s.frames, 1);
    assert_true(FAILED_WITH(channel_send(s.c, SLICE("x")), CLOSED));
    scene_finish(&s);
}

static void on_closed_frees(void *context, enum channel_end why) {
    scene *s = context;
    s->ends++;
    s->why = why;
    channel_free(s->c);
    s->c = NULL;
}

static void freeing_in_on_closed(void **unused) {
    (void)unused;
    scene s;
    scene_begin(&s);
    channel_redirect(s.c, scene_on_frame, on_closed_frees, &s);
    scene_close_peer(&s);
    scene_turns(&s, 2);
    assert_int_equal(s.ends, 1);
    scene_finish(&s);
}

static void pausing(void **unused) {
    (void)unused;
    OWNED(buffer) wire = {0};
    for (int i = 0; i < 3; i++) wire_append_frame(&wire, 0, SLICE("x"));
    scene s;
    scene_begin(&s);
    s.during = pause_it;
    scene_put(&s, wire.at, wire.len);
    scene_turns(&s, 3);
    assert_int_equal(s.frames, 1);
    scene_close_peer(&s);
    scene_turns(&s, 3);
    assert_int_equal(s.frames, 1);
    assert_int_equal(s.ends, 0);
    channel_resume(s.c);
    scene_turns(&s, 1);
    assert_int_equal(s.frames, 2);
    s.during = NULL;
    channel_resume(s.c);
    scene_expect_end(&s, CHANNEL_END_PEER);
    assert_int_equal(s.frames, 3);
    scene_finish(&s);
}

static void receiving_now(void **unused) {
    (void)unused;
    OWNED(buffer) wire = {0};
    for (int i = 0; i < 3; i++) wire_append_frame(&wire, 0, SLICE("x"));
    scene s;
    scene_begin(&s);
    s.during = receive_again;
    expect_ok(channel_receive_now(s.c));
    scene_put(&s, wire.at, wire.len - 2);
    expect_ok(channel_receive_now(s.c));
    assert_int_equal(s.frames, 2);
    scene_put(&s, wire.at + wire.len - 2, 2);
    expect_ok(channel_receive_now(s.c));
    assert_int_equal(s.frames, 3);
    scene_close_peer(&s);
    assert_true(FAILED_WITH(channel_receive_now(s.c), CLOSED));
    assert_int_equal(s.ends, 1);
    scene_finish(&s);
}

/* What arrives wakes nobody; the peer's end does, and what it said before is not lost. */
static void reading_on_request(void **unused) {
    (void)unused;
    OWNED(buffer) wire = {0};
    for (int i = 0; i < 3; i++) wire_append_frame(&wire, 0, SLICE("x"));
    scene s;
    scene_begin(&s);
    channel_read_on_request(s.c);
    scene_put(&s, wire.at, wire.len);
    scene_turns(&s, 3);
    assert_int_equal(s.frames, 0);
    expect_ok(channel_receive_now(s.c));
    assert_int_equal(s.frames, 3);
    expect_ok(channel_receive_now(s.c));
    scene_put(&s, wire.at, wire.len);
    channel_pause(s.c);
    channel_resume(s.c);
    scene_turns(&s, 1);
    scene_close_peer(&s);
    scene_expect_end(&s, CHANNEL_END_PEER);
    assert_int_equal(s.frames, 6);
    scene_finish(&s);
    scene_begin(&s);
    channel_read_on_request(s.c);
    scene_put(&s, wire.at, wire.len - 2); /* and an end inside a frame stays one */
    scene_turns(&s, 1);
    scene_close_peer(&s);
    scene_expect_end(&s, CHANNEL_END_MALFORMED);
    assert_int_equal(s.frames, 2);
    scene_finish(&s);
}

static void waiting_at_start(void **unused) {
    (void)unused;
    scene s;
    scene_begin(&s);
    assert_true(FAILED_WITH(channel_receive_waiting(s.c, 5), TIMEOUT));
    scene_put(&s, "\0\0\0\1\0", 5);
    assert_true(FAILED_WITH(channel_receive_waiting(s.c, 5), TIMEOUT));
    scene_put(&s, "x", 1);
    expect_ok(channel_receive_waiting(s.c, 1000));
    assert_int_equal(s.frames, 1);
    static uint8_t block[CHANNEL_FRAME_MAX];
    for (int i = 0; i < 8; i++) expect_ok(channel_send(s.c, slice_of(block, sizeof block)));
    assert_true(FAILED_WITH(channel_flush_waiting(s.c, 5), TIMEOUT));
    scene_close_peer(&s);
    assert_true(FAILED_WITH(channel_flush_waiting(s.c, 1000), CLOSED));
    assert_true(FAILED_WITH(channel_receive_waiting(s.c, 1000), CLOSED));
    scene_finish(&s);
}

/* What a peer said before it died is heard, even when our own writing finds out first. */
static void last_words_are_heard(void **unused) {
    (void)unused;
    OWNED(buffer) wire = {0};
    wire_append_frame(&wire, 0, SLICE("acknowledged"));
    scene s;
    scene_begin(&s);
    scene_put(&s, wire.at, wire.len);
    scene_close_peer(&s);
    expect_ok(channel_send(s.c, SLICE("x")));
    channel_flush(s.c);
    assert_int_equal(s.ends, 0);
    assert_false(channel_is_open(s.c));
    scene_expect_end(&s, CHANNEL_END_PEER);
    assert_int_equal(s.frames, 1);
    scene_finish(&s);
}

static void closing_sends_what_is_queued(void **unused) {
    (void)unused;
    scene s;
    scene_begin(&s);
    expect_ok(channel_send(s.c, SLICE("bye")));
    channel_close(s.c);
    char all[16];
    assert_int_equal(read(s.peer, all, sizeof all), 8);
    assert_int_equal(read(s.peer, all, sizeof all), 0);
    scene_turns(&s, 2);
    assert_int_equal(s.ends, 0);
    scene_finish(&s);
}

static void requests_and_answers(void **unused) {
    (void)unused;
    scene s;
    scene_begin(&s);
    s.during = answer_it;
    OWNED(buffer) wire = {0};
    wire_append_frame(&wire, 0, SLICE("question"));
    scene_put(&s, wire.at, wire.len);
    scene_turns(&s, 1); /* the answer leaves in the very turn the question came */
    char all[32];
    assert_int_equal(read(s.peer, all, sizeof all), 11);
    assert_memory_equal(all + 5, "answer", 6);
    scene_finish(&s);
}

static const uint8_t *seen_payload;

static void note_payload(void *context, slice payload, int *fds, size_t fd_count) {
    (void)context, (void)fds, (void)fd_count;
    seen_payload = payload.at;
    assert_memory_equal(payload.at, "key bytes", 9);
}

static void secrets_are_overwritten(void **unused) {
    (void)unused;
    scene s;
    scene_begin(&s);
    channel_carries_secrets(s.c);
    channel_redirect(s.c, note_payload, scene_on_closed, &s);
    OWNED(buffer) wire = {0};
    wire_append_frame(&wire, 0, SLICE("key bytes"));
    scene_put(&s, wire.at, wire.len);
    scene_turns(&s, 1);
    assert_non_null(seen_payload);
    for (int i = 0; i < 9; i++) assert_int_equal(seen_payload[i], 0);
    scene_finish(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_is_gathered),
        cmocka_unit_test(a_peer_that_never_reads),
        cmocka_unit_test(a_peer_that_floods),
        cmocka_unit_test(ending_inside_a_callback),
        cmocka_unit_test(freeing_in_on_closed),
        cmocka_unit_test(pausing),
        cmocka_unit_test(receiving_now),
        cmocka_unit_test(reading_on_request),
        cmocka_unit_test(waiting_at_start),
        cmocka_unit_test(last_words_are_heard),
        cmocka_unit_test(closing_sends_what_is_queued),
        cmocka_unit_test(requests_and_answers),
        cmocka_unit_test(secrets_are_overwritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
