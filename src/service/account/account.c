/* Accounts: making them, and the operator's operations on them. */
#include "service/account/account.h"

#include "access/identity.h"
#include "base/text.h"
#include "crypto/random.h"
#include "service/ram/ram.h"

enum { ACCOUNTS_MOST = 10000, ACCOUNT_DIGITS_LEAST = 12, ACCOUNT_DIGITS_MOST = 16 };

/* ---- making one */

static bool id_is_valid(slice id) {
    if (id.len < ACCOUNT_DIGITS_LEAST || id.len > ACCOUNT_DIGITS_MOST) return false;
    for (size_t i = 0; i < id.len; i++)
        if (id.at[i] < '0' || id.at[i] > '9') return false;
    return true;
}

status account_choose(call *c, new_account *a) {
    uint64_t numbers[2];
    TRY(random_fill((uint8_t *)numbers, sizeof numbers));
    TRY(random_uuid(a->key_id));
    TRY(random_uuid(a->version_id));
    if (slice_is_absent(a->account_id))
        TRY(arena_printf(&c->memory, &a->account_id, "1%015llu",
                         (unsigned long long)(numbers[0] % 1000000000000000ULL)));
    ENSURE(id_is_valid(a->account_id), INVALID_PARAMETER);
    if (!slice_is_absent(a->access_key_id)) return OK;
    return arena_printf(&c->memory, &a->access_key_id, "LTAI%016llX", (unsigned long long)numbers[1]);
}

status account_ask_vault(call *c, const new_account *a) {
    key_act account = {.act = VAULT_ACT_NEW_ACCOUNT, .text = a->account_id};
    key_act access = {.act = VAULT_ACT_NEW_ACCESS_KEY, .text = a->access_key_id, .user_id = a->account_id};
    key_act key = {
        .act = VAULT_ACT_NEW_KEY, .key_id = slice_of(a->key_id, 16), .key_version_id = slice_of(a->version_id, 16)};
    if (!slice_is_absent(a->given_secret)) {
        access.act = VAULT_ACT_ADOPT_ACCESS_KEY;
        access.input = a->given_secret;
    }
    TRY(call_ask_vault(c, &account));
    TRY(call_ask_vault(c, &access));
    return call_ask_vault(c, &key);
}

static status keep_root(call *c, const new_account *a) {
    slice path, id = a->access_key_id;
    user_record root = {.user_id = a->account_id, .created_at = SET_INT(c->now_s)};
    root.access_keys.at = &id, root.access_keys.count = 1;
    TRY(user_path(a->account_id, (slice){0}, &c->memory, &path));
    TRY(call_change(c, path, &user_record_shape, &root, STORE_ABSENT));
    access_key_record key = {.access_key_id = id, .account_id = a->account_id, .user_id = a->account_id};
    key.status = ACCESS_KEY_STATUS_ACTIVE;
    key.sealed = c->results.at[1].output;
    key.created_at = SET_INT(c->now_s);
    TRY(access_key_path(id, &c->memory, &path));
    return call_change(c, path, &access_key_record_shape, &key, STORE_ABSENT);
}

static status keep_service_key(call *c, const new_account *a) {
    char key_id[37], version_id[37];
    slice path;
    uuid_format(a->key_id, key_id);
    uuid_format(a->version_id, version_id);
    key_version_record version = {slice_of_text(version_id), SET_INT(c->now_s), c->results.at[2].output};
    key_record key = {.key_id = slice_of_text(key_id), .account_id = a->account_id, .creator = SLICE("oss")};
    key.description = SLICE("The key of buckets that name none.");
    key.state = KEY_STATE_ENABLED;
    key.spec = KEY_SPEC_ALIYUN_AES_256;
    key.usage = KEY_USAGE_ENCRYPT_DECRYPT;
    key.origin = KEY_ORIGIN_ALIYUN_KMS;
    key.protection_level = PROTECTION_LEVEL_SOFTWARE;
    key.created_at = SET_INT(c->now_s);
    key.primary_version = version.version_id;
    key.versions.at = &version, key.versions.count = 1;
    key_shelf shelf = {c->house->store, a->account_id, c->house->region, c->now_s};
    TRY(key_path(&shelf, key.key_id, &c->memory, &path));
    TRY(call_change(c, path, &key_record_shape, &key, STORE_ABSENT));
    alias_record alias = {SLICE("alias/acs/oss"), key.key_id, SET_INT(c->now_s)};
    TRY(alias_path(&shelf, alias.alias_name, &c->memory, &path));
    return call_change(c, path, &alias_record_shape, &alias, STORE_ABSENT);
}

static status account_record_of(call *c, const new_account *a, account_record *out) {
    char key_id[37];
    account_record made = {.account_id = a->account_id, .sealed_key = c->results.at[0].output, .name = a->name};
    made.created_at = SET_INT(c->now_s);
    made.is_operator = SET_BOOL(a->is_operator);
    made.status = ACCOUNT_STATUS_ACTIVE;
    uuid_format(a->key_id, key_id);
    TRY(arena_copy(&c->memory, slice_of_text(key_id), &made.service_key_id));
    *out = made;
    return OK;
}

