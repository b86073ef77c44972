/* KMS: grants, given, listed and ended. */
#include "access/grant.h"

#include "access/arn_twin.h"
#include "base/text.h"
#include "contract/key_id.h"
#include "contract/key_spec.h"
#include "crypto/random.h"
#include "service/kms/grant_search.h"
#include "service/kms/grant_token.h"
#include "service/ram/ram.h"
#include "service/sharing.h"

enum { RANDOM_BYTES = 24, GRANTS_SHOWN = 50, GRANTS_SHOWN_MOST = 1000 };

/* ---- what a grant is to be */

static bool is_sound_name(slice name) {
    for (size_t i = 0; i < name.len; i++) {
        uint8_t b = name.at[i];
        bool is_word = (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9');
        if (!is_word && !strchr(":/_-", b)) return false;
    }
    return true;
}

/* Somebody's name in either cloud's form, as this house's. */
static status read_principal(call *c, slice text, const char *field_name, slice *out) {
    arn parts;
    slice name;
    status read = arn_canonical(text, &c->memory, &name);
    if (FAILED_WITH(read, OUT_OF_MEMORY)) return read;
    bool is_name = !FAILED(read) && !FAILED(arn_parse(name, &parts)) && identity_is_here(text, &parts);
    static const char *const kinds[] = {"user/", "role/", "assumed-role/"};
    bool is_somebody = is_name && slice_equals(parts.relative, SLICE("root"));
    for (size_t i = 0; is_name && i < sizeof kinds / sizeof *kinds; i++)
        is_somebody |= slice_starts_with(parts.relative, slice_of_text(kinds[i]));
    bool has_account = is_name && parts.account.len > 0 && !slice_contains_byte(parts.account, '*');
    if (!is_somebody || !has_account || slice_contains_byte(parts.relative, '*'))
        return call_refuse(c, FAIL(PRINCIPAL_ARN), "%s must be the ARN of a user, a role, a session or an account.",
                           field_name);
    *out = name;
    return OK;
}

/* The ids behind the names: a later user of the same name is somebody else. Who is to be there is told of the account's own people
 * alone; of another account's nobody is meant who is not there. */
static status find_id(call *c, slice name, const char *field_name, slice *out) {
    arn parts;
    TRY(arn_parse(name, &parts));
    status found = sharing_id_of(c, name, out);
    if (!FAILED_WITH(found, NOT_FOUND)) return found;
    if (slice_equals(parts.account, c->who.account_id))
        return call_refuse(c, FAIL(PRINCIPAL_ARN), "%s is not there.", field_name);
    *out = SLICE("-");
    return OK;
}

static status read_grantee(call *c, const create_grant_in *in, grant_record *g) {
    TRY(read_principal(c, in->grantee_principal, "GranteePrincipal", &g->grantee));
    TRY(find_id(c, g->grantee, "GranteePrincipal", &g->grantee_id));
    if (slice_is_absent(in->retiring_principal)) return OK;
    TRY(read_principal(c, in->retiring_principal, "RetiringPrincipal", &g->retiring));
    return find_id(c, g->retiring, "RetiringPrincipal", &g->retiring_id);
}

static status check_operations(call *c, const slice_list *operations) {
    for (size_t i = 0; i < operations->count; i++)
        if (!grant_operation_is_known(operations->at[i]))
            return call_refuse(c, FAIL(INVALID_PARAMETER), "Operations: %.*s is none that can be granted.",
                               SLICE_ARGS(slice_head(operations->at[i], 64)));
    for (size_t i = 0; i < operations->count; i++)
        if (!grant_operation_fits(operations->at[i], c->key))
            return call_refuse(c, FAIL(INVALID_PARAMETER), "Operations: the key does nothing with %.*s.",
                               SLICE_ARGS(operations->at[i]));
    return OK;
}

static status check_constraints(call *c, const grant_constraints *given) {
    const pair_list *lists[] = {&given->encryption_context_subset, &given->encryption_context_equals};
    if (lists[0]->count && lists[1]->count)
        return call_refuse(c, FAIL(INVALID_PARAMETER),
                           "Constraints: either EncryptionContextSubset or EncryptionContextEquals.");
    if (lists[0]->count + lists[1]->count && key_spec_get(c->key->spec)->family != KEY_FAMILY_SYMMETRIC)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "Constraints: only symmetric keys have an encryption context.");
    for (size_t i = 0; i < 2; i++)
        if (lists[i]->count > GRANT_PAIRS_MOST)
            return call_refuse(c, FAIL(INVALID_PARAMETER), "Constraints: at most 8 pairs.");
    return OK;
}

