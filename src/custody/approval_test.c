/* Dual control as the vault sees to it: no act that the account's rule holds without approvals it has sealed itself. Negative cases first. */
#include "contract/canonical.h"
#include "crypto/hash.h"
#include "custody/sealing.h"
#include "custody/test_house.h"

static test_house house;
static sealing keys; /* of the same root key: what an honest vault has sealed at other times */
static const opened *account;
static int salt; /* no two requests have the same signature */

static int begin(void **state) {
    static const uint8_t ROOT_KEY[32] = {7};
    OWNED(secret) root_key = {0};
    (void)state;
    test_house_begin(&house);
    ASSERT_OK(secret_copy(slice_of(ROOT_KEY, 32), &root_key));
    ASSERT_OK(sealing_begin(&root_key, &keys));
    ASSERT_OK(sealing_open_account(&keys, house.account, TEST_ACCOUNT, &account));
    return 0;
}

static int end(void **state) {
    (void)state;
    sealing_clear(&keys);
    test_house_end(&house);
    return 0;
}

/* ---- people */

typedef struct person {
    const char *name; /* NULL: the root */
    const char *id;
    bool has_shown_factor;
    const char *role;
} person;

static const person ANNA = {"anna", "201", true, NULL}, BEN = {"ben", "202", true, NULL},
                    CLEO = {"cleo", "203", true, NULL}, BARE_BEN = {"ben", "202", false, NULL},
                    OTHER = {"other", "204", true, NULL}, ROOT = {NULL, "1000000000000001", true, NULL},
                    BARE_ROOT = {NULL, "1000000000000001", false, NULL}, GUEST = {NULL, "900", true, "break-glass-1"};

static slice text_or_none(const char *text) { return text ? slice_of_text(text) : (slice){0}; }

static sealed_header header_of(const person *p) {
    sealed_header h = {.user_name = text_or_none(p->name), .user_id = slice_of_text(p->id)};
    if (p->role)
        h = (sealed_header){
            .role_name = slice_of_text(p->role), .role_id = SLICE("300"), .actor_id = slice_of_text(p->id)};
    if (p->has_shown_factor) h.mfa_at = SET_INT(TEST_NOW_S);
    return h;
}

static slice seal(enum sealed_kind kind, const sealed_header *header) {
    OWNED(secret) content = {0};
    slice blob;
    ASSERT_OK(secret_copy(TEST_SECRET, &content));
    ASSERT_OK(sealing_seal(account, &(sealing_order){kind, *header, &content}, &house.memory, &blob));
    return blob;
}

static slice token_of(const person *p) {
    OWNED(buffer) text = {0};
    slice kept;
    sealed_header h = header_of(p);
    h.access_key_id = SLICE("STS.person");
    h.created_at = SET_INT(TEST_NOW_S), h.expires_at = SET_INT(TEST_NOW_S + 100000);
    ASSERT_OK(base64_encode(&text, seal(SEALED_SESSION, &h)));
    ASSERT_OK(arena_copy(&house.memory, buffer_slice(&text), &kept));
    return kept;
}

/* ---- requests */

typedef struct parameter {
    const char *name, *value;
} parameter;

typedef struct request {
    const person *who;
    const char *action, *version;
    parameter said[8];
    key_act act;
    approval_shown *shown;
    slice account; /* the account's key; absent: as it is now */
} request;

static proof *sign(const request *r) {
    OWNED(buffer) text = {0};
    ASSERT_OK(buffer_printf(&text, "POST&%%2F&AccessKeyId%%3DX%%26Action%%3D%s%%26Format%%3Djson%%26Version%%3D%s",
                            r->action, r->version));
    for (size_t i = 0; i < 8 && r->said[i].name; i++)
        test_parameter(&text, r->said[i].name, slice_of_text(r->said[i].value));
    test_parameter_number(&text, "Salt", ++salt);
    proof *p = test_proof_of(&house, buffer_slice(&text));
    p->access_key_id = SLICE("STS.person");
    p->security_token = token_of(r->who);
    return p;
}

