/* A signed request, and acts that differ from it in one thing each. */
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

/* Signed for `honest`, run as `forged`. */
static const char *run(const char *action, key_act honest, key_act forged) {
    use_message use = test_use(&house, action, &honest);
    use.acts.at = &forged;
    test_run(&house, &use, TEST_NOW_S);
    return status_name((status){(enum status_code)house.done.used.failure.value});
}

#define REFUSED(action, honest, forged) assert_string_equal(run(action, honest, forged), "NO_PERMISSION")

static void what_is_encrypted_is_what_was_signed(void **state) {
    (void)state;
    slice key = test_new_key(&house), other = test_boxed(&house, SLICE("hollo"));
    key_act honest = {.act = VAULT_ACT_ENCRYPT, .key = key, .context = CONTEXT, .key_id = slice_of(TEST_KEY_ID, 16)};
    honest.input = test_boxed(&house, SLICE("hello"));
    assert_string_equal(run("Encrypt", honest, honest), "OK");
    key_act forged = honest;
    forged.input = other;
    REFUSED("Encrypt", honest, forged);
    forged = honest, forged.context = (slice){0};
    REFUSED("Encrypt", honest, forged);
    forged = honest, forged.context = SLICE("\0\1c\0\1e");
    REFUSED("Encrypt", honest, forged);
    forged = honest, honest.context = (slice){0};
    REFUSED("Encrypt", honest, forged); /* nor may one be added */
}

static void the_key_is_the_one_that_was_signed(void **state) {
    (void)state;
    slice first = test_new_key(&house);
    key_act order = test_new_key_act();
    order.key_id = slice_of(TEST_VERSION_ID, 16);
    slice second = test_act(&house, "CreateKey", order)->output;
    key_act honest = {
        .act = VAULT_ACT_GENERATE, .key = first, .size = SET_INT(32), .key_id = slice_of(TEST_KEY_ID, 16)};
    assert_string_equal(run("GenerateDataKey", honest, honest), "OK");
    key_act forged = honest;
    forged.key = second;
    assert_string_equal(run("GenerateDataKey", honest, forged), "CORRUPT"); /* the material says whose it is */
    forged.key_id = slice_of(TEST_VERSION_ID, 16);
    REFUSED("GenerateDataKey", honest, forged);
    forged.key_id = (slice){0};
    REFUSED("GenerateDataKey", honest, forged);
    forged = honest, forged.size = SET_INT(1);
    REFUSED("GenerateDataKey", honest, forged);
    forged = honest, forged.size = (maybe_int){0};
    REFUSED("GenerateDataKey", honest, forged);
}

static void what_is_decrypted_is_what_was_signed(void **state) {
    (void)state;
    slice key = test_new_key(&house), blobs[2];
    for (int i = 0; i < 2; i++) {
        key_act seal = {.act = VAULT_ACT_ENCRYPT, .key = key, .input = test_boxed(&house, SLICE("hello"))};
        blobs[i] = test_act(&house, "Encrypt", seal)->output;
    }
    key_act honest = {.act = VAULT_ACT_DECRYPT, .key = key, .input = blobs[0]}, forged = honest;
    assert_string_equal(run("Decrypt", honest, honest), "OK");
    forged.input = blobs[1];
    REFUSED("Decrypt", honest, forged);
    forged = honest, forged.input = (slice){0};
    REFUSED("Decrypt", honest, forged);
    forged = honest, forged.context = CONTEXT;
    REFUSED("Decrypt", honest, forged);
}

static void an_import_is_the_one_that_was_signed(void **state) {
    (void)state;
    key_act honest = {.act = VAULT_ACT_IMPORT,
                      .key_id = slice_of(TEST_KEY_ID, 16),
                      .token = SLICE("token"),
                      .key_version_id = slice_of(TEST_VERSION_ID, 16),
                      .input = SLICE("material")};
    assert_string_equal(run("ImportKeyMaterial", honest, honest), "IMPORT_TOKEN"); /* it got as far as that */
    key_act forged[] = {honest, honest, honest, honest};
    forged[0].key_id = slice_of(TEST_VERSION_ID, 16);
    forged[1].token = SLICE("another");
    forged[2].input = SLICE("another");
    forged[3].expires_at = SET_INT(TEST_NOW_S + 1000);
    for (int i = 0; i < 4; i++) REFUSED("ImportKeyMaterial", honest, forged[i]);
    honest.expires_at = SET_INT(TEST_NOW_S + 1000);
    for (int i = 0; i < 3; i++) REFUSED("ImportKeyMaterial", honest, forged[i]); /* nor may an end be taken away */
    key_act wish = {.act = VAULT_ACT_IMPORT_PARAMETERS, .algorithm = WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256};
    wish.key_id = slice_of(TEST_KEY_ID, 16), wish.key_version_id = slice_of(TEST_VERSION_ID, 16);
    key_act weaker = wish;
    weaker.algorithm = WRAPPING_ALGORITHM_RSAES_OAEP_SHA_1;
    REFUSED("GetParametersForImport", wish, weaker);
    weaker = wish, weaker.key_id = slice_of(TEST_VERSION_ID, 16);
    REFUSED("GetParametersForImport", wish, weaker);
}

