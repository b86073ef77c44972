/* Dual control as the vault sees to it: no act that the account's rule holds without approvals it has sealed itself. Negative cases first. */
#include "contract/canonical.h"
#include "crypto/hash.h"
#include "custody/test_people.h"

/* ---- approvals */

static slice encrypt_hash(const char *requester, const uint8_t key_id[16], pair_list *parameters) {
    OWNED(buffer) text = {0};
    OWNED(buffer) hex = {0};
    uint8_t digest[HASH_SHA256_BYTES];
    slice kept;
    pair *only = ARENA_NEW(&house.memory, pair);
    *only = (pair){SLICE("KeyId"), slice_of_text(key_text(key_id))};
    *parameters = (pair_list){only, 1};
    canonical_request wanted = {operation_get(OPERATION_ENCRYPT), TEST_ACCOUNT, slice_of_text(requester), *parameters};
    ASSERT_OK(canonical_write(&wanted, &text));
    ASSERT_OK(hash_once(HASH_SHA256, buffer_slice(&text), digest));
    ASSERT_OK(hex_encode(&hex, slice_of(digest, sizeof digest)));
    ASSERT_OK(arena_copy(&house.memory, buffer_slice(&hex), &kept));
    return kept;
}

static const char *zero_ended(slice text) {
    char *kept = arena_take(&house.memory, text.len + 1);
    memcpy(kept, text.at, text.len);
    return kept;
}

static request approve(const person *who, slice hash) {
    return (request){.who = who,
                     .action = "ApproveRequest",
                     .version = KEYHOLD,
                     .said = {{"RequestHash", zero_ended(hash)}},
                     .act = {.act = VAULT_ACT_APPROVE, .text = hash}};
}

static slice approved_by(const person *who, slice hash) {
    request r = approve(who, hash);
    assert_string_equal(ask(&r), "OK");
    return result();
}

static request encrypt(const person *who, const uint8_t key_id[16], slice key, approval_shown *shown) {
    request r = {.who = who, .action = "Encrypt", .version = KMS, .shown = shown};
    r.said[0] = (parameter){"KeyId", key_text(key_id)};
    r.said[1] = (parameter){"Plaintext", "aGVsbG8="};
    r.act = (key_act){.act = VAULT_ACT_ENCRYPT, .key = key, .key_id = slice_of(key_id, 16)};
    r.act.input = test_boxed(&house, SLICE("hello"));
    return r;
}

static approval_shown *shown(pair_list parameters, slice first, slice second) {
    approval_shown *s = ARENA_NEW(&house.memory, approval_shown);
    slice *given = ARENA_ARRAY(&house.memory, slice, 2);
    *s = (approval_shown){.parameters = parameters};
    given[0] = first, given[1] = second;
    s->given.at = given, s->given.count = (size_t)(first.len > 0) + (second.len > 0);
    return s;
}

/* ---- the tests */

static void a_rule_is_what_was_signed_and_can_be_satisfied(void **state) {
    (void)state;
    approval_rule_record good = rule_for(3, 2), rule = good;
    request r = set_rule(&ROOT, "2", &rule);
    rule.count = SET_INT(1);
    assert_string_equal(ask(&r), "NO_PERMISSION");
    rule = good, rule.actions.count = 1;
    assert_string_equal(ask(&r), "NO_PERMISSION");
    rule = good, rule.people.count = 2; /* somebody is missing */
    assert_string_equal(ask(&r), "NO_PERMISSION");
    approver_person others[] = {PEOPLE[0], PEOPLE[1], PEOPLE[2], {SLICE("204"), SLICE("other")}};
    rule = good, rule.people.at = others, rule.people.count = 4;
    assert_string_equal(ask(&r), "NO_PERMISSION");
    others[3] = (approver_person){SLICE("1000000000000001"), {0}}; /* nobody named the root */
    assert_string_equal(ask(&r), "NO_PERMISSION");
    rule = good, rule.recovery_s = SET_INT(60);
    assert_string_equal(ask(&r), "INVALID_PARAMETER");
    others[2] = (approver_person){PEOPLE[0].user_id, PEOPLE[2].user_name}; /* one person twice */
    rule = good, rule.people.at = others, rule.people.count = 3;
    assert_string_equal(ask(&r), "INVALID_PARAMETER");
    rule = rule_for(3, 4);
    r = set_rule(&ROOT, "4", &rule);
    assert_string_equal(ask(&r), "INVALID_PARAMETER");
    rule = rule_for(3, 0);
    r = set_rule(&ROOT, "0", &rule);
    assert_string_equal(ask(&r), "INVALID_PARAMETER");
    r = set_rule(&ROOT, "2", &good);
    r.act.approval_rule = NULL;
    assert_string_equal(ask(&r), "NO_PERMISSION");
    r.act.act = VAULT_ACT_LIFT_RULE;
    assert_string_equal(ask(&r), "NO_PERMISSION");
    put_under_rule(2);
}

