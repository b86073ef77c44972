/* Access keys to principals, and the decision over their policies. */
#include "access/identity.h"

#include <stdlib.h>

#include "access/arn.h"
#include "access/policy_cache.h"
#include "access/system_policies.h"
#include "base/table.h"
#include "base/text.h"
#include "contract/sealed.h"
#include "crypto/hash.h"

enum { COMPILED_BYTES = 24 << 20, USES_MOST = 1 << 18 };

struct identities {
    store *store;
    policy_cache compiled; /* by "System/<name>" or "<path>#<revision>" */
    table uses;            /* access key id → noted_use */
};

typedef struct noted_use {
    int64_t used_s, noted_s;
    slice service; /* of the products' table */
    uint8_t region[ARN_SEGMENT_BYTES_MOST];
    size_t region_len;
} noted_use;

status identities_new(store *s, identities **out) {
    identities *all = calloc(1, sizeof *all);
    ENSURE(all != NULL, OUT_OF_MEMORY);
    all->store = s;
    policy_cache_begin(&all->compiled, COMPILED_BYTES);
    *out = all;
    return OK;
}

static void forget_uses(identities *all) {
    size_t cursor = 0;
    void *value;
    while (table_next(&all->uses, &cursor, NULL, &value)) free(value);
    table_clear(&all->uses);
}

void identities_free(identities *all) {
    if (!all) return;
    policy_cache_clear(&all->compiled);
    forget_uses(all);
    free(all);
}

bool identity_note_use(identities *all, slice access_key_id, const access_key_use_record *use) {
    noted_use *known = table_get(&all->uses, access_key_id);
    if (!known) {
        if (all->uses.count >= USES_MOST) forget_uses(all);
        known = calloc(1, sizeof *known);
        if (!known) return false;
        if (FAILED(table_put(&all->uses, access_key_id, known, NULL))) {
            free(known);
            return false;
        }
    }
    known->used_s = use->used_at.value;
    known->service = use->service_name;
    slice region = slice_head(use->region, sizeof known->region);
    if (region.len) memcpy(known->region, region.at, region.len);
    known->region_len = region.len;
    if (known->used_s - known->noted_s < IDENTITY_USE_NOTED_S) return false;
    known->noted_s = known->used_s;
    return true;
}

status identity_last_use(const identities *all, slice access_key_id, access_key_use_record *out) {
    const noted_use *known = table_get(&all->uses, access_key_id);
    ENSURE(known != NULL, NOT_FOUND);
    *out = (access_key_use_record){SET_INT(known->used_s), known->service, slice_of(known->region, known->region_len)};
    return OK;
}

static status load(identities *all, slice path, const shape *record, arena *memory, void *out) {
    slice packed;
    uint64_t revision;
    TRY(store_get(all->store, path, memory, &packed, &revision));
    ENSURE(!FAILED(shape_unpack(record, packed, memory, out)), CORRUPT);
    return OK;
}

static status fill_account(identities *all, arena *memory, principal *who) {
    slice path, packed;
    account_record account;
    TRY(account_path(who->account_id, memory, &path));
    TRY(store_get(all->store, path, memory, &packed, &who->account_revision));
    ENSURE(!FAILED(shape_unpack(&account_record_shape, packed, memory, &account)), CORRUPT);
    who->guard_rail = account.guard_rail;
    who->approval = account.approval;
    who->root_needs_mfa = account.root_needs_mfa.value;
    who->sealed_account = account.sealed_key;
    who->service_key_id = account.service_key_id;
    who->is_operator = account.is_operator.value;
    who->is_frozen = account.status == ACCOUNT_STATUS_FROZEN;
    return OK;
}

static status fill_names(arena *memory, principal *who) {
    if (!slice_is_absent(who->role_name)) {
        TRY(arn_principal_role(who->account_id, who->role_name, memory, &who->role));
        TRY(arena_printf(memory, &who->session_label, "%.*s:%.*s", SLICE_ARGS(who->role_name),
                         SLICE_ARGS(who->session_name)));
        TRY(arena_printf(memory, &who->session_principal, "%.*s:%.*s", SLICE_ARGS(who->role_id),
                         SLICE_ARGS(who->session_name)));
        return arn_principal_session(who->account_id, who->role_name, who->session_name, memory, &who->arn);
    }
    who->is_root = slice_is_absent(who->user_name);
    who->actor_id = who->user_id;
    if (!who->is_root) return arn_principal_user(who->account_id, who->user_name, memory, &who->arn);
    who->actor_id = who->user_id = who->account_id;
    return arn_principal_root(who->account_id, memory, &who->arn);
}

