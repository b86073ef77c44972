/* INI: what is refused first, then what a configuration file may contain. */
#include "format/ini.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void refused(slice text, enum status_code why, unsigned line) {
    OWNED(arena) memory = {0};
    ini_list list;
    ini_fault fault = {0};
    assert_int_equal(ini_read(text, &memory, &list, &fault).code, why);
    assert_int_equal(fault.number, line);
    assert_non_null(fault.reason);
}

static void test_bad_lines(void **unused) {
    (void)unused;
    refused(SLICE("[server]\nregion\n"), FAILURE_MALFORMED, 2);
    refused(SLICE("a = 1\n\n# x\n[server\nb = 2\n"), FAILURE_MALFORMED, 4);
    refused(SLICE("= value\n"), FAILURE_MALFORMED, 1);
    refused(SLICE("a = 1\nb = \x01\n"), FAILURE_MALFORMED, 2);
    refused(SLICE("a = 1\0b = 2\n"), FAILURE_MALFORMED, 1);
    refused(SLICE("a = \xff\n"), FAILURE_MALFORMED, 0);
    refused(SLICE("[a-section-name-that-is-longer-than-the-library-would-keep-whole]\n"), FAILURE_MALFORMED, 1);
    refused(SLICE("\xef\xbb\xbf[a-section-name-that-is-longer-than-the-library-would-keep-whole]\n"), FAILURE_MALFORMED,
            1);
    refused(SLICE("\xef\xbb\xbf\xef\xbb\xbf[server]\n"), FAILURE_MALFORMED, 0);
}

static void test_limits(void **unused) {
    (void)unused;
    char line[400];
    for (int spaces = 0; spaces < 2; spaces++) {
        int len = snprintf(line, sizeof line, "a = 1\nkey = %0250d", 7);
        refused(slice_of(line, (size_t)len), FAILURE_TOO_LARGE, 2);
    }
    OWNED(buffer) many = {0};
    for (int i = 0; i <= INI_LINES_MOST; i++) assert_false(FAILED(buffer_append_text(&many, "k = v\n")));
    refused(buffer_slice(&many), FAILURE_TOO_LARGE, INI_LINES_MOST + 1);
    buffer_reset(&many);
    while (many.len <= INI_BYTES_MOST)
        assert_false(FAILED(buffer_append_text(&many, "# a comment and nothing else\n")));
    refused(buffer_slice(&many), FAILURE_TOO_LARGE, 0);

    OWNED(arena) small = {.limit = 64};
    ini_list list;
    ini_fault fault;
    assert_true(FAILED_WITH(ini_read(SLICE("a = 1\n"), &small, &list, &fault), OUT_OF_MEMORY));
}

static void is_line(const ini_line *line, const char *section, const char *key, const char *value, unsigned number) {
    assert_string_equal((const char *)line->section.at, section);
    assert_string_equal((const char *)line->key.at, key);
    assert_string_equal((const char *)line->value.at, value);
    assert_int_equal(line->number, number);
}

static void test_what_may_be(void **unused) {
    (void)unused;
    OWNED(arena) memory = {0};
    ini_list list = {0};
    ini_fault fault;
    slice text = SLICE("# first\r\nfree = 1\r\n\r\n[server]\r\n  region = cn-hangzhou  ; why not\r\n; http = 1\r\n"
                       "https=[::1]:8443\nempty =\n[seal]\nprovider : file\nname = \xc3\xa4=b");
    assert_false(FAILED(ini_read(text, &memory, &list, &fault)));
    assert_int_equal(list.count, 6);
    is_line(&list.at[0], "", "free", "1", 2);
    is_line(&list.at[1], "server", "region", "cn-hangzhou", 5);
    is_line(&list.at[2], "server", "https", "[::1]:8443", 7);
    is_line(&list.at[3], "server", "empty", "", 8);
    is_line(&list.at[4], "seal", "provider", "file", 10);
    is_line(&list.at[5], "seal", "name", "\xc3\xa4=b", 11);
    assert_false(FAILED(ini_read(SLICE(""), &memory, &list, &fault)));
    assert_int_equal(list.count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_what_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