static status read_wish(call *c, const create_grant_in *in, grant_record *g) {
    *g = (grant_record){.account_id = c->who.account_id, .name = in->name};
    TRY(key_id_in_region(c->key->key_id, call_region(c), &c->memory, &g->key_id));
    if (!is_sound_name(in->name)) return call_refuse(c, FAIL(INVALID_PARAMETER), "Name");
    TRY(read_grantee(c, in, g));
    TRY(check_operations(c, &in->operations));
    g->operations.at = in->operations.at, g->operations.count = in->operations.count;
    g->created_at = SET_INT(c->now_s);
    g->issued_by = c->who.account_id;
    if (!in->constraints) return OK;
    TRY(check_constraints(c, in->constraints));
    g->context_equals = in->constraints->encryption_context_equals;
    g->context_subset = in->constraints->encryption_context_subset;
    return OK;
}

/* ---- looking through grants */

typedef struct search {
    const grant_record *wish;
    const grant_question *question;
    grant_record found;
    bool is_found;
} search;

static status unpack(call *c, const store_row *row, grant_record *out) {
    slice held;
    TRY(arena_copy(&c->memory, row->value, &held));
    ENSURE(!FAILED(shape_unpack(&grant_record_shape, held, &c->memory, out)), CORRUPT);
    return OK;
}

static status find_same(call *c, const grant_record *g, void *context, bool *is_found) {
    search *s = context;
    *is_found = s->is_found = grant_same_wish(g, s->wish);
    return s->is_found ? grant_load(c, c->key->key_id, g->grant_id, &s->found) : OK;
}

/* A grant that lets the caller give grants, and holds all that the new one gives. */
static status find_wider(call *c, const store_row *row, void *context) {
    search *s = context;
    grant_record g;
    OWNED(arena) memory = {0};
    (void)c;
    if (s->is_found) return OK;
    ENSURE(!FAILED(shape_unpack(&grant_record_shape, row->value, &memory, &g)), CORRUPT);
    s->is_found = grant_reach(&g, s->question) == REACH_CALLER && grant_contains(&g, s->wish);
    return OK;
}

/* Who may give grants only because of a grant may give no more than that. */
static status check_delegation(call *c, const grant_record *wish) {
    if (c->decided.by != DECIDED_BY_GRANT) return OK;
    policy_caller caller = call_caller(c);
    grant_question question = {&caller, SLICE("kms:CreateGrant"), NULL};
    search s = {.wish = wish, .question = &question};
    const slice grantees[] = {c->who.arn, c->who.role};
    for (size_t i = 0; i < 2 && !s.is_found; i++) {
        slice prefix;
        if (slice_is_absent(grantees[i])) continue;
        TRY(grant_prefix_of_grantee(c->who.account_id, wish->key_id, grantees[i], &c->memory, &prefix));
        TRY(records_walk(c, prefix, find_wider, &s));
    }
    if (!s.is_found)
        return call_refuse(c, FAIL(NO_PERMISSION),
                           "A grantee passes on only what its own grant gives, under the same constraints.");
    return OK;
}

/* ---- CreateGrant */

static status make_id(call *c, const grant_record *g, slice *out) {
    uint8_t random[RANDOM_BYTES];
    slice grantee_tag;
    OWNED(buffer) hex = {0};
    if (c->memo) {
        *out = *(slice *)c->memo; /* chosen before a change that lost a race */
        return OK;
    }
    TRY(random_fill(random, sizeof random));
    TRY(grant_tag(g->grantee, &c->memory, &grantee_tag));
    TRY(buffer_append(&hex, grantee_tag));
    TRY(hex_encode(&hex, slice_of(random, sizeof random)));
    slice *held = CALL_NEW(c, slice);
    ENSURE(held != NULL, OUT_OF_MEMORY);
    TRY(arena_copy(&c->memory, buffer_slice(&hex), held));
    c->memo = held;
    *out = *held;
    return OK;
}

