/* Signed texts, bodies and JSON as parameters. */
#include "custody/signed.h"
#include "custody/test_house.h"

#define FORM "content-type:application/x-www-form-urlencoded\n"
/* SHA-256 of nothing, and of "A=b+c&D=%2F" */
#define NO_BODY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define BODY SLICE("A=b+c&D=%2F")

static char body_hash[2 * HASH_SHA256_BYTES + 1];

static status read(int scheme, const char *text, slice body, arena *memory, pair_list *out) {
    proof p = {.scheme = scheme, .body = body};
    return signed_read(&p, slice_of_text(text), memory, out);
}

static void assert_value(const pair_list *said, const char *name, const char *value) {
    slice found = signed_find(said, name);
    if (!slice_equals(found, slice_of_text(value))) fail_msg("%s is %.*s", name, SLICE_ARGS(found));
}

static const char *with_body(const char *query, const char *headers, arena *memory) {
    slice text;
    ASSERT_OK(arena_printf(memory, &text, "POST\n/\n%s\nhost:h\n%s\nhost;content-type\n%s", query, headers, body_hash));
    return (const char *)text.at;
}

static void texts_are_decoded(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    pair_list said;
    ASSERT_OK(read(SCHEME_ALIBABA_V1, "POST&%2F&A%3Db%2520c%26D%3D%252F%253D%26E%3D%26F", (slice){0}, &memory, &said));
    assert_int_equal(said.count, 4);
    assert_value(&said, "A", "b c");
    assert_value(&said, "D", "/=");
    assert_true(slice_is_absent(signed_find(&said, "E")) && slice_is_absent(signed_find(&said, "F")));
    assert_true(slice_is_absent(signed_find(&said, "b")));
    ASSERT_OK(read(SCHEME_ALIBABA_V3, "POST\n/\nA=b%20c&D=%2F\nhost:h\n\nhost\n" NO_BODY, (slice){0}, &memory, &said));
    assert_value(&said, "A", "b c");
    assert_value(&said, "D", "/");
    ASSERT_OK(read(SCHEME_ALIBABA_V3, with_body("E=%2B", FORM, &memory), BODY, &memory, &said));
    assert_value(&said, "A", "b c");
    assert_value(&said, "D", "/");
    assert_value(&said, "E", "+");
    /* a body that is no form holds no parameters on this wire */
    ASSERT_OK(
        read(SCHEME_ALIBABA_V3, with_body("E=f", "content-type:application/json\n", &memory), BODY, &memory, &said));
    assert_int_equal(said.count, 1);
}

static void what_could_be_read_in_two_ways_is_refused(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    pair_list said;
    static const char *const rpc[] = {"POST&%2F&A%3Db%26A%3Dc",     "POST&%2F&A%3Db%26A%3Db", "POST&%2F&A%26A",
                                      "POST&%2F&%2541%3Db%26A%3Dc", "POST&%2F&A%3D%25",       "POST&%2F&A%3"};
    for (size_t i = 0; i < sizeof rpc / sizeof *rpc; i++)
        ASSERT_FAILS(read(SCHEME_ALIBABA_V1, rpc[i], (slice){0}, &memory, &said), NO_PERMISSION);
    ASSERT_FAILS(read(SCHEME_ALIBABA_V3, with_body("A=b", FORM, &memory), BODY, &memory, &said), NO_PERMISSION);
    ASSERT_FAILS(read(SCHEME_ALIBABA_V3, "POST\n/\nA=b\nhost:h\nhost\n" NO_BODY, (slice){0}, &memory, &said),
                 NO_PERMISSION);
    ASSERT_FAILS(read(SCHEME_OSS_V1, "GET\n\n\n\n/b/k", (slice){0}, &memory, &said), NO_PERMISSION);
    ASSERT_FAILS(read(0, "POST&%2F&A%3Db", (slice){0}, &memory, &said), NO_PERMISSION);
}

static void a_body_is_what_its_hash_says(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    pair_list said;
    const char *text = with_body("E=f", FORM, &memory);
    ASSERT_FAILS(read(SCHEME_ALIBABA_V3, text, (slice){0}, &memory, &said), NO_PERMISSION);
    ASSERT_FAILS(read(SCHEME_ALIBABA_V3, text, SLICE("A=b+c&D=%2f"), &memory, &said), NO_PERMISSION);
    const char *bare = "POST\n/\nA=b\nhost:h\n\nhost\n" NO_BODY;
    ASSERT_FAILS(read(SCHEME_ALIBABA_V3, bare, BODY, &memory, &said), NO_PERMISSION);
    const char *unhashed = "POST\n/\nA=b\nhost:h\n\nhost\nUNSIGNED-PAYLOAD";
    ASSERT_FAILS(read(SCHEME_ALIBABA_V3, unhashed, BODY, &memory, &said), NO_PERMISSION);
    ASSERT_FAILS(read(SCHEME_ALIBABA_V3, unhashed, (slice){0}, &memory, &said), NO_PERMISSION);
}