static void what_is_held_is_not_done_without_approvals(void **state) {
    (void)state;
    slice key = test_new_key(&house), before = house.account;
    pair_list parameters;
    slice hash = encrypt_hash("201", TEST_KEY_ID, &parameters);
    put_under_rule(2);
    request r = encrypt(&ANNA, TEST_KEY_ID, key, NULL);
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r = encrypt(&ROOT, TEST_KEY_ID, key, NULL);
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r = encrypt(&ANNA, TEST_KEY_ID, key, shown(parameters, (slice){0}, (slice){0}));
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r.account = before; /* the account's key without the rule, which core may have kept */
    assert_string_equal(ask(&r), "CLOSED");
    r = (request){.who = &ANNA, .action = "CreateKey", .version = KMS, .act = test_new_key_act()};
    assert_string_equal(ask(&r), "OK"); /* nothing else is held */
    (void)hash;
}

static void approvals_that_are_none_do_not_count(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    pair_list parameters, of_other_key;
    slice hash = encrypt_hash("201", TEST_KEY_ID, &parameters),
          other = encrypt_hash("201", TEST_VERSION_ID, &of_other_key);
    put_under_rule(2);
    static const person *const NOBODIES[] = {&OTHER, &BARE_BEN, &ROOT, &GUEST};
    for (size_t i = 0; i < sizeof NOBODIES / sizeof *NOBODIES; i++) {
        request r = approve(NOBODIES[i], hash);
        assert_string_equal(ask(&r), "NO_PERMISSION");
    }
    request r = approve(&BEN, hash);
    r.act.text = other; /* signed for one, sealed for another */
    assert_string_equal(ask(&r), "NO_PERMISSION");
    slice by_ben = approved_by(&BEN, hash);
    slice own = approved_by(&ANNA, hash), elsewhere = approved_by(&CLEO, other);
    sealed_header h = {
        .approves = hash, .user_id = SLICE("203"), .mfa_at = SET_INT(TEST_NOW_S), .expires_at = SET_INT(TEST_NOW_S)};
    slice expired = seal(SEALED_APPROVAL, &h);
    h.expires_at = SET_INT(TEST_NOW_S + 60), h.mfa_at = (maybe_int){0};
    slice bare = seal(SEALED_APPROVAL, &h);
    h.mfa_at = SET_INT(TEST_NOW_S), h.user_id = SLICE("204");
    slice stranger = seal(SEALED_APPROVAL, &h);
    const slice seconds[] = {{0}, by_ben, own, elsewhere, expired, bare, stranger};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        r = encrypt(&ANNA, TEST_KEY_ID, key, shown(parameters, by_ben, seconds[i]));
        assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    }
    r = encrypt(&ANNA, TEST_KEY_ID, key, shown(parameters, by_ben, house.access_key)); /* sealed, and no approval */
    assert_string_equal(ask(&r), "CORRUPT");
    slice by_cleo = approved_by(&CLEO, hash);
    r = encrypt(&OTHER, TEST_KEY_ID, key, shown(parameters, by_ben, by_cleo)); /* somebody else's request */
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r = encrypt(&ANNA, TEST_KEY_ID, key, shown(parameters, by_ben, by_cleo));
    r.action = "GenerateDataKeyWithoutPlaintext", r.act.act = VAULT_ACT_GENERATE_SEALED, r.act.size = SET_INT(32);
    assert_string_equal(ask(&r), "OK");                                           /* not held */
    r = encrypt(&ANNA, TEST_VERSION_ID, key, shown(parameters, by_ben, by_cleo)); /* another key than was approved */
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r = encrypt(&ANNA, TEST_KEY_ID, key, shown(of_other_key, by_ben, by_cleo));
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r = encrypt(&ANNA, TEST_KEY_ID, key, shown(parameters, by_ben, by_cleo));
    assert_string_equal(ask(&r), "OK");
}

