/* Imported material: what a key with several of them is while one is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "keys/imported.h"

#define PRINT SLICE("0123456789abcdef0123456789abcdef")

static key_version_record versions[3];

/* Three versions: one behind, the current one, and one that waits. */
static key_record key_make(void) {
    static const char *const ids[] = {"00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002",
                                      "00000000-0000-4000-8000-000000000003"};
    key_record key = {.origin = KEY_ORIGIN_EXTERNAL, .state = KEY_STATE_ENABLED};
    for (size_t i = 0; i < 3; i++) {
        versions[i] = (key_version_record){.version_id = slice_of_text(ids[i]), .sealed = SLICE("sealed")};
        versions[i].fingerprint = PRINT;
    }
    versions[2].is_pending = SET_BOOL(true);
    key.primary_version = versions[1].version_id;
    key.versions.at = versions, key.versions.count = 3;
    return key;
}

static void all_that_has_encrypted_is_needed(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        key_record key = key_make();
        imported_forget(&key, &versions[i]);
        imported_settle(&key);
        assert_int_equal(key.state, KEY_STATE_PENDING_IMPORT);
        assert_int_equal(key.versions.count, 3);
        assert_false(imported_is_complete(&key));
        versions[i].sealed = SLICE("again");
        imported_settle(&key);
        assert_int_equal(key.state, KEY_STATE_ENABLED);
    }
    key_record key = key_make();
    key.state = KEY_STATE_PENDING_DELETION;
    imported_forget(&key, &versions[0]);
    imported_settle(&key);
    assert_int_equal(key.state, KEY_STATE_PENDING_DELETION);
    key = key_make();
    key.state = KEY_STATE_DISABLED; /* and stays so while all is there */
    imported_settle(&key);
    assert_int_equal(key.state, KEY_STATE_DISABLED);
}

static void what_waits_goes_whole(void **state) {
    (void)state;
    key_record key = key_make();
    assert_ptr_equal(imported_pending(&key), &versions[2]);
    imported_forget(&key, &versions[2]);
    imported_settle(&key);
    assert_int_equal(key.state, KEY_STATE_ENABLED);
    assert_int_equal(key.versions.count, 2);
    assert_null(imported_pending(&key));
}

static void each_has_its_end(void **state) {
    (void)state;
    key_record key = key_make();
    versions[0].expires_at = SET_INT(300), versions[1].expires_at = SET_INT(200), versions[2].expires_at = SET_INT(100);
    imported_settle(&key);
    assert_int_equal(key.material_expires_at.value, 100);
    assert_int_equal(imported_expiry(&key).value, 200); /* what waits is not the key's yet */
    imported_forget_expired(&key, 99);
    assert_int_equal(key.versions.count, 3);
    imported_forget_expired(&key, 100);
    assert_int_equal(key.versions.count, 2);
    assert_int_equal(key.state, KEY_STATE_ENABLED);
    assert_int_equal(key.material_expires_at.value, 200);
    imported_forget_expired(&key, 250);
    assert_int_equal(key.state, KEY_STATE_PENDING_IMPORT);
    assert_int_equal(key.material_expires_at.value, 300);
    assert_true(slice_is_absent(versions[1].sealed));
    imported_forget_expired(&key, 300);
    assert_false(key.material_expires_at.is_set);
}

/* As keys were kept that could have one version only. */
static void an_older_record_reads_the_same(void **state) {
    (void)state;
    key_record key = key_make();
    key.versions.count = 1, key.primary_version = versions[0].version_id;
    versions[0].fingerprint = (slice){0};
    key.fingerprint = PRINT, key.material_expires_at = SET_INT(100);
    imported_forget_expired(&key, 99);
    assert_true(slice_equals(versions[0].fingerprint, PRINT));
    assert_int_equal(versions[0].expires_at.value, 100);
    imported_forget_expired(&key, 100);
    assert_int_equal(key.state, KEY_STATE_PENDING_IMPORT);
    assert_true(slice_equals(versions[0].fingerprint, PRINT)); /* the same may come again, nothing else */
}

static void the_vault_is_told_of_those_that_had_material(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    key_record key = key_make();
    slice known;
    versions[1].fingerprint = (slice){0};
    assert_false(FAILED(imported_known(&key, &memory, &known)));
    assert_int_equal(known.len, 2 * 48);
    assert_int_equal(known.at[15], 1);
    assert_int_equal(known.at[48 + 15], 3);
    assert_memory_equal(known.at + 16, PRINT.at, 32);
    versions[0].fingerprint = versions[2].fingerprint = (slice){0};
    assert_false(FAILED(imported_known(&key, &memory, &known)));
    assert_true(slice_is_absent(known));
    versions[0].fingerprint = SLICE("short");
    assert_true(FAILED_WITH(imported_known(&key, &memory, &known), CORRUPT));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_has_encrypted_is_needed),
        cmocka_unit_test(what_waits_goes_whole),
        cmocka_unit_test(each_has_its_end),
        cmocka_unit_test(an_older_record_reads_the_same),
        cmocka_unit_test(the_vault_is_told_of_those_that_had_material),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
