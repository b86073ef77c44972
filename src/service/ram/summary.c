/* RAM: how much of everything an account has, and how much it may have. */
#include "service/ram/ram.h"

enum { ROWS_MOST = 32 };

typedef struct summary {
    call *c;
    pair at[ROWS_MOST];
    size_t count;
} summary;

static status add(summary *s, const char *name, int64_t value) {
    ENSURE(s->count < ROWS_MOST, INTERNAL);
    pair *row = &s->at[s->count++];
    row->key = slice_of_text(name);
    return arena_printf(&s->c->memory, &row->value, "%lld", (long long)value);
}

static status add_records(summary *s, const char *name, slice prefix) {
    size_t count;
    TRY(records_count(s->c, prefix, &count));
    return add(s, name, (int64_t)count);
}

static status count_bound(call *c, const store_row *row, void *context) {
    mfa_record device;
    OWNED(arena) memory = {0};
    (void)c;
    ENSURE(!FAILED(shape_unpack(&mfa_record_shape, row->value, &memory, &device)), CORRUPT);
    *(int64_t *)context += device.bound_at.is_set;
    return OK;
}

static status count_versions(call *c, const store_row *row, void *context) {
    policy_record p;
    OWNED(arena) memory = {0};
    (void)c;
    ENSURE(!FAILED(shape_unpack(&policy_record_shape, row->value, &memory, &p)), CORRUPT);
    *(int64_t *)context += (int64_t)p.versions.count;
    return OK;
}

static status add_counts(summary *s) {
    call *c = s->c;
    slice prefix;
    int64_t bound = 0, versions = 0;
    TRY(user_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(add_records(s, "Users", prefix));
    TRY(group_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(add_records(s, "Groups", prefix));
    TRY(role_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(add_records(s, "Roles", prefix));
    TRY(policy_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(add_records(s, "Policies", prefix));
    TRY(records_walk(c, prefix, count_versions, &versions));
    TRY(add(s, "PolicyVersionsInUse", versions));
    TRY(mfa_prefix(c->who.account_id, &c->memory, &prefix));
    TRY(add_records(s, "MFADevices", prefix));
    TRY(records_walk(c, prefix, count_bound, &bound));
    return add(s, "MFADevicesInUse", bound);
}

static status add_root(summary *s) {
    slice path;
    user_record root;
    TRY(user_path(s->c->who.account_id, (slice){0}, &s->c->memory, &path));
    TRY(call_load(s->c, path, &user_record_shape, &root, NULL));
    TRY(add(s, "AccountAccessKeysPresent", root.access_keys.count > 0));
    TRY(add(s, "AccountPasswordPresent", root.login != NULL));
    return add(s, "AccountMFAEnabled", !slice_is_absent(root.mfa_serial));
}

static status add_limits(summary *s) {
    static const struct {
        const char *name;
        int64_t value;
    } LIMITS[] = {
        {"UsersQuota", USERS_MOST},
        {"GroupsQuota", GROUPS_MOST},
        {"RolesQuota", ROLES_MOST},
        {"PoliciesQuota", POLICIES_MOST},
        {"AccessKeysPerUserQuota", ACCESS_KEYS_MOST},
        {"GroupsPerUserQuota", GROUPS_OF_USER_MOST},
        {"VersionsPerPolicyQuota", POLICY_VERSIONS_MOST},
        {"PolicySizeQuota", POLICY_BYTES_MOST},
        {"AssumeRolePolicySizeQuota", POLICY_BYTES_MOST},
    };
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) TRY(add(s, LIMITS[i].name, LIMITS[i].value));
    return OK;
}

status get_account_summary_prepare(call *c, const get_account_summary_in *in, get_account_summary_out *out) {
    (void)in;
    summary *s = CALL_NEW(c, summary);
    ENSURE(s != NULL, OUT_OF_MEMORY);
    s->c = c;
    TRY(add_counts(s));
    TRY(add_root(s));
    TRY(add_limits(s));
    out->summary_map = (pair_list){s->at, s->count};
    return OK;
}
