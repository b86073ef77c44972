/* Tests of journal segments. */
#include "system/append.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "system/files.h"

enum { SMALL = 1 << 20 };

static char folder_path[] = "/tmp/keyhold-append-XXXXXX";
static int folder;

static void expect_ok(status s) {
    if (FAILED(s)) fail_msg("%s", status_name(s));
}

static bool is_zero(const append *a, uint64_t from) {
    static uint8_t all[SMALL];
    size_t got;
    expect_ok(append_read(a, from, all, sizeof all, &got));
    assert_int_equal(got, a->bytes - from);
    for (size_t i = 0; i < got; i++)
        if (all[i]) return false;
    return true;
}

static void a_new_segment(void **unused) {
    (void)unused;
    append a = {0}, again = {.number = 99};
    expect_ok(append_create(folder, 1, SMALL, &a));
    assert_int_equal(a.bytes, SMALL);
    assert_int_equal(append_room(&a), SMALL);
    assert_true(is_zero(&a, 0));
    assert_true(FAILED_WITH(append_create(folder, 1, SMALL, &again), EXISTS));
    assert_true(FAILED_WITH(append_open(folder, 2, &again), NOT_FOUND));
    assert_int_equal(again.number, 99);
    append_clear(&a);
    append_clear(&a);
    expect_ok(append_remove(folder, 1));
    assert_true(FAILED_WITH(append_remove(folder, 1), NOT_FOUND));
}

static void writing_and_reading_back(void **unused) {
    (void)unused;
    OWNED(append) a = {0};
    expect_ok(append_create(folder, 7, SMALL, &a));
    slice parts[] = {SLICE(""), SLICE("one,"), {0}, SLICE("two,"), SLICE("three"), SLICE("")};
    expect_ok(append_write(&a, parts, 6));
    expect_ok(append_write(&a, parts, 0));
    expect_ok(append_sync(&a));
    assert_int_equal(a.position, 13);
    OWNED(append) b = {0};
    expect_ok(append_open(folder, 7, &b));
    assert_int_equal(b.position, 0);
    assert_int_equal(b.bytes, SMALL);
    char text[20] = "";
    size_t got;
    expect_ok(append_read(&b, 0, text, 14, &got));
    assert_int_equal(got, 14);
    assert_string_equal(text, "one,two,three");
    assert_true(is_zero(&b, 13));
    assert_true(FAILED_WITH(append_seek(&b, SMALL + 1), TOO_LARGE));
    expect_ok(append_seek(&b, 13));
    slice more = SLICE(",four");
    expect_ok(append_write(&b, &more, 1));
    expect_ok(append_read(&a, 8, text, 10, &got));
    assert_memory_equal(text, "three,four", 10);
    expect_ok(append_read(&a, SMALL - 3, text, 10, &got));
    assert_int_equal(got, 3);
    expect_ok(append_remove(folder, 7));
}

static void many_parts(void **unused) {
    (void)unused;
    enum { COUNT = 5000 };
    static slice parts[COUNT];
    static uint32_t values[COUNT];
    OWNED(append) a = {0};
    expect_ok(append_create(folder, 3, SMALL, &a));
    for (uint32_t i = 0; i < COUNT; i++) {
        values[i] = i * 2654435761u;
        parts[i] = slice_of(&values[i], sizeof values[i]);
    }
    expect_ok(append_write(&a, parts, COUNT));
    assert_int_equal(a.position, sizeof values);
    static uint32_t back[COUNT];
    size_t got;
    expect_ok(append_read(&a, 0, back, sizeof back, &got));
    assert_memory_equal(back, values, sizeof values);
    expect_ok(append_remove(folder, 3));
}

