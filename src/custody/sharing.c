/* Between accounts: a permit says which other accounts an owner admits to one key, secret, bucket or role. It is made only on a
 * request that the owner's account signed and that names each of them; without it nothing of one account is used for another.
 * A role's permit also keeps its trust policy, where that names providers (trust.h). */
#include "contract/key_id.h"
#include "crypto/compare.h"
#include "custody/approval.h"
#include "custody/bound.h"
#include "custody/signed.h"

enum { ACCOUNTS_MOST = 256, ACCOUNT_DIGITS_MOST = 18 };

/* ---- what it is about */

/* The value of a name in a canonical context; absent when it is not there. */
slice context_value(slice context, const char *name) {
    uint16_t length;
    slice key, value;
    while (slice_take_u16(&context, &length) && slice_take(&context, length, &key) &&
           slice_take_u16(&context, &length) && slice_take(&context, length, &value))
        if (slice_equals_text(key, name)) return value;
    return (slice){0};
}

static status bucket_subject(const act_scene *scene, const key_act *act, slice *out) {
    slice bucket = act->act == VAULT_ACT_PERMIT_SHARING ? act->text : context_value(act->context, "bucket");
    ENSURE(bucket.len > 0, INVALID_PARAMETER);
    return ARENA_JOIN(scene->memory, out, SLICE("bucket/"), bucket);
}

status sharing_subject(const act_scene *scene, const key_act *act, slice *out) {
    char key_id[KEY_ID_TEXT];
    const session_wish *role = act->session;
    if (scene->is_storage) return bucket_subject(scene, act, out);
    if (role && role->role_name.len && role->role_id.len)
        return ARENA_JOIN(scene->memory, out, SLICE("role/"), role->role_name, SLICE("/"), role->role_id);
    if (act->text.len && act->secret_id.len)
        return ARENA_JOIN(scene->memory, out, SLICE("secret/"), act->text, SLICE("/"), act->secret_id);
    ENSURE(act->key_id.len == ID_BYTES, INVALID_PARAMETER);
    key_id_format(act->key_id.at, key_id);
    return ARENA_JOIN(scene->memory, out, SLICE("key/"), slice_of_text(key_id));
}

/* ---- making one */

static bool is_account_id(slice id) {
    for (size_t i = 0; i < id.len; i++)
        if (id.at[i] < '0' || id.at[i] > '9') return false;
    return id.len > 0 && id.len <= ACCOUNT_DIGITS_MOST;
}

static status join_accounts(const key_act *act, arena *memory, slice *out) {
    *out = (slice){0};
    for (size_t i = 0; i < act->accounts.count; i++) {
        ENSURE(is_account_id(act->accounts.at[i]), INVALID_PARAMETER);
        TRY(ARENA_JOIN(memory, out, *out, i ? SLICE(",") : SLICE(""), act->accounts.at[i]));
    }
    return OK;
}

status act_permit_sharing(act_scene *scene, const key_act *act, act_outcome *out) {
    OWNED(secret) content = {0};
    sealing_order order = {.kind = SEALED_SHARING, .content = &content};
    bool is_whole = act->accounts.count > 0 || act->value.len > 0;
    ENSURE(is_whole && act->accounts.count <= ACCOUNTS_MOST, INVALID_PARAMETER);
    TRY(secret_copy(act->value.len > 0 ? act->value : SLICE("\1"), &content));
    TRY(sharing_subject(scene, act, &order.header.shares));
    TRY(join_accounts(act, scene->memory, &order.header.accounts));
    order.header.created_at = SET_INT(scene->now_s);
    order.header.expires_at = act->expires_at; /* absent: until the policy is set anew */
    return sealing_seal(scene->account, &order, scene->memory, &out->result.output);
}

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* The id stands in the text by itself, not as a part of a longer number. What the policy around it says is for core to read: there is
 * no parser for it here. */
static bool text_names(slice text, slice account) {
    for (size_t at = 0; at + account.len <= text.len; at++) {
        if (!slice_equals(slice_of(text.at + at, account.len), account)) continue;
        size_t end = at + account.len;
        bool is_part = (at > 0 && is_digit(text.at[at - 1])) || (end < text.len && is_digit(text.at[end]));
        if (!is_part) return true;
    }
    return false;
}

status sharing_is_signed(slice text, const key_act *act) {
    ENSURE(act->value.len == 0 || bytes_equal_secret(text, act->value), NO_PERMISSION);
    for (size_t i = 0; i < act->accounts.count; i++) {
        slice account = act->accounts.at[i];
        ENSURE(is_account_id(account) && text_names(text, account), NO_PERMISSION);
    }
    return OK;
}

status bind_sharing(const binding *b, const field *f) {
    return sharing_is_signed(signed_find(b->said, f->name), b->act);
}

/* ---- using what another account owns */

/* Acts that only use what is there. */
static bool may_be_shared(int act) {
    static const int ACTS[] = {VAULT_ACT_ENCRYPT,
                               VAULT_ACT_DECRYPT,
                               VAULT_ACT_GENERATE,
                               VAULT_ACT_GENERATE_SEALED,
                               VAULT_ACT_SIGN,
                               VAULT_ACT_CHECK_SIGNATURE,
                               VAULT_ACT_GENERATE_MAC,
                               VAULT_ACT_CHECK_MAC,
                               VAULT_ACT_HOLD_DECRYPTED,
                               VAULT_ACT_HOLD_GENERATED,
                               VAULT_ACT_SEAL_HELD,
                               VAULT_ACT_GENERATE_PAIR,
                               VAULT_ACT_GENERATE_PAIR_SEALED,
                               VAULT_ACT_AGREE,
                               VAULT_ACT_OPEN_SECRET,
                               VAULT_ACT_NEW_SESSION};
    for (size_t i = 0; i < sizeof ACTS / sizeof *ACTS; i++)
        if (ACTS[i] == act) return true;
    return false;
}

/* One that lapses admits nobody later, and no session that lasts longer. */
static bool is_in_force(const act_scene *scene, const key_act *act, const sealed_header *permit) {
    if (!permit->expires_at.is_set) return true;
    bool makes_session = act->act == VAULT_ACT_NEW_SESSION;
    int64_t until_s = makes_session && act->expires_at.is_set ? act->expires_at.value : scene->now_s + 1;
    return scene->steady_s < permit->expires_at.value && until_s <= permit->expires_at.value;
}

status sharing_enter(act_scene *scene, const key_act *act) {
    const opened *owner = NULL, *permit = NULL;
    slice subject;
    if (act->owner_id.len == 0) return OK;
    ENSURE(scene->caller != NULL && may_be_shared(act->act), NO_PERMISSION);
    TRY(sealing_open_account(scene->sealing, act->owner, act->owner_id, &owner));
    TRY(sealing_open(scene->sealing, owner, SEALED_SHARING, act->sharing, &permit));
    TRY(sharing_subject(scene, act, &subject));
    bool is_admitted = slice_equals(permit->header.shares, subject) &&
                       sealed_admits(&permit->header, scene->caller->header.account_id);
    ENSURE(is_admitted && is_in_force(scene, act, &permit->header), NO_PERMISSION);
    TRY(approvals_check_owner(scene, owner));
    scene->account = owner;
    scene->account_id = act->owner_id;
    return OK;
}
