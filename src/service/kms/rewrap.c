/* The census of a key's versions, and moving the data keys of objects to the newest one; values of secrets: secrets/rewrap.c.
 *
 * The owner's signed request has the vault put the permission into the newest version's sealed header; then each object is an own
 * act: the vault opens its data key under the old version and seals it under the new one, the record changes, the trail has it.
 * The object's record is the truth. The copy in the head of the blob is written after it, and until that is on disk the
 * record still knows the former one (settle_turn). */
#include "keys/rewrap.h"

#include "base/text.h"
#include "contract/sealed.h"
#include "format/json.h"
#include "contract/key_id.h"
#include "keys/dependents.h"
#include "objects/bucket.h"
#include "service/handlers.h"
#include "service/own.h"

enum { RATE_STANDARD = 50 };

/* ---- what there is */

static status describe_rewrap(call *c, const key_record *key, rewrap_state **out) {
    dependents_record counts;
    if (!key->rewrap) return OK;
    rewrap_state *state = CALL_NEW(c, rewrap_state);
    ENSURE(state != NULL, OUT_OF_MEMORY);
    TRY(dependents_load(c->house->store, key->key_id, &c->memory, &counts));
    *state = *key->rewrap;
    state->remaining = SET_INT(rewrap_remaining(key, &counts));
    bool is_usable = !FAILED(key_allows(key, KEY_ACT_USE));
    state->status = state->finished_at.is_set ? REWRAP_STATUS_FINISHED
                    : is_usable               ? REWRAP_STATUS_RUNNING
                                              : REWRAP_STATUS_PAUSED;
    *out = state;
    return OK;
}

status get_key_census_prepare(call *c, const get_key_census_in *in, get_key_census_out *out) {
    (void)in, (void)out;
    c->completes_answer = true;
    c->asks_auditor = true;
    return OK;
}

static const key_version_census *find_line(const get_key_census_out *found, slice version_id) {
    for (size_t i = 0; i < found->versions.count; i++)
        if (slice_equals(found->versions.at[i].key_version_id, version_id)) return &found->versions.at[i];
    return NULL;
}

/* The auditor has counted what the trail tells; what lies under each version now is known here. */
status get_key_census_keep(call *c, const get_key_census_in *in, get_key_census_out *out) {
    (void)in;
    dependents_record counts;
    const key_record *key = c->key;
    key_version_census *list = ARENA_ARRAY(&c->memory, key_version_census, key->versions.count + 1);
    ENSURE(list != NULL, OUT_OF_MEMORY);
    TRY(dependents_load(c->house->store, key->key_id, &c->memory, &counts));
    for (size_t i = 0; i < key->versions.count; i++) {
        const key_version_record *version = &key->versions.at[i];
        const key_version_census *told = find_line(out, version->version_id);
        list[i] = (key_version_census){.key_version_id = version->version_id, .created_at = version->created_at};
        list[i].is_primary = SET_BOOL(slice_equals(version->version_id, key->primary_version));
        list[i].objects = SET_INT(dependents_count(&counts, DEPENDENT_KIND_OBJECT, version->version_id));
        list[i].secrets = SET_INT(dependents_count(&counts, DEPENDENT_KIND_SECRET, version->version_id));
        list[i].wraps = told ? told->wraps : SET_INT(0);
        if (told) list[i].last_used = told->last_used;
    }
    out->versions.at = list;
    out->versions.count = key->versions.count;
    return describe_rewrap(c, key, &out->rewrap);
}

/* ---- the owner's request */

status rewrap_key_prepare(call *c, const rewrap_key_in *in, rewrap_key_out *out) {
    (void)in, (void)out;
    key_act act = {.act = VAULT_ACT_PERMIT_REWRAP};
    const key_version_record *version = key_primary(c->key);
    TRY(key_allows(c->key, KEY_ACT_USE));
    if (key_id_is_multi_region(c->key->key_id))
        return call_refuse(c, FAIL(UNSUPPORTED), "Data keys under multi-Region keys are not moved.");
    if (!rewrap_is_possible(c->key))
        return call_refuse(c, FAIL(UNSUPPORTED), "Only symmetric keys wrap data keys and values.");
    ENSURE(version && !slice_is_absent(version->sealed), KEY_VERSION_NOT_FOUND);
    TRY(key_ids(c, c->key, version, &act));
    return call_ask_vault(c, &act);
}

status rewrap_key_finish(call *c, const rewrap_key_in *in, rewrap_key_out *out) {
    key_version_record *version = (key_version_record *)(uintptr_t)key_primary(c->key);
    rewrap_state *state = CALL_NEW(c, rewrap_state);
    ENSURE(version != NULL && state != NULL, CORRUPT);
    version->sealed = c->results.at[0].output;
    *state = (rewrap_state){.started_at = SET_INT(c->now_s)};
    state->rate_per_second = SET_INT(in->rate_per_second.is_set ? in->rate_per_second.value : RATE_STANDARD);
    c->key->rewrap = state;
    out->key_id = c->key->key_id;
    TRY(describe_rewrap(c, c->key, &out->rewrap));
    return key_save(c, c->key, c->key_revision);
}

/* ---- one object */

typedef struct rewrapping {
    object_record object;
    uint64_t revision;
    slice path, bucket, name;
} rewrapping;

