/* keyhold oidc-provider: whom the account believes when they say who somebody is. */
#include "cli/command.h"

#define SHORT                                                                                                          \
    "OIDCProviderName=name IssuerUrl=issuer ClientIds=clients ClientId=client NewDescription=description "             \
    "IssuanceLimitTime=hours"

static const command rows[] = {
    {.verb = "create",
     .operation = OPERATION_CREATE_OIDC_PROVIDER,
     .positional = "OIDCProviderName! IssuerUrl",
     .short_names = SHORT,
     .name = "OIDCProviderName"},
    {.verb = "list",
     .operation = OPERATION_LIST_OIDC_PROVIDERS,
     .columns = "OIDCProviderName IssuerUrl ClientIds SigningKeys UpdateDate",
     .name = "OIDCProviderName"},
    {.verb = "show",
     .operation = OPERATION_GET_OIDC_PROVIDER,
     .positional = "OIDCProviderName",
     .name = "OIDCProviderName"},
    {.verb = "update",
     .operation = OPERATION_UPDATE_OIDC_PROVIDER,
     .positional = "OIDCProviderName",
     .short_names = SHORT,
     .name = "OIDCProviderName"},
    {.verb = "set-keys",
     .operation = OPERATION_SET_OIDC_PROVIDER_KEYS,
     .positional = "OIDCProviderName Keys",
     .short_names = "Keys=jwks",
     .name = "SigningKeys"},
    {.verb = "add-client",
     .operation = OPERATION_ADD_CLIENT_ID_TO_OIDC_PROVIDER,
     .positional = "OIDCProviderName ClientId",
     .name = "ClientIds"},
    {.verb = "remove-client",
     .operation = OPERATION_REMOVE_CLIENT_ID_FROM_OIDC_PROVIDER,
     .positional = "OIDCProviderName ClientId",
     .name = "ClientIds"},
    {.verb = "add-fingerprint",
     .operation = OPERATION_ADD_FINGERPRINT_TO_OIDC_PROVIDER,
     .positional = "OIDCProviderName Fingerprint",
     .name = "Fingerprints"},
    {.verb = "remove-fingerprint",
     .operation = OPERATION_REMOVE_FINGERPRINT_FROM_OIDC_PROVIDER,
     .positional = "OIDCProviderName Fingerprint",
     .name = "Fingerprints"},
    {.verb = "set-fingerprints",
     .operation = OPERATION_UPDATE_OIDC_PROVIDER_THUMBPRINT,
     .positional = "OIDCProviderName Fingerprints",
     .name = "Fingerprints"},
    {.verb = "delete",
     .operation = OPERATION_DELETE_OIDC_PROVIDER,
     .positional = "OIDCProviderName",
     .danger = "Believe the provider no more"},
};

static const command saml_rows[] = {
    {.verb = "create",
     .operation = OPERATION_CREATE_SAML_PROVIDER,
     .positional = "SAMLProviderName SAMLMetadataDocument!",
     .short_names = "SAMLMetadataDocument=metadata",
     .hidden = "EncodedSAMLMetadataDocument",
     .name = "SAMLProviderName"},
    {.verb = "list",
     .operation = OPERATION_LIST_SAML_PROVIDERS,
     .columns = "SAMLProviderName Description CreateDate UpdateDate",
     .name = "SAMLProviderName"},
    {.verb = "show",
     .operation = OPERATION_GET_SAML_PROVIDER,
     .positional = "SAMLProviderName",
     .name = "SAMLProvider.SAMLProviderName"},
    {.verb = "update",
     .operation = OPERATION_UPDATE_SAML_PROVIDER,
     .positional = "SAMLProviderName",
     .short_names = "SAMLMetadataDocument=metadata NewDescription=description",
     .hidden = "NewEncodedSAMLMetadataDocument",
     .name = "SAMLProviderName"},
    {.verb = "delete",
     .operation = OPERATION_DELETE_SAML_PROVIDER,
     .positional = "SAMLProviderName",
     .danger = "Believe the provider no more"},
};

extern const noun saml_provider_noun;
const noun saml_provider_noun = {"saml-provider", "SAML identity providers that the account believes.", saml_rows,
                                 sizeof saml_rows / sizeof *saml_rows};

extern const noun oidc_provider_noun;
const noun oidc_provider_noun = {"oidc-provider", "OpenID Connect providers that the account believes.", rows,
                                 sizeof rows / sizeof *rows};
