/* The table of system policies, by name. */
#include "access/system_policies.h"

#define ALLOW(actions)                                                                                                 \
    "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[" actions "],\"Resource\":\"*\"}]}"

/* What changes keys, their aliases, tags and policies, without using any. */
#define KMS_ADMIN_ACTIONS                                                                                              \
    "\"kms:CreateKey\",\"kms:EnableKey\",\"kms:DisableKey\",\"kms:ScheduleKeyDeletion\",\"kms:CancelKeyDeletion\","    \
    "\"kms:SetDeletionProtection\",\"kms:UpdateKeyDescription\",\"kms:UpdateRotationPolicy\",\"kms:"                   \
    "CreateKeyVersion\","                                                                                              \
    "\"kms:GetParametersForImport\",\"kms:ImportKeyMaterial\",\"kms:DeleteKeyMaterial\",\"kms:CreateAlias\","          \
    "\"kms:UpdateAlias\",\"kms:DeleteAlias\",\"kms:TagResource\",\"kms:UntagResource\",\"kms:TagResources\","          \
    "\"kms:UntagResources\",\"kms:GetKeyPolicy\",\"kms:SetKeyPolicy\""

/* What uses keys, without changing any. */
#define KMS_USER_ACTIONS                                                                                               \
    "\"kms:Encrypt\",\"kms:Decrypt\",\"kms:ReEncrypt\",\"kms:GenerateDataKey\",\"kms:"                                 \
    "GenerateDataKeyWithoutPlaintext\","                                                                               \
    "\"kms:ExportDataKey\",\"kms:GenerateAndExportDataKey\",\"kms:AsymmetricEncrypt\",\"kms:AsymmetricDecrypt\","      \
    "\"kms:AsymmetricSign\",\"kms:AsymmetricVerify\",\"kms:GetPublicKey\",\"kms:GenerateMac\",\"kms:VerifyMac\""

#define KMS_VIEW_ACTIONS "\"kms:List*\",\"kms:Describe*\""

/* Reading everywhere, but no secret's value: kms:Get* is not among them. */
#define VIEW_ACTIONS                                                                                                   \
    "\"*:List*\",\"*:Describe*\",\"kms:GetPublicKey\",\"kms:GetKeyPolicy\",\"kms:GetSecretPolicy\","                   \
    "\"oss:Get*\",\"ram:Get*\",\"sts:GetCallerIdentity\",\"actiontrail:Get*\",\"actiontrail:LookupEvents\""

static const system_policy POLICIES[] = {
    {"AdministratorAccess", "Full access to all services and resources of the account.", ALLOW("\"*\"")},
    {"AliyunActionTrailFullAccess", "Full access to ActionTrail.", ALLOW("\"actiontrail:*\"")},
    {"AliyunActionTrailReadOnlyAccess", "Reading of trails and their events.",
     ALLOW("\"actiontrail:List*\",\"actiontrail:Describe*\",\"actiontrail:Get*\",\"actiontrail:LookupEvents\"")},
    {"AliyunKMSCryptoAdminAccess", "Managing keys in the Key Management Service without using them.",
     ALLOW(KMS_VIEW_ACTIONS "," KMS_ADMIN_ACTIONS)},
    {"AliyunKMSCryptoUserAccess", "Using keys of the Key Management Service without changing them.",
     ALLOW(KMS_VIEW_ACTIONS "," KMS_USER_ACTIONS)},
    {"AliyunKMSFullAccess", "Full access to the Key Management Service.", ALLOW("\"kms:*\"")},
    {"AliyunKMSReadOnlyAccess", "Reading of what there is in the Key Management Service, without any use of it.",
     ALLOW(KMS_VIEW_ACTIONS ",\"kms:GetPublicKey\",\"kms:GetKeyPolicy\",\"kms:GetSecretPolicy\"")},
    {"AliyunOSSFullAccess", "Full access to the Object Storage Service.", ALLOW("\"oss:*\"")},
    {"AliyunOSSReadOnlyAccess", "Reading of buckets and objects in the Object Storage Service.",
     ALLOW("\"oss:Get*\",\"oss:List*\"")},
    {"AliyunRAMFullAccess", "Full access to users, groups, roles and policies.", ALLOW("\"ram:*\"")},
    {"AliyunRAMReadOnlyAccess", "Reading of users, groups, roles and policies.", ALLOW("\"ram:Get*\",\"ram:List*\"")},
    {"AliyunSTSAssumeRoleAccess", "Assuming roles.", ALLOW("\"sts:AssumeRole\"")},
    {"ReadOnlyAccess", "Reading in all services; no secret's value and no use of a key.", ALLOW(VIEW_ACTIONS)},
};

size_t system_policy_count(void) { return sizeof POLICIES / sizeof *POLICIES; }

const system_policy *system_policy_at(size_t index) { return index < system_policy_count() ? &POLICIES[index] : NULL; }

const system_policy *system_policy_find(slice name) {
    for (size_t i = 0; i < system_policy_count(); i++)
        if (slice_equals_text(name, POLICIES[i].name)) return &POLICIES[i];
    return NULL;
}
