/* Values of secrets: bound to account, secret and version; opened only for a request that names the secret; random ones. */
#include "custody/password.h"
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

static key_act value_act(slice key, int kind) {
    return (key_act){
        .act = kind, .key = key, .text = SLICE("db"), .secret_id = SLICE("AbC123"), .version = SLICE("v1")};
}

static const key_result *seal(slice key, slice value) {
    key_act act = value_act(key, VAULT_ACT_SEAL_SECRET);
    act.input = test_boxed(&house, value);
    return test_act(&house, "PutSecretValue", act);
}

static const key_result *reopen(slice key, slice blob) {
    key_act act = value_act(key, VAULT_ACT_OPEN_SECRET);
    act.input = blob;
    return test_act(&house, "GetSecretValue", act);
}

static void what_is_sealed_opens(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    slice blob = seal(key, SLICE("hello"))->output;
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 1);
    assert_int_equal(house.done.uses[0].act, VAULT_ACT_SEAL_SECRET);
    assert_int_equal(blob.len, 36 + 24 + 5 + 16);
    assert_memory_equal(blob.at, "KH\x01V", 4);
    assert_memory_equal(blob.at + 4, TEST_KEY_ID, 16);
    slice boxed = reopen(key, blob)->boxed;
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.uses[0].act, VAULT_ACT_OPEN_SECRET);
    assert_true(slice_equals(test_unboxed(&house, boxed), SLICE("hello")));
}

static slice key_of_spec(int spec, int usage) {
    slice key;
    key_act act = test_new_key_act();
    act.spec = spec, act.usage = usage;
    ASSERT_OK(arena_copy(&house.memory, test_act(&house, "CreateKey", act)->output, &key));
    ASSERT_ANSWER(&house, OK);
    return key;
}

static void every_symmetric_key_seals_values(void **state) {
    (void)state;
    static const int SPECS[] = {KEY_SPEC_ALIYUN_AES_128, KEY_SPEC_ALIYUN_AES_192, KEY_SPEC_ALIYUN_SM4};
    for (size_t i = 0; i < sizeof SPECS / sizeof *SPECS; i++) {
        slice key = key_of_spec(SPECS[i], KEY_USAGE_ENCRYPT_DECRYPT);
        slice blob = seal(key, SLICE("hello"))->output;
        ASSERT_ANSWER(&house, OK);
        assert_true(slice_equals(test_unboxed(&house, reopen(key, blob)->boxed), SLICE("hello")));
        for (size_t bit = 0; bit < 8 * blob.len; bit += 5) {
            reopen(key, test_flip(&house, blob, bit));
            ASSERT_ANSWER(&house, CORRUPT);
        }
        reopen(test_new_key(&house), blob);
        ASSERT_ANSWER(&house, CORRUPT);
    }
    slice mac = key_of_spec(KEY_SPEC_HMAC_SHA_256, KEY_USAGE_GENERATE_VERIFY_MAC);
    seal(mac, SLICE("hello"));
    ASSERT_ANSWER(&house, KEY_USAGE);
    seal(key_of_spec(KEY_SPEC_EC_P256, KEY_USAGE_SIGN_VERIFY), SLICE("hello"));
    ASSERT_ANSWER(&house, KEY_USAGE);
}

static void every_changed_bit_is_refused(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    slice blob = seal(key, SLICE("hello"))->output;
    for (size_t bit = 0; bit < 8 * blob.len; bit++) {
        reopen(key, test_flip(&house, blob, bit));
        ASSERT_ANSWER(&house, CORRUPT);
        assert_int_equal(house.done.use_count, 0);
    }
    for (size_t len = 0; len < blob.len; len++) {
        reopen(key, slice_head(blob, len));
        ASSERT_ANSWER(&house, CORRUPT);
    }
}