static void a_rule_without_a_count_lets_nothing_through(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    pair_list parameters;
    slice hash = encrypt_hash("201", TEST_KEY_ID, &parameters);
    put_under_rule(2);
    slice by_ben = approved_by(&BEN, hash), by_cleo = approved_by(&CLEO, hash);
    request r = encrypt(&ANNA, TEST_KEY_ID, key, shown(parameters, by_ben, by_cleo));
    approval_rule_record rule = rule_for(3, 0);
    r.account = crooked(rule);
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    rule.count = (maybe_int){0};
    r.account = crooked(rule);
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    rule.count = SET_INT(-1);
    r.account = crooked(rule);
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    rule = rule_for(3, 2);
    r.account = crooked(rule);
    assert_string_equal(ask(&r), "OK");
}

static void approvals_are_used_once(void **state) {
    (void)state;
    slice key = test_new_key(&house);
    pair_list parameters;
    slice hash = encrypt_hash("201", TEST_KEY_ID, &parameters);
    put_under_rule(2);
    slice by_ben = approved_by(&BEN, hash), by_cleo = approved_by(&CLEO, hash);
    request r = encrypt(&ANNA, TEST_KEY_ID, key, shown(parameters, by_ben, by_cleo));
    r.act.input = SLICE("no box");
    assert_string_not_equal(ask(&r), "OK"); /* what failed used nothing up */
    r = encrypt(&ANNA, TEST_KEY_ID, key, shown(parameters, by_ben, by_cleo));
    key_act act = r.act;
    use_message use = use_of(&r, &act);
    for (int i = 0; i < 2; i++) { /* the very same signed request may run again */
        test_run(&house, &use, TEST_NOW_S);
        assert_string_equal(answer(), "OK");
    }
    r = encrypt(&ANNA, TEST_KEY_ID, key, shown(parameters, by_ben, by_cleo));
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r.shown = shown(parameters, by_ben, approved_by(&CLEO, hash)); /* one of them was used */
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r.shown = shown(parameters, approved_by(&BEN, hash), approved_by(&CLEO, hash));
    assert_string_equal(ask(&r), "OK");
}

static void nobody_becomes_an_approvers_double(void **state) {
    (void)state;
    request r = new_access_key(&ANNA, "ben", "202");
    assert_string_equal(ask(&r), "OK"); /* before there is a rule */
    put_under_rule(2);
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r = new_access_key(&ANNA, "ben", "999"); /* core may lie about the id … */
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r = new_access_key(&ANNA, "ben", "201"); /* … the caller's own, too … */
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r = new_access_key(&ANNA, "other", "202"); /* … or about whose the name is */
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r = new_access_key(&BARE_BEN, "ben", "202");
    assert_string_equal(ask(&r), "APPROVAL_REQUIRED");
    r = new_access_key(&BEN, "ben", "202");
    assert_string_equal(ask(&r), "OK"); /* one's own, shown to be */
    r = new_access_key(&ANNA, "other", "204");
    assert_string_equal(ask(&r), "OK");
}

static void what_an_owners_rule_holds_others_do_not_have(void **state) {
    (void)state;
    slice key = test_new_key(&house), other_account, other_access_key;
    sealed_header h = {.shares = ARENA_NEW(&house.memory, slice) ? SLICE("") : SLICE(""),
                       .accounts = SLICE("2000000000000002")};
    ASSERT_OK(arena_printf(&house.memory, &h.shares, "key/%s", key_text(TEST_KEY_ID)));
    slice permit = seal(SEALED_SHARING, &h);
    key_act act = {.act = VAULT_ACT_ENCRYPT, .key = key, .key_id = slice_of(TEST_KEY_ID, 16)};
    act.input = test_boxed(&house, SLICE("hello"));
    act.owner_id = TEST_ACCOUNT, act.owner = house.account, act.sharing = permit;
    test_bootstrap(&house, SLICE("2000000000000002"), &other_account, &other_access_key);
    use_message use = test_use(&house, "Encrypt", &act);
    use.account_id = SLICE("2000000000000002"), use.account = other_account, use.access_key = other_access_key;
    test_run(&house, &use, TEST_NOW_S);
    assert_string_equal(answer(), "OK");
    put_under_rule(2);
    act.owner = house.account;
    test_run(&house, &use, TEST_NOW_S);
    assert_string_equal(answer(), "APPROVAL_REQUIRED");
}

int main(void) {
    if (FAILED(crypto_start())) return 1;
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_rule_is_what_was_signed_and_can_be_satisfied),
        TEST(what_is_held_is_not_done_without_approvals),
        TEST(approvals_that_are_none_do_not_count),
        TEST(a_rule_without_a_count_lets_nothing_through),
        TEST(approvals_are_used_once),
        TEST(nobody_becomes_an_approvers_double),
        TEST(what_an_owners_rule_holds_others_do_not_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
