/* What one account owns is used for another only under a permit, and a permit is made only for accounts that a signed request names. */
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

static slice OTHER = {(const uint8_t *)"2000000000000002", 16}, MINE = {(const uint8_t *)"1000000000000001", 16},
             PART = {(const uint8_t *)"100000000000000", 15}, WORD = {(const uint8_t *)"root", 4};

/* Signed for `honest`, run as `forged`. */
static const char *run(const char *action, key_act honest, key_act forged) {
    use_message use = test_use(&house, action, &honest);
    use.acts.at = &forged;
    test_run(&house, &use, TEST_NOW_S);
    return status_name((status){(enum status_code)house.done.used.failure.value});
}

static key_act permit_for(slice *account) {
    key_act act = {.act = VAULT_ACT_PERMIT_SHARING, .key_id = slice_of(TEST_KEY_ID, 16)};
    act.accounts.at = account, act.accounts.count = 1;
    return act;
}

static slice permit(slice *account, const uint8_t *key_id) {
    key_act act = permit_for(account);
    slice kept;
    act.key_id = slice_of(key_id, 16);
    ASSERT_OK(arena_copy(&house.memory, test_act(&house, "SetKeyPolicy", act)->output, &kept));
    return kept;
}

static void a_permit_is_for_what_was_signed(void **state) {
    (void)state;
    key_act honest = permit_for(&OTHER), forged = honest;
    assert_string_equal(run("SetKeyPolicy", honest, honest), "OK");
    forged.accounts.at = &MINE;
    assert_string_equal(run("SetKeyPolicy", honest, forged), "NO_PERMISSION");
    honest = permit_for(&MINE);
    forged.accounts.at = &PART; /* a part of the number */
    assert_string_equal(run("SetKeyPolicy", honest, forged), "NO_PERMISSION");
    forged.accounts.at = &WORD; /* stands in the text, and is no account */
    assert_string_equal(run("SetKeyPolicy", honest, forged), "NO_PERMISSION");
    forged = honest, forged.key_id = slice_of(TEST_VERSION_ID, 16);
    assert_string_equal(run("SetKeyPolicy", honest, forged), "NO_PERMISSION");
    forged = honest, forged.text = SLICE("a"), forged.secret_id = SLICE("b"); /* a secret's instead of the key's */
    assert_string_equal(run("SetKeyPolicy", honest, forged), "NO_PERMISSION");
    assert_string_equal(run("DescribeKey", honest, honest), "NO_PERMISSION");
}

#define BUCKET_POLICY "{\"Principal\":[\"2000000000000002\"]}"

/* A bucket's policy as OSS signs it: the body comes along, what is signed of it is its Content-MD5. */
static const char *set_bucket_policy(const char *md5, slice resource, slice body, key_act act) {
    slice *text = ARENA_NEW(&house.memory, slice);
    proof p = {.scheme = SCHEME_OSS_V1, .access_key_id = TEST_KEY_NAME, .texts = {text, 1}, .body = body};
    uint8_t *signature = arena_take(&house.memory, HASH_SHA1_BYTES);
    ASSERT_OK(
        arena_printf(&house.memory, text, "PUT\n%s\n\nMon, 20 May 2024 06:34:21 GMT\n%.*s", md5, SLICE_ARGS(resource)));
    ASSERT_OK(hmac_bytes(HASH_SHA1, TEST_SECRET, *text, signature));
    p.signature = slice_of(signature, HASH_SHA1_BYTES);
    p.request_time = SET_INT(TEST_NOW_S);
    use_message use = test_use(&house, "ListKeys", NULL);
    use.proof = &p;
    use.acts.at = &act, use.acts.count = 1;
    test_run(&house, &use, TEST_NOW_S);
    return status_name((status){(enum status_code)house.done.used.failure.value});
}

static void a_permit_for_a_bucket_is_for_whom_the_signed_policy_names(void **state) {
    (void)state;
    static const char MD5[] = "UBQCkrPuXjJJNzW8D0SRlQ==", OTHER_MD5[] = "XUFAKrxLKna5cZ2REBfFkg==";
    slice at = SLICE("/shared/?policy"), body = SLICE(BUCKET_POLICY);
    key_act honest = {.act = VAULT_ACT_PERMIT_SHARING, .text = SLICE("shared")}, forged;
    honest.accounts.at = &OTHER, honest.accounts.count = 1;
    assert_string_equal(set_bucket_policy(MD5, at, body, honest), "OK");
    assert_string_equal(set_bucket_policy("", at, body, honest), "NO_PERMISSION");
    assert_string_equal(set_bucket_policy("!", at, body, honest), "NO_PERMISSION");
    assert_string_equal(set_bucket_policy(OTHER_MD5, at, body, honest), "NO_PERMISSION");
    assert_string_equal(set_bucket_policy(MD5, at, SLICE(""), honest), "NO_PERMISSION");
    assert_string_equal(set_bucket_policy(MD5, at, SLICE(BUCKET_POLICY " "), honest), "NO_PERMISSION");
    assert_string_equal(set_bucket_policy(MD5, SLICE("/other/?policy"), body, honest), "NO_PERMISSION");
    assert_string_equal(set_bucket_policy(MD5, SLICE("/shared/?acl"), body, honest), "NO_PERMISSION");
    forged = honest, forged.accounts.at = &MINE;
    assert_string_equal(set_bucket_policy(MD5, at, body, forged), "NO_PERMISSION");
    forged = honest, forged.value = SLICE("another policy");
    assert_string_equal(set_bucket_policy(MD5, at, body, forged), "NO_PERMISSION");
}

static key_act encrypt_with(slice sharing) {
    key_act act = {.act = VAULT_ACT_ENCRYPT, .key_id = slice_of(TEST_KEY_ID, 16)};
    act.key = test_new_key(&house);
    act.input = test_boxed(&house, SLICE("hello"));
    act.owner_id = TEST_ACCOUNT;
    act.owner = house.account;
    act.sharing = sharing;
    return act;
}

static void a_key_of_an_account_is_used_under_its_permit_alone(void **state) {
    (void)state;
    key_act act = encrypt_with(permit(&MINE, TEST_KEY_ID));
    assert_string_equal(run("Encrypt", act, act), "OK");
    act = encrypt_with(permit(&OTHER, TEST_KEY_ID));
    assert_string_equal(run("Encrypt", act, act), "NO_PERMISSION");
    act = encrypt_with(permit(&MINE, TEST_VERSION_ID));
    assert_string_equal(run("Encrypt", act, act), "NO_PERMISSION");
    act = encrypt_with((slice){0});
    assert_string_equal(run("Encrypt", act, act), "CORRUPT");
    act = encrypt_with(house.access_key); /* sealed, and something else */
    assert_string_equal(run("Encrypt", act, act), "CORRUPT");
}

int main(void) {
    if (FAILED(crypto_start())) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_permit_is_for_what_was_signed, begin, end),
        cmocka_unit_test_setup_teardown(a_permit_for_a_bucket_is_for_whom_the_signed_policy_names, begin, end),
        cmocka_unit_test_setup_teardown(a_key_of_an_account_is_used_under_its_permit_alone, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