static void a_value_is_bound_to_its_place(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    slice blob = seal(key, SLICE("hello"))->output;
    key_act good = value_act(key, VAULT_ACT_OPEN_SECRET);
    good.input = blob;
    key_act wrong[] = {good, good, good, good, good, good};
    wrong[0].version = SLICE("v2");
    wrong[1].secret_id = SLICE("AbC124");
    wrong[2].version = SLICE("");
    wrong[3].secret_id = (slice){0};
    wrong[4].key = test_new_key(&house); /* other material under the same ids */
    wrong[5].key_id = slice_of(TEST_VERSION_ID, 16);
    static const enum status_code FAILURES[] = {FAILURE_CORRUPT,           FAILURE_CORRUPT, FAILURE_INVALID_PARAMETER,
                                                FAILURE_INVALID_PARAMETER, FAILURE_CORRUPT, FAILURE_CORRUPT};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        test_act(&house, "GetSecretValue", wrong[i]);
        assert_int_equal(house.done.used.failure.value, FAILURES[i]);
        assert_int_equal(house.done.use_count, 0);
    }
    key_act other = good;
    other.text = SLICE("db2");
    test_act(&house, "GetSecretValue", other);
    ASSERT_ANSWER(&house, CORRUPT);
}

/* ---- a taken core or gateway */

/* An act under a request signed with these parameters behind the action. */
static void run_signed(const char *parameters, key_act act) {
    OWNED(buffer) text = {0};
    ASSERT_OK(buffer_printf(&text, "POST&%%2F&Action%%3D%s%%26Version%%3D2016-01-20", parameters));
    use_message use = test_use(&house, "ListSecrets", NULL);
    use.proof = test_proof_of(&house, buffer_slice(&text));
    use.acts.at = &act, use.acts.count = 1;
    test_run(&house, &use, TEST_NOW_S);
}

/* It can neither have another secret opened than the one that was signed for, nor use other calls for it. */
#define OF_AWS "GetSecretValue%26SecretName%3Darn%253Aaws%253Asecretsmanager%253Ar%253A1000000000000001%253Asecret%253A"

