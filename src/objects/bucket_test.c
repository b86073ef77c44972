/* Names of buckets and objects, heads of blobs, and the example of docs/formats/object.md from end to end. */
#include "objects/bucket.h"

#include "contract/sealed.h"
#include "crypto/test_bytes.h"
#include "crypto/xaes.h"
#include "objects/body.h"

/* docs/formats/object.md, "Blob" */
static const char EXAMPLE[] =
    "4b48424c4f42310a000000860100000010c0c1c2c3c4c5c6c7c8c9cacbcccdcecf020000006c4b480143a0a1a2a3a4a5"
    "a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf05050505050505050505050505050505050505050505"
    "050582bc615f553ee2b0719c9023c299cffc3da9b6ef99231cd3ca345834f75eab49a4fc3c1d44035fa754570e53696b"
    "1e7a060606060606060606060606060606060606060606060606ef0aaf184a05a7a0d49d8359199d88191ad03d82fe20"
    "6fa99004ab9231f41dc02c8fa5f984530f416676e6d3469850a3593dba482fdc16502efdba0ad8";
static const char EXAMPLE_CONTEXT[] =
    "00076163636f756e740010313030303030303030303030303030310004626c6f62002463306331633263332d63346335"
    "2d633663372d633863392d63616362636363646365636600066275636b6574000670686f746f7300036b65790007612f"
    "622e747874";

static const slice ACCOUNT = {(const uint8_t *)"1000000000000001", 16}, BUCKET = {(const uint8_t *)"photos", 6};
static const slice KEY = {(const uint8_t *)"a/b.txt", 7};

static bool bucket_is_valid(const char *name) { return bucket_name_is_valid(slice_of_text(name)); }
static bool object_is_valid(const char *name) { return object_name_is_valid(slice_of_text(name)); }

static void bucket_names(void **state) {
    (void)state;
    assert_true(bucket_is_valid("abc") && bucket_is_valid("0-9") && bucket_is_valid("a--b"));
    assert_true(bucket_is_valid("a23456789012345678901234567890123456789012345678901234567890123"));
    static const char *const refused[] = {"",
                                          "ab",
                                          "-ab",
                                          "ab-",
                                          "Abc",
                                          "a_b",
                                          "a.b",
                                          "a/b",
                                          "a b",
                                          "äbc",
                                          "abc\n",
                                          "../../etc",
                                          "a234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) assert_false(bucket_is_valid(refused[i]));
}

static void object_names(void **state) {
    (void)state;
    char longest[1025];
    memset(longest, 'a', sizeof longest);
    assert_true(object_name_is_valid(slice_of(longest, 1023)));
    assert_false(object_name_is_valid(slice_of(longest, 1024)));
    assert_true(object_is_valid("a/b") && object_is_valid("..") && object_is_valid("ä\tö") && object_is_valid("a//b"));
    static const char *const refused[] = {"", "/a", "\\a", "a\nb", "a\x01", "\xff", "a\xc3"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) assert_false(object_is_valid(refused[i]));
    assert_false(object_name_is_valid(slice_of("a\0b", 3)));
}

/* The data key of the example, opened with the CMK's material. */
static void open_data_key(slice wrapped, slice context, secret *out) {
    static uint8_t material[32];
    for (size_t i = 0; i < sizeof material; i++) material[i] = (uint8_t)(0x40 + i);
    OWNED(secret) cmk = secret_from(slice_of(material, sizeof material));
    OWNED(buffer) bound = {0};
    ciphertext outside;
    xaes *cipher = NULL;
    assert_ok(ciphertext_parse(wrapped, &outside));
    assert_ok(buffer_append(&bound, outside.clear));
    assert_ok(buffer_append(&bound, context));
    assert_ok(xaes_new(&cmk, &cipher));
    assert_ok(xaes_open(cipher, buffer_slice(&bound), outside.content, out));
    xaes_free(cipher);
}

static void the_documented_example(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(secret) data_key = {0};
    slice blob = hex(EXAMPLE), context;
    blob_header header;
    size_t head_bytes;
    assert_ok(blob_head_parse(blob, &memory, &header, &head_bytes));
    body_place place = {ACCOUNT, BUCKET, KEY, header.blob_id.at};
    assert_ok(body_context(&place, &memory, &context));
    assert_bytes(context.at, context.len, hex(EXAMPLE_CONTEXT));
    open_data_key(header.wrapped_key, context, &data_key);

    slice body = slice_skip(blob, head_bytes);
    body_range range = {.plain_bytes = 13, .first = 0, .last = 12};
    body_opener *opener = NULL;
    body_step step;
    uint8_t plain[13];
    assert_ok(body_opener_new(&data_key, context, body.at, &range, &opener));
    assert_ok(body_opener_next(opener, sizeof plain, &step));
    assert_int_equal(step.offset + step.sealed_bytes, body.len);
    assert_ok(body_opener_open(opener, &step, slice_skip(body, (size_t)step.offset), plain));
    assert_bytes(plain, sizeof plain, SLICE("hello, object"));
    body_opener_free(opener);
}

static void heads_of_blobs(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(buffer) again = {0};
    slice blob = hex(EXAMPLE);
    blob_header header;
    size_t head_bytes = 0;
    assert_ok(blob_head_parse(blob, &memory, &header, &head_bytes));
    assert_ok(blob_head(&header, &again));
    assert_bytes(again.at, again.len, slice_head(blob, head_bytes));
    for (size_t len = 0; len < head_bytes; len++) {
        blob_header cut;
        size_t none;
        assert_fails(blob_head_parse(slice_head(blob, len), &memory, &cut, &none), CORRUPT);
    }
    for (size_t at = 0; at < 17; at++) { /* magic, length, first field's number and length */
        buffer_reset(&again);
        assert_ok(buffer_append(&again, blob));
        again.at[at] ^= 0x80;
        blob_header changed;
        size_t none;
        assert_fails(blob_head_parse(buffer_slice(&again), &memory, &changed, &none), CORRUPT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bucket_names),
        cmocka_unit_test(object_names),
        cmocka_unit_test(the_documented_example),
        cmocka_unit_test(heads_of_blobs),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
