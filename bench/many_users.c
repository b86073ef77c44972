/* Fills a data folder, while nothing serves it, with accounts of a thousand users: many_users DATA USERS FILE. Each account has a key
 * "alias/shared", ten policies and a hundred roles; each user an access key, a key, two of the policies and one of its own. FILE gets the
 * ids and secrets of the access keys, a line each.
 *
 * Everything that can have a word in a decision has one: the account has a guard rail, its shared key a policy, each user a boundary and a
 * tag, each of its ten groups (a user is in two) a policy, and the policies have conditions. The first account's shared key also has ten
 * thousand grants to the first user, which let it decrypt, each what belongs to one volume. */
#include <stdio.h>
#include <stdlib.h>

#include "access/grant.h"
#include "base/text.h"
#include "contract/sealed.h"
#include "crypto/random.h"
#include "custody/sealing.h"
#include "fill.h"

enum { USERS_EACH = 1000, POLICIES = 10, STATEMENTS = 20, GROUPS = 10, ROLES = 100, GRANTS = 10000, SECRET_BYTES = 30 };
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
    bool is_first; /* of the accounts */
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

#define RAIL                                                                                                           \
    "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},"                    \
    "{\"Effect\":\"Deny\",\"Action\":\"kms:*\",\"Resource\":\"*\","                                                    \
    "\"Condition\":{\"NotIpAddress\":{\"acs:SourceIp\":[\"127.0.0.0/8\",\"10.0.0.0/8\",\"fd00::/8\"]}}}]}"

static status account_add(town *t, size_t number) {
    slice path;
    account_record account = t->account;
    TRY(arena_printf(&t->memory, &t->current_id, "%016zu", (size_t)7000000000000000 + number));
    sealed_header header = {.account_id = t->current_id, .created_at = account.created_at};
    TRY(sealing_new_account(&t->sealing, &header, &t->memory, &account.sealed_key, &t->current));
    account.account_id = t->current_id;
    account.is_operator = SET_BOOL(false);
    account.service_key_id = (slice){0};
    account.guard_rail = SLICE(RAIL);
    TRY(arena_printf(&t->memory, &path, "account/%.*s", SLICE_ARGS(t->current_id)));
    TRY(put(t, path, &account_record_shape, &account));
    user_record root = {.user_id = t->current_id, .created_at = account.created_at, .updated_at = account.created_at};
    TRY(arena_printf(&t->memory, &path, "root/%.*s", SLICE_ARGS(t->current_id)));
    return put(t, path, &user_record_shape, &root);
}

static status uuid_text(town *t, uint8_t id[16], slice *out) {
    char text[37];
    TRY(random_uuid(id));
    uuid_format(id, text);
    return arena_copy(&t->memory, slice_of_text(text), out);
}

/* With material of its own, so that it can be used. */
static status key_add(town *t, bool has_policy, slice *id) {
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
    key.has_policy = SET_BOOL(has_policy);
    if (has_policy && t->is_first) key.grant_count = SET_INT(GRANTS);
    key.versions.at = &version;
    TRY(arena_printf(&t->memory, &path, "key/%.*s/%.*s/%.*s", SLICE_ARGS(t->current_id), SLICE_ARGS(REGION),
                     SLICE_ARGS(key.key_id)));
    *id = key.key_id;
    return put(t, path, &key_record_shape, &key);
}

/* The account's own policies decide over the key, within the office's network. */
static status key_policy_add(town *t, slice key_id) {
    slice path;
    key_policy_record record = {.updated_at = t->key.created_at};
    TRY(arena_printf(
        &t->memory, &record.document,
        "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Principal\":{\"RAM\":"
        "[\"acs:ram::%.*s:root\"]},\"Resource\":\"*\"},{\"Effect\":\"Deny\",\"Action\":\"kms:*\",\"Principal\":"
        "{\"RAM\":[\"*\"]},\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"acs:PrincipalTag/team\":"
        "\"none\"}}}]}",
        SLICE_ARGS(t->current_id)));
    TRY(arena_printf(&t->memory, &path, "key-policy/%.*s/%.*s", SLICE_ARGS(t->current_id), SLICE_ARGS(key_id)));
    return put(t, path, &key_policy_record_shape, &record);
}

