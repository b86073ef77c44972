/* The first account: its key, its root access key, and the service key that AES256 buckets use. */
#include "access/identity.h"
#include "base/text.h"
#include "crypto/random.h"
#include "service/handlers.h"
#include "service/pipeline.h"

typedef struct plan {
    uint8_t key_id[16], version_id[16];
} plan;

static status choose_ids(call *c, const bootstrap_message *wish) {
    uint64_t number;
    plan *p = CALL_NEW(c, plan);
    ENSURE(p != NULL, OUT_OF_MEMORY);
    TRY(random_fill((uint8_t *)&number, sizeof number));
    TRY(random_uuid(p->key_id));
    TRY(random_uuid(p->version_id));
    c->memo = p;
    if (!slice_is_empty(wish->account_id)) TRY(arena_copy(&c->memory, wish->account_id, &c->who.account_id));
    else
        TRY(arena_printf(&c->memory, &c->who.account_id, "1%015llu",
                         (unsigned long long)(number % 1000000000000000ULL)));
    if (!slice_is_empty(wish->access_key_id)) return arena_copy(&c->memory, wish->access_key_id, &c->who.access_key_id);
    TRY(random_fill((uint8_t *)&number, sizeof number));
    return arena_printf(&c->memory, &c->who.access_key_id, "LTAI%016llX", (unsigned long long)number);
}

static status plan_acts(call *c, const bootstrap_message *wish) {
    const plan *p = c->memo;
    key_act account = {.act = VAULT_ACT_NEW_ACCOUNT};
    key_act access = {.act = VAULT_ACT_NEW_ACCESS_KEY, .text = c->who.access_key_id, .user_id = c->who.account_id};
    key_act key = {
        .act = VAULT_ACT_NEW_KEY, .key_id = slice_of(p->key_id, 16), .key_version_id = slice_of(p->version_id, 16)};
    if (!slice_is_empty(wish->access_key_secret)) {
        access.act = VAULT_ACT_ADOPT_ACCESS_KEY;
        TRY(arena_copy(&c->memory, wish->access_key_secret, &access.input));
    }
    TRY(call_ask_vault(c, &account));
    TRY(call_ask_vault(c, &access));
    return call_ask_vault(c, &key);
}

static status account_is_new(serve *s, const bootstrap_message *wish, arena *memory, slice *existing) {
    store_row *rows;
    size_t count;
    (void)wish;
    TRY(store_list(s->house->store, SLICE("account/"), (slice){0}, 1, memory, &rows, &count));
    *existing = count ? slice_skip(rows[0].key, 8) : (slice){0};
    return OK;
}

status serve_bootstrap(serve *s, const bootstrap_message *wish, serve_bootstrapped *done, void *context) {
    OWNED(arena) memory = {0};
    slice existing;
    TRY(account_is_new(s, wish, &memory, &existing));
    if (!slice_is_absent(existing)) {
        bootstrapped_message result = {.account_id = existing, .is_new = SET_BOOL(false)};
        done(context, &result);
        return OK;
    }
    job *j = job_new(s);
    ENSURE(j != NULL, OUT_OF_MEMORY);
    uint8_t id[16];
    char text[37];
    j->bootstrapped = done;
    j->bootstrap_context = context;
    status planned = random_uuid(id);
    uuid_format(id, text);
    if (!FAILED(planned)) planned = arena_copy(&j->call.memory, slice_of_text(text), &j->call.request_id);
    if (!FAILED(planned)) planned = choose_ids(&j->call, wish);
    if (!FAILED(planned)) planned = plan_acts(&j->call, wish);
    if (FAILED(planned)) job_free(s, j);
    return planned;
}

static status put_identity(call *c) {
    slice path;
    account_record account = {.account_id = c->who.account_id, .sealed_key = c->results.at[0].output};
    char key_id[37];
    uuid_format(((plan *)c->memo)->key_id, key_id);
    account.created_at = SET_INT(c->now_s);
    account.service_key_id = slice_of_text(key_id);
    TRY(account_path(c->who.account_id, &c->memory, &path));
    TRY(call_change(c, path, &account_record_shape, &account, STORE_ABSENT));
    user_record root = {.user_id = c->who.account_id, .created_at = SET_INT(c->now_s)};
    root.access_keys.at = &c->who.access_key_id, root.access_keys.count = 1;
    TRY(user_path(c->who.account_id, (slice){0}, &c->memory, &path));
    TRY(call_change(c, path, &user_record_shape, &root, STORE_ABSENT));
    access_key_record key = {.access_key_id = c->who.access_key_id, .account_id = c->who.account_id};
    key.user_id = c->who.account_id;
    key.status = ACCESS_KEY_STATUS_ACTIVE;
    key.sealed = c->results.at[1].output;
    key.created_at = SET_INT(c->now_s);
    TRY(access_key_path(c->who.access_key_id, &c->memory, &path));
    return call_change(c, path, &access_key_record_shape, &key, STORE_ABSENT);
}

static status put_service_key(call *c) {
    const plan *p = c->memo;
    char key_id[37], version_id[37];
    slice path;
    uuid_format(p->key_id, key_id);
    uuid_format(p->version_id, version_id);
    key_version_record version = {slice_of_text(version_id), SET_INT(c->now_s), c->results.at[2].output};
    key_record key = {.key_id = slice_of_text(key_id), .account_id = c->who.account_id, .creator = SLICE("oss")};
    key.description = SLICE("The key of buckets that name none.");
    key.state = KEY_STATE_ENABLED;
    key.spec = KEY_SPEC_ALIYUN_AES_256;
    key.usage = KEY_USAGE_ENCRYPT_DECRYPT;
    key.origin = KEY_ORIGIN_ALIYUN_KMS;
    key.protection_level = PROTECTION_LEVEL_SOFTWARE;
    key.created_at = SET_INT(c->now_s);
    key.primary_version = version.version_id;
    key.versions.at = &version, key.versions.count = 1;
    TRY(key_save(c, &key, STORE_ABSENT));
    alias_record alias = {SLICE("alias/acs/oss"), key.key_id, SET_INT(c->now_s)};
    key_shelf shelf = call_keys(c);
    TRY(alias_path(&shelf, alias.alias_name, &c->memory, &path));
    return call_change(c, path, &alias_record_shape, &alias, STORE_ABSENT);
}

status bootstrap_finish(call *c) {
    ENSURE(c->results.count == 3, INTERNAL);
    TRY(put_identity(c));
    return put_service_key(c);
}
