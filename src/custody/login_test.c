/* People: passwords, one-time codes, logins; and sessions of roles. */
#include "custody/test_house.h"

#include "crypto/password.h"

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

#define ALICE SLICE("alice")
#define ALICE_ID SLICE("212345678901234567")
static password_policy_view RULES = {.minimum_password_length = {8, true}};

/* ---- requests of an administrator, signed */

/* What is boxed and what is signed may differ: that is what is tried. */
typedef struct said {
    const char *name;
    slice value;
} said;

static proof *sign(const char *action, const said *parameters, size_t count) {
    OWNED(buffer) text = {0};
    ASSERT_OK(buffer_printf(&text, "POST&%%2F&AccessKeyId%%3DLTAI%%26Action%%3D%s%%26Version%%3D%s", action,
                            test_version(action)));
    for (size_t i = 0; i < count; i++) test_parameter(&text, parameters[i].name, parameters[i].value);
    return test_proof_of(&house, buffer_slice(&text));
}

static const key_result *ask(const char *action, const said *parameters, size_t count, key_act act) {
    use_message use = test_use(&house, "ListKeys", NULL);
    use.proof = sign(action, parameters, count);
    use.acts.at = &act, use.acts.count = 1;
    test_run(&house, &use, TEST_NOW_S);
    return house.done.used.results.at;
}

static key_act password_act(slice password) {
    return (key_act){.act = VAULT_ACT_NEW_PASSWORD,
                     .input = test_boxed(&house, password),
                     .user_name = ALICE,
                     .user_id = ALICE_ID,
                     .rules = &RULES};
}

static slice new_password(slice password) {
    const said parameters[] = {{"UserName", ALICE}, {"Password", password}};
    const key_result *made = ask("CreateLoginProfile", parameters, 2, password_act(password));
    ASSERT_ANSWER(&house, OK);
    return made->output;
}

/* ---- logins, unsigned */

static key_act login_act(slice sealed_password, slice password) {
    return (key_act){.act = VAULT_ACT_LOGIN,
                     .key = sealed_password,
                     .input = test_boxed(&house, password),
                     .text = SLICE("STS.login"),
                     .user_name = ALICE,
                     .user_id = ALICE_ID,
                     .expires_at = SET_INT(TEST_NOW_S + 3600)};
}

static const key_result *login(key_act act) {
    use_message use = {.id = SET_INT(1), .request_id = TEST_REQUEST, .gateway = SET_INT(TEST_GATEWAY)};
    use.account_id = TEST_ACCOUNT;
    use.account = house.account;
    use.acts.at = &act, use.acts.count = 1;
    test_run(&house, &use, TEST_NOW_S);
    return house.done.used.results.at;
}

static void a_password_opens_a_session(void **state) {
    (void)state;
    slice sealed_password = new_password(SLICE("correct horse"));
    assert_int_equal(slice_find(sealed_password, SLICE("correct")), SIZE_MAX);
    const key_result *made = login(login_act(sealed_password, SLICE("correct horse")));
    ASSERT_ANSWER(&house, OK);
    sealed token;
    slice blob;
    ASSERT_OK(base64_decode(made->output, &house.memory, &blob));
    ASSERT_OK(sealed_parse(blob, SEALED_SESSION, &house.memory, &token));
    assert_true(slice_equals(token.header.user_name, ALICE));
    assert_true(slice_equals(token.header.user_id, ALICE_ID));
    assert_false(token.header.mfa_at.is_set);
    assert_int_equal(test_unboxed(&house, made->boxed).len, 30);
    assert_false(made->time.is_set);
}

static void wrong_passwords_and_nobody_fail_alike(void **state) {
    (void)state;
    slice sealed_password = new_password(SLICE("correct horse"));
    login(login_act(sealed_password, SLICE("correct hors")));
    ASSERT_ANSWER(&house, LOGIN_FAILED);
    login(login_act(sealed_password, SLICE("")));
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
    login(login_act((slice){0}, SLICE("correct horse")));
    ASSERT_ANSWER(&house, LOGIN_FAILED);
    assert_int_equal(house.done.used.results.count, 0);
}

