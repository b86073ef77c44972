/* Every operation that changes or uses something can be put under a rule, by every name it has, and nothing else can. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "contract/action_name.h"
#include "contract/held.h"

/* What stays open: how people come by a session, and the way of approvals itself. */
static const enum operation_id OPEN[] = {OPERATION_BEGIN_LOGIN,
                                         OPERATION_LOGIN,
                                         OPERATION_GET_SESSION_TOKEN,
                                         OPERATION_ASSUME_ROLE,
                                         OPERATION_ASSUME_ROLE_WITH_OIDC,
                                         OPERATION_ASSUME_ROLE_WITH_SAML,
                                         OPERATION_REQUEST_APPROVAL,
                                         OPERATION_APPROVE_REQUEST,
                                         OPERATION_WITHDRAW_APPROVAL,
                                         OPERATION_BEGIN_APPROVAL_RECOVERY,
                                         OPERATION_OBJECT_TO_APPROVAL_RECOVERY};

static bool is_open(int64_t id) {
    for (size_t i = 0; i < sizeof OPEN / sizeof *OPEN; i++)
        if ((int64_t)OPEN[i] == id) return true;
    return false;
}

static void what_changes_or_uses_something_can_be_held(void **state) {
    (void)state;
    size_t held = 0;
    for (int64_t id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++) {
        const operation *op = operation_get(id);
        bool only_looks = op->level == LEVEL_READ || op->level == LEVEL_LIST;
        bool wanted = !is_open(id) && (!only_looks || id == OPERATION_GET_OBJECT);
        if (held_by_pattern(slice_of_text(op->action), op) != wanted || held_by_pattern(SLICE("*"), op) != wanted)
            fail_msg("%s:%s", op->product->name, op->name);
        held += wanted;
    }
    assert_true(held > 150);
}

/* Whatever a policy may call an action, a rule may. */
static void under_all_its_names(void **state) {
    (void)state;
    for (int64_t id = OPERATION_NONE + 1; id < OPERATION_COUNT; id++) {
        const operation *op = operation_get(id);
        action_names names;
        bool can_be = held_by_pattern(SLICE("*"), op);
        assert_true(action_names_find(slice_of_text(op->action), &names));
        for (size_t i = 0; i < names.count; i++)
            if (held_by_pattern(names.whole[i], op) != can_be)
                fail_msg("%s: %.*s", op->name, SLICE_ARGS(names.whole[i]));
        if (op->aws && can_be && !held_by_pattern(slice_of_text(op->aws), op)) fail_msg("%s: %s", op->name, op->aws);
    }
}

static bool holds(const char *pattern, enum operation_id id) {
    return held_by_pattern(slice_of_text(pattern), operation_get(id));
}

static void ways_around_are_held_as_well(void **state) {
    (void)state;
    static const struct row {
        const char *pattern;
        enum operation_id operation;
    } ROWS[] = {
        {"secretsmanager:GetSecretValue", OPERATION_BATCH_GET_SECRET_VALUE},
        {"kms:GetSecretValue", OPERATION_MANAGER_BATCH_GET_SECRET_VALUE},
        {"kms:GetSecretValue", OPERATION_MANAGER_GET_SECRET_VALUE},
        {"secretsmanager:PutSecretValue", OPERATION_MANAGER_UPDATE_SECRET},
        {"kms:TagResource", OPERATION_KMS_TAG_RESOURCES},
        {"kms:UntagResource", OPERATION_KMS_UNTAG_RESOURCES},
        {"kms:CreateKey", OPERATION_REPLICATE_KEY},
        {"kms:UpdateAlias", OPERATION_DELETE_ALIAS},
        {"kms:RevokeGrant", OPERATION_RETIRE_GRANT},
        {"kms:AsymmetricDecrypt", OPERATION_DECRYPT},
        {"kms:Decrypt", OPERATION_ASYMMETRIC_DECRYPT},
        {"kms:Decrypt", OPERATION_EXPORT_DATA_KEY},
        {"kms:Decrypt", OPERATION_RE_ENCRYPT},
        {"kms:ReEncryptTo", OPERATION_RE_ENCRYPT},
        {"kms:GenerateDataKey", OPERATION_GENERATE_AND_EXPORT_DATA_KEY},
        {"s3:GetObject", OPERATION_COPY_OBJECT},
        {"oss:PutObject", OPERATION_COPY_OBJECT},
        {"oss:DeleteObject", OPERATION_DELETE_MULTIPLE_OBJECTS},
        {"iam:SetDefaultPolicyVersion", OPERATION_CREATE_POLICY_VERSION},
        {"kms:PutKeyPolicy", OPERATION_SET_KEY_POLICY},
        {"iam:DeactivateMFADevice", OPERATION_UNBIND_MFA_DEVICE},
        {"ram:UnbindMFADevice", OPERATION_DEACTIVATE_MFA_DEVICE},
        {"iam:TagUser", OPERATION_TAG_RESOURCES},
        {"ram:TagResources", OPERATION_TAG_ROLE},
        {"iam:UpdateAssumeRolePolicy", OPERATION_UPDATE_ROLE},
        {"keyhold:DeleteGuardRail", OPERATION_SET_GUARD_RAIL},
        {"keyhold:SetGuardRail", OPERATION_DELETE_GUARD_RAIL},
        {"KMS:schedule*", OPERATION_SCHEDULE_KEY_DELETION},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (!holds(ROWS[i].pattern, ROWS[i].operation)) fail_msg("%s", ROWS[i].pattern);
    assert_false(holds("kms:Encrypt", OPERATION_DECRYPT));
    assert_false(holds("kms:GenerateDataKey", OPERATION_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT));
    assert_false(holds("oss:PutObject", OPERATION_GET_OBJECT));
}

static void a_pattern_that_cannot_be_read_to_its_end_holds(void **state) {
    (void)state;
    char pattern[400];
    memset(pattern, '*', sizeof pattern);
    assert_true(held_by_pattern(slice_of(pattern, sizeof pattern), operation_get(OPERATION_DISABLE_KEY)));
    assert_false(held_by_pattern(slice_of(pattern, sizeof pattern), operation_get(OPERATION_DESCRIBE_KEY)));
}

static void every_rule_holds_its_own_change(void **state) {
    (void)state;
    approval_rule_record nothing = {0};
    assert_true(held_by_rule(&nothing, operation_get(OPERATION_SET_APPROVAL_RULE)));
    assert_true(held_by_rule(&nothing, operation_get(OPERATION_DELETE_APPROVAL_RULE)));
    assert_false(held_by_rule(&nothing, operation_get(OPERATION_DISABLE_KEY)));
    assert_false(held_names_person(&nothing, SLICE("")));
    assert_false(held_has_name(&nothing, SLICE("")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_or_uses_something_can_be_held),
        cmocka_unit_test(under_all_its_names),
        cmocka_unit_test(ways_around_are_held_as_well),
        cmocka_unit_test(a_pattern_that_cannot_be_read_to_its_end_holds),
        cmocka_unit_test(every_rule_holds_its_own_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
