/* Names in answers of AWS's query wire. */
#include "dialect/aws_query.h"

#include "contract/aws_wire.h"

/* ---- answers */

static const query_member members[] = {
    {.of = &user_view_shape, .field = "Comments", .form = QUERY_HIDDEN},
    {.of = &user_view_shape, .field = "DisplayName", .form = QUERY_HIDDEN},
    {.of = &user_view_shape, .field = "Email", .form = QUERY_HIDDEN},
    {.of = &user_view_shape, .field = "MobilePhone", .form = QUERY_HIDDEN},
    {.of = &user_view_shape, .field = "UpdateDate", .form = QUERY_HIDDEN},
    {.of = &user_view_shape, .field = "JoinDate", .form = QUERY_HIDDEN},
    {.of = &user_view_shape, .field = "LastLoginDate", .wire = "PasswordLastUsed"},
    {.of = &group_view_shape, .field = "Comments", .form = QUERY_HIDDEN},
    {.of = &group_view_shape, .field = "UpdateDate", .form = QUERY_HIDDEN},
    {.of = &group_view_shape, .field = "JoinDate", .form = QUERY_HIDDEN},
    {.of = &role_view_shape, .field = "Arn", .wire = "Arn", .form = QUERY_ARN},
    {.of = &role_view_shape,
     .field = "AssumeRolePolicyDocument",
     .wire = "AssumeRolePolicyDocument",
     .form = QUERY_DOCUMENT},
    {.of = &role_view_shape, .field = "UpdateDate", .form = QUERY_HIDDEN},
    {.of = &policy_view_shape, .field = "PolicyType", .form = QUERY_HIDDEN},
    {.of = &policy_view_shape, .field = "PolicyDocument", .form = QUERY_HIDDEN},
    {.of = &policy_view_shape, .field = "DefaultVersion", .wire = "DefaultVersionId"},
    {.of = &policy_version_view_shape, .field = "PolicyDocument", .wire = "Document", .form = QUERY_DOCUMENT},
    {.of = &get_policy_out_shape, .field = "DefaultPolicyVersion", .form = QUERY_HIDDEN},
    {.of = &list_policy_versions_out_shape, .field = "PolicyVersions", .wire = "Versions"},
    {.of = &list_policies_for_user_out_shape, .field = "Policies", .wire = "AttachedPolicies", .form = QUERY_ATTACHED},
    {.of = &list_policies_for_group_out_shape, .field = "Policies", .wire = "AttachedPolicies", .form = QUERY_ATTACHED},
    {.of = &list_policies_for_role_out_shape, .field = "Policies", .wire = "AttachedPolicies", .form = QUERY_ATTACHED},
    {.of = &list_access_keys_out_shape, .field = "AccessKeys", .wire = "AccessKeyMetadata"},
    {.of = &login_profile_view_shape, .field = "MFABindRequired", .form = QUERY_HIDDEN},
    {.of = &access_key_view_shape, .field = "AccessKeySecret", .wire = "SecretAccessKey"},
    {.of = &credentials_shape, .field = "AccessKeySecret", .wire = "SecretAccessKey"},
    {.of = &credentials_shape, .field = "SecurityToken", .wire = "SessionToken"},
    {.of = &assumed_role_shape, .field = "Arn", .wire = "Arn", .form = QUERY_ARN},
    {.of = &get_caller_identity_out_shape, .field = "IdentityType", .form = QUERY_HIDDEN},
    {.of = &get_caller_identity_out_shape, .field = "AccountId", .wire = "Account"},
    {.of = &get_caller_identity_out_shape, .field = "UserId", .form = QUERY_HIDDEN},
    {.of = &get_caller_identity_out_shape, .field = "RoleId", .form = QUERY_HIDDEN},
    {.of = &get_caller_identity_out_shape, .field = "PrincipalId", .wire = "UserId"},
    {.of = &get_caller_identity_out_shape, .field = "Arn", .wire = "Arn", .form = QUERY_ARN},
    {.field = "PermissionsBoundaryArn", .wire = "PermissionsBoundaryArn", .form = QUERY_ARN},
    {.of = &get_user_policy_out_shape, .field = "PolicyDocument", .wire = "PolicyDocument", .form = QUERY_DOCUMENT},
    {.of = &get_group_policy_out_shape, .field = "PolicyDocument", .wire = "PolicyDocument", .form = QUERY_DOCUMENT},
    {.of = &get_role_policy_out_shape, .field = "PolicyDocument", .wire = "PolicyDocument", .form = QUERY_DOCUMENT},
    {.of = &list_entities_for_policy_out_shape, .field = "Groups", .wire = "PolicyGroups"},
    {.of = &list_entities_for_policy_out_shape, .field = "Users", .wire = "PolicyUsers"},
    {.of = &list_entities_for_policy_out_shape, .field = "Roles", .wire = "PolicyRoles"},
    {.of = &mfa_device_view_shape, .field = "SerialNumber", .wire = "SerialNumber", .form = QUERY_ARN},
    {.of = &mfa_device_view_shape, .field = "Type", .form = QUERY_HIDDEN},
    {.of = &mfa_device_view_shape, .field = "Base32StringSeed", .wire = "Base32StringSeed", .form = QUERY_BLOB},
    {.of = &mfa_device_view_shape, .field = "ActivateDate", .wire = "EnableDate"},
    {.of = &enabled_device_shape, .field = "SerialNumber", .wire = "SerialNumber", .form = QUERY_ARN},
    {.of = &get_mfa_device_out_shape, .field = "SerialNumber", .wire = "SerialNumber", .form = QUERY_ARN},
    {.of = &update_group_out_shape, .field = "Group", .form = QUERY_HIDDEN},
    {.of = &evaluation_result_shape, .field = "DecidedBy", .form = QUERY_HIDDEN},
    {.of = &matched_policy_shape, .field = "PolicyIdentifier", .wire = "SourcePolicyId"},
    {.of = &matched_policy_shape, .field = "PolicyType", .wire = "SourcePolicyType"},
    {.of = &matched_policy_shape, .field = "Statement", .form = QUERY_HIDDEN},
    {.of = &matched_policy_shape, .field = "Effect", .form = QUERY_HIDDEN},
    {.of = &user_detail_shape, .field = "Arn", .wire = "Arn", .form = QUERY_ARN},
    {.of = &group_detail_shape, .field = "Arn", .wire = "Arn", .form = QUERY_ARN},
    {.of = &role_detail_shape, .field = "Arn", .wire = "Arn", .form = QUERY_ARN},
    {.of = &policy_detail_shape, .field = "Arn", .wire = "Arn", .form = QUERY_ARN},
    {.of = &user_detail_shape,
     .field = "AttachedManagedPolicies",
     .wire = "AttachedManagedPolicies",
     .form = QUERY_ATTACHED},
    {.of = &group_detail_shape,
     .field = "AttachedManagedPolicies",
     .wire = "AttachedManagedPolicies",
     .form = QUERY_ATTACHED},
    {.of = &role_detail_shape,
     .field = "AttachedManagedPolicies",
     .wire = "AttachedManagedPolicies",
     .form = QUERY_ATTACHED},
    {.of = &own_policy_view_shape, .field = "PolicyDocument", .wire = "PolicyDocument", .form = QUERY_DOCUMENT},
    {.of = &role_detail_shape,
     .field = "AssumeRolePolicyDocument",
     .wire = "AssumeRolePolicyDocument",
     .form = QUERY_DOCUMENT},
    {.of = &service_access_shape,
     .field = "LastAuthenticatedEntity",
     .wire = "LastAuthenticatedEntity",
     .form = QUERY_ARN},
    {.of = &tracked_action_shape, .field = "LastAccessedEntity", .wire = "LastAccessedEntity", .form = QUERY_ARN},
    {.of = &entity_identity_shape, .field = "Arn", .wire = "Arn", .form = QUERY_ARN},
    {.field = "Uses", .form = QUERY_HIDDEN},
    {.field = "NextToken", .form = QUERY_HIDDEN},
    {.of = &tag_shape, .field = "TagKey", .wire = "Key"},
    {.of = &tag_shape, .field = "TagValue", .wire = "Value"},
    {.field = "AttachDate", .form = QUERY_HIDDEN},
    {.of = &create_oidc_provider_out_shape, .field = "OIDCProvider", .form = QUERY_HIDDEN},
    {.field = "OpenIDConnectProviderArn", .wire = "OpenIDConnectProviderArn", .form = QUERY_ARN},
    {.of = &get_oidc_provider_out_shape, .field = "OIDCProvider", .form = QUERY_INLINE},
    {.field = "OIDCProvider", .form = QUERY_HIDDEN},
    {.of = &list_oidc_providers_out_shape,
     .field = "OIDCProviders",
     .wire = "OpenIDConnectProviderList",
     .form = QUERY_ARNS},
    {.of = &list_oidc_providers_out_shape, .field = "IsTruncated", .form = QUERY_HIDDEN},
    {.of = &list_oidc_providers_out_shape, .field = "Marker", .form = QUERY_HIDDEN},
    {.of = &oidc_provider_view_shape, .field = "OIDCProviderName", .form = QUERY_HIDDEN},
    {.of = &oidc_provider_view_shape, .field = "Arn", .form = QUERY_HIDDEN},
    {.of = &oidc_provider_view_shape, .field = "Description", .form = QUERY_HIDDEN},
    {.of = &oidc_provider_view_shape, .field = "IssuerUrl", .wire = "Url", .form = QUERY_HOST},
    {.of = &oidc_provider_view_shape, .field = "ClientIds", .wire = "ClientIDList", .form = QUERY_SPLIT},
    {.of = &oidc_provider_view_shape, .field = "Fingerprints", .wire = "ThumbprintList", .form = QUERY_SPLIT},
    {.of = &oidc_provider_view_shape, .field = "IssuanceLimitTime", .form = QUERY_HIDDEN},
    {.of = &oidc_provider_view_shape, .field = "SigningKeys", .form = QUERY_HIDDEN},
    {.of = &oidc_provider_view_shape, .field = "UpdateDate", .form = QUERY_HIDDEN},
    {.field = "SAMLProvider", .form = QUERY_HIDDEN},
    {.field = "SAMLProviderArn", .wire = "SAMLProviderArn", .form = QUERY_ARN},
    {.of = &list_saml_providers_out_shape, .field = "SAMLProviders", .wire = "SAMLProviderList"},
    {.of = &list_saml_providers_out_shape, .field = "IsTruncated", .form = QUERY_HIDDEN},
    {.of = &list_saml_providers_out_shape, .field = "Marker", .form = QUERY_HIDDEN},
    {.of = &saml_provider_view_shape, .field = "Arn", .wire = "Arn", .form = QUERY_ARN},
    {.of = &saml_provider_view_shape, .field = "SAMLProviderName", .form = QUERY_HIDDEN},
    {.of = &saml_provider_view_shape, .field = "Description", .form = QUERY_HIDDEN},
    {.of = &saml_provider_view_shape, .field = "EncodedSAMLMetadataDocument", .form = QUERY_HIDDEN},
    {.of = &saml_provider_view_shape, .field = "UpdateDate", .form = QUERY_HIDDEN},
    {.of = &saml_provider_view_shape, .field = "AssertionEncryptionMode", .form = QUERY_HIDDEN},
    {.of = &saml_provider_view_shape, .field = "PrivateKeyList", .form = QUERY_HIDDEN},
    {.of = &saml_provider_view_shape, .field = "MetadataSigner", .form = QUERY_HIDDEN},
    {.of = &saml_provider_view_shape, .field = "Tags", .form = QUERY_HIDDEN},
    {.of = &assume_role_with_saml_out_shape, .field = "SAMLAssertionInfo", .form = QUERY_HIDDEN},
    {.of = &assume_role_with_oidc_out_shape, .field = "OIDCTokenInfo", .form = QUERY_HIDDEN},
    {.of = &assume_role_with_oidc_out_shape, .field = "Provider", .wire = "Provider", .form = QUERY_ARN},
};

