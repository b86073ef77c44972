/* Automatic rotation: states, dates, and the order of the index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys/rotation.h"

static key_version_record version = {.version_id = {(const uint8_t *)"v", 1}, .created_at = {1000, true}};

static key_record key_in(int state) {
    key_record key = {.state = state, .spec = KEY_SPEC_ALIYUN_AES_256, .origin = KEY_ORIGIN_ALIYUN_KMS};
    key.created_at = SET_INT(10);
    key.primary_version = SLICE("v");
    key.versions.at = &version, key.versions.count = 1;
    return key;
}

static void only_symmetric_keys_made_here(void **state) {
    (void)state;
    key_record key = key_in(KEY_STATE_ENABLED);
    for (int spec = KEY_SPEC_ALIYUN_AES_256; spec <= KEY_SPEC_HMAC_SM3; spec++) {
        key.spec = spec;
        assert_int_equal(rotation_is_possible(&key), spec <= KEY_SPEC_ALIYUN_SM4);
    }
    key.spec = KEY_SPEC_ALIYUN_AES_256, key.origin = KEY_ORIGIN_EXTERNAL;
    assert_false(rotation_is_possible(&key));
}

static void suspended_while_the_key_is_not_enabled(void **state) {
    (void)state;
    for (int each = KEY_STATE_ENABLED; each <= KEY_STATE_PENDING_IMPORT; each++) {
        key_record key = key_in(each);
        assert_int_equal(rotation_status(&key), ROTATION_STATUS_DISABLED);
        assert_false(rotation_next(&key).is_set);
        key.rotation_interval_s = SET_INT(500);
        assert_int_equal(rotation_status(&key),
                         each == KEY_STATE_ENABLED ? ROTATION_STATUS_ENABLED : ROTATION_STATUS_SUSPENDED);
        assert_int_equal(rotation_next(&key).value, 1500); /* from the newest version on */
    }
}

static void the_index_is_in_the_order_of_time(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    slice early, late;
    int64_t due_s;
    assert_int_equal(rotation_path(999999999, SLICE("key/1/r/z"), &memory, &early).code, STATUS_OK);
    assert_int_equal(rotation_path(10000000000, SLICE("key/1/r/a"), &memory, &late).code, STATUS_OK);
    assert_true(slice_compare(early, late) < 0);
    assert_int_equal(rotation_path_read(late, &due_s).code, STATUS_OK);
    assert_int_equal(due_s, 10000000000);
    static const char *const WRONG[] = {"", "rotation/", "rotation/123", "rotation/00000000000000x1/key",
                                        "rotatio/0000000000000001/k"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_int_equal(rotation_path_read(slice_of_text(WRONG[i]), &due_s).code, FAILURE_CORRUPT);
    assert_int_equal(rotation_path(-1, SLICE("k"), &memory, &early).code, FAILURE_INVALID_PARAMETER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_symmetric_keys_made_here),
        cmocka_unit_test(suspended_while_the_key_is_not_enabled),
        cmocka_unit_test(the_index_is_in_the_order_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
