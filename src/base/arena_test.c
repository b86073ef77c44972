/* Arenas: the limit is kept, memory is aligned, zeroed and apart, and forgetting means forgetting. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ASSERT_OK(call) assert_int_equal((call).code, STATUS_OK)
#define ASSERT_FAILS(call, name) assert_int_equal((call).code, FAILURE_##name)

static void the_limit_is_kept(void **state) {
    (void)state;
    OWNED(arena) a = {.limit = 64};
    slice out = SLICE("before");
    assert_null(arena_take(&a, 65));
    assert_null(arena_take(&a, SIZE_MAX));
    assert_null(arena_take_raw(&a, SIZE_MAX - 8));
    assert_int_equal(a.used, 0);
    assert_non_null(arena_take(&a, 48));
    assert_null(arena_take(&a, 17));
    ASSERT_FAILS(arena_copy(&a, SLICE("0123456789abcdef"), &out), OUT_OF_MEMORY); /* the NUL does not fit */
    ASSERT_FAILS(arena_printf(&a, &out, "%s", "0123456789abcdef"), OUT_OF_MEMORY);
    assert_true(slice_equals_text(out, "before"));
    assert_non_null(arena_take(&a, 16));
    assert_null(arena_take(&a, 1));
    arena_reset(&a);
    assert_non_null(arena_take(&a, 64)); /* the limit counts what is held, not what was */
}

static void the_default_limit_is_a_mebibyte(void **state) {
    (void)state;
    OWNED(arena) a = {0};
    assert_null(arena_take(&a, (1 << 20) + 1));
    assert_non_null(arena_take(&a, 1 << 20));
    assert_null(arena_take(&a, 1));
}

static void arrays_that_overflow_are_refused(void **state) {
    (void)state;
    OWNED(arena) a = {0};
    assert_null(arena_take_array(&a, SIZE_MAX, 2));
    assert_null(arena_take_array(&a, SIZE_MAX / 16 + 2, 16)); /* would wrap to 16 */
    assert_non_null(arena_take_array(&a, 3, 16));
    assert_non_null(arena_take_array(&a, 0, 16));
    assert_int_equal(a.used, 48 + 16);
}

/* Many sizes over many blocks: each piece keeps its own content. */
static void pieces_are_aligned_zeroed_and_apart(void **state) {
    (void)state;
    enum { PIECES = 600 };
    OWNED(arena) a = {.limit = 32 << 20};
    uint8_t *pieces[PIECES];
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < PIECES; i++) {
            size_t bytes = i * i % 9973;
            pieces[i] = arena_take(&a, bytes);
            assert_non_null(pieces[i]);
            assert_int_equal((uintptr_t)pieces[i] % 16, 0);
            for (size_t k = 0; k < bytes; k++) assert_int_equal(pieces[i][k], 0);
            memset(pieces[i], (int)(i % 255 + 1), bytes);
        }
        for (size_t i = 0; i < PIECES; i++)
            for (size_t k = 0; k < i * i % 9973; k++) assert_int_equal(pieces[i][k], i % 255 + 1);
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
}

static void copies_end_in_nul(void **state) {
    (void)state;
    OWNED(arena) a = {0};
    char text[] = "a\0b";
    slice out;
    ASSERT_OK(arena_copy(&a, slice_of(text, 3), &out));
    text[0] = 'x';
    assert_true(slice_equals(out, SLICE("a\0b")));
    assert_int_equal(out.at[3], 0);
    ASSERT_OK(arena_copy(&a, (slice){0}, &out));
    assert_true(!slice_is_absent(out) && out.len == 0);
    ASSERT_OK(arena_printf(&a, &out, "%d-%s", 42, "x"));
    assert_true(slice_equals_text(out, "42-x"));
    assert_string_equal((const char *)out.at, "42-x");
}

static void one_modest_block_is_kept(void **state) {
    (void)state;
    OWNED(arena) a = {.limit = 4 << 20};
    void *first = arena_take(&a, 100);
    arena_reset(&a);
    assert_ptr_equal(arena_take(&a, 100), first);
    assert_non_null(arena_take(&a, 1 << 20)); /* a block of its own, given back */
    arena_reset(&a);
    assert_ptr_equal(arena_take(&a, 100), first);
    arena_clear(&a);
    assert_null(a.blocks);
    arena_clear(&a);
}

