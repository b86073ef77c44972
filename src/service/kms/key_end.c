/* The end of a key: its material is removed when the waiting period is over or it expires, and the trail says so. */
#include "access/grant.h"
#include "base/clock.h"
#include "base/text.h"
#include "contract/key_id.h"
#include "contract/sealed.h"
#include "crypto/hash.h"
#include "format/json.h"
#include "keys/dependents.h"
#include "keys/imported.h"
#include "keys/replica.h"
#include "service/handlers.h"
#include "service/kms/replicas.h"
#include "service/own.h"

enum { ALIASES_MOST = 1000, GRANTS_MOST = 1000 };

/* The record as it lies there: key_load takes what is past its time for gone already. */
static status load_raw(call *c, key_record *out, uint64_t *revision) {
    key_shelf shelf = call_keys(c);
    slice path;
    TRY(key_path(&shelf, c->subject, &c->memory, &path));
    return call_load(c, path, &key_record_shape, out, revision);
}

static status name_resource(call *c) {
    arn_home home = call_home(c);
    return arn_key(&home, c->subject, &c->memory, &c->resource);
}

/* ---- the certificate */

static void put_time(json_writer *w, const char *name, maybe_int time) {
    char text[CLOCK_ISO_BYTES];
    if (!time.is_set) return;
    clock_format_iso(time.value, text);
    json_put_member_text(w, name, slice_of_text(text));
}

static status put_hex(json_writer *w, const char *name, slice bytes) {
    OWNED(buffer) text = {0};
    if (slice_is_empty(bytes)) return OK;
    TRY(hex_encode(&text, bytes));
    json_put_member_text(w, name, buffer_slice(&text));
    return OK;
}

/* The sealed material itself is gone afterwards; its hash tells which it was to whoever has kept a copy of the store. */
static status put_version(json_writer *w, const key_version_record *version) {
    uint8_t hash[HASH_SHA256_BYTES];
    json_begin_object(w);
    json_put_member_text(w, "keyVersionId", version->version_id);
    put_time(w, "createdAt", version->created_at);
    if (!slice_is_empty(version->sealed)) {
        TRY(hash_once(HASH_SHA256, version->sealed, hash));
        TRY(put_hex(w, "sealedMaterialSha256", slice_of(hash, sizeof hash)));
    }
    json_end_object(w);
    return OK;
}

static void put_dependents(json_writer *w, const dependents_record *dependents) {
    json_put_key(w, SLICE("dependents"));
    json_begin_object(w);
    json_put_member_integer(w, "total", dependents_total(dependents));
    for (int kind = 1; dependent_kind_choices[kind - 1]; kind++) {
        int64_t count = dependents_count(dependents, kind, (slice){0});
        if (count) json_put_member_integer(w, choice_text(dependent_kind_choices, kind), count);
    }
    json_end_object(w);
}

static status put_certificate(call *c, const key_record *key, json_writer *w) {
    dependents_record dependents;
    TRY(dependents_load(c->house->store, key->key_id, &c->memory, &dependents));
    json_put_key(w, SLICE("destructionCertificate"));
    json_begin_object(w);
    json_put_member_text(w, "format", SLICE("keyhold destruction 1"));
    json_put_member_text(w, "keyArn", c->resource);
    json_put_member_text(w, "keyId", key->key_id);
    json_put_member_text(w, "accountId", key->account_id);
    json_put_member_text(w, "origin", slice_of_text(choice_text(key_origin_choices, key->origin)));
    put_time(w, "createdAt", key->created_at);
    put_time(w, "dueAt", key->delete_at);
    put_time(w, "destroyedAt", SET_INT(c->now_s));
    TRY(put_hex(w, "importedMaterialFingerprint", key->fingerprint));
    json_put_key(w, SLICE("versions"));
    json_begin_array(w);
    for (size_t i = 0; i < key->versions.count; i++) TRY(put_version(w, &key->versions.at[i]));
    json_end_array(w);
    if (replica_is_one(key)) json_put_member_text(w, "materialRemainsIn", key->primary_region);
    put_dependents(w, &dependents);
    json_end_object(w);
    return OK;
}

