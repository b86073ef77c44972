/* The text that is approved: known answers, and what is refused. */
#include "contract/canonical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PAIRS(...) ((pair_list){(pair[]){__VA_ARGS__}, sizeof((pair[]){__VA_ARGS__}) / sizeof(pair)})
#define SAID(name, text)                                                                                               \
    { SLICE(name), SLICE(text) }

static const operation *operation_of(enum operation_id id) { return operation_get(id); }

static void is_text(const operation *op, pair_list parameters, const char *lines) {
    OWNED(buffer) text = {0};
    canonical_request request = {op, SLICE("1000000000000001"), SLICE("212345678901234567"), parameters};
    assert_false(FAILED(canonical_write(&request, &text)));
    slice rest = buffer_slice(&text), part;
    for (int i = 0; i < 5; i++) assert_true(slice_split(&rest, '\n', &part));
    assert_true(slice_equals_text(rest, lines));
}

/* docs/formats/approval.md */
static void documented_example(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    OWNED(buffer) text = {0};
    pair_list read;
    const operation *op = operation_of(OPERATION_SCHEDULE_KEY_DELETION);
    schedule_key_deletion_in in = {
        SLICE("acs:kms:cn-hangzhou:1000000000000001:key/8d9ef1c3-5a43-4a5d-9d8e-0f3a5a2b7c11"), SET_INT(7)};
    assert_false(FAILED(canonical_parameters(op, &in, &memory, &read)));
    canonical_request request = {op, SLICE("1000000000000001"), SLICE("212345678901234567"), read};
    assert_false(FAILED(canonical_write(&request, &text)));
    assert_true(slice_equals_text(buffer_slice(&text),
                                  "keyhold-approval-1\nkms\nScheduleKeyDeletion\n1000000000000001\n"
                                  "212345678901234567\nKeyId=8d9ef1c3-5a43-4a5d-9d8e-0f3a5a2b7c11\n"
                                  "PendingWindowInDays=7\n"));
}

/* Both ways in come to the same. */
static void structs_and_texts_agree(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    pair_list from_struct, from_text;
    slice culprit;
    const operation *op = operation_of(OPERATION_ENCRYPT);
    pair context[] = {SAID("b", "2"), SAID("a", "1=\n")};
    encrypt_in in = {.key_id = SLICE("k"), .plaintext = SLICE("secret")};
    in.encryption_context = (pair_list){context, 2};
    assert_false(FAILED(canonical_parameters(op, &in, &memory, &from_struct)));
    pair_list said = PAIRS(SAID("EncryptionContext.b", "2"), SAID("KeyId", "k"), SAID("EncryptionContext.a", "1=\n"));
    assert_false(FAILED(canonical_read(op, said, &memory, &from_text, &culprit)));
    is_text(op, from_struct, "EncryptionContext.a=1%3D%0A\nEncryptionContext.b=2\nKeyId=k\n");
    is_text(op, from_text, "EncryptionContext.a=1%3D%0A\nEncryptionContext.b=2\nKeyId=k\n");
}

static void lists_of_structures(void **state) {
    (void)state;
    OWNED(arena) memory = {0};
    pair_list read;
    slice culprit;
    const operation *op = operation_of(OPERATION_SET_APPROVAL_RULE);
    pair_list said = PAIRS(SAID("Count", "07"), SAID("Actions.2", "b"), SAID("Actions.1", "a"));
    assert_false(FAILED(canonical_read(op, said, &memory, &read, &culprit)));
    is_text(op, read, "Actions.1=a\nActions.2=b\nCount=7\n");
}

static void refused(const operation *op, pair_list said, const char *named) {
    OWNED(arena) memory = {0};
    pair_list read;
    slice culprit = {0};
    assert_true(FAILED_WITH(canonical_read(op, said, &memory, &read, &culprit), INVALID_PARAMETER));
    assert_true(slice_equals_text(culprit, named));
}

static void what_is_refused(void **state) {
    (void)state;
    const operation *encrypt = operation_of(OPERATION_ENCRYPT), *rule = operation_of(OPERATION_SET_APPROVAL_RULE);
    const operation *schedule = operation_of(OPERATION_SCHEDULE_KEY_DELETION);
    refused(encrypt, PAIRS(SAID("Plaintext", "eA==")), "Plaintext");
    refused(encrypt, PAIRS(SAID("EncryptionContext", "{}")), "EncryptionContext");
    refused(encrypt, PAIRS(SAID("EncryptionContext.", "x")), "EncryptionContext.");
    refused(encrypt, PAIRS(SAID("KeyId.x", "x")), "KeyId.x");
    refused(encrypt, PAIRS(SAID("", "x")), "");
    refused(schedule, PAIRS(SAID("KeyId", "alias/a")), "KeyId");
    refused(schedule, PAIRS(SAID("KeyId", "acs:kms:r:1:alias/a")), "KeyId");
    refused(schedule, PAIRS(SAID("KeyId", "k"), SAID("KeyId", "k")), "KeyId");
    refused(schedule, PAIRS(SAID("PendingWindowInDays", "7.0")), "PendingWindowInDays");
    refused(rule, PAIRS(SAID("Actions", "a")), "Actions");
    refused(rule, PAIRS(SAID("Actions.0", "a")), "Actions.0");
    refused(rule, PAIRS(SAID("Actions.01", "a")), "Actions.01");
    refused(rule, PAIRS(SAID("Actions.1.x", "a")), "Actions.1.x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented_example),
        cmocka_unit_test(structs_and_texts_agree),
        cmocka_unit_test(lists_of_structures),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
