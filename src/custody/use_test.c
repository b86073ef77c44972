/* Uses of keys, whole: with proof, without, with the wrong one; and what each act refuses. */
#include "base/text.h"
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

/* ---- who asks */

static void nothing_without_proof_but_bootstrap(void **state) {
    (void)state;
    for (int act = 0; act <= VAULT_ACT_NEW_SESSION + 1; act++) {
        key_act asked[] = {test_new_key_act(), {.act = VAULT_ACT_NEW_ACCOUNT}};
        asked[0].act = act;
        use_message use = test_use(&house, "Encrypt", asked);
        use.proof = NULL;
        test_run(&house, &use, TEST_NOW_S);
        ASSERT_ANSWER(&house, NO_PERMISSION); /* for NewAccount too: an account must not be there */
        use.acts.count = 2;
        test_run(&house, &use, TEST_NOW_S);
        ASSERT_ANSWER(&house, NO_PERMISSION);
        use_message bare = {.id = SET_INT(1), .account_id = TEST_ACCOUNT, .acts = {asked, 1}};
        test_run(&house, &bare, TEST_NOW_S);
        if (act != VAULT_ACT_NEW_ACCOUNT) ASSERT_ANSWER(&house, NO_PERMISSION);
    }
    use_message nothing = {.id = SET_INT(1)};
    test_run(&house, &nothing, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

static void bootstrap_makes_an_account_and_nothing_else(void **state) {
    (void)state;
    static const int forbidden[] = {VAULT_ACT_VERIFY,  VAULT_ACT_NEW_ACCOUNT,       VAULT_ACT_ENCRYPT,
                                    VAULT_ACT_DECRYPT, VAULT_ACT_GENERATE,          VAULT_ACT_GENERATE_SEALED,
                                    VAULT_ACT_IMPORT,  VAULT_ACT_IMPORT_PARAMETERS, VAULT_ACT_NEW_SESSION};
    key_act acts[] = {
        {.act = VAULT_ACT_NEW_ACCOUNT}, {.act = VAULT_ACT_NEW_ACCESS_KEY, .text = TEST_KEY_NAME}, test_new_key_act()};
    use_message use = {.id = SET_INT(5), .account_id = SLICE("123456789012"), .acts = {acts, 3}};
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* there is an account already */
    custody_allow_beginning(house.custody);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.used.results.count, 3);
    assert_int_equal(house.done.used.results.at[1].extra.len, 30);
    assert_int_equal(house.done.used.results.at[1].boxed.len, 0);
    assert_int_equal(house.done.use_count, 1); /* the key made */
    for (size_t i = 0; i < 30; i++) {
        uint8_t c = house.done.used.results.at[1].extra.at[i];
        assert_true((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
    }
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* once */
    custody_allow_beginning(house.custody);
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        acts[1].act = forbidden[i];
        test_run(&house, &use, TEST_NOW_S);
        ASSERT_ANSWER(&house, NO_PERMISSION);
        assert_int_equal(house.done.used.results.count, 0);
    }
    acts[1].act = VAULT_ACT_NEW_ACCESS_KEY;
    use.gateway = SET_INT(TEST_GATEWAY);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

static void run_acts(key_act *acts, size_t count, const char *action) {
    use_message use = test_use(&house, action, acts);
    use.acts.count = count;
    test_run(&house, &use, TEST_NOW_S);
}

/* A signed CreateAccount makes keys for the account made with it, and for no other. */
static void an_operators_request_makes_another_account(void **state) {
    (void)state;
    key_act acts[] = {{.act = VAULT_ACT_NEW_ACCOUNT, .text = SLICE("210987654321")},
                      {.act = VAULT_ACT_NEW_ACCESS_KEY, .text = SLICE("LTAIother")},
                      test_new_key_act()};
    run_acts(acts, 3, "CreateAccount");
    ASSERT_ANSWER(&house, OK);
    sealed made;
    OWNED(arena) memory = {0};
    ASSERT_OK(sealed_parse(house.done.used.results.at[1].output, SEALED_ACCESS_KEY, &memory, &made));
    assert_true(slice_equals_text(made.header.account_id, "210987654321"));
    assert_int_equal(house.done.used.results.at[1].extra.len, 0); /* only boxed */
    assert_int_equal(test_unboxed(&house, house.done.used.results.at[1].boxed).len, 30);
    run_acts(acts + 1, 1, "CreateAccount");
    ASSERT_ANSWER(&house, NO_PERMISSION);
    run_acts((key_act[]){acts[1], acts[0]}, 2, "CreateAccount");
    ASSERT_ANSWER(&house, NO_PERMISSION);
    run_acts((key_act[]){acts[0], acts[0]}, 2, "CreateAccount");
    ASSERT_ANSWER(&house, NO_PERMISSION);
    run_acts(acts, 3, "CreateAccessKey");
    ASSERT_ANSWER(&house, NO_PERMISSION);
    acts[0].text = TEST_ACCOUNT; /* its own id again: a second key for the same account */
    run_acts(acts, 3, "CreateAccount");
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
}

static void a_wrong_signature_wins_over_everything(void **state) {
    (void)state;
    key_act act = {.act = VAULT_ACT_ENCRYPT, .key = SLICE("rubbish")};
    use_message use = test_use(&house, "ListKeys", &act);
    use.proof->signature = test_flip(&house, use.proof->signature, 7);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, BAD_SIGNATURE);
    assert_int_equal(house.done.used.results.count, 0);
    use.proof->signature = SLICE("");
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, BAD_SIGNATURE);
    use = test_use(&house, "Encrypt", NULL);
    use.proof->access_key_id = SLICE("LTAI5tTESTVECTOR00000002");
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, BAD_SIGNATURE);
}

