/* Checksums against the catalogue's check values. */
#include "crypto/crc.h"

#include "crypto/test_bytes.h"

static void test_check_values(void **state) {
    (void)state;
    assert_true(crc64_update(0, SLICE("123456789")) == UINT64_C(11051210869376104954));
    assert_true(crc64_update(0, SLICE("hello")) == UINT64_C(11177612005948864433));
    assert_true(crc64_update(0, SLICE("")) == 0);
    assert_int_equal(crc32c_update(0, SLICE("123456789")), 0xe3069283);
    assert_int_equal(crc32c_update(0, SLICE("")), 0);
}

/* RFC 3720 B.4: 32 zero bytes, in wire order aa 36 91 8a. */
static void test_rfc3720(void **state) {
    (void)state;
    uint8_t zeros[32] = {0};
    assert_int_equal(crc32c_update(0, slice_of(zeros, sizeof zeros)), 0x8a9136aa);
}

static void test_pieces(void **state) {
    (void)state;
    uint8_t bytes[5000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 31 + i / 256);
    slice whole = slice_of(bytes, sizeof bytes);
    uint64_t crc64 = crc64_update(0, whole);
    uint32_t crc32c = crc32c_update(0, whole);
    for (size_t cut = 0; cut <= sizeof bytes; cut += 7) {
        slice head = slice_head(whole, cut), tail = slice_skip(whole, cut);
        assert_true(crc64_update(crc64_update(0, head), tail) == crc64);
        assert_true(crc32c_update(crc32c_update(0, head), tail) == crc32c);
    }
    bytes[4999] ^= 1;
    assert_false(crc64_update(0, whole) == crc64);
    assert_false(crc32c_update(0, whole) == crc32c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_values),
        cmocka_unit_test(test_rfc3720),
        cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