status account_keep(call *c, const new_account *a) {
    ENSURE(c->results.count == 3, INTERNAL);
    slice path;
    account_record account;
    TRY(account_record_of(c, a, &account));
    TRY(account_path(a->account_id, &c->memory, &path));
    TRY(call_change(c, path, &account_record_shape, &account, STORE_ABSENT));
    TRY(keep_root(c, a));
    return keep_service_key(c, a);
}

/* ---- the operator's operations */

static account_view view_of(const account_record *a) {
    return (account_view){.account_id = a->account_id,
                          .account_name = a->name,
                          .status = a->status ? a->status : ACCOUNT_STATUS_ACTIVE,
                          .is_operator = SET_BOOL(a->is_operator.value),
                          .create_date = a->created_at,
                          .freeze_date = a->frozen_at,
                          .freeze_reason = a->freeze_reason};
}

static status new_view(call *c, const account_record *a, account_view **out) {
    *out = CALL_NEW(c, account_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    **out = view_of(a);
    return OK;
}

static status load(call *c, slice id, account_record *out, uint64_t *revision) {
    slice path;
    TRY(account_path(id, &c->memory, &path));
    status loaded = call_load(c, path, &account_record_shape, out, revision);
    return FAILED_WITH(loaded, NOT_FOUND) ? FAIL(ACCOUNT_NOT_FOUND) : loaded;
}

status create_account_prepare(call *c, const create_account_in *in, create_account_out *out) {
    (void)out;
    slice prefix;
    size_t count;
    account_record taken;
    TRY(account_prefix(&c->memory, &prefix));
    TRY(records_count(c, prefix, &count));
    ENSURE(count < ACCOUNTS_MOST, ACCOUNT_LIMIT);
    new_account *a = c->memo ? c->memo : CALL_NEW(c, new_account);
    ENSURE(a != NULL, OUT_OF_MEMORY);
    if (!c->memo) {
        a->account_id = in->account_id;
        a->name = in->account_name;
        status chosen = account_choose(c, a);
        if (FAILED_WITH(chosen, INVALID_PARAMETER)) return call_refuse(c, chosen, "AccountId must be 12 to 16 digits.");
        TRY(chosen);
        c->memo = a;
    }
    status found = load(c, a->account_id, &taken, NULL);
    ENSURE(FAILED(found), ACCOUNT_EXISTS);
    if (!FAILED_WITH(found, ACCOUNT_NOT_FOUND)) return found;
    return account_ask_vault(c, a);
}

status create_account_finish(call *c, const create_account_in *in, create_account_out *out) {
    (void)in;
    const new_account *a = c->memo;
    account_record account;
    TRY(account_keep(c, a));
    TRY(account_record_of(c, a, &account));
    call_affects(c, a->account_id);
    out->access_key = CALL_NEW(c, access_key_view);
    ENSURE(out->access_key != NULL, OUT_OF_MEMORY);
    *out->access_key =
        (access_key_view){a->access_key_id, c->results.at[1].boxed, ACCESS_KEY_STATUS_ACTIVE, SET_INT(c->now_s)};
    return new_view(c, &account, &out->account);
}

status get_account_prepare(call *c, const get_account_in *in, get_account_out *out) {
    account_record account;
    TRY(load(c, in->account_id, &account, NULL));
    return new_view(c, &account, &out->account);
}

status list_accounts_prepare(call *c, const list_accounts_in *in, list_accounts_out *out) {
    record_page shown;
    page_wish wish = {.marker = in->marker, .most = in->max_items};
    TRY(account_prefix(&c->memory, &wish.prefix));
    TRY(page_read(c, &wish, &shown));
    out->accounts.at = ARENA_ARRAY(&c->memory, account_view, shown.count + 1);
    ENSURE(out->accounts.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < shown.count; i++) {
        account_record account;
        TRY(row_unpack(c, &shown.rows[i], &account_record_shape, &account));
        out->accounts.at[out->accounts.count++] = view_of(&account);
    }
    out->is_truncated = SET_BOOL(shown.is_truncated);
    if (shown.is_truncated) out->marker = out->accounts.at[shown.count - 1].account_id;
    return OK;
}

static status change_status(call *c, slice id, const account_record *wanted, account_view **out) {
    slice path;
    account_record account;
    uint64_t revision;
    TRY(load(c, id, &account, &revision));
    if (account.is_operator.value) return call_refuse(c, FAIL(UNSUPPORTED), "The operator's own account stays open.");
    account.status = wanted->status;
    account.frozen_at = wanted->frozen_at;
    account.freeze_reason = wanted->freeze_reason;
    call_affects(c, account.account_id);
    TRY(account_path(id, &c->memory, &path));
    TRY(call_change(c, path, &account_record_shape, &account, revision));
    return new_view(c, &account, out);
}

status freeze_account_prepare(call *c, const freeze_account_in *in, freeze_account_out *out) {
    account_record frozen = {.status = ACCOUNT_STATUS_FROZEN, .frozen_at = SET_INT(c->now_s)};
    frozen.freeze_reason = in->reason;
    return change_status(c, in->account_id, &frozen, &out->account);
}

status unfreeze_account_prepare(call *c, const unfreeze_account_in *in, unfreeze_account_out *out) {
    account_record open = {.status = ACCOUNT_STATUS_ACTIVE};
    return change_status(c, in->account_id, &open, &out->account);
}
