/* Tests of the JSON parser and writer: hostile texts first. */
#include "format/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

static slice text_of(const char *text) { return slice_of_text(text); }

static void expect_refused(slice text, status expected) {
    OWNED(arena) memory = {.limit = 16 << 20};
    const json *out = NULL;
    json_fault fault = {0};
    status got = json_parse(text, &memory, &out, &fault);
    if (got.code != expected.code) fail_msg("%.*s gave %s", SLICE_ARGS(slice_head(text, 60)), status_name(got));
    assert_null(out);
    assert_true(fault.line >= 1 && fault.column >= 1 && fault.position <= text.len && fault.reason[0] != 0);
}

/* clang-format off */
static const char *const not_json[] = {
    "", " ", "{", "}", "[1,]", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "[1 2]", "01", "+1", "1.", ".5", "1e",
    "-", "nul", "True", "NaN", "Infinity", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\u12", "\"\\ud800\"",
    "\"\\udc00\\ud800\"", "\"tab\tinside\"", "1 2", "{} x", "[] []", "/* c */ 1", "\xEF\xBB\xBF{}",
    "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"b\":1}}", "{\"a\":1,\"\\u0061\":2}", "\"\\u0000\"", "{\"\\u0000\":1}",
    "9223372036854775808", "-9223372036854775809", "1e999",
};
/* clang-format on */

static void test_refuses_what_is_not_json(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof not_json / sizeof not_json[0]; i++)
        expect_refused(text_of(not_json[i]), FAIL(MALFORMED));
}

static void test_refuses_bytes_that_are_not_utf8(void **state) {
    (void)state;
    expect_refused(SLICE("\"\xff\""), FAIL(MALFORMED));
    expect_refused(SLICE("\"\xc0\xaf\""), FAIL(MALFORMED));
    expect_refused(SLICE("\"\xed\xa0\x80\""), FAIL(MALFORMED));
    expect_refused(SLICE("\"\xe2\x82\""), FAIL(MALFORMED));
    expect_refused(SLICE("\"a\0b\""), FAIL(MALFORMED));
    expect_refused(SLICE("1\0"), FAIL(MALFORMED));
}

static void append_times(buffer *b, const char *text, size_t times) {
    for (size_t i = 0; i < times; i++) assert_int_equal(buffer_append_text(b, text).code, STATUS_OK);
}

static void test_bounds_depth(void **state) {
    (void)state;
    OWNED(buffer) deep = {0};
    append_times(&deep, "[", 33);
    append_times(&deep, "]", 33);
    expect_refused(buffer_slice(&deep), FAIL(MALFORMED));
    slice allowed = slice_head(slice_skip(buffer_slice(&deep), 1), 64);
    OWNED(arena) memory = {0};
    const json *out = NULL;
    assert_int_equal(json_parse(allowed, &memory, &out, NULL).code, STATUS_OK);
    buffer_reset(&deep);
    append_times(&deep, "{\"a\":[", 200000);
    deep.len = JSON_BYTES_MOST;
    expect_refused(buffer_slice(&deep), FAIL(MALFORMED));
}

static void test_bounds_size_and_values(void **state) {
    (void)state;
    OWNED(buffer) big = {0};
    append_times(&big, " ", JSON_BYTES_MOST);
    append_times(&big, "1", 1);
    expect_refused(buffer_slice(&big), FAIL(TOO_LARGE));
    buffer_reset(&big);
    append_times(&big, "[", 1);
    append_times(&big, "1,", JSON_VALUES_MOST);
    append_times(&big, "1]", 1);
    expect_refused(buffer_slice(&big), FAIL(TOO_LARGE));
}

static void test_bounds_memory(void **state) {
    (void)state;
    OWNED(buffer) list = {0};
    append_times(&list, "[1", 1);
    append_times(&list, ",1", 5000);
    append_times(&list, "]", 1);
    OWNED(arena) small = {.limit = 10000};
    const json *out = NULL;
    json_fault fault = {0};
    assert_int_equal(json_parse(buffer_slice(&list), &small, &out, &fault).code, FAILURE_OUT_OF_MEMORY);
    assert_null(out);
}

static void test_says_where(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    const json *out = NULL;
    json_fault fault = {0};
    assert_int_equal(json_parse(SLICE("{\n  \"a\": 1,\n  \"b\" 2\n}"), &memory, &out, &fault).code, FAILURE_MALFORMED);
    assert_int_equal(fault.line, 3);
    assert_true(fault.column >= 6 && fault.column <= 9);
    assert_int_equal(json_parse(SLICE("[1, secret]"), &memory, &out, &fault).code, FAILURE_MALFORMED);
    assert_null(strstr(fault.reason, "secret"));
}