static status grant_add(town *t, slice key_id, size_t number) {
    slice path, tag_of_grantee;
    slice operation = SLICE("Decrypt");
    pair asked[] = {{SLICE("app"), SLICE("disks")}, {SLICE("volume"), {0}}};
    grant_record g = {.account_id = t->current_id, .key_id = key_id, .created_at = t->key.created_at};
    TRY(arena_printf(&t->memory, &asked[1].value, "vol-%zu", number));
    TRY(arena_printf(&t->memory, &g.grantee, "acs:ram::%.*s:user/user-000000", SLICE_ARGS(t->current_id)));
    TRY(arena_printf(&t->memory, &g.grantee_id, "2%017zu", (size_t)0));
    TRY(arena_printf(&t->memory, &g.name, "of-%zu", number));
    TRY(grant_tag(g.grantee, &t->memory, &tag_of_grantee));
    TRY(arena_printf(&t->memory, &g.grant_id, "%.*s%048zx", SLICE_ARGS(tag_of_grantee), number));
    g.issued_by = t->current_id;
    g.operations.at = &operation, g.operations.count = 1;
    g.context_subset = (pair_list){asked, 2};
    TRY(grant_path(&g, &t->memory, &path));
    return put(t, path, &grant_record_shape, &g);
}

static status grants_add(town *t, slice key_id) {
    for (size_t i = 0; t->is_first && i < GRANTS; i++) {
        OWNED(arena) passing = {0};
        arena kept = t->memory;
        t->memory = passing;
        status added = grant_add(t, key_id, i);
        passing = t->memory;
        t->memory = kept;
        TRY(added);
    }
    return OK;
}

static status shared_key_add(town *t) {
    slice path;
    alias_record alias = {.alias_name = SLICE("alias/shared"), .created_at = t->key.created_at};
    alias.updated_at = alias.created_at;
    TRY(key_add(t, true, &alias.key_id));
    TRY(key_policy_add(t, alias.key_id));
    TRY(grants_add(t, alias.key_id));
    TRY(arena_printf(&t->memory, &path, "alias/%.*s/%.*s/alias/shared", SLICE_ARGS(t->current_id), SLICE_ARGS(REGION)));
    return put(t, path, &alias_record_shape, &alias);
}

static status policy_name(town *t, size_t number, slice *out) {
    return arena_printf(&t->memory, out, "team-%zu", number % POLICIES);
}

#define CONDITION                                                                                                      \
    ",\"Condition\":{\"StringLike\":{\"acs:PrincipalTag/"                                                              \
    "team\":\"team-*\"},\"IpAddress\":{\"acs:SourceIp\":\"127.0.0.0/8\"}}"

/* Nineteen statements about keys that are nobody's, every third with conditions, and one that lets all keys be used. */
static status document_of(town *t, size_t number, slice *out) {
    OWNED(buffer) text = {0};
    TRY(buffer_append_text(&text, "{\"Version\":\"1\",\"Statement\":["));
    for (size_t i = 0; i + 1 < STATEMENTS; i++)
        TRY(buffer_printf(&text,
                          "{\"Effect\":\"%s\",\"Action\":[\"kms:Encrypt\",\"kms:Decrypt\"],\"Resource\":\"acs:kms:*:*:"
                          "key/%zu-%zu-*\"%s},",
                          i % 5 ? "Allow" : "Deny", number, i, i % 3 ? "" : CONDITION));
    TRY(buffer_append_text(
        &text, "{\"Effect\":\"Allow\",\"Action\":[\"kms:Encrypt\",\"kms:Describe*\",\"kms:*Grant\",\"ram:*\"],"
               "\"Resource\":\"*\"" CONDITION "}]}"));
    return arena_copy(&t->memory, buffer_slice(&text), out);
}

static status policy_put(town *t, slice name, slice document) {
    slice path;
    policy_version_record version = {.version_id = SLICE("v1"), .created_at = t->account.created_at};
    policy_record record = {.policy_name = name, .default_version = version.version_id, .next_version = SET_INT(2)};
    version.document = document;
    record.attachment_count = SET_INT(2 * USERS_EACH / POLICIES);
    record.created_at = record.updated_at = t->account.created_at;
    record.versions.at = &version;
    record.versions.count = 1;
    TRY(arena_printf(&t->memory, &path, "policy/%.*s/%.*s", SLICE_ARGS(t->current_id), SLICE_ARGS(name)));
    return put(t, path, &policy_record_shape, &record);
}

