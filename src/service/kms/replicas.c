/* KMS: multi-Region keys, as far as one house can mean them: the regions are names, and a key is used through each of them with the one
 * material that lies with its primary key. */
#include "service/kms/replicas.h"

#include "contract/key_id.h"
#include "keys/replica.h"
#include "service/sharing.h"

status kms_check_primary(call *c) {
    if (!replica_is_one(c->key)) return OK;
    return call_refuse(c, FAIL(UNSUPPORTED), "This is a replica; its primary key is in %.*s.",
                       SLICE_ARGS(c->key->primary_region));
}

static status check_multi_region(call *c) {
    if (!key_id_is_multi_region(c->key->key_id))
        return call_refuse(c, FAIL(UNSUPPORTED), "This is no multi-Region key: that is chosen when a key is made.");
    TRY(kms_check_primary(c));
    return key_allows(c->key, KEY_ACT_USE);
}

static bool is_region_name(slice region) {
    for (size_t i = 0; i < region.len; i++) {
        uint8_t b = region.at[i];
        if (!((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-')) return false;
    }
    return region.len > 0;
}

static status check_region(call *c, slice region, const char *member) {
    if (!is_region_name(region) || !call_offers_region(c, region))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "%s is no region of this server.", member);
    if (slice_equals(region, call_region(c)))
        return call_refuse(c, FAIL(INVALID_PARAMETER), "%s: the key is there already.", member);
    return OK;
}

/* ---- how a key of several regions is shown */

static status show_one(call *c, const key_record *key, slice region, multi_region_key *out) {
    arn_home home = {region, c->who.account_id};
    out->region = region;
    return arn_key(&home, key->key_id, &c->memory, &out->arn);
}

status kms_show_regions(call *c, const key_record *key, key_metadata *out) {
    const slice_list *replicas = &(slice_list){key->replica_regions.at, key->replica_regions.count};
    slice primary = replica_is_one(key) ? key->primary_region : call_region(c);
    if (!key_id_is_multi_region(key->key_id)) return OK;
    multi_region_configuration *m = CALL_NEW(c, multi_region_configuration);
    ENSURE(m != NULL, OUT_OF_MEMORY);
    m->primary_key = CALL_NEW(c, multi_region_key);
    m->replica_keys.at = ARENA_ARRAY(&c->memory, multi_region_key, replicas->count + 1);
    ENSURE(m->primary_key != NULL && m->replica_keys.at != NULL, OUT_OF_MEMORY);
    m->multi_region_key_type = replica_is_one(key) ? MULTI_REGION_KEY_TYPE_REPLICA : MULTI_REGION_KEY_TYPE_PRIMARY;
    TRY(show_one(c, key, primary, m->primary_key));
    for (size_t i = 0; i < replicas->count; i++)
        TRY(show_one(c, key, replicas->at[i], &m->replica_keys.at[m->replica_keys.count++]));
    out->multi_region = SET_BOOL(true);
    out->multi_region_configuration = m;
    out->pending_deletion_window_in_days = key->deletion_window_days;
    return OK;
}

/* ---- ReplicateKey */

static status check_absent(call *c, slice key_id) {
    key_shelf shelf = call_keys(c);
    key_record there;
    slice path;
    TRY(key_path(&shelf, key_id, &c->memory, &path));
    status found = call_load(c, path, &key_record_shape, &there, NULL);
    ENSURE(FAILED(found), EXISTS);
    return FAILED_WITH(found, NOT_FOUND) ? OK : found;
}

/* In the other region it is a key that is made: whoever may not make one there may not have one made. */
static status check_there(call *c, const replicate_key_in *in) {
    slice keys, resource;
    arn_home home = call_home(c);
    TRY(arn_keys(&home, &c->memory, &keys));
    TRY(call_authorise(c, "kms:CreateKey", keys));
    TRY(check_absent(c, c->key->key_id));
    if (slice_is_absent(in->policy)) return OK;
    TRY(arn_key(&home, c->key->key_id, &c->memory, &resource));
    TRY(key_policy_check(c, resource, &(new_key_policy){in->policy, in->bypass_policy_lockout_safety_check.value}));
    return sharing_check_new(c, &(sharing_wish){in->policy, POLICY_RESOURCE, {0}},
                             "SetKeyPolicy, once the key is there");
}

static status make_there(call *c, const replicate_key_in *in, slice primary_region, replicate_key_out *out) {
    key_record made = {.account_id = c->who.account_id, .key_id = c->key->key_id, .creator = c->who.user_id};
    TRY(check_there(c, in));
    made.description = in->description;
    made.state = KEY_STATE_ENABLED;
    made.spec = c->key->spec, made.usage = c->key->usage, made.origin = c->key->origin;
    made.protection_level = c->key->protection_level;
    made.created_at = SET_INT(c->now_s);
    made.tags.at = in->tags.at, made.tags.count = in->tags.count;
    made.has_policy = SET_BOOL(!slice_is_absent(in->policy));
    made.primary_region = primary_region;
    replica_share(&made, c->key);
    if (made.has_policy.value) TRY(key_policy_put(c, made.key_id, in->policy));
    TRY(key_save(c, &made, STORE_ABSENT));
    TRY(key_describe(c, &made, &out->replica_key_metadata));
    out->replica_tags.at = made.tags.at, out->replica_tags.count = made.tags.count;
    out->replica_policy = in->policy;
    return slice_is_absent(in->policy) ? key_policy_default(c, &out->replica_policy) : OK;
}

status replicate_key_prepare(call *c, const replicate_key_in *in, replicate_key_out *out) {
    slice here = call_region(c), former = c->region;
    slice_list regions;
    TRY(check_multi_region(c));
    TRY(check_region(c, in->replica_region, "ReplicaRegion"));
    TRY(kms_check_tags(c, in->tags.at, in->tags.count));
    TRY(regions_with(&(slice_list){c->key->replica_regions.at, c->key->replica_regions.count}, in->replica_region,
                     &c->memory, &regions));
    c->key->replica_regions.at = regions.at, c->key->replica_regions.count = regions.count;
    c->region = in->replica_region;
    status made = make_there(c, in, here, out);
    c->region = former;
    TRY(made);
    return key_save(c, c->key, c->key_revision);
}

/* ---- UpdatePrimaryRegion */

static status load_replica(call *c, slice key_id, key_record *out, uint64_t *revision) {
    key_shelf shelf = call_keys(c);
    return key_load(&shelf, key_id, &c->memory, out, revision);
}

/* Both keys' policies have a word. */
static status check_heir(call *c, key_record *heir) {
    slice resource;
    arn_home home = call_home(c);
    key_record *former = c->key;
    TRY(arn_key(&home, heir->key_id, &c->memory, &resource));
    c->key = heir;
    status allowed = call_authorise(c, c->operation->action, resource);
    c->key = former;
    TRY(allowed);
    return key_allows(heir, KEY_ACT_USE);
}

static status promote_there(call *c, slice region) {
    key_record heir;
    uint64_t revision;
    TRY(load_replica(c, c->key->key_id, &heir, &revision));
    TRY(check_heir(c, &heir));
    TRY(replica_promote(c->key, &heir, region, &c->memory));
    return key_save(c, &heir, revision);
}

static status follow_there(call *c, slice primary_region) {
    key_record replica;
    uint64_t revision;
    TRY(load_replica(c, c->key->key_id, &replica, &revision));
    replica.primary_region = primary_region;
    return key_save(c, &replica, revision);
}

static status is_replica_region(call *c, slice region) {
    for (size_t i = 0; i < c->key->replica_regions.count; i++)
        if (slice_equals(c->key->replica_regions.at[i], region)) return OK;
    return call_refuse(c, FAIL(KEY_NOT_FOUND), "There is no replica in %.*s.", SLICE_ARGS(region));
}

status update_primary_region_prepare(call *c, const update_primary_region_in *in, update_primary_region_out *out) {
    (void)out;
    slice former = c->region;
    TRY(check_multi_region(c));
    TRY(check_region(c, in->primary_region, "PrimaryRegion"));
    TRY(is_replica_region(c, in->primary_region));
    slice_list others = {c->key->replica_regions.at, c->key->replica_regions.count};
    c->region = in->primary_region;
    status done = promote_there(c, in->primary_region);
    for (size_t i = 0; i < others.count && !FAILED(done); i++) {
        c->region = others.at[i];
        if (!slice_equals(c->region, in->primary_region)) done = follow_there(c, in->primary_region);
    }
    c->region = former;
    TRY(done);
    return key_save(c, c->key, c->key_revision);
}

/* ---- the end */

void kms_plan_end(key_record *key, int64_t days, int64_t now_s) {
    enum { DAY_S = 24 * 3600 };
    bool waits = key->replica_regions.count > 0 && !replica_is_one(key);
    key->state = waits ? KEY_STATE_PENDING_REPLICA_DELETION : KEY_STATE_PENDING_DELETION;
    key->deletion_window_days = waits ? SET_INT(days) : (maybe_int){0};
    key->delete_at = waits ? (maybe_int){0} : SET_INT(now_s + days * DAY_S);
}

static status forget_region(call *c, slice key_id, slice region) {
    key_shelf shelf = call_keys(c);
    key_record primary;
    uint64_t revision;
    slice path;
    slice_list rest;
    TRY(key_path(&shelf, key_id, &c->memory, &path));
    TRY(call_load(c, path, &key_record_shape, &primary, &revision));
    TRY(regions_without(&(slice_list){primary.replica_regions.at, primary.replica_regions.count}, region, &c->memory,
                        &rest));
    primary.replica_regions.at = rest.at, primary.replica_regions.count = rest.count;
    if (primary.state == KEY_STATE_PENDING_REPLICA_DELETION && rest.count == 0)
        kms_plan_end(&primary, primary.deletion_window_days.value, c->now_s);
    return key_save(c, &primary, revision);
}

status kms_replica_ended(call *c, const key_record *replica) {
    slice here = call_region(c), former = c->region;
    if (!replica_is_one(replica)) return OK;
    c->region = replica->primary_region;
    status done = forget_region(c, replica->key_id, here);
    c->region = former;
    return done;
}