/* Who is not there has no secret, not even with the proof of somebody who is: it is checked against one that nobody has. */
static void nobody_has_signed(void **state) {
    (void)state;
    key_act act = {.act = VAULT_ACT_RANDOM, .size = SET_INT(32)};
    const slice tokens[] = {{0}, SLICE("AAAA"), SLICE("!")};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        use_message use = test_use(&house, "GenerateRandom", &act);
        use.account = use.account_id = use.access_key = (slice){0};
        use.proof->security_token = tokens[i];
        test_run(&house, &use, TEST_NOW_S);
        if (tokens[i].len) ASSERT_ANSWER(&house, BAD_SECURITY_TOKEN);
        else ASSERT_ANSWER(&house, BAD_SIGNATURE);
        assert_int_equal(house.done.used.results.count, 0);
    }
}

static void a_right_signature_alone_uses_nothing(void **state) {
    (void)state;
    use_message use = test_use(&house, "ListKeys", NULL);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.used.candidate.value, 0);
    assert_int_equal(house.done.use_count, 0);
    key_act verify = {.act = VAULT_ACT_VERIFY};
    use = test_use(&house, "ListKeys", &verify);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
}

static void other_accounts_and_changed_blobs_are_refused(void **state) {
    (void)state;
    slice account, access_key, twin, twin_key;
    slice key = test_new_key(&house);
    test_bootstrap(&house, SLICE("1000000000000002"), &account, &access_key);
    test_bootstrap(&house, TEST_ACCOUNT, &twin, &twin_key); /* a second account key of the same id */
    key_act act = {.act = VAULT_ACT_GENERATE_SEALED, .key = key, .size = SET_INT(32)};
    const char *action = "GenerateDataKeyWithoutPlaintext";
    use_message use = test_use(&house, action, &act);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
    use.account = twin, use.access_key = twin_key;
    test_run(&house, &use, TEST_NOW_S); /* signed with the same secret, so the proof holds; the key does not open */
    ASSERT_ANSWER(&house, CORRUPT);
    use.account_id = SLICE("1000000000000002"), use.account = account, use.access_key = access_key;
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, CORRUPT);
    use = test_use(&house, action, &act);
    use.access_key = access_key; /* of the other account */
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, CORRUPT);
    use = test_use(&house, action, &act);
    use.account_id = SLICE("1000000000000002");
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, CORRUPT);
}

