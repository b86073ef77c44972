/* Tests of channels: whole and split frames, descriptors, and what is no frame. */
#include "system/channel_scene.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void frames_split_at_every_byte(void **unused) {
    (void)unused;
    OWNED(buffer) wire = {0};
    wire_append_frame(&wire, 0, SLICE("first"));
    wire_append_frame(&wire, 0, SLICE(""));
    wire_append_frame(&wire, 0, SLICE("second and last"));
    for (size_t at = 0; at <= wire.len; at++) {
        scene s;
        scene_begin(&s);
        scene_put(&s, wire.at, at);
        scene_turns(&s, 1);
        scene_put(&s, wire.at + at, wire.len - at);
        scene_turns(&s, 1);
        assert_int_equal(s.frames, 3);
        assert_true(slice_equals_text(buffer_slice(&s.got), "firstsecond and last"));
        assert_int_equal(s.ends, 0);
        scene_finish(&s);
    }
}

static void frames_byte_by_byte(void **unused) {
    (void)unused;
    OWNED(buffer) wire = {0};
    wire_append_frame(&wire, 0, SLICE("one"));
    wire_append_frame(&wire, 0, SLICE("two"));
    scene s;
    scene_begin(&s);
    for (size_t i = 0; i < wire.len; i++) {
        scene_put(&s, wire.at + i, 1);
        scene_turns(&s, 1);
    }
    assert_int_equal(s.frames, 2);
    assert_true(slice_equals_text(buffer_slice(&s.got), "onetwo"));
    scene_finish(&s);
}

static void an_end_inside_a_frame(void **unused) {
    (void)unused;
    OWNED(buffer) wire = {0};
    wire_append_frame(&wire, 0, SLICE("payload"));
    for (size_t at = 0; at <= wire.len; at++) {
        scene s;
        scene_begin(&s);
        scene_put(&s, wire.at, at);
        scene_close_peer(&s);
        bool whole = at == 0 || at == wire.len;
        scene_expect_end(&s, whole ? CHANNEL_END_PEER : CHANNEL_END_MALFORMED);
        assert_int_equal(s.frames, at == wire.len);
        scene_finish(&s);
    }
}

static void malformed_headers(void **unused) {
    (void)unused;
    static const uint8_t headers[][5] = {
        {0x00, 0x10, 0x00, 0x01, 0},
        {0xff, 0xff, 0xff, 0xff, 0},
        {0x80, 0, 0, 0, 0},
        {0, 0, 0, 1, 3},
        {0, 0, 0, 1, 4},
        {0, 0, 0, 1, 0x80},
        {0, 0, 0, 1, 1},
        {0, 0, 0, 1, 2},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        scene s;
        OWNED(buffer) wire = {0};
        wire_append_frame(&wire, 0, SLICE("good"));
        expect_ok(buffer_append(&wire, slice_of(headers[i], 5)));
        scene_begin(&s);
        scene_put(&s, wire.at, wire.len);
        scene_expect_end(&s, CHANNEL_END_MALFORMED);
        assert_int_equal(s.frames, 1); /* what came before it still counts */
        scene_finish(&s);
    }
}

static void descriptors_nobody_announced(void **unused) {
    (void)unused;
    OWNED(buffer) plain = {0}, one = {0}, two = {0};
    wire_append_frame(&plain, 0, SLICE("plain"));
    wire_append_frame(&one, 1, SLICE("one"));
    wire_append_frame(&two, 2, SLICE("two"));
    struct {
        slice bytes;
        size_t count;
    } cases[] = {
        {buffer_slice(&plain), 1},                /* beside a plain frame */
        {slice_head(buffer_slice(&plain), 5), 1}, /* beside a plain header */
        {buffer_slice(&one), 2},                  /* one too many */
        {slice_head(buffer_slice(&one), 6), 2},
        {buffer_slice(&two), 1}, /* one too few */
        {slice_head(buffer_slice(&two), 6), 1},
        {buffer_slice(&two), 3}, /* more than any frame may have */
        {slice_head(buffer_slice(&two), 2), 3},
        {buffer_slice(&two), 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scene s;
        scene_begin(&s);
        scene_put_with_descriptors(&s, cases[i].bytes, cases[i].count);
        scene_expect_end(&s, CHANNEL_END_MALFORMED);
        scene_finish(&s); /* also: none leaks */
    }
}

static void descriptors_with_split_frames(void **unused) {
    (void)unused;
    OWNED(buffer) two = {0};
    wire_append_frame(&two, 2, SLICE("two"));
    for (size_t at = 1; at < two.len; at++) {
        scene s;
        scene_begin(&s);
        scene_put_with_descriptors(&s, slice_of(two.at, at), 2);
        scene_turns(&s, 1);
        scene_put(&s, two.at + at, two.len - at);
        scene_put_with_descriptors(&s, buffer_slice(&two), 2);
        scene_turns(&s, 2);
        assert_int_equal(s.ends, 0);
        assert_int_equal(s.frames, 2);
        assert_int_equal(s.fd_count, 4);
        scene_finish(&s);
    }
}

static int numbered_descriptor(uint32_t number) {
    int fd = memfd_create("number", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, &number, sizeof number), (ssize_t)sizeof number);
    return fd;
}

