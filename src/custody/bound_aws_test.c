/* Acts against the signed JSON bodies of AWS's clients. */
#include "base/text.h"
#include "contract/key_id.h"
#include "custody/bound.h"
#include "custody/test_house.h"

static test_house house;

static int begin(void **state) {
    (void)state;
    test_house_begin(&house);
    return 0;
}

static int end(void **state) {
    (void)state;
    test_house_end(&house);
    return 0;
}

#define CONTEXT SLICE("\0\1c\0\1d")
#define KEY_TEXT "6b65796b-6579-6b65-796b-65796b657900"
#define KEY_ARN "arn:aws:kms:eu-west-1:1000000000000001:key/" KEY_TEXT

static slice hash_hex(slice bytes) {
    OWNED(buffer) text = {0};
    uint8_t hash[HASH_SHA256_BYTES];
    slice kept;
    ASSERT_OK(hash_once(HASH_SHA256, bytes, hash));
    ASSERT_OK(hex_encode(&text, slice_of(hash, sizeof hash)));
    ASSERT_OK(arena_copy(&house.memory, buffer_slice(&text), &kept));
    return kept;
}

/* RequestTime is TEST_NOW_S: 20240520T063421Z. */
static slice sign(slice canonical) {
    slice key, text, hash = hash_hex(canonical);
    ASSERT_OK(arena_printf(&house.memory, &key, "AWS4%.*s", SLICE_ARGS(TEST_SECRET)));
    ASSERT_OK(arena_printf(&house.memory, &text,
                           "AWS4-HMAC-SHA256\n20240520T063421Z\n20240520/eu-west-1/kms/aws4_request\n%.*s",
                           SLICE_ARGS(hash)));
    const slice steps[] = {SLICE("20240520"), SLICE("eu-west-1"), SLICE("kms"), SLICE("aws4_request"), text};
    for (size_t i = 0; i < 5; i++) {
        uint8_t *next = arena_take(&house.memory, HASH_SHA256_BYTES);
        ASSERT_OK(hmac_bytes(HASH_SHA256, key, steps[i], next));
        key = slice_of(next, HASH_SHA256_BYTES);
    }
    return key;
}

static proof *prove(const char *action, const char *body) {
    proof *p = ARENA_NEW(&house.memory, proof);
    slice *text = ARENA_NEW(&house.memory, slice), hash = hash_hex(slice_of_text(body));
    ASSERT_OK(arena_printf(&house.memory, text,
                           "POST\n/\n\nhost:h\nx-amz-date:20240520T063421Z\nx-amz-target:TrentService.%s\n\n"
                           "host;x-amz-date;x-amz-target\n%.*s",
                           action, SLICE_ARGS(hash)));
    *p = (proof){
        .scheme = SCHEME_AWS_V4, .access_key_id = TEST_KEY_NAME, .texts = {text, 1}, .body = slice_of_text(body)};
    p->request_time = SET_INT(TEST_NOW_S);
    p->scope_date = SLICE("20240520"), p->scope_region = SLICE("eu-west-1"), p->scope_service = SLICE("kms");
    p->signature = sign(*text);
    return p;
}

static const char *run(const char *action, const char *body, key_act act) {
    proof *p = prove(action, body);
    use_message use = test_use(&house, "CreateKey", &act);
    use.proof = p;
    test_run(&house, &use, TEST_NOW_S);
    return status_name((status){(enum status_code)house.done.used.failure.value});
}

typedef struct row {
    const char *body, *expected;
} row;

static void check(const char *action, const row *rows, size_t count, key_act act) {
    for (size_t i = 0; i < count; i++) {
        const char *found = run(action, rows[i].body, act);
        if (strcmp(found, rows[i].expected) != 0)
            fail_msg("%s row %zu: %s, not %s", action, i, found, rows[i].expected);
    }
}
#define CHECK(action, rows, act) check(action, rows, sizeof rows / sizeof *rows, act)

