/* Tests of the XML parser and writer: hostile texts first. */
#include "format/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void expect_refused(slice text, status expected) {
    OWNED(arena) memory = {.limit = 64 << 20};
    const xml *out = NULL;
    xml_fault fault = {0};
    status got = xml_parse(text, &memory, &out, &fault);
    if (got.code != expected.code) fail_msg("%.*s gave %s", SLICE_ARGS(slice_head(text, 60)), status_name(got));
    assert_null(out);
    assert_true(fault.line >= 1 && fault.column >= 1 && fault.position <= text.len && fault.reason[0] != 0);
}

static void test_refuses_what_is_not_well_formed(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "<",
        "<a",
        "<a>",
        "</a>",
        "<a></b>",
        "<a/><b/>",
        "a",
        "<a/>x",
        "<a>&x;</a>",
        "<a>&</a>",
        "<a>&#0;</a>",
        "<a>&#x1F;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a b=1/>",
        "<a b='1' b='2'/>",
        "<a b='<'/>",
        "<1/>",
        "<a:b/>",
        "<a><![CDATA[x</a>",
        "<a><!-- -- --></a>",
        "<a>]]></a>",
        "<a>\x01</a>",
        " <?xml version=\"1.0\"?><a/>",
        "<a>\xff</a>",
        "<a>\xc0\xaf</a>",
        "<a>text<b/></a>",
        "<a><b/>text</a>",
        "<a><b/>t<c/></a>",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect_refused(slice_of_text(texts[i]), FAIL(MALFORMED));
    expect_refused(SLICE("<a>\0</a>"), FAIL(MALFORMED));
}

static void test_refuses_doctype_and_entities(void **state) {
    (void)state;
    expect_refused(SLICE("<!DOCTYPE a><a/>"), FAIL(MALFORMED));
    expect_refused(SLICE("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"), FAIL(MALFORMED));
    expect_refused(SLICE("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"), FAIL(MALFORMED));
    expect_refused(SLICE("<!DOCTYPE a [<!ENTITY a0 \"ha\"><!ENTITY a1 \"&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;\">"
                         "<!ENTITY a2 \"&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;\">"
                         "<!ENTITY a3 \"&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;\">]><a>&a3;</a>"),
                   FAIL(MALFORMED));
}

static void append_times(buffer *b, const char *text, size_t times) {
    for (size_t i = 0; i < times; i++) assert_int_equal(buffer_append_text(b, text).code, STATUS_OK);
}

static void test_bounds(void **state) {
    (void)state;
    OWNED(buffer) text = {0};
    append_times(&text, "<a>", 17);
    append_times(&text, "</a>", 17);
    expect_refused(buffer_slice(&text), FAIL(MALFORMED));
    OWNED(arena) memory = {0};
    const xml *out = NULL;
    slice allowed = slice_head(slice_skip(buffer_slice(&text), 3), 16 * 7);
    assert_int_equal(xml_parse(allowed, &memory, &out, NULL).code, STATUS_OK);
    buffer_reset(&text);
    append_times(&text, "<a>", 1);
    append_times(&text, "<b/>", XML_NODES_MOST);
    append_times(&text, "</a>", 1);
    expect_refused(buffer_slice(&text), FAIL(TOO_LARGE));
    OWNED(arena) small = {.limit = 5000};
    out = NULL;
    assert_int_equal(xml_parse(buffer_slice(&text), &small, &out, NULL).code, FAILURE_OUT_OF_MEMORY);
    assert_null(out);
    buffer_reset(&text);
    append_times(&text, "<a/>", 1);
    append_times(&text, "    ", XML_BYTES_MOST / 4);
    expect_refused(buffer_slice(&text), FAIL(TOO_LARGE));
}

static void test_says_where(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    const xml *out = NULL;
    xml_fault fault = {0};
    assert_int_equal(xml_parse(SLICE("<a>\n <b>\n</a>"), &memory, &out, &fault).code, FAILURE_MALFORMED);
    assert_int_equal(fault.line, 3);
    assert_true(fault.column >= 1 && fault.column <= 5);
}

static void test_reads(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    const xml *root = NULL;
    slice text = SLICE("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<!-- c -->\n"
                       "<n:Delete xmlns:n='http://x/' xmlns='http://y/' q='1'>\n <Quiet>true</Quiet>\n"
                       " <Object><Key> a&amp;b&lt;&#233;&#x1F600;<![CDATA[<x>]]>\xC3\xA9 </Key><?pi x?></Object>\n"
                       " <Object><Key/></Object>\n</n:Delete>\n");
    assert_int_equal(xml_parse(text, &memory, &root, NULL).code, STATUS_OK);
    assert_true(slice_equals_text(root->name, "Delete"));
    assert_int_equal(root->count, 3);
    assert_int_equal(root->text.len, 0);
    slice value = {0};
    assert_true(xml_child_text(root, "Quiet", &value) && slice_equals_text(value, "true"));
    const xml *object = xml_child(root, "Object");
    assert_true(xml_child_text(object, "Key", &value));
    assert_true(slice_equals_text(value, " a&b<\xC3\xA9\xF0\x9F\x98\x80<x>\xC3\xA9 "));
    assert_true(xml_child_text(object->next, "Key", &value) && value.len == 0);
    assert_null(object->next->next);
    assert_false(xml_child_text(root, "Missing", &value));
    assert_null(xml_child(xml_child(root, "Missing"), "Key"));
}

