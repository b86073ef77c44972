/* Hashes against FIPS 180-4's, GB/T 32905's and RFC 1321's "abc", and against themselves in pieces. */
#include "crypto/hash.h"

#include "crypto/test_bytes.h"

static const char *const abc[HASH_KINDS] = {
    [HASH_MD5] = "900150983cd24fb0d6963f7d28e17f72",
    [HASH_SHA1] = "a9993e364706816aba3e25717850c26c9cd0d89d",
    [HASH_SHA256] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    [HASH_SHA384] = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    [HASH_SHA512] = ("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
    [HASH_SHA224] = "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
    [HASH_SM3] = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", /* GB/T 32905 A.1 */
};

static void test_known_answers(void **state) {
    (void)state;
    for (size_t kind = 0; kind < HASH_KINDS; kind++) {
        uint8_t digest[HASH_MAX_BYTES];
        assert_ok(hash_once((enum hash_kind)kind, SLICE("abc"), digest));
        assert_bytes(digest, hash_size((enum hash_kind)kind), hex(abc[kind]));
    }
}

static void test_empty_input(void **state) {
    (void)state;
    uint8_t digest[HASH_MAX_BYTES];
    assert_ok(hash_once(HASH_SHA256, (slice){0}, digest));
    assert_bytes(digest, 32, hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

static void test_pieces_and_reuse(void **state) {
    (void)state;
    OWNED(hash_stream) stream = {0};
    for (size_t round = 0; round < 3 * HASH_KINDS; round++) {
        enum hash_kind kind = (enum hash_kind)(round % HASH_KINDS);
        uint8_t digest[HASH_MAX_BYTES];
        assert_ok(hash_begin(&stream, kind));
        assert_ok(hash_update(&stream, SLICE("to be dropped")));
        assert_ok(hash_begin(&stream, kind));
        assert_ok(hash_update(&stream, SLICE("a")));
        assert_ok(hash_update(&stream, SLICE("")));
        assert_ok(hash_update(&stream, SLICE("bc")));
        assert_ok(hash_finish(&stream, digest));
        assert_bytes(digest, hash_size(kind), hex(abc[kind]));
    }
}

static void test_unknown_kind_is_refused(void **state) {
    (void)state;
    uint8_t digest[HASH_MAX_BYTES];
    assert_fails(hash_once((enum hash_kind)HASH_KINDS, SLICE("abc"), digest), INTERNAL);
    assert_int_equal(hash_size((enum hash_kind)HASH_KINDS), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_empty_input),
        cmocka_unit_test(test_pieces_and_reuse),
        cmocka_unit_test(test_unknown_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