static void an_access_key_is_for_whom_the_request_says(void **state) {
    (void)state;
    key_act bob = {.act = VAULT_ACT_NEW_ACCESS_KEY, .text = SLICE("LTAInew"), .user_name = SLICE("bob")};
    assert_string_equal(run("CreateAccessKey", bob, bob), "OK");
    key_act alice = bob, root = bob;
    alice.user_name = SLICE("alice"), root.user_name = (slice){0}, root.user_id = TEST_ACCOUNT;
    REFUSED("CreateAccessKey", bob, alice);
    REFUSED("CreateAccessKey", bob, root);
    REFUSED("CreateAccessKey", root, bob);
    key_act stranger = root;
    stranger.user_id = SLICE("299999999999999999");
    REFUSED("CreateAccessKey", root, stranger);                    /* whatever the name */
    assert_string_equal(run("CreateAccessKey", root, root), "OK"); /* the caller's own */
}

/* ---- how a key may be named */

typedef struct naming {
    const char *key_id;
    const char *answer;
} naming;

static void keys_go_by_id_arn_or_alias(void **state) {
    (void)state;
    static const naming rows[] = {
        {KEY_TEXT, "OK"},
        {"acs:kms:cn-hangzhou:1000000000000001:key/" KEY_TEXT, "OK"},
        {"arn:aws:kms:eu-west-1:1000000000000001:key/" KEY_TEXT, "OK"},
        {"alias/anything", "OK"},
        {"acs:kms:cn-hangzhou:1000000000000001:alias/anything", "OK"},
        {"76657273-696f-6e76-6572-73696f6e7600", "NO_PERMISSION"},
        {"acs:kms:cn-hangzhou:1000000000000001:key/76657273-696f-6e76-6572-73696f6e7600", "NO_PERMISSION"},
        {"acs:kms:cn-hangzhou:1000000000000001:" KEY_TEXT "/alias/x", "NO_PERMISSION"},
        {"xalias/anything", "NO_PERMISSION"},
        {"", "NO_PERMISSION"},
    };
    slice key = test_new_key(&house);
    key_act act = {.act = VAULT_ACT_GENERATE_SEALED, .key = key, .size = SET_INT(32)};
    act.key_id = slice_of(TEST_KEY_ID, 16);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OWNED(buffer) text = {0};
        ASSERT_OK(
            buffer_append_text(&text, "POST&%2F&Action%3DGenerateDataKeyWithoutPlaintext%26Version%3D2016-01-20"));
        test_parameter(&text, "KeyId", slice_of_text(rows[i].key_id));
        use_message use = test_use(&house, "ListKeys", NULL);
        use.proof = test_proof_of(&house, buffer_slice(&text));
        use.acts.at = &act, use.acts.count = 1;
        test_run(&house, &use, TEST_NOW_S);
        const char *answer = status_name((status){(enum status_code)house.done.used.failure.value});
        if (strcmp(answer, rows[i].answer) != 0) fail_msg("%s: %s", rows[i].key_id, answer);
    }
}

/* ---- objects */

typedef struct storage {
    int scheme;
    const char *text;
    int act;
    slice context;
    bool allowed;
} storage;

#define PLACE(bucket, key) SLICE("\0\7account\0\1a\0\6bucket\0\1" bucket "\0\3key\0\1" key)

