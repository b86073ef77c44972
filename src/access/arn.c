/* One formatter that checks every part; the builders only say which parts. */
#include "access/arn.h"

static bool is_word_byte(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

static bool is_word(slice s) {
    if (s.len > ARN_SEGMENT_BYTES_MOST) return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_word_byte(s.at[i])) return false;
    return true;
}

static bool is_star(slice s) { return s.len == 1 && s.at[0] == '*'; }

static bool is_account(slice s) {
    if (is_star(s) || slice_equals(s, SLICE("system"))) return true;
    if (s.len > ARN_SEGMENT_BYTES_MOST) return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] < '0' || s.at[i] > '9') return false;
    return true;
}

static bool is_sound(const arn *a) {
    return a->service.len > 0 && is_word(a->service) && (is_word(a->region) || is_star(a->region)) &&
           is_account(a->account) && a->relative.len > 0 && a->relative.len <= ARN_RELATIVE_BYTES_MOST;
}

status arn_parse(slice text, arn *out) {
    arn parts;
    slice rest = text;
    slice scheme;
    ENSURE(text.len <= ARN_BYTES_MOST, MALFORMED);
    ENSURE(slice_split(&rest, ':', &scheme) && slice_equals(scheme, SLICE("acs")), MALFORMED);
    ENSURE(slice_split(&rest, ':', &parts.service), MALFORMED);
    ENSURE(slice_split(&rest, ':', &parts.region), MALFORMED);
    ENSURE(slice_split(&rest, ':', &parts.account), MALFORMED);
    parts.relative = rest;
    ENSURE(is_sound(&parts), MALFORMED);
    *out = parts;
    return OK;
}

status arn_format(const arn *a, arena *memory, slice *out) {
    ENSURE(is_sound(a), INVALID_PARAMETER);
    return ARENA_JOIN(memory, out, SLICE("acs:"), a->service, SLICE(":"), a->region, SLICE(":"), a->account, SLICE(":"),
                      a->relative);
}

/* `kind` and `name` make up the relative id; either may be empty. */
typedef struct parts {
    const char *service;
    slice region;
    slice account;
    const char *kind;
    slice name;
} parts;

static status build(const parts *p, arena *memory, slice *out) {
    size_t kind_bytes = strlen(p->kind);
    ENSURE(p->name.len <= ARN_RELATIVE_BYTES_MOST - kind_bytes, INVALID_PARAMETER);
    arn whole = {slice_of_text(p->service), p->region, p->account, {0}};
    TRY(ARENA_JOIN(memory, &whole.relative, slice_of_text(p->kind), p->name));
    return arn_format(&whole, memory, out);
}

static bool is_name(slice s) {
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        if (c < ' ' || c == 0x7f || c == ':' || c == '*' || c == '?') return false;
    }
    return true;
}

static bool is_single_name(slice s) { return is_name(s) && !slice_contains_byte(s, '/'); }

status arn_key(const arn_home *home, slice key_id, arena *memory, slice *out) {
    ENSURE(is_single_name(key_id), INVALID_PARAMETER);
    return build(&(parts){"kms", home->region, home->account, "key/", key_id}, memory, out);
}

status arn_alias(const arn_home *home, slice alias, arena *memory, slice *out) {
    slice name = slice_skip(alias, 6);
    ENSURE(slice_starts_with(alias, SLICE("alias/")) && is_name(name), INVALID_PARAMETER);
    return build(&(parts){"kms", home->region, home->account, "alias/", name}, memory, out);
}

status arn_keys(const arn_home *home, arena *memory, slice *out) {
    return build(&(parts){"kms", home->region, home->account, "key"}, memory, out);
}

status arn_aliases(const arn_home *home, arena *memory, slice *out) {
    return build(&(parts){"kms", home->region, home->account, "alias"}, memory, out);
}

status arn_secret(const arn_home *home, slice name, arena *memory, slice *out) {
    ENSURE(is_name(name), INVALID_PARAMETER);
    return build(&(parts){"kms", home->region, home->account, "secret/", name}, memory, out);
}

status arn_secrets(const arn_home *home, arena *memory, slice *out) {
    return build(&(parts){"kms", home->region, home->account, "secret"}, memory, out);
}

status arn_certificate(const arn_home *home, slice id, arena *memory, slice *out) {
    ENSURE(is_single_name(id), INVALID_PARAMETER);
    return build(&(parts){"kms", home->region, home->account, "certificate/", id}, memory, out);
}

status arn_certificates(const arn_home *home, arena *memory, slice *out) {
    return build(&(parts){"kms", home->region, home->account, "certificate"}, memory, out);
}

status arn_managed_key(const arn_home *home, slice name, arena *memory, slice *out) {
    ENSURE(is_name(name), INVALID_PARAMETER);
    return build(&(parts){"kms", home->region, home->account, "managed-data-key/", name}, memory, out);
}

status arn_managed_keys(const arn_home *home, arena *memory, slice *out) {
    return build(&(parts){"kms", home->region, home->account, "managed-data-key"}, memory, out);
}

status arn_trail(const arn_home *home, slice name, arena *memory, slice *out) {
    ENSURE(is_single_name(name), INVALID_PARAMETER);
    return build(&(parts){"actiontrail", home->region, home->account, "trail/", name}, memory, out);
}

status arn_tenant(slice operator_account, slice tenant, arena *memory, slice *out) {
    if (slice_is_absent(tenant))
        return build(&(parts){"keyhold", SLICE("*"), operator_account, "account/*"}, memory, out);
    ENSURE(is_single_name(tenant), INVALID_PARAMETER);
    return build(&(parts){"keyhold", SLICE("*"), operator_account, "account/", tenant}, memory, out);
}

