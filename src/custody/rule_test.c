/* The rule of approvals in the vault: lifted by the root after a waiting time; and what a session of a break-glass grant never has done. */
#include "custody/test_people.h"

static request recovery(const person *who, const char *action, int act) {
    return (request){
        .who = who, .action = action, .version = KEYHOLD, .said = {{"Reason", "lost"}}, .act = {.act = act}};
}

static const char *ask_at(const request *r, int64_t now_s) {
    key_act act = r->act;
    use_message use = use_of(r, &act);
    test_run(&house, &use, now_s);
    return answer();
}

static void the_root_lifts_a_rule_after_the_waiting_time_alone(void **state) {
    (void)state;
    enum { DAY_S = 86400 };
    request lift = recovery(&ROOT, "DeleteApprovalRule", VAULT_ACT_LIFT_RULE);
    request begin_one = recovery(&ROOT, "BeginApprovalRecovery", VAULT_ACT_BEGIN_RECOVERY);
    request object = recovery(&BEN, "ObjectToApprovalRecovery", VAULT_ACT_END_RECOVERY);
    assert_string_equal(ask(&begin_one), "APPROVAL_RULE_NOT_FOUND");
    put_under_rule(2);
    assert_string_equal(ask(&lift), "APPROVAL_REQUIRED");
    assert_string_equal(ask(&object), "APPROVAL_RECOVERY_NONE");
    static const person *const OTHERS[] = {&BARE_ROOT, &ANNA, &OTHER, &GUEST};
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        request r = recovery(OTHERS[i], "BeginApprovalRecovery", VAULT_ACT_BEGIN_RECOVERY);
        assert_string_equal(ask(&r), "NO_PERMISSION");
    }
    assert_string_equal(ask(&begin_one), "OK");
    slice waiting = result(), standing = house.account;
    assert_int_equal(house.done.used.results.at[0].time.value, TEST_NOW_S + DAY_S);
    house.account = waiting;
    assert_string_equal(ask(&begin_one), "APPROVAL_EXISTS");
    assert_string_equal(ask(&lift), "APPROVAL_REQUIRED");
    assert_string_equal(ask_at(&lift, TEST_NOW_S + DAY_S - 1), "APPROVAL_REQUIRED");
    request r = lift;
    r.who = &BARE_ROOT;
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    request bad = object;
    bad.who = &BARE_BEN;
    assert_string_equal(ask(&bad), "NO_PERMISSION");
    bad.who = &OTHER;
    assert_string_equal(ask(&bad), "NO_PERMISSION");
    assert_string_equal(ask(&object), "OK");
    slice objected = result();
    house.account = objected;
    assert_string_equal(ask(&lift), "APPROVAL_REQUIRED");
    house.account = waiting; /* as if nobody had objected */
    assert_string_equal(ask(&lift), "CLOSED");
    house.account = standing;
    assert_string_equal(ask(&lift), "CLOSED");
    house.account = objected;
    assert_string_equal(ask(&begin_one), "OK");
    house.account = result();
    r = lift;
    r.said[1] = (parameter){"Timestamp2", "x"};
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
}

/* Signed requests are dated, so the way to the end of the waiting time is a rule that has waited already. */
static void a_ripe_recovery_lapses(void **state) {
    (void)state;
    enum { WEEK_S = 7 * 86400 };
    approval_rule_record rule = rule_for(3, 2);
    request lift = recovery(&ROOT, "DeleteApprovalRule", VAULT_ACT_LIFT_RULE);
    rule.recover_at = SET_INT(TEST_NOW_S + 1);
    lift.account = crooked(rule);
    assert_string_equal(ask(&lift), "APPROVAL_REQUIRED");
    rule.recover_at = SET_INT(TEST_NOW_S - WEEK_S);
    lift.account = crooked(rule);
    assert_string_equal(ask(&lift), "APPROVAL_REQUIRED");
    static const int64_t AGES_S[] = {0, WEEK_S - 1};
    for (size_t i = 0; i < 2; i++) {
        rule.recover_at = SET_INT(TEST_NOW_S - AGES_S[i]);
        lift.account = crooked(rule);
        lift.who = &ANNA;
        assert_string_equal(ask(&lift), "APPROVAL_REQUIRED");
        lift.who = &BARE_ROOT;
        assert_string_equal(ask(&lift), "APPROVAL_REQUIRED");
        lift.who = &ROOT;
        assert_string_equal(ask(&lift), "OK");
    }
    request r = set_rule(&ROOT, "2", &rule); /* it lifts the rule, and changes none */
    r.account = lift.account;
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
}

static void under_a_break_glass_grant_nothing_is_made_that_outlasts_it(void **state) {
    (void)state;
    approval_rule_record rule = rule_for(3, 2);
    request r = new_access_key(&GUEST, "other", "204");
    assert_string_equal(ask(&r), "NO_PERMISSION");
    r = set_rule(&GUEST, "2", &rule);
    assert_string_equal(ask(&r), "NO_PERMISSION");
    session_wish wish = {.role_name = SLICE("x"), .role_id = SLICE("301"), .name = SLICE("again")};
    r = (request){.who = &GUEST,
                  .action = "AssumeRole",
                  .version = "2015-04-01",
                  .said = {{"RoleArn", "acs:ram::1000000000000001:role/x"}, {"RoleSessionName", "again"}}};
    r.act = (key_act){.act = VAULT_ACT_NEW_SESSION,
                      .session = &wish,
                      .text = SLICE("STS.new"),
                      .expires_at = SET_INT(TEST_NOW_S + 900)};
    assert_string_equal(ask(&r), "NO_PERMISSION");
    r.who = &ANNA;
    assert_string_equal(ask(&r), "OK");
    slice other = SLICE("2000000000000002");
    r = (request){.who = &GUEST,
                  .action = "SetKeyPolicy",
                  .version = KMS,
                  .said = {{"KeyId", key_text(TEST_KEY_ID)}, {"Policy", "acs:ram::2000000000000002:root"}}};
    r.act = (key_act){.act = VAULT_ACT_PERMIT_SHARING, .key_id = slice_of(TEST_KEY_ID, 16)};
    r.act.accounts.at = &other, r.act.accounts.count = 1;
    assert_string_equal(ask(&r), "NO_PERMISSION");
    r.who = &ANNA;
    assert_string_equal(ask(&r), "OK");
}

static void a_clock_set_back_keeps_no_grant_alive(void **state) {
    (void)state;
    request r = {.who = &GUEST, .action = "CreateKey", .version = KMS, .act = test_new_key_act()};
    key_act act = r.act;
    use_message use = use_of(&r, &act);
    test_run(&house, &use, TEST_NOW_S);
    assert_string_equal(answer(), "OK");
    test_run(&house, &use, TEST_NOW_S + 100001); /* the end of the session */
    assert_string_equal(answer(), "SECURITY_TOKEN_EXPIRED");
    test_run(&house, &use, TEST_NOW_S);
    assert_string_equal(answer(), "SECURITY_TOKEN_EXPIRED");
    r.who = &ANNA; /* other sessions go by the clock as it is */
    assert_string_equal(ask(&r), "OK");
}

int main(void) {
    if (FAILED(crypto_start())) return 1;
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(the_root_lifts_a_rule_after_the_waiting_time_alone),
        TEST(a_ripe_recovery_lapses),
        TEST(under_a_break_glass_grant_nothing_is_made_that_outlasts_it),
        TEST(a_clock_set_back_keeps_no_grant_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
