/* Tables: alignment, widths of UTF-8, cutting, and that no cell can drive the terminal. Sizes and times of progress. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cli/grid.h"
#include "cli/progress.h"

static void expect(const grid *g, size_t width, const char *lines) {
    OWNED(buffer) text = {0};
    assert_false(FAILED(grid_write(g, &(grid_style){.width = width}, &text)));
    if (!slice_equals_text(buffer_slice(&text), lines))
        fail_msg("\n%.*s\nis not\n%s", SLICE_ARGS(buffer_slice(&text)), lines);
}

static void add(grid *g, const char *first, const char *second) {
    const slice cells[] = {slice_of_text(first), slice_of_text(second)};
    assert_false(FAILED(grid_add(g, cells)));
}

static void columns_are_aligned(void **state) {
    OWNED(arena) memory = {0};
    grid g = {.memory = &memory, .headers = {SLICE("NAME"), SLICE("SIZE")}, .columns = 2};
    (void)state;
    expect(&g, 0, "NAME  SIZE\n");
    add(&g, "a", "1");
    add(&g, "größer", NULL);
    expect(&g, 0, "NAME    SIZE\na       1\ngrößer  \n");
}

static void wide_columns_are_cut(void **state) {
    OWNED(arena) memory = {0};
    grid g = {.memory = &memory, .headers = {SLICE("NAME"), SLICE("S")}, .columns = 2};
    (void)state;
    add(&g, "äbcdefghijklmnopqrst", "123456789");
    expect(&g, 24, "NAME           S\näbcdefghijkl…  123456789\n");
    expect(&g, 5, "NAME      S\näbcdefg…  1234567…\n"); /* columns do not vanish, however narrow the terminal */
    expect(&g, 0, "NAME                  S\näbcdefghijklmnopqrst  123456789\n");
}

static void cells_cannot_drive_the_terminal(void **state) {
    OWNED(arena) memory = {0};
    grid g = {.memory = &memory, .headers = {SLICE("A"), SLICE("B")}, .columns = 2};
    (void)state;
    add(&g, "\033[2Jx\r\n",
        "\xc2\x9b"
        "31mred\x7f");
    expect(&g, 0, "A        B\n?[2Jx??  ?31mred?\n");
}

static void many_rows_fit(void **state) {
    OWNED(arena) memory = {.limit = 8 << 20};
    OWNED(buffer) text = {0};
    grid g = {.memory = &memory, .headers = {SLICE("A"), SLICE("B")}, .columns = 2};
    (void)state;
    for (int i = 0; i < 5000; i++) add(&g, "1", "2");
    assert_false(FAILED(grid_write(&g, &(grid_style){0}, &text)));
    assert_int_equal(text.len, 5001 * 5);
}

static void sizes_and_times_are_short(void **state) {
    static const struct {
        uint64_t bytes;
        const char *text;
    } SIZES[] = {{0, "0 B"},         {999, "999 B"},        {1000, "1.0 kB"},       {99940, "99.9 kB"},
                 {999600, "1.0 MB"}, {20000000, "20.0 MB"}, {UINT64_MAX, "18.4 EB"}};
    static const struct {
        uint64_t seconds;
        const char *text;
    } TIMES[] = {{0, "0s"},        {59, "59s"},     {60, "1m00s"},
                 {3599, "59m59s"}, {3600, "1h00m"}, {UINT64_MAX, "5124095576030431h00m"}};
    (void)state;
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        char text[16];
        bytes_format(SIZES[i].bytes, text);
        assert_string_equal(text, SIZES[i].text);
    }
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
        char text[24];
        seconds_format(TIMES[i].seconds, text);
        assert_string_equal(text, TIMES[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned),
        cmocka_unit_test(wide_columns_are_cut),
        cmocka_unit_test(cells_cannot_drive_the_terminal),
        cmocka_unit_test(many_rows_fit),
        cmocka_unit_test(sizes_and_times_are_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
