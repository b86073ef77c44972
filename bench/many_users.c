/* Fills a data folder, while nothing serves it, with accounts of a thousand users: many_users DATA USERS FILE. Each account has a key
 * "alias/shared" and ten policies; each user an access key, a key, two of the policies and one of its own. FILE gets the ids and
 * secrets of the access keys, a line each. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "contract/sealed.h"
#include "crypto/random.h"
#include "custody/sealing.h"
#include "fill.h"

enum { USERS_EACH = 1000, POLICIES = 10, STATEMENTS = 20, SECRET_BYTES = 30 };
#define REGION SLICE("cn-hangzhou")

typedef struct town {
    filler f;
    sealing sealing;
    account_record account; /* patterns: what the house made when it was founded, and its first key */
    key_record key;
    sealed_header material;
    FILE *credentials;
    arena lasting;
    arena memory;          /* of the record in hand */
    const opened *current; /* the account being filled */
    slice current_id;
} town;

static status patterns_read(town *t) {
    store_row row;
    sealed outside;
    TRY(filler_first(&t->f, SLICE("account/"), &t->lasting, &row));
    TRY(shape_unpack(&account_record_shape, row.value, &t->lasting, &t->account));
    TRY(filler_first(&t->f, SLICE("key/"), &t->lasting, &row));
    TRY(shape_unpack(&key_record_shape, row.value, &t->lasting, &t->key));
    ENSURE(t->key.versions.count == 1, NOT_FOUND);
    TRY(sealed_parse(t->key.versions.at[0].sealed, SEALED_KEY_MATERIAL, &t->lasting, &outside));
    t->material = outside.header;
    return OK;
}

static status put(town *t, slice path, const shape *of, const void *record) {
    return filler_put(&t->f, path, of, record);
}

/* ---- what an account has */

static status account_add(town *t, size_t number) {
    slice path;
    account_record account = t->account;
    TRY(arena_printf(&t->memory, &t->current_id, "%016zu", (size_t)7000000000000000 + number));
    sealed_header header = {.account_id = t->current_id, .created_at = account.created_at};
    TRY(sealing_new_account(&t->sealing, &header, &t->memory, &account.sealed_key, &t->current));
    account.account_id = t->current_id;
    account.is_operator = SET_BOOL(false);
    account.service_key_id = (slice){0};
    TRY(arena_printf(&t->memory, &path, "account/%.*s", SLICE_ARGS(t->current_id)));
    return put(t, path, &account_record_shape, &account);
}

static status uuid_text(town *t, uint8_t id[16], slice *out) {
    char text[37];
    TRY(random_uuid(id));
    uuid_format(id, text);
    return arena_copy(&t->memory, slice_of_text(text), out);
}

/* With material of its own, so that it can be used. */
static status key_add(town *t, slice *id) {
    uint8_t key_id[16], version_id[16];
    slice path;
    OWNED(secret) content = {0};
    key_record key = t->key;
    key_version_record version = t->key.versions.at[0];
    sealing_order order = {SEALED_KEY_MATERIAL, t->material, &content};
    TRY(uuid_text(t, key_id, &key.key_id));
    TRY(uuid_text(t, version_id, &version.version_id));
    TRY(random_secret(32, &content));
    order.header.key_id = slice_of(key_id, sizeof key_id);
    order.header.key_version_id = slice_of(version_id, sizeof version_id);
    TRY(sealing_seal(t->current, &order, &t->memory, &version.sealed));
    key.account_id = key.creator = t->current_id;
    key.primary_version = version.version_id;
    key.versions.at = &version;
    TRY(arena_printf(&t->memory, &path, "key/%.*s/%.*s/%.*s", SLICE_ARGS(t->current_id), SLICE_ARGS(REGION),
                     SLICE_ARGS(key.key_id)));
    *id = key.key_id;
    return put(t, path, &key_record_shape, &key);
}

static status shared_key_add(town *t) {
    slice path;
    alias_record alias = {.alias_name = SLICE("alias/shared"), .created_at = t->key.created_at};
    alias.updated_at = alias.created_at;
    TRY(key_add(t, &alias.key_id));
    TRY(arena_printf(&t->memory, &path, "alias/%.*s/%.*s/alias/shared", SLICE_ARGS(t->current_id), SLICE_ARGS(REGION)));
    return put(t, path, &alias_record_shape, &alias);
}

static status policy_name(town *t, size_t number, slice *out) {
    return arena_printf(&t->memory, out, "team-%zu", number % POLICIES);
}

/* Nineteen statements about keys that are nobody's, and one that lets all keys be used. */
static status document_of(town *t, size_t number, slice *out) {
    OWNED(buffer) text = {0};
    TRY(buffer_append_text(&text, "{\"Version\":\"1\",\"Statement\":["));
    for (size_t i = 0; i + 1 < STATEMENTS; i++)
        TRY(buffer_printf(&text,
                          "{\"Effect\":\"%s\",\"Action\":[\"kms:Encrypt\",\"kms:Decrypt\"],\"Resource\":\"acs:kms:*:*:"
                          "key/%zu-%zu-*\"},",
                          i % 5 ? "Allow" : "Deny", number, i));
    TRY(buffer_append_text(&text, "{\"Effect\":\"Allow\",\"Action\":[\"kms:Encrypt\",\"kms:Describe*\",\"ram:List*\"],"
                                  "\"Resource\":\"*\"}]}"));
    return arena_copy(&t->memory, buffer_slice(&text), out);
}