static status save_new(call *c, const grant_record *g) {
    slice path;
    ENSURE(c->key->grant_count.value < GRANTS_PER_KEY_MOST, GRANT_LIMIT);
    TRY(grant_path(g, &c->memory, &path));
    TRY(call_change(c, path, &grant_record_shape, g, STORE_ABSENT));
    c->key->grant_count = SET_INT(c->key->grant_count.value + 1);
    return key_save(c, c->key, c->key_revision);
}

static status find_named(call *c, const grant_record *wish, search *s) {
    *s = (search){.wish = wish};
    if (slice_is_empty(wish->name)) return OK;
    grant_search among = {c->key, c->key_revision, wish->grantee, NULL, wish->name};
    return grants_search(c, &among, find_same, s);
}

/* What is to be, or what is there already under that name with the same content. */
static status settle(call *c, const create_grant_in *in, grant_record *g, bool *is_new) {
    search named;
    TRY(read_wish(c, in, g));
    TRY(check_delegation(c, g));
    TRY(find_named(c, g, &named));
    *is_new = !named.is_found;
    if (named.is_found) *g = named.found;
    return named.is_found ? OK : make_id(c, g, &g->grant_id);
}

status create_grant_prepare(call *c, const create_grant_in *in, create_grant_out *out) {
    (void)out;
    grant_record g;
    arn grantee;
    bool is_new;
    key_act about = {0};
    TRY(key_allows(c->key, KEY_ACT_USE));
    TRY(settle(c, in, &g, &is_new));
    ENSURE(!in->dry_run.value, DRY_RUN);
    TRY(arn_parse(g.grantee, &grantee));
    TRY(key_sharing_id(c, c->key, &about));
    return is_new ? sharing_ask_for(c, grantee.account, &about) : OK;
}

status create_grant_finish(call *c, const create_grant_in *in, create_grant_out *out) {
    grant_record g;
    bool is_new;
    TRY(settle(c, in, &g, &is_new));
    g.sharing = is_new ? sharing_given(c) : g.sharing;
    if (is_new && !slice_is_absent(g.sharing)) TRY(key_share(c, c->key->key_id));
    if (is_new) TRY(save_new(c, &g));
    out->grant_id = g.grant_id;
    return grant_token_make(c, &g, &out->grant_token);
}

/* ---- listing */

typedef struct listing {
    grant_entry *at;
    size_t count, most;
    slice grantee, retiring, grant_id;
    slice last; /* store key of the last one shown */
    bool is_truncated;
} listing;

/* A name as the caller's cloud has it. */
static status tell(call *c, slice name, slice *out) {
    bool is_aws = c->peer && slice_starts_with(c->peer->dialect, SLICE("aws"));
    *out = name;
    return is_aws && !slice_is_absent(name) ? arn_as_aws(name, &c->memory, out) : OK;
}

static status show(call *c, const grant_record *g, grant_entry *out) {
    arn_home home = call_home(c);
    slice key_name_text, key_id, region;
    key_id_split(g->key_id, &key_id, &region);
    *out = (grant_entry){.grant_id = g->grant_id, .name = g->name, .creation_date = g->created_at};
    TRY(arn_key(&home, key_id, &c->memory, &key_name_text));
    TRY(tell(c, key_name_text, &out->key_id));
    TRY(tell(c, g->grantee, &out->grantee_principal));
    TRY(tell(c, g->retiring, &out->retiring_principal));
    out->issuing_account = g->issued_by;
    out->operations.at = g->operations.at, out->operations.count = g->operations.count;
    if (g->context_equals.count + g->context_subset.count == 0) return OK;
    out->constraints = CALL_NEW(c, grant_constraints);
    ENSURE(out->constraints != NULL, OUT_OF_MEMORY);
    out->constraints->encryption_context_equals = g->context_equals;
    out->constraints->encryption_context_subset = g->context_subset;
    return OK;
}

