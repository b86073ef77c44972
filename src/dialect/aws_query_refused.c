/* Actions of IAM's and STS's that there is nothing here to do for: families of names, and why. */
#include "dialect/aws_query.h"

slice aws_query_refusal(slice action) {
    static const char *const ROWS[][2] = {
        {"InstanceProfile", "Instance profiles: there are no machines here that a role could be given to."},
        {"ServerCertificate", "Server certificates: nothing here serves under one; certificates are KMS's."},
        {"SigningCertificate", "Signing certificates: requests are signed with access keys alone."},
        {"SSHPublicKey", "SSH keys: nothing here is reached by SSH."},
        {"ServiceSpecificCredential", "Service-specific credentials: access keys are for all services."},
        {"ServiceLinkedRole", "Service-linked roles: no other service acts for the account."},
        {"AcquireRole", "Role templates: roles are made by CreateRole."},
        {"RoleTemplate", "Role templates: roles are made by CreateRole."},
        {"AccountProperties", "Account properties: GetAccountSummary and the security preferences tell."},
        {"DelegationRequest", "Delegation requests: nobody outside the account asks for its permissions."},
        {"SendDelegationToken", "Delegation requests: nobody outside the account asks for its permissions."},
        {"HumanReadableSummary", "Summaries: policies are not put into words."},
        {"Organizations", "Organizations: every account is its own owner's."},
        {"OutboundWebIdentityFederation", "Outbound federation: this is no identity provider for others."},
        {"GetWebIdentityToken", "Outbound federation: this is no identity provider for others."},
        {"SecurityTokenServicePreferences", "Token preferences: there is one kind of session token."},
        {"TagMFADevice", "Tags of devices: users, roles, policies and providers have tags."},
        {"UntagMFADevice", "Tags of devices: users, roles, policies and providers have tags."},
        {"ListMFADeviceTags", "Tags of devices: users, roles, policies and providers have tags."},
        {"AssumeRoot", "Root sessions for others: an account's root is its owner's alone."},
        {"GetDelegatedAccessToken", "Delegated access: nobody outside the account asks for its permissions."},
        {"GetFederationToken", "Federation tokens: a role taken on with a session policy does the same."},
        {"ListPoliciesGrantingServiceAccess", "Services granted: SimulatePrincipalPolicy tells what is allowed."},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (slice_find(action, slice_of_text(ROWS[i][0])) != SIZE_MAX) return slice_of_text(ROWS[i][1]);
    return (slice){0};
}
