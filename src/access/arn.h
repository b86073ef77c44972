/* Resource names: acs:<service>:<region>:<account>:<relative id>. Building them and taking them apart. */
#ifndef ACCESS_ARN_H
#define ACCESS_ARN_H

#include "base/arena.h"

enum {
    ARN_BYTES_MOST = 2048,       /* the whole name */
    ARN_SEGMENT_BYTES_MOST = 64, /* service, region or account */
    ARN_RELATIVE_BYTES_MOST = 1536,
};

typedef struct arn {
    slice service;  /* 1-64 of A-Z a-z 0-9 '-' */
    slice region;   /* the same, or empty, or "*" where a service has no regions */
    slice account;  /* digits or "system"; empty or "*" where there is none */
    slice relative; /* 1-1536 bytes of any value, ':' and '/' included */
} arn;

/* The parts point into the text. MALFORMED unless every bound above holds. */
status arn_parse(slice text, arn *out);
/* The text of the four parts. INVALID_PARAMETER when a part breaks its bound. The result lives in the arena, as with all below. */
status arn_format(const arn *parts, arena *memory, slice *out);

/* Where a resource lives. */
typedef struct arn_home {
    slice region;
    slice account;
} arn_home;

/* Each of these refuses (INVALID_PARAMETER) an empty name and one that holds ':' '*' '?' or a control character, and '/'
 * where the name has no parts: no name can be chosen to make the ARN of something else. */
status arn_key(const arn_home *home, slice key_id, arena *memory, slice *out);  /* acs:kms:R:A:key/ID */
status arn_alias(const arn_home *home, slice alias, arena *memory, slice *out); /* `alias` begins "alias/" */
status arn_keys(const arn_home *home, arena *memory, slice *out);    /* acs:kms:R:A:key, to create and list */
status arn_aliases(const arn_home *home, arena *memory, slice *out); /* acs:kms:R:A:alias */
status arn_secret(const arn_home *home, slice name, arena *memory, slice *out); /* acs:kms:R:A:secret/NAME */
status arn_secrets(const arn_home *home, arena *memory, slice *out); /* acs:kms:R:A:secret, to create and list */
status arn_certificate(const arn_home *home, slice id, arena *memory, slice *out); /* acs:kms:R:A:certificate/ID */
status arn_certificates(const arn_home *home, arena *memory,
                        slice *out); /* acs:kms:R:A:certificate, to create and list */
status arn_managed_key(const arn_home *home, slice name, arena *memory,
                       slice *out);                                       /* acs:kms:R:A:managed-data-key/NAME */
status arn_managed_keys(const arn_home *home, arena *memory, slice *out); /* acs:kms:R:A:managed-data-key, to list */
status arn_trail(const arn_home *home, slice name, arena *memory, slice *out); /* acs:actiontrail:R:A:trail/NAME */

/* acs:keyhold:*:OPERATOR:account/ID; `tenant` absent: all of them. */
status arn_tenant(slice operator_account, slice tenant, arena *memory, slice *out);

/* What RAM calls are authorised on: acs:ram:*:A:user/NAME. */
status arn_user(slice account, slice name, arena *memory, slice *out);
status arn_users(slice account, arena *memory, slice *out); /* acs:ram:*:A:user/ and a star, to create and list */
status arn_group(slice account, slice name, arena *memory, slice *out);
status arn_groups(slice account, arena *memory, slice *out);
status arn_role(slice account, slice name, arena *memory, slice *out);
status arn_roles(slice account, arena *memory, slice *out);
status arn_mfa(slice account, slice name, arena *memory, slice *out);
status arn_mfas(slice account, arena *memory, slice *out);
/* A provider's name may have parts. */
status arn_oidc_provider(slice account, slice name, arena *memory, slice *out);
status arn_oidc_providers(slice account, arena *memory, slice *out);
status arn_saml_provider(slice account, slice name, arena *memory, slice *out);
status arn_saml_providers(slice account, arena *memory, slice *out);
status arn_ram_account(slice account, arena *memory, slice *out);        /* acs:ram:*:A:* */
status arn_policy(slice account, slice name, arena *memory, slice *out); /* account "system" for shipped policies */
status arn_policies(slice account, arena *memory, slice *out);

/* Who somebody is: acs:ram::A:user/NAME, acs:ram::A:role/NAME and acs:ram::A:root. */
status arn_principal_user(slice account, slice name, arena *memory, slice *out);
status arn_principal_role(slice account, slice name, arena *memory, slice *out);
/* Somebody who has taken a role on: acs:ram::A:assumed-role/ROLE/SESSION. */
status arn_principal_session(slice account, slice role, slice session, arena *memory, slice *out);
/* Who vouches for somebody: acs:ram::A:oidc-provider/NAME. */
status arn_principal_oidc(slice account, slice name, arena *memory, slice *out);
status arn_principal_saml(slice account, slice name, arena *memory, slice *out);
status arn_principal_root(slice account, arena *memory, slice *out);

/* acs:oss:*:A:BUCKET and acs:oss:*:A:BUCKET/KEY. The object's key may hold any bytes. */
status arn_bucket(slice account, slice bucket, arena *memory, slice *out);
status arn_object(slice account, slice bucket, slice key, arena *memory, slice *out);
status arn_buckets(slice account, arena *memory, slice *out); /* acs:oss:*:A:*, to list them */

#endif