/* Grants lie beside those of other regions, whose keys are not asked about. */
static bool is_of_region(call *c, const grant_record *g) {
    key_record key;
    key_shelf shelf = call_keys(c);
    slice key_id, region;
    OWNED(arena) memory = {0};
    key_id_split(g->key_id, &key_id, &region);
    if (!slice_is_absent(region)) return slice_equals(region, shelf.region);
    return !FAILED(key_load(&shelf, key_id, &memory, &key, NULL));
}

static bool is_wanted(call *c, const listing *l, const grant_record *g) {
    if (!slice_is_absent(l->retiring) && (!slice_equals(l->retiring, g->retiring) || !is_of_region(c, g))) return false;
    return (slice_is_absent(l->grantee) || slice_equals(l->grantee, g->grantee)) &&
           (slice_is_absent(l->grant_id) || slice_equals(l->grant_id, g->grant_id));
}

/* What is not shown leaves nothing in the call's memory, however much of it there is. */
static status list_row(call *c, const store_row *row, listing *l, arena *memory) {
    grant_record passing, g;
    ENSURE(!FAILED(shape_unpack(&grant_record_shape, row->value, memory, &passing)), CORRUPT);
    if (!is_wanted(c, l, &passing)) return OK;
    l->is_truncated = l->count == l->most;
    if (l->is_truncated) return OK;
    TRY(unpack(c, row, &g));
    TRY(arena_copy(&c->memory, row->key, &l->last));
    return show(c, &g, &l->at[l->count++]);
}

static status list_from(call *c, slice prefix, listing *l) {
    OWNED(arena) memory = {.limit = 16 << 20};
    slice after = l->last;
    for (;;) {
        store_row *rows;
        size_t count;
        TRY(store_list(c->house->store, prefix, after, 256, &memory, &rows, &count));
        for (size_t i = 0; i < count && !l->is_truncated; i++) TRY(list_row(c, &rows[i], l, &memory));
        if (count < 256 || l->is_truncated) return OK;
        TRY(arena_copy(&c->memory, rows[count - 1].key, &after));
        arena_reset(&memory);
    }
}

/* A marker is the store key of the last one shown: it must lie under the prefix. */
static status begin_listing(call *c, maybe_int limit, slice marker, slice prefix, listing *l) {
    l->most = limit.is_set ? (size_t)limit.value : GRANTS_SHOWN;
    l->at = ARENA_ARRAY(&c->memory, grant_entry, l->most);
    ENSURE(l->at != NULL, OUT_OF_MEMORY);
    if (slice_is_empty(marker)) return OK;
    status read = base64_decode(marker, &c->memory, &l->last);
    if (FAILED(read) || !slice_starts_with(l->last, prefix)) return call_refuse(c, FAIL(MARKER), "Marker");
    return OK;
}

static status end_listing(call *c, const listing *l, slice *marker) {
    OWNED(buffer) encoded = {0};
    if (!l->is_truncated) return OK;
    TRY(base64_encode(&encoded, l->last));
    return arena_copy(&c->memory, buffer_slice(&encoded), marker);
}

status list_grants_prepare(call *c, const list_grants_in *in, list_grants_out *out) {
    slice prefix, key_id;
    listing l = {.grant_id = in->grant_id};
    if (!slice_is_absent(in->grantee_principal))
        TRY(read_principal(c, in->grantee_principal, "GranteePrincipal", &l.grantee));
    TRY(key_id_in_region(c->key->key_id, call_region(c), &c->memory, &key_id));
    TRY(grant_prefix(c->who.account_id, key_id, &c->memory, &prefix));
    TRY(begin_listing(c, in->limit, in->marker, prefix, &l));
    TRY(list_from(c, prefix, &l));
    out->grants.at = l.at, out->grants.count = l.count;
    out->truncated = SET_BOOL(l.is_truncated);
    return end_listing(c, &l, &out->next_marker);
}

status list_retirable_grants_prepare(call *c, const list_retirable_grants_in *in, list_retirable_grants_out *out) {
    slice prefix;
    listing l = {0};
    TRY(read_principal(c, in->retiring_principal, "RetiringPrincipal", &l.retiring));
    TRY(arena_printf(&c->memory, &prefix, "grant/%.*s/", SLICE_ARGS(c->who.account_id)));
    TRY(begin_listing(c, in->limit, in->marker, prefix, &l));
    TRY(list_from(c, prefix, &l));
    out->grants.at = l.at, out->grants.count = l.count;
    out->truncated = SET_BOOL(l.is_truncated);
    return end_listing(c, &l, &out->next_marker);
}