static status policy_add(town *t, size_t number) {
    slice path;
    policy_version_record version = {.version_id = SLICE("v1"), .created_at = t->account.created_at};
    policy_record record = {.default_version = version.version_id, .next_version = SET_INT(2)};
    TRY(policy_name(t, number, &record.policy_name));
    TRY(document_of(t, number, &version.document));
    record.attachment_count = SET_INT(2 * USERS_EACH / POLICIES);
    record.created_at = record.updated_at = t->account.created_at;
    record.versions.at = &version;
    record.versions.count = 1;
    TRY(arena_printf(&t->memory, &path, "policy/%.*s/%.*s", SLICE_ARGS(t->current_id), SLICE_ARGS(record.policy_name)));
    return put(t, path, &policy_record_shape, &record);
}

/* ---- a user */

static status access_key_add(town *t, const user_record *user) {
    char text[2 * SECRET_BYTES + 1];
    uint8_t random[SECRET_BYTES / 2];
    slice path;
    OWNED(secret) content = {0};
    OWNED(buffer) hex = {0};
    TRY(random_fill(random, sizeof random));
    TRY(hex_encode(&hex, slice_of(random, sizeof random)));
    snprintf(text, sizeof text, "%.*s", SLICE_ARGS(buffer_slice(&hex)));
    TRY(secret_copy(slice_of_text(text), &content));
    access_key_record key = {.access_key_id = user->access_keys.at[0], .account_id = t->current_id};
    key.user_name = user->user_name;
    key.user_id = user->user_id;
    key.status = ACCESS_KEY_STATUS_ACTIVE;
    key.created_at = user->created_at;
    sealing_order order = {.kind = SEALED_ACCESS_KEY, .content = &content};
    order.header.access_key_id = key.access_key_id;
    order.header.user_name = key.user_name;
    order.header.user_id = key.user_id;
    order.header.created_at = key.created_at;
    TRY(sealing_seal(t->current, &order, &t->memory, &key.sealed));
    fprintf(t->credentials, "%.*s\n%s\n", SLICE_ARGS(key.access_key_id), text);
    TRY(arena_printf(&t->memory, &path, "ak/%.*s", SLICE_ARGS(key.access_key_id)));
    return put(t, path, &access_key_record_shape, &key);
}

static status user_add(town *t, size_t number) {
    slice path, access_key_id, key_id;
    attachment_record attached[2] = {{.policy_type = POLICY_TYPE_CUSTOM, .attached_at = t->account.created_at},
                                     {.policy_type = POLICY_TYPE_CUSTOM, .attached_at = t->account.created_at}};
    inline_policy_record own = {.policy_name = SLICE("own")};
    user_record user = {.created_at = t->account.created_at, .updated_at = t->account.created_at};
    TRY(key_add(t, &key_id));
    TRY(arena_printf(&t->memory, &user.user_name, "user-%06zu", number));
    TRY(arena_printf(&t->memory, &user.user_id, "2%017zu", number));
    TRY(arena_printf(&t->memory, &access_key_id, "LTAIuser%012zu", number));
    TRY(policy_name(t, number, &attached[0].policy_name));
    TRY(policy_name(t, number + 1, &attached[1].policy_name));
    TRY(arena_printf(&t->memory, &own.document,
                     "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":"
                     "\"acs:kms:*:*:key/%.*s\"}]}",
                     SLICE_ARGS(key_id)));
    user.policies.at = attached, user.policies.count = 2;
    user.own_policies.at = &own, user.own_policies.count = 1;
    user.access_keys.at = &access_key_id, user.access_keys.count = 1;
    TRY(access_key_add(t, &user));
    TRY(arena_printf(&t->memory, &path, "user/%.*s/%.*s", SLICE_ARGS(t->current_id), SLICE_ARGS(user.user_name)));
    return put(t, path, &user_record_shape, &user);
}

/* ---- all of it, a batch per account */

static status account_fill(town *t, size_t number, size_t users) {
    OWNED(arena) kept = {0};
    slice id;
    TRY(account_add(t, number));
    TRY(arena_copy(&kept, t->current_id, &id));
    t->current_id = id;
    TRY(shared_key_add(t));
    for (size_t i = 0; i < POLICIES; i++) TRY(policy_add(t, i));
    for (size_t i = 0; i < users; i++) {
        TRY(user_add(t, number * USERS_EACH + i));
        arena_reset(&t->memory);
    }
    cache_trim(&t->sealing.cache);
    return OK;
}

static status fill(town *t, size_t users) {
    TRY(patterns_read(t));
    for (size_t number = 0; number * USERS_EACH < users; number++) {
        size_t left = users - number * USERS_EACH;
        TRY(store_begin(t->f.store));
        TRY(account_fill(t, number, left < USERS_EACH ? left : USERS_EACH));
        TRY(store_commit(t->f.store));
        arena_reset(&t->memory);
    }
    return OK;
}

static status root_read(const char *data, sealing *out) {
    OWNED(secret) root = {0};
    TRY(filler_root_key(data, &root));
    return sealing_begin(&root, out);
}

static status run(const char *data, size_t users, const char *file) {
    town t = {0};
    TRY(filler_open(data, &t.f));
    TRY(root_read(data, &t.sealing));
    t.credentials = fopen(file, "we");
    status filled = t.credentials ? fill(&t, users) : FAIL(IO);
    if (t.credentials && fclose(t.credentials) != 0) filled = FAIL(IO);
    arena_clear(&t.lasting);
    arena_clear(&t.memory);
    sealing_clear(&t.sealing);
    filler_clear(&t.f);
    return filled;
}

int main(int argc, char **argv) {
    uint64_t users;
    if (argc != 4 || !slice_to_u64(slice_of_text(argv[2]), &users)) return 2;
    status done = run(argv[1], (size_t)users, argv[3]);
    if (FAILED(done)) fprintf(stderr, "many_users: %s\n", status_name(done));
    return FAILED(done) ? 1 : 0;
}
