/* Tests of writing past the page cache. Not run where the file system cannot: then nothing uses it either. */
#include "system/direct.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "system/append.h"
#include "system/files.h"

enum { FILE_BYTES = 1 << 20, BLOCK = DIRECT_BLOCK_BYTES };

static char folder_path[] = "./keyhold-direct-XXXXXX"; /* in the build folder: /tmp may be memory, which cannot */
static int folder;

static void expect_ok(status s) {
    if (FAILED(s)) fail_msg("%s", status_name(s));
}

/* A file full of 'x', and a second descriptor to look at it. */
static void scene(direct *d, int *plain) {
    static uint8_t content[FILE_BYTES];
    memset(content, 'x', sizeof content);
    status_ignore(files_unlink(folder, "file"));
    expect_ok(files_write_new(folder, "file", slice_of(content, sizeof content)));
    status opened = direct_open(folder, "file", d);
    if (FAILED_WITH(opened, UNSUPPORTED)) skip();
    expect_ok(opened);
    expect_ok(files_open_read(folder, "file", plain));
}

static void end_scene(direct *d, int plain) {
    files_close(plain);
    direct_clear(d);
    direct_clear(d);
    expect_ok(files_unlink(folder, "file"));
}

static void expect_bytes(int plain, uint64_t offset, slice wanted) {
    static uint8_t read[FILE_BYTES];
    size_t got;
    expect_ok(files_read_at(plain, offset, read, wanted.len, &got));
    assert_int_equal(got, wanted.len);
    assert_memory_equal(read, wanted.at, wanted.len);
}

static void expect_run(int plain, uint64_t offset, uint8_t byte, size_t len) {
    static uint8_t wanted[FILE_BYTES];
    memset(wanted, byte, len);
    expect_bytes(plain, offset, slice_of(wanted, len));
}

static void what_is_not_there(void **unused) {
    (void)unused;
    direct d = {.fd = 7};
    assert_true(FAILED_WITH(direct_open(folder, "nothing", &d), NOT_FOUND));
    assert_int_equal(d.fd, 7);
}

static void parts_and_what_follows(void **unused) {
    (void)unused;
    direct d = {0};
    int plain;
    scene(&d, &plain);
    slice parts[] = {SLICE("one,"), {0}, SLICE("two")}, more = SLICE(",three");
    expect_ok(direct_write(&d, 0, parts, 3));
    expect_bytes(plain, 0, SLICE("one,two"));
    expect_run(plain, 7, 0, BLOCK - 7); /* zeros to the end of the block, and no further */
    expect_run(plain, BLOCK, 'x', BLOCK);
    expect_ok(direct_write(&d, 7, &more, 1));
    expect_bytes(plain, 0, SLICE("one,two,three"));
    expect_run(plain, 13, 0, BLOCK - 13);
    end_scene(&d, plain);
}

/* The block in which a write begins is not the one held: it is read first. */
static void beginning_anywhere(void **unused) {
    (void)unused;
    direct d = {0};
    int plain;
    scene(&d, &plain);
    slice text = SLICE("here");
    expect_ok(direct_write(&d, 5 * BLOCK + 100, &text, 1));
    expect_run(plain, 5 * BLOCK, 'x', 100);
    expect_bytes(plain, 5 * BLOCK + 100, text);
    expect_ok(direct_write(&d, 3 * BLOCK - 2, &text, 1)); /* over a border, and back from where it was */
    expect_run(plain, 2 * BLOCK, 'x', BLOCK - 2);
    expect_bytes(plain, 3 * BLOCK - 2, text);
    expect_run(plain, 3 * BLOCK + 2, 0, BLOCK - 2);
    expect_ok(direct_write(&d, 3 * BLOCK, &text, 1));
    expect_bytes(plain, 3 * BLOCK - 2, SLICE("hehere"));
    end_scene(&d, plain);
}

/* As a journal writes: batches of all sizes, each a little before where the last one ended. */
static void many_writes_in_a_row(void **unused) {
    (void)unused;
    static uint8_t wanted[FILE_BYTES];
    direct d = {0};
    int plain;
    size_t at = 0;
    unsigned random = 1;
    scene(&d, &plain);
    memset(wanted, 'x', sizeof wanted);
    for (int i = 0; i < 300; i++) {
        random = random * 1103515245 + 12345;
        size_t len = i % 50 == 49 ? 90000 : random >> 16 & 0x7ff;
        if (at + len + BLOCK > FILE_BYTES) break;
        memset(wanted + at, 'a' + i % 26, len);
        slice part = slice_of(wanted + at, len);
        expect_ok(direct_write(&d, at, &part, 1));
        at += len;
        at -= at > 4 ? 4 : 0;
    }
    expect_bytes(plain, 0, slice_of(wanted, at));
    end_scene(&d, plain);
}

static void past_the_end(void **unused) {
    (void)unused;
    static uint8_t content[BLOCK];
    direct d = {0};
    int plain;
    scene(&d, &plain);
    slice part = slice_of(content, 10);
    assert_true(FAILED(direct_write(&d, FILE_BYTES + 10, &part, 1))); /* no block begins before it */
    end_scene(&d, plain);
}

/* A segment does both, and reads back what went past the cache. */
static void a_segment(void **unused) {
    (void)unused;
    append a = {0}, odd = {0};
    char text[16];
    size_t got;
    slice first = SLICE("first,"), second = SLICE("second,"), third = SLICE("third");
    expect_ok(append_create(folder, 1, FILE_BYTES, &a));
    expect_ok(append_write(&a, &first, 1));
    status gone = append_go_direct(folder, &a);
    if (!FAILED_WITH(gone, UNSUPPORTED)) expect_ok(gone);
    expect_ok(append_write(&a, &second, 1));
    expect_ok(append_sync(&a));
    expect_ok(append_seek(&a, 6));
    expect_ok(append_write(&a, &third, 1));
    expect_ok(append_sync(&a));
    assert_int_equal(a.position, 11);
    expect_ok(append_read(&a, 0, text, sizeof text, &got));
    assert_memory_equal(text, FAILED(gone) ? "first,thirdd,\0\0\0" : "first,third\0\0\0\0\0", sizeof text);
    append_clear(&a);
    expect_ok(append_create(folder, 2, FILE_BYTES + 100, &odd)); /* not made of whole blocks */
    assert_true(FAILED_WITH(append_go_direct(folder, &odd), UNSUPPORTED));
    expect_ok(append_write(&odd, &first, 1));
    append_clear(&odd);
    expect_ok(append_remove(folder, 1));
    expect_ok(append_remove(folder, 2));
}

static int set_up(void **unused) {
    (void)unused;
    return mkdtemp(folder_path) && !FAILED(files_open_folder(FILES_HERE, folder_path, &folder)) ? 0 : -1;
}

static int tear_down(void **unused) {
    (void)unused;
    return rmdir(folder_path); /* also: nothing is left over */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_there),  cmocka_unit_test(parts_and_what_follows),
        cmocka_unit_test(beginning_anywhere), cmocka_unit_test(many_writes_in_a_row),
        cmocka_unit_test(past_the_end),       cmocka_unit_test(a_segment),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
