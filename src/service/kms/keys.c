/* KMS: the life of a key, from its making to its planned end. */
#include "service/sharing.h"

#include "access/identity.h"
#include "base/clock.h"
#include "base/text.h"
#include "contract/interval.h"
#include "contract/key_id.h"
#include "contract/key_spec.h"
#include "crypto/random.h"
#include "keys/dependents.h"
#include "keys/imported.h"
#include "keys/replica.h"
#include "keys/rotation.h"
#include "service/kms/replicas.h"

static status time_text(call *c, maybe_int time, slice *out) {
    char text[CLOCK_ISO_BYTES] = "";
    if (time.is_set) clock_format_iso(time.value, text);
    return arena_copy(&c->memory, slice_of_text(text), out);
}

status key_describe(call *c, const key_record *key, key_metadata **out) {
    key_metadata *m = CALL_NEW(c, key_metadata);
    ENSURE(m != NULL, OUT_OF_MEMORY);
    arn_home home = call_home(c);
    TRY(arn_key(&home, key->key_id, &c->memory, &m->arn));
    m->key_id = key->key_id;
    m->creator = key->creator;
    m->creation_date = key->created_at;
    m->last_rotation_date = key->last_rotation_at.is_set ? key->last_rotation_at : key->created_at;
    m->key_state = key->state;
    m->key_usage = key->usage;
    m->key_spec = key->spec;
    m->origin = key->origin;
    m->protection_level = key->protection_level;
    m->primary_key_version = key->primary_version;
    m->automatic_rotation = rotation_status(key);
    if (key->rotation_interval_s.is_set) {
        TRY(interval_write(key->rotation_interval_s.value, &c->memory, &m->rotation_interval));
        m->next_rotation_date = rotation_next(key);
    }
    m->description = slice_is_absent(key->description) ? SLICE("") : key->description;
    TRY(time_text(c, key->delete_at, &m->delete_date));
    bool is_imported = key->origin == KEY_ORIGIN_EXTERNAL;
    TRY(time_text(c, is_imported ? imported_expiry(key) : (maybe_int){0}, &m->material_expire_time));
    m->deletion_protection = key->deletion_protection.value ? ON_OFF_ENABLED : ON_OFF_DISABLED;
    m->deletion_protection_description = key->deletion_protection_description;
    *out = m;
    return kms_show_regions(c, key, m);
}

/* The index of what is to be rotated follows the record. */
static status index_follow(call *c, slice path, key_record *key) {
    slice entry;
    maybe_int due = rotation_status(key) == ROTATION_STATUS_ENABLED ? rotation_next(key) : (maybe_int){0};
    maybe_int former = key->rotation_due_at;
    if (due.is_set == former.is_set && due.value == former.value) return OK;
    if (former.is_set) {
        TRY(rotation_path(former.value, path, &c->memory, &entry));
        TRY(call_change(c, entry, NULL, NULL, STORE_ANY));
    }
    key->rotation_due_at = due;
    if (!due.is_set) return OK;
    rotation_record record = {c->who.account_id, call_home(c).region, key->key_id};
    TRY(rotation_path(due.value, path, &c->memory, &entry));
    return call_change(c, entry, &rotation_record_shape, &record, STORE_ANY);
}

status key_save(call *c, const key_record *key, uint64_t revision) {
    key_record kept = *key;
    replica_give_back(&kept);
    key_shelf shelf = call_keys(c);
    slice path;
    TRY(key_path(&shelf, key->key_id, &c->memory, &path));
    TRY(index_follow(c, path, &kept));
    return call_change(c, path, &key_record_shape, &kept, revision);
}

typedef struct new_key {
    uint8_t key_id[16], version_id[16];
} new_key;

static int spec_of(const create_key_in *in) { return in->key_spec ? in->key_spec : KEY_SPEC_ALIYUN_AES_256; }

static int usage_of(const create_key_in *in) {
    return in->key_usage ? in->key_usage : key_spec_get(spec_of(in))->usages[0];
}

static status rotation_wish(call *c, const create_key_in *in, maybe_int *out) {
    *out = (maybe_int){0};
    if (!in->enable_automatic_rotation.value) return OK;
    key_record wish = {.spec = spec_of(in), .origin = in->origin};
    if (!rotation_is_possible(&wish))
        return call_refuse(c, FAIL(INVALID_PARAMETER),
                           "EnableAutomaticRotation: only symmetric keys made here rotate by themselves.");
    return kms_rotation_interval(c, in->rotation_interval, out);
}