static void maps_come_flat_or_as_json(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    pair_list said, map;
    ASSERT_OK(read(SCHEME_ALIBABA_V1, "POST&%2F&C.a.b%3D1%26Cc%3D2%26C.%3D3%26D%3Dx", (slice){0}, &memory, &said));
    ASSERT_OK(signed_map(&said, "C", &memory, &map));
    assert_int_equal(map.count, 1);
    assert_value(&map, "a.b", "1");
    ASSERT_OK(signed_map(&said, "E", &memory, &map));
    assert_int_equal(map.count, 0);
    ASSERT_FAILS(signed_map(&said, "D", &memory, &map), NO_PERMISSION);
    ASSERT_OK(
        read(SCHEME_ALIBABA_V1, "POST&%2F&C%3D%257B%2522a.b%2522%253A%25221%2522%257D", (slice){0}, &memory, &said));
    ASSERT_OK(signed_map(&said, "C", &memory, &map));
    assert_value(&map, "a.b", "1");
    ASSERT_OK(read(SCHEME_ALIBABA_V1, "POST&%2F&C%3D%257B%257D%26C.a%3Db", (slice){0}, &memory, &said));
    ASSERT_FAILS(signed_map(&said, "C", &memory, &map), NO_PERMISSION);
}

static void json_members(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    pair_list said;
    const char *text =
        " { \"a\" : \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\\u20ac\" ,\"n\":-12.5e3,\"t\":true,\"z\":null,"
        "\"o\":{\"p\":\"}\\\"]\",\"q\":[1,{}]} ,\"l\":[ \",\" ] }\n";
    ASSERT_OK(signed_json(slice_of_text(text), &memory, &said));
    assert_int_equal(said.count, 5);
    assert_value(&said, "a", "\"\\/\b\f\n\r\t\xc3\xa4\xf0\x9f\x98\x80\xe2\x82\xac");
    assert_value(&said, "n", "-12.5e3");
    assert_value(&said, "t", "true");
    assert_value(&said, "o", "{\"p\":\"}\\\"]\",\"q\":[1,{}]}");
    assert_value(&said, "l", "[ \",\" ]");
    ASSERT_OK(signed_json(SLICE("{}"), &memory, &said));
    assert_int_equal(said.count, 0);
}

static void what_is_no_json_object_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "{",
        "}",
        "[]",
        "null",
        "\"a\"",
        "{}{}",
        "{} x",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1 \"b\":2",
        "{\"a\":\"b}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\ude00\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":1}",
        "{\"a\":[}",
        "{\"a\":[1",
        "{\"a\":]}",
        "{a:1}",
        "{\"a\":\"\xff\"}",
        "{\"a\":{\"b\":\"c}",
        "{\"a\":null,\"a\":",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        OWNED(arena) memory = {0};
        pair_list said;
        status read = signed_json(slice_of_text(wrong[i]), &memory, &said);
        if (!FAILED_WITH(read, NO_PERMISSION)) fail_msg("%s: %s", wrong[i], status_name(read));
    }
    OWNED(arena) memory = {0};
    OWNED(buffer) deep = {0};
    pair_list said;
    ASSERT_OK(buffer_append_text(&deep, "{\"a\":"));
    for (int i = 0; i < 40; i++) ASSERT_OK(buffer_append_byte(&deep, '['));
    for (int i = 0; i < 40; i++) ASSERT_OK(buffer_append_byte(&deep, ']'));
    ASSERT_OK(buffer_append_byte(&deep, '}'));
    ASSERT_FAILS(signed_json(buffer_slice(&deep), &memory, &said), NO_PERMISSION);
}

static int begin(void **state) {
    (void)state;
    uint8_t hash[HASH_SHA256_BYTES];
    OWNED(buffer) hex = {0};
    ASSERT_OK(crypto_start());
    ASSERT_OK(hash_once(HASH_SHA256, BODY, hash));
    ASSERT_OK(hex_encode(&hex, slice_of(hash, sizeof hash)));
    memcpy(body_hash, hex.at, hex.len);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_decoded),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(a_body_is_what_its_hash_says),
        cmocka_unit_test(maps_come_flat_or_as_json),
        cmocka_unit_test(json_members),
        cmocka_unit_test(what_is_no_json_object_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
