/* Cobblestone-256: answers computed by an independent implementation, both engines alike at every odd size, and
 * everything cut, moved, swapped or flipped refused. */
#include "crypto/chunked.h"

#include "crypto/gcm.h"
#include "crypto/hash.h"
#include "crypto/test_bytes.h"

enum { MOST_CHUNKS = 6, MOST_PLAIN = MOST_CHUNKS * CHUNKED_PLAIN_BYTES };
enum { MOST_SEALED = MOST_PLAIN + MOST_CHUNKS * 16 + 16 };

static struct {
    uint8_t plain[MOST_PLAIN];
    uint8_t sealed[CHUNKED_HEADER_BYTES + MOST_SEALED];
    uint8_t other[CHUNKED_HEADER_BYTES + MOST_SEALED];
    uint8_t opened[MOST_PLAIN];
} work;

static int fill(void **state) {
    for (size_t i = 0; i < MOST_PLAIN; i++) work.plain[i] = (uint8_t)(i * 7 + i / 256);
    return start_crypto(state);
}

static slice context(void) { return SLICE("account/bucket/object"); }

static secret data_key(void) {
    return secret_from(hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
}

static chunked *sealer(void) {
    OWNED(secret) key = data_key();
    chunked *made = NULL;
    slice salt = hex("6465666768696a6b6c6d6e6f707172737475767778797a7b");
    assert_ok(chunked_new_sealer_with_salt(&key, context(), salt.at, &made));
    return made;
}

static chunked *opener_of(const uint8_t header[CHUNKED_HEADER_BYTES]) {
    OWNED(secret) key = data_key();
    chunked *made = NULL;
    assert_ok(chunked_new_opener(&key, context(), header, &made));
    return made;
}

/* A whole message into `out`; its size. */
static size_t seal_whole(size_t len, uint8_t *out) {
    chunked *c = sealer();
    chunked_header(c, out);
    assert_ok(chunked_seal_final(c, 0, slice_of(work.plain, len), out + CHUNKED_HEADER_BYTES));
    chunked_free(c);
    return (size_t)chunked_sealed_size(len);
}

/* HKDF, layout and nonces written anew in another language; plaintext byte i is i * 7 + i / 256. */
static void test_known_answers(void **state) {
    (void)state;
    static const struct {
        size_t len;
        const char *hash;
    } answers[] = {
        {0, "e4eb64214810932c9b779b217457d916ab74e69c39c6de35212df04f07640e51"},
        {11, "cf88ac61449150ddb8f5581efde682017bda0535bb680ef8e30ebcf999484409"},
        {16384, "a42ef40c0d9ef429a3525cd2a9f9e7bfece3c3f1e8c5e6ab4bf3c8ded2458711"},
        {16384 * 5 + 77, "deb140723b002576f0261a5c2048a07594f75b2abc2fc075002721cb5f9628f2"},
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        uint8_t hash[HASH_SHA256_BYTES];
        size_t size = seal_whole(answers[i].len, work.sealed);
        assert_ok(hash_once(HASH_SHA256, slice_of(work.sealed, size), hash));
        assert_bytes(hash, sizeof hash, hex(answers[i].hash));
    }
    seal_whole(0, work.sealed);
    assert_bytes(work.sealed, 72,
                 hex("6465666768696a6b6c6d6e6f707172737475767778797a7bd23903f13408c0290d8cc267f1ef9762"
                     "e09a3c99777768b9a8b76392a84fbb5c509a13b43dc487e400e6027cc2276c13"));
}

static void check_opens(size_t len, size_t size) {
    chunked *c = opener_of(work.sealed);
    slice run = slice_of(work.sealed + CHUNKED_HEADER_BYTES, size - CHUNKED_HEADER_BYTES);
    assert_ok(chunked_open_final(c, 0, run, work.opened));
    if (len) assert_memory_equal(work.opened, work.plain, len);
    chunked_free(c);
}

/* Every length up to 600, then around each chunk's end. */
static size_t next_length(size_t len) {
    size_t in_chunk = len % CHUNKED_PLAIN_BYTES;
    if (len < 600 || in_chunk < 34 || in_chunk >= CHUNKED_PLAIN_BYTES - 34) return len + 1;
    return len + 1021 < len - in_chunk + CHUNKED_PLAIN_BYTES - 34 ? len + 1021
                                                                  : len - in_chunk + CHUNKED_PLAIN_BYTES - 34;
}

static void test_engines_agree(void **state) {
    (void)state;
    if (gcm_engine_ipsec_mb() == NULL) skip();
    for (size_t len = 0; len <= 2 * CHUNKED_PLAIN_BYTES + 40; len = next_length(len)) {
        gcm_engine_use(gcm_engine_libcrypto());
        size_t size = seal_whole(len, work.sealed);
        gcm_engine_use(gcm_engine_ipsec_mb());
        assert_int_equal(seal_whole(len, work.other), size);
        assert_memory_equal(work.sealed, work.other, size);
        check_opens(len, size);
        gcm_engine_use(gcm_engine_libcrypto());
        check_opens(len, size);
    }
    gcm_engine_choose();
}

static void test_runs_and_random_access(void **state) {
    (void)state;
    size_t len = 4 * CHUNKED_PLAIN_BYTES + 1000;
    size_t size = seal_whole(len, work.sealed);
    chunked *c = sealer();
    chunked_header(c, work.other);
    uint8_t *run = work.other + CHUNKED_HEADER_BYTES;
    assert_ok(chunked_seal(c, 0, slice_of(work.plain, CHUNKED_PLAIN_BYTES), run));
    assert_ok(chunked_seal(c, 1, slice_of(work.plain + CHUNKED_PLAIN_BYTES, 3 * CHUNKED_PLAIN_BYTES),
                           work.other + chunked_offset(1)));
    assert_ok(chunked_seal(c, 4, slice_of(work.plain + 4 * CHUNKED_PLAIN_BYTES, 1000), work.other + chunked_offset(4)));
    assert_memory_equal(work.sealed, work.other, size);
    chunked_free(c);
    c = opener_of(work.sealed);
    assert_ok(chunked_open(c, 2, slice_of(work.sealed + chunked_offset(2), 2 * CHUNKED_SEALED_BYTES), work.opened));
    assert_memory_equal(work.opened, work.plain + 2 * CHUNKED_PLAIN_BYTES, 2 * CHUNKED_PLAIN_BYTES);
    assert_ok(chunked_open_final(c, 4, slice_of(work.sealed + chunked_offset(4), 1016), work.opened));
    assert_memory_equal(work.opened, work.plain + 4 * CHUNKED_PLAIN_BYTES, 1000);
    chunked_free(c);
}

static void check_refused(chunked *c, uint64_t first, slice sealed) {
    memset(work.opened, 0x55, sizeof work.opened);
    assert_fails(chunked_open_final(c, first, sealed, work.opened), VERIFICATION);
    size_t full = sealed.len / CHUNKED_SEALED_BYTES, tail = sealed.len % CHUNKED_SEALED_BYTES;
    size_t len = full * CHUNKED_PLAIN_BYTES + (tail > 16 ? tail - 16 : 0);
    for (size_t i = 0; i < len; i++) assert_int_equal(work.opened[i], 0);
}

static void test_cut_and_moved(void **state) {
    (void)state;
    size_t len = 2 * CHUNKED_PLAIN_BYTES + 100;
    size_t size = seal_whole(len, work.sealed);
    chunked *c = opener_of(work.sealed);
    slice run = slice_of(work.sealed + CHUNKED_HEADER_BYTES, size - CHUNKED_HEADER_BYTES);
    check_refused(c, 0, slice_head(run, 2 * CHUNKED_SEALED_BYTES)); /* cut at a chunk's end */
    check_refused(c, 0, slice_head(run, 2 * CHUNKED_SEALED_BYTES + 15));
    check_refused(c, 0, slice_head(run, 2 * CHUNKED_SEALED_BYTES + 16));
    check_refused(c, 0, slice_head(run, run.len - 1));
    check_refused(c, 0, SLICE(""));
    check_refused(c, 1, run);
    check_refused(c, 0, slice_skip(run, CHUNKED_SEALED_BYTES));
    uint8_t *chunks = work.sealed + CHUNKED_HEADER_BYTES;
    memcpy(work.other, chunks, CHUNKED_SEALED_BYTES);
    memmove(chunks, chunks + CHUNKED_SEALED_BYTES, CHUNKED_SEALED_BYTES);
    memcpy(chunks + CHUNKED_SEALED_BYTES, work.other, CHUNKED_SEALED_BYTES);
    check_refused(c, 0, run);
    chunked_free(c);
}

static void test_flipped_bits(void **state) {
    (void)state;
    size_t size = seal_whole(CHUNKED_PLAIN_BYTES + 50, work.sealed);
    chunked *c = opener_of(work.sealed);
    slice run = slice_of(work.sealed + CHUNKED_HEADER_BYTES, size - CHUNKED_HEADER_BYTES);
    for (size_t bit = 0; bit<run.len * 8; bit += bit>(CHUNKED_PLAIN_BYTES - 8) * 8 ? 3 : 4099) {
        work.sealed[CHUNKED_HEADER_BYTES + bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_refused(c, 0, run);
        work.sealed[CHUNKED_HEADER_BYTES + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_ok(chunked_open_final(c, 0, run, work.opened));
    chunked_free(c);
}

static void check_no_opener(slice key, slice where, const uint8_t header[CHUNKED_HEADER_BYTES]) {
    OWNED(secret) hidden = secret_from(key);
    chunked *refused = NULL;
    assert_fails(chunked_new_opener(&hidden, where, header, &refused), VERIFICATION);
    assert_null(refused);
}

static void test_commitment(void **state) {
    (void)state;
    OWNED(secret) key = data_key();
    slice right = slice_of(key.hidden, key.len);
    uint8_t wrong[32];
    memcpy(wrong, right.at, sizeof wrong);
    wrong[31] ^= 1;
    seal_whole(10, work.sealed);
    check_no_opener(slice_of(wrong, 32), context(), work.sealed);
    check_no_opener(right, SLICE("account/bucket/objecT"), work.sealed);
    check_no_opener(right, SLICE(""), work.sealed);
    for (size_t bit = 0; bit < CHUNKED_HEADER_BYTES * 8; bit++) {
        work.sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_no_opener(right, context(), work.sealed);
        work.sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    OWNED(secret) short_key = secret_from(SLICE("0123456789abcdef"));
    chunked *refused = NULL;
    assert_fails(chunked_new_sealer(&short_key, context(), &refused), INVALID_PARAMETER);
    assert_null(refused);
}

static void test_salts_are_random(void **state) {
    (void)state;
    OWNED(secret) key = data_key();
    uint8_t headers[2][CHUNKED_HEADER_BYTES];
    for (size_t i = 0; i < 2; i++) {
        chunked *c = NULL;
        assert_ok(chunked_new_sealer(&key, context(), &c));
        chunked_header(c, headers[i]);
        chunked_free(c);
    }
    assert_memory_not_equal(headers[0], headers[1], 24);
    assert_memory_not_equal(headers[0] + 24, headers[1] + 24, 32);
}

static void test_the_last_chunk_number(void **state) {
    (void)state;
    chunked *c = sealer();
    slice one = slice_of(work.plain, CHUNKED_PLAIN_BYTES), some = slice_of(work.plain, 100);
    assert_ok(chunked_seal_final(c, CHUNKED_MAX_CHUNKS - 1, some, work.sealed));
    assert_ok(chunked_open_final(c, CHUNKED_MAX_CHUNKS - 1, slice_of(work.sealed, 116), work.opened));
    assert_fails(chunked_seal(c, CHUNKED_MAX_CHUNKS - 1, one, work.sealed), TOO_LARGE);
    assert_fails(chunked_seal(c, CHUNKED_MAX_CHUNKS, some, work.sealed), TOO_LARGE);
    assert_fails(chunked_open(c, CHUNKED_MAX_CHUNKS, slice_of(work.sealed, 116), work.opened), TOO_LARGE);
    assert_fails(chunked_open(c, UINT64_MAX, slice_of(work.sealed, 116), work.opened), TOO_LARGE);
    chunked_free(c);
}

static void test_sizes(void **state) {
    (void)state;
    for (uint64_t len = 0; len < 3 * CHUNKED_PLAIN_BYTES; len += 61) {
        uint64_t back = 0;
        assert_true(chunked_plain_size(chunked_sealed_size(len), &back));
        assert_int_equal(back, len);
    }
    uint64_t unused = 0;
    assert_int_equal(chunked_sealed_size(0), 72);
    assert_int_equal(chunked_sealed_size(16383), 56 + 16399);
    assert_int_equal(chunked_sealed_size(16384), 56 + 16400 + 16);
    for (uint64_t sealed = 0; sealed < 72; sealed++) assert_false(chunked_plain_size(sealed, &unused));
    for (uint64_t tail = 0; tail < 16; tail++) assert_false(chunked_plain_size(56 + 16400 + tail, &unused));
    assert_false(chunked_plain_size(UINT64_MAX, &unused));
    uint64_t most = (UINT64_C(1) << 52) - 1, back = 0;
    assert_true(chunked_plain_size(chunked_sealed_size(most), &back) && back == most);
    assert_false(chunked_plain_size(chunked_sealed_size(most + 1), &back));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_engines_agree),
        cmocka_unit_test(test_runs_and_random_access),
        cmocka_unit_test(test_cut_and_moved),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_commitment),
        cmocka_unit_test(test_salts_are_random),
        cmocka_unit_test(test_the_last_chunk_number),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