/* ---- destruction */

static status remove_aliases(call *c) {
    dependents_query query = {.key_id = c->subject, .kind = DEPENDENT_KIND_ALIAS, .limit = ALIASES_MOST};
    key_shelf shelf = call_keys(c);
    key_dependent *list;
    size_t count;
    TRY(dependents_list(c->house->store, &query, &c->memory, &list, &count));
    for (size_t i = 0; i < count; i++) {
        slice path, name = list[i].name, region = shelf.region;
        bool has_region = key_id_is_multi_region(c->subject);
        if (has_region && (!slice_split(&name, '/', &region) || !slice_equals(region, shelf.region))) continue;
        TRY(alias_path(&shelf, name, &c->memory, &path));
        TRY(call_change(c, path, NULL, NULL, STORE_ANY));
    }
    return OK;
}

/* Who was allowed to use it goes with it. */
static status remove_permissions(call *c) {
    key_shelf shelf = call_keys(c);
    store_row *rows;
    size_t count;
    slice path, key_id, prefix;
    TRY(key_id_in_region(c->subject, shelf.region, &c->memory, &key_id));
    TRY(grant_prefix(c->who.account_id, key_id, &c->memory, &prefix));
    TRY(store_list(c->house->store, prefix, (slice){0}, GRANTS_MOST, &c->memory, &rows, &count));
    for (size_t i = 0; i < count; i++) TRY(call_change(c, rows[i].key, NULL, NULL, STORE_ANY));
    TRY(key_policy_path(&shelf, c->subject, &c->memory, &path));
    TRY(call_change(c, path, NULL, NULL, STORE_ANY));
    TRY(shared_key_path(&shelf, c->subject, &c->memory, &path));
    return call_change(c, path, NULL, NULL, STORE_ANY);
}

static status remember_end(call *c) {
    key_shelf shelf = call_keys(c);
    slice path;
    destroyed_key_record record = {c->subject, SET_INT(c->now_s), c->request_id};
    TRY(destroyed_key_path(&shelf, c->subject, &c->memory, &path));
    return call_change(c, path, &destroyed_key_record_shape, &record, STORE_ANY);
}

static status destroy_prepare(call *c) {
    key_shelf shelf = call_keys(c);
    key_record key;
    uint64_t revision;
    slice path;
    OWNED(buffer) text = {0};
    json_writer w = {.out = &text};
    TRY(load_raw(c, &key, &revision));
    ENSURE(key.delete_at.is_set && key.delete_at.value <= c->now_s, NOT_FOUND);
    ENSURE(key.replica_regions.count == 0, CORRUPT);
    TRY(name_resource(c));
    json_begin_object(&w);
    TRY(put_certificate(c, &key, &w));
    json_end_object(&w);
    TRY(json_finish(&w));
    TRY(arena_copy(&c->memory, buffer_slice(&text), &c->told));
    TRY(key_path(&shelf, key.key_id, &c->memory, &path));
    TRY(call_change(c, path, NULL, NULL, revision));
    TRY(remove_aliases(c));
    TRY(remove_permissions(c));
    TRY(kms_replica_ended(c, &key));
    return remember_end(c);
}

const own_act own_destroy_key = {"DestroyKey", destroy_prepare, NULL};

/* ---- expiry */

static status expire_prepare(call *c) {
    key_record key;
    uint64_t revision;
    TRY(load_raw(c, &key, &revision));
    ENSURE(key.material_expires_at.is_set && key.material_expires_at.value <= c->now_s, NOT_FOUND);
    TRY(name_resource(c));
    imported_forget_expired(&key, c->now_s);
    return key_save(c, &key, revision);
}

const own_act own_expire_material = {"ExpireKeyMaterial", expire_prepare, NULL};