/* c->subject: <key id>/<bucket>/<object>. NOT_FOUND when there is nothing to do any more. */
static status load_object(call *c, rewrapping *r) {
    slice key_id;
    key_shelf shelf = call_keys(c);
    bucket_record owner;
    r->bucket = c->subject;
    ENSURE(slice_split(&r->bucket, '/', &key_id) && !slice_is_absent(r->bucket), CORRUPT);
    r->name = r->bucket;
    ENSURE(slice_split(&r->name, '/', &r->bucket) && !slice_is_absent(r->name), CORRUPT);
    status found = object_load(c->house->store, r->bucket, r->name, &c->memory, &r->object, &r->revision);
    ENSURE(!FAILED_WITH(found, OBJECT_NOT_FOUND), NOT_FOUND);
    TRY(found);
    TRY(bucket_load(c->house->store, r->bucket, &c->memory, &owner, NULL));
    ENSURE(slice_equals(owner.account_id, c->who.account_id) && slice_equals(r->object.key_id, key_id), NOT_FOUND);
    c->key = CALL_NEW(c, key_record);
    ENSURE(c->key != NULL, OUT_OF_MEMORY);
    status loaded = key_load(&shelf, key_id, &c->memory, c->key, &c->key_revision);
    return FAILED_WITH(loaded, KEY_NOT_FOUND) ? FAIL(NOT_FOUND) : loaded;
}

static status ask_rewrap(call *c, rewrapping *r) {
    const key_version_record *next = key_primary(c->key);
    const key_version_record *former = key_version(c->key, r->object.key_version_id);
    bool is_due = c->key->rewrap && !FAILED(key_allows(c->key, KEY_ACT_USE)) && next && former && next != former;
    ENSURE(is_due && slice_is_absent(r->object.former_wrapped_key), NOT_FOUND);
    ENSURE(r->object.blob_id.len == BLOB_ID_BYTES, CORRUPT);
    body_place place = {c->who.account_id, r->bucket, r->name, r->object.blob_id.at};
    key_act act = {.act = VAULT_ACT_REWRAP, .input = r->object.wrapped_key, .next = next->sealed};
    TRY(body_context(&place, &c->memory, &act.context));
    TRY(key_ids(c, c->key, former, &act));
    return call_ask_vault(c, &act);
}

static status object_prepare(call *c) {
    rewrapping *r = CALL_NEW(c, rewrapping);
    ENSURE(r != NULL, OUT_OF_MEMORY);
    TRY(load_object(c, r));
    c->memo = r;
    TRY(arn_object(c->who.account_id, r->bucket, r->name, &c->memory, &c->resource));
    return ask_rewrap(c, r);
}

static status object_finish(call *c) {
    rewrapping *r = c->memo;
    char text[37];
    ciphertext blob;
    slice path, version;
    TRY(ciphertext_parse(c->results.at[0].output, &blob));
    uuid_format(blob.key_version_id.at, text);
    TRY(arena_copy(&c->memory, slice_of_text(text), &version));
    ENSURE(c->results.at[0].output.len == r->object.wrapped_key.len,
           INTERNAL); /* it takes the other's place in the head */
    r->object.former_wrapped_key = r->object.wrapped_key;
    r->object.wrapped_key = c->results.at[0].output;
    r->object.key_version_id = version;
    TRY(object_path(r->bucket, r->name, &c->memory, &path));
    return call_change(c, path, &object_record_shape, &r->object, r->revision);
}

const own_act own_rewrap_object = {"RewrapDataKey", object_prepare, object_finish};

/* ---- the end of it */

static void put_counts(json_writer *w, slice name, const key_record *key, const dependents_record *counts, int kind) {
    json_put_key(w, name);
    json_begin_object(w);
    for (size_t i = 0; i < key->versions.count; i++) {
        slice id = key->versions.at[i].version_id;
        json_put_key(w, id);
        json_put_integer(w, dependents_count(counts, kind, id));
    }
    json_end_object(w);
}

static status put_census(call *c, const dependents_record *counts) {
    OWNED(buffer) text = {0};
    json_writer w = {.out = &text};
    json_begin_object(&w);
    json_put_member_integer(&w, "remaining", 0);
    put_counts(&w, SLICE("objects"), c->key, counts, DEPENDENT_KIND_OBJECT);
    put_counts(&w, SLICE("secrets"), c->key, counts, DEPENDENT_KIND_SECRET);
    json_end_object(&w);
    TRY(json_finish(&w));
    return arena_copy(&c->memory, buffer_slice(&text), &c->told);
}

/* "Zero remain", as a recorded statement. */
static status finished_prepare(call *c) {
    key_shelf shelf = call_keys(c);
    dependents_record counts;
    arn_home home = call_home(c);
    c->key = CALL_NEW(c, key_record);
    ENSURE(c->key != NULL, OUT_OF_MEMORY);
    status loaded = key_load(&shelf, c->subject, &c->memory, c->key, &c->key_revision);
    ENSURE(!FAILED_WITH(loaded, KEY_NOT_FOUND), NOT_FOUND);
    TRY(loaded);
    TRY(dependents_load(c->house->store, c->subject, &c->memory, &counts));
    bool is_done = c->key->rewrap && !c->key->rewrap->finished_at.is_set && rewrap_remaining(c->key, &counts) == 0;
    ENSURE(is_done, NOT_FOUND);
    TRY(arn_key(&home, c->subject, &c->memory, &c->resource));
    TRY(put_census(c, &counts));
    c->key->rewrap->finished_at = SET_INT(c->now_s);
    return key_save(c, c->key, c->key_revision);
}

const own_act own_rewrap_finished = {"RewrapFinished", finished_prepare, NULL};
