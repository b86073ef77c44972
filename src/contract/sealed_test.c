/* The outside of sealed things and the canonical encryption context: the examples of docs/formats/sealed.md, and refusal of
 * everything else. */
#include "contract/sealed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/text.h"

#define ASSERT_OK(call) assert_int_equal((call).code, STATUS_OK)
#define ASSERT_FAILS(call, name) assert_int_equal((call).code, FAILURE_##name)

static const char ACCOUNT_BLOB[] =
    "4b480141002b0100000010313030303030303030303030303030310200000004726f6f74080000000800000000664aee"
    "ed01010101010101010101010101010101010101010101010115af7cc474f8bb347da0bc2c608a3159d29e83a5c89903"
    "9b9fa8f4c8c1218c886e942c798719c1280f13220859293d3e";
static const char ACCESS_KEY_BLOB[] =
    "4b4801530054010000001031303030303030303030303030303031020000001031303030303030303030303030303031"
    "03000000184c544149357454455354564543544f523030303030303031080000000800000000664aeeed020202020202"
    "0202020202020202020202020202020202026534c6c7ec39eeef058fe349128fc0636af84b47471732091b9b1ede68a0"
    "1284f3230ae4d3e036b2aeb6053383b03f48";
static const char MATERIAL_BLOB[] =
    "4b48014d0068010000001031303030303030303030303030303031020000001031303030303030303030303030303031"
    "0600000010a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0700000010b0b1b2b3b4b5b6b7b8b9babbbcbdbebf080000000800"
    "000000664aeeed0b00000002000203030303030303030303030303030303030303030303030354ab1a9496a3a55f9864"
    "a758698be526b6d34b301dd1d73a46e0c2075f41befe68aa989e5cc2d00638f66c5ebb969d75";
static const char CIPHERTEXT_BLOB[] =
    "4b480143a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf040404040404040404040404"
    "040404040404040404040404af9e2257fb3e5f269fcc262c1b9c952ce3a25b0d7f";
static const char CONTEXT[] = "000444657074000766696e616e636500036b2e320000";

enum { CREATED_AT = 1716186861 };

static slice unhex(arena *memory, const char *text) {
    slice bytes;
    ASSERT_OK(hex_decode(slice_of_text(text), memory, &bytes));
    return bytes;
}

/* What begins a sealed thing can be written from what was read. */
static sealed must_parse(slice blob, enum sealed_kind kind, arena *memory) {
    OWNED(buffer) again = {0};
    sealed s;
    ASSERT_OK(sealed_parse(blob, kind, memory, &s));
    assert_int_equal(s.kind, kind);
    assert_int_equal(s.clear.len + s.content.len, blob.len);
    assert_ptr_equal(s.clear.at, blob.at);
    ASSERT_OK(sealed_begin(kind, &s.header, &again));
    assert_true(slice_equals(buffer_slice(&again), s.clear));
    return s;
}

static void examples_are_read(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    sealed account = must_parse(unhex(&memory, ACCOUNT_BLOB), SEALED_ACCOUNT_KEY, &memory);
    assert_true(slice_equals_text(account.header.account_id, "1000000000000001"));
    assert_true(slice_equals_text(account.header.wrapped_by, "root"));
    assert_int_equal(account.header.created_at.value, CREATED_AT);
    assert_false(account.header.expires_at.is_set);
    assert_int_equal(account.content.len, SEALED_NONCE_BYTES + 32 + SEALED_TAG_BYTES);
    sealed key = must_parse(unhex(&memory, ACCESS_KEY_BLOB), SEALED_ACCESS_KEY, &memory);
    assert_true(slice_equals_text(key.header.access_key_id, "LTAI5tTESTVECTOR00000001"));
    assert_true(slice_is_absent(key.header.user_name));
    sealed material = must_parse(unhex(&memory, MATERIAL_BLOB), SEALED_KEY_MATERIAL, &memory);
    assert_int_equal(material.header.key_id.len, 16);
    assert_int_equal(material.header.origin, KEY_ORIGIN_EXTERNAL);
}

static void another_kind_is_refused(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    static const enum sealed_kind kinds[] = {SEALED_ACCESS_KEY, SEALED_KEY_MATERIAL, SEALED_SESSION, SEALED_IMPORT,
                                             SEALED_CIPHERTEXT};
    slice blob = unhex(&memory, ACCOUNT_BLOB);
    sealed s;
    ciphertext c;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        ASSERT_FAILS(sealed_parse(blob, kinds[i], &memory, &s), MALFORMED);
    ASSERT_FAILS(ciphertext_parse(blob, &c), CIPHERTEXT);
    ASSERT_FAILS(sealed_parse(unhex(&memory, CIPHERTEXT_BLOB), SEALED_ACCOUNT_KEY, &memory, &s), MALFORMED);
}

