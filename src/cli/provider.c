/* keyhold oidc-provider: whom the account believes when they say who somebody is. */
#include "cli/fetch.h"
#include "cli/run.h"

#define SHORT                                                                                                          \
    "OIDCProviderName=name IssuerUrl=issuer ClientIds=clients ClientId=client NewDescription=description "             \
    "IssuanceLimitTime=hours"

/* ---- refresh: the server fetches nothing, so who owns the provider's record does, and signs for what came */

static const command_flag refresh_flags[] = {
    {"provider-ca", "FILE", "the authorities that vouch for the provider's server; otherwise the system's"},
    {"connect", "HOST:PORT", "reach the provider there, whatever its URL says"},
    {NULL, NULL, NULL},
};

static status find_way(invocation *inv, const json *provider, fetch_way *out) {
    slice given;
    *out = (fetch_way){0};
    if (flag_find(inv, "provider-ca", &given)) TRY(arena_copy(&inv->memory, given, &out->ca));
    if (flag_find(inv, "connect", &given)) out->connect = given;
    (void)json_get_text(json_member(provider, SLICE("Fingerprints")), &out->fingerprints);
    return OK;
}

/* OpenID Connect Discovery 1.0 §4: the document is the issuer's own, and names where its keys are. */
static status find_keys(invocation *inv, const json *provider, const fetch_way *way, slice *out) {
    slice issuer, url, text, claimed = {0};
    const json *document;
    ENSURE(json_get_text(json_member(provider, SLICE("IssuerUrl")), &issuer), MALFORMED);
    slice base = slice_ends_with(issuer, SLICE("/")) ? slice_head(issuer, issuer.len - 1) : issuer;
    TRY(arena_printf(&inv->memory, &url, "%.*s/.well-known/openid-configuration", SLICE_ARGS(base)));
    TRY(fetch(inv, url, way, &text));
    bool is_read = !FAILED(json_parse(text, &inv->memory, &document, NULL));
    is_read = is_read && json_get_text(json_member(document, SLICE("issuer")), &claimed);
    if (!is_read || !slice_equals(claimed, issuer))
        return trouble_note(&inv->trouble, FAIL(VERIFICATION), "%.*s is not the document of %.*s.", SLICE_ARGS(url),
                            SLICE_ARGS(issuer));
    if (json_get_text(json_member(document, SLICE("jwks_uri")), out)) return OK;
    return trouble_note(&inv->trouble, FAIL(VERIFICATION), "%.*s does not say where the keys are.", SLICE_ARGS(url));
}

static status refresh(invocation *inv) {
    OWNED(client) c = {0};
    result known, changed;
    fetch_way way;
    slice url, keys;
    pair named = {SLICE("OIDCProviderName"), argument_find(inv, "OIDCProviderName")};
    if (inv->is_dry_run) return run_describe(inv);
    TRY(client_open(inv, &c));
    TRY(call_rpc(&c, OPERATION_GET_OIDC_PROVIDER, (pair_list){&named, 1}, &known));
    const json *provider = json_member(known.value, SLICE("OIDCProvider"));
    TRY(find_way(inv, provider, &way));
    TRY(find_keys(inv, provider, &way, &url));
    TRY(fetch(inv, url, &way, &keys));
    pair both[] = {named, {SLICE("Keys"), keys}};
    TRY(call_rpc(&c, OPERATION_SET_OIDC_PROVIDER_KEYS, (pair_list){both, 2}, &changed));
    return run_show(inv, json_member(changed.value, SLICE("OIDCProvider")));
}

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
    {.verb = "refresh",
     .operation = OPERATION_SET_OIDC_PROVIDER_KEYS,
     .positional = "OIDCProviderName",
     .hidden = "Keys",
     .name = "SigningKeys",
     .help = "Fetches the provider's keys over TLS, and says that it signs with them.",
     .flags = refresh_flags,
     .run = refresh},
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
    {.verb = "tag", .operation = OPERATION_TAG_OIDC_PROVIDER, .positional = "OIDCProviderName"},
    {.verb = "untag",
     .operation = OPERATION_UNTAG_OIDC_PROVIDER,
     .positional = "OIDCProviderName",
     .short_names = "TagKeys=key"},
    {.verb = "tags",
     .operation = OPERATION_LIST_OIDC_PROVIDER_TAGS,
     .positional = "OIDCProviderName",
     .columns = "TagKey TagValue",
     .name = "TagKey"},
    {.verb = "delete",
     .operation = OPERATION_DELETE_OIDC_PROVIDER,
     .positional = "OIDCProviderName",
     .danger = "Believe the provider no more"},
};

#define SAML_SHORT                                                                                                     \
    "SAMLMetadataDocument=metadata AssertionEncryptionMode=encryption AddPrivateKey=private-key MetadataSigner=signer"

static const command saml_rows[] = {
    {.verb = "create",
     .operation = OPERATION_CREATE_SAML_PROVIDER,
     .positional = "SAMLProviderName SAMLMetadataDocument!",
     .short_names = SAML_SHORT,
     .hidden = "EncodedSAMLMetadataDocument",
     .name = "SAMLProviderName"},
    {.verb = "list",
     .operation = OPERATION_LIST_SAML_PROVIDERS,
     .columns = "SAMLProviderName Description ValidUntil AssertionEncryptionMode UpdateDate",
     .name = "SAMLProviderName"},
    {.verb = "show",
     .operation = OPERATION_GET_SAML_PROVIDER,
     .positional = "SAMLProviderName",
     .name = "SAMLProvider.SAMLProviderName"},
    {.verb = "update",
     .operation = OPERATION_UPDATE_SAML_PROVIDER,
     .positional = "SAMLProviderName",
     .short_names = SAML_SHORT " NewDescription=description",
     .hidden = "NewEncodedSAMLMetadataDocument",
     .name = "SAMLProviderName"},
    {.verb = "tag", .operation = OPERATION_TAG_SAML_PROVIDER, .positional = "SAMLProviderName"},
    {.verb = "untag",
     .operation = OPERATION_UNTAG_SAML_PROVIDER,
     .positional = "SAMLProviderName",
     .short_names = "TagKeys=key"},
    {.verb = "tags",
     .operation = OPERATION_LIST_SAML_PROVIDER_TAGS,
     .positional = "SAMLProviderName",
     .columns = "TagKey TagValue",
     .name = "TagKey"},
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