static void a_login_is_of_whom_the_password_is(void **state) {
    (void)state;
    slice sealed_password = new_password(SLICE("correct horse"));
    key_act act = login_act(sealed_password, SLICE("correct horse"));
    act.user_name = SLICE("bob"); /* as alice may be called by now: the id tells */
    login(act);
    ASSERT_ANSWER(&house, OK);
    act = login_act(sealed_password, SLICE("correct horse"));
    act.user_id = SLICE("299999999999999999");
    login(act);
    ASSERT_ANSWER(&house, CORRUPT);
    act = login_act(test_flip(&house, sealed_password, sealed_password.len * 8 - 3), SLICE("correct horse"));
    login(act);
    ASSERT_ANSWER(&house, CORRUPT);
    act = login_act(sealed_password, SLICE("correct horse"));
    act.expires_at = SET_INT(TEST_NOW_S + 37 * 3600);
    login(act);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
    act = login_act(sealed_password, SLICE("correct horse"));
    act.input = SLICE("a box of nobody, long enough to be one");
    login(act);
    ASSERT_ANSWER(&house, VERIFICATION);
}

static void a_login_brings_no_other_act(void **state) {
    (void)state;
    slice sealed_password = new_password(SLICE("correct horse"));
    key_act acts[] = {login_act(sealed_password, SLICE("correct horse")), {.act = VAULT_ACT_NEW_SEED}};
    use_message use = {.id = SET_INT(1), .request_id = TEST_REQUEST, .gateway = SET_INT(TEST_GATEWAY)};
    use.account_id = TEST_ACCOUNT, use.account = house.account;
    use.acts.at = acts, use.acts.count = 2;
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    use.acts.count = 1;
    use.gateway = (maybe_int){0};
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, CLOSED);
}

static void passwords_follow_the_rules(void **state) {
    (void)state;
    static const struct {
        password_policy_view rules;
        const char *password;
        bool is_fine;
    } ROWS[] = {
        {{.minimum_password_length = {8, true}}, "1234567", false},
        {{.minimum_password_length = {8, true}}, "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", false}, /* four characters */
        {{.minimum_password_length = {8, true}}, "12345678", true},
        {{.minimum_password_length = {8, true}, .require_lowercase_characters = {true, true}}, "ABCDEFG1", false},
        {{.minimum_password_length = {8, true}, .require_uppercase_characters = {true, true}}, "abcdefg1", false},
        {{.minimum_password_length = {8, true}, .require_numbers = {true, true}}, "abcdefgH", false},
        {{.minimum_password_length = {8, true}, .require_symbols = {true, true}}, "abcdefG1", false},
        {{.minimum_password_length = {8, true}, .require_symbols = {true, true}, .require_numbers = {true, true}},
         "abcde-G1",
         true},
        {{{0}}, "abcdefgh", false}, /* no rules are no permission */
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        slice password = slice_of_text(ROWS[i].password);
        const said parameters[] = {{"UserName", ALICE}, {"Password", password}};
        key_act act = password_act(password);
        password_policy_view rules = ROWS[i].rules;
        act.rules = &rules;
        ask("CreateLoginProfile", parameters, 2, act);
        assert_int_equal(house.done.used.failure.value == STATUS_OK, ROWS[i].is_fine);
    }
}

static void changing_needs_the_old_one_and_a_new_one(void **state) {
    (void)state;
    slice first = new_password(SLICE("first password"));
    password_policy_view rules = {.minimum_password_length = {8, true}, .password_reuse_prevention = {2, true}};
    static const struct {
        const char *old, *new;
        enum status_code failure;
    } ROWS[] = {
        {"wrong password", "second password", FAILURE_PASSWORD_WRONG},
        {"first password", "first password", FAILURE_PASSWORD_REUSED},
        {"first password", "short", FAILURE_PASSWORD_WEAK},
        {"first password", "second password", STATUS_OK},
        {"first password", "third password", FAILURE_PASSWORD_WRONG}, /* it is an old one now */
        {"second password", "first password", FAILURE_PASSWORD_REUSED},
        {"second password", "third password", STATUS_OK},
        {"third password", "first password", STATUS_OK}, /* two before are compared, not three */
    };
    slice present = first;
    const said own[] = {{"OldPassword", SLICE("first password")}, {"NewPassword", SLICE("second password")}};
    key_act root = password_act(SLICE("second password"));
    root.key = first;
    root.token = test_boxed(&house, SLICE("first password"));
    root.user_name = (slice){0};
    root.user_id = TEST_ACCOUNT;
    ask("ChangePassword", own, 2, root);
    ASSERT_ANSWER(&house, CORRUPT); /* Alice's password is not the caller's, who is the account root */
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const said parameters[] = {{"UserName", ALICE}, {"Password", slice_of_text(ROWS[i].new)}};
        key_act act = password_act(slice_of_text(ROWS[i].new));
        act.key = present;
        act.token = test_boxed(&house, slice_of_text(ROWS[i].old));
        act.rules = &rules;
        const key_result *made = ask("CreateLoginProfile", parameters, 2, act);
        assert_string_equal(status_name((status){(enum status_code)house.done.used.failure.value}),
                            status_name((status){ROWS[i].failure}));
        if (ROWS[i].failure == STATUS_OK) present = made->output;
    }
}

