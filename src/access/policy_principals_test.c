/* Whom a policy names: each once, sessions as their roles, and whether it is open to everybody. */
#include "access/policy_testing.h"
#include "contract/contract_tables.h"

#define POLICY(statements) "{\"Version\":\"1\",\"Statement\":[" statements "]}"
#define WITH(effect, principal, rest)                                                                                  \
    "{\"Effect\":\"" effect "\",\"Principal\":" principal ",\"Action\":\"kms:*\",\"Resource\":\"*\"" rest "}"
#define RAM(names) "{\"RAM\":[" names "]}"
#define IF_LOCAL ",\"Condition\":{\"IpAddress\":{\"acs:SourceIp\":\"10.0.0.0/8\"}}"

static void same_list(const slice *list, size_t count, const char *expected) {
    OWNED(buffer) joined = {0};
    for (size_t i = 0; i < count; i++)
        assert_int_equal(buffer_printf(&joined, "%.*s ", SLICE_ARGS(list[i])).code, STATUS_OK);
    assert_int_equal(buffer_append_byte(&joined, 0).code, STATUS_OK);
    assert_string_equal((const char *)joined.at, expected);
}

static void expect(const char *document, const char *names, const char *accounts, bool is_public) {
    OWNED(arena) memory = {0};
    policy_principals found;
    policy *p = compiled_as(POLICY_RESOURCE, document);
    assert_int_equal(policy_list_principals(p, &memory, &found).code, STATUS_OK);
    same_list(found.names, found.name_count, names);
    same_list(found.accounts, found.account_count, accounts);
    assert_int_equal(found.is_public, is_public);
    policy_free(p);
}

static void test_everybody_is_public_only_where_allowed_without_a_condition(void **state) {
    (void)state;
    expect(POLICY(WITH("Allow", "\"*\"", "")), "", "", true);
    expect(POLICY(WITH("Allow", "\"*\"", IF_LOCAL)), "", "", false);
    expect(POLICY(WITH("Deny", "\"*\"", "")), "", "", false);
    expect(POLICY(WITH("Deny", "\"*\"", "") "," WITH("Allow", "\"*\"", "")), "", "", true);
    expect(POLICY(WITH("Allow", RAM("\"acs:ram::100000000001:root\""), "")), "", "100000000001 ", false);
}

static void test_names_are_told_once_and_accounts_only_where_they_are_given_something(void **state) {
    (void)state;
    const char *ann = "acs:ram::100000000001:user/ann ";
    expect(POLICY(WITH("Allow", RAM("\"acs:ram::100000000001:user/ann\",\"acs:ram::100000000001:user/ann\""), "")), ann,
           "100000000001 ", false);
    expect(POLICY(WITH("Allow", RAM("\"acs:ram::100000000001:user/ann\""),
                       "") "," WITH("Allow", RAM("\"acs:ram::100000000001:user/ann\""), "")),
           ann, "100000000001 ", false);
    expect(POLICY(WITH("Deny", RAM("\"acs:ram::100000000001:user/ann\""), "")), ann, "", false);
    expect(POLICY(WITH("Allow", RAM("\"acs:ram::100000000001:user/ann\",\"acs:ram::100000000002:root\""), "")), ann,
           "100000000001 100000000002 ", false);
}

static void test_a_session_is_somebody_as_long_as_its_role_is(void **state) {
    (void)state;
    expect(POLICY(WITH("Allow",
                       RAM("\"acs:ram::100000000001:assumed-role/guests/may\",\"acs:ram::100000000001:role/guests\""),
                       "")),
           "acs:ram::100000000001:role/guests ", "100000000001 ", false);
}

static void test_bound_names_are_told_with_whom_they_meant(void **state) {
    (void)state;
    const principal_binding rows[] = {{SLICE("acs:ram::100000000001:user/ann"), SLICE("77")}};
    const char *document = POLICY(WITH(
        "Allow", RAM("\"acs:ram::100000000001:user/ann\",\"acs:ram::100000000001:user/bob\",\"100000000002\""), ""));
    OWNED(arena) memory = {0};
    policy_bound_name found[4];
    slice fault = {0};
    policy *bound = NULL, *free_of_ids = compiled_as(POLICY_RESOURCE, document);
    policy_source source = {slice_of_text(document), POLICY_RESOURCE, POLICY_BYTES_MOST, {true, rows, 1}};
    assert_int_equal(policy_compile(&source, &memory, &fault, &bound).code, STATUS_OK);
    assert_int_equal(policy_list_bound(free_of_ids, found, 4), 0);
    assert_int_equal(policy_list_bound(bound, found, 4), 2);
    assert_true(slice_equals(found[0].name, SLICE("acs:ram::100000000001:user/ann")) &&
                slice_equals(found[0].id, SLICE("77")));
    assert_true(slice_equals(found[1].name, SLICE("acs:ram::100000000001:user/bob")) && slice_is_empty(found[1].id));
    assert_int_equal(policy_list_bound(bound, found, 1), 2);
    policy_free(bound);
    policy_free(free_of_ids);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound_names_are_told_with_whom_they_meant),
        cmocka_unit_test(test_everybody_is_public_only_where_allowed_without_a_condition),
        cmocka_unit_test(test_names_are_told_once_and_accounts_only_where_they_are_given_something),
        cmocka_unit_test(test_a_session_is_somebody_as_long_as_its_role_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
