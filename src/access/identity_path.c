/* Where records of identities lie in the store. */
#include "access/identity.h"

status account_path(slice account, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("account/"), account);
}

status account_prefix(arena *memory, slice *out) { return arena_copy(memory, SLICE("account/"), out); }

status user_path(slice account, slice name, arena *memory, slice *out) {
    if (slice_is_absent(name)) return ARENA_JOIN(memory, out, SLICE("root/"), account);
    return ARENA_JOIN(memory, out, SLICE("user/"), account, SLICE("/"), name);
}

status user_prefix(slice account, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("user/"), account, SLICE("/"));
}

status renamed_path(slice account, slice user_id, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("renamed/"), account, SLICE("/"), user_id);
}

status access_key_path(slice id, arena *memory, slice *out) { return ARENA_JOIN(memory, out, SLICE("ak/"), id); }

status policy_path(slice account, slice name, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("policy/"), account, SLICE("/"), name);
}

status policy_prefix(slice account, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("policy/"), account, SLICE("/"));
}

status group_path(slice account, slice name, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("group/"), account, SLICE("/"), name);
}

status group_prefix(slice account, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("group/"), account, SLICE("/"));
}

status role_path(slice account, slice name, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("role/"), account, SLICE("/"), name);
}

status role_prefix(slice account, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("role/"), account, SLICE("/"));
}

status access_key_use_path(slice id, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("ak-use/"), id);
}

status account_settings_path(slice account, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("settings/"), account);
}

status oidc_provider_path(slice account, slice name, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("oidc-provider/"), account, SLICE("/"), name);
}

status oidc_provider_prefix(slice account, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("oidc-provider/"), account, SLICE("/"));
}

status saml_provider_path(slice account, slice name, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("saml-provider/"), account, SLICE("/"), name);
}

status saml_provider_prefix(slice account, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("saml-provider/"), account, SLICE("/"));
}

status oidc_issuer_path(slice account, slice issuer, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("oidc-issuer/"), account, SLICE("/"), issuer);
}

status mfa_path(slice account, slice name, arena *memory, slice *out) {
    return arena_printf(memory, out, "mfa/%.*s/%.*s", SLICE_ARGS(account), SLICE_ARGS(name));
}

status mfa_prefix(slice account, arena *memory, slice *out) {
    return arena_printf(memory, out, "mfa/%.*s/", SLICE_ARGS(account));
}

status account_alias_path(slice alias, arena *memory, slice *out) {
    return ARENA_JOIN(memory, out, SLICE("account-alias/"), alias);
}
