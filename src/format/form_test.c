/* Tests of the parameter parser. */
#include "format/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void expect_refused(slice text, status expected) {
    OWNED(arena) memory = {.limit = 64 << 20};
    form out = {.count = 77};
    status got = form_parse(text, &memory, &out);
    if (got.code != expected.code) fail_msg("%.*s gave %s", SLICE_ARGS(slice_head(text, 60)), status_name(got));
    assert_int_equal(out.count, 77);
}

static void test_refuses(void **state) {
    (void)state;
    static const char *const texts[] = {"a=%",   "a=%4",  "a=%4g", "%zz=1", "a=1&b=%f",
                                        "a=%00", "%00=1", "=1",    "a=1&=", "a=1&=2&b"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect_refused(slice_of_text(texts[i]), FAIL(MALFORMED));
    expect_refused(SLICE("a=\0"), FAIL(MALFORMED));
}

static void test_bounds(void **state) {
    (void)state;
    OWNED(buffer) text = {0};
    for (int i = 0; i < FORM_PAIRS_MOST; i++) assert_int_equal(buffer_append_text(&text, "&a=1").code, STATUS_OK);
    OWNED(arena) memory = {0};
    form out = {0};
    assert_int_equal(form_parse(buffer_slice(&text), &memory, &out).code, STATUS_OK);
    assert_int_equal(out.count, FORM_PAIRS_MOST);
    form one = {0}, joined = {0};
    assert_int_equal(form_parse(SLICE("x"), &memory, &one).code, STATUS_OK);
    assert_int_equal(form_join(&out, &one, &memory, &joined).code, FAILURE_TOO_LARGE);
    assert_int_equal(buffer_append_text(&text, "&a=1").code, STATUS_OK);
    expect_refused(buffer_slice(&text), FAIL(TOO_LARGE));
    assert_int_equal(buffer_reserve(&text, FORM_BYTES_MOST).code, STATUS_OK);
    memset(text.at, 'a', FORM_BYTES_MOST + 1);
    text.len = FORM_BYTES_MOST + 1;
    expect_refused(buffer_slice(&text), FAIL(TOO_LARGE));
    OWNED(arena) small = {.limit = 1000};
    text.len = 5000;
    assert_int_equal(form_parse(buffer_slice(&text), &small, &out).code, FAILURE_OUT_OF_MEMORY);
}

static void test_reads(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    form f = {0};
    assert_int_equal(form_parse(SLICE("b=1+2%2B3&&a%20b=%C3%A9%7E&acl&empty=&b=x=y&c=%ff&"), &memory, &f).code,
                     STATUS_OK);
    assert_int_equal(f.count, 6);
    assert_true(slice_equals_text(f.pairs[0].value, "1 2+3"));
    assert_true(slice_equals_text(form_find(&f, SLICE("a b"))->value, "\xC3\xA9~"));
    assert_true(slice_is_absent(form_find(&f, SLICE("acl"))->value));
    const form_pair *empty = form_find(&f, SLICE("empty"));
    assert_true(!slice_is_absent(empty->value) && empty->value.len == 0);
    assert_int_equal(form_count(&f, SLICE("b")), 2);
    assert_true(slice_equals_text(f.pairs[4].value, "x=y"));
    assert_true(slice_equals_text(form_find(&f, SLICE("c"))->value, "\xff"));
    assert_null(form_find(&f, SLICE("B")));
}

static void test_empty_text_has_no_pairs(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    form f = {.count = 5};
    assert_int_equal(form_parse((slice){0}, &memory, &f).code, STATUS_OK);
    assert_int_equal(f.count, 0);
    assert_int_equal(form_parse(SLICE("&&"), &memory, &f).code, STATUS_OK);
    assert_int_equal(f.count, 0);
}

static void test_sorts_by_bytes(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    form f = {0}, joined = {0}, body = {0};
    bool has_duplicates = true;
    assert_int_equal(form_parse(SLICE("b=2&Tag.10=x&Tag.1.Key=y&a-=1&B=3&%C3%A9=9&a=1"), &memory, &f).code, STATUS_OK);
    assert_int_equal(form_has_duplicates(&f, &memory, &has_duplicates).code, STATUS_OK);
    assert_false(has_duplicates);
    assert_int_equal(form_parse(SLICE("b=1&b"), &memory, &body).code, STATUS_OK);
    assert_int_equal(form_join(&f, &body, &memory, &joined).code, STATUS_OK);
    assert_int_equal(form_has_duplicates(&joined, &memory, &has_duplicates).code, STATUS_OK);
    assert_true(has_duplicates);
    assert_true(slice_equals_text(joined.pairs[0].name, "b"));
    form_sort(&joined);
    static const char *const names[] = {"B", "Tag.1.Key", "Tag.10", "a", "a-", "b", "b", "b", "\xC3\xA9"};
    assert_int_equal(joined.count, 9);
    for (size_t i = 0; i < 9; i++) assert_true(slice_equals_text(joined.pairs[i].name, names[i]));
    assert_true(slice_is_empty(joined.pairs[5].value));
    assert_true(slice_equals_text(joined.pairs[6].value, "1"));
    assert_true(slice_equals_text(joined.pairs[7].value, "2"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses),        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_reads),          cmocka_unit_test(test_empty_text_has_no_pairs),
        cmocka_unit_test(test_sorts_by_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