status identity_fill(identities *all, arena *memory, principal *who) {
    TRY(fill_account(all, memory, who));
    return fill_names(memory, who);
}

status identity_of_account(identities *all, slice account_id, arena *memory, principal *out) {
    principal who = {0};
    TRY(arena_copy(memory, account_id, &who.account_id));
    status filled = identity_fill(all, memory, &who);
    if (FAILED_WITH(filled, NOT_FOUND)) return FAIL(CORRUPT);
    TRY(filled);
    *out = who;
    return OK;
}

static status load_same_user(identities *all, const principal *who, slice name, arena *memory, user_record *out) {
    slice path;
    TRY(user_path(who->account_id, name, memory, &path));
    TRY(load(all, path, &user_record_shape, memory, out));
    ENSURE(slice_is_absent(name) || slice_equals(out->user_id, who->user_id), NOT_FOUND);
    return OK;
}

/* A session ends with its user; somebody who was given the name since is somebody else, and a user who was given another name is still
 * the same: who->user_name becomes that. */
static status find_user(identities *all, principal *who, arena *memory, user_record *out) {
    slice path;
    renamed_record renamed;
    status found = load_same_user(all, who, who->user_name, memory, out);
    if (!FAILED_WITH(found, NOT_FOUND)) return found;
    TRY(renamed_path(who->account_id, who->user_id, memory, &path));
    TRY(load(all, path, &renamed_record_shape, memory, &renamed));
    TRY(load_same_user(all, who, renamed.user_name, memory, out));
    who->user_name = renamed.user_name;
    return OK;
}

/* Of sessions that began with a login: their user's may have been ended since. The root has a record once it has a password. */
static status check_user(identities *all, principal *who, arena *memory) {
    user_record user = {0};
    bool is_root = slice_is_absent(who->user_name);
    maybe_int epoch = who->login_epoch;
    if (is_root && !epoch.is_set) return OK;
    TRY(find_user(all, who, memory, &user));
    ENSURE(!epoch.is_set || epoch.value == user.login_epoch.value, SECURITY_TOKEN_EXPIRED);
    return OK;
}

static status load_role(identities *all, const principal *who, arena *memory, role_record *out) {
    slice path;
    TRY(role_path(who->account_id, who->role_name, memory, &path));
    TRY(load(all, path, &role_record_shape, memory, out));
    ENSURE(slice_equals(out->role_id, who->role_id), NOT_FOUND); /* another role of the same name since */
    return OK;
}

/* A session ends with its role, and when the role's sessions up to its beginning were revoked. */
static status check_role(identities *all, principal *who, maybe_int began, arena *memory) {
    role_record role;
    status loaded = load_role(all, who, memory, &role);
    if (FAILED_WITH(loaded, NOT_FOUND)) return FAIL(BAD_SECURITY_TOKEN);
    TRY(loaded);
    ENSURE(began.is_set, BAD_SECURITY_TOKEN);
    ENSURE(!role.ends_before.is_set || began.value > role.ends_before.value, SECURITY_TOKEN_EXPIRED);
    who->break_glass = role.break_glass;
    return OK;
}

/* What a token's clear header says; the vault will say whether it is true. */
static status read_token(const proof *claim, arena *memory, principal *out) {
    sealed token;
    slice blob;
    ENSURE(!FAILED(base64_decode(claim->security_token, memory, &blob)), BAD_SECURITY_TOKEN);
    ENSURE(!FAILED(sealed_parse(blob, SEALED_SESSION, memory, &token)), BAD_SECURITY_TOKEN);
    const sealed_header *h = &token.header;
    principal who = {.account_id = h->account_id, .access_key_id = claim->access_key_id, .is_session = true};
    who.user_name = h->user_name;
    who.user_id = h->user_id;
    who.role_name = h->role_name;
    who.role_id = h->role_id;
    who.session_name = h->session_name;
    who.session_began = h->created_at;
    who.session_policy = h->session_policy;
    who.session_policy_count = !slice_is_absent(h->session_policy); /* compiled when it is asked */
    who.source_identity = h->source_identity;
    who.mfa_at = h->mfa_at;
    who.actor_id = h->actor_id;
    who.login_epoch = h->login_epoch;
    ENSURE(!slice_is_empty(who.account_id), BAD_SECURITY_TOKEN);
    ENSURE(slice_is_absent(who.role_name) || slice_is_absent(who.user_name), BAD_SECURITY_TOKEN);
    *out = who;
    return OK;
}

