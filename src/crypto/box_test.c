/* Boxes: both ways, and what must not open. */
#include "crypto/box.h"

#include "crypto/test_bytes.h"

static box *box_under(const char *key, enum box_side side) {
    OWNED(secret) hidden = secret_from(slice_of_text(key));
    box *made = NULL;
    assert_ok(box_new(&hidden, side, &made));
    return made;
}

static const char KEY[] = "0123456789abcdef0123456789abcdef";

static void check_refused(box *b, slice aad, slice sealed) {
    OWNED(secret) opened = {0};
    assert_fails(box_open(b, aad, sealed, &opened), VERIFICATION);
    assert_null(opened.hidden);
}

static void test_layout_and_both_ways(void **state) {
    (void)state;
    box *a = box_under(KEY, BOX_SIDE_A), *b = box_under(KEY, BOX_SIDE_B);
    for (int i = 0; i < 3; i++) {
        OWNED(buffer) sealed = {0};
        OWNED(secret) opened = {0};
        assert_ok(buffer_append_text(&sealed, "before"));
        assert_ok(box_seal(a, buffer_slice(&sealed), SLICE("secret"), &sealed));
        slice made = slice_skip(buffer_slice(&sealed), 6);
        assert_int_equal(made.len, 6 + BOX_OVERHEAD_BYTES);
        const uint8_t nonce[] = {'A', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)i};
        assert_bytes(made.at, sizeof nonce, slice_of(nonce, sizeof nonce));
        assert_ok(box_open(b, SLICE("before"), made, &opened));
        assert_bytes(opened.hidden, opened.len, SLICE("secret"));
    }
    OWNED(buffer) back = {0};
    OWNED(secret) nothing = {0};
    assert_ok(box_seal(b, SLICE(""), SLICE(""), &back));
    assert_int_equal(back.at[0], 'B');
    assert_ok(box_open(a, SLICE(""), buffer_slice(&back), &nothing));
    assert_int_equal(nothing.len, 0);
    box_free(a);
    box_free(b);
}

static void test_what_must_not_open(void **state) {
    (void)state;
    box *a = box_under(KEY, BOX_SIDE_A), *b = box_under(KEY, BOX_SIDE_B);
    box *stranger = box_under("another key another key another ", BOX_SIDE_B);
    OWNED(buffer) sealed = {0};
    assert_ok(box_seal(a, SLICE("request 1"), SLICE("secret"), &sealed));
    check_refused(a, SLICE("request 1"), buffer_slice(&sealed)); /* sent back to its maker */
    check_refused(stranger, SLICE("request 1"), buffer_slice(&sealed));
    check_refused(b, SLICE("request 2"), buffer_slice(&sealed));
    for (size_t len = 0; len < sealed.len; len++) check_refused(b, SLICE("request 1"), slice_of(sealed.at, len));
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sealed.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_refused(b, SLICE("request 1"), buffer_slice(&sealed));
        sealed.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    box_free(a);
    box_free(b);
    box_free(stranger);
}

static void test_short_keys_are_refused(void **state) {
    (void)state;
    OWNED(secret) key = secret_from(SLICE("0123456789abcdef"));
    box *made = NULL;
    assert_fails(box_new(&key, BOX_SIDE_A, &made), INVALID_PARAMETER);
    assert_null(made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout_and_both_ways),
        cmocka_unit_test(test_what_must_not_open),
        cmocka_unit_test(test_short_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
