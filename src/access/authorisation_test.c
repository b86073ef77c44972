/* The weighing of all kinds of policies: a table of who has which, and what comes of it. */
#include <stdio.h>

#include "access/authorisation.h"
#include "access/policy_testing.h"

#define ONE(effect, more)                                                                                              \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"" effect                                                 \
    "\",\"Action\":\"kms:*\",\"Resource\":\"*\"" more "}]}"
#define ALLOWS ONE("Allow", "")
#define DENIES ONE("Deny", "")
#define SILENT                                                                                                         \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"
#define FOR(effect, who) ONE(effect, ",\"Principal\":" who)
#define ACCOUNT FOR("Allow", "[\"1\"]")
#define CALLER FOR("Allow", "{\"AWS\":\"arn:aws:iam::1:user/u\"}")
#define OTHER FOR("Allow", "{\"AWS\":\"arn:aws:iam::1:user/other\"}")
#define BANS FOR("Deny", "\"*\"")

/* NULL: there is none of that kind. */
static const struct row {
    const char *rail, *identity, *boundary, *session, *resource;
    enum policy_reach grant;
    bool is_key, is_foreign;
    enum decision decision;
    enum deciding_policy by;
} ROWS[] = {
    /* identity alone */
    {NULL, NULL, NULL, NULL, NULL, REACH_NONE, false, false, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    {NULL, ALLOWS, NULL, NULL, NULL, REACH_NONE, false, false, DECISION_ALLOW, DECIDED_BY_IDENTITY},
    {NULL, SILENT, NULL, NULL, NULL, REACH_NONE, false, false, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    {NULL, DENIES, NULL, NULL, CALLER, REACH_CALLER, false, false, DECISION_EXPLICIT_DENY, DECIDED_BY_IDENTITY},
    /* ceilings: they refuse, and give nothing */
    {ALLOWS, NULL, NULL, NULL, NULL, REACH_NONE, false, false, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    {NULL, NULL, ALLOWS, NULL, NULL, REACH_NONE, false, false, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    {NULL, NULL, NULL, ALLOWS, NULL, REACH_NONE, false, false, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    {ALLOWS, ALLOWS, ALLOWS, ALLOWS, NULL, REACH_NONE, false, false, DECISION_ALLOW, DECIDED_BY_IDENTITY},
    {SILENT, ALLOWS, NULL, NULL, CALLER, REACH_NONE, false, false, DECISION_IMPLICIT_DENY, DECIDED_BY_RAIL},
    {DENIES, ALLOWS, NULL, NULL, CALLER, REACH_NONE, false, false, DECISION_EXPLICIT_DENY, DECIDED_BY_RAIL},
    {NULL, ALLOWS, SILENT, NULL, CALLER, REACH_NONE, false, false, DECISION_IMPLICIT_DENY, DECIDED_BY_BOUNDARY},
    {NULL, ALLOWS, DENIES, NULL, NULL, REACH_NONE, false, false, DECISION_EXPLICIT_DENY, DECIDED_BY_BOUNDARY},
    {NULL, ALLOWS, NULL, SILENT, NULL, REACH_NONE, false, false, DECISION_IMPLICIT_DENY, DECIDED_BY_SESSION},
    {NULL, ALLOWS, NULL, SILENT, NULL, REACH_CALLER, true, false, DECISION_IMPLICIT_DENY, DECIDED_BY_SESSION},
    {NULL, ALLOWS, NULL, DENIES, CALLER, REACH_NONE, false, false, DECISION_EXPLICIT_DENY, DECIDED_BY_SESSION},
    /* a resource's policy, of anything but a key */
    {NULL, NULL, NULL, NULL, CALLER, REACH_NONE, false, false, DECISION_ALLOW, DECIDED_BY_RESOURCE},
    {NULL, NULL, NULL, NULL, ACCOUNT, REACH_NONE, false, false, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    {NULL, ALLOWS, NULL, NULL, OTHER, REACH_NONE, false, false, DECISION_ALLOW, DECIDED_BY_IDENTITY},
    {NULL, ALLOWS, NULL, NULL, BANS, REACH_NONE, false, false, DECISION_EXPLICIT_DENY, DECIDED_BY_RESOURCE},
    {NULL, NULL, NULL, NULL, CALLER, REACH_NONE, false, true, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    {NULL, ALLOWS, NULL, NULL, CALLER, REACH_NONE, false, true, DECISION_ALLOW, DECIDED_BY_RESOURCE},
    {NULL, ALLOWS, NULL, NULL, ACCOUNT, REACH_NONE, false, true, DECISION_ALLOW, DECIDED_BY_RESOURCE},
    {NULL, ALLOWS, NULL, NULL, NULL, REACH_NONE, false, true, DECISION_IMPLICIT_DENY, DECIDED_BY_RESOURCE},
    /* a key's: the identity policies count only as far as it lets them */
    {NULL, ALLOWS, NULL, NULL, NULL, REACH_NONE, true, false, DECISION_ALLOW, DECIDED_BY_IDENTITY},
    {NULL, NULL, NULL, NULL, NULL, REACH_NONE, true, false, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    {NULL, ALLOWS, NULL, NULL, ACCOUNT, REACH_NONE, true, false, DECISION_ALLOW, DECIDED_BY_IDENTITY},
    {NULL, NULL, NULL, NULL, ACCOUNT, REACH_NONE, true, false, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    {NULL, ALLOWS, NULL, NULL, OTHER, REACH_NONE, true, false, DECISION_IMPLICIT_DENY, DECIDED_BY_RESOURCE},
    {NULL, NULL, NULL, NULL, CALLER, REACH_NONE, true, false, DECISION_ALLOW, DECIDED_BY_RESOURCE},
    {NULL, ALLOWS, NULL, NULL, NULL, REACH_NONE, true, true, DECISION_IMPLICIT_DENY, DECIDED_BY_RESOURCE},
    {NULL, ALLOWS, NULL, NULL, ACCOUNT, REACH_NONE, true, true, DECISION_ALLOW, DECIDED_BY_RESOURCE},
    {NULL, NULL, NULL, NULL, CALLER, REACH_NONE, true, true, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    /* grants */
    {NULL, NULL, NULL, NULL, OTHER, REACH_CALLER, true, false, DECISION_ALLOW, DECIDED_BY_GRANT},
    {NULL, NULL, NULL, NULL, OTHER, REACH_ACCOUNT, true, false, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    {NULL, ALLOWS, NULL, NULL, OTHER, REACH_ACCOUNT, true, false, DECISION_ALLOW, DECIDED_BY_IDENTITY},
    {NULL, NULL, NULL, NULL, NULL, REACH_CALLER, true, true, DECISION_IMPLICIT_DENY, DECIDED_BY_NONE},
    {NULL, ALLOWS, NULL, NULL, NULL, REACH_CALLER, true, true, DECISION_ALLOW, DECIDED_BY_GRANT},
    {NULL, DENIES, NULL, NULL, NULL, REACH_CALLER, true, false, DECISION_EXPLICIT_DENY, DECIDED_BY_IDENTITY},
    {NULL, NULL, NULL, NULL, BANS, REACH_CALLER, true, false, DECISION_EXPLICIT_DENY, DECIDED_BY_RESOURCE},
    {NULL, NULL, SILENT, NULL, NULL, REACH_CALLER, true, false, DECISION_IMPLICIT_DENY, DECIDED_BY_BOUNDARY},
};

static const policy *made(enum policy_kind kind, const char *document) {
    return document ? compiled_as(kind, document) : NULL;
}

static void let_go(const policy *p) { policy_free((policy *)(uintptr_t)p); }

static verdict weighed(const struct row *row, const policy_caller *caller, const char *action) {
    const policy *rail = made(POLICY_IDENTITY, row->rail), *identity = made(POLICY_IDENTITY, row->identity);
    const policy *session = made(POLICY_IDENTITY, row->session);
    authorisation a = {.request = {slice_of_text(action), SLICE("acs:kms:r:1:key/a"), NULL, 0, 0, caller}};
    verdict v;
    a.is_root = slice_ends_with(caller->arn, SLICE(":root"));
    a.rails = (policy_set){&rail, rail != NULL, NULL};
    a.identity = (policy_set){&identity, identity != NULL, NULL};
    a.session = (policy_set){&session, session != NULL, NULL};
    a.boundary = made(POLICY_IDENTITY, row->boundary);
    a.resource = made(POLICY_RESOURCE, row->resource);
    a.owner = row->is_foreign ? SLICE("2") : SLICE("1");
    a.is_key = row->is_key;
    a.is_policy_of_key = strcmp(action, "kms:SetKeyPolicy") == 0;
    a.grant = row->grant;
    authorise(&a, &v);
    const policy *all[] = {rail, identity, session, a.boundary, a.resource};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) let_go(all[i]);
    return v;
}

static void weighs(void **state) {
    (void)state;
    const policy_caller caller = {.account = SLICE("1"), .arn = SLICE("acs:ram::1:user/u")};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        verdict v = weighed(&ROWS[i], &caller, "kms:Encrypt");
        if (v.decision != ROWS[i].decision || v.by != ROWS[i].by)
            fail_msg("row %zu: %d by %s", i, v.decision, deciding_policy_name(v.by));
    }
}

/* The root of the account needs no policy of its own, and is bound by all others. */
static void root(void **state) {
    (void)state;
    const policy_caller caller = {.account = SLICE("1"), .arn = SLICE("acs:ram::1:root")};
    static const struct row rows[] = {
        {NULL, NULL, NULL, NULL, NULL, REACH_NONE, true, false, DECISION_ALLOW, DECIDED_BY_OWNER},
        {NULL, NULL, NULL, NULL, ACCOUNT, REACH_NONE, true, false, DECISION_ALLOW, DECIDED_BY_RESOURCE},
        {NULL, NULL, NULL, NULL, OTHER, REACH_NONE, true, false, DECISION_IMPLICIT_DENY, DECIDED_BY_RESOURCE},
        {NULL, NULL, NULL, NULL, BANS, REACH_NONE, true, false, DECISION_EXPLICIT_DENY, DECIDED_BY_RESOURCE},
        {DENIES, NULL, NULL, NULL, NULL, REACH_NONE, true, false, DECISION_EXPLICIT_DENY, DECIDED_BY_RAIL},
        {SILENT, NULL, NULL, NULL, NULL, REACH_NONE, false, false, DECISION_IMPLICIT_DENY, DECIDED_BY_RAIL},
        {NULL, NULL, NULL, SILENT, NULL, REACH_NONE, false, false, DECISION_IMPLICIT_DENY, DECIDED_BY_SESSION},
        {NULL, NULL, NULL, NULL, NULL, REACH_NONE, true, true, DECISION_IMPLICIT_DENY, DECIDED_BY_RESOURCE},
        {NULL, NULL, NULL, NULL, ACCOUNT, REACH_NONE, true, true, DECISION_ALLOW, DECIDED_BY_RESOURCE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        verdict v = weighed(&rows[i], &caller, "kms:Encrypt");
        if (v.decision != rows[i].decision || v.by != rows[i].by)
            fail_msg("row %zu: %d by %s", i, v.decision, deciding_policy_name(v.by));
    }
}

/* A policy cannot lock the owner out of replacing it; nobody else has that right, nor does it go past a guard rail. */
static void the_owner_is_never_locked_out(void **state) {
    (void)state;
    const policy_caller owner = {.account = SLICE("1"), .arn = SLICE("acs:ram::1:root")};
    const policy_caller user = {.account = SLICE("1"), .arn = SLICE("acs:ram::1:user/u")};
    struct row row = {NULL, ALLOWS, NULL, NULL, BANS, REACH_NONE, true, false, DECISION_ALLOW, DECIDED_BY_OWNER};
    assert_int_equal(weighed(&row, &owner, "kms:SetKeyPolicy").decision, DECISION_ALLOW);
    assert_int_equal(weighed(&row, &user, "kms:SetKeyPolicy").decision, DECISION_EXPLICIT_DENY);
    row.resource = OTHER;
    assert_int_equal(weighed(&row, &owner, "kms:SetKeyPolicy").decision, DECISION_ALLOW);
    assert_int_equal(weighed(&row, &user, "kms:SetKeyPolicy").decision, DECISION_IMPLICIT_DENY);
    row.is_foreign = true;
    assert_int_equal(weighed(&row, &owner, "kms:SetKeyPolicy").decision, DECISION_IMPLICIT_DENY);
    row.is_foreign = false;
    row.rail = DENIES;
    assert_int_equal(weighed(&row, &owner, "kms:SetKeyPolicy").decision, DECISION_EXPLICIT_DENY);
}

static void every_session_policy_must_allow(void **state) {
    (void)state;
    const policy_caller caller = {.account = SLICE("1"), .arn = SLICE("acs:ram::1:user/u")};
    const policy *identity = made(POLICY_IDENTITY, ALLOWS);
    const policy *sessions[] = {identity, made(POLICY_IDENTITY, SILENT), made(POLICY_IDENTITY, DENIES)};
    authorisation a = {.request = {SLICE("kms:Encrypt"), SLICE("acs:kms:r:1:key/a"), NULL, 0, 0, &caller}};
    verdict v;
    a.identity = (policy_set){&identity, 1, NULL};
    a.session = (policy_set){sessions, 1, NULL};
    authorise(&a, &v);
    assert_int_equal(v.decision, DECISION_ALLOW);
    a.session.count = 2;
    authorise(&a, &v);
    assert_true(v.decision == DECISION_IMPLICIT_DENY && v.by == DECIDED_BY_SESSION && v.match.policy == 1);
    a.session.count = 3;
    authorise(&a, &v);
    assert_true(v.decision == DECISION_EXPLICIT_DENY && v.match.policy == 2);
    for (size_t i = 0; i < 3; i++) let_go(sessions[i]);
}

/* What each kind says by itself is what the whole rests on; a role's own policy has a name of its own. */
static void tells_what_each_kind_says(void **state) {
    (void)state;
    const policy_caller caller = {.account = SLICE("1"), .arn = SLICE("acs:ram::1:user/u")};
    const policy *identity = made(POLICY_IDENTITY, "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":"
                                                   "\"*\",\"Resource\":\"*\"}]}");
    authorisation a = {.request = {SLICE("sts:AssumeRole"), SLICE("acs:ram:*:1:role/r"), NULL, 0, 0, &caller}};
    opinions o;
    verdict v;
    a.identity = (policy_set){&identity, 1, NULL};
    a.owner = SLICE("1");
    a.is_role = true;
    a.resource =
        made(POLICY_TRUST, "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"sts:AssumeRole\","
                           "\"Principal\":{\"RAM\":[\"acs:ram::1:user/u\"]}}]}");
    authorise(&a, &v);
    authorisation_ask(&a, &o);
    assert_true(v.decision == DECISION_EXPLICIT_DENY && v.by == DECIDED_BY_TRUST && v.match.statement == 0);
    assert_true(o.identity.decision == DECISION_ALLOW && o.resource.decision == DECISION_EXPLICIT_DENY);
    assert_true(o.rail.decision == DECISION_ALLOW && o.session.decision == DECISION_ALLOW); /* none withholds it */
    assert_int_equal(o.boundary.decision, DECISION_IMPLICIT_DENY);
    assert_int_equal(authorisation_word(&a, identity), DECISION_ALLOW);
    assert_int_equal(authorisation_word(&a, a.resource), DECISION_EXPLICIT_DENY);
    let_go(identity);
    let_go(a.resource);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weighs),
        cmocka_unit_test(root),
        cmocka_unit_test(the_owner_is_never_locked_out),
        cmocka_unit_test(every_session_policy_must_allow),
        cmocka_unit_test(tells_what_each_kind_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