const query_member *aws_query_member(const shape *s, const char *field_name) {
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if ((!members[i].of || members[i].of == s) && strcmp(members[i].field, field_name) == 0) return &members[i];
    return NULL;
}

status aws_query_arn(slice name, arena *memory, slice *out) {
    static const slice IDENTITY = {(const uint8_t *)"acs:ram::", 9}, RESOURCE = {(const uint8_t *)"acs:ram:*:", 10};
    bool is_identity = slice_starts_with(name, IDENTITY);
    if (!is_identity && !slice_starts_with(name, RESOURCE)) {
        *out = name;
        return OK;
    }
    slice rest = slice_skip(name, is_identity ? IDENTITY.len : RESOURCE.len);
    slice relative = slice_skip(rest, slice_find_byte(rest, ':') + 1);
    slice account = slice_head(rest, slice_find_byte(rest, ':'));
    if (slice_equals_text(account, "system")) account = SLICE("aws"); /* who ships policies */
    slice parts = relative, kind, role, session = {0};
    bool is_role = slice_starts_with(relative, SLICE("role/")) || slice_starts_with(relative, SLICE("assumed-role/"));
    bool has_role =
        is_role && slice_split(&parts, '/', &kind) && slice_split(&parts, '/', &role) && !slice_is_absent(parts);
    if (has_role)
        session = parts; /* STS's own answer says role/ROLE/SESSION, GetCallerIdentity assumed-role/ROLE/SESSION */
    if (has_role)
        return arena_printf(memory, out, "arn:aws:sts::%.*s:assumed-role/%.*s/%.*s", SLICE_ARGS(account),
                            SLICE_ARGS(role), SLICE_ARGS(session));
    return arena_printf(memory, out, "arn:aws:iam::%.*s:%.*s", SLICE_ARGS(account), SLICE_ARGS(relative));
}
