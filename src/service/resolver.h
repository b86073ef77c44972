/* What resource.c and the files beside it share: one resolver per resource kind. */
#ifndef SERVICE_RESOLVER_H
#define SERVICE_RESOLVER_H

#include "service/call.h"

/* Decides whether the caller may do the operation on what its input names. */
typedef status resolver(call *c);

/* Decides over one ARN; the first one becomes the resource of the event. */
status resolve_allow(call *c, slice arn_text);

/* Adds a tag of the resource to the decision. */
status resolve_tag(call *c, const tag *each);

/* resource_certificate.c */
resolver resolve_certificate, resolve_certificate_container;

/* resource_managed.c */
resolver resolve_managed_key, resolve_managed_key_new, resolve_managed_key_container;

/* resource_oss.c */
resolver resolve_oss_service, resolve_bucket, resolve_object, resolve_copy, resolve_objects;

/* resource_ram.c */
resolver resolve_user, resolve_user_container, resolve_user_or_self, resolve_self, resolve_mfa, resolve_mfa_new,
    resolve_mfa_and_user, resolve_mfa_container, resolve_role_arn, resolve_group, resolve_role, resolve_role_trust,
    resolve_user_named_anew, resolve_group_named_anew, resolve_group_container, resolve_role_container, resolve_account,
    resolve_policy, resolve_policy_custom, resolve_policy_container, resolve_oidc_provider,
    resolve_oidc_provider_container, resolve_saml_provider, resolve_saml_provider_container, resolve_policy_and_user,
    resolve_policy_and_group, resolve_policy_and_role, resolve_user_and_group, resolve_tagged, resolve_access_key;

/* account/approval_recovery.c */
resolver resolve_recovery;

#endif
