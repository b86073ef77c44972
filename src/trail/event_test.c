/* Event JSON: its members, masking by truncation, the vault's witness. */
#include "trail/event.h"

#include "format/json.h"
#include "trail/trail_test.h"

static const event_resource resources[] = {
    {{(const uint8_t *)"ACS::KMS::Key", 13}, {(const uint8_t *)"key-1", 5}},
    {{(const uint8_t *)"ACS::OSS::Bucket", 16}, {(const uint8_t *)"bucket", 6}},
    {{(const uint8_t *)"ACS::KMS::Key", 13}, {(const uint8_t *)"key-2", 5}},
};

static event full_event(void) {
    return (event){
        .event_id = SLICE("6f0f0000-0000-4000-8000-000000000001"),
        .event_name = SLICE("Decrypt"),
        .event_source = SLICE("kms.cn-hangzhou.aliyuncs.com"),
        .service_name = SLICE("Kms"),
        .event_rw = SLICE("Write"),
        .api_version = SLICE("2016-01-20"),
        .request_id = SLICE("6f0f0000-0000-4000-8000-000000000002"),
        .request_parameters = SLICE("{\"CiphertextBlob\":\"***\"}"),
        .error_code = SLICE("Rejected.Disabled"),
        .error_message = SLICE("The \"key\"\nis disabled."),
        .region = SLICE("cn-hangzhou"),
        .source_ip = SLICE("127.0.0.1"),
        .user_agent = SLICE("agent\xff"),
        .recipient_account_id = SLICE("123456789012"),
        .dialect = SLICE("alibaba_rpc"),
        .scheme = SLICE("https"),
        .count = 3,
        .time_s = 1716186861,
        .identity = {.type = SLICE("ram-user"),
                     .principal_id = SLICE("2"),
                     .account_id = SLICE("123456789012"),
                     .access_key_id = SLICE("LTAI"),
                     .user_name = SLICE("alice"),
                     .has_session = true,
                     .session_created_s = 1716186000},
        .resources = resources,
        .resource_count = 3,
    };
}

static const json *parse(const buffer *text, arena *memory) {
    const json *parsed;
    assert_ok(json_parse(buffer_slice(text), memory, &parsed, NULL));
    return parsed;
}

static void expect_text(const json *object, const char *name, const char *due) {
    slice text;
    assert_true(json_get_text(json_member(object, slice_of_text(name)), &text));
    assert_true(slice_equals_text(text, due));
}

static void all_members_are_written(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    OWNED(arena) memory = {0};
    event e = full_event();
    assert_ok(event_write(&e, &out));
    const json *parsed = parse(&out, &memory);
    expect_text(parsed, "eventName", "Decrypt");
    expect_text(parsed, "eventVersion", "1");
    expect_text(parsed, "eventTime", "2024-05-20T06:34:21Z");
    expect_text(parsed, "eventType", "ApiCall");
    expect_text(parsed, "eventCategory", "Management");
    expect_text(parsed, "errorMessage", "The \"key\"\nis disabled.");
    expect_text(parsed, "userAgent", "agent\xef\xbf\xbd");
    expect_text(parsed, "resourceType", "ACS::KMS::Key,ACS::OSS::Bucket");
    expect_text(parsed, "resourceName", "key-1;key-2,bucket");
    const json *identity = json_member(parsed, SLICE("userIdentity"));
    expect_text(identity, "userName", "alice");
    expect_text(json_member(json_member(identity, SLICE("sessionContext")), SLICE("attributes")), "mfaAuthenticated",
                "false");
    const json *keys = json_member(json_member(parsed, SLICE("referencedResources")), SLICE("ACS::KMS::Key"));
    assert_int_equal(keys->count, 2);
    int64_t count = 0;
    assert_true(
        json_get_integer(json_member(json_member(parsed, SLICE("additionalEventData")), SLICE("Count")), &count));
    assert_int_equal(count, 3);
    expect_text(json_member(parsed, SLICE("requestParameters")), "CiphertextBlob", "***");
    assert_null(json_member(parsed, SLICE("keyUse")));
}

static void an_empty_name_keeps_its_place(void **state) {
    (void)state;
    OWNED(buffer) text = {0};
    OWNED(arena) memory = {0};
    const json *parsed;
    event_resource some[] = {{SLICE("A"), SLICE("")}, {SLICE("B"), SLICE("name")}};
    event e = {.event_id = SLICE("id"), .time_s = 1, .resources = some, .resource_count = 2};
    assert_ok(event_write(&e, &text));
    assert_ok(json_parse(buffer_slice(&text), &memory, &parsed, NULL));
    expect_text(parsed, "resourceType", "A,B");
    expect_text(parsed, "resourceName", ",name");
}