static void every_cut_is_refused(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    slice blob = unhex(&memory, MATERIAL_BLOB), text = unhex(&memory, CIPHERTEXT_BLOB);
    size_t least = 6 + 0x68 + SEALED_NONCE_BYTES + SEALED_TAG_BYTES;
    sealed s = {.kind = SEALED_IMPORT};
    ciphertext c = {.key_id = SLICE("before")};
    ASSERT_FAILS(sealed_parse((slice){0}, SEALED_KEY_MATERIAL, &memory, &s), MALFORMED);
    for (size_t len = 0; len < least; len++)
        ASSERT_FAILS(sealed_parse(slice_head(blob, len), SEALED_KEY_MATERIAL, &memory, &s), MALFORMED);
    assert_int_equal(s.kind, SEALED_IMPORT);
    ASSERT_OK(sealed_parse(slice_head(blob, least), SEALED_KEY_MATERIAL, &memory,
                           &s)); /* empty content is for the AEAD to judge */
    least = CIPHERTEXT_HEADER_BYTES + SEALED_NONCE_BYTES + SEALED_TAG_BYTES;
    ASSERT_FAILS(ciphertext_parse((slice){0}, &c), CIPHERTEXT);
    for (size_t len = 0; len < least; len++) ASSERT_FAILS(ciphertext_parse(slice_head(text, len), &c), CIPHERTEXT);
    assert_true(slice_equals_text(c.key_id, "before"));
    ASSERT_OK(ciphertext_parse(slice_head(text, least), &c));
    assert_int_equal(c.content.len, SEALED_NONCE_BYTES + SEALED_TAG_BYTES);
}

/* Magic, version, kind, header length, and the header's own framing: no changed bit there is read. */
static void changed_frames_are_refused(void **state) {
    (void)state;
    OWNED(arena) memory = {.limit = 8 << 20};
    slice blob = unhex(&memory, ACCOUNT_BLOB);
    uint8_t *bytes = (uint8_t *)(uintptr_t)blob.at;
    static const size_t frames[] = {0, 1, 2,  3,  4,  5,  7,
                                    8, 9, 10, 28, 29, 30, 31}; /* up to the second field's length */
    sealed s;
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[frames[i]] ^= (uint8_t)(1 << bit);
            ASSERT_FAILS(sealed_parse(blob, SEALED_ACCOUNT_KEY, &memory, &s), MALFORMED);
            bytes[frames[i]] ^= (uint8_t)(1 << bit);
        }
    ASSERT_OK(sealed_parse(blob, SEALED_ACCOUNT_KEY, &memory, &s));
}

static void too_large_headers_are_refused(void **state) {
    (void)state;
    OWNED(buffer) name = {0};
    OWNED(buffer) out = {0};
    ASSERT_OK(buffer_printf(&name, "%0*d", UINT16_MAX - 4, 0)); /* with number and length one byte too long */
    sealed_header header = {.account_id = buffer_slice(&name)};
    ASSERT_FAILS(sealed_begin(SEALED_ACCOUNT_KEY, &header, &out), TOO_LARGE);
    assert_int_equal(out.len, 0);
    header.account_id.len--;
    ASSERT_OK(sealed_begin(SEALED_ACCOUNT_KEY, &header, &out));
    assert_int_equal(out.len, 6 + UINT16_MAX);
}

static void ciphertexts_name_their_key(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(buffer) again = {0};
    slice blob = unhex(&memory, CIPHERTEXT_BLOB);
    ciphertext c;
    ASSERT_OK(ciphertext_parse(blob, &c));
    assert_true(slice_equals(c.key_id, unhex(&memory, "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf")));
    assert_true(slice_equals(c.key_version_id, unhex(&memory, "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf")));
    assert_int_equal(c.content.len, SEALED_NONCE_BYTES + 5 + SEALED_TAG_BYTES);
    ASSERT_OK(ciphertext_begin(c.key_id.at, c.key_version_id.at, &again));
    assert_true(slice_equals(buffer_slice(&again), c.clear));
    uint8_t *bytes = (uint8_t *)(uintptr_t)blob.at;
    for (size_t at = 0; at < 4; at++) { /* "KH", version, kind */
        bytes[at] ^= 1;
        ASSERT_FAILS(ciphertext_parse(blob, &c), CIPHERTEXT);
        bytes[at] ^= 1;
    }
}

/* ---- context */

static void must_refuse_context(pair *pairs, size_t count) {
    OWNED(arena) memory = {0};
    OWNED(buffer) out = {0};
    ASSERT_OK(buffer_append_text(&out, "before"));
    ASSERT_FAILS(context_canonical((pair_list){pairs, count}, &memory, &out), INVALID_PARAMETER);
    assert_true(slice_equals_text(buffer_slice(&out), "before")); /* nothing of it was written */
}