/* Of something that RAM calls by one name. */
static status ram_name(const parts *p, arena *memory, slice *out) {
    ENSURE(is_single_name(p->name), INVALID_PARAMETER);
    return build(p, memory, out);
}

status arn_user(slice account, slice name, arena *memory, slice *out) {
    return ram_name(&(parts){"ram", SLICE("*"), account, "user/", name}, memory, out);
}

status arn_users(slice account, arena *memory, slice *out) {
    return build(&(parts){"ram", SLICE("*"), account, "user/*"}, memory, out);
}

status arn_role(slice account, slice name, arena *memory, slice *out) {
    return ram_name(&(parts){"ram", SLICE("*"), account, "role/", name}, memory, out);
}

status arn_roles(slice account, arena *memory, slice *out) {
    return build(&(parts){"ram", SLICE("*"), account, "role/*"}, memory, out);
}

status arn_group(slice account, slice name, arena *memory, slice *out) {
    return ram_name(&(parts){"ram", SLICE("*"), account, "group/", name}, memory, out);
}

status arn_groups(slice account, arena *memory, slice *out) {
    return build(&(parts){"ram", SLICE("*"), account, "group/*"}, memory, out);
}

status arn_mfa(slice account, slice name, arena *memory, slice *out) {
    return ram_name(&(parts){"ram", SLICE("*"), account, "mfa/", name}, memory, out);
}

status arn_mfas(slice account, arena *memory, slice *out) {
    return build(&(parts){"ram", SLICE("*"), account, "mfa/*"}, memory, out);
}

status arn_oidc_provider(slice account, slice name, arena *memory, slice *out) {
    ENSURE(is_name(name), INVALID_PARAMETER);
    return build(&(parts){"ram", SLICE("*"), account, "oidc-provider/", name}, memory, out);
}

status arn_oidc_providers(slice account, arena *memory, slice *out) {
    return build(&(parts){"ram", SLICE("*"), account, "oidc-provider/*"}, memory, out);
}

status arn_saml_provider(slice account, slice name, arena *memory, slice *out) {
    return ram_name(&(parts){"ram", SLICE("*"), account, "saml-provider/", name}, memory, out);
}

status arn_saml_providers(slice account, arena *memory, slice *out) {
    return build(&(parts){"ram", SLICE("*"), account, "saml-provider/*"}, memory, out);
}

status arn_ram_account(slice account, arena *memory, slice *out) {
    return build(&(parts){"ram", SLICE("*"), account, "*"}, memory, out);
}

status arn_policy(slice account, slice name, arena *memory, slice *out) {
    return ram_name(&(parts){"ram", SLICE("*"), account, "policy/", name}, memory, out);
}

status arn_policies(slice account, arena *memory, slice *out) {
    return build(&(parts){"ram", SLICE("*"), account, "policy/*"}, memory, out);
}

status arn_principal_user(slice account, slice name, arena *memory, slice *out) {
    ENSURE(is_single_name(name), INVALID_PARAMETER);
    return build(&(parts){"ram", SLICE(""), account, "user/", name}, memory, out);
}

status arn_principal_role(slice account, slice name, arena *memory, slice *out) {
    ENSURE(is_single_name(name), INVALID_PARAMETER);
    return build(&(parts){"ram", SLICE(""), account, "role/", name}, memory, out);
}

status arn_principal_session(slice account, slice role, slice session, arena *memory, slice *out) {
    slice name;
    ENSURE(is_single_name(role) && is_single_name(session), INVALID_PARAMETER);
    TRY(arena_printf(memory, &name, "%.*s/%.*s", SLICE_ARGS(role), SLICE_ARGS(session)));
    return build(&(parts){"ram", SLICE(""), account, "assumed-role/", name}, memory, out);
}

status arn_principal_oidc(slice account, slice name, arena *memory, slice *out) {
    ENSURE(is_name(name), INVALID_PARAMETER);
    return build(&(parts){"ram", SLICE(""), account, "oidc-provider/", name}, memory, out);
}

status arn_principal_saml(slice account, slice name, arena *memory, slice *out) {
    ENSURE(is_single_name(name), INVALID_PARAMETER);
    return build(&(parts){"ram", SLICE(""), account, "saml-provider/", name}, memory, out);
}

status arn_principal_root(slice account, arena *memory, slice *out) {
    return build(&(parts){"ram", SLICE(""), account, "root"}, memory, out);
}

status arn_bucket(slice account, slice bucket, arena *memory, slice *out) {
    ENSURE(is_single_name(bucket), INVALID_PARAMETER);
    return build(&(parts){"oss", SLICE("*"), account, "", bucket}, memory, out);
}

status arn_object(slice account, slice bucket, slice key, arena *memory, slice *out) {
    ENSURE(is_single_name(bucket) && key.len > 0 && key.len <= ARN_RELATIVE_BYTES_MOST, INVALID_PARAMETER);
    OWNED(buffer) path = {.limit = ARN_BYTES_MOST * 2};
    TRY(buffer_append(&path, bucket));
    TRY(buffer_append_byte(&path, '/'));
    TRY(buffer_append(&path, key));
    return build(&(parts){"oss", SLICE("*"), account, "", buffer_slice(&path)}, memory, out);
}

status arn_buckets(slice account, arena *memory, slice *out) {
    return build(&(parts){"oss", SLICE("*"), account, "*"}, memory, out);
}