static void acts_must_be_what_was_signed(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    key_act act = {.act = VAULT_ACT_GENERATE, .key = key, .size = SET_INT(32)};
    test_act(&house, "Encrypt", act);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    test_act(&house, "ListKeys", act);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    key_act acts[] = {{.act = VAULT_ACT_VERIFY}, act};
    use_message use = test_use(&house, "ListKeys", acts);
    use.acts.count = 2;
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    assert_int_equal(house.done.use_count, 0);
    act.act = VAULT_ACT_ADOPT_ACCESS_KEY, act.text = TEST_KEY_NAME, act.input = TEST_SECRET;
    test_act(&house, "CreateAccessKey", act);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

/* ---- keys */

/* Canonical: bag is large, c is d. */
#define CONTEXT SLICE("\0\3bag\0\5large")
#define SHORT_CONTEXT SLICE("\0\1c\0\1d")

static const key_result *encrypt(slice key, slice plaintext, slice context) {
    return test_act(
        &house, "Encrypt",
        (key_act){.act = VAULT_ACT_ENCRYPT, .key = key, .context = context, .input = test_boxed(&house, plaintext)});
}

static const key_result *decrypt(slice key, slice blob, slice context) {
    return test_act(&house, "Decrypt",
                    (key_act){.act = VAULT_ACT_DECRYPT, .key = key, .input = blob, .context = context});
}

static void encrypt_and_decrypt(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    assert_int_equal(house.done.use_count, 1);
    slice blob = encrypt(key, SLICE("hello"), CONTEXT)->output;
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(blob.len, 36 + 24 + 5 + 16);
    assert_memory_equal(blob.at + 4, TEST_KEY_ID, 16);
    assert_int_equal(house.done.uses[0].act, VAULT_ACT_ENCRYPT);
    assert_string_equal(house.done.uses[0].key_id, "6b65796b-6579-6b65-796b-65796b657900");
    slice boxed = decrypt(key, blob, CONTEXT)->boxed;
    ASSERT_ANSWER(&house, OK);
    assert_true(slice_equals(test_unboxed(&house, boxed), SLICE("hello")));
}

static void every_changed_bit_of_a_ciphertext_is_refused(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    slice blob = encrypt(key, SLICE("hello"), CONTEXT)->output;
    for (size_t bit = 0; bit < 8 * blob.len; bit++) {
        decrypt(key, test_flip(&house, blob, bit), CONTEXT);
        ASSERT_ANSWER(&house, CIPHERTEXT);
        assert_int_equal(house.done.use_count, 0);
    }
    for (size_t len = 0; len < blob.len; len++) {
        decrypt(key, slice_head(blob, len), CONTEXT);
        ASSERT_ANSWER(&house, CIPHERTEXT);
    }
    slice context = CONTEXT;
    for (size_t bit = 8 * (context.len - 5); bit < 8 * context.len; bit++) {
        decrypt(key, blob, test_flip(&house, context, bit));
        ASSERT_ANSWER(&house, CIPHERTEXT);
    }
    decrypt(key, blob, (slice){0});
    ASSERT_ANSWER(&house, CIPHERTEXT);
    decrypt(test_new_key(&house), blob, context); /* other material under the same ids */
    ASSERT_ANSWER(&house, CIPHERTEXT);
}

static void swapped_key_ids_are_refused(void **state) {
    (void)state;
    slice first = test_new_key(&house);
    key_act other = test_new_key_act();
    other.key_id = slice_of(TEST_VERSION_ID, 16);
    slice second = test_act(&house, "CreateKey", other)->output;
    slice blob = encrypt(first, SLICE("hello"), (slice){0})->output;
    decrypt(second, blob, (slice){0});
    ASSERT_ANSWER(&house, CIPHERTEXT);
    key_act act = {.act = VAULT_ACT_DECRYPT, .key = first, .input = blob, .key_id = slice_of(TEST_VERSION_ID, 16)};
    test_act(&house, "Decrypt", act);
    ASSERT_ANSWER(&house, CORRUPT); /* core names one key and sends another */
    act.key_id = slice_of(TEST_KEY_ID, 16), act.key_version_id = slice_of(TEST_KEY_ID, 16);
    test_act(&house, "Decrypt", act);
    ASSERT_ANSWER(&house, CORRUPT);
    act = test_new_key_act();
    act.key_id = slice_of(TEST_KEY_ID, 15);
    test_act(&house, "CreateKey", act);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
}

static void data_keys(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    key_act act = {.act = VAULT_ACT_GENERATE, .key = key, .size = SET_INT(1024), .context = SHORT_CONTEXT};
    const key_result *made = test_act(&house, "GenerateDataKey", act);
    ASSERT_ANSWER(&house, OK);
    slice blob = made->output, plain = test_unboxed(&house, made->boxed);
    assert_int_equal(plain.len, 1024);
    assert_true(slice_equals(test_unboxed(&house, decrypt(key, blob, SHORT_CONTEXT)->boxed), plain));
    act.act = VAULT_ACT_GENERATE_SEALED, act.size = SET_INT(16);
    made = test_act(&house, "GenerateDataKeyWithoutPlaintext", act);
    assert_int_equal(made->boxed.len, 0);
    assert_int_equal(test_unboxed(&house, decrypt(key, made->output, SHORT_CONTEXT)->boxed).len, 16);
    static const int64_t wrong[] = {0, -1, 1025, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        act.size = SET_INT(wrong[i]);
        test_act(&house, "GenerateDataKeyWithoutPlaintext", act);
        ASSERT_ANSWER(&house, INVALID_PARAMETER);
    }
}

static void boxes_are_for_one_request_and_one_gateway(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    key_act act = {.act = VAULT_ACT_ENCRYPT, .key = key, .input = test_boxed(&house, SLICE("hello"))};
    use_message use = test_use(&house, "Encrypt", &act);
    use.request_id = SLICE("another");
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, VERIFICATION);
    use.request_id = TEST_REQUEST, use.gateway = SET_INT(TEST_GATEWAY + 1);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, CLOSED);
    for (int64_t gateway = -1; gateway <= CUSTODY_GATEWAYS_MOST; gateway += CUSTODY_GATEWAYS_MOST + 1) {
        use.gateway = SET_INT(gateway);
        test_run(&house, &use, TEST_NOW_S);
        ASSERT_ANSWER(&house, CLOSED);
    }
    act.input = SLICE("hello");
    use = test_use(&house, "Encrypt", &act);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, VERIFICATION);
    encrypt(key, SLICE(""), (slice){0});
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
}