static status missing_as(status found, status instead) { return FAILED_WITH(found, NOT_FOUND) ? instead : found; }

/* Whether there is still anybody behind it. */
static status check_session(identities *all, arena *memory, principal *who) {
    bool is_role = !slice_is_absent(who->role_name);
    TRY(fill_names(memory, who));
    status found = is_role ? check_role(all, who, who->session_began, memory) : check_user(all, who, memory);
    TRY(missing_as(found, FAIL(BAD_SECURITY_TOKEN)));
    if (!is_role) TRY(fill_names(memory, who)); /* the name may be another by now */
    ENSURE(!who->is_frozen, ACCOUNT_FROZEN);
    return OK;
}

static status find_session(identities *all, const proof *claim, arena *memory, principal *out) {
    principal who;
    TRY(read_token(claim, memory, &who));
    TRY(missing_as(fill_account(all, memory, &who), FAIL(BAD_SECURITY_TOKEN)));
    status checked = check_session(all, memory, &who);
    *out = who;
    return checked;
}

status identity_find(identities *all, const proof *claim, arena *memory, principal *out) {
    if (!slice_is_absent(claim->security_token)) return find_session(all, claim, memory, out);
    slice path;
    access_key_record key;
    ENSURE(claim->access_key_id.len > 0 && claim->access_key_id.len <= 128, UNKNOWN_ACCESS_KEY);
    TRY(access_key_path(claim->access_key_id, memory, &path));
    status loaded = load(all, path, &access_key_record_shape, memory, &key);
    if (FAILED_WITH(loaded, NOT_FOUND)) return FAIL(UNKNOWN_ACCESS_KEY);
    TRY(loaded);
    principal who = {.account_id = key.account_id, .access_key_id = key.access_key_id, .user_name = key.user_name};
    who.user_id = key.user_id;
    who.sealed_secret = key.sealed;
    TRY(identity_fill(all, memory, &who));
    *out = who;
    ENSURE(key.status == ACCESS_KEY_STATUS_ACTIVE, INACTIVE_ACCESS_KEY);
    ENSURE(!who.is_frozen, ACCOUNT_FROZEN);
    return OK;
}

status identity_find_account(identities *all, slice id_or_alias, arena *memory, slice *out) {
    slice path;
    account_record account;
    account_alias_record owner;
    ENSURE(id_or_alias.len > 0 && id_or_alias.len <= 63, NOT_FOUND);
    TRY(account_path(id_or_alias, memory, &path));
    status found = load(all, path, &account_record_shape, memory, &account);
    if (!FAILED(found)) *out = account.account_id;
    if (!FAILED_WITH(found, NOT_FOUND)) return found;
    TRY(account_alias_path(id_or_alias, memory, &path));
    TRY(load(all, path, &account_alias_record_shape, memory, &owner));
    *out = owner.account_id;
    return OK;
}

void identities_make_room(identities *all) { policy_cache_make_room(&all->compiled); }

const policy *identity_kept_policy(identities *all, slice name) { return policy_cache_get(&all->compiled, name); }

policy_bindings_view policy_bindings_of(const policy_bindings *bindings) {
    if (!bindings) return (policy_bindings_view){0};
    return (policy_bindings_view){true, bindings->principals.at, bindings->principals.count};
}

status identity_keep_policy(identities *all, const kept_document *kept, arena *memory, const policy **out) {
    slice fault;
    policy *compiled = NULL;
    policy_source source = {kept->document, kept->kind, POLICY_RESOURCE_BYTES_MOST, policy_bindings_of(kept->bindings)};
    uint8_t digest[HASH_SHA256_BYTES];
    TRY(hash_once(HASH_SHA256, kept->document, digest));
    ENSURE(!FAILED(policy_compile(&source, memory, &fault, &compiled)), CORRUPT);
    policy_mark(compiled, digest);
    TRY(policy_cache_put(&all->compiled, kept->name, compiled));
    *out = compiled;
    return OK;
}

