/* The packed form: round trips, and refusal of everything shape_pack would not have written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contract/failure.h"
#include "contract/message.h"
#include "contract/operation.h"

#define ASSERT_OK(call) assert_int_equal((call).code, STATUS_OK)
#define ASSERT_FAILS(call, name) assert_int_equal((call).code, FAILURE_##name)

static pair context[] = {{{(const uint8_t *)"Dept", 4}, {(const uint8_t *)"finance", 7}},
                         {{(const uint8_t *)"k.2", 3}, {(const uint8_t *)"", 0}}};

static request_message sample(arena *memory) {
    encrypt_in in = {.key_id = SLICE("alias/x"), .plaintext = SLICE("hello"), .encryption_context = {context, 2}};
    in.dry_run = SET_BOOL(false);
    OWNED(buffer) packed = {0};
    ASSERT_OK(shape_pack(&encrypt_in_shape, &in, &packed));
    request_message m = {.id = SET_INT(7), .request_id = SLICE("r-1"), .operation = SET_INT(OPERATION_ENCRYPT)};
    ASSERT_OK(arena_copy(memory, buffer_slice(&packed), &m.input));
    proof *p = ARENA_NEW(memory, proof);
    slice *texts = ARENA_ARRAY(memory, slice, 2);
    texts[0] = SLICE("first"), texts[1] = SLICE("");
    *p = (proof){.scheme = SCHEME_ALIBABA_V3, .access_key_id = SLICE("LTAI"), .texts = {texts, 2}};
    p->signature = SLICE("sssss");
    p->request_time = SET_INT(-5);
    m.proof = p;
    return m;
}

static void message_round_trip(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(buffer) frame = {0};
    request_message m = sample(&memory);
    ASSERT_OK(message_encode(MESSAGE_REQUEST, &m, &frame));
    message back;
    ASSERT_OK(message_decode(buffer_slice(&frame), ROLE_GATEWAY, ROLE_CORE, &memory, &back));
    assert_int_equal(back.verb, MESSAGE_REQUEST);
    const request_message *r = back.fields;
    assert_int_equal(r->id.value, 7);
    assert_true(slice_equals_text(r->proof->access_key_id, "LTAI"));
    assert_int_equal(r->proof->texts.count, 2);
    assert_int_equal(r->proof->request_time.value, -5);
    encrypt_in in;
    ASSERT_OK(shape_unpack(&encrypt_in_shape, r->input, &memory, &in));
    assert_int_equal(in.encryption_context.count, 2);
    assert_true(slice_equals_text(in.encryption_context.at[0].value, "finance"));
    assert_true(in.dry_run.is_set && !in.dry_run.value);
}

static void wrong_sender_is_refused(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(buffer) frame = {0};
    request_message m = sample(&memory);
    ASSERT_OK(message_encode(MESSAGE_REQUEST, &m, &frame));
    message back;
    ASSERT_FAILS(message_decode(buffer_slice(&frame), ROLE_GATEWAY, ROLE_VAULT, &memory, &back), MALFORMED);
    ASSERT_FAILS(message_decode(buffer_slice(&frame), ROLE_CORE, ROLE_VAULT, &memory, &back), MALFORMED);
    ASSERT_FAILS(message_decode(SLICE(""), ROLE_GATEWAY, ROLE_CORE, &memory, &back), MALFORMED);
    ASSERT_FAILS(message_decode(SLICE("\xff"), ROLE_GATEWAY, ROLE_CORE, &memory, &back), MALFORMED);
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    OWNED(arena) memory = {.limit = 16 << 20};
    OWNED(buffer) frame = {0};
    request_message m = sample(&memory);
    ASSERT_OK(shape_pack(&request_message_shape, &m, &frame));
    size_t accepted = 0;
    for (size_t len = 1; len < frame.len; len++) {
        request_message back;
        slice cut = slice_head(buffer_slice(&frame), len);
        if (!FAILED(shape_unpack(&request_message_shape, cut, &memory, &back))) accepted++;
    }
    /* Only the cuts between whole fields of the outermost shape can be a message of fewer fields. */
    assert_true(accepted <= request_message_shape.field_count);
}

static void flipped_bytes_never_crash(void **state) {
    (void)state;
    OWNED(arena) memory = {.limit = 64 << 20};
    OWNED(buffer) frame = {0};
    request_message m = sample(&memory);
    ASSERT_OK(shape_pack(&request_message_shape, &m, &frame));
    for (size_t i = 0; i < frame.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            frame.at[i] ^= (uint8_t)(1 << bit);
            request_message back;
            status_ignore(shape_unpack(&request_message_shape, buffer_slice(&frame), &memory, &back));
            frame.at[i] ^= (uint8_t)(1 << bit);
        }
        arena_reset(&memory);
        m = sample(&memory);
    }
}

static void huge_counts_allocate_nothing(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    static const uint8_t keys[] = {2, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff};
    delete_multiple_objects_in in;
    ASSERT_FAILS(shape_unpack(&delete_multiple_objects_in_shape, slice_of(keys, sizeof keys), &memory, &in), MALFORMED);
    assert_int_equal(memory.used, 0);
}

static void limits_are_checked(void **state) {
    (void)state;
    slice culprit;
    schedule_key_deletion_in in = {.key_id = SLICE("k"), .pending_window_in_days = SET_INT(6)};
    ASSERT_FAILS(shape_check(&schedule_key_deletion_in_shape, &in, &culprit), INVALID_PARAMETER);
    assert_true(slice_equals_text(culprit, "PendingWindowInDays"));
    in.pending_window_in_days = SET_INT(7);
    ASSERT_OK(shape_check(&schedule_key_deletion_in_shape, &in, &culprit));
    in.key_id = (slice){0};
    ASSERT_FAILS(shape_check(&schedule_key_deletion_in_shape, &in, &culprit), MISSING_PARAMETER);
    in.key_id = SLICE("\xff");
    ASSERT_FAILS(shape_check(&schedule_key_deletion_in_shape, &in, &culprit), INVALID_PARAMETER);
    tag tags[] = {{.tag_key = SLICE("k")}, {.tag_value = SLICE("v")}};
    create_key_in create = {.tags = {tags, 2}};
    ASSERT_FAILS(shape_check(&create_key_in_shape, &create, &culprit), MISSING_PARAMETER);
    assert_true(slice_equals_text(culprit, "TagKey"));
}

static void tables_are_whole(void **state) {
    (void)state;
    for (int id = 1; id < OPERATION_COUNT; id++) {
        const operation *op = operation_get(id);
        assert_non_null(op);
        assert_true(strlen(op->help) > 10);
        assert_int_equal(operation_find(op->product->name, slice_of_text(op->name)), id);
    }
    assert_null(operation_get(OPERATION_COUNT));
    assert_null(operation_get(-1));
    assert_string_equal(product_by_version(SLICE("2016-01-20"))->name, "kms");
    assert_string_equal(failure_get(FAILURE_KEY_NOT_FOUND)->in[WIRE_ALIBABA_RPC].code, "Forbidden.KeyNotFound");
    assert_int_equal(failure_get(FAILURE_KEY_NOT_FOUND)->in[WIRE_ALIBABA_RPC].http, 404);
    assert_int_equal(failure_get((enum status_code)9999)->in[WIRE_ALIBABA_RPC].http, 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_round_trip),
        cmocka_unit_test(wrong_sender_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(flipped_bytes_never_crash),
        cmocka_unit_test(huge_counts_allocate_nothing),
        cmocka_unit_test(limits_are_checked),
        cmocka_unit_test(tables_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