static void what_is_encrypted_is_what_was_signed(void **state) {
    (void)state;
    static const row ROWS[] = {
        {"{\"KeyId\":\"" KEY_TEXT "\",\"Plaintext\":\"aGVsbG8=\",\"EncryptionContext\":{\"c\":\"d\"}}", "OK"},
        {"{\"KeyId\":\"" KEY_ARN "\",\"Plaintext\":\"aGVsbG8=\",\"EncryptionContext\":{\"c\":\"\\u0064\"}}", "OK"},
        {"{\"KeyId\":\"alias/x\",\"Plaintext\":\"aGVsbG8=\",\"EncryptionContext\":{\"c\":\"d\"},\"DryRun\":null}",
         "OK"},
        {"{\"KeyId\":\"" KEY_TEXT "\",\"Plaintext\":\"aGVsbG8=\"}", "NO_PERMISSION"},
        {"{\"KeyId\":\"" KEY_TEXT "\",\"Plaintext\":\"aGVsbG8=\",\"EncryptionContext\":{\"c\":\"e\"}}",
         "NO_PERMISSION"},
        {"{\"KeyId\":\"" KEY_TEXT "\",\"Plaintext\":\"aGFsbG8=\",\"EncryptionContext\":{\"c\":\"d\"}}",
         "NO_PERMISSION"},
        {"{\"KeyId\":\"76657273-696f-6e76-6572-73696f6e7600\",\"Plaintext\":\"aGVsbG8=\",\"EncryptionContext\":{\"c\":"
         "\"d\"}}",
         "NO_PERMISSION"},
        {"{\"Plaintext\":\"aGVsbG8=\",\"EncryptionContext\":{\"c\":\"d\"}}", "NO_PERMISSION"},
        {"{\"KeyId\":\"alias/x\",\"KeyId\":\"alias/x\",\"Plaintext\":\"aGVsbG8=\",\"EncryptionContext\":{\"c\":\"d\"}}",
         "NO_PERMISSION"},
        {"[]", "NO_PERMISSION"},
        {"", "NO_PERMISSION"},
    };
    key_act act = {.act = VAULT_ACT_ENCRYPT, .key = test_new_key(&house), .context = CONTEXT};
    act.key_id = slice_of(TEST_KEY_ID, 16);
    act.input = test_boxed(&house, SLICE("hello"));
    CHECK("Encrypt", ROWS, act);
    assert_string_equal(run("Decrypt", ROWS[0].body, act), "NO_PERMISSION");
}

static void a_data_key_is_as_long_as_was_signed(void **state) {
    (void)state;
    static const row ROWS[] = {
        {"{\"KeyId\":\"" KEY_TEXT "\",\"KeySpec\":\"AES_128\"}", "OK"},
        {"{\"KeyId\":\"" KEY_TEXT "\",\"NumberOfBytes\":16}", "OK"},
        {"{\"KeyId\":\"" KEY_TEXT "\",\"KeySpec\":\"AES_256\"}", "NO_PERMISSION"},
        {"{\"KeyId\":\"" KEY_TEXT "\",\"NumberOfBytes\":17}", "NO_PERMISSION"},
    };
    key_act act = {.act = VAULT_ACT_GENERATE, .key = test_new_key(&house), .size = SET_INT(16)};
    act.key_id = slice_of(TEST_KEY_ID, 16);
    CHECK("GenerateDataKey", ROWS, act);
}

/* Past this comparison the act fails for its own reasons: there is no such token. */
static void imported_material_expires_when_it_was_signed_to(void **state) {
    (void)state;
#define IMPORT(more) "{\"KeyId\":\"" KEY_TEXT "\",\"ImportToken\":\"eHg=\",\"EncryptedKeyMaterial\":\"eXk=\"" more "}"
    static const row KEPT[] = {
        {IMPORT(",\"ExpirationModel\":\"KEY_MATERIAL_DOES_NOT_EXPIRE\""), "IMPORT_TOKEN"},
        {IMPORT(",\"ExpirationModel\":\"KEY_MATERIAL_EXPIRES\",\"ValidTo\":1800000000"), "NO_PERMISSION"},
        {IMPORT(""), "NO_PERMISSION"},
    };
    static const row EXPIRES[] = {
        {IMPORT(",\"ValidTo\":1800000000"), "IMPORT_TOKEN"},
        {IMPORT(",\"ValidTo\":1.8e9"), "IMPORT_TOKEN"},
        {IMPORT(",\"ValidTo\":1800000000.75"), "IMPORT_TOKEN"},
        {IMPORT(",\"ValidTo\":1800000001"), "NO_PERMISSION"},
        {IMPORT(",\"ValidTo\":\"soon\""), "NO_PERMISSION"},
        {IMPORT(",\"ValidTo\":-1"), "NO_PERMISSION"},
        {IMPORT(",\"ExpirationModel\":\"KEY_MATERIAL_DOES_NOT_EXPIRE\""), "NO_PERMISSION"},
    };
    key_act act = {.act = VAULT_ACT_IMPORT, .input = SLICE("yy"), .token = SLICE("xx")};
    act.key_id = slice_of(TEST_KEY_ID, 16), act.key_version_id = slice_of(TEST_VERSION_ID, 16);
    CHECK("ImportKeyMaterial", KEPT, act);
    act.expires_at = SET_INT(1800000000);
    CHECK("ImportKeyMaterial", EXPIRES, act);
}

