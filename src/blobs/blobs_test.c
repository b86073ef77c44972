/* Tests of blobs in a folder. */
#include "blobs/blobs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/files.h"

typedef struct place {
    char folder[64];
    blobs *blobs;
} place;

static int begin(void **state) {
    place *p = calloc(1, sizeof *p);
    if (!p) return -1;
    snprintf(p->folder, sizeof p->folder, "/tmp/blobs-test-XXXXXX");
    if (!mkdtemp(p->folder)) return -1;
    blobs_options options = {p->folder, true};
    *state = p;
    return FAILED(blobs_new(&options, &p->blobs)) ? -1 : 0;
}

static void remove_all(int fd) {
    OWNED(arena) memory = {0};
    slice *names;
    size_t count;
    if (FAILED(files_list(fd, &memory, &names, &count))) return;
    for (size_t i = 0; i < count; i++) {
        int inner;
        const char *name = (const char *)names[i].at;
        if (!FAILED(files_unlink(fd, name)) || FAILED(files_open_folder(fd, name, &inner))) continue;
        remove_all(inner);
        files_close(inner);
        status_ignore(files_remove_folder(fd, name));
    }
}

static int end(void **state) {
    place *p = *state;
    int fd;
    blobs_free(p->blobs);
    if (!FAILED(files_open_folder(FILES_HERE, p->folder, &fd))) {
        remove_all(fd);
        files_close(fd);
    }
    rmdir(p->folder);
    free(p);
    return 0;
}

static void make_id(uint8_t id[BLOB_ID_BYTES], uint8_t first, uint8_t last) {
    memset(id, 0xA7, BLOB_ID_BYTES);
    id[0] = first;
    id[BLOB_ID_BYTES - 1] = last;
}

static void make_part(place *p, const uint8_t *id, const char *content) {
    int fd = -1;
    assert_int_equal(blobs_create(p->blobs, id, &fd).code, STATUS_OK);
    assert_int_equal(files_write_all(fd, slice_of_text(content)).code, STATUS_OK);
    assert_int_equal(files_sync_data(fd).code, STATUS_OK);
    files_close(fd);
}

static void make_whole(place *p, const uint8_t *id, const char *content) {
    make_part(p, id, content);
    assert_int_equal(blobs_commit(p->blobs, id).code, STATUS_OK);
}

static void expect_content(place *p, const uint8_t *id, const char *content) {
    int fd = -1;
    char text[64] = "";
    size_t got = 0;
    assert_int_equal(blobs_open(p->blobs, id, &fd).code, STATUS_OK);
    assert_int_equal(files_read_at(fd, 0, text, sizeof text - 1, &got).code, STATUS_OK);
    assert_string_equal(text, content);
    files_close(fd);
}

static bool exists(const place *p, const char *name) {
    char path[160];
    struct stat known;
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    return lstat(path, &known) == 0;
}

static void put_file(const place *p, const char *name) {
    char path[160];
    int fd = -1;
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    assert_int_equal(files_create(FILES_HERE, path, &fd).code, STATUS_OK);
    files_close(fd);
}

static void put_folder(const place *p, const char *name) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void test_needs_its_folder(void **state) {
    (void)state;
    blobs_options options = {"/tmp/blobs-test-that-is-not-there", true};
    blobs *none = NULL;
    assert_int_equal(blobs_new(&options, &none).code, FAILURE_NOT_FOUND);
    assert_null(none);
}

static void test_the_beginning_is_written_over(void **state) {
    place *p = *state;
    uint8_t id[BLOB_ID_BYTES];
    make_id(id, 0x51, 9);
    assert_int_equal(blobs_rewrite(p->blobs, id, SLICE("x")).code, FAILURE_NOT_FOUND);
    make_part(p, id, "head and body");
    assert_int_equal(blobs_rewrite(p->blobs, id, SLICE("x")).code, FAILURE_NOT_FOUND);
    assert_int_equal(blobs_commit(p->blobs, id).code, STATUS_OK);
    assert_int_equal(blobs_rewrite(p->blobs, id, SLICE("HEAD")).code, STATUS_OK);
    expect_content(p, id, "HEAD and body");
}