/* ---- ending */

static status end_grant(call *c, const grant_record *g) {
    slice path;
    TRY(grant_path(g, &c->memory, &path));
    TRY(call_change(c, path, NULL, NULL, STORE_ANY));
    c->key->grant_count = SET_INT(c->key->grant_count.value - 1);
    return key_save(c, c->key, c->key_revision);
}

status revoke_grant_prepare(call *c, const revoke_grant_in *in, revoke_grant_out *out) {
    (void)out;
    grant_record g;
    ENSURE(grant_id_is_valid(in->grant_id), GRANT_ID);
    TRY(grant_load(c, c->key->key_id, in->grant_id, &g));
    ENSURE(!in->dry_run.value, DRY_RUN);
    return end_grant(c, &g);
}

/* Which grant is meant: by its token, or by key and id. */
static status find_retired(call *c, const retire_grant_in *in, slice *key_id, slice *grant_id) {
    key_name name;
    key_shelf shelf = call_keys(c);
    bool has_token = !slice_is_absent(in->grant_token);
    bool has_names = !slice_is_absent(in->key_id) && !slice_is_absent(in->grant_id);
    if (!has_token && !has_names) return call_refuse(c, FAIL(MISSING_PARAMETER), "GrantToken, or KeyId and GrantId");
    if (has_token) return grant_token_read(c, in->grant_token, key_id, grant_id);
    ENSURE(grant_id_is_valid(in->grant_id), GRANT_ID);
    TRY(key_name_parse(in->key_id, &shelf, &name));
    ENSURE(slice_is_absent(name.alias), ALIAS_NOT_ALLOWED);
    *key_id = name.key_id;
    *grant_id = in->grant_id;
    return OK;
}

/* Its retiring principal, or a grantee that was given RetireGrant: unless a policy denies it. */
static bool may_retire(const call *c, const grant_record *g) {
    policy_caller caller = call_caller(c);
    grant_question question = {&caller, SLICE("kms:RetireGrant"), NULL};
    if (c->decided.decision == DECISION_EXPLICIT_DENY) return false;
    bool is_retiring = slice_equals(g->retiring, c->who.arn) || slice_equals(g->retiring, c->who.role);
    is_retiring = is_retiring && (slice_is_empty(g->retiring_id) || slice_equals(g->retiring_id, caller.id));
    return (!slice_is_absent(g->retiring) && is_retiring) || grant_reach(g, &question) == REACH_CALLER;
}

status retire_grant_prepare(call *c, const retire_grant_in *in, retire_grant_out *out) {
    (void)out;
    grant_record g;
    slice key_id, grant_id;
    arn_home home = call_home(c);
    key_shelf shelf = call_keys(c);
    TRY(find_retired(c, in, &key_id, &grant_id));
    c->key = CALL_NEW(c, key_record);
    ENSURE(c->key != NULL, OUT_OF_MEMORY);
    status there = key_load(&shelf, key_id, &c->memory, c->key, &c->key_revision);
    ENSURE(slice_is_absent(in->grant_token) || !FAILED_WITH(there, KEY_NOT_FOUND), GRANT_TOKEN);
    TRY(there);
    TRY(arn_key(&home, key_id, &c->memory, &c->resource));
    status allowed = call_authorise(c, "kms:RetireGrant", c->resource);
    if (FAILED(allowed) && !FAILED_WITH(allowed, NO_PERMISSION)) return allowed;
    status loaded = grant_load(c, key_id, grant_id, &g);
    if (FAILED(allowed) && (FAILED(loaded) || !may_retire(c, &g))) return allowed;
    ENSURE(slice_is_absent(in->grant_token) || !FAILED_WITH(loaded, GRANT_NOT_FOUND), GRANT_TOKEN);
    TRY(loaded);
    c->detail = (slice){0};
    ENSURE(!in->dry_run.value, DRY_RUN);
    return end_grant(c, &g);
}
