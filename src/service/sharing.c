/* Names become ids when the policy is set: a later user of the same name is somebody else. */
#include "service/sharing.h"

enum { ACCOUNT_DIGITS_MOST = 16 };

static status principals_of(call *c, slice document, enum policy_kind kind, policy_principals *out) {
    policy *compiled = NULL;
    TRY(document_compile(c, document, kind, &compiled));
    status listed = policy_list_principals(compiled, &c->memory, out);
    policy_free(compiled);
    return listed;
}

/* ---- who the names mean */

static status user_id_of(call *c, slice account, slice name, slice *out) {
    slice path;
    user_record user;
    TRY(user_path(account, name, &c->memory, &path));
    TRY(call_load(c, path, &user_record_shape, &user, NULL));
    *out = user.user_id;
    return OK;
}

static status role_id_of(call *c, slice account, slice name, slice *out) {
    slice path;
    role_record role;
    TRY(role_path(account, name, &c->memory, &path));
    TRY(call_load(c, path, &role_record_shape, &role, NULL));
    *out = role.role_id;
    return OK;
}

status sharing_id_of(call *c, slice name, slice *out) {
    arn parts;
    slice kind;
    *out = (slice){0};
    TRY(arn_parse(name, &parts));
    slice rest = parts.relative, bearer;
    if (!slice_split(&rest, '/', &kind) || slice_is_absent(rest)) return OK;
    if (slice_equals(kind, SLICE("user"))) return user_id_of(c, parts.account, rest, out);
    if (slice_equals(kind, SLICE("role"))) return role_id_of(c, parts.account, rest, out);
    if (!slice_equals(kind, SLICE("assumed-role")) || !slice_split(&rest, '/', &bearer)) return OK;
    return role_id_of(c, parts.account, bearer, out);
}

/* Whether somebody is there is told of the account's own people alone. */
static status bind_name(call *c, slice name, policy_bindings *out) {
    arn parts;
    slice id;
    TRY(arn_parse(name, &parts));
    status found = sharing_id_of(c, name, &id);
    bool is_own = slice_equals(parts.account, c->who.account_id);
    if (FAILED_WITH(found, NOT_FOUND) && is_own)
        return call_refuse(c, FAIL(POLICY_MALFORMED), "Principal: %.*s is not there.", SLICE_ARGS(name));
    if (FAILED_WITH(found, NOT_FOUND)) return OK;
    TRY(found);
    out->principals.at[out->principals.count++] = (principal_binding){name, id};
    return OK;
}

static status bind_names(call *c, const policy_principals *found, policy_bindings *out) {
    out->principals.at = ARENA_ARRAY(&c->memory, principal_binding, found->name_count + 1);
    ENSURE(out->principals.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < found->name_count; i++) TRY(bind_name(c, found->names[i], out));
    return OK;
}

/* ---- who is let in */

static status ask_vault(call *c, const slice_list *accounts, const key_act *about) {
    key_act act = *about;
    if (accounts->count == 0 && act.value.len == 0) return OK;
    act.act = VAULT_ACT_PERMIT_SHARING;
    act.accounts.at = accounts->at, act.accounts.count = accounts->count;
    return call_ask_vault(c, &act);
}

static bool is_other_account(const call *c, slice id) {
    return id.len <= ACCOUNT_DIGITS_MOST && !slice_equals(id, c->who.account_id);
}

/* The other accounts a policy lets in; those of the account who are named have to be there. */
static status others_of(call *c, const sharing_wish *wish, slice_list *out, bool *names_provider) {
    policy_principals found;
    policy_bindings bindings = {0};
    TRY(principals_of(c, wish->document, wish->kind, &found));
    *names_provider = found.names_provider && wish->kind == POLICY_TRUST;
    TRY(bind_names(c, &found, &bindings));
    *out = (slice_list){ARENA_ARRAY(&c->memory, slice, found.account_count + 1), 0};
    ENSURE(out->at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < found.account_count; i++)
        if (is_other_account(c, found.accounts[i])) out->at[out->count++] = found.accounts[i];
    return OK;
}

status sharing_ask(call *c, const sharing_wish *wish) {
    slice_list others;
    bool names_provider;
    key_act about = wish->about;
    TRY(others_of(c, wish, &others, &names_provider));
    if (names_provider) about.value = wish->document;
    return ask_vault(c, &others, &about);
}

status sharing_check_new(call *c, const sharing_wish *wish, const char *how) {
    slice_list others;
    bool names_provider;
    TRY(others_of(c, wish, &others, &names_provider));
    return others.count ? call_refuse(c, FAIL(UNSUPPORTED), "Other accounts are let in with %s.", how) : OK;
}

status sharing_ask_for(call *c, slice account, const key_act *about) {
    slice *held = CALL_NEW(c, slice);
    ENSURE(held != NULL, OUT_OF_MEMORY);
    *held = account;
    return ask_vault(c, &(slice_list){held, is_other_account(c, account)}, about);
}

slice sharing_given(const call *c) {
    for (size_t i = 0; i < c->act_count && i < c->results.count; i++)
        if (c->acts[i].act == VAULT_ACT_PERMIT_SHARING) return c->results.at[i].output;
    return (slice){0};
}

status sharing_bindings(call *c, slice document, enum policy_kind kind, policy_bindings **out) {
    policy_principals found;
    policy_bindings *made = CALL_NEW(c, policy_bindings);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    TRY(principals_of(c, document, kind, &found));
    TRY(bind_names(c, &found, made));
    made->sharing = sharing_given(c);
    *out = made;
    return OK;
}