/* Those of the teams, and what bounds everybody. */
static status policies_add(town *t) {
    for (size_t i = 0; i < POLICIES; i++) {
        slice name, document;
        TRY(policy_name(t, i, &name));
        TRY(document_of(t, i, &document));
        TRY(policy_put(t, name, document));
    }
    return policy_put(t, SLICE("bound"),
                      SLICE("{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"kms:*\",\"ram:*\"],"
                            "\"Resource\":\"*\"" CONDITION "}]}"));
}

static attachment_record attachment(const town *t, slice name) {
    return (attachment_record){name, POLICY_TYPE_CUSTOM, t->account.created_at};
}

static status group_name(town *t, size_t number, slice *out) {
    return arena_printf(&t->memory, out, "group-%zu", number % GROUPS);
}

static status group_add(town *t, size_t number) {
    slice path, held;
    group_record group = {.created_at = t->account.created_at, .user_count = SET_INT(2 * USERS_EACH / GROUPS)};
    TRY(group_name(t, number, &group.group_name));
    TRY(arena_printf(&t->memory, &group.group_id, "g-%zu", number));
    TRY(policy_name(t, number, &held));
    attachment_record attached = attachment(t, held);
    group.policies.at = &attached, group.policies.count = 1;
    TRY(arena_printf(&t->memory, &path, "group/%.*s/%.*s", SLICE_ARGS(t->current_id), SLICE_ARGS(group.group_name)));
    return put(t, path, &group_record_shape, &group);
}

static status role_add(town *t, size_t number) {
    slice path, held;
    role_record role = {.created_at = t->account.created_at, .max_session_duration = SET_INT(3600)};
    TRY(arena_printf(&t->memory, &role.role_name, "role-%03zu", number));
    TRY(arena_printf(&t->memory, &role.role_id, "3%.*s%zu", SLICE_ARGS(t->current_id), number));
    TRY(arena_printf(
        &t->memory, &role.trust_policy,
        "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":"
        "{\"RAM\":[\"acs:ram::%.*s:root\"]}}]}",
        SLICE_ARGS(t->current_id)));
    TRY(policy_name(t, number, &held));
    attachment_record attached = attachment(t, held);
    role.policies.at = &attached, role.policies.count = 1;
    TRY(arena_printf(&t->memory, &path, "role/%.*s/%.*s", SLICE_ARGS(t->current_id), SLICE_ARGS(role.role_name)));
    return put(t, path, &role_record_shape, &role);
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

static status own_policy(town *t, inline_policy_record *out) {
    slice key_id;
    out->policy_name = SLICE("own");
    TRY(key_add(t, false, &key_id));
    return arena_printf(&t->memory, &out->document,
                        "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":"
                        "\"acs:kms:*:*:key/%.*s\"}]}",
                        SLICE_ARGS(key_id));
}

static status user_add(town *t, size_t number) {
    slice path, access_key_id, names[2];
    inline_policy_record own;
    membership_record groups[2] = {{.joined_at = t->account.created_at}, {.joined_at = t->account.created_at}};
    tag team = {SLICE("team"), SLICE("team-1")};
    attachment_record boundary = attachment(t, SLICE("bound"));
    user_record user = {
        .created_at = t->account.created_at, .updated_at = t->account.created_at, .boundary = &boundary};
    TRY(arena_printf(&t->memory, &user.user_name, "user-%06zu", number));
    TRY(arena_printf(&t->memory, &user.user_id, "2%017zu", number));
    TRY(arena_printf(&t->memory, &access_key_id, "LTAIuser%012zu", number));
    for (size_t i = 0; i < 2; i++) TRY(policy_name(t, number + i, &names[i]));
    for (size_t i = 0; i < 2; i++) TRY(group_name(t, number + i, &groups[i].group_name));
    attachment_record attached[2] = {attachment(t, names[0]), attachment(t, names[1])};
    TRY(own_policy(t, &own));
    user.groups.at = groups, user.groups.count = 2;
    user.tags.at = &team, user.tags.count = 1;
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
    t->is_first = number == 0;
    TRY(account_add(t, number));
    TRY(arena_copy(&kept, t->current_id, &id));
    t->current_id = id;
    TRY(shared_key_add(t));
    TRY(policies_add(t));
    for (size_t i = 0; i < GROUPS; i++) TRY(group_add(t, i));
    for (size_t i = 0; i < ROLES; i++) TRY(role_add(t, i));
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
