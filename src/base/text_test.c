/* Hex, base64, percent-encoding, UUIDs, UTF-8: published vectors, and refusal of everything that is nearly right. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ASSERT_OK(call) assert_int_equal((call).code, STATUS_OK)
#define ASSERT_FAILS(call, name) assert_int_equal((call).code, FAILURE_##name)

typedef status decoder(slice text, arena *memory, slice *out);
typedef status encoder(buffer *out, slice bytes);

static void must_be(slice got, slice expected) {
    if (!slice_equals(got, expected)) fail_msg("'%.*s' is not '%.*s'", SLICE_ARGS(got), SLICE_ARGS(expected));
}

static void must_refuse(decoder *decode, slice text) {
    OWNED(arena) memory = {0};
    slice out = SLICE("before");
    status got = decode(text, &memory, &out);
    if (!FAILED_WITH(got, MALFORMED)) fail_msg("'%.*s' gave %s", SLICE_ARGS(text), status_name(got));
    must_be(out, SLICE("before"));
}

static void must_go_both_ways(encoder *encode, decoder *decode, slice bytes, slice text) {
    OWNED(arena) memory = {0};
    OWNED(buffer) encoded = {0};
    slice decoded;
    ASSERT_OK(buffer_append_text(&encoded, "x")); /* appends, does not replace */
    ASSERT_OK(encode(&encoded, bytes));
    must_be(slice_skip(buffer_slice(&encoded), 1), text);
    ASSERT_OK(decode(text, &memory, &decoded));
    assert_false(slice_is_absent(decoded));
    must_be(decoded, bytes);
}

static void nothing_is_encoded_as_nothing(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    ASSERT_OK(hex_encode(&out, (slice){0}));
    ASSERT_OK(base64_encode(&out, SLICE("")));
    ASSERT_OK(percent_encode(&out, (slice){0}, NULL));
    assert_int_equal(out.len, 0);
}

static void full_buffers_are_refused(void **state) {
    (void)state;
    OWNED(buffer) out = {.limit = 7};
    ASSERT_FAILS(hex_encode(&out, SLICE("abcd")), TOO_LARGE);
    ASSERT_FAILS(base64_encode(&out, SLICE("abcd")), TOO_LARGE);
    ASSERT_FAILS(percent_encode(&out, SLICE("\xff\xff\xff"), NULL), TOO_LARGE);
    assert_int_equal(out.len, 0);
}

static void small_arenas_are_refused(void **state) {
    (void)state;
    OWNED(arena) memory = {.limit = 16};
    slice out;
    ASSERT_FAILS(hex_decode(SLICE("0000000000000000000000000000000000"), &memory, &out), OUT_OF_MEMORY);
    ASSERT_FAILS(base64_decode(SLICE("AAAAAAAAAAAAAAAAAAAAAAAA"), &memory, &out), OUT_OF_MEMORY);
    ASSERT_FAILS(percent_decode(SLICE("aaaaaaaaaaaaaaaaa"), false, &memory, &out), OUT_OF_MEMORY);
}

static void hex_refuses(void **state) {
    (void)state;
    static const char *const texts[] = {"0",   "000", "0g", "g0", "0x00", " 00",
                                        "00 ", "0:",  "/0", "@0", "`0",   "\xff\xff"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) must_refuse(hex_decode, slice_of_text(texts[i]));
    must_refuse(hex_decode, SLICE("00\0\0"));
}

/* RFC 4648 §10. */
static void hex_as_the_standard_has_it(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    slice out;
    must_go_both_ways(hex_encode, hex_decode, SLICE(""), SLICE(""));
    must_go_both_ways(hex_encode, hex_decode, SLICE("foobar"), SLICE("666f6f626172"));
    must_go_both_ways(hex_encode, hex_decode, SLICE("\x00\x7f\x80\xff"), SLICE("007f80ff"));
    ASSERT_OK(hex_decode(SLICE("ABCDEFabcdef"), &memory, &out));
    must_be(out, SLICE("\xab\xcd\xef\xab\xcd\xef"));
}

static void base64_refuses(void **state) {
    (void)state;
    static const char *const texts[] = {"Z",        "Zg",       "Zg=",        "Zm9",        "Zm9vY",    "Z===",
                                        "====",     "=g==",     "Z=g=",       "Zg=g",       "Zh==",     "Zm9=",
                                        "Zg==Zg==", "Zm8=Zm8=", "Zm9v\n",     "Zm9v\r\n",   "Zm9 ",     "Zm 9",
                                        "Zm-_",     "Zm9v====", "Zm9v\nYg==", "\xc3\xa9Zm", "Zm9v*mFy", "*m9vYmFy",
                                        "Zm9vYm*y", "Zm9vYm=y", "Zm9*YmFy",   "Zm=vYmFy"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) must_refuse(base64_decode, slice_of_text(texts[i]));
    must_refuse(base64_decode, SLICE("Zm9\0"));
    must_refuse(base64_decode, SLICE("Zg\0\0"));
}