static void test_reads_values(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    const json *root = NULL;
    slice text = SLICE(" {\"n\":-5,\"d\":0.1,\"big\":9223372036854775807,\"t\":true,\"f\":false,\"z\":null,"
                       "\"s\":\"a\\u00e9\\ud83d\\ude00\\n\\/\",\"l\":[1,[],{}],\"\":\"empty\"} ");
    assert_int_equal(json_parse(text, &memory, &root, NULL).code, STATUS_OK);
    int64_t number = 0;
    bool truth = false;
    slice value = {0};
    assert_int_equal(root->count, 9);
    assert_true(json_get_integer(json_member(root, SLICE("n")), &number) && number == -5);
    assert_true(json_get_integer(json_member(root, SLICE("big")), &number) && number == INT64_MAX);
    assert_false(json_get_integer(json_member(root, SLICE("d")), &number));
    assert_true(slice_equals_text(json_member(root, SLICE("d"))->text, "0.1"));
    assert_true(json_get_bool(json_member(root, SLICE("t")), &truth) && truth);
    assert_true(json_get_bool(json_member(root, SLICE("f")), &truth) && !truth);
    assert_false(json_get_bool(json_member(root, SLICE("z")), &truth));
    assert_true(json_get_text(json_member(root, SLICE("s")), &value));
    assert_true(slice_equals_text(value, "a\xC3\xA9\xF0\x9F\x98\x80\n/"));
    assert_true(json_get_text(json_member(root, SLICE("")), &value) && slice_equals_text(value, "empty"));
    const json *list = json_member(root, SLICE("l"));
    assert_true(json_is_array(list) && list->count == 3);
    assert_true(json_is_object(json_element(list, 2)) && json_element(list, 3) == NULL);
    assert_null(json_first(json_element(list, 1)));
    assert_null(json_member(json_member(NULL, SLICE("x")), SLICE("y")));
}

static void test_keeps_order_and_outlives_the_text(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    char text[] = "{\"z\":1,\"a\":2,\"m\":3}";
    const json *root = NULL;
    assert_int_equal(json_parse(slice_of_text(text), &memory, &root, NULL).code, STATUS_OK);
    memset(text, 'x', sizeof text);
    OWNED(buffer) names = {0};
    for (const json *each = json_first(root); each; each = each->next)
        assert_int_equal(buffer_append(&names, each->name).code, STATUS_OK);
    assert_true(slice_equals_text(buffer_slice(&names), "zam"));
}

static void test_writes(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    json_writer w = {.out = &out};
    json_begin_object(&w);
    json_put_member_text(&w, "a", SLICE("q\"b\\s/\b\t\n\v\f\r\x01\x7f<\xC3\xA9\xff\xed\xa0\x80"));
    json_put_key(&w, SLICE("l"));
    json_begin_array(&w);
    json_put_integer(&w, INT64_MIN);
    json_put_null(&w);
    json_begin_object(&w);
    json_end_object(&w);
    json_begin_array(&w);
    json_end_array(&w);
    json_put_raw(&w, SLICE("1.5"));
    json_end_array(&w);
    json_put_member_bool(&w, "t", true);
    json_put_member_text(&w, "absent", (slice){0});
    json_end_object(&w);
    assert_int_equal(json_finish(&w).code, STATUS_OK);
    const char *wanted = "{\"a\":\"q\\\"b\\\\s/"
                         "\\b\\t\\n\\u000b\\f\\r\\u0001\x7f<\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\","
                         "\"l\":[-9223372036854775808,null,{},[],1.5],\"t\":true,\"absent\":\"\"}";
    assert_string_equal(wanted, (buffer_append_byte(&out, 0).code == STATUS_OK) ? (const char *)out.at : "");
}

/* Texts from callers go into events: whatever their bytes, what is written can be read, or nobody would find the event. */
static void test_reads_whatever_it_wrote(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        OWNED(arena) memory = {0};
        OWNED(buffer) out = {0};
        const uint8_t bytes[] = {'a', (uint8_t)c, 'b'};
        json_writer w = {.out = &out};
        json_begin_object(&w);
        json_put_key(&w, slice_of(bytes, sizeof bytes));
        json_put_text(&w, slice_of(bytes, sizeof bytes));
        json_end_object(&w);
        assert_int_equal(json_finish(&w).code, STATUS_OK);
        const json *root = NULL;
        slice text = {0};
        if (FAILED(json_parse(buffer_slice(&out), &memory, &root, NULL))) fail_msg("byte %d", c);
        assert_true(json_get_text(json_first(root), &text));
        bool is_kept = c > 0 && c < 0x80;
        assert_true(slice_equals(text, is_kept ? slice_of(bytes, sizeof bytes)
                                               : SLICE("a\xEF\xBF\xBD"
                                                       "b")));
    }
}