static void broken_contexts_are_refused(void **state) {
    (void)state;
    OWNED(buffer) text = {0};
    ASSERT_OK(buffer_printf(&text, "%0*d", UINT16_MAX + 1, 0));
    slice longest = slice_head(buffer_slice(&text), UINT16_MAX);
    must_refuse_context((pair[]){{SLICE(""), SLICE("v")}}, 1);
    must_refuse_context((pair[]){{{0}, SLICE("v")}}, 1);
    must_refuse_context((pair[]){{SLICE("a"), SLICE("1")}, {SLICE("a"), SLICE("1")}}, 2);
    must_refuse_context((pair[]){{SLICE("a"), SLICE("1")}, {SLICE("b"), SLICE("2")}, {SLICE("a"), SLICE("3")}}, 3);
    must_refuse_context((pair[]){{SLICE("a"), SLICE("1")}, {SLICE("z"), buffer_slice(&text)}}, 2);
    must_refuse_context((pair[]){{SLICE("a"), SLICE("1")}, {buffer_slice(&text), SLICE("2")}}, 2);
    OWNED(arena) memory = {0};
    OWNED(buffer) out = {0};
    ASSERT_OK(context_canonical((pair_list){(pair[]){{longest, longest}}, 1}, &memory, &out));
    assert_int_equal(out.len, 2 * (2 + UINT16_MAX));
}

static void any_order_gives_the_same_bytes(void **state) {
    (void)state;
    enum { PAIRS = 5 };
    static const slice keys[PAIRS] = {{(const uint8_t *)"A", 1},
                                      {(const uint8_t *)"a", 1},
                                      {(const uint8_t *)"a\0", 2},
                                      {(const uint8_t *)"aa", 2},
                                      {(const uint8_t *)"\xff", 1}}; /* in the order of bytes */
    OWNED(arena) memory = {0};
    for (int turn = 0; turn < 120; turn++) { /* every order of five */
        OWNED(buffer) out = {0};
        pair pairs[PAIRS];
        for (int i = 0, left = turn; i < PAIRS; i++) { /* number i goes in at one of i + 1 places */
            int at = left % (i + 1);
            left /= i + 1;
            memmove(pairs + at + 1, pairs + at, (size_t)(i - at) * sizeof *pairs);
            pairs[at] = (pair){keys[i], SLICE("v")};
        }
        slice first = pairs[0].key;
        ASSERT_OK(context_canonical((pair_list){pairs, PAIRS}, &memory, &out));
        assert_true(slice_equals(buffer_slice(&out), SLICE("\0\1A\0\1v"
                                                           "\0\1a\0\1v"
                                                           "\0\2a\0\0\1v"
                                                           "\0\2aa\0\1v"
                                                           "\0\1\xff\0\1v")));
        assert_true(slice_equals(pairs[0].key, first)); /* the caller's map stays as it was */
    }
}

static void contexts_as_documented(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(buffer) out = {0};
    pair pairs[] = {{SLICE("k.2"), SLICE("")}, {SLICE("Dept"), SLICE("finance")}};
    ASSERT_OK(context_canonical((pair_list){0}, &memory, &out));
    assert_int_equal(out.len, 0);
    ASSERT_OK(context_canonical((pair_list){pairs, 2}, &memory, &out));
    assert_true(slice_equals(buffer_slice(&out), unhex(&memory, CONTEXT)));
    pairs[0].value = (slice){0}; /* an absent value is an empty one */
    buffer_reset(&out);
    ASSERT_OK(context_canonical((pair_list){pairs, 2}, &memory, &out));
    assert_true(slice_equals(buffer_slice(&out), unhex(&memory, CONTEXT)));
}

static void small_arenas_are_refused(void **state) {
    (void)state;
    OWNED(arena) memory = {.limit = 32};
    OWNED(buffer) out = {0};
    pair pairs[] = {{SLICE("a"), SLICE("")}, {SLICE("b"), SLICE("")}};
    ASSERT_FAILS(context_canonical((pair_list){pairs, 2}, &memory, &out), OUT_OF_MEMORY);
    assert_int_equal(out.len, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_are_read),
        cmocka_unit_test(another_kind_is_refused),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(changed_frames_are_refused),
        cmocka_unit_test(too_large_headers_are_refused),
        cmocka_unit_test(ciphertexts_name_their_key),
        cmocka_unit_test(broken_contexts_are_refused),
        cmocka_unit_test(any_order_gives_the_same_bytes),
        cmocka_unit_test(contexts_as_documented),
        cmocka_unit_test(small_arenas_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
