/* Walking JSON text: it finds what the parser finds, and stops at what is broken. */
#include "format/json_walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void members_come_in_order(void **state) {
    (void)state;
    json_walk w;
    slice name, value, text;
    assert_true(
        json_walk_object(SLICE("{\"a\":1,\"b\\\"}\":\"x\\\\\",\"c\":{\"d\":[\"}\",{}]},\"e\":[],\"f\":-1.5E+3}"), &w));
    assert_true(json_walk_member(&w, &name, &value) && slice_equals_text(name, "a") && slice_equals_text(value, "1"));
    assert_false(json_walk_text(value, &text));
    assert_true(json_walk_member(&w, &name, &value) && slice_equals_text(name, "b\\\"}"));
    assert_true(json_walk_text(value, &text) && slice_equals_text(text, "x\\\\"));
    assert_true(json_walk_member(&w, &name, &value) && slice_equals_text(value, "{\"d\":[\"}\",{}]}"));
    assert_true(json_walk_member(&w, &name, &value) && slice_equals_text(value, "[]"));
    assert_true(json_walk_member(&w, &name, &value) && slice_equals_text(value, "-1.5E+3"));
    assert_false(json_walk_member(&w, &name, &value));
    assert_true(w.is_ended);
    assert_false(json_walk_member(&w, &name, &value));
}

static void elements_come_in_order(void **state) {
    (void)state;
    json_walk w;
    slice value;
    assert_true(json_walk_array(SLICE("[true,null,[[]],\"]\"]"), &w));
    assert_true(json_walk_element(&w, &value) && slice_equals_text(value, "true"));
    assert_true(json_walk_element(&w, &value) && slice_equals_text(value, "null"));
    assert_true(json_walk_element(&w, &value) && slice_equals_text(value, "[[]]"));
    assert_true(json_walk_element(&w, &value) && slice_equals_text(value, "\"]\""));
    assert_false(json_walk_element(&w, &value));
    assert_true(w.is_ended);
}

static bool walks_to_its_end(slice text) {
    json_walk w;
    slice name, value;
    if (!json_walk_object(text, &w)) return false;
    while (json_walk_member(&w, &name, &value)) continue;
    return w.is_ended;
}

static void broken_text_does_not_end(void **state) {
    (void)state;
    const slice whole = SLICE("{\"a\":[1,{\"b\":\"\\\"\"}],\"c\":\"d\"}");
    assert_true(walks_to_its_end(whole));
    for (size_t len = 0; len < whole.len; len++) assert_false(walks_to_its_end(slice_head(whole, len)));
    const char *const broken[] = {
        "",           "[]",         "{}}",         "{,}",        "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{\"a\":1 }", "{\"a\":[}]}", "{\"a\":[1}", "{a:1}",   "{\"a\":1\"b\":2}"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_false(walks_to_its_end(slice_of_text(broken[i])));
    char deep[300] = "{\"a\":";
    memset(deep + 5, '[', 100);
    memset(deep + 105, ']', 100);
    deep[205] = '}';
    assert_false(walks_to_its_end(slice_of_text(deep)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_in_order),
        cmocka_unit_test(elements_come_in_order),
        cmocka_unit_test(broken_text_does_not_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