static void wiping_overwrites(void **state) {
    (void)state;
    OWNED(arena) a = {0};
    uint8_t *bytes = arena_take(&a, 1000);
    memset(bytes, 0xA5, 1000);
    arena_wipe(&a);
    assert_int_equal(a.used, 0);
    assert_ptr_equal(arena_take_raw(&a, 1000), bytes); /* the same memory */
    for (size_t i = 0; i < 1000; i++) assert_int_equal(bytes[i], 0);
}

static void buffers_of_one_size(void **state) {
    (void)state;
    OWNED(arena) a = {.limit = 100};
    buffer b, none = {.len = 7};
    ASSERT_OK(arena_buffer(&a, 5, &b));
    ASSERT_OK(buffer_append(&b, SLICE("abcde")));
    ASSERT_FAILS(buffer_append_byte(&b, 'f'), TOO_LARGE); /* though the arena has more */
    assert_memory_equal(b.at, "abcde", 5);
    ASSERT_FAILS(arena_buffer(&a, 101, &none), OUT_OF_MEMORY);
    ASSERT_FAILS(arena_buffer(&a, 0, &none), INTERNAL);
    assert_int_equal(none.len, 7);
}

static void joining(void **state) {
    (void)state;
    OWNED(arena) a = {.limit = 100};
    slice text;
    ASSERT_OK(ARENA_JOIN(&a, &text, SLICE("key/"), (slice){0}, SLICE("1"), SLICE(""), SLICE("/2")));
    assert_int_equal(text.len, 7);
    assert_string_equal((const char *)text.at, "key/1/2"); /* a NUL follows */
    ASSERT_OK(ARENA_JOIN(&a, &text, (slice){0}));
    assert_true(!slice_is_absent(text) && text.len == 0);
    volatile size_t half = SIZE_MAX / 2 + 1; /* volatile: else the compiler sees the mistake */
    ASSERT_FAILS(ARENA_JOIN(&a, &text, slice_of("", half), slice_of("", half)), OUT_OF_MEMORY);
    ASSERT_FAILS(ARENA_JOIN(&a, &text, slice_of("", half), slice_of("", half - 1)), OUT_OF_MEMORY);
    ASSERT_FAILS(ARENA_JOIN(&a, &text, SLICE("0123456789012345678901234567890123456789"),
                            SLICE("0123456789012345678901234567890123456789")),
                 OUT_OF_MEMORY);
    assert_int_equal(text.len, 0);
}

/* The text is formatted where it stays when it fits there; else it must not be cut. */
static void printing_at_the_end_of_a_block(void **state) {
    (void)state;
    for (size_t rest = 0; rest < 64; rest++) {
        OWNED(arena) a = {0};
        slice text, before;
        assert_non_null(arena_take_raw(&a, 8192 - rest));
        ASSERT_OK(arena_copy(&a, SLICE("x"), &before));
        ASSERT_OK(arena_printf(&a, &text, "%s-%d", "0123456789012345678", 42));
        assert_string_equal((const char *)text.at, "0123456789012345678-42");
        assert_int_equal(text.len, 22);
        assert_string_equal((const char *)before.at, "x");
    }
    OWNED(arena) small = {.limit = 40};
    slice text = {0};
    assert_non_null(arena_take_raw(&small, 16));
    ASSERT_FAILS(arena_printf(&small, &text, "%s", "012345678901234567890123"), OUT_OF_MEMORY);
    ASSERT_OK(arena_printf(&small, &text, "%s", "01234567890123456789012"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(the_default_limit_is_a_mebibyte),
        cmocka_unit_test(arrays_that_overflow_are_refused),
        cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
        cmocka_unit_test(copies_end_in_nul),
        cmocka_unit_test(one_modest_block_is_kept),
        cmocka_unit_test(wiping_overwrites),
        cmocka_unit_test(buffers_of_one_size),
        cmocka_unit_test(joining),
        cmocka_unit_test(printing_at_the_end_of_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