/* Whether it is new, and which version it is for, is signed for. Past the comparison there is no such token. */
static void imported_material_is_new_when_it_was_signed_to_be(void **state) {
    (void)state;
#define FOREVER ",\"ExpirationModel\":\"KEY_MATERIAL_DOES_NOT_EXPIRE\""
#define NAMED(id) IMPORT(FOREVER ",\"KeyMaterialId\":\"" id "\"")
    static uint8_t version[48] = {0}, other[48] = {1};
    char text[37], digits[33] = "";
    static char ours[600], none[600];
    memcpy(version, TEST_VERSION_ID, 16);
    uuid_format(TEST_VERSION_ID, text);
    for (size_t i = 0, n = 0; text[i]; i++)
        if (text[i] != '-') digits[n++] = text[i];
    snprintf(ours, sizeof ours, NAMED("%s%032d"), digits, 0);
    snprintf(none, sizeof none, NAMED("%s%032d"), digits, 1);
    const row KNOWN[] = {{IMPORT(FOREVER ",\"ImportType\":\"NEW_KEY_MATERIAL\""), "NO_PERMISSION"},
                         {IMPORT(FOREVER ",\"ImportType\":\"EXISTING_KEY_MATERIAL\""), "IMPORT_TOKEN"},
                         {IMPORT(FOREVER ",\"ImportType\":\"OTHER\""), "NO_PERMISSION"},
                         {IMPORT(FOREVER), "IMPORT_TOKEN"},
                         {ours, "IMPORT_TOKEN"},
                         {none, "NO_PERMISSION"}};
    const row FRESH[] = {{IMPORT(FOREVER ",\"ImportType\":\"NEW_KEY_MATERIAL\""), "IMPORT_TOKEN"},
                         {IMPORT(FOREVER ",\"ImportType\":\"EXISTING_KEY_MATERIAL\""), "NO_PERMISSION"}};
    key_act act = {.act = VAULT_ACT_IMPORT, .input = SLICE("yy"), .token = SLICE("xx")};
    act.key_id = slice_of(TEST_KEY_ID, 16), act.key_version_id = slice_of(TEST_VERSION_ID, 16);
    act.context = slice_of(version, sizeof version);
    CHECK("ImportKeyMaterial", KNOWN, act);
    act.context = slice_of(other, sizeof other);
    CHECK("ImportKeyMaterial", FRESH, act);
}

/* Its id says for good whether a key may be in several regions. */
static void a_new_key_reaches_as_far_as_was_signed(void **state) {
    (void)state;
    static const uint8_t MARKED[16] = {1, 2, 3, 4, 5, 6, 0x87};
    static const row ONE[] = {
        {"{}", "OK"}, {"{\"MultiRegion\":false}", "OK"}, {"{\"MultiRegion\":true}", "NO_PERMISSION"}};
    static const row SEVERAL[] = {
        {"{\"MultiRegion\":true}", "OK"}, {"{\"MultiRegion\":false}", "NO_PERMISSION"}, {"{}", "NO_PERMISSION"}};
    key_act act = {.act = VAULT_ACT_NEW_KEY, .key_id = slice_of(TEST_KEY_ID, 16)};
    act.key_version_id = slice_of(TEST_VERSION_ID, 16);
    CHECK("CreateKey", ONE, act);
    act.key_id = slice_of(MARKED, 16);
    CHECK("CreateKey", SEVERAL, act);
    char text[KEY_ID_TEXT];
    key_id_format(MARKED, text);
    run("CreateKey", "{\"MultiRegion\":true}", act);
    assert_string_equal(house.done.uses[0].key_id, text); /* what the auditor is told */
}

/* The body is under the signature by its hash: another one is none. */
static void a_body_that_was_not_signed_is_refused(void **state) {
    (void)state;
    key_act act = {.act = VAULT_ACT_GENERATE, .key = test_new_key(&house), .size = SET_INT(16)};
    act.key_id = slice_of(TEST_KEY_ID, 16);
    proof *p = prove("GenerateDataKey", "{\"KeyId\":\"" KEY_TEXT "\",\"NumberOfBytes\":16}");
    use_message use = test_use(&house, "CreateKey", &act);
    use.proof = p;
    p->body = SLICE("{\"KeyId\":\"alias/x\",\"NumberOfBytes\":16}");
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    p->body = (slice){0};
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encrypted_is_what_was_signed),
        cmocka_unit_test(a_data_key_is_as_long_as_was_signed),
        cmocka_unit_test(imported_material_expires_when_it_was_signed_to),
        cmocka_unit_test(imported_material_is_new_when_it_was_signed_to_be),
        cmocka_unit_test(a_new_key_reaches_as_far_as_was_signed),
        cmocka_unit_test(a_body_that_was_not_signed_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
