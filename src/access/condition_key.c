/* The table of condition keys. */
#include "access/condition_key.h"

enum { KEY_BYTES_MOST = 256, ALSO_MOST = 4 };

#define BOTH(name) "acs:" name, "aws:" name

static const struct key_row {
    const char *name;
    const char *also[ALSO_MOST];
    enum condition_type type;
} ROWS[] = {
    {CONDITION_CURRENT_TIME, {"aws:CurrentTime"}, CONDITION_IS_DATE},
    {CONDITION_EPOCH_TIME, {"acs:EpochTime"}, CONDITION_IS_DATE},
    {CONDITION_SECURE_TRANSPORT, {"aws:SecureTransport"}, CONDITION_IS_BOOL},
    {CONDITION_SOURCE_IP, {"aws:SourceIp"}, CONDITION_IS_ADDRESS},
    {CONDITION_MFA_PRESENT, {"aws:MultiFactorAuthPresent"}, CONDITION_IS_BOOL},
    {CONDITION_MFA_AGE, {"aws:MultiFactorAuthAge"}, CONDITION_IS_NUMBER},
    {CONDITION_USER_AGENT, {"aws:UserAgent"}, CONDITION_IS_TEXT},
    {CONDITION_ACCESS_ID, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_PRINCIPAL_ARN, {"aws:PrincipalArn"}, CONDITION_IS_ARN},
    {CONDITION_PRINCIPAL_ACCOUNT, {"aws:PrincipalAccount"}, CONDITION_IS_TEXT},
    {CONDITION_PRINCIPAL_TYPE, {"aws:PrincipalType"}, CONDITION_IS_TEXT},
    {CONDITION_PRINCIPAL_TAG, {"aws:PrincipalTag/"}, CONDITION_IS_TEXT},
    {CONDITION_USER_NAME, {"aws:username"}, CONDITION_IS_TEXT},
    {CONDITION_USER_ID, {"aws:userid"}, CONDITION_IS_TEXT},
    {CONDITION_RESOURCE_ACCOUNT, {"aws:ResourceAccount"}, CONDITION_IS_TEXT},
    {CONDITION_REQUESTED_REGION, {"aws:RequestedRegion"}, CONDITION_IS_TEXT},
    {CONDITION_REQUEST_TAG, {"aws:RequestTag/"}, CONDITION_IS_TEXT},
    {CONDITION_TAG_KEYS, {"aws:TagKeys"}, CONDITION_IS_TEXT},
    {CONDITION_RESOURCE_TAG,
     {"aws:ResourceTag/", "kms:tag/", "iam:ResourceTag/", "secretsmanager:ResourceTag/"},
     CONDITION_IS_TEXT},
    {CONDITION_TOKEN_ISSUE_TIME, {"acs:TokenIssueTime"}, CONDITION_IS_DATE},
    {CONDITION_BOUNDARY, {"ram:PermissionsBoundary"}, CONDITION_IS_ARN},
    {CONDITION_POLICY, {"ram:PolicyARN"}, CONDITION_IS_ARN},
    {CONDITION_SOURCE_IDENTITY, {BOTH("SourceIdentity")}, CONDITION_IS_TEXT},
    {CONDITION_EXTERNAL_ID, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_SESSION_NAME, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_OIDC_ISSUER, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_OIDC_AUDIENCE, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_OIDC_SUBJECT, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_SAML_RECIPIENT, {"saml:aud"}, CONDITION_IS_TEXT},
    {CONDITION_SAML_ISSUER, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_SAML_SUBJECT, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_SAML_SUBJECT_TYPE, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_SAML_QUALIFIER, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_SAML_DOCUMENT, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_KMS_CONTEXT, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_KMS_CONTEXT_KEYS, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_KMS_VIA_SERVICE, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_KMS_CALLER_ACCOUNT, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_KMS_GRANTEE, {NULL}, CONDITION_IS_ARN},
    {CONDITION_KMS_RETIRING, {NULL}, CONDITION_IS_ARN},
    {CONDITION_KMS_GRANT_OPERATIONS, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_KMS_KEY_SPEC, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_KMS_KEY_USAGE, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_KMS_KEY_ORIGIN, {NULL}, CONDITION_IS_TEXT},
    {CONDITION_OSS_PREFIX, {"s3:prefix"}, CONDITION_IS_TEXT},
    {CONDITION_OSS_DELIMITER, {"s3:delimiter"}, CONDITION_IS_TEXT},
};

