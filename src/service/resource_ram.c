/* Resolvers of identities: users, groups, roles, policies, devices, tags, the account. */
#include "service/sts/provider_oidc.h"
#include "service/resolver.h"
#include "service/resource.h"
#include "service/sts/provider_saml.h"

/* Whether what it names is to be made by it. A version is made of a policy that is there. */
static bool makes_it(const call *c) {
    return slice_starts_with(slice_of_text(c->operation->name), SLICE("Create")) &&
           strcmp(c->operation->name, "CreatePolicyVersion") != 0;
}

/* What belongs to the account as a whole, or all of a kind in it. */
static status allow_of_account(call *c, status (*name)(slice account, arena *memory, slice *out)) {
    slice arn_text;
    TRY(name(c->who.account_id, &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}

static status allow_user(call *c, slice name) {
    slice arn_text;
    if (FAILED(arn_user(c->who.account_id, name, &c->memory, &arn_text)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "UserName");
    return resolve_allow(c, arn_text);
}

/* Also of one that is to be made: who may make users of some names may make no others. */
status resolve_user(call *c) { return allow_user(c, call_input_text(c, "UserName")); }

/* A name may be what policies go by: who gives one has to be allowed it as well. */
status resolve_user_named_anew(call *c) {
    slice name = call_input_text(c, "NewUserName");
    TRY(resolve_user(c));
    return slice_is_absent(name) ? OK : allow_user(c, name);
}

status resolve_user_container(call *c) { return allow_of_account(c, arn_users); }

/* ---- what users may do for themselves without a policy, when the account lets them; a denial wins all the same */

static bool is_about_access_keys(const call *c) {
    return slice_ends_with(slice_of_text(c->operation->action), SLICE("AccessKey")) ||
           slice_ends_with(slice_of_text(c->operation->action), SLICE("AccessKeys")) ||
           slice_ends_with(slice_of_text(c->operation->action), SLICE("AccessKeyLastUsed"));
}

static bool is_about_mfa(const call *c) {
    slice action = slice_of_text(c->operation->action);
    return slice_find(action, SLICE("MFA")) != SIZE_MAX || slice_find(action, SLICE("Passkey")) != SIZE_MAX ||
           slice_find(action, SLICE("RecoveryCodes")) != SIZE_MAX;
}

/* Whoever fears that somebody else is logged in as them needs nobody's leave. */
static bool ends_sessions(const call *c) { return strcmp(c->operation->name, "RevokeUserSessions") == 0; }

status resource_grant_own(call *c, slice name) {
    slice path;
    account_settings_record settings = {0};
    if (slice_is_empty(name) || !slice_equals(name, c->who.user_name)) return OK;
    TRY(account_settings_path(c->who.account_id, &c->memory, &path));
    status loaded = call_load(c, path, &account_settings_record_shape, &settings, NULL);
    if (FAILED(loaded) && !FAILED_WITH(loaded, NOT_FOUND)) return loaded;
    bool changes_password = c->operation->resource == RESOURCE_SELF;
    c->is_granted = (changes_password && !settings.change_password_off.value) ||
                    (is_about_access_keys(c) && settings.manage_access_keys_on.value) ||
                    (is_about_mfa(c) && !settings.manage_mfa_off.value) || ends_sessions(c);
    return OK;
}

/* Without a user name the caller means itself. A role is no user. */
status resolve_user_or_self(call *c) {
    slice name = call_input_text(c, "UserName");
    if (slice_is_absent(name)) name = c->who.user_name;
    if (slice_is_absent(name) && !c->who.is_root) return call_refuse(c, FAIL(MISSING_PARAMETER), "UserName");
    if (slice_is_absent(name)) return resolve_allow(c, c->who.arn);
    TRY(resource_grant_own(c, name));
    return allow_user(c, name);
}

status resolve_self(call *c) {
    if (slice_is_absent(c->who.user_name) && !c->who.is_root)
        return call_refuse(c, FAIL(NO_PERMISSION), "A role has no password.");
    return resolve_user_or_self(c);
}

/* What an input names, by its name or its ARN. */
typedef struct named_kind {
    const char *field, *kind;
    status (*arn)(slice account, slice name, arena *memory, slice *out);
    status missing;
    slice account; /* of a bare name; absent: the caller's */
    bool is_new;   /* it is to be made, and has no ARN yet */
} named_kind;

/* What another account owns is told like what is not there. Handlers find the bare name in the input. */
static status allow_named(call *c, const named_kind *k) {
    identity_reference named;
    slice arn_text;
    const field *f = shape_find(c->operation->in, slice_of_text(k->field));
    ENSURE(f != NULL, INTERNAL);
    slice *given = field_at(f, c->in), own = slice_is_absent(k->account) ? c->who.account_id : k->account;
    status told = identity_refer(c, *given, k->kind, &named);
    bool is_bare = slice_equals(named.name, *given) && !FAILED(told);
    if (FAILED_WITH(told, INVALID_PARAMETER) || (k->is_new && !is_bare))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "%s", k->field);
    TRY(told);
    if (FAILED(k->arn(is_bare ? own : named.account, named.name, &c->memory, &arn_text)))
        return is_bare ? call_refuse(c, FAIL(INVALID_PARAMETER), "%s", k->field) : k->missing;
    TRY(resolve_allow(c, arn_text));
    if (!is_bare && !slice_equals(named.account, own)) return k->missing;
    *given = named.name;
    return OK;
}

status resolve_mfa(call *c) {
    return allow_named(c, &(named_kind){"SerialNumber", "mfa/", arn_mfa, {FAILURE_MFA_NOT_FOUND}, {0}, false});
}

/* A user makes itself a device of its own name. */
status resolve_mfa_new(call *c) {
    slice name = call_input_text(c, "VirtualMFADeviceName");
    TRY(resource_grant_own(c, name));
    return allow_named(c, &(named_kind){"VirtualMFADeviceName", "mfa/", arn_mfa, {FAILURE_MFA_NOT_FOUND}, {0}, true});
}

status resolve_mfa_and_user(call *c) {
    TRY(resolve_user_or_self(c));
    return resolve_mfa(c);
}

status resolve_mfa_container(call *c) { return allow_of_account(c, arn_mfas); }

/* Its trust policy has a word in the decision, and what it asks about has to be known by then. */
static status find_foreign_role(call *c, slice name) {
    slice path;
    role_record *role = CALL_NEW(c, role_record);
    ENSURE(role != NULL, OUT_OF_MEMORY);
    TRY(call_condition(c, SLICE(CONDITION_SESSION_NAME), call_input_text(c, "RoleSessionName")));
    slice external_id = call_input_text(c, "ExternalId");
    if (!slice_is_absent(external_id)) TRY(call_condition(c, SLICE(CONDITION_EXTERNAL_ID), external_id));
    TRY(role_path(call_account(c), name, &c->memory, &path));
    status loaded = call_load(c, path, &role_record_shape, role, &c->role_revision);
    if (!FAILED(loaded)) c->role = role;
    return FAILED_WITH(loaded, NOT_FOUND) ? OK : loaded;
}

/* acs:ram::A:role/NAME or arn:aws:iam::A:role/NAME. */
status resolve_role_arn(call *c) {
    slice rest = call_input_text(c, "RoleArn"), parts[5], arn_text;
    for (int i = 0; i < 4; i++) ENSURE(slice_split(&rest, ':', &parts[i]), ROLE_ARN);
    bool is_aws = slice_equals_text(parts[0], "arn");
    if (is_aws) ENSURE(slice_split(&rest, ':', &parts[4]), ROLE_ARN);
    slice account = parts[is_aws ? 4 : 3];
    bool is_iam = is_aws && slice_equals_text(parts[1], "aws") && slice_equals_text(parts[2], "iam");
    bool is_ram = slice_equals_text(parts[0], "acs") && slice_equals_text(parts[1], "ram");
    bool is_everywhere = parts[is_aws ? 3 : 2].len == 0; /* roles are in no region */
    ENSURE((is_iam || is_ram) && is_everywhere && slice_starts_with(rest, SLICE("role/")), ROLE_ARN);
    slice name = slice_skip(rest, 5); /* without a path: roles have none here */
    ENSURE(!FAILED(arn_role(account, name, &c->memory, &arn_text)), ROLE_ARN);
    TRY(call_turn_to(c, account, arn_text));
    if (c->owner) TRY(find_foreign_role(c, name));
    return resolve_allow(c, arn_text);
}

static status allow_group(call *c, const char *parameter) {
    slice arn_text;
    if (FAILED(arn_group(c->who.account_id, call_input_text(c, parameter), &c->memory, &arn_text)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "%s", parameter);
    return resolve_allow(c, arn_text);
}

status resolve_group(call *c) { return allow_group(c, "GroupName"); }

status resolve_group_named_anew(call *c) {
    TRY(resolve_group(c));
    return slice_is_absent(call_input_text(c, "NewGroupName")) ? OK : allow_group(c, "NewGroupName");
}

/* A new one without a name is called by its issuer. */
status resolve_oidc_provider(call *c) {
    slice arn_text, issuer = oidc_issuer_name(call_input_text(c, "IssuerUrl"));
    bool is_named = !slice_is_absent(call_input_text(c, "OIDCProviderName"));
    const named_kind kind = {
        "OIDCProviderName", "oidc-provider/", arn_oidc_provider, {FAILURE_OIDC_PROVIDER_NOT_FOUND}, {0}, makes_it(c)};
    if (is_named) return allow_named(c, &kind);
    if (FAILED(arn_oidc_provider(c->who.account_id, issuer, &c->memory, &arn_text)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "OIDCProviderName");
    return resolve_allow(c, arn_text);
}

status resolve_saml_provider(call *c) {
    const named_kind kind = {
        "SAMLProviderName", "saml-provider/", arn_saml_provider, {FAILURE_SAML_PROVIDER_NOT_FOUND}, {0}, makes_it(c)};
    return allow_named(c, &kind);
}

status resolve_saml_provider_container(call *c) { return allow_of_account(c, arn_saml_providers); }

status resolve_oidc_provider_container(call *c) { return allow_of_account(c, arn_oidc_providers); }

status resolve_role(call *c) {
    slice arn_text;
    if (FAILED(arn_role(c->who.account_id, call_input_text(c, "RoleName"), &c->memory, &arn_text)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "RoleName");
    return resolve_allow(c, arn_text);
}

/* Who may say what a role is like may not say for that reason who takes it on. */
status resolve_role_trust(call *c) {
    bool says_who = !slice_is_absent(call_input_text(c, "NewAssumeRolePolicyDocument"));
    TRY(resolve_role(c));
    return says_who ? call_authorise(c, "ram:UpdateAssumeRolePolicy", c->resource) : OK;
}

status resolve_group_container(call *c) { return allow_of_account(c, arn_groups); }

status resolve_role_container(call *c) { return allow_of_account(c, arn_roles); }

/* The whole account, as RAM's settings of it are authorised. */
status resolve_account(call *c) { return allow_of_account(c, arn_ram_account); }

static status allow_policy(call *c, bool is_system) {
    named_kind kind = {"PolicyName", "policy/", arn_policy, {FAILURE_POLICY_NOT_FOUND}, {0}, makes_it(c)};
    if (is_system) kind.account = SLICE("system");
    TRY(allow_named(c, &kind));
    if (call_input_text(c, "PolicyName").len > POLICY_NAME_MOST)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "PolicyName");
    return OK;
}

static bool names_system_policy(const call *c) {
    const field *f = shape_find(c->operation->in, SLICE("PolicyType"));
    return f && *(const int *)field_at(f, c->in) == POLICY_TYPE_SYSTEM;
}

status resolve_policy(call *c) { return allow_policy(c, names_system_policy(c)); }
status resolve_policy_custom(call *c) { return allow_policy(c, false); }

status resolve_policy_container(call *c) { return allow_of_account(c, arn_policies); }

status resolve_policy_and_user(call *c) {
    TRY(resolve_user(c));
    return resolve_policy(c);
}

status resolve_policy_and_group(call *c) {
    TRY(resolve_group(c));
    return resolve_policy(c);
}

status resolve_policy_and_role(call *c) {
    TRY(resolve_role(c));
    return resolve_policy(c);
}

status resolve_user_and_group(call *c) {
    TRY(resolve_user(c));
    return resolve_group(c);
}

static status tagged_arn(call *c, int type, slice name, slice *out) {
    slice account = c->who.account_id;
    if (type == TAGGED_TYPE_USER) return arn_user(account, name, &c->memory, out);
    if (type == TAGGED_TYPE_ROLE) return arn_role(account, name, &c->memory, out);
    return arn_policy(account, name, &c->memory, out);
}

/* What is done to a user's, a role's or a policy's tags has an action of its own, under which policies that name TagResources are found
 * as well (access/action_name.c). */
static const char *tagging_action(const call *c, int type) {
    static const char *const ACTIONS[][3] = {{"iam:TagUser", "iam:TagRole", "iam:TagPolicy"},
                                             {"iam:UntagUser", "iam:UntagRole", "iam:UntagPolicy"},
                                             {"iam:ListUserTags", "iam:ListRoleTags", "iam:ListPolicyTags"}};
    size_t kind = type == TAGGED_TYPE_USER ? 0 : type == TAGGED_TYPE_ROLE ? 1 : 2;
    if (c->operation->level == LEVEL_LIST) return ACTIONS[2][kind];
    return ACTIONS[strcmp(c->operation->name, "UntagResources") == 0][kind];
}

static status tagged_container(call *c, int type, slice *out) {
    if (type == TAGGED_TYPE_USER) return arn_users(c->who.account_id, &c->memory, out);
    if (type == TAGGED_TYPE_ROLE) return arn_roles(c->who.account_id, &c->memory, out);
    return arn_policies(c->who.account_id, &c->memory, out);
}

static status allow_tagged(call *c, int type, slice arn_text) {
    if (slice_is_absent(c->resource)) c->resource = arn_text;
    return call_authorise(c, tagging_action(c, type), arn_text);
}

/* Each thing named; without names all of the kind. */
status resolve_tagged(call *c) {
    const field *type = shape_find(c->operation->in, SLICE("ResourceType"));
    const field *names = shape_find(c->operation->in, SLICE("ResourceNames"));
    ENSURE(type != NULL && names != NULL, INTERNAL);
    int kind = *(const int *)field_at(type, c->in);
    const slice_list *list = field_at(names, c->in);
    for (size_t i = 0; i < list->count; i++) {
        slice arn_text;
        if (FAILED(tagged_arn(c, kind, list->at[i], &arn_text)))
            return call_refuse(c, FAIL(INVALID_PARAMETER), "ResourceNames");
        TRY(allow_tagged(c, kind, arn_text));
    }
    if (list->count) return OK;
    slice all;
    TRY(tagged_container(c, kind, &all));
    return allow_tagged(c, kind, all);
}

/* Whether there is such a key is told only to those who may ask about the account's users. */
status resolve_access_key(call *c) {
    slice path;
    access_key_record key;
    TRY(access_key_path(call_input_text(c, "UserAccessKeyId"), &c->memory, &path));
    status found = call_load(c, path, &access_key_record_shape, &key, NULL);
    if (FAILED(found) && !FAILED_WITH(found, NOT_FOUND)) return found;
    bool is_own = !FAILED(found) && slice_equals(key.account_id, c->who.account_id);
    if (!is_own) TRY(resolve_user_container(c));
    ENSURE(is_own, ACCESS_KEY_NOT_FOUND);
    return slice_is_absent(key.user_name) ? resolve_user_container(c) : allow_user(c, key.user_name);
}