static void test_what_is_not_there(void **state) {
    place *p = *state;
    uint8_t id[BLOB_ID_BYTES];
    int fd = -7;
    make_id(id, 0x3f, 1);
    assert_int_equal(blobs_open(p->blobs, id, &fd).code, FAILURE_NOT_FOUND);
    assert_int_equal(blobs_commit(p->blobs, id).code, FAILURE_NOT_FOUND);
    assert_int_equal(blobs_abandon(p->blobs, id).code, FAILURE_NOT_FOUND);
    assert_int_equal(blobs_remove(p->blobs, id).code, FAILURE_NOT_FOUND);
    assert_int_equal(fd, -7);
}

static void test_a_part_is_no_blob(void **state) {
    place *p = *state;
    uint8_t id[BLOB_ID_BYTES];
    int fd = -7;
    make_id(id, 0x00, 2);
    make_part(p, id, "half");
    assert_int_equal(blobs_open(p->blobs, id, &fd).code, FAILURE_NOT_FOUND);
    assert_int_equal(blobs_remove(p->blobs, id).code, FAILURE_NOT_FOUND);
    assert_int_equal(blobs_create(p->blobs, id, &fd).code, FAILURE_EXISTS);
    assert_int_equal(blobs_abandon(p->blobs, id).code, STATUS_OK);
    assert_int_equal(blobs_commit(p->blobs, id).code, FAILURE_NOT_FOUND);
}

static void test_commits_and_removes(void **state) {
    place *p = *state;
    uint8_t id[BLOB_ID_BYTES];
    int fd = -7;
    make_id(id, 0xff, 3);
    make_whole(p, id, "whole");
    assert_int_equal(blobs_sync(p->blobs).code, STATUS_OK);
    assert_int_equal(blobs_sync(p->blobs).code, STATUS_OK);
    expect_content(p, id, "whole");
    assert_true(exists(p, "ff/ffa7a7a7a7a7a7a7a7a7a7a7a7a7a703"));
    assert_int_equal(blobs_create(p->blobs, id, &fd).code, FAILURE_EXISTS);
    assert_int_equal(blobs_remove(p->blobs, id).code, STATUS_OK);
    assert_int_equal(blobs_open(p->blobs, id, &fd).code, FAILURE_NOT_FOUND);
}

static void test_is_private(void **state) {
    place *p = *state;
    uint8_t id[BLOB_ID_BYTES];
    bool is_private = false;
    char path[160];
    make_id(id, 0x10, 4);
    make_whole(p, id, "x");
    snprintf(path, sizeof path, "%s/10/10a7a7a7a7a7a7a7a7a7a7a7a7a7a704", p->folder);
    assert_int_equal(files_is_private(FILES_HERE, path, &is_private).code, STATUS_OK);
    assert_true(is_private);
}

/* A whole blob is never replaced, not even when a part appears beside it. */
static void test_never_replaces(void **state) {
    place *p = *state;
    uint8_t id[BLOB_ID_BYTES];
    make_id(id, 0x20, 5);
    make_whole(p, id, "first");
    put_file(p, "20/20a7a7a7a7a7a7a7a7a7a7a7a7a7a705.part");
    assert_int_equal(blobs_commit(p->blobs, id).code, FAILURE_EXISTS);
    expect_content(p, id, "first");
}