static status compile_into(identities *all, slice name, slice document, arena *memory, const policy **out) {
    return identity_keep_policy(all, &(kept_document){name, document, POLICY_IDENTITY, NULL}, memory, out);
}

static status find_system(identities *all, slice name, arena *memory, const policy **out) {
    slice cache_name;
    TRY(ARENA_JOIN(memory, &cache_name, SLICE("System/"), name));
    *out = policy_cache_get(&all->compiled, cache_name);
    if (*out) return OK;
    const system_policy *shipped = system_policy_find(name);
    ENSURE(shipped != NULL, NOT_FOUND);
    return compile_into(all, cache_name, slice_of_text(shipped->document), memory, out);
}

static status find_custom(identities *all, slice account, slice name, arena *memory, const policy **out) {
    slice path, packed, cache_name;
    uint64_t revision;
    TRY(policy_path(account, name, memory, &path));
    TRY(store_revision(all->store, path, &revision));
    TRY(arena_printf(memory, &cache_name, "%.*s#%llu", SLICE_ARGS(path), (unsigned long long)revision));
    *out = policy_cache_get(&all->compiled, cache_name);
    if (*out) return OK;
    TRY(store_get(all->store, path, memory, &packed, &revision));
    policy_record record;
    ENSURE(!FAILED(shape_unpack(&policy_record_shape, packed, memory, &record)), CORRUPT);
    for (size_t i = 0; i < record.versions.count; i++)
        if (slice_equals(record.versions.at[i].version_id, record.default_version))
            return compile_into(all, cache_name, record.versions.at[i].document, memory, out);
    return FAIL(CORRUPT);
}

static status find_attached(identities *all, slice account, const attachment_record *at, arena *memory,
                            const policy **out) {
    if (at->policy_type == POLICY_TYPE_SYSTEM) return find_system(all, at->policy_name, memory, out);
    return find_custom(all, account, at->policy_name, memory, out);
}

/* For so many more; few have many. */
static status make_room(principal *who, size_t more, arena *memory) {
    size_t wanted = who->policy_count + more;
    ENSURE(wanted <= IDENTITY_POLICIES_MOST, CORRUPT);
    if (wanted <= who->policy_room) return OK;
    size_t room = wanted > 2 * who->policy_room ? wanted : 2 * who->policy_room;
    const policy **policies = ARENA_ARRAY(memory, const policy *, room);
    policy_label *labels = ARENA_ARRAY(memory, policy_label, room);
    ENSURE(policies != NULL && labels != NULL, OUT_OF_MEMORY);
    if (who->policy_count) memcpy(policies, who->policies, who->policy_count * sizeof *policies);
    if (who->policy_count) memcpy(labels, who->policy_labels, who->policy_count * sizeof *labels);
    who->policies = policies;
    who->policy_labels = labels;
    who->policy_room = room;
    return OK;
}

static void keep(principal *who, const policy *found, policy_label label) {
    who->policy_labels[who->policy_count] = label;
    who->policies[who->policy_count++] = found;
}

static policy_label label_of(const attachment_record *at, slice holder) {
    return (policy_label){at->policy_name, holder, at->policy_type == POLICY_TYPE_SYSTEM ? "System" : "Custom"};
}

typedef struct attached {
    const attachment_record *at;
    size_t count;
    slice holder;
} attached;

static status add_policies(identities *all, principal *who, const attached *list, arena *memory) {
    TRY(make_room(who, list->count, memory));
    for (size_t i = 0; i < list->count; i++) {
        const policy *found = NULL;
        TRY(find_attached(all, who->account_id, &list->at[i], memory, &found));
        keep(who, found, label_of(&list->at[i], list->holder));
    }
    return OK;
}

/* A text that is its own name in the cache: equal texts are one policy. */
static status find_text(identities *all, const char *kind, slice document, arena *memory, const policy **out) {
    slice cache_name;
    TRY(ARENA_JOIN(memory, &cache_name, slice_of_text(kind), document));
    *out = policy_cache_get(&all->compiled, cache_name);
    return *out ? OK : compile_into(all, cache_name, document, memory, out);
}

