/* Bringing one's own key: parameters, wrapping, token, expiry, the same material only. */
#include "base/text.h"
#include "crypto/asymmetric.h"
#include "custody/test_house.h"

static test_house house;
static uint8_t material[32];

static int begin(void **state) {
    (void)state;
    test_house_begin(&house);
    memset(material, 0x5a, sizeof material);
    return 0;
}

static int end(void **state) {
    (void)state;
    test_house_end(&house);
    return 0;
}

typedef struct parameters {
    slice public_der, token;
} parameters;

static parameters ask(int algorithm) {
    test_add_pair(&house, 0);
    key_act act = test_new_key_act();
    act.act = VAULT_ACT_IMPORT_PARAMETERS, act.algorithm = algorithm;
    const key_result *given = test_act(&house, "GetParametersForImport", act);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(given->time.value, TEST_NOW_S + 86400);
    assert_int_equal(house.done.use_count, 0);
    return (parameters){given->output, given->extra};
}

static slice wrap(const parameters *p, enum asymmetric_sealing kind, size_t bytes) {
    OWNED(buffer) wrapped = {0};
    slice out;
    ASSERT_OK(asymmetric_seal_once(ASYMMETRIC_RSA_2048, p->public_der, kind, slice_of(material, bytes), &wrapped));
    ASSERT_OK(arena_copy(&house.memory, buffer_slice(&wrapped), &out));
    return out;
}

static key_act import_act(const parameters *p, slice wrapped) {
    key_act act = test_new_key_act();
    act.act = VAULT_ACT_IMPORT, act.token = p->token, act.input = wrapped;
    return act;
}

static void import_at(key_act act, int64_t now_s) {
    use_message use = test_use(&house, "ImportKeyMaterial", &act);
    test_run(&house, &use, now_s);
}

static void imported_material_is_used(void **state) {
    (void)state;
    static const struct {
        int algorithm;
        enum asymmetric_sealing kind;
    } ways[] = {{WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256, SEALING_OAEP_SHA256},
                {WRAPPING_ALGORITHM_RSAES_OAEP_SHA_1, SEALING_OAEP_SHA1}};
    slice blob = {0}, keys[2], prints[2];
    for (size_t i = 0; i < 2; i++) {
        parameters p = ask(ways[i].algorithm);
        import_at(import_act(&p, wrap(&p, ways[i].kind, 32)), TEST_NOW_S + 86399);
        ASSERT_ANSWER(&house, OK);
        assert_int_equal(house.done.uses[0].act, VAULT_ACT_IMPORT);
        keys[i] = house.done.used.results.at[0].output;
        prints[i] = house.done.used.results.at[0].extra;
    }
    assert_int_equal(prints[0].len, 32);
    assert_true(slice_equals(prints[0], prints[1]));
    key_act seal = {.act = VAULT_ACT_ENCRYPT, .key = keys[0], .input = test_boxed(&house, SLICE("hello"))};
    blob = test_act(&house, "Encrypt", seal)->output;
    key_act open = {.act = VAULT_ACT_DECRYPT, .key = keys[1], .input = blob}; /* the same material, imported again */
    slice boxed = test_act(&house, "Decrypt", open)->boxed;
    assert_true(slice_equals(test_unboxed(&house, boxed), SLICE("hello")));
}

/* What core tells of a version that has had material. */
static slice known(const uint8_t id[16], slice print) {
    slice out;
    ASSERT_OK(ARENA_JOIN(&house.memory, &out, slice_of(id, 16), print));
    return out;
}