static void test_writes_back_what_it_read(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(buffer) out = {0};
    slice text = SLICE("{\"a\":[1,-2.5,1e+100,true,false,null,\"\\u0001\\\"\",{\"b\":{}}],\"c\":\"\"}");
    const json *root = NULL;
    assert_int_equal(json_parse(text, &memory, &root, NULL).code, STATUS_OK);
    json_writer w = {.out = &out};
    json_put_value(&w, root);
    assert_int_equal(json_finish(&w).code, STATUS_OK);
    assert_true(slice_equals(buffer_slice(&out), text));
}

typedef void (*misuse)(json_writer *w);
static void misuse_nothing(json_writer *w) { (void)w; }
static void misuse_open_list(json_writer *w) { json_begin_array(w); }
static void misuse_two_roots(json_writer *w) { json_put_null(w), json_put_null(w); }
static void misuse_no_name(json_writer *w) { json_begin_object(w), json_put_null(w), json_end_object(w); }
static void misuse_no_value(json_writer *w) { json_begin_object(w), json_put_key(w, SLICE("a")), json_end_object(w); }
static void misuse_wrong_end(json_writer *w) { json_begin_object(w), json_end_array(w); }
static void misuse_name_in_array(json_writer *w) { json_begin_array(w), json_put_key(w, SLICE("a")); }
static void misuse_end_alone(json_writer *w) { json_end_object(w); }
static void misuse_depth(json_writer *w) {
    for (int i = 0; i < 100; i++) json_begin_array(w);
    for (int i = 0; i < 100; i++) json_end_array(w);
}

static void test_finds_misuse_of_the_writer(void **state) {
    (void)state;
    static const misuse misuses[] = {misuse_nothing,       misuse_open_list, misuse_two_roots,
                                     misuse_no_name,       misuse_no_value,  misuse_wrong_end,
                                     misuse_name_in_array, misuse_end_alone, misuse_depth};
    for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        OWNED(buffer) out = {0};
        json_writer w = {.out = &out};
        misuses[i](&w);
        if (json_finish(&w).code != FAILURE_INTERNAL) fail_msg("misuse %zu passed", i);
    }
}

static void test_writer_keeps_the_first_failure(void **state) {
    (void)state;
    OWNED(buffer) out = {.limit = 4};
    json_writer w = {.out = &out};
    json_put_text(&w, SLICE("longer than four bytes"));
    json_put_null(&w);
    assert_int_equal(json_finish(&w).code, FAILURE_TOO_LARGE);
}

/* Cuts and single-byte changes of a sound text: never a crash, and a refusal leaves the output alone. */
static void test_survives_mutations(void **state) {
    (void)state;
    static const char seed[] =
        "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"N\":[1.5e3,-7,\"\\u00e9\\\\\"],\"x\":null}]}";
    for (size_t i = 0; i < sizeof seed - 1; i++) {
        OWNED(arena) memory = {0};
        const json *out = NULL;
        assert_true(FAILED(json_parse(slice_of(seed, i), &memory, &out, NULL)));
        for (int c = 0; c < 256; c++) {
            char text[sizeof seed];
            memcpy(text, seed, sizeof seed);
            text[i] = (char)c;
            out = NULL;
            status got = json_parse(slice_of(text, sizeof seed - 1), &memory, &out, NULL);
            assert_true(FAILED(got) == (out == NULL));
            arena_reset(&memory);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_what_is_not_json),
        cmocka_unit_test(test_refuses_bytes_that_are_not_utf8),
        cmocka_unit_test(test_bounds_depth),
        cmocka_unit_test(test_bounds_size_and_values),
        cmocka_unit_test(test_bounds_memory),
        cmocka_unit_test(test_says_where),
        cmocka_unit_test(test_reads_values),
        cmocka_unit_test(test_keeps_order_and_outlives_the_text),
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_reads_whatever_it_wrote),
        cmocka_unit_test(test_writes_back_what_it_read),
        cmocka_unit_test(test_finds_misuse_of_the_writer),
        cmocka_unit_test(test_writer_keeps_the_first_failure),
        cmocka_unit_test(test_survives_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
