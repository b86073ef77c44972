/* One resolver per resource kind. */
#include "service/resource.h"

#include "access/arn_twin.h"
#include "base/text.h"
#include "contract/key_id.h"
#include "contract/sealed.h"
#include "service/account/approval.h"
#include "service/account/break_glass.h"
#include "service/kms/grant_token.h"
#include "service/resolver.h"

/* Alibaba's one operation for what AWS has two for, which policies may tell apart. */
static const char *action_asked(const call *c) {
    if (c->operation->in != &update_rotation_policy_in_shape) return c->operation->action;
    const update_rotation_policy_in *in = c->in;
    return in->enable_automatic_rotation.value ? "kms:EnableKeyRotation" : "kms:DisableKeyRotation";
}

status resolve_allow(call *c, slice arn_text) {
    if (slice_is_absent(c->resource)) c->resource = arn_text;
    return call_authorise(c, action_asked(c), arn_text);
}

status resolve_tag(call *c, const tag *each) {
    slice name;
    TRY(arena_printf(&c->memory, &name, CONDITION_RESOURCE_TAG "%.*s", SLICE_ARGS(each->tag_key)));
    return call_condition(c, name, each->tag_value);
}

static status load_key(call *c, slice key_id) {
    key_shelf shelf = call_keys(c);
    c->key = CALL_NEW(c, key_record);
    ENSURE(c->key != NULL, OUT_OF_MEMORY);
    return key_load(&shelf, key_id, &c->memory, c->key, &c->key_revision);
}

/* An ARN of another account: turns to it, where the operation may be about what others own. */
static status turn_to_named(call *c, slice text) {
    arn parts;
    slice name;
    call_turn_home(c);
    if (!c->operation->is_shared || FAILED(arn_canonical(text, &c->memory, &name))) return OK;
    bool is_named = !FAILED(arn_parse(name, &parts)) && slice_equals(parts.service, SLICE("kms"));
    if (!is_named || parts.account.len == 0 || slice_equals(parts.account, SLICE("*"))) return OK;
    return call_turn_to(c, parts.account, name);
}

/* What another account does not have is told like what it does not let the caller have. */
static status refuse_missing(call *c, const char *action, status missing) {
    if (!c->owner) return missing;
    status refused = call_authorise(c, action, c->owner->named);
    return FAILED(refused) ? refused : missing;
}

static status tell_missing(call *c, status missing) { return refuse_missing(c, c->operation->action, missing); }