static void absent_members_are_left_out(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    OWNED(arena) memory = {0};
    event e = {.event_name = SLICE("GetObject")};
    assert_ok(event_write(&e, &out));
    const json *parsed = parse(&out, &memory);
    assert_null(json_member(parsed, SLICE("errorCode")));
    assert_null(json_member(parsed, SLICE("requestParameters")));
    assert_null(json_member(parsed, SLICE("resourceName")));
    expect_text(parsed, "eventName", "GetObject");
}

static void large_parameters_are_replaced(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    OWNED(buffer) big = {0};
    OWNED(arena) memory = {0};
    event e = full_event();
    assert_ok(buffer_append_text(&big, "{\"a\":\""));
    for (int i = 0; i < 70000; i++) assert_ok(buffer_append_byte(&big, 'x'));
    assert_ok(buffer_append_text(&big, "\"}"));
    e.request_parameters = buffer_slice(&big);
    assert_ok(event_write(&e, &out));
    assert_true(out.len < 2000);
    bool is_truncated = false;
    const json *parsed = parse(&out, &memory);
    assert_true(
        json_get_bool(json_member(json_member(parsed, SLICE("requestParameters")), SLICE("truncated")), &is_truncated));
    assert_true(is_truncated);
    expect_text(parsed, "errorCode", "Rejected.Disabled"); /* the rest is whole */
}

static void nothing_is_too_large(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    OWNED(arena) memory = {0};
    uint8_t *controls = malloc(1 << 20); /* every byte becomes six */
    memset(controls, 1, 1 << 20);
    slice huge = slice_of(controls, 1 << 20);
    event_resource many[100];
    for (int i = 0; i < 100; i++) many[i] = (event_resource){huge, huge};
    event_use uses[EVENT_USES_MOST];
    for (int i = 0; i < EVENT_USES_MOST; i++)
        uses[i] = (event_use){slice_head(huge, 64), slice_head(huge, 64), slice_head(huge, 64)};
    event e = {huge,
               huge,
               huge,
               huge,
               huge,
               huge,
               huge,
               huge,
               huge,
               {0},
               {0},
               huge,
               huge,
               huge,
               huge,
               huge,
               huge,
               huge,
               huge,
               .identity = {huge, huge, huge, huge, huge, true, true, 0},
               .resources = many,
               .resource_count = 100,
               .count = 9};
    assert_ok(event_write(&e, &out));
    assert_true(out.len <= EVENT_BYTES_MOST);
    assert_non_null(parse(&out, &memory));
    OWNED(buffer) whole = {0};
    assert_ok(event_append_uses(buffer_slice(&out), uses, 4, &whole));
    assert_true(whole.len <= 65535);
    free(controls);
}

static void the_witness_is_added(void **state) {
    (void)state;
    OWNED(buffer) out = {0};
    OWNED(buffer) with = {0};
    OWNED(arena) memory = {0};
    event e = full_event();
    event_use uses[EVENT_USES_MOST + 1] = {{SLICE("key-1"), SLICE("version-1"), SLICE("Decrypt")}};
    assert_ok(event_write(&e, &out));
    assert_ok(event_append_uses(buffer_slice(&out), uses, 0, &with));
    assert_true(slice_equals(buffer_slice(&with), buffer_slice(&out)));
    buffer_reset(&with);
    assert_ok(event_append_uses(buffer_slice(&out), uses, 2, &with));
    const json *list = json_member(parse(&with, &memory), SLICE("keyUse"));
    assert_int_equal(list->count, 2);
    expect_text(json_element(list, 0), "keyVersionId", "version-1");
    assert_failure(event_append_uses(buffer_slice(&out), uses, EVENT_USES_MOST + 1, &with), INVALID_PARAMETER);
    assert_failure(event_append_uses(SLICE("[]"), uses, 1, &with), MALFORMED);
    assert_failure(event_append_uses(SLICE(""), uses, 1, &with), MALFORMED);
    buffer_reset(&out);
    e.uses = uses;
    e.use_count = 1;
    assert_ok(event_write(&e, &out));
    assert_int_equal(json_member(parse(&out, &memory), SLICE("keyUse"))->count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_members_are_written),     cmocka_unit_test(an_empty_name_keeps_its_place),
        cmocka_unit_test(absent_members_are_left_out), cmocka_unit_test(large_parameters_are_replaced),
        cmocka_unit_test(nothing_is_too_large),        cmocka_unit_test(the_witness_is_added),
    };
    return cmocka_run_group_tests_name("event", tests, test_start, NULL);
}