static void only_the_same_material_comes_again(void **state) {
    (void)state;
    parameters p = ask(WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256);
    import_at(import_act(&p, wrap(&p, SEALING_OAEP_SHA256, 32)), TEST_NOW_S);
    slice print = house.done.used.results.at[0].extra;
    key_act again = import_act(&p, wrap(&p, SEALING_OAEP_SHA256, 32));
    again.context = known(TEST_VERSION_ID, print);
    import_at(again, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
    again.key_version_id = (slice){0}; /* to whichever version has it */
    import_at(again, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
    material[31] ^= 1;
    again.input = wrap(&p, SEALING_OAEP_SHA256, 32);
    import_at(again, TEST_NOW_S);
    ASSERT_ANSWER(&house, KEY_MATERIAL);
    again.key_version_id = slice_of(TEST_VERSION_ID, 16);
    import_at(again, TEST_NOW_S);
    ASSERT_ANSWER(&house, KEY_MATERIAL);
    again.context = slice_head(again.context, 47); /* core never says half of it */
    import_at(again, TEST_NOW_S);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
}

static void new_material_is_unlike_what_was_there(void **state) {
    (void)state;
    static const uint8_t OTHER_ID[16] = {0x77};
    parameters p = ask(WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256);
    import_at(import_act(&p, wrap(&p, SEALING_OAEP_SHA256, 32)), TEST_NOW_S);
    slice first_key = house.done.used.results.at[0].output;
    key_act next = import_act(&p, wrap(&p, SEALING_OAEP_SHA256, 32));
    next.context = known(TEST_VERSION_ID, house.done.used.results.at[0].extra);
    next.key_version_id = slice_of(OTHER_ID, 16);
    import_at(next, TEST_NOW_S);
    ASSERT_ANSWER(&house, KEY_MATERIAL);
    material[0] ^= 1;
    next.input = wrap(&p, SEALING_OAEP_SHA256, 32);
    import_at(next, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
    char version_id[37];
    uuid_format(OTHER_ID, version_id);
    assert_string_equal(house.done.uses[0].key_version_id, version_id);
    slice second_key = house.done.used.results.at[0].output;
    key_act seal = {.act = VAULT_ACT_ENCRYPT, .key = second_key, .input = test_boxed(&house, SLICE("hello"))};
    key_act open = {.act = VAULT_ACT_DECRYPT, .key = second_key, .input = test_act(&house, "Encrypt", seal)->output};
    assert_true(slice_equals(test_unboxed(&house, test_act(&house, "Decrypt", open)->boxed), SLICE("hello")));
    open.key = first_key;
    test_act(&house, "Decrypt", open);
    ASSERT_ANSWER(&house, CIPHERTEXT); /* each ciphertext names its version */
}

static void bad_material_is_refused_alike(void **state) {
    (void)state;
    parameters p = ask(WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256);
    static const size_t sizes[] = {0, 1, 16, 31, 33, 64};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        static uint8_t longer[64];
        OWNED(buffer) wrapped = {0};
        ASSERT_OK(asymmetric_seal_once(ASYMMETRIC_RSA_2048, p.public_der, SEALING_OAEP_SHA256,
                                       slice_of(longer, sizes[i]), &wrapped));
        import_at(import_act(&p, buffer_slice(&wrapped)), TEST_NOW_S);
        ASSERT_ANSWER(&house, KEY_MATERIAL);
    }
    import_at(import_act(&p, wrap(&p, SEALING_OAEP_SHA1, 32)), TEST_NOW_S); /* the other hash */
    ASSERT_ANSWER(&house, KEY_MATERIAL);
    slice wrapped = wrap(&p, SEALING_OAEP_SHA256, 32);
    for (size_t bit = 0; bit < 8 * wrapped.len; bit += 61) {
        import_at(import_act(&p, test_flip(&house, wrapped, bit)), TEST_NOW_S);
        ASSERT_ANSWER(&house, KEY_MATERIAL);
    }
    import_at(import_act(&p, slice_head(wrapped, wrapped.len - 1)), TEST_NOW_S);
    ASSERT_ANSWER(&house, KEY_MATERIAL);
    import_at(import_act(&p, (slice){0}), TEST_NOW_S);
    ASSERT_ANSWER(&house, KEY_MATERIAL);
}

static void tokens_are_for_one_key_and_one_day(void **state) {
    (void)state;
    parameters p = ask(WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256);
    key_act good = import_act(&p, wrap(&p, SEALING_OAEP_SHA256, 32)), act = good;
    import_at(good, TEST_NOW_S + 86400);
    ASSERT_ANSWER(&house, IMPORT_TOKEN_EXPIRED);
    act.key_id = slice_of(TEST_VERSION_ID, 16);
    import_at(act, TEST_NOW_S);
    ASSERT_ANSWER(&house, IMPORT_TOKEN);
    act = good;
    act.spec = KEY_SPEC_ALIYUN_SM4;
    import_at(act, TEST_NOW_S);
    ASSERT_ANSWER(&house, IMPORT_TOKEN);
    act = good;
    act.token = SLICE("dG9r");
    import_at(act, TEST_NOW_S);
    ASSERT_ANSWER(&house, IMPORT_TOKEN);
    for (size_t bit = 0; bit < 8 * p.token.len; bit += 7) {
        act.token = test_flip(&house, p.token, bit);
        import_at(act, TEST_NOW_S);
        ASSERT_ANSWER(&house, IMPORT_TOKEN);
    }
    act.token = house.access_key; /* sealed by the vault, but no token */
    import_at(act, TEST_NOW_S);
    ASSERT_ANSWER(&house, IMPORT_TOKEN);
    slice account, access_key;
    test_bootstrap(&house, SLICE("1000000000000002"), &account, &access_key);
    use_message use = test_use(&house, "ImportKeyMaterial", &good);
    use.account_id = SLICE("1000000000000002"), use.account = account, use.access_key = access_key;
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, IMPORT_TOKEN); /* of another account */
    import_at(good, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
}

static void material_expires(void **state) {
    (void)state;
    parameters p = ask(WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256);
    key_act act = import_act(&p, wrap(&p, SEALING_OAEP_SHA256, 32));
    act.expires_at = SET_INT(TEST_NOW_S);
    import_at(act, TEST_NOW_S);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
    act.expires_at = SET_INT(TEST_NOW_S + 10);
    import_at(act, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
    key_act generate = {.act = VAULT_ACT_GENERATE, .key = house.done.used.results.at[0].output, .size = SET_INT(32)};
    use_message use = test_use(&house, "GenerateDataKey", &generate);
    test_run(&house, &use, TEST_NOW_S + 9);
    ASSERT_ANSWER(&house, OK);
    test_run(&house, &use, TEST_NOW_S + 10); /* kept in memory, and yet no longer used */
    ASSERT_ANSWER(&house, KEY_PENDING_IMPORT);
}

static void without_a_pair_nothing_happens(void **state) {
    (void)state;
    key_act act = test_new_key_act();
    act.act = VAULT_ACT_IMPORT_PARAMETERS, act.algorithm = WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256;
    test_act(&house, "GetParametersForImport", act);
    ASSERT_ANSWER(&house, CLOSED);
    assert_true(house.done.wants_pair);
    use_message use = test_use(&house, "GetParametersForImport", &act);
    use.proof->signature = SLICE("01234567890123456789");
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, BAD_SIGNATURE); /* and who is nobody does not even wait */
    assert_false(house.done.wants_pair);
    assert_int_equal(custody_pairs_missing(house.custody, ASYMMETRIC_RSA_2048, 0), 2);
    test_add_pair(&house, 1);
    assert_int_equal(custody_pairs_missing(house.custody, ASYMMETRIC_RSA_2048, 0), 2);
    test_add_pair(&house, 0);
    assert_int_equal(custody_pairs_missing(house.custody, ASYMMETRIC_RSA_2048, 0), 1);
    act.algorithm = 0;
    test_act(&house, "GetParametersForImport", act);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
    assert_int_equal(custody_pairs_missing(house.custody, ASYMMETRIC_RSA_2048, 0), 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(imported_material_is_used),
        TEST(only_the_same_material_comes_again),
        TEST(new_material_is_unlike_what_was_there),
        TEST(bad_material_is_refused_alike),
        TEST(tokens_are_for_one_key_and_one_day),
        TEST(material_expires),
        TEST(without_a_pair_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