/* RFC 4648 §10. */
static void base64_as_the_standard_has_it(void **state) {
    (void)state;
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        must_go_both_ways(base64_encode, base64_decode, slice_of_text(vectors[i][0]), slice_of_text(vectors[i][1]));
    must_go_both_ways(base64_encode, base64_decode, SLICE("\xfb\xff\xfe\xff"), SLICE("+//+/w=="));
    must_go_both_ways(base64_encode, base64_decode, SLICE("\x00\x00\x00"), SLICE("AAAA"));
}

/* Of all 4-character texts over a few characters, exactly those are taken that encoding makes. */
static void base64_is_one_to_one(void **state) {
    (void)state;
    static const char some[] = "AQgw/+=9-";
    enum { SOME = sizeof some - 1 };
    for (int n = 0; n < SOME * SOME * SOME * SOME; n++) {
        OWNED(arena) memory = {0};
        OWNED(buffer) again = {0};
        char text[4] = {some[n % SOME], some[n / SOME % SOME], some[n / SOME / SOME % SOME],
                        some[n / SOME / SOME / SOME]};
        slice decoded;
        if (FAILED(base64_decode(slice_of(text, 4), &memory, &decoded))) continue;
        ASSERT_OK(base64_encode(&again, decoded));
        must_be(buffer_slice(&again), slice_of(text, 4));
    }
}

static status decode_form(slice text, arena *memory, slice *out) { return percent_decode(text, true, memory, out); }
static status decode_plain(slice text, arena *memory, slice *out) { return percent_decode(text, false, memory, out); }
static status encode_plain(buffer *out, slice bytes) { return percent_encode(out, bytes, NULL); }

static void percent_refuses(void **state) {
    (void)state;
    static const char *const texts[] = {"%",    "a%",   "%4",  "a%4", "%g0",    "%0g",
                                        "%%41", "% 41", "%+1", "%-1", "%u0041", "%41%"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        must_refuse(decode_plain, slice_of_text(texts[i]));
        must_refuse(decode_form, slice_of_text(texts[i]));
    }
}

/* RFC 3986 §2.1, §2.3. */
static void percent_as_the_standard_has_it(void **state) {
    (void)state;
    must_go_both_ways(encode_plain, decode_plain, SLICE(""), SLICE(""));
    must_go_both_ways(encode_plain, decode_plain, SLICE("AZaz09-._~"), SLICE("AZaz09-._~"));
    must_go_both_ways(encode_plain, decode_plain, SLICE(" +*%/:=&"), SLICE("%20%2B%2A%25%2F%3A%3D%26"));
    must_go_both_ways(encode_plain, decode_form, SLICE(" +"), SLICE("%20%2B"));
    must_go_both_ways(encode_plain, decode_plain, SLICE("\xe3\x82\xa2\0\xff"), SLICE("%E3%82%A2%00%FF"));
}

static void plus_is_a_space_in_forms_only(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    slice out;
    ASSERT_OK(percent_decode(SLICE("+a+%2b+"), true, &memory, &out));
    must_be(out, SLICE(" a + "));
    ASSERT_OK(percent_decode(SLICE("+a+%2b+"), false, &memory, &out));
    must_be(out, SLICE("+a+++"));
    assert_int_equal(out.at[out.len], 0);
}

static void safe_bytes_stay(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    ASSERT_OK(percent_encode(&out, SLICE("a/b c\0"), "/"));
    must_be(buffer_slice(&out), SLICE("a/b%20c%00")); /* the NUL that ends "/" is not among the safe */
}

/* RFC 9562 §4. */
static void uuids(void **state) {
    (void)state;
    static const char text[] = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    static const uint8_t bytes[16] = {0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec, 0x11, 0xd0,
                                      0xa7, 0x65, 0x00, 0xa0, 0xc9, 0x1e, 0x6b, 0xf6};
    uint8_t parsed[16];
    char formatted[37];
    ASSERT_OK(uuid_parse(slice_of_text(text), parsed));
    assert_memory_equal(parsed, bytes, 16);
    uuid_format(bytes, formatted);
    assert_string_equal(formatted, text);
    memset(parsed, 0, sizeof parsed);
    ASSERT_OK(uuid_parse(SLICE("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"), parsed));
    assert_memory_equal(parsed, bytes, 16);
}

static void uuids_refuse(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "f81d4fae7dec11d0a76500a0c91e6bf6",
                                        "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
                                        "f81d4fae-7dec-11d0-a765-00a0c91e6bf60",
                                        "{81d4fae-7dec-11d0-a765-00a0c91e6bf}",
                                        "f81d4fae-7dec-11d0-a765-00a0c91e6bfg",
                                        "f81d4fae 7dec-11d0-a765-00a0c91e6bf6",
                                        "f81d4faea7dec-11d0-a765-00a0c91e6bf6",
                                        "f81d4fa-e7dec-11d0-a765-00a0c91e6bf6",
                                        "f81d4fae-7dec-11d0-a76500-a0c91e6bf6",
                                        "------------------------------------"};
    uint8_t out[16] = {42};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ASSERT_FAILS(uuid_parse(slice_of_text(texts[i]), out), MALFORMED);
        assert_int_equal(out[0], 42);
    }
}

