/* Ids of keys as text and as bytes, each with one form only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "contract/key_id.h"

static bool parses(const char *text) {
    uint8_t id[KEY_ID_BYTES];
    char again[KEY_ID_TEXT];
    if (FAILED(key_id_parse(slice_of_text(text), id))) return false;
    key_id_format(id, again);
    assert_string_equal(again, text);
    return true;
}

static void there_is_one_form(void **state) {
    (void)state;
    assert_true(parses("01234567-89ab-4def-8123-456789abcdef"));
    assert_true(parses("mrk-0123456789ab8def8123456789abcdef"));
    static const char *const none[] = {"",
                                       "mrk-",
                                       "01234567-89ab-8def-8123-456789abcdef", /* of a multi-Region key */
                                       "mrk-0123456789ab4def8123456789abcdef", /* of none */
                                       "mrk-0123456789AB8DEF8123456789ABCDEF",
                                       "MRK-0123456789ab8def8123456789abcdef",
                                       "mrk-01234567-89ab-8def-8123-456789abcdef",
                                       "mrk-0123456789ab8def8123456789abcde",
                                       "mrk-0123456789ab8def8123456789abcdef0",
                                       "mrk-0123456789ab8def8123456789abcdeg",
                                       "0123456789ab8def8123456789abcdef"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) assert_false(parses(none[i]));
}

static void a_mark_is_seen(void **state) {
    (void)state;
    uint8_t id[KEY_ID_BYTES] = {1, 2, 3, 4, 5, 6, 0x4f, 8};
    char text[KEY_ID_TEXT];
    assert_false(key_id_is_marked(id));
    key_id_mark(id);
    assert_true(key_id_is_marked(id));
    key_id_format(id, text);
    assert_string_equal(text, "mrk-0102030405068f080000000000000000");
    assert_true(key_id_is_multi_region(slice_of_text(text)));
}

static void names_in_a_region(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    slice made, key_id, region;
    static const char *const ids[] = {"mrk-0102030405068f080000000000000000", "01234567-89ab-4def-8123-456789abcdef"};
    for (size_t i = 0; i < 2; i++) {
        assert_false(FAILED(key_id_in_region(slice_of_text(ids[i]), SLICE("eu-west-1"), &memory, &made)));
        key_id_split(made, &key_id, &region);
        assert_true(slice_equals_text(key_id, ids[i]));
        assert_true(i == 0 ? slice_equals_text(region, "eu-west-1") : slice_is_absent(region));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_one_form),
        cmocka_unit_test(a_mark_is_seen),
        cmocka_unit_test(names_in_a_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
