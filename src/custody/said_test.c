/* What core is told of what was signed: all of a change but its secrets, and nothing of anything else. */
#include "custody/said.h"

#include "crypto/hash.h"
#include "custody/test_house.h"

#define RAM(parameters) "POST&%2F&AccessKeyId%3DLTAI%26" parameters "%26Version%3D2015-05-01"

static void expect(status got, status wanted) { assert_int_equal(got.code, wanted.code); }

static status show(const proof *p, slice text, arena *memory, used_message *out) {
    asked a;
    *out = (used_message){0};
    TRY(asked_read(p, text, memory, &a));
    return said_show(&a, p, text, memory, out);
}

static slice said_of(const used_message *m, const char *name) {
    for (size_t i = 0; i < m->said.count; i++)
        if (slice_equals_text(m->said.at[i].key, name)) return m->said.at[i].value;
    return (slice){0};
}

static void test_a_change_is_told_without_its_secrets(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    used_message m;
    const proof p = {.scheme = SCHEME_ALIBABA_V1};
    expect(show(&p, SLICE(RAM("Action%3DCreateLoginProfile%26Password%3Dhush%26UserName%3Dann%2520b")), &memory, &m),
           OK);
    assert_true(slice_equals_text(said_of(&m, "UserName"), "ann b"));
    assert_true(slice_is_absent(said_of(&m, "Password")));
    for (size_t i = 0; i < m.said.count; i++) assert_int_equal(slice_find(m.said.at[i].value, SLICE("hush")), SIZE_MAX);
    expect(show(&p, SLICE(RAM("Action%3DGetUser%26UserName%3Dann")), &memory, &m), OK);
    assert_int_equal(m.said.count, 0);
    expect(show(&p, SLICE(RAM("Action%3DDeleteUser%26UserName%3Dann%26UserName%3Dben")), &memory, &m),
           FAIL(NO_PERMISSION));
    assert_int_equal(m.said.count, 0);
}

static void hash_in_hex(slice body, char out[2 * HASH_SHA256_BYTES + 1]) {
    uint8_t hash[HASH_SHA256_BYTES];
    expect(hash_once(HASH_SHA256, body, hash), OK);
    for (size_t i = 0; i < sizeof hash; i++) snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

static status show_json(const char *target, slice body, slice sent, used_message *out, arena *memory) {
    char hash[2 * HASH_SHA256_BYTES + 1];
    slice text;
    hash_in_hex(body, hash);
    proof p = {.scheme = SCHEME_AWS_V4, .scope_service = SLICE("secretsmanager"), .body = sent};
    TRY(arena_printf(memory, &text, "POST\n/\n\nhost:h\nx-amz-target:secretsmanager.%s\n\nhost;x-amz-target\n%s",
                     target, hash));
    return show(&p, text, memory, out);
}

static void test_members_are_told_without_their_secrets(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    used_message m;
    const slice body = SLICE(
        "{\"Name\":\"a\\n\\u00fc\\\"\", \"SecretString\" : \"hush\",\"Tags\":[ {\"Key\":\"k\"} ],\"KmsKeyId\":null}");
    expect(show_json("CreateSecret", body, body, &m, &memory), OK);
    if (!slice_equals_text(m.said_json, "{\"Name\":\"a\\u000a\xc3\xbc\\u0022\",\"Tags\":[ {\"Key\":\"k\"} ]}"))
        fail_msg("%.*s", SLICE_ARGS(m.said_json));
    expect(show_json("CreateSecret", body, SLICE("{}"), &m, &memory), FAIL(NO_PERMISSION)); /* not what was signed */
    assert_true(slice_is_absent(m.said_json));
    const slice only = SLICE("{\"SecretBinary\":\"aHVzaA==\"}");
    expect(show_json("PutSecretValue", only, only, &m, &memory), OK);
    assert_true(slice_equals_text(m.said_json, "{}"));
    expect(show_json("DescribeSecret", body, body, &m, &memory), OK);
    assert_true(slice_is_absent(m.said_json));
}

static void test_of_storage_the_path_and_the_query(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    used_message m;
    const proof v1 = {.scheme = SCHEME_OSS_V1}, v4 = {.scheme = SCHEME_OSS_V4};
    expect(show(&v1, SLICE("DELETE\n\n\nd\n/b/?policy"), &memory, &m), OK);
    assert_true(slice_equals_text(m.resource, "/b/?policy") && slice_is_absent(m.query));
    expect(show(&v4, SLICE("DELETE\n/b/a%3Fb\npolicy\nx-oss-date:d\n\n\nUNSIGNED-PAYLOAD"), &memory, &m), OK);
    assert_true(slice_equals_text(m.resource, "/b/a?b") && slice_equals_text(m.query, "policy"));
}

static int start(void **state) {
    (void)state;
    return FAILED(crypto_start());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_change_is_told_without_its_secrets),
        cmocka_unit_test(test_members_are_told_without_their_secrets),
        cmocka_unit_test(test_of_storage_the_path_and_the_query),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