static void test_carries(void **state) {
    (void)state;
    assert_true(xml_can_carry(SLICE("a\t\r\n<>&\"'\xC3\xA9\xEF\xBF\xBD\xF0\x9F\x98\x80")));
    assert_true(xml_can_carry((slice){0}));
    assert_false(xml_can_carry(SLICE("\0")));
    assert_false(xml_can_carry(SLICE("a\x1f")));
    assert_false(xml_can_carry(SLICE("\xEF\xBF\xBE")));
    assert_false(xml_can_carry(SLICE("\xEF\xBF\xBF")));
    assert_false(xml_can_carry(SLICE("\xff")));
}

static void test_writes_and_reads_back(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    xml_writer w = {.out = &out};
    slice wild = SLICE(" <a href='x'>&amp;\"]]>\r\n\t\xF0\x9F\x98\x80 ");
    xml_begin(&w);
    xml_open_in(&w, SLICE("List"), SLICE("http://doc/?a=1&b=2"));
    xml_put_text(&w, SLICE("Name"), wild);
    xml_open(&w, SLICE("Inner"));
    xml_put_integer(&w, SLICE("Max"), -3);
    xml_put_bool(&w, SLICE("Is"), false);
    xml_put_text(&w, SLICE("None"), (slice){0});
    xml_close(&w);
    xml_close(&w);
    assert_int_equal(xml_finish(&w).code, STATUS_OK);
    OWNED(arena) memory = {0};
    const xml *root = NULL;
    assert_int_equal(xml_parse(buffer_slice(&out), &memory, &root, NULL).code, STATUS_OK);
    slice value = {0};
    assert_true(xml_child_text(root, "Name", &value) && slice_equals(value, wild));
    assert_true(xml_child_text(xml_child(root, "Inner"), "Max", &value) && slice_equals_text(value, "-3"));
    assert_true(xml_child_text(xml_child(root, "Inner"), "None", &value) && value.len == 0);
    assert_true(slice_starts_with(
        buffer_slice(&out),
        SLICE("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<List xmlns=\"http://doc/?a=1&amp;b=2\">")));
}

typedef void (*misuse)(xml_writer *w);
static void misuse_nothing(xml_writer *w) { (void)w; }
static void misuse_open(xml_writer *w) { xml_open(w, SLICE("a")); }
static void misuse_close(xml_writer *w) { xml_close(w); }
static void misuse_two_roots(xml_writer *w) { xml_put_integer(w, SLICE("a"), 1), xml_put_integer(w, SLICE("b"), 1); }
static void misuse_late_begin(xml_writer *w) { xml_put_integer(w, SLICE("a"), 1), xml_begin(w); }
static void misuse_name(xml_writer *w) { xml_put_integer(w, SLICE("a><b"), 1); }
static void misuse_depth(xml_writer *w) {
    for (int i = 0; i < 20; i++) xml_open(w, SLICE("a"));
    for (int i = 0; i < 20; i++) xml_close(w);
}

static void test_finds_misuse_of_the_writer(void **state) {
    (void)state;
    static const misuse misuses[] = {misuse_nothing,    misuse_open, misuse_close, misuse_two_roots,
                                     misuse_late_begin, misuse_name, misuse_depth};
    for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        OWNED(buffer) out = {0};
        xml_writer w = {.out = &out};
        misuses[i](&w);
        if (xml_finish(&w).code != FAILURE_INTERNAL) fail_msg("misuse %zu passed", i);
    }
}

static void test_writer_refuses_what_xml_cannot_carry(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    xml_writer w = {.out = &out};
    xml_put_text(&w, SLICE("a"), SLICE("\x02"));
    assert_int_equal(xml_finish(&w).code, FAILURE_MALFORMED);
}

static void test_survives_mutations(void **state) {
    (void)state;
    static const char seed[] =
        "<?xml version=\"1.0\"?><D x:a='1' xmlns:x='u'><Q>t</Q><O><K>&amp;&#65;</K></O><!--c--></D>";
    for (size_t i = 0; i < sizeof seed - 1; i++) {
        OWNED(arena) memory = {0};
        const xml *out = NULL;
        assert_true(FAILED(xml_parse(slice_of(seed, i), &memory, &out, NULL)));
        for (int c = 0; c < 256; c++) {
            char text[sizeof seed];
            memcpy(text, seed, sizeof seed);
            text[i] = (char)c;
            out = NULL;
            status got = xml_parse(slice_of(text, sizeof seed - 1), &memory, &out, NULL);
            assert_true(FAILED(got) == (out == NULL));
            arena_reset(&memory);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_what_is_not_well_formed),
        cmocka_unit_test(test_refuses_doctype_and_entities),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_says_where),
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_carries),
        cmocka_unit_test(test_writes_and_reads_back),
        cmocka_unit_test(test_finds_misuse_of_the_writer),
        cmocka_unit_test(test_writer_refuses_what_xml_cannot_carry),
        cmocka_unit_test(test_survives_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