static void descriptors_stay_with_their_frames(void **unused) {
    (void)unused;
    enum { FRAMES = 400 };
    scene s;
    scene_begin(&s);
    channel *sender = scene_other_end(&s);
    uint32_t number = 0;
    OWNED(buffer) filler = {0};
    for (int i = 0; i < 3000; i++) expect_ok(buffer_append_byte(&filler, 'f'));
    for (uint32_t i = 0; i < FRAMES; i++) {
        int fds[2];
        size_t count = i % 3;
        for (size_t k = 0; k < count; k++) fds[k] = numbered_descriptor(number++);
        slice payload = slice_head(buffer_slice(&filler), i * 7);
        if (count) expect_ok(channel_send_with_descriptors(sender, payload, fds, count));
        else expect_ok(channel_send(sender, payload));
        if (i % 50 == 0) scene_turns(&s, 2);
    }
    for (int turn = 0; turn < 200 && s.frames < FRAMES; turn++) scene_turns(&s, 1);
    assert_int_equal(s.frames, FRAMES);
    assert_int_equal(s.fd_count, number);
    for (uint32_t i = 0; i < number; i++) {
        uint32_t read_back;
        assert_int_equal(pread(s.fds[i], &read_back, sizeof read_back, 0), (ssize_t)sizeof read_back);
        assert_int_equal(read_back, i);
    }
    channel_free(sender);
    scene_finish(&s);
}

static void unsent_descriptors_are_closed(void **unused) {
    (void)unused;
    scene s;
    scene_begin(&s);
    int fds[2] = {numbered_descriptor(1), numbered_descriptor(2)};
    expect_ok(channel_send_with_descriptors(s.c, SLICE("x"), fds, 2));
    int three[3] = {numbered_descriptor(1), numbered_descriptor(2), numbered_descriptor(3)};
    assert_true(FAILED_WITH(channel_send_with_descriptors(s.c, SLICE("x"), three, 3), TOO_LARGE));
    scene_close_peer(&s);
    scene_expect_end(&s, CHANNEL_END_PEER);
    int late = numbered_descriptor(4);
    assert_true(FAILED_WITH(channel_send_with_descriptors(s.c, SLICE("x"), &late, 1), CLOSED));
    scene_finish(&s);
}

static void sizes(void **unused) {
    (void)unused;
    scene s;
    scene_begin(&s);
    channel *sender = scene_other_end(&s);
    OWNED(buffer) largest = {0};
    expect_ok(buffer_reserve(&largest, CHANNEL_FRAME_MAX + 1));
    memset(largest.at, 'L', CHANNEL_FRAME_MAX + 1);
    largest.len = CHANNEL_FRAME_MAX;
    expect_ok(channel_send(sender, buffer_slice(&largest)));
    slice parts[] = {buffer_slice(&largest), SLICE("x")};
    assert_true(FAILED_WITH(channel_send_parts(sender, parts, 2), TOO_LARGE));
    largest.len++;
    assert_true(FAILED_WITH(channel_send(sender, buffer_slice(&largest)), TOO_LARGE));
    expect_ok(channel_send(sender, SLICE("")));
    slice three[] = {SLICE("a"), {0}, SLICE("bc")};
    expect_ok(channel_send_parts(sender, three, 3));
    for (int turn = 0; turn < 100 && s.frames < 3; turn++) scene_turns(&s, 1);
    assert_int_equal(s.frames, 3);
    assert_int_equal(s.got.len, CHANNEL_FRAME_MAX + 3);
    assert_memory_equal(s.got.at, largest.at, CHANNEL_FRAME_MAX);
    assert_memory_equal(s.got.at + CHANNEL_FRAME_MAX, "abc", 3);
    channel_free(sender);
    scene_finish(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_split_at_every_byte),
        cmocka_unit_test(frames_byte_by_byte),
        cmocka_unit_test(an_end_inside_a_frame),
        cmocka_unit_test(malformed_headers),
        cmocka_unit_test(descriptors_nobody_announced),
        cmocka_unit_test(descriptors_with_split_frames),
        cmocka_unit_test(descriptors_stay_with_their_frames),
        cmocka_unit_test(unsent_descriptors_are_closed),
        cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