/* Does the row's key go on with a name of the user's own? */
static bool is_open(slice row_name) {
    uint8_t last = row_name.at[row_name.len - 1];
    return last == '/' || last == ':';
}

static bool name_fits(slice row_name, slice name) {
    if (!is_open(row_name)) return slice_equals_ignoring_case(row_name, name);
    return name.len > row_name.len && name.len <= row_name.len + CONDITION_NAME_BYTES_MOST &&
           slice_equals_ignoring_case(slice_head(name, row_name.len), row_name);
}

/* The row's spelling that fits, or an absent slice. */
static slice fitting_name(const struct key_row *row, slice name) {
    if (name_fits(slice_of_text(row->name), name)) return slice_of_text(row->name);
    for (size_t i = 0; i < sizeof row->also / sizeof *row->also; i++)
        if (row->also[i] && name_fits(slice_of_text(row->also[i]), name)) return slice_of_text(row->also[i]);
    return (slice){0};
}

static bool is_word_byte(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* "prefix:name": the prefix a word, the name anything but nothing. */
static bool looks_like_key(slice name) {
    size_t colon = slice_find_byte(name, ':');
    if (colon == SIZE_MAX || colon == 0 || colon + 1 == name.len || name.len > KEY_BYTES_MOST) return false;
    for (size_t i = 0; i < colon; i++)
        if (!is_word_byte(name.at[i])) return false;
    return name.at[name.len - 1] != '/';
}

/* accounts.example.com:aud, oidc.example.com/id/ABC:sub: what a provider's token says, under the provider's own name. A prefix with a dot is
 * a host: no service has one. */
static bool is_of_issuer(slice name) {
    static const char *const CLAIMS[] = {":aud", ":sub", ":oaud"};
    for (size_t i = 0; i < sizeof CLAIMS / sizeof *CLAIMS; i++) {
        slice claim = slice_of_text(CLAIMS[i]);
        if (name.len > KEY_BYTES_MOST || !slice_ends_with(name, claim)) continue;
        slice issuer = slice_head(name, name.len - claim.len);
        if (slice_contains_byte(slice_head(issuer, slice_find_byte(issuer, '/')), '.')) return true;
    }
    return false;
}

status condition_key_find(slice name, arena *memory, condition_key *out) {
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        slice fitting = fitting_name(&ROWS[i], name);
        if (slice_is_absent(fitting)) continue;
        condition_key found = {slice_of_text(ROWS[i].name), ROWS[i].type, true};
        if (is_open(fitting))
            TRY(arena_printf(memory, &found.name, "%s%.*s", ROWS[i].name, SLICE_ARGS(slice_skip(name, fitting.len))));
        *out = found;
        return OK;
    }
    if (is_of_issuer(name)) {
        condition_key found = {.type = CONDITION_IS_TEXT, .is_known = true};
        TRY(arena_printf(memory, &found.name, CONDITION_OIDC_OF "%.*s", SLICE_ARGS(name)));
        *out = found;
        return OK;
    }
    ENSURE(looks_like_key(name), MALFORMED);
    *out = (condition_key){name, CONDITION_IS_TEXT, false};
    return OK;
}

status condition_key_as_aws(slice name, arena *memory, slice *out) {
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        slice ours = slice_of_text(ROWS[i].name);
        if (!name_fits(ours, name)) continue;
        for (int k = 0; k < ALSO_MOST && ROWS[i].also[k]; k++) {
            slice theirs = slice_of_text(ROWS[i].also[k]);
            bool is_theirs = slice_starts_with(theirs, SLICE("aws:")) || slice_starts_with(theirs, SLICE("s3:"));
            if (is_theirs)
                return ARENA_JOIN(memory, out, theirs, is_open(ours) ? slice_skip(name, ours.len) : SLICE(""));
        }
    }
    *out = name;
    return OK;
}
