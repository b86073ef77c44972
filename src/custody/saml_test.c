/* What an assertion has to say to be good here, now, for this role; and that it is good once. */
#include "custody/saml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "crypto/start.h"
#include "custody/replay.h"

#define ASSERT_OK(call) assert_string_equal(status_name(call), "OK")
#define ASSERT_FAILS(call, name) assert_string_equal(status_name(call), #name)
#define TEXT(literal)                                                                                                  \
    { (const uint8_t *)(literal), sizeof(literal) - 1 }

enum { NOW_S = 1716186861 };

static slice audience[] = {TEXT("urn:other"), TEXT("urn:alibaba:cloudcomputing")};
static slice roles[] = {
    TEXT("acs:ram::1000000000000001:role/other,acs:ram::1000000000000001:saml-provider/corporate"),
    TEXT("acs:ram::1000000000000001:role/deployer, arn:aws:iam::1000000000000001:saml-provider/corporate")};
static const saml_claim CLAIM = {TEXT("1000000000000001"), TEXT("deployer"), TEXT("corporate")};

static saml_facts good(void) {
    saml_facts f = {.id = SLICE("_1"), .issuer = SLICE("https://idp"), .subject = SLICE("alice")};
    f.session_name = SLICE("alice@example.com");
    f.recipient = SLICE("https://signin.aliyun.com/saml-role/sso");
    f.audience.at = audience, f.audience.count = 2;
    f.roles.at = roles, f.roles.count = 2;
    f.issued_at = SET_INT(NOW_S - 10);
    f.valid_from = SET_INT(NOW_S - 10);
    f.valid_until = SET_INT(NOW_S + 300);
    f.confirmed_until = SET_INT(NOW_S + 300);
    return f;
}

static void a_good_one(void **state) {
    (void)state;
    saml_facts f = good();
    ASSERT_OK(saml_judge(&f, &CLAIM, NOW_S));
    saml_claim none = CLAIM;
    none.role = (slice){0}; /* there is no such role: that is for core to say */
    ASSERT_OK(saml_judge(&f, &none, NOW_S));
}

static void for_somebody_else(void **state) {
    (void)state;
    saml_facts f = good();
    f.audience.count = 1;
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good(), f.recipient = SLICE("https://signin.aliyun.com/saml-role/sso/");
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good(), f.recipient = (slice){0};
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good(), f.roles.count = 1;
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    const saml_claim others[] = {{TEXT("1000000000000002"), TEXT("deployer"), TEXT("corporate")},
                                 {TEXT("1000000000000001"), TEXT("deploye"), TEXT("corporate")},
                                 {TEXT("1000000000000001"), TEXT("deployer"), TEXT("corporat")},
                                 {TEXT("1000000000000001"), TEXT("corporate"), TEXT("deployer")}};
    f = good();
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ASSERT_FAILS(saml_judge(&f, &others[i], NOW_S), SAML_ASSERTION);
}

static void says_too_little(void **state) {
    (void)state;
    saml_facts f = good();
    f.id = SLICE("");
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good(), f.subject = SLICE("");
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good(), f.session_name = SLICE("a");
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good(), f.session_name = SLICE("a/b");
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good(), f.confirmed_until = (maybe_int){0};
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good(), f.issued_at = (maybe_int){0};
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
}

static void not_now(void **state) {
    (void)state;
    saml_facts f = good();
    f.issued_at = SET_INT(NOW_S + SAML_SKEW_S + 1);
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good(), f.valid_from = SET_INT(NOW_S + SAML_SKEW_S + 1);
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good(), f.confirmed_from = SET_INT(NOW_S + SAML_SKEW_S + 1);
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good(), f.confirmed_until = f.valid_until = SET_INT(NOW_S + SAML_LASTING_MOST_S + 1);
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
    f = good();
    ASSERT_OK(saml_judge(&f, &CLAIM, NOW_S + 300 + SAML_SKEW_S - 1));
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S + 300 + SAML_SKEW_S), SAML_ASSERTION_EXPIRED);
    f.valid_until = SET_INT(NOW_S - SAML_SKEW_S);
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION_EXPIRED);
    f = good(), f.session_until = SET_INT(NOW_S);
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION_EXPIRED);
    /* too old, and for somebody else: that it is too old is not told */
    f.audience.count = 1;
    ASSERT_FAILS(saml_judge(&f, &CLAIM, NOW_S), SAML_ASSERTION);
}

static replays taken;
static arena marks = {.limit = 8 << 20};

static status take(const char *who, const char *what, int64_t until_s, int64_t now_s) {
    slice mark;
    TRY(replay_mark(slice_of_text(who), slice_of_text(what), &marks, &mark));
    return replays_take(&taken, mark, until_s, now_s);
}

static void taken_once(void **state) {
    (void)state;
    char id[16];
    ASSERT_OK(take("idp", "_1", NOW_S + 100, NOW_S));
    ASSERT_FAILS(take("idp", "_1", NOW_S + 100, NOW_S + 99), SAML_ASSERTION);
    ASSERT_OK(take("id", "p_1", NOW_S + 100, NOW_S)); /* where one ends and the other begins counts */
    ASSERT_OK(take("idp", "_1", NOW_S + 300, NOW_S + 100));
    for (int i = 0; taken.count < REPLAYS_MOST; i++) {
        snprintf(id, sizeof id, "%d", i);
        ASSERT_OK(take("idp", id, NOW_S + 300, NOW_S + 100));
    }
    ASSERT_FAILS(take("idp", "more", NOW_S + 300, NOW_S + 100), THROTTLED);
    ASSERT_OK(take("idp", "more", NOW_S + 400, NOW_S + 300)); /* all others have lapsed */
    assert_int_equal(taken.count, 1);
    arena_clear(&marks);
}

static int begin(void **state) {
    (void)state;
    return FAILED(crypto_start()) ? -1 : 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one), cmocka_unit_test(for_somebody_else), cmocka_unit_test(says_too_little),
        cmocka_unit_test(not_now),    cmocka_unit_test(taken_once),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
