/* The condition keys there are, under one name each: what a request knows about itself, and what a policy may ask. The two
 * clouds' names for the same thing lead to the same key. */
#ifndef ACCESS_CONDITION_KEY_H
#define ACCESS_CONDITION_KEY_H

#include "base/arena.h"

/* Canonical names: requests use exactly these. Keys that end in '/' or ':' are followed by a name of the user's own, 1-128
 * bytes, in its own letter case. acs:CurrentTime and aws:EpochTime come from the request's now_s and need not be passed. */
#define CONDITION_CURRENT_TIME "acs:CurrentTime"         /* date */
#define CONDITION_EPOCH_TIME "aws:EpochTime"             /* the same in seconds */
#define CONDITION_SECURE_TRANSPORT "acs:SecureTransport" /* "true" or "false" */
#define CONDITION_SOURCE_IP "acs:SourceIp"               /* IPv4 or IPv6 address */
#define CONDITION_MFA_PRESENT "acs:MFAPresent"           /* "true" or "false"; absent for long-lived credentials */
#define CONDITION_MFA_AGE "acs:MFAAge"                   /* seconds */
#define CONDITION_USER_AGENT "acs:UserAgent"             /* text; the caller cuts it to POLICY_TEXT_BYTES_MOST */
#define CONDITION_ACCESS_ID "acs:AccessId"               /* access key id */
#define CONDITION_PRINCIPAL_ARN "acs:PrincipalARN"       /* an acs: name */
#define CONDITION_PRINCIPAL_ACCOUNT "acs:PrincipalAccount"
#define CONDITION_PRINCIPAL_TYPE "acs:PrincipalType" /* Account, User, AssumedRole */
#define CONDITION_PRINCIPAL_TAG "acs:PrincipalTag/"
#define CONDITION_USER_NAME "acs:UserName"
#define CONDITION_USER_ID "acs:UserId"
#define CONDITION_RESOURCE_ACCOUNT "acs:ResourceAccount"
#define CONDITION_REQUESTED_REGION "acs:RequestedRegion"
#define CONDITION_REQUEST_TAG "acs:RequestTag/"
#define CONDITION_TAG_KEYS "acs:TagKeys"
#define CONDITION_RESOURCE_TAG "acs:ResourceTag/" /* kms:tag/, iam:ResourceTag/ and aws:ResourceTag/ are this one */
#define CONDITION_TOKEN_ISSUE_TIME "aws:TokenIssueTime" /* date; of sessions: when they began */
#define CONDITION_BOUNDARY "iam:PermissionsBoundary"    /* an acs: name: what bounds the user or role, or is to */
#define CONDITION_POLICY "iam:PolicyARN"                /* an acs: name: what is attached or detached */
#define CONDITION_SOURCE_IDENTITY "sts:SourceIdentity"
#define CONDITION_EXTERNAL_ID "sts:ExternalId"
#define CONDITION_SESSION_NAME "sts:RoleSessionName"
#define CONDITION_OIDC_ISSUER "oidc:iss"
#define CONDITION_OIDC_AUDIENCE "oidc:aud"
#define CONDITION_OIDC_SUBJECT "oidc:sub"
#define CONDITION_OIDC_OF                                                                                              \
    "oidc:of:" /* ISSUER:CLAIM, as the other cloud names it: the issuer without its scheme, then aud, sub or oaud */
#define CONDITION_SAML_RECIPIENT "saml:recipient" /* which the other cloud calls SAML:aud */
#define CONDITION_SAML_ISSUER "saml:iss"
#define CONDITION_SAML_SUBJECT "saml:sub"
#define CONDITION_SAML_SUBJECT_TYPE "saml:sub_type"
#define CONDITION_SAML_QUALIFIER "saml:namequalifier"
#define CONDITION_SAML_DOCUMENT "saml:doc" /* ACCOUNT/PROVIDER */
#define CONDITION_KMS_CONTEXT "kms:EncryptionContext:"
#define CONDITION_KMS_CONTEXT_KEYS "kms:EncryptionContextKeys"
#define CONDITION_KMS_VIA_SERVICE "kms:ViaService"
#define CONDITION_KMS_CALLER_ACCOUNT "kms:CallerAccount"
#define CONDITION_KMS_GRANTEE "kms:GranteePrincipal"
#define CONDITION_KMS_RETIRING "kms:RetiringPrincipal"
#define CONDITION_KMS_GRANT_OPERATIONS "kms:GrantOperations"
#define CONDITION_KMS_KEY_SPEC "kms:KeySpec" /* both clouds' words for it; so the next two */
#define CONDITION_KMS_KEY_USAGE "kms:KeyUsage"
#define CONDITION_KMS_KEY_ORIGIN "kms:KeyOrigin"
#define CONDITION_OSS_PREFIX "oss:Prefix"       /* text, when listing */
#define CONDITION_OSS_DELIMITER "oss:Delimiter" /* text, when listing */

enum { CONDITION_NAME_BYTES_MOST = 128 }; /* of what follows '/' or ':' in a key */

enum condition_type {
    CONDITION_IS_TEXT,
    CONDITION_IS_ARN,
    CONDITION_IS_NUMBER,
    CONDITION_IS_DATE,
    CONDITION_IS_BOOL,
    CONDITION_IS_ADDRESS,
    CONDITION_IS_BINARY,
};

typedef struct condition_key {
    slice name; /* canonical; of keys with a name of the user's own in the arena */
    enum condition_type type;
    bool is_known; /* false: no request will ever have it */
} condition_key;

/* Finds a key by either cloud's name, in any letter case. A name that nobody knows but that looks like one ("prefix:name", at
 * most 256 bytes) gives itself with is_known false. MALFORMED for anything else, OUT_OF_MEMORY. */
status condition_key_find(slice name, arena *memory, condition_key *out);

/* A canonical name as AWS's clients know it: aws:MultiFactorAuthPresent. One that is the same there as it is. */
status condition_key_as_aws(slice name, arena *memory, slice *out);

#endif