typedef struct owned {
    const inline_policy_record *at;
    size_t count;
    slice holder;
} owned;

static status add_own(identities *all, principal *who, const owned *list, arena *memory) {
    TRY(make_room(who, list->count, memory));
    for (size_t i = 0; i < list->count; i++) {
        const policy *found = NULL;
        TRY(find_text(all, "Own/", list->at[i].document, memory, &found));
        keep(who, found, (policy_label){list->at[i].policy_name, list->holder, "Inline"});
    }
    return OK;
}

static status set_boundary(identities *all, principal *who, const attachment_record *bound, arena *memory) {
    if (!bound) return OK;
    who->boundary_label = label_of(bound, (slice){0});
    return find_attached(all, who->account_id, bound, memory, &who->boundary);
}

static status add_group(identities *all, principal *who, slice name, arena *memory) {
    slice path, holder;
    group_record group;
    TRY(group_path(who->account_id, name, memory, &path));
    TRY(load(all, path, &group_record_shape, memory, &group));
    TRY(ARENA_JOIN(memory, &holder, SLICE("group/"), name));
    TRY(add_own(all, who, &(owned){group.own_policies.at, group.own_policies.count, holder}, memory));
    return add_policies(all, who, &(attached){group.policies.at, group.policies.count, holder}, memory);
}

static status load_user_policies(identities *all, principal *who, arena *memory) {
    slice path, holder;
    user_record user;
    TRY(user_path(who->account_id, who->user_name, memory, &path));
    TRY(load(all, path, &user_record_shape, memory, &user));
    ENSURE(slice_equals(user.user_id, who->user_id), NO_PERMISSION); /* the name was given to somebody else since */
    who->tags = user.tags.at, who->tag_count = user.tags.count;
    TRY(set_boundary(all, who, user.boundary, memory));
    TRY(ARENA_JOIN(memory, &holder, SLICE("user/"), who->user_name));
    TRY(add_own(all, who, &(owned){user.own_policies.at, user.own_policies.count, holder}, memory));
    TRY(add_policies(all, who, &(attached){user.policies.at, user.policies.count, holder}, memory));
    for (size_t i = 0; i < user.groups.count; i++) TRY(add_group(all, who, user.groups.at[i].group_name, memory));
    return OK;
}

/* What a break-glass grant does not allow, policies of resources do not give either. */
static status bound_by_grant(principal *who) {
    ENSURE(who->policy_count == 1, CORRUPT);
    who->boundary = who->policies[0];
    who->boundary_label = who->policy_labels[0];
    return OK;
}

static status load_role_policies(identities *all, principal *who, arena *memory) {
    slice holder;
    role_record role;
    TRY(load_role(all, who, memory, &role));
    who->tags = role.tags.at, who->tag_count = role.tags.count;
    TRY(set_boundary(all, who, role.boundary, memory));
    TRY(ARENA_JOIN(memory, &holder, SLICE("role/"), who->role_name));
    TRY(add_own(all, who, &(owned){role.own_policies.at, role.own_policies.count, holder}, memory));
    if (role.break_glass) return bound_by_grant(who);
    return add_policies(all, who, &(attached){role.policies.at, role.policies.count, holder}, memory);
}

/* All policies of the user and its groups, or of the role, or none: one that cannot be loaded could be the one that denies. */
static status load_policies(identities *all, principal *who, arena *memory) {
    return slice_is_absent(who->role_name) ? load_user_policies(all, who, memory)
                                           : load_role_policies(all, who, memory);
}

static status load_session_policy(identities *all, principal *who, arena *memory) {
    if (slice_is_absent(who->session_policy)) return OK;
    const policy **list = ARENA_ARRAY(memory, const policy *, 1);
    ENSURE(list != NULL, OUT_OF_MEMORY);
    TRY(find_text(all, "Session/", who->session_policy, memory, &list[0]));
    who->session_policies = list;
    who->session_policy_count = 1;
    return OK;
}

status identity_load_policies(identities *all, principal *who, arena *memory) {
    who->policy_count = 0;
    who->boundary = NULL;
    TRY(load_session_policy(all, who, memory));
    if (who->is_root) return OK;
    status loaded = load_policies(all, who, memory);
    return FAILED_WITH(loaded, NOT_FOUND) ? FAIL(NO_PERMISSION) : loaded;
}