static void only_the_secret_that_is_signed_for(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    slice blob = seal(key, SLICE("hello"))->output;
    key_act act = value_act(key, VAULT_ACT_OPEN_SECRET);
    act.input = blob;
    static const char *const REFUSED[] = {
        "GetSecretValue",
        "GetSecretValue%26SecretName%3D",
        "GetSecretValue%26SecretName%3Ddb2",
        "GetSecretValue%26SecretName%3Dd",
        "GetSecretValue%26SecretName%3DDB",
        "GetSecretValue%26SecretName%3Dx%252Fdb",
        "GetSecretValue%26SecretName%3Ddb%26SecretName%3Ddb2",
        "GetSecretValue%26SecretName%3Dacs%253Akms%253Ar%253A1000000000000001%253Akey%252Fdb",
        OF_AWS "db-AbC124",
        OF_AWS "db-",
        "GetSecretValue%26SecretName%3Dacs%253Akms%253Ar%253A1%253Asecret%252Fdb", /* another account's */
        "GetSecretValue%26SecretName%3Dacs%253Akms%253Asecret%252Fdb",
        "GetSecretValue%26SecretName%3Ddb%26DryRun%3Dtrue",
        "GetSecretValue%26SecretName%3D%25zz",
        "GetSecretValue%26SecretName%3Ddb%26VersionId%3Dv2",
        "DescribeSecret%26SecretName%3Ddb",
        "PutSecretValue%26SecretName%3Ddb",
        "Decrypt%26SecretName%3Ddb",
        "ListSecrets",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        run_signed(REFUSED[i], act);
        ASSERT_ANSWER(&house, NO_PERMISSION);
        assert_int_equal(house.done.use_count, 0);
    }
    static const char *const TAKEN[] = {
        "GetSecretValue%26SecretName%3Ddb",
        "GetSecretValue%26SecretName%3Ddb%26VersionId%3Dv1%26VersionStage%3DACSCurrent",
        "GetSecretValue%26SecretName%3Dacs%253Akms%253Ar%253A1000000000000001%253Asecret%252Fdb",
        OF_AWS "db-AbC123",
        OF_AWS "db",
    };
    for (size_t i = 0; i < sizeof TAKEN / sizeof *TAKEN; i++) {
        run_signed(TAKEN[i], act);
        ASSERT_ANSWER(&house, OK);
    }
    act.act = VAULT_ACT_SEAL_SECRET, act.input = test_boxed(&house, SLICE("x"));
    run_signed("GetSecretValue%26SecretName%3Ddb", act);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

static void only_the_value_that_is_signed_for(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    key_act act = value_act(key, VAULT_ACT_SEAL_SECRET);
    act.input = test_boxed(&house, SLICE("hello"));
    run_signed("PutSecretValue%26SecretName%3Ddb%26VersionId%3Dv1%26SecretData%3Dhello", act);
    ASSERT_ANSWER(&house, OK);
    run_signed("PutSecretValue%26SecretName%3Ddb%26SecretData%3DaGVsbG8%253D%26SecretDataType%3Dbinary", act);
    ASSERT_ANSWER(&house, OK);
    static const char *const REFUSED[] = {
        "PutSecretValue%26SecretName%3Ddb%26SecretData%3Dhellp",
        "PutSecretValue%26SecretName%3Ddb%26SecretData%3D",
        "PutSecretValue%26SecretName%3Ddb",
        "PutSecretValue%26SecretName%3Ddb%26SecretData%3DaGVsbG8%253D",
        "PutSecretValue%26SecretName%3Ddb%26SecretData%3Dhello%26SecretDataType%3Dbinary",
        "PutSecretValue%26SecretName%3Ddb%26VersionId%3Dv2%26SecretData%3Dhello",
        "PutSecretValue%26SecretName%3Ddb2%26SecretData%3Dhello",
        "CreateSecret%26SecretName%3Ddb%26SecretData%3Dhello%26EncryptionKeyId%3D6b65796b-6579-6b65-796b-65796b657901",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        run_signed(REFUSED[i], act);
        ASSERT_ANSWER(&house, NO_PERMISSION);
    }
}

static void only_the_rule_that_is_signed_for(void **state) {
    (void)state;
    password_rule rule = {
        .password_length = SET_INT(20), .exclude_numbers = SET_BOOL(true), .exclude_characters = SLICE("ab")};
    key_act act = {.act = VAULT_ACT_RANDOM_PASSWORD, .rule = &rule};
    run_signed("GetRandomPassword%26PasswordLength%3D20%26ExcludeNumbers%3Dtrue%26ExcludeCharacters%3Dab", act);
    ASSERT_ANSWER(&house, OK);
    static const char *const REFUSED[] = {
        "GetRandomPassword",
        "GetRandomPassword%26PasswordLength%3D21%26ExcludeNumbers%3Dtrue%26ExcludeCharacters%3Dab",
        "GetRandomPassword%26ExcludeNumbers%3Dtrue%26ExcludeCharacters%3Dab",
        "GetRandomPassword%26PasswordLength%3D20%26ExcludeNumbers%3Dfalse%26ExcludeCharacters%3Dab",
        "GetRandomPassword%26PasswordLength%3D20%26ExcludeCharacters%3Dab",
        "GetRandomPassword%26PasswordLength%3D20%26ExcludeNumbers%3Dtrue",
        ("GetRandomPassword%26PasswordLength%3D20%26ExcludeNumbers%3Dtrue%26ExcludeCharacters%3Dab%26ExcludeLowercase%"
         "3Dtrue"),
        "GetRandomPassword%26PasswordLength%3Dx%26ExcludeNumbers%3Dtrue%26ExcludeCharacters%3Dab",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        run_signed(REFUSED[i], act);
        ASSERT_ANSWER(&house, NO_PERMISSION);
    }
}

/* Nor is a secret's value a ciphertext that Decrypt opens, or the other way round. */
static void values_and_ciphertexts_are_two_things(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    slice blob = seal(key, SLICE("hello"))->output;
    test_act(&house, "Decrypt", (key_act){.act = VAULT_ACT_DECRYPT, .key = key, .input = blob});
    ASSERT_ANSWER(&house, CIPHERTEXT);
    slice changed;
    ASSERT_OK(arena_copy(&house.memory, blob, &changed));
    ((uint8_t *)(uintptr_t)changed.at)[3] = 'C';
    test_act(&house, "Decrypt", (key_act){.act = VAULT_ACT_DECRYPT, .key = key, .input = changed});
    ASSERT_ANSWER(&house, CIPHERTEXT);
    key_act act = {.act = VAULT_ACT_ENCRYPT, .key = key, .input = test_boxed(&house, SLICE("hello"))};
    slice made = test_act(&house, "Encrypt", act)->output;
    reopen(key, made);
    ASSERT_ANSWER(&house, CORRUPT);
}

static void fingerprints_tell_same_from_other(void **state) {
    (void)state;
    slice key = test_new_key(&house), first, second, third, other_version;
    ASSERT_OK(arena_copy(&house.memory, seal(key, SLICE("hello"))->extra, &first));
    ASSERT_OK(arena_copy(&house.memory, seal(key, SLICE("hello"))->extra, &second));
    ASSERT_OK(arena_copy(&house.memory, seal(key, SLICE("hellp"))->extra, &third));
    key_act act = value_act(key, VAULT_ACT_SEAL_SECRET);
    act.version = SLICE("v2");
    act.input = test_boxed(&house, SLICE("hello"));
    other_version = test_act(&house, "PutSecretValue", act)->extra;
    assert_int_equal(first.len, 32);
    assert_true(slice_equals(first, second));
    assert_false(slice_equals(first, third));
    assert_false(slice_equals(first, other_version)); /* equal values of two versions cannot be told */
}

static void sizes(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    static uint8_t bytes[SECRET_VALUE_MOST + 1];
    seal(key, slice_of(bytes, SECRET_VALUE_MOST));
    ASSERT_ANSWER(&house, OK);
    seal(key, slice_of(bytes, SECRET_VALUE_MOST + 1));
    ASSERT_ANSWER(&house, TOO_LARGE);
    seal(key, SLICE(""));
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
}

/* ---- random values */

static slice password(const password_rule *rule) {
    key_act act = {.act = VAULT_ACT_RANDOM_PASSWORD, .rule = (password_rule *)(uintptr_t)rule};
    const key_result *made = test_act(&house, "GetRandomPassword", act);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 0);
    return test_unboxed(&house, made->boxed);
}