static void all_acts_or_none(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    key_act acts[] = {
        {.act = VAULT_ACT_GENERATE_SEALED, .key = key, .size = SET_INT(32)},
        {.act = VAULT_ACT_GENERATE_SEALED, .key = test_flip(&house, key, 8 * key.len - 1), .size = SET_INT(32)}};
    acts[1].key_id = slice_of(TEST_KEY_ID, 16);
    use_message use = test_use(&house, "GenerateDataKeyWithoutPlaintext", acts);
    use.acts.count = 2;
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, CORRUPT);
    assert_int_equal(house.done.used.results.count, 0);
    assert_int_equal(house.done.use_count, 0);
    acts[1].key = key;
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 2);
    use.acts.count = CUSTODY_ACTS_MOST + 1;
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
}

/* ---- credentials */

/* Signs with credentials just given out. */
static void run_as(slice name, slice key_secret, slice sealed_key, slice token, int64_t now_s) {
    use_message use = test_use(&house, "ListKeys", NULL);
    use.access_key = sealed_key;
    use.proof->access_key_id = name;
    use.proof->security_token = token;
    use.proof->signature = test_sign(key_secret, use.proof->texts.at[0], &house.memory);
    test_run(&house, &use, now_s);
}

static void a_new_access_key_signs(void **state) {
    (void)state;
    key_act act = {.act = VAULT_ACT_NEW_ACCESS_KEY, .text = SLICE("LTAInew"), .user_id = TEST_ACCOUNT};
    const key_result *made = test_act(&house, "CreateAccessKey", act);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(made->extra.len, 0); /* in clear only at bootstrap */
    slice sealed_key = made->output, key_secret = test_unboxed(&house, made->boxed);
    assert_int_equal(key_secret.len, 30);
    run_as(SLICE("LTAInew"), key_secret, sealed_key, (slice){0}, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
    run_as(TEST_KEY_NAME, key_secret, sealed_key, (slice){0}, TEST_NOW_S);
    ASSERT_ANSWER(&house, BAD_SIGNATURE);
    run_as(SLICE("LTAInew"), TEST_SECRET, sealed_key, (slice){0}, TEST_NOW_S);
    ASSERT_ANSWER(&house, BAD_SIGNATURE);
    for (size_t bit = 0; bit < 8 * sealed_key.len; bit++) {
        run_as(SLICE("LTAInew"), key_secret, test_flip(&house, sealed_key, bit), (slice){0}, TEST_NOW_S);
        ASSERT_ANSWER(&house, CORRUPT);
    }
    act.text = SLICE("STS.x");
    test_act(&house, "CreateAccessKey", act);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
}

static void a_session_signs_until_it_lapses(void **state) {
    (void)state;
    key_act act = {.act = VAULT_ACT_NEW_SESSION, .text = SLICE("STS.one"), .expires_at = SET_INT(TEST_NOW_S + 900)};
    act.user_name = SLICE("somebody-else"); /* what core says does not count */
    const key_result *made = test_act(&house, "GetSessionToken", act);
    ASSERT_ANSWER(&house, OK);
    slice token = made->output, key_secret = test_unboxed(&house, made->boxed), blob;
    run_as(SLICE("STS.one"), key_secret, (slice){0}, token, TEST_NOW_S + 899);
    ASSERT_ANSWER(&house, OK);
    assert_true(slice_equals(house.done.used.session, SLICE("STS.one")));
    run_as(SLICE("STS.one"), key_secret, (slice){0}, token, TEST_NOW_S + 900);
    ASSERT_ANSWER(&house, SECURITY_TOKEN_EXPIRED);
    run_as(SLICE("STS.two"), key_secret, (slice){0}, token, TEST_NOW_S);
    ASSERT_ANSWER(&house, SECURITY_TOKEN_MISMATCH);
    run_as(SLICE("STS.one"), TEST_SECRET, (slice){0}, token, TEST_NOW_S);
    ASSERT_ANSWER(&house, BAD_SIGNATURE);
    run_as(SLICE("STS.one"), key_secret, house.access_key, SLICE("CAIStoken+/=abc"), TEST_NOW_S);
    ASSERT_ANSWER(&house, BAD_SECURITY_TOKEN);
    ASSERT_OK(base64_decode(token, &house.memory, &blob));
    sealed outside;
    ASSERT_OK(sealed_parse(blob, SEALED_SESSION, &house.memory, &outside));
    assert_true(slice_is_absent(outside.header.user_name));
    for (size_t bit = 0; bit < 8 * blob.len; bit++) {
        OWNED(buffer) forged = {0};
        ASSERT_OK(base64_encode(&forged, test_flip(&house, blob, bit)));
        run_as(SLICE("STS.one"), key_secret, (slice){0}, buffer_slice(&forged), TEST_NOW_S);
        ASSERT_ANSWER(&house, BAD_SECURITY_TOKEN);
    }
}

static void sessions_have_limits(void **state) {
    (void)state;
    key_act act = {.act = VAULT_ACT_NEW_SESSION, .text = SLICE("STS.one"), .expires_at = SET_INT(TEST_NOW_S)};
    test_act(&house, "GetSessionToken", act);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
    act.expires_at = SET_INT(TEST_NOW_S + 7 * 86400);
    test_act(&house, "GetSessionToken", act);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
    act.expires_at.is_set = false;
    test_act(&house, "GetSessionToken", act);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
    act.expires_at = SET_INT(TEST_NOW_S + 900), act.text = SLICE("LTAIone");
    test_act(&house, "GetSessionToken", act);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
    act.text = SLICE("STS.one");
    const key_result *made = test_act(&house, "GetSessionToken", act);
    slice token = made->output, key_secret = test_unboxed(&house, made->boxed);
    use_message use = test_use(&house, "GetSessionToken", &act);
    use.proof->access_key_id = SLICE("STS.one"), use.proof->security_token = token;
    use.proof->signature = test_sign(key_secret, use.proof->texts.at[0], &house.memory);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* sessions beget no sessions */
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(nothing_without_proof_but_bootstrap),
        TEST(bootstrap_makes_an_account_and_nothing_else),
        TEST(an_operators_request_makes_another_account),
        TEST(a_wrong_signature_wins_over_everything),
        TEST(nobody_has_signed),
        TEST(a_right_signature_alone_uses_nothing),
        TEST(other_accounts_and_changed_blobs_are_refused),
        TEST(acts_must_be_what_was_signed),
        TEST(encrypt_and_decrypt),
        TEST(every_changed_bit_of_a_ciphertext_is_refused),
        TEST(swapped_key_ids_are_refused),
        TEST(data_keys),
        TEST(boxes_are_for_one_request_and_one_gateway),
        TEST(all_acts_or_none),
        TEST(a_new_access_key_signs),
        TEST(a_session_signs_until_it_lapses),
        TEST(sessions_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