status kms_uuid_text(call *c, const uint8_t id[16], slice *out) {
    char text[37];
    uuid_format(id, text);
    return arena_copy(&c->memory, slice_of_text(text), out);
}

status kms_key_id_text(call *c, const uint8_t id[16], slice *out) {
    char text[KEY_ID_TEXT];
    key_id_format(id, text);
    return arena_copy(&c->memory, slice_of_text(text), out);
}

static status check_policy(call *c, const create_key_in *in) {
    slice key_id, resource;
    arn_home home = call_home(c);
    if (slice_is_absent(in->policy)) return OK;
    TRY(kms_key_id_text(c, ((const new_key *)c->memo)->key_id, &key_id));
    TRY(arn_key(&home, key_id, &c->memory, &resource));
    TRY(key_policy_check(c, resource, &(new_key_policy){in->policy, in->bypass_policy_lockout_safety_check.value}));
    return sharing_check_new(c, &(sharing_wish){in->policy, POLICY_RESOURCE, {0}},
                             "SetKeyPolicy, once the key is there");
}

status create_key_prepare(call *c, const create_key_in *in, create_key_out *out) {
    (void)out;
    maybe_int interval_s;
    TRY(rotation_wish(c, in, &interval_s));
    if (in->multi_region.value && in->origin == KEY_ORIGIN_EXTERNAL)
        return call_refuse(c, FAIL(UNSUPPORTED), "Imported key material is for keys of one region.");
    if (in->protection_level == PROTECTION_LEVEL_HSM)
        return call_refuse(c, FAIL(KEY_PROTECTION_LEVEL), "This server has no HSM.");
    if (!slice_is_empty(in->dkms_instance_id)) return call_refuse(c, FAIL(INVALID_PARAMETER), "DKMSInstanceId");
    if (!slice_is_empty(in->key_storage_mechanism))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "KeyStorageMechanism");
    TRY(kms_check_tags(c, in->tags.at, in->tags.count));
    if (!key_spec_has_usage(spec_of(in), usage_of(in)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "KeyUsage does not go with the KeySpec.");
    new_key *fresh = c->memo ? c->memo : CALL_NEW(c, new_key);
    ENSURE(fresh != NULL, OUT_OF_MEMORY);
    if (!c->memo) {
        TRY(random_uuid(fresh->key_id));
        TRY(random_uuid(fresh->version_id));
        if (in->multi_region.value) key_id_mark(fresh->key_id);
        c->memo = fresh;
    }
    TRY(check_policy(c, in));
    if (in->origin == KEY_ORIGIN_EXTERNAL) return OK;
    key_act act = {.act = VAULT_ACT_NEW_KEY, .key_id = slice_of(fresh->key_id, 16)};
    act.key_version_id = slice_of(fresh->version_id, 16);
    act.spec = spec_of(in), act.usage = usage_of(in);
    act.rotation_interval_s = interval_s;
    return call_ask_vault(c, &act);
}

status create_key_finish(call *c, const create_key_in *in, create_key_out *out) {
    const new_key *fresh = c->memo;
    key_record key = {.account_id = c->who.account_id, .creator = c->who.user_id, .description = in->description};
    key_version_record version = {.created_at = SET_INT(c->now_s)};
    TRY(kms_key_id_text(c, fresh->key_id, &key.key_id));
    TRY(kms_uuid_text(c, fresh->version_id, &version.version_id));
    key.origin = in->origin ? in->origin : KEY_ORIGIN_ALIYUN_KMS;
    key.state = KEY_STATE_PENDING_IMPORT;
    if (key.origin == KEY_ORIGIN_ALIYUN_KMS) {
        version.sealed = c->results.at[0].output;
        version.public_key = c->results.at[0].public;
        key.state = KEY_STATE_ENABLED;
    }
    key.spec = spec_of(in);
    key.usage = usage_of(in);
    key.protection_level = PROTECTION_LEVEL_SOFTWARE;
    TRY(rotation_wish(c, in, &key.rotation_interval_s));
    key.created_at = SET_INT(c->now_s);
    key.primary_version = version.version_id;
    key.versions.at = &version, key.versions.count = 1;
    key.tags.at = in->tags.at, key.tags.count = in->tags.count;
    arn_home home = call_home(c);
    TRY(arn_key(&home, key.key_id, &c->memory, &c->resource));
    if (!slice_is_absent(in->policy)) TRY(key_policy_put(c, key.key_id, in->policy));
    key.has_policy = SET_BOOL(!slice_is_absent(in->policy));
    TRY(key_save(c, &key, STORE_ABSENT));
    return key_describe(c, &key, &out->key_metadata);
}