static use_message use_of(const request *r, key_act *act) {
    use_message use = {.id = SET_INT(1), .request_id = TEST_REQUEST, .gateway = SET_INT(TEST_GATEWAY)};
    use.account_id = TEST_ACCOUNT;
    use.account = r->account.len ? r->account : house.account;
    use.proof = sign(r);
    use.approval = r->shown;
    use.acts.at = act, use.acts.count = 1;
    return use;
}

static const char *answer(void) { return status_name((status){(enum status_code)house.done.used.failure.value}); }

static const char *ask(const request *r) {
    key_act act = r->act;
    use_message use = use_of(r, &act);
    test_run(&house, &use, TEST_NOW_S);
    return answer();
}

static slice result(void) {
    slice kept;
    ASSERT_OK(arena_copy(&house.memory, house.done.used.results.at[0].output, &kept));
    return kept;
}

/* ---- rules */

static const char KEYHOLD[] = "2026-01-01", KMS[] = "2016-01-20", RAM[] = "2015-05-01";
static slice HELD[] = {{(const uint8_t *)"kms:ExportDataKey", 17}, {(const uint8_t *)"kms:Encrypt", 11}};
static approver_person PEOPLE[] = {{{(const uint8_t *)"201", 3}, {(const uint8_t *)"anna", 4}},
                                   {{(const uint8_t *)"202", 3}, {(const uint8_t *)"ben", 3}},
                                   {{(const uint8_t *)"203", 3}, {(const uint8_t *)"cleo", 4}}};

static approval_rule_record rule_for(size_t people, int64_t count) {
    approval_rule_record r = {.actions = {HELD, 2}, .count = SET_INT(count), .people = {PEOPLE, people}};
    r.validity_s = SET_INT(3600), r.recovery_s = SET_INT(86400);
    return r;
}

static request set_rule(const person *who, const char *count, approval_rule_record *rule) {
    return (request){.who = who,
                     .action = "SetApprovalRule",
                     .version = KEYHOLD,
                     .said = {{"Actions.1", "kms:ExportDataKey"},
                              {"Actions.2", "kms:Encrypt"},
                              {"Count", count},
                              {"Approvers.1", "acs:ram::1000000000000001:user/anna"},
                              {"Approvers.2", "acs:ram::1000000000000001:user/ben"},
                              {"Approvers.3", "arn:aws:iam::1000000000000001:user/cleo"}},
                     .act = {.act = VAULT_ACT_SEAL_RULE, .approval_rule = rule}};
}

static void put_under_rule(int64_t count) {
    approval_rule_record rule = rule_for(3, count);
    char text[8];
    snprintf(text, sizeof text, "%lld", (long long)count);
    request r = set_rule(&ROOT, text, &rule);
    assert_string_equal(ask(&r), "OK");
    house.account = result();
}

/* One that no honest vault would seal. */
static slice crooked(approval_rule_record rule) {
    OWNED(buffer) packed = {0};
    slice blob;
    ASSERT_OK(shape_pack(&approval_rule_record_shape, &rule, &packed));
    sealed_header h = account->header;
    h.rule = buffer_slice(&packed), h.rule_number = SET_INT(1);
    ASSERT_OK(sealing_reseal_account(&keys, account, &h, &house.memory, &blob));
    return blob;
}

/* ---- approvals */

static const char *key_text(const uint8_t id[16]) {
    char *text = arena_take(&house.memory, 37);
    uuid_format(id, text);
    return text;
}

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

static request new_access_key(const person *who, const char *for_whom, const char *id) {
    request r = {.who = who, .action = "CreateAccessKey", .version = RAM};
    if (for_whom) r.said[0] = (parameter){"UserName", for_whom};
    r.act = (key_act){.act = VAULT_ACT_NEW_ACCESS_KEY,
                      .text = SLICE("LTAInew"),
                      .user_name = text_or_none(for_whom),
                      .user_id = slice_of_text(id)};
    return r;
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
        TEST(the_root_lifts_a_rule_after_the_waiting_time_alone),
        TEST(a_ripe_recovery_lapses),
        TEST(under_a_break_glass_grant_nothing_is_made_that_outlasts_it),
        TEST(a_clock_set_back_keeps_no_grant_alive),
        TEST(what_an_owners_rule_holds_others_do_not_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
