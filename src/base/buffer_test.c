/* Buffers: the limit is kept and a refusal changes nothing; integers as big-endian bytes, both ways. */
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ASSERT_OK(call) assert_int_equal((call).code, STATUS_OK)
#define ASSERT_FAILS(call, name) assert_int_equal((call).code, FAILURE_##name)

static void must_hold(const buffer *b, slice expected) {
    slice got = buffer_slice(b);
    if (!slice_equals(got, expected)) fail_msg("'%.*s' is not '%.*s'", SLICE_ARGS(got), SLICE_ARGS(expected));
}

static void the_limit_is_kept(void **state) {
    (void)state;
    OWNED(buffer) b = {.limit = 5};
    ASSERT_OK(buffer_append_text(&b, "abcd"));
    ASSERT_FAILS(buffer_append_text(&b, "ef"), TOO_LARGE);
    ASSERT_FAILS(buffer_append_u16(&b, 1), TOO_LARGE);
    ASSERT_FAILS(buffer_append_u32(&b, 1), TOO_LARGE);
    ASSERT_FAILS(buffer_append_u64(&b, 1), TOO_LARGE);
    ASSERT_FAILS(buffer_printf(&b, "%s", "ef"), TOO_LARGE);
    ASSERT_FAILS(buffer_reserve(&b, 2), TOO_LARGE);
    ASSERT_FAILS(buffer_reserve(&b, SIZE_MAX), TOO_LARGE);
    must_hold(&b, SLICE("abcd"));
    ASSERT_OK(buffer_append_byte(&b, 'e'));
    ASSERT_FAILS(buffer_append_byte(&b, 'f'), TOO_LARGE); /* though there is room in memory */
    ASSERT_OK(buffer_append(&b, (slice){0}));
    must_hold(&b, SLICE("abcde"));
    buffer_clear(&b);
    ASSERT_FAILS(buffer_append_text(&b, "abcdef"), TOO_LARGE); /* it outlives the content */
}

static void the_default_limit_is_a_gibibyte(void **state) {
    (void)state;
    OWNED(buffer) b = {0};
    volatile size_t all = SIZE_MAX; /* else the compiler sees the mistake */
    ASSERT_FAILS(buffer_reserve(&b, (1 << 30) + 1), TOO_LARGE);
    ASSERT_FAILS(buffer_append(&b, slice_of("", all)), TOO_LARGE);
    assert_null(b.at);
}

static void an_empty_buffer_is_an_empty_slice(void **state) {
    (void)state;
    OWNED(buffer) b = {0};
    assert_true(!slice_is_absent(buffer_slice(&b)) && slice_is_empty(buffer_slice(&b)));
    ASSERT_OK(buffer_append(&b, (slice){0}));
    ASSERT_OK(buffer_append_text(&b, ""));
    buffer_consume(&b, 7);
    buffer_reset(&b);
    buffer_wipe(&b);
    buffer_clear(&b);
    buffer_clear(&b);
    must_hold(&b, SLICE(""));
}

static void content_survives_growth(void **state) {
    (void)state;
    OWNED(buffer) b = {0};
    for (uint32_t i = 0; i < 10000; i++) ASSERT_OK(buffer_append_u32(&b, i));
    slice rest = buffer_slice(&b);
    uint32_t n;
    for (uint32_t i = 0; i < 10000; i++) {
        assert_true(slice_take_u32(&rest, &n));
        assert_int_equal(n, i);
    }
    assert_false(slice_take_u32(&rest, &n));
}

static void integers_are_big_endian(void **state) {
    (void)state;
    OWNED(buffer) b = {0};
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    ASSERT_OK(buffer_append_byte(&b, 0x01));
    ASSERT_OK(buffer_append_u16(&b, 0x0203));
    ASSERT_OK(buffer_append_u32(&b, 0x04050607));
    ASSERT_OK(buffer_append_u64(&b, 0x08090a0b0c0d0eff));
    must_hold(&b, SLICE("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff"));
    slice rest = buffer_slice(&b);
    assert_true(slice_take_u8(&rest, &u8) && u8 == 0x01);
    assert_true(slice_take_u16(&rest, &u16) && u16 == 0x0203);
    assert_true(slice_take_u32(&rest, &u32) && u32 == 0x04050607);
    assert_true(slice_take_u64(&rest, &u64) && u64 == 0x08090a0b0c0d0eff);
    assert_int_equal(rest.len, 0);
}

static void too_few_bytes_are_left_alone(void **state) {
    (void)state;
    slice rest = SLICE("1234567");
    uint8_t u8 = 42;
    uint16_t u16 = 42;
    uint32_t u32 = 42;
    uint64_t u64 = 42;
    assert_false(slice_take_u64(&rest, &u64));
    assert_int_equal(rest.len, 7);
    rest = SLICE("123");
    assert_false(slice_take_u32(&rest, &u32));
    rest = SLICE("1");
    assert_false(slice_take_u16(&rest, &u16));
    assert_int_equal(rest.len, 1);
    rest = (slice){0};
    assert_false(slice_take_u8(&rest, &u8));
    assert_true(u8 == 42 && u16 == 42 && u32 == 42 && u64 == 42);
}

static void printing_appends(void **state) {
    (void)state;
    OWNED(buffer) b = {0};
    ASSERT_OK(buffer_append_text(&b, "a"));
    ASSERT_OK(buffer_printf(&b, "%d%%%s", -5, "x"));
    must_hold(&b, SLICE("a-5%x"));
    ASSERT_OK(buffer_printf(&b, "%0*d", 5000, 7));
    assert_int_equal(b.len, 5005);
    assert_int_equal(b.at[5004], '7');
}

static void consuming_moves_the_rest(void **state) {
    (void)state;
    OWNED(buffer) b = {0};
    ASSERT_OK(buffer_append_text(&b, "abcdef"));
    buffer_consume(&b, 0);
    must_hold(&b, SLICE("abcdef"));
    buffer_consume(&b, 4);
    must_hold(&b, SLICE("ef"));
    buffer_consume(&b, SIZE_MAX);
    must_hold(&b, SLICE(""));
    ASSERT_OK(buffer_append_text(&b, "again"));
    must_hold(&b, SLICE("again"));
}

static void wiping_overwrites_all_memory(void **state) {
    (void)state;
    OWNED(buffer) b = {0};
    ASSERT_OK(buffer_append_text(&b, "secret words"));
    buffer_consume(&b, 7); /* what was moved away is overwritten too */
    buffer_wipe(&b);
    assert_int_equal(b.len, 0);
    for (size_t i = 0; i < 12; i++) assert_int_equal(b.at[i], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(the_default_limit_is_a_gibibyte),
        cmocka_unit_test(an_empty_buffer_is_an_empty_slice),
        cmocka_unit_test(content_survives_growth),
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(too_few_bytes_are_left_alone),
        cmocka_unit_test(printing_appends),
        cmocka_unit_test(consuming_moves_the_rest),
        cmocka_unit_test(wiping_overwrites_all_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