status describe_key_prepare(call *c, const describe_key_in *in, describe_key_out *out) {
    (void)in;
    return key_describe(c, c->key, &out->key_metadata);
}

/* ---- switching */

static status set_state(call *c, enum key_act_kind act, enum key_state state) {
    TRY(key_allows(c->key, act));
    c->key->state = (int)state;
    return key_save(c, c->key, c->key_revision);
}

status enable_key_prepare(call *c, const enable_key_in *in, enable_key_out *out) {
    (void)in, (void)out;
    return set_state(c, KEY_ACT_SWITCH, KEY_STATE_ENABLED);
}

status disable_key_prepare(call *c, const disable_key_in *in, disable_key_out *out) {
    (void)in, (void)out;
    return set_state(c, KEY_ACT_SWITCH, KEY_STATE_DISABLED);
}

status update_key_description_prepare(call *c, const update_key_description_in *in, update_key_description_out *out) {
    (void)out;
    TRY(key_allows(c->key, KEY_ACT_DESCRIBE));
    c->key->description = in->description;
    return key_save(c, c->key, c->key_revision);
}

/* ---- deletion */

/* The event tells how many there were; the account may have said that none are allowed. */
static status check_dependents(call *c) {
    dependents_record found;
    account_record account;
    slice path;
    TRY(dependents_load(c->house->store, c->key->key_id, &c->memory, &found));
    int64_t total = dependents_total(&found);
    TRY(arena_printf(&c->memory, &c->told, "{\"dependents\":%lld}", (long long)total));
    if (total == 0) return OK;
    TRY(account_path(c->who.account_id, &c->memory, &path));
    TRY(call_load(c, path, &account_record_shape, &account, NULL));
    if (!account.guards_dependents.value) return OK;
    return call_refuse(c, FAIL(KEY_HAS_DEPENDENTS), "There are %lld: ListKeyDependents names them.", (long long)total);
}

status schedule_key_deletion_prepare(call *c, const schedule_key_deletion_in *in, schedule_key_deletion_out *out) {
    TRY(key_allows(c->key, KEY_ACT_SCHEDULE));
    ENSURE(!c->key->deletion_protection.value, KEY_PROTECTED);
    if (slice_equals(c->key->key_id, c->who.service_key_id))
        return call_refuse(c, FAIL(UNSUPPORTED), "This is the service's own key (alias/acs/oss).");
    TRY(check_dependents(c));
    c->key->state_before_deletion = c->key->state;
    kms_plan_end(c->key, in->pending_window_in_days.value, c->now_s);
    out->key_id = c->key->key_id;
    out->deletion_date = c->key->delete_at;
    out->key_state = c->key->state;
    out->pending_window_in_days = in->pending_window_in_days;
    return key_save(c, c->key, c->key_revision);
}

/* The clouds differ: a key comes back enabled in one, disabled in the other. */
status cancel_key_deletion_prepare(call *c, const cancel_key_deletion_in *in, cancel_key_deletion_out *out) {
    (void)in;
    TRY(key_allows(c->key, KEY_ACT_CANCEL));
    c->key->state = !imported_is_complete(c->key) ? KEY_STATE_PENDING_IMPORT
                    : call_speaks_aws(c)          ? KEY_STATE_DISABLED
                                                  : KEY_STATE_ENABLED;
    out->key_id = c->key->key_id;
    c->key->state_before_deletion = 0;
    c->key->delete_at = (maybe_int){0};
    c->key->deletion_window_days = (maybe_int){0};
    return key_save(c, c->key, c->key_revision);
}

status set_deletion_protection_prepare(call *c, const set_deletion_protection_in *in,
                                       set_deletion_protection_out *out) {
    (void)out;
    if (!slice_is_empty(in->kms_instance_id)) return call_refuse(c, FAIL(INVALID_PARAMETER), "KmsInstanceId");
    TRY(key_allows(c->key, KEY_ACT_DESCRIBE));
    c->key->deletion_protection = in->enable_deletion_protection;
    c->key->deletion_protection_description = in->deletion_protection_description;
    return key_save(c, c->key, c->key_revision);
}

status describe_regions_prepare(call *c, const describe_regions_in *in, describe_regions_out *out) {
    (void)in;
    out->regions.at = CALL_NEW(c, region_entry);
    ENSURE(out->regions.at != NULL, OUT_OF_MEMORY);
    out->regions.at[0].region_id = c->house->region;
    out->regions.count = 1;
    return OK;
}
