/* For this room's tests of dual control: people in sessions, the requests they sign, and rules of approvals. */
#ifndef CUSTODY_TEST_PEOPLE_H
#define CUSTODY_TEST_PEOPLE_H

#include "custody/sealing.h"
#include "custody/test_house.h"

static test_house house;
static sealing keys; /* of the same root key: what an honest vault has sealed at other times */
static const opened *account;
static int salt; /* no two requests have the same signature */

static inline int begin(void **state) {
    static const uint8_t ROOT_KEY[32] = {7};
    OWNED(secret) root_key = {0};
    (void)state;
    test_house_begin(&house);
    ASSERT_OK(secret_copy(slice_of(ROOT_KEY, 32), &root_key));
    ASSERT_OK(sealing_begin(&root_key, &keys));
    ASSERT_OK(sealing_open_account(&keys, house.account, TEST_ACCOUNT, &account));
    return 0;
}

static inline int end(void **state) {
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

static inline slice text_or_none(const char *text) { return text ? slice_of_text(text) : (slice){0}; }

static inline sealed_header header_of(const person *p) {
    sealed_header h = {.user_name = text_or_none(p->name), .user_id = slice_of_text(p->id)};
    if (p->role)
        h = (sealed_header){
            .role_name = slice_of_text(p->role), .role_id = SLICE("300"), .actor_id = slice_of_text(p->id)};
    if (p->has_shown_factor) h.mfa_at = SET_INT(TEST_NOW_S);
    return h;
}

static inline slice seal(enum sealed_kind kind, const sealed_header *header) {
    OWNED(secret) content = {0};
    slice blob;
    ASSERT_OK(secret_copy(TEST_SECRET, &content));
    ASSERT_OK(sealing_seal(account, &(sealing_order){kind, *header, &content}, &house.memory, &blob));
    return blob;
}

static inline slice token_of(const person *p) {
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

static inline proof *sign(const request *r) {
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

static inline use_message use_of(const request *r, key_act *act) {
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

static inline slice result(void) {
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

static inline approval_rule_record rule_for(size_t people, int64_t count) {
    approval_rule_record r = {.actions = {HELD, 2}, .count = SET_INT(count), .people = {PEOPLE, people}};
    r.validity_s = SET_INT(3600), r.recovery_s = SET_INT(86400);
    return r;
}

static inline request set_rule(const person *who, const char *count, approval_rule_record *rule) {
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

static inline void put_under_rule(int64_t count) {
    approval_rule_record rule = rule_for(3, count);
    char text[8];
    snprintf(text, sizeof text, "%lld", (long long)count);
    request r = set_rule(&ROOT, text, &rule);
    assert_string_equal(ask(&r), "OK");
    house.account = result();
}

/* One that no honest vault would seal. */
static inline slice crooked(approval_rule_record rule) {
    OWNED(buffer) packed = {0};
    slice blob;
    ASSERT_OK(shape_pack(&approval_rule_record_shape, &rule, &packed));
    sealed_header h = account->header;
    h.rule = buffer_slice(&packed), h.rule_number = SET_INT(1);
    ASSERT_OK(sealing_reseal_account(&keys, account, &h, &house.memory, &blob));
    return blob;
}

static const char *key_text(const uint8_t id[16]) {
    char *text = arena_take(&house.memory, 37);
    uuid_format(id, text);
    return text;
}

static inline request new_access_key(const person *who, const char *for_whom, const char *id) {
    request r = {.who = who, .action = "CreateAccessKey", .version = RAM};
    if (for_whom) r.said[0] = (parameter){"UserName", for_whom};
    r.act = (key_act){.act = VAULT_ACT_NEW_ACCESS_KEY,
                      .text = SLICE("LTAInew"),
                      .user_name = text_or_none(for_whom),
                      .user_id = slice_of_text(id)};
    return r;
}

#endif