static void a_password_is_the_one_that_was_signed(void **state) {
    (void)state;
    const said parameters[] = {{"UserName", ALICE}, {"Password", SLICE("what was signed")}};
    ask("CreateLoginProfile", parameters, 2, password_act(SLICE("what a gateway put")));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    const said other[] = {{"UserName", SLICE("bob")}, {"Password", SLICE("what was signed")}};
    ask("CreateLoginProfile", other, 2, password_act(SLICE("what was signed")));
    ASSERT_ANSWER(&house, NO_PERMISSION);
    ask("CreateAccessKey", parameters, 2, password_act(SLICE("what was signed")));
    ASSERT_ANSWER(&house, NO_PERMISSION);
}

/* ---- one-time codes */

static void code_at(slice base32, int64_t step, char out[TOTP_DIGITS]) {
    uint8_t seed[TOTP_SEED_BYTES];
    uint64_t held = 0;
    size_t bits = 0, written = 0;
    for (size_t i = 0; i < base32.len; i++) {
        uint8_t c = base32.at[i];
        held = held << 5 | (uint64_t)(c >= 'A' ? c - 'A' : c - '2' + 26);
        for (bits += 5; bits >= 8; bits -= 8) seed[written++] = (uint8_t)(held >> (bits - 8));
    }
    assert_int_equal(written, TOTP_SEED_BYTES);
    OWNED(secret) kept = {0};
    ASSERT_OK(secret_copy(slice_of(seed, sizeof seed), &kept));
    ASSERT_OK(totp_code(&kept, step, out));
}

typedef struct device {
    slice sealed, base32;
} device;

static device new_device(void) {
    const key_result *made = ask("CreateVirtualMFADevice", NULL, 0, (key_act){.act = VAULT_ACT_NEW_SEED});
    ASSERT_ANSWER(&house, OK);
    device d = {made->output, test_unboxed(&house, made->boxed)};
    assert_int_equal(d.base32.len, 32);
    return d;
}

static const key_result *bind(const device *d, int64_t first_step, int64_t second_step) {
    char codes[2][TOTP_DIGITS];
    code_at(d->base32, first_step, codes[0]);
    code_at(d->base32, second_step, codes[1]);
    slice first = slice_of(codes[0], TOTP_DIGITS), second = slice_of(codes[1], TOTP_DIGITS);
    const said parameters[] = {{"UserName", ALICE}, {"AuthenticationCode1", first}, {"AuthenticationCode2", second}};
    key_act act = {.act = VAULT_ACT_BIND_SEED, .key = d->sealed, .user_name = ALICE, .user_id = ALICE_ID};
    act.input = test_boxed(&house, first);
    act.context = test_boxed(&house, second);
    return ask("BindMFADevice", parameters, 3, act);
}

static void two_codes_in_a_row_bind_a_device(void **state) {
    (void)state;
    device d = new_device();
    int64_t now = TEST_NOW_S / TOTP_STEP_S;
    bind(&d, now, now);
    ASSERT_ANSWER(&house, MFA_CODE);
    bind(&d, now - 1, now + 1);
    ASSERT_ANSWER(&house, MFA_CODE);
    bind(&d, now - 5, now - 4);
    ASSERT_ANSWER(&house, MFA_CODE);
    const key_result *bound = bind(&d, now - 1, now);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(bound->time.value, now);
}

static void a_bound_device_is_set_right_for_its_user_alone(void **state) {
    (void)state;
    device d = new_device();
    int64_t now = TEST_NOW_S / TOTP_STEP_S;
    d.sealed = bind(&d, now - 1, now)->output;
    ASSERT_ANSWER(&house, OK);
    bind(&d, now - 23, now - 22);
    ASSERT_ANSWER(&house, MFA_CODE); /* too far off */
    bind(&d, now + 10, now + 12);
    ASSERT_ANSWER(&house, MFA_CODE); /* not one after the other */
    const key_result *right = bind(&d, now + 10, now + 11);
    ASSERT_ANSWER(&house, OK);
    assert_int_equal(right->time.value, now + 11);
    d.sealed = right->output;
    char codes[2][TOTP_DIGITS];
    code_at(d.base32, now + 10, codes[0]);
    code_at(d.base32, now + 11, codes[1]);
    const said parameters[] = {{"UserName", SLICE("bob")},
                               {"AuthenticationCode1", slice_of(codes[0], TOTP_DIGITS)},
                               {"AuthenticationCode2", slice_of(codes[1], TOTP_DIGITS)}};
    key_act act = {.act = VAULT_ACT_BIND_SEED, .key = d.sealed, .user_name = SLICE("bob"), .user_id = SLICE("3000")};
    act.input = test_boxed(&house, parameters[1].value);
    act.context = test_boxed(&house, parameters[2].value);
    ask("BindMFADevice", parameters, 3, act);
    ASSERT_ANSWER(&house, MFA_OF_ANOTHER);
}