static status allow_key(call *c, slice key_id) {
    slice arn_text;
    arn_home home = call_home(c);
    status loaded = load_key(c, key_id);
    if (FAILED(loaded)) c->key = NULL;
    if (FAILED_WITH(loaded, KEY_NOT_FOUND)) return tell_missing(c, loaded);
    TRY(loaded);
    TRY(arn_key(&home, c->key->key_id, &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}

static status resolve_none(call *c) {
    (void)c;
    return OK;
}

static status resolve_key_container(call *c) {
    slice arn_text;
    arn_home home = call_home(c);
    TRY(arn_keys(&home, &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}

static status allow_named_key(call *c, slice text) {
    key_name name;
    slice key_id;
    TRY(turn_to_named(c, text));
    key_shelf shelf = call_keys(c);
    TRY(key_name_parse(text, &shelf, &name));
    status found = key_name_resolve(&shelf, &name, &c->memory, &key_id);
    if (FAILED_WITH(found, ALIAS_NOT_FOUND)) return tell_missing(c, found);
    TRY(found);
    return allow_key(c, key_id);
}

static status resolve_key(call *c) { return allow_named_key(c, call_input_text(c, "KeyId")); }

static status resolve_key_only(call *c) {
    key_shelf shelf = call_keys(c);
    key_name name;
    TRY(key_name_parse(call_input_text(c, "KeyId"), &shelf, &name));
    ENSURE(slice_is_absent(name.alias), ALIAS_NOT_ALLOWED);
    return allow_key(c, name.key_id);
}

/* A key that need not be there any more. */
static status resolve_key_id(call *c) {
    key_shelf shelf = call_keys(c);
    key_name name;
    slice arn_text;
    arn_home home = call_home(c);
    TRY(key_name_parse(call_input_text(c, "KeyId"), &shelf, &name));
    ENSURE(slice_is_absent(name.alias), ALIAS_NOT_ALLOWED);
    c->subject = name.key_id;
    ENSURE(!FAILED(arn_key(&home, name.key_id, &c->memory, &arn_text)), KEY_NOT_FOUND);
    return resolve_allow(c, arn_text);
}

static status resolve_key_protected(call *c) {
    slice text = call_input_text(c, "ProtectedResourceArn");
    if (slice_is_absent(text)) text = call_input_text(c, "KeyId");
    if (slice_is_absent(text)) return call_refuse(c, FAIL(MISSING_PARAMETER), "ProtectedResourceArn");
    key_shelf shelf = call_keys(c);
    key_name name;
    TRY(key_name_parse(text, &shelf, &name));
    ENSURE(slice_is_absent(name.alias), ALIAS_NOT_ALLOWED);
    return allow_key(c, name.key_id);
}

static slice input_bytes(const call *c, const char *name) {
    const field *f = shape_find(c->operation->in, slice_of_text(name));
    return f && f->kind == FIELD_BYTES ? *(const slice *)field_at(f, c->in) : (slice){0};
}

/* A ciphertext names no account. One whose owner has not admitted the caller's has no such key, as far as that can be told. */
static status allow_shared_key(call *c, slice key_id) {
    slice path, arn_text;
    shared_key_record where;
    key_shelf shelf = call_keys(c);
    TRY(shared_key_path(&shelf, key_id, &c->memory, &path));
    status found = call_load(c, path, &shared_key_record_shape, &where, NULL);
    if (FAILED_WITH(found, NOT_FOUND)) return FAIL(KEY_NOT_FOUND);
    TRY(found);
    TRY(arn_key(&(arn_home){shelf.region, where.account_id}, key_id, &c->memory, &arn_text));
    TRY(call_turn_to(c, where.account_id, arn_text));
    status allowed = allow_key(c, key_id);
    if (!FAILED(allowed) || c->affected_count > 0) return allowed;
    call_turn_home(c);
    c->diagnosis = c->detail = c->resource = (slice){0};
    return FAIL(KEY_NOT_FOUND);
}

static status allow_key_of_blob(call *c, slice key_id) {
    status allowed = allow_key(c, key_id);
    bool may_go = c->operation->is_shared && !c->who.break_glass;
    bool is_elsewhere = FAILED_WITH(allowed, KEY_NOT_FOUND) && may_go;
    return is_elsewhere ? allow_shared_key(c, key_id) : allowed;
}

/* The key that a ciphertext names. */
static status resolve_blob(call *c) {
    ciphertext blob;
    char key_id[37];
    slice id;
    TRY(ciphertext_parse(input_bytes(c, "CiphertextBlob"), &blob));
    key_id_format(blob.key_id.at, key_id);
    TRY(arena_copy(&c->memory, slice_of_text(key_id), &id));
    call_turn_home(c);
    return allow_key_of_blob(c, id);
}

/* Ciphertexts of asymmetric keys name none: then the caller does. */
static status resolve_blob_or_key(call *c) {
    return slice_is_absent(call_input_text(c, "KeyId")) ? resolve_blob(c) : resolve_key(c);
}

static status resolve_source_key(call *c) {
    slice named = call_input_text(c, "SourceKeyId");
    return slice_is_absent(named) ? resolve_blob(c) : allow_named_key(c, named);
}

static status allow_alias(call *c) {
    slice arn_text, alias = call_input_text(c, "AliasName");
    if (!alias_is_valid(alias))
        return call_refuse(c, FAIL(INVALID_PARAMETER),
                           "AliasName must be alias/ and letters, digits, '_', '/' or '-'.");
    arn_home home = call_home(c);
    TRY(arn_alias(&home, alias, &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}

/* Who may not have a key's aliases taken away may not take one by naming it either. */
static status allow_key_of_alias(call *c) {
    key_shelf shelf = call_keys(c);
    alias_record alias;
    status found = alias_load(&shelf, call_input_text(c, "AliasName"), &c->memory, &alias, NULL);
    if (FAILED_WITH(found, ALIAS_NOT_FOUND)) return OK; /* for the handler to tell */
    TRY(found);
    status allowed = allow_key(c, alias.key_id);
    return FAILED_WITH(allowed, KEY_NOT_FOUND) ? OK : allowed;
}

static status resolve_alias_and_key(call *c) {
    TRY(allow_alias(c));
    return resolve_key_only(c);
}

/* Also of the key it means so far. */
static status resolve_alias_of_key(call *c) {
    TRY(allow_alias(c));
    TRY(allow_key_of_alias(c));
    c->key = NULL;
    return slice_is_absent(call_input_text(c, "KeyId")) ? OK : resolve_key_only(c);
}

static status resolve_alias_container(call *c) {
    slice arn_text;
    arn_home home = call_home(c);
    TRY(arn_aliases(&home, &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}

static status allow_secret(call *c, slice name) {
    slice arn_text;
    arn_home home = call_home(c);
    TRY(arn_secret(&home, name, &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}

/* Whether there is such a secret is told only to those who may ask. */
status resource_use_secret(call *c, slice given, const char *action) {
    secret_name name;
    slice arn_text;
    TRY(turn_to_named(c, given));
    secret_shelf shelf = call_secrets(c);
    arn_home home = call_home(c);
    TRY(secret_name_parse(given, &shelf, &name));
    c->secret = CALL_NEW(c, secret_record);
    ENSURE(c->secret != NULL, OUT_OF_MEMORY);
    status loaded = secret_load(&shelf, &name, &c->memory, c->secret, &c->secret_revision);
    for (size_t i = 0; !FAILED(loaded) && i < c->secret->tags.count; i++) TRY(resolve_tag(c, &c->secret->tags.at[i]));
    TRY(arn_secret(&home, name.name, &c->memory, &arn_text));
    if (slice_is_absent(c->resource)) c->resource = arn_text;
    TRY(call_authorise(c, action, arn_text));
    return loaded;
}

static status resolve_secret(call *c) {
    slice given = call_input_text(c, "SecretName");
    if (slice_is_absent(given)) given = call_input_text(c, "SecretId");
    return resource_use_secret(c, given, c->operation->action);
}

/* Policies that speak of tags of secrets in AWS's words say nothing of other tags (access/action_name.c). */
status resource_tag_secret(call *c, slice given, const char *action) {
    bool takes = slice_starts_with(slice_of_text(action), SLICE("kms:Untag"));
    return resource_use_secret(c, given, takes ? "secretsmanager:UntagResource" : "secretsmanager:TagResource");
}

static status resolve_key_or_other(call *c) {
    bool is_secret = !slice_is_absent(call_input_text(c, "SecretName"));
    bool is_certificate = !slice_is_absent(call_input_text(c, "CertificateId"));
    if (is_secret + is_certificate + !slice_is_absent(call_input_text(c, "KeyId")) > 1)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "KeyId, SecretName and CertificateId: one of them.");
    if (is_certificate) return resolve_certificate(c);
    return is_secret ? resource_tag_secret(c, call_input_text(c, "SecretName"), c->operation->action)
                     : resolve_key_only(c);
}

/* A secret that is to be made, by the name it is to have. */
static status resolve_secret_named(call *c) {
    slice name = call_input_text(c, "Name");
    if (!secret_name_is_valid(name))
        return call_refuse(
            c, FAIL(INVALID_PARAMETER),
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!");
    return allow_secret(c, name);
}

static status resolve_secret_container(call *c) {
    slice arn_text;
    arn_home home = call_home(c);
    TRY(arn_secrets(&home, &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}

/* Accounts are the platform's: its operator's identities alone, and they by their policies. */
static status allow_tenant(call *c, slice id) {
    slice arn_text;
    if (FAILED(arn_tenant(c->who.account_id, id, &c->memory, &arn_text)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "AccountId");
    if (!c->who.is_operator) return call_refuse(c, FAIL(NO_PERMISSION), "Accounts are the platform operator's.");
    return resolve_allow(c, arn_text);
}

static status resolve_tenant(call *c) { return allow_tenant(c, call_input_text(c, "AccountId")); }
static status resolve_tenant_container(call *c) { return allow_tenant(c, (slice){0}); }

static status resolve_trail(call *c) {
    slice arn_text;
    arn_home home = call_home(c);
    TRY(arn_trail(&home, SLICE("default"), &c->memory, &arn_text));
    return resolve_allow(c, arn_text);
}

static resolver *const RESOLVERS[] = {
    [RESOURCE_NONE] = resolve_none,
    [RESOURCE_KEY_CONTAINER] = resolve_key_container,
    [RESOURCE_KEY] = resolve_key,
    [RESOURCE_KEY_ONLY] = resolve_key_only,
    [RESOURCE_KEY_ID] = resolve_key_id,
    [RESOURCE_KEY_PROTECTED] = resolve_key_protected,
    [RESOURCE_BLOB] = resolve_blob,
    [RESOURCE_BLOB_OR_KEY] = resolve_blob_or_key,
    [RESOURCE_SOURCE_KEY] = resolve_source_key,
    [RESOURCE_KEYS] = resolve_none, /* the handler asks for each */
    [RESOURCE_ALIAS_OF_KEY] = resolve_alias_of_key,
    [RESOURCE_ALIAS_AND_KEY] = resolve_alias_and_key,
    [RESOURCE_ALIAS_CONTAINER] = resolve_alias_container,
    [RESOURCE_KEY_OR_OTHER] = resolve_key_or_other,
    [RESOURCE_MANAGED_KEY] = resolve_managed_key,
    [RESOURCE_MANAGED_KEY_NEW] = resolve_managed_key_new,
    [RESOURCE_MANAGED_KEY_CONTAINER] = resolve_managed_key_container,
    [RESOURCE_CERTIFICATE] = resolve_certificate,
    [RESOURCE_CERTIFICATE_CONTAINER] = resolve_certificate_container,
    [RESOURCE_SECRET] = resolve_secret,
    [RESOURCE_SECRET_CONTAINER] = resolve_secret_container,
    [RESOURCE_SECRET_NAMED] = resolve_secret_named,
    [RESOURCE_USER] = resolve_user,
    [RESOURCE_USER_NAMED_ANEW] = resolve_user_named_anew,
    [RESOURCE_USER_CONTAINER] = resolve_user_container,
    [RESOURCE_USER_OR_SELF] = resolve_user_or_self,
    [RESOURCE_POLICY] = resolve_policy,
    [RESOURCE_POLICY_CUSTOM] = resolve_policy_custom,
    [RESOURCE_POLICY_CONTAINER] = resolve_policy_container,
    [RESOURCE_POLICY_AND_USER] = resolve_policy_and_user,
    [RESOURCE_POLICY_AND_GROUP] = resolve_policy_and_group,
    [RESOURCE_POLICY_AND_ROLE] = resolve_policy_and_role,
    [RESOURCE_GROUP] = resolve_group,
    [RESOURCE_GROUP_NAMED_ANEW] = resolve_group_named_anew,
    [RESOURCE_GROUP_CONTAINER] = resolve_group_container,
    [RESOURCE_USER_AND_GROUP] = resolve_user_and_group,
    [RESOURCE_ROLE] = resolve_role,
    [RESOURCE_ROLE_TRUST] = resolve_role_trust,
    [RESOURCE_ROLE_CONTAINER] = resolve_role_container,
    [RESOURCE_TAGGED] = resolve_tagged,
    [RESOURCE_ACCESS_KEY] = resolve_access_key,
    [RESOURCE_SELF] = resolve_self,
    [RESOURCE_ROLE_ARN] = resolve_role_arn,
    [RESOURCE_MFA] = resolve_mfa,
    [RESOURCE_MFA_NEW] = resolve_mfa_new,
    [RESOURCE_MFA_AND_USER] = resolve_mfa_and_user,
    [RESOURCE_MFA_CONTAINER] = resolve_mfa_container,
    [RESOURCE_SAML_PROVIDER] = resolve_saml_provider,
    [RESOURCE_SAML_PROVIDER_CONTAINER] = resolve_saml_provider_container,
    [RESOURCE_OIDC_PROVIDER] = resolve_oidc_provider,
    [RESOURCE_OIDC_PROVIDER_CONTAINER] = resolve_oidc_provider_container,
    [RESOURCE_ACCOUNT] = resolve_account,
    [RESOURCE_RECOVERY] = resolve_recovery,
    [RESOURCE_TENANT] = resolve_tenant,
    [RESOURCE_TENANT_CONTAINER] = resolve_tenant_container,
    [RESOURCE_TRAIL] = resolve_trail,
    [RESOURCE_OSS_SERVICE] = resolve_oss_service,
    [RESOURCE_BUCKET] = resolve_bucket,
    [RESOURCE_OBJECT] = resolve_object,
    [RESOURCE_COPY] = resolve_copy,
    [RESOURCE_OBJECTS] = resolve_objects,
};

/* An account may ask its root for a second factor in everything; how one shows it stays open. */
status resource_check_root(call *c) {
    bool is_open = c->operation == operation_get(OPERATION_GET_SESSION_TOKEN) ||
                   c->operation == operation_get(OPERATION_GET_CALLER_IDENTITY);
    if (!c->who.is_root || !c->who.root_needs_mfa || c->who.mfa_at.is_set || is_open) return OK;
    return call_refuse(c, FAIL(NO_PERMISSION), "The account's root has to show a second factor.");
}

status resource_authorise(call *c) {
    size_t kind = (size_t)c->operation->resource;
    ENSURE(kind < sizeof RESOLVERS / sizeof RESOLVERS[0] && RESOLVERS[kind] != NULL, INTERNAL);
    TRY(approval_note(c));
    TRY(break_glass_enter(c));
    TRY(resource_check_root(c));
    TRY(RESOLVERS[kind](c));
    TRY(grant_tokens_check(c));
    return approval_need(c);
}

status resource_use_tagged_key(call *c, slice id, const char *action) {
    slice arn_text;
    arn_home home = call_home(c);
    TRY(load_key(c, id));
    TRY(arn_key(&home, c->key->key_id, &c->memory, &arn_text));
    if (slice_is_absent(c->resource)) c->resource = arn_text;
    return call_authorise(c, action, arn_text);
}

static status find_named(call *c, slice name, key_record *out) {
    key_name parsed;
    slice key_id;
    key_shelf shelf = call_keys(c);
    TRY(key_name_parse(name, &shelf, &parsed));
    TRY(key_name_resolve(&shelf, &parsed, &c->memory, &key_id));
    return key_load(&shelf, key_id, &c->memory, out, NULL);
}

status resource_other_key(call *c, slice name, const char *action, key_record *out) {
    slice arn_text;
    key_record key;
    TRY(turn_to_named(c, name));
    status found = find_named(c, name, &key);
    bool is_missing = FAILED_WITH(found, KEY_NOT_FOUND) || FAILED_WITH(found, ALIAS_NOT_FOUND);
    if (is_missing) return refuse_missing(c, action, found);
    TRY(found);
    arn_home home = call_home(c);
    TRY(arn_key(&home, key.key_id, &c->memory, &arn_text));
    TRY(call_authorise(c, action, arn_text));
    TRY(key_allows(&key, KEY_ACT_USE));
    *out = key;
    return OK;
}

status resource_use_key(call *c, slice name, const char *action, key_record *out) {
    key_shelf shelf = call_keys(c);
    key_name parsed;
    slice key_id, arn_text;
    key_record key;
    arn_home home = call_home(c);
    /* The account's own service key works for whoever may use the bucket or the secret, in whichever region that is. */
    slice service_key = call_account_record(c)->service_key_id;
    if (slice_equals(name, service_key)) shelf.region = home.region = c->house->region;
    TRY(key_name_parse(name, &shelf, &parsed));
    TRY(key_name_resolve(&shelf, &parsed, &c->memory, &key_id));
    TRY(key_load(&shelf, key_id, &c->memory, &key, NULL));
    TRY(arn_key(&home, key.key_id, &c->memory, &arn_text));
    if (c->owner) c->owner->named = arn_text;
    if (!slice_equals(key.key_id, service_key)) TRY(call_authorise(c, action, arn_text));
    TRY(key_allows(&key, KEY_ACT_USE));
    *out = key;
    return OK;
}
