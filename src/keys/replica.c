/* Replicas and their primary. */
#include "keys/replica.h"

bool replica_is_one(const key_record *key) { return !slice_is_empty(key->primary_region); }

/* What only the primary's record holds. */
void replica_share(key_record *to, const key_record *from) {
    to->versions = from->versions;
    to->primary_version = from->primary_version;
    to->last_rotation_at = from->last_rotation_at;
    to->rotation_interval_s = from->rotation_interval_s;
    to->replica_regions = from->replica_regions;
    to->rewrap = from->rewrap;
}

void replica_give_back(key_record *key) {
    static const key_record NOTHING;
    if (replica_is_one(key)) replica_share(key, &NOTHING);
}

status replica_borrow(const key_shelf *shelf, arena *memory, key_record *key) {
    key_shelf there = *shelf;
    key_record primary;
    slice path, packed;
    uint64_t revision;
    if (!replica_is_one(key)) return OK;
    there.region = key->primary_region;
    TRY(key_path(&there, key->key_id, memory, &path));
    status found = store_get(shelf->store, path, memory, &packed, &revision);
    ENSURE(!FAILED_WITH(found, NOT_FOUND), CORRUPT);
    TRY(found);
    ENSURE(!FAILED(shape_unpack(&key_record_shape, packed, memory, &primary)), CORRUPT);
    ENSURE(!replica_is_one(&primary), CORRUPT);
    replica_share(key, &primary);
    return OK;
}

status regions_without(const slice_list *list, slice region, arena *memory, slice_list *out) {
    slice_list made = {.at = ARENA_ARRAY(memory, slice, list->count + 1)};
    ENSURE(made.at != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < list->count; i++)
        if (!slice_equals(list->at[i], region)) made.at[made.count++] = list->at[i];
    *out = made;
    return OK;
}

status regions_with(const slice_list *list, slice region, arena *memory, slice_list *out) {
    slice_list made;
    TRY(regions_without(list, region, memory, &made));
    made.at[made.count++] = region;
    *out = made;
    return OK;
}

status replica_promote(key_record *former, key_record *heir, slice region, arena *memory) {
    slice_list others;
    TRY(regions_without(&former->replica_regions, heir->primary_region, memory, &others));
    TRY(regions_without(&others, region, memory, &others));
    TRY(regions_with(&others, heir->primary_region, memory, &others));
    replica_share(heir, former);
    heir->replica_regions.at = others.at, heir->replica_regions.count = others.count;
    heir->primary_region = (slice){0};
    former->primary_region = region;
    return OK;
}