static void the_end_of_a_segment(void **unused) {
    (void)unused;
    OWNED(append) a = {0};
    static uint8_t block[SMALL];
    expect_ok(append_create(folder, 4, SMALL, &a));
    slice most = slice_of(block, SMALL - 4), parts[] = {SLICE("123"), SLICE("45")};
    expect_ok(append_write(&a, &most, 1));
    assert_true(FAILED_WITH(append_write(&a, parts, 2), TOO_LARGE));
    assert_int_equal(append_room(&a), 4);
    assert_true(is_zero(&a, SMALL - 4)); /* nothing of it was written */
    expect_ok(append_write(&a, parts, 1));
    expect_ok(append_seek(&a, SMALL));
    assert_true(FAILED_WITH(append_write(&a, parts, 1), TOO_LARGE));
    expect_ok(append_remove(folder, 4));
}

static void lists(void **unused) {
    (void)unused;
    OWNED(arena) memory = {0};
    uint64_t *numbers;
    size_t count;
    expect_ok(append_list(folder, &memory, &numbers, &count));
    assert_int_equal(count, 0);
    static const uint64_t made[] = {10, 2, UINT64_MAX, 0};
    for (size_t i = 0; i < 4; i++) {
        OWNED(append) a = {0};
        expect_ok(append_create(folder, made[i], 4096, &a));
    }
    static const char *const others[] = {"1.seg", "0000000000000000001x.seg", "99999999999999999999.seg",
                                         "000000000000000000011.seg"};
    for (size_t i = 0; i < 4; i++) expect_ok(files_write_new(folder, others[i], SLICE("")));
    expect_ok(append_list(folder, &memory, &numbers, &count));
    assert_int_equal(count, 4);
    static const uint64_t sorted[] = {0, 2, 10, UINT64_MAX};
    assert_memory_equal(numbers, sorted, sizeof sorted);
    for (size_t i = 0; i < 4; i++) {
        expect_ok(append_remove(folder, made[i]));
        expect_ok(files_unlink(folder, others[i]));
    }
}

static void preparing_in_steps(void **unused) {
    (void)unused;
    OWNED(append_preparation) p = {0};
    OWNED(arena) memory = {0};
    OWNED(append) a = {0};
    uint64_t *numbers;
    size_t count;
    assert_true(FAILED(append_prepare_step(&p)));
    expect_ok(append_prepare(folder, 5, SMALL + 100, &p));
    for (int step = 0; step < 5; step++) {
        expect_ok(append_prepare_step(&p));
        assert_false(p.ready);
        expect_ok(append_list(folder, &memory, &numbers, &count));
        assert_int_equal(count, 0); /* not to be seen before it is whole */
    }
    expect_ok(append_prepare_step(&p));
    assert_true(p.ready);
    expect_ok(append_prepare_step(&p));
    expect_ok(append_prepared_take(&p, &a));
    assert_int_equal(a.bytes, SMALL + 100);
    assert_int_equal(a.position, 0);
    assert_true(FAILED_WITH(append_prepare(folder, 5, SMALL, &p), EXISTS));
    expect_ok(append_remove(folder, 5));
}

/* What a crash leaves is not taken for a segment, and the next preparation starts afresh. */
static void broken_off_preparations(void **unused) {
    (void)unused;
    append_preparation lost;
    expect_ok(append_prepare(folder, 6, SMALL, &lost));
    expect_ok(append_prepare_step(&lost));
    close(lost.segment.fd);
    append a = {0};
    assert_true(FAILED_WITH(append_open(folder, 6, &a), NOT_FOUND));
    append_preparation p;
    expect_ok(append_prepare(folder, 6, SMALL, &p));
    append_preparation_clear(&p);
    expect_ok(append_create(folder, 6, SMALL, &a));
    assert_true(is_zero(&a, 0));
    append_clear(&a);
    expect_ok(append_remove(folder, 6));
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
        cmocka_unit_test(a_new_segment),
        cmocka_unit_test(writing_and_reading_back),
        cmocka_unit_test(many_parts),
        cmocka_unit_test(the_end_of_a_segment),
        cmocka_unit_test(lists),
        cmocka_unit_test(preparing_in_steps),
        cmocka_unit_test(broken_off_preparations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
