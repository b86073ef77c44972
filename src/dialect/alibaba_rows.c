/* The rows. */
#include "dialect/alibaba_rows.h"

static const rpc_product products[] = {
    {"kms", ANSWER_JSON, "KMS", true, NAMES_NOTHING},     {"ram", ANSWER_XML, NULL, false, NAMES_FAULT},
    {"sts", ANSWER_XML, NULL, false, NAMES_PARAMETER},    {"actiontrail", ANSWER_JSON, NULL, false, NAMES_NOTHING},
    {"keyhold", ANSWER_JSON, NULL, false, NAMES_NOTHING}, {"ims", ANSWER_XML, NULL, false, NAMES_NOTHING},
};

const rpc_product *rpc_product_of(const product *p) {
    for (size_t i = 0; p && i < sizeof products / sizeof *products; i++)
        if (strcmp(products[i].name, p->name) == 0) return &products[i];
    return NULL;
}

const char *rpc_wrapper(const field *list) {
    /* with a third word: only of lists of that shape, or of texts */
    static const char *const ROWS[][3] = {
        {"Keys", "Key"},
        {"Aliases", "Alias"},
        {"Users", "User"},
        {"AccessKeys", "AccessKey"},
        {"Policies", "Policy"},
        {"PolicyVersions", "PolicyVersion"},
        {"Tags", "Tag"},
        {"Regions", "Region"},
        {"Groups", "Group"},
        {"Roles", "Role"},
        {"KeyVersions", "KeyVersion"},
        {"TagResources", "TagResource", "TaggedResource"}, /* RAM has a bare list */
        {"ProtectionLevels", "ProtectionLevel"},
        {"KeySpecs", "KeySpec"},
        {"SupportedProtectionLevels", "SupportedProtectionLevel"},
        {"Usages", "Usage", "text"},
        {"SecretList", "Secret"},
        {"VersionIds", "VersionId"},
        {"VersionStages", "VersionStage"},
        {"VirtualMFADevices", "VirtualMFADevice"},
        {"OIDCProviders", "OIDCProvider"},
        {"SubjectAlternativeNames", "SubjectAlternativeName"},
        {"ManagedDataKeyVersions", "ManagedDataKeyVersion"},
        {"SAMLProviders", "SAMLProvider"},
    };
    const char *of = list->nested ? list->nested->name : "text";
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (strcmp(ROWS[i][0], list->name) == 0 && (!ROWS[i][2] || strcmp(ROWS[i][2], of) == 0)) return ROWS[i][1];
    return NULL;
}

const rpc_demand *rpc_demanded(slice action, size_t index) {
    static const rpc_demand ROWS[] = {
        {"CreateSecret", "SecretData", NULL},
        {"CreateSecret", "VersionId", NULL},
        {"PutSecretValue", "VersionId", NULL},
        {"RotateSecret", "VersionId", NULL},
        {"CreateOIDCProvider", "OIDCProviderName", NULL},
        {"AssumeRoleWithOIDC", "OIDCProviderArn", "Issuer"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (slice_equals_text(action, ROWS[i].action) && index-- == 0) return &ROWS[i];
    return NULL;
}

bool rpc_is_hidden(const shape *s, const field *f) {
    static const struct {
        const shape *of;
        const char *field; /* NULL: all of them */
    } ROWS[] = {
        {&schedule_key_deletion_out_shape, NULL},
        {&cancel_key_deletion_out_shape, NULL},
        {&import_key_material_out_shape, NULL},
        {&delete_key_material_out_shape, NULL},
        {&create_oidc_provider_out_shape, "OpenIDConnectProviderArn"},
        {&assume_role_with_oidc_out_shape, "SubjectFromWebIdentityToken"},
        {&assume_role_with_oidc_out_shape, "Audience"},
        {&assume_role_with_oidc_out_shape, "Provider"},
        {&role_view_shape, "RoleLastUsed"},
        {&create_saml_provider_out_shape, "SAMLProviderArn"},
        {&update_saml_provider_out_shape, "SAMLProviderArn"},
        {&get_saml_provider_out_shape, "SAMLMetadataDocument"},
        {&get_saml_provider_out_shape, "CreateDate"},
        {&get_saml_provider_out_shape, "ValidUntil"},
        {&get_saml_provider_out_shape, "AssertionEncryptionMode"},
        {&get_saml_provider_out_shape, "PrivateKeyList"},
        {&get_saml_provider_out_shape, "Tags"},
        {&create_saml_provider_out_shape, "Tags"},
        {&create_oidc_provider_out_shape, "Tags"},
        {&assume_role_with_saml_out_shape, "Subject"},
        {&assume_role_with_saml_out_shape, "SubjectType"},
        {&assume_role_with_saml_out_shape, "Issuer"},
        {&assume_role_with_saml_out_shape, "Audience"},
        {&assume_role_with_saml_out_shape, "NameQualifier"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (ROWS[i].of == s && (!ROWS[i].field || strcmp(ROWS[i].field, f->name) == 0)) return true;
    return false;
}

const char *rpc_parameter_called(const product *p, const field *f) {
    bool is_session_policy = strcmp(p->name, "sts") == 0 && strcmp(f->name, "Policy") == 0;
    return is_session_policy ? "PolicySize" : f->name; /* what else is wrong with it has a code of its own */
}

typedef struct spelling {
    const char *product;
    enum status_code failure;
    int http;
    const char *code;
} spelling;

static const spelling spellings[] = {
    {"kms", FAILURE_NO_PERMISSION, 403, "Forbidden.NoPermission"},
    {"kms", FAILURE_INACTIVE_ACCESS_KEY, 403, "Forbidden.AccessKey"},
    {"kms", FAILURE_REQUEST_EXPIRED, 400, "IllegalTimestamp"},
    {"kms", FAILURE_BAD_TIMESTAMP, 400, "IllegalTimestamp"},
    {"ram", FAILURE_INTERNAL, 500, "InternalError"},
    {"sts", FAILURE_INTERNAL, 500, "InternalError"},
    {"ram", FAILURE_THROTTLED, 429, "Throttling.User"},
    {"sts", FAILURE_THROTTLED, 429, "Throttling.User"},
};

rpc_error rpc_error_of(const product *p, status failure) {
    enum status_code shown = failure_get(failure.code)->in[WIRE_ALIBABA_RPC].code ? failure.code : FAILURE_INTERNAL;
    const failure_row *row = failure_get(shown);
    for (size_t i = 0; p && i < sizeof spellings / sizeof *spellings; i++)
        if (strcmp(spellings[i].product, p->name) == 0 && spellings[i].failure == shown)
            return (rpc_error){spellings[i].http, spellings[i].code, row};
    return (rpc_error){row->in[WIRE_ALIBABA_RPC].http, row->in[WIRE_ALIBABA_RPC].code, row};
}
