/* RAM: users and their access keys. */
#include "access/identity.h"
#include "base/text.h"
#include "crypto/random.h"
#include "service/ram/passkey.h"
#include "service/ram/mfa.h"

enum { ACCESS_KEY_RANDOM = 20 };

static status new_view(call *c, const user_record *user, user_view **out) {
    *out = CALL_NEW(c, user_view);
    ENSURE(*out != NULL, OUT_OF_MEMORY);
    return user_view_of(c, user, *out);
}

status create_user_prepare(call *c, const create_user_in *in, create_user_out *out) {
    slice path, prefix;
    user_record taken, user = {.user_name = in->user_name, .display_name = in->display_name, .comments = in->comments};
    TRY(identity_name_check(c, in->user_name, USER_NAME_MOST, "UserName"));
    TRY(user_path(c->who.account_id, in->user_name, &c->memory, &path));
    status found = call_load(c, path, &user_record_shape, &taken, NULL);
    ENSURE(FAILED(found), USER_EXISTS);
    if (!FAILED_WITH(found, NOT_FOUND)) return found;
    size_t count;
    TRY(user_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(records_count(c, prefix, &count));
    ENSURE(count < USERS_MOST, USER_LIMIT);
    TRY(identity_id_new(c, '2', &user.user_id));
    user.email = in->email;
    user.mobile_phone = in->mobile_phone;
    user.created_at = user.updated_at = SET_INT(c->now_s);
    tag_set tags;
    TRY(tags_merge(c, &(tag_set){0}, NAME_TAGS(in->tag), &tags));
    user.tags.at = tags.at, user.tags.count = tags.count;
    TRY(boundary_set(c, in->permissions_boundary, &user.boundary));
    TRY(user_save(c, &user, STORE_ABSENT));
    return new_view(c, &user, &out->user);
}

status get_user_prepare(call *c, const get_user_in *in, get_user_out *out) {
    user_record user;
    TRY(user_load(c, in->user_name, &user, NULL));
    return new_view(c, &user, &out->user);
}

/* ---- listing by marker: the name of the last one shown */

status list_users_prepare(call *c, const list_users_in *in, list_users_out *out) {
    record_page shown;
    page_wish wish = {.marker = in->marker, .most = in->max_items};
    TRY(user_prefix(c->who.account_id, &c->memory, &wish.prefix));
    TRY(page_read(c, &wish, &shown));
    out->users.at = ARENA_ARRAY(&c->memory, user_view, shown.count + 1);
    ENSURE(out->users.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < shown.count; i++) {
        user_record user;
        TRY(row_unpack(c, &shown.rows[i], &user_record_shape, &user));
        TRY(user_view_of(c, &user, &out->users.at[out->users.count++]));
    }
    out->is_truncated = SET_BOOL(shown.is_truncated);
    if (shown.is_truncated) out->marker = out->users.at[shown.count - 1].user_name;
    return OK;
}

/* Access keys and the device have the name in their records; groups, policies, tags and the password stand in the user's own. What is sealed
 * says the former name for good: there the id counts, and sessions find the new name by it. */
static status rename_belongings(call *c, const user_record *user, slice to) {
    slice path;
    uint64_t revision;
    for (size_t i = 0; i < user->access_keys.count; i++) {
        access_key_record key;
        TRY(access_key_path(user->access_keys.at[i], &c->memory, &path));
        TRY(call_load(c, path, &access_key_record_shape, &key, &revision));
        key.user_name = to;
        TRY(call_change(c, path, &access_key_record_shape, &key, revision));
    }
    if (!slice_is_absent(user->mfa_serial)) {
        mfa_record device;
        TRY(mfa_load(c, user->mfa_serial, &device, &revision));
        device.user_name = to;
        TRY(mfa_save(c, &device, revision));
    }
    TRY(renamed_path(c->who.account_id, user->user_id, &c->memory, &path));
    return call_change(c, path, &renamed_record_shape, &(renamed_record){to}, STORE_ANY);
}

static status rename_user(call *c, const user_record *user, slice to, uint64_t revision) {
    slice path;
    user_record taken;
    TRY(identity_name_check(c, to, USER_NAME_MOST, "NewUserName"));
    status found = user_load(c, to, &taken, NULL);
    ENSURE(FAILED(found), USER_EXISTS);
    if (!FAILED_WITH(found, USER_NOT_FOUND)) return found;
    TRY(rename_belongings(c, user, to));
    TRY(user_path(c->who.account_id, user->user_name, &c->memory, &path));
    return call_change(c, path, NULL, NULL, revision);
}

status update_user_prepare(call *c, const update_user_in *in, update_user_out *out) {
    user_record user;
    uint64_t revision;
    TRY(user_load(c, in->user_name, &user, &revision));
    bool is_renamed = !slice_is_absent(in->new_user_name) && !slice_equals(in->new_user_name, in->user_name);
    if (is_renamed) TRY(rename_user(c, &user, in->new_user_name, revision));
    if (is_renamed) user.user_name = in->new_user_name;
    if (!slice_is_absent(in->new_display_name)) user.display_name = in->new_display_name;
    if (!slice_is_absent(in->new_comments)) user.comments = in->new_comments;
    if (!slice_is_absent(in->new_email)) user.email = in->new_email;
    if (!slice_is_absent(in->new_mobile_phone)) user.mobile_phone = in->new_mobile_phone;
    user.updated_at = SET_INT(c->now_s);
    TRY(user_save(c, &user, is_renamed ? STORE_ABSENT : revision));
    return new_view(c, &user, &out->user);
}

status delete_user_prepare(call *c, const delete_user_in *in, delete_user_out *out) {
    (void)out;
    slice path;
    user_record user;
    uint64_t revision;
    TRY(user_load(c, in->user_name, &user, &revision));
    ENSURE(user.access_keys.count == 0, USER_HAS_ACCESS_KEY);
    ENSURE(user.policies.count == 0 && user.own_policies.count == 0, USER_HAS_POLICY);
    ENSURE(user.groups.count == 0, USER_HAS_GROUP);
    ENSURE(user.login == NULL, USER_HAS_LOGIN);
    ENSURE(!has_second_factor(&user), USER_HAS_MFA);
    TRY(boundary_clear(c, &user.boundary));
    TRY(renamed_path(c->who.account_id, user.user_id, &c->memory, &path));
    TRY(call_change(c, path, NULL, NULL, STORE_ANY));
    TRY(user_path(c->who.account_id, in->user_name, &c->memory, &path));
    return call_change(c, path, NULL, NULL, revision);
}

/* ---- access keys */

static status new_access_key_id(call *c, slice *out) {
    static const char LETTERS[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    uint8_t random[ACCESS_KEY_RANDOM];
    char id[4 + ACCESS_KEY_RANDOM + 1] = "LTAI";
    TRY(random_fill(random, sizeof random));
    for (size_t i = 0; i < sizeof random; i++) id[4 + i] = LETTERS[random[i] % (sizeof LETTERS - 1)];
    return arena_copy(&c->memory, slice_of_text(id), out);
}

typedef struct new_access_key {
    slice id;
} new_access_key;

status create_access_key_prepare(call *c, const create_access_key_in *in, create_access_key_out *out) {
    (void)out;
    user_record user;
    TRY(user_load(c, in->user_name, &user, NULL));
    ENSURE(user.access_keys.count < ACCESS_KEYS_MOST, ACCESS_KEY_LIMIT);
    if (!c->memo) {
        new_access_key *fresh = CALL_NEW(c, new_access_key);
        ENSURE(fresh != NULL, OUT_OF_MEMORY);
        TRY(new_access_key_id(c, &fresh->id));
        c->memo = fresh;
    }
    key_act act = {.act = VAULT_ACT_NEW_ACCESS_KEY, .text = ((new_access_key *)c->memo)->id};
    act.user_name = user.user_name;
    act.user_id = user.user_id;
    return call_ask_vault(c, &act);
}

static status add_text(call *c, slice text, slice **at, size_t *count) {
    slice *grown = ARENA_ARRAY(&c->memory, slice, *count + 1);
    ENSURE(grown != NULL, OUT_OF_MEMORY);
    if (*count) memcpy(grown, *at, *count * sizeof *grown);
    grown[(*count)++] = text;
    *at = grown;
    return OK;
}

status create_access_key_finish(call *c, const create_access_key_in *in, create_access_key_out *out) {
    user_record user;
    uint64_t revision;
    slice path;
    TRY(user_load(c, in->user_name, &user, &revision));
    ENSURE(user.access_keys.count < ACCESS_KEYS_MOST, ACCESS_KEY_LIMIT);
    access_key_record key = {.access_key_id = ((new_access_key *)c->memo)->id, .account_id = c->who.account_id};
    key.user_name = user.user_name;
    key.user_id = user.user_id;
    key.status = ACCESS_KEY_STATUS_ACTIVE;
    key.sealed = c->results.at[0].output;
    key.created_at = SET_INT(c->now_s);
    TRY(add_text(c, key.access_key_id, &user.access_keys.at, &user.access_keys.count));
    TRY(user_save(c, &user, revision));
    TRY(access_key_path(key.access_key_id, &c->memory, &path));
    TRY(call_change(c, path, &access_key_record_shape, &key, STORE_ABSENT));
    out->access_key = CALL_NEW(c, access_key_view);
    ENSURE(out->access_key != NULL, OUT_OF_MEMORY);
    *out->access_key =
        (access_key_view){.access_key_id = key.access_key_id, .access_key_secret = c->results.at[0].boxed};
    out->access_key->status = key.status;
    out->access_key->user_name = key.user_name;
    out->access_key->create_date = key.created_at;
    return OK;
}

/* An access key of that user, and only of that user. */
static status load_access_key(call *c, const user_record *user, slice id, access_key_record *out, uint64_t *revision) {
    slice path;
    for (size_t i = 0; i < user->access_keys.count; i++) {
        if (!slice_equals(user->access_keys.at[i], id)) continue;
        TRY(access_key_path(id, &c->memory, &path));
        return call_load(c, path, &access_key_record_shape, out, revision);
    }
    return FAIL(ACCESS_KEY_NOT_FOUND);
}

status list_access_keys_prepare(call *c, const list_access_keys_in *in, list_access_keys_out *out) {
    user_record user;
    TRY(user_load(c, in->user_name, &user, NULL));
    out->access_keys.at = ARENA_ARRAY(&c->memory, access_key_view, user.access_keys.count + 1);
    ENSURE(out->access_keys.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < user.access_keys.count; i++) {
        access_key_record key;
        TRY(load_access_key(c, &user, user.access_keys.at[i], &key, NULL));
        out->access_keys.at[out->access_keys.count++] = (access_key_view){.access_key_id = key.access_key_id,
                                                                          .status = key.status,
                                                                          .create_date = key.created_at,
                                                                          .user_name = key.user_name};
    }
    list_rest rest;
    TRY(LIST_CUT(c, out->access_keys, &rest));
    out->is_truncated = rest.is_truncated;
    out->marker = rest.marker;
    return OK;
}

status update_access_key_prepare(call *c, const update_access_key_in *in, update_access_key_out *out) {
    (void)out;
    slice path;
    user_record user;
    access_key_record key;
    uint64_t revision;
    TRY(user_load(c, in->user_name, &user, NULL));
    TRY(load_access_key(c, &user, in->user_access_key_id, &key, &revision));
    key.status = in->status;
    TRY(access_key_path(key.access_key_id, &c->memory, &path));
    return call_change(c, path, &access_key_record_shape, &key, revision);
}

status access_key_last_use(call *c, slice id, access_key_use_record *out) {
    slice path;
    status known = identity_last_use(c->house->identities, id, out);
    TRY(access_key_use_path(id, &c->memory, &path));
    if (FAILED(known)) known = call_load(c, path, &access_key_use_record_shape, out, NULL);
    return FAILED_WITH(known, NOT_FOUND) ? OK : known;
}

/* AWS's clients name the key alone, and want words where nothing is known. */
status find_access_key_last_used_prepare(call *c, const find_access_key_last_used_in *in,
                                         find_access_key_last_used_out *out) {
    slice path;
    access_key_record key;
    access_key_use_record use = {.service_name = SLICE("N/A")};
    TRY(access_key_path(in->user_access_key_id, &c->memory, &path));
    TRY(call_load(c, path, &access_key_record_shape, &key, NULL));
    TRY(access_key_last_use(c, key.access_key_id, &use));
    out->user_name = slice_is_absent(key.user_name) ? SLICE("root") : key.user_name;
    out->access_key_last_used = CALL_NEW(c, last_used_view);
    ENSURE(out->access_key_last_used != NULL, OUT_OF_MEMORY);
    slice region = slice_is_absent(use.region) ? SLICE("N/A") : use.region;
    *out->access_key_last_used = (last_used_view){use.used_at, use.service_name, region};
    return OK;
}

status get_access_key_last_used_prepare(call *c, const get_access_key_last_used_in *in,
                                        get_access_key_last_used_out *out) {
    user_record user;
    access_key_record key;
    access_key_use_record use = {0};
    TRY(user_load(c, in->user_name, &user, NULL));
    TRY(load_access_key(c, &user, in->user_access_key_id, &key, NULL));
    TRY(access_key_last_use(c, key.access_key_id, &use));
    out->access_key_last_used = CALL_NEW(c, last_used_view);
    ENSURE(out->access_key_last_used != NULL, OUT_OF_MEMORY);
    *out->access_key_last_used = (last_used_view){.last_used_date = use.used_at, .service_name = use.service_name};
    return OK;
}

status delete_access_key_prepare(call *c, const delete_access_key_in *in, delete_access_key_out *out) {
    (void)out;
    slice path;
    user_record user;
    access_key_record key;
    uint64_t user_revision, key_revision;
    TRY(user_load(c, in->user_name, &user, &user_revision));
    TRY(load_access_key(c, &user, in->user_access_key_id, &key, &key_revision));
    size_t kept = 0;
    for (size_t i = 0; i < user.access_keys.count; i++)
        if (!slice_equals(user.access_keys.at[i], key.access_key_id))
            user.access_keys.at[kept++] = user.access_keys.at[i];
    user.access_keys.count = kept;
    TRY(user_save(c, &user, user_revision));
    TRY(access_key_use_path(key.access_key_id, &c->memory, &path));
    TRY(call_change(c, path, NULL, NULL, STORE_ANY));
    TRY(access_key_path(key.access_key_id, &c->memory, &path));
    return call_change(c, path, NULL, NULL, key_revision);
}