static void data_keys_are_for_the_object_that_was_signed(void **state) {
    (void)state;
    static const storage rows[] = {
        {SCHEME_OSS_V1, "GET\n\n\nd\n/b/k", VAULT_ACT_DECRYPT, PLACE("b", "k"), true},
        {SCHEME_OSS_V1, "GET\n\n\nd\n/b/k?response-expires=1", VAULT_ACT_DECRYPT, PLACE("b", "k"), true},
        {SCHEME_OSS_V1, "GET\n\n\nd\n/b/k", VAULT_ACT_DECRYPT, PLACE("b", "l"), false},
        {SCHEME_OSS_V1, "GET\n\n\nd\n/b/k", VAULT_ACT_DECRYPT, PLACE("c", "k"), false},
        {SCHEME_OSS_V1, "GET\n\n\nd\n/b/kk", VAULT_ACT_DECRYPT, PLACE("b", "k"), false},
        {SCHEME_OSS_V1, "GET\n\n\nd\n/b/k/k", VAULT_ACT_DECRYPT, PLACE("b", "k"), false},
        {SCHEME_OSS_V1, "GET\n\n\nd\n/b/k", VAULT_ACT_DECRYPT, SLICE(""), false},
        {SCHEME_OSS_V1, "GET\n\n\nd\n/b/k", VAULT_ACT_DECRYPT, SLICE("\0\6bucket\0\1b"), false},
        {SCHEME_OSS_V1, "PUT\n\n\nd\n/b/k", VAULT_ACT_GENERATE, PLACE("b", "k"), true},
        {SCHEME_OSS_V1, "PUT\n\n\nd\n/b/k", VAULT_ACT_GENERATE, PLACE("b", "l"), false},
        {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source:/c/l\n/b/k", VAULT_ACT_GENERATE, PLACE("b", "k"), true},
        {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source:/c/l\n/b/k", VAULT_ACT_GENERATE, PLACE("c", "l"), false},
        {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source:/c/l\n/b/k", VAULT_ACT_DECRYPT, PLACE("c", "l"), true},
        {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source:c/%6c\n/b/k", VAULT_ACT_DECRYPT, PLACE("c", "l"), true},
        {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source:/c/l\n/b/k", VAULT_ACT_DECRYPT, PLACE("b", "k"), false},
        {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source:/c/l?x\n/b/k", VAULT_ACT_DECRYPT, PLACE("c", "l"), false},
        {SCHEME_OSS_V4, "GET\n/b/%6B\n\nx-oss-date:d\n\n\nUNSIGNED-PAYLOAD", VAULT_ACT_DECRYPT, PLACE("b", "k"), true},
        {SCHEME_OSS_V4, "GET\n/b/k%3F\n\nx-oss-date:d\n\n\nUNSIGNED-PAYLOAD", VAULT_ACT_DECRYPT, PLACE("b", "k"),
         false},
        /* a plus is a plus, and no space */
        {SCHEME_OSS_V4, "GET\n/b/+\n\nx-oss-date:d\n\n\nUNSIGNED-PAYLOAD", VAULT_ACT_DECRYPT, PLACE("b", "+"), true},
        {SCHEME_OSS_V4, "GET\n/b/+\n\nx-oss-date:d\n\n\nUNSIGNED-PAYLOAD", VAULT_ACT_DECRYPT, PLACE("b", " "), false},
        {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source:c/+\n/b/k", VAULT_ACT_DECRYPT, PLACE("c", "+"), true},
        {SCHEME_OSS_V1, "PUT\n\n\nd\nx-oss-copy-source:c/+\n/b/k", VAULT_ACT_DECRYPT, PLACE("c", " "), false},
        {SCHEME_OSS_V4, "GET\n/b/l\n\nx-oss-date:d\n\n\nUNSIGNED-PAYLOAD", VAULT_ACT_DECRYPT, PLACE("b", "k"), false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OWNED(arena) memory = {0};
        asked a;
        pair_list said;
        proof p = {.scheme = rows[i].scheme};
        act_scene scene = {.memory = &memory};
        key_act act = {.act = rows[i].act, .context = rows[i].context};
        slice text = slice_of_text(rows[i].text);
        ASSERT_OK(asked_read(&(proof){.scheme = rows[i].scheme}, text, &memory, &a));
        ASSERT_OK(asked_allows(&a, &act));
        ASSERT_OK(bound_read(&a, &p, text, &memory, &said));
        status checked = bound_check(&a, &said, &scene, &act);
        if (FAILED(checked)) ASSERT_FAILS(checked, NO_PERMISSION);
        if (FAILED(checked) == rows[i].allowed) fail_msg("row %zu: %s", i, rows[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_encrypted_is_what_was_signed, begin, end),
        cmocka_unit_test_setup_teardown(the_key_is_the_one_that_was_signed, begin, end),
        cmocka_unit_test_setup_teardown(what_is_decrypted_is_what_was_signed, begin, end),
        cmocka_unit_test_setup_teardown(an_import_is_the_one_that_was_signed, begin, end),
        cmocka_unit_test_setup_teardown(an_access_key_is_for_whom_the_request_says, begin, end),
        cmocka_unit_test_setup_teardown(keys_go_by_id_arn_or_alias, begin, end),
        cmocka_unit_test(data_keys_are_for_the_object_that_was_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
