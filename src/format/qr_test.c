/* Pictures have the right form (ISO/IEC 15948 §11.2.2, ISO/IEC 18004 §5.3). */
#include "format/qr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint32_t number_at(const buffer *b, size_t at) {
    return (uint32_t)b->at[at] << 24 | (uint32_t)b->at[at + 1] << 16 | (uint32_t)b->at[at + 2] << 8 | b->at[at + 3];
}

static void a_picture(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    OWNED(buffer) again = {0};
    slice text = SLICE("otpauth://totp/Keyhold:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Keyhold");
    assert_false(FAILED(qr_write_png(text, &out)));
    assert_memory_equal(out.at, "\x89PNG\r\n\x1a\n", 8);
    assert_memory_equal(out.at + 12, "IHDR", 4);
    uint32_t side = number_at(&out, 16);
    assert_int_equal(number_at(&out, 20), side);
    assert_int_equal(side % QR_MODULE_PIXELS, 0);
    assert_int_equal((side / QR_MODULE_PIXELS - 2 * QR_QUIET_MODULES - 17) % 4,
                     0); /* ISO/IEC 18004: 17 + 4 * version */
    assert_false(FAILED(qr_write_png(text, &again)));
    assert_true(slice_equals(buffer_slice(&out), buffer_slice(&again)));
    buffer_reset(&again);
    assert_false(FAILED(qr_write_png(SLICE("another"), &again)));
    assert_false(slice_equals(buffer_slice(&out), buffer_slice(&again)));
}

static void texts_out_of_bounds(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    static uint8_t long_text[QR_TEXT_MOST + 1];
    assert_true(FAILED_WITH(qr_write_png(SLICE(""), &out), TOO_LARGE));
    assert_true(FAILED_WITH(qr_write_png(slice_of(long_text, sizeof long_text), &out), TOO_LARGE));
    assert_int_equal(out.len, 0);
    assert_false(FAILED(qr_write_png(slice_of(long_text, QR_TEXT_MOST), &out)));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_picture), cmocka_unit_test(texts_out_of_bounds)};
    return cmocka_run_group_tests_name("qr", tests, NULL, NULL);
}