static size_t count_of(slice text, const char *set) {
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += strchr(set, text.at[i]) != NULL;
    return count;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define MARKS "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

static void passwords_keep_to_their_rule(void **state) {
    (void)state;
    password_rule rule = {.require_each_included_type = SET_BOOL(true), .password_length = SET_INT(4)};
    for (int i = 0; i < 200; i++) {
        slice made = password(&rule);
        assert_int_equal(made.len, 4);
        assert_true(count_of(made, LOWER) == 1 && count_of(made, UPPER) == 1 && count_of(made, DIGITS) == 1 &&
                    count_of(made, MARKS) == 1);
    }
    assert_int_equal(password(&(password_rule){0}).len, 32);
    rule = (password_rule){.password_length = SET_INT(4096),
                           .exclude_punctuation = SET_BOOL(true),
                           .exclude_characters = SLICE("abcXYZ019")};
    slice made = password(&rule);
    assert_int_equal(count_of(made, "abcXYZ019" MARKS), 0);
    assert_int_equal(count_of(made, LOWER UPPER DIGITS), 4096);
    rule = (password_rule){
        .password_length = SET_INT(64), .exclude_lowercase = SET_BOOL(true), .exclude_uppercase = SET_BOOL(true)};
    rule.exclude_punctuation = SET_BOOL(true);
    assert_int_equal(count_of(password(&rule), DIGITS), 64);
    rule.exclude_numbers = SET_BOOL(true), rule.include_space = SET_BOOL(true);
    assert_int_equal(count_of(password(&rule), " "), 64);
}

/* Every character as likely as any other: with 94 of them, 94 000 drawn, each comes 1000 times; 6 sigma are 190. */
static void characters_are_equally_likely(void **state) {
    (void)state;
    size_t seen[128] = {0};
    password_rule rule = {.password_length = SET_INT(4000), .require_each_included_type = SET_BOOL(false)};
    for (int i = 0; i < 24; i++) {
        slice made = password(&rule);
        for (size_t k = 0; k < made.len && (size_t)i * 4000 + k < 94000; k++) seen[made.at[k] & 127]++;
    }
    for (int c = '!'; c <= '~'; c++) assert_in_range(seen[c], 810, 1190);
}

static void impossible_rules_are_refused(void **state) {
    (void)state;
    password_rule none = {
        .exclude_lowercase = SET_BOOL(true), .exclude_uppercase = SET_BOOL(true), .exclude_numbers = SET_BOOL(true)};
    none.exclude_punctuation = SET_BOOL(true);
    password_rule wrong[] = {none,
                             {.password_length = SET_INT(0)},
                             {.password_length = SET_INT(-1)},
                             {.password_length = SET_INT(4097)},
                             {.password_length = SET_INT(3), .require_each_included_type = SET_BOOL(true)},
                             {.exclude_characters = SLICE(DIGITS), .require_each_included_type = SET_BOOL(true)},
                             {.exclude_characters = SLICE(LOWER UPPER DIGITS MARKS)}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        test_act(&house, "GetRandomPassword", (key_act){.act = VAULT_ACT_RANDOM_PASSWORD, .rule = &wrong[i]});
        ASSERT_ANSWER(&house, INVALID_PARAMETER);
    }
    test_act(&house, "GetRandomPassword", (key_act){.act = VAULT_ACT_RANDOM_PASSWORD});
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

static void rotation_makes_a_value_nobody_sees(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    password_rule rule = {.password_length = SET_INT(20)};
    key_act act = value_act(key, VAULT_ACT_GENERATE_SECRET);
    act.rule = &rule;
    const key_result *made = test_act(&house, "RotateSecret", act);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(made->boxed.len, 0);
    assert_int_equal(house.done.use_count, 1);
    slice blob = made->output;
    slice boxed = reopen(key, blob)->boxed;
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(test_unboxed(&house, boxed).len, 20);
    run_signed("RotateSecret%26SecretName%3Dother", act);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    test_act(&house, "GetRandomPassword", act);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

/* ---- by the house itself */

enum { INTERVAL_S = 3600 };

static void own(key_act act, int64_t now_s) {
    use_message use = {
        .id = SET_INT(1), .request_id = TEST_REQUEST, .account_id = TEST_ACCOUNT, .account = house.account};
    use.acts.at = &act, use.acts.count = 1;
    test_run(&house, &use, now_s);
}

static slice permit_of(password_rule *rule) {
    key_act act = {
        .act = VAULT_ACT_PERMIT_SECRET_ROTATION, .text = SLICE("db"), .secret_id = SLICE("AbC123"), .rule = rule};
    act.rotation_interval_s = SET_INT(INTERVAL_S);
    run_signed("UpdateSecretRotationPolicy%26SecretName%3Ddb%26EnableAutomaticRotation%3Dtrue%26RotationInterval%"
               "3D3600s%26PasswordLength%3D20",
               act);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 0);
    return house.done.used.results.at[0].output;
}

static key_act renewal(slice key, slice permit) {
    key_act act = value_act(key, VAULT_ACT_RENEW_SECRET);
    act.token = permit;
    return act;
}

static void nobody_rotates_what_the_owner_did_not_allow(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    password_rule rule = {.password_length = SET_INT(20)}, weak = {.password_length = SET_INT(1)};
    slice permit = permit_of(&rule);
    own(renewal(key, permit), TEST_NOW_S + INTERVAL_S - 1);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* not before it is due */
    key_act act = renewal(key, permit);
    act.rule = &weak; /* the rule is the one that was signed for */
    own(act, TEST_NOW_S + INTERVAL_S);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(house.done.use_count, 1);
    slice next = house.done.used.results.at[0].permit, blob = house.done.used.results.at[0].output;
    slice boxed = reopen(key, blob)->boxed;
    assert_int_equal(test_unboxed(&house, boxed).len, 20);
    own(renewal(key, next), TEST_NOW_S + 2 * INTERVAL_S - 1);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    own(renewal(key, next), TEST_NOW_S + 2 * INTERVAL_S);
    ASSERT_ANSWER(&house, OK);
    act = renewal(key, permit), act.text = SLICE("db2");
    own(act, TEST_NOW_S + INTERVAL_S);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* of another secret */
    act = renewal(key, permit), act.secret_id = SLICE("AbC124");
    own(act, TEST_NOW_S + INTERVAL_S);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* of a former secret of that name */
    own(renewal(key, (slice){0}), TEST_NOW_S + INTERVAL_S);
    ASSERT_ANSWER(&house, CORRUPT);
    for (size_t bit = 0; bit < permit.len * 8; bit += 3) {
        own(renewal(key, test_flip(&house, permit, bit)), TEST_NOW_S + INTERVAL_S);
        ASSERT_ANSWER(&house, CORRUPT);
    }
    run_signed("RotateSecret%26SecretName%3Ddb", renewal(key, permit));
    ASSERT_ANSWER(&house, NO_PERMISSION); /* nor is it anybody's to ask for */
    own(value_act(key, VAULT_ACT_GENERATE_SECRET), TEST_NOW_S + INTERVAL_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

static void a_permit_is_what_was_signed(void **state) {
    (void)state;
    password_rule rule = {.password_length = SET_INT(20)};
    key_act act = {
        .act = VAULT_ACT_PERMIT_SECRET_ROTATION, .text = SLICE("db"), .secret_id = SLICE("AbC123"), .rule = &rule};
    act.rotation_interval_s = SET_INT(INTERVAL_S);
    static const char *const REFUSED[] = {
        "UpdateSecretRotationPolicy%26SecretName%3Ddb%26EnableAutomaticRotation%3Dtrue%26RotationInterval%3D3601s%"
        "26PasswordLength%3D20",
        "UpdateSecretRotationPolicy%26SecretName%3Ddb%26EnableAutomaticRotation%3Dfalse%26RotationInterval%3D3600s%"
        "26PasswordLength%3D20",
        "UpdateSecretRotationPolicy%26SecretName%3Ddb%26EnableAutomaticRotation%3Dtrue%26RotationInterval%3D3600s",
        "UpdateSecretRotationPolicy%26SecretName%3Ddb2%26EnableAutomaticRotation%3Dtrue%26RotationInterval%3D3600s%"
        "26PasswordLength%3D20",
        "RotateSecret%26SecretName%3Ddb",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        run_signed(REFUSED[i], act);
        ASSERT_ANSWER(&house, NO_PERMISSION);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_sealed_opens, begin, end),
        cmocka_unit_test_setup_teardown(every_symmetric_key_seals_values, begin, end),
        cmocka_unit_test_setup_teardown(every_changed_bit_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_value_is_bound_to_its_place, begin, end),
        cmocka_unit_test_setup_teardown(only_the_secret_that_is_signed_for, begin, end),
        cmocka_unit_test_setup_teardown(only_the_value_that_is_signed_for, begin, end),
        cmocka_unit_test_setup_teardown(only_the_rule_that_is_signed_for, begin, end),
        cmocka_unit_test_setup_teardown(values_and_ciphertexts_are_two_things, begin, end),
        cmocka_unit_test_setup_teardown(fingerprints_tell_same_from_other, begin, end),
        cmocka_unit_test_setup_teardown(sizes, begin, end),
        cmocka_unit_test_setup_teardown(passwords_keep_to_their_rule, begin, end),
        cmocka_unit_test_setup_teardown(characters_are_equally_likely, begin, end),
        cmocka_unit_test_setup_teardown(impossible_rules_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(nobody_rotates_what_the_owner_did_not_allow, begin, end),
        cmocka_unit_test_setup_teardown(a_permit_is_what_was_signed, begin, end),
        cmocka_unit_test_setup_teardown(rotation_makes_a_value_nobody_sees, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