static void a_code_comes_beside_the_password(void **state) {
    (void)state;
    slice sealed_password = new_password(SLICE("correct horse"));
    device d = new_device();
    int64_t now = TEST_NOW_S / TOTP_STEP_S;
    slice seed = bind(&d, now - 2, now - 1)->output;
    ASSERT_ANSWER(&house, OK);
    static const struct {
        int offset;
        bool is_fine;
    } ROWS[] = {{-2, false}, {-1, false}, {0, true}, {1, true}, {2, false}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char code[TOTP_DIGITS];
        code_at(d.base32, now + ROWS[i].offset, code);
        key_act act = login_act(sealed_password, SLICE("correct horse"));
        act.token = seed;
        act.context = test_boxed(&house, slice_of(code, TOTP_DIGITS));
        act.size = SET_INT(now - 1); /* the last one taken */
        const key_result *made = login(act);
        assert_int_equal(house.done.used.failure.value, ROWS[i].is_fine ? STATUS_OK : FAILURE_LOGIN_FAILED);
        if (!ROWS[i].is_fine) continue;
        assert_int_equal(made->time.value, now + ROWS[i].offset);
        sealed token;
        slice blob;
        ASSERT_OK(base64_decode(made->output, &house.memory, &blob));
        ASSERT_OK(sealed_parse(blob, SEALED_SESSION, &house.memory, &token));
        assert_int_equal(token.header.mfa_at.value, TEST_NOW_S);
    }
    key_act act = login_act(sealed_password, SLICE("correct horse"));
    act.token = seed;
    login(act); /* no code at all */
    ASSERT_ANSWER(&house, LOGIN_FAILED);
    act.token = d.sealed; /* a device of nobody */
    act.context = test_boxed(&house, SLICE("123456"));
    login(act);
    ASSERT_ANSWER(&house, CORRUPT);
}

/* ---- roles */

static key_act role_act(session_wish *wish, int64_t lifetime_s) {
    return (key_act){.act = VAULT_ACT_NEW_SESSION,
                     .text = SLICE("STS.role"),
                     .session = wish,
                     .expires_at = SET_INT(TEST_NOW_S + lifetime_s)};
}

static session_wish wish(void) {
    return (session_wish){.role_name = SLICE("auditor"), .role_id = SLICE("3123"), .name = SLICE("session")};
}

static void a_role_session_is_what_was_signed(void **state) {
    (void)state;
    session_wish signed_wish = wish(), other = wish();
    key_act act = role_act(&signed_wish, 3600);
    use_message use = test_use(&house, "AssumeRole", &act);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, OK);
    act.session = &other;
    other.role_name = SLICE("admin");
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    other = wish(), other.name = SLICE("somebody-else");
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    other = wish(), other.policy = SLICE("{}");
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    other = wish();
    act.expires_at = SET_INT(TEST_NOW_S + 7200);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    act = role_act(NULL, 3600); /* the caller's own session instead of the role's */
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION);
    act = role_act(&signed_wish, 900);
    use = test_use(&house, "GetSessionToken", &act);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, NO_PERMISSION); /* nobody asked for a role */
    act = role_act(&signed_wish, 13 * 3600);
    use = test_use(&house, "AssumeRole", &act);
    test_run(&house, &use, TEST_NOW_S);
    ASSERT_ANSWER(&house, INVALID_PARAMETER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_password_opens_a_session),
        TEST(wrong_passwords_and_nobody_fail_alike),
        TEST(a_login_is_of_whom_the_password_is),
        TEST(a_login_brings_no_other_act),
        TEST(passwords_follow_the_rules),
        TEST(changing_needs_the_old_one_and_a_new_one),
        TEST(a_password_is_the_one_that_was_signed),
        TEST(two_codes_in_a_row_bind_a_device),
        TEST(a_bound_device_is_set_right_for_its_user_alone),
        TEST(a_code_comes_beside_the_password),
        TEST(a_role_session_is_what_was_signed),
    };
    return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