/* RFC 3629 §3, §4: the edges of every row of its table. */
static void utf8(void **state) {
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "1234567\xc3\xa9",
                                       "12345678\xf0\x9f\x98\x80zyxwvuts"};
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\x7f",
                                      "\xc2\xc0",
                                      "\xe0\x9f\xbf",
                                      "\xe0\x80\xaf",
                                      "\xe2\x82",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf0\x82\x82\xac",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf8\x88\x80\x80\x80",
                                      "\xfe",
                                      "\xff",
                                      "\xf0\x90\x80",
                                      "12345678\xff",
                                      "1234567\xc3",
                                      "12345678123456\xc3z"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_true(utf8_is_valid(slice_of_text(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (utf8_is_valid(slice_of_text(bad[i]))) fail_msg("bad text %zu is taken", i);
    assert_int_equal(utf8_count(SLICE("a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80")), 4);
    assert_int_equal(utf8_count((slice){0}), 0);
    assert_true(utf8_is_valid((slice){0}));
    assert_true(utf8_is_valid(SLICE("a\0b")));
}

/* Every code point in the shortest form is taken, surrogates excepted. */
static void utf8_of_every_code_point(void **state) {
    (void)state;
    for (uint32_t c = 0x80; c <= 0x110000; c++) {
        size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const uint8_t first[] = {0, 0, 0xC0, 0xE0, 0xF0};
        uint8_t t[4];
        for (size_t i = 0; i < len; i++) t[i] = (uint8_t)(0x80 | (c >> 6 * (len - 1 - i) & 63));
        t[0] = (uint8_t)(first[len] | c >> 6 * (len - 1));
        bool is_expected = (c < 0xD800 || c > 0xDFFF) && c <= 0x10FFFF;
        if (utf8_is_valid(slice_of(t, len)) != is_expected) fail_msg("U+%04X", c);
    }
}

static void pem(void **state) {
    (void)state;
    OWNED(arena) memory = {.limit = 4096};
    slice out;
    static const char *const GOOD[] = {"-----BEGIN A KEY-----\nZm9v\nYmFy\n-----END A KEY-----\n",
                                       "  -----BEGIN A KEY-----\r\n Zm9vYmFy\t\r\n-----END A KEY-----",
                                       "-----BEGIN A KEY-----Zm9vYmFy-----END A KEY-----"};
    static const char *const BAD[] = {"",
                                      "Zm9vYmFy",
                                      "-----BEGIN A KEY-----\nZm9vYmFy",
                                      "-----BEGIN A KEY-----\n-----END A KEY-----",
                                      "-----BEGIN A KEY-----\nZm9vYmF\n-----END A KEY-----",
                                      "-----BEGIN A KEY-----\nZm9v*mFy\n-----END A KEY-----",
                                      "-----BEGIN B KEY-----\nZm9vYmFy\n-----END B KEY-----",
                                      "-----BEGIN A KEY-----\nZm9vYmFy\n-----END B KEY-----",
                                      "-----BEGIN A KEY-----\nProc-Type: 4,ENCRYPTED\n\nZm9vYmFy\n-----END A KEY-----",
                                      "x\n-----BEGIN A KEY-----\nZm9vYmFy\n-----END A KEY-----",
                                      "-----BEGIN A KEY-----\nZm9vYmFy\n-----END A KEY-----\nx",
                                      ("-----BEGIN A KEY-----\nZm9v\n-----END A KEY-----\n-----BEGIN A KEY-----\nYmFy\n"
                                       "-----END A KEY-----")};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        ASSERT_OK(pem_decode(slice_of_text(GOOD[i]), "A KEY", &memory, &out));
        assert_true(slice_equals_text(out, "foobar"));
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        ASSERT_FAILS(pem_decode(slice_of_text(BAD[i]), "A KEY", &memory, &out), MALFORMED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_encoded_as_nothing),
        cmocka_unit_test(full_buffers_are_refused),
        cmocka_unit_test(small_arenas_are_refused),
        cmocka_unit_test(hex_refuses),
        cmocka_unit_test(hex_as_the_standard_has_it),
        cmocka_unit_test(base64_refuses),
        cmocka_unit_test(base64_as_the_standard_has_it),
        cmocka_unit_test(base64_is_one_to_one),
        cmocka_unit_test(pem),
        cmocka_unit_test(percent_refuses),
        cmocka_unit_test(percent_as_the_standard_has_it),
        cmocka_unit_test(plus_is_a_space_in_forms_only),
        cmocka_unit_test(safe_bytes_stay),
        cmocka_unit_test(uuids),
        cmocka_unit_test(uuids_refuse),
        cmocka_unit_test(utf8),
        cmocka_unit_test(utf8_of_every_code_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