static void test_follows_no_link(void **state) {
    place *p = *state;
    uint8_t id[BLOB_ID_BYTES];
    char path[160];
    int fd = -7;
    make_id(id, 0x30, 6);
    put_folder(p, "30");
    snprintf(path, sizeof path, "%s/30/30a7a7a7a7a7a7a7a7a7a7a7a7a7a706", p->folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_true(FAILED(blobs_open(p->blobs, id, &fd)));
    snprintf(path, sizeof path, "%s/31", p->folder);
    assert_int_equal(symlink("/tmp", path), 0);
    make_id(id, 0x31, 6);
    assert_true(FAILED(blobs_create(p->blobs, id, &fd)));
    assert_int_equal(fd, -7);
}

static void test_sync_fails_while_a_folder_is_gone(void **state) {
    place *p = *state;
    uint8_t id[BLOB_ID_BYTES];
    char from[160], to[160];
    make_id(id, 0x40, 7);
    make_whole(p, id, "x");
    snprintf(from, sizeof from, "%s/40", p->folder);
    snprintf(to, sizeof to, "%s/elsewhere", p->folder);
    assert_int_equal(rename(from, to), 0);
    assert_true(FAILED(blobs_sync(p->blobs)));
    assert_true(FAILED(blobs_sync(p->blobs)));
    assert_int_equal(rename(to, from), 0);
    assert_int_equal(blobs_sync(p->blobs).code, STATUS_OK);
}

static bool is_odd(void *context, const uint8_t id[BLOB_ID_BYTES]) {
    ++*(int *)context;
    return id[BLOB_ID_BYTES - 1] % 2 == 1;
}

static const char *const foreign[] = {
    "notes.txt",
    "0",
    "zz",
    "00/notes",
    "00/01a7a7a7a7a7a7a7a7a7a7a7a7a7a711",
    "00/00A7a7a7a7a7a7a7a7a7a7a7a7a7a711",
    "00/00a7a7a7a7a7a7a7a7a7a7a7a7a7a711.bak",
    "00/00a7a7a7a7a7a7a7a7a7a7a7a7a7a711.part.part",
    "00/00a7",
    "05",
};

static void test_sweeps(void **state) {
    place *p = *state;
    for (int i = 0; i < 20; i++) {
        uint8_t id[BLOB_ID_BYTES];
        make_id(id, (uint8_t)(i % 3), (uint8_t)i);
        if (i < 14) make_whole(p, id, "whole");
        else make_part(p, id, "part");
    }
    size_t foreign_count = sizeof foreign / sizeof foreign[0];
    for (size_t i = 0; i < foreign_count; i++) put_file(p, foreign[i]);
    put_folder(p, "AA");
    put_folder(p, "00/00a7a7a7a7a7a7a7a7a7a7a7a7a7a7aa");
    int asked = 0;
    blobs_count count = {0};
    assert_int_equal(blobs_sweep(p->blobs, is_odd, &asked, &count).code, STATUS_OK);
    assert_int_equal(asked, 15);
    assert_int_equal(count.kept, 7);
    assert_int_equal(count.removed, 7);
    assert_int_equal(count.parts, 6);
    assert_int_equal(count.foreign, foreign_count + 2);
    for (size_t i = 0; i < foreign_count; i++) assert_true(exists(p, foreign[i]));
    uint8_t id[BLOB_ID_BYTES];
    make_id(id, 1, 1);
    expect_content(p, id, "whole");
    assert_int_equal(blobs_sweep(p->blobs, is_odd, &asked, &count).code, STATUS_OK);
    assert_int_equal(count.kept, 7);
    assert_int_equal(count.removed + count.parts, 0);
}

static void test_gathers_what_comes_together(void **state) {
    place *p = *state;
    for (uint8_t run = 1; run <= 3; run++) /* a thousand lie together, the next thousand elsewhere */
        for (size_t i = 0; i < 1024; i++) {
            uint8_t id[BLOB_ID_BYTES] = {i == 0 ? run : 0x77, (uint8_t)i, 5}, given[BLOB_ID_BYTES];
            memcpy(given, id, sizeof id);
            blobs_gather(p->blobs, id);
            assert_int_equal(id[0], run);
            assert_memory_equal(id + 1, given + 1, sizeof id - 1);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needs_its_folder),
        cmocka_unit_test_setup_teardown(test_what_is_not_there, begin, end),
        cmocka_unit_test_setup_teardown(test_the_beginning_is_written_over, begin, end),
        cmocka_unit_test_setup_teardown(test_a_part_is_no_blob, begin, end),
        cmocka_unit_test_setup_teardown(test_commits_and_removes, begin, end),
        cmocka_unit_test_setup_teardown(test_is_private, begin, end),
        cmocka_unit_test_setup_teardown(test_never_replaces, begin, end),
        cmocka_unit_test_setup_teardown(test_follows_no_link, begin, end),
        cmocka_unit_test_setup_teardown(test_sync_fails_while_a_folder_is_gone, begin, end),
        cmocka_unit_test_setup_teardown(test_sweeps, begin, end),
        cmocka_unit_test_setup_teardown(test_gathers_what_comes_together, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
