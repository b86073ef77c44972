/* Matching grants against requests and each other. */
#include "access/grant.h"

#include "contract/action_name.h"
#include "contract/key_spec.h"

/* Which keys an operation is for. */
enum suitable { ANY_KEY, SYMMETRIC, PAIR, ENCRYPTING, SIGNING, CODING, AGREEING };

static const struct granted {
    const char *name;
    enum suitable keys;
} OPERATIONS[] = {{"Decrypt", ENCRYPTING},
                  {"Encrypt", ENCRYPTING},
                  {"GenerateDataKey", SYMMETRIC},
                  {"GenerateDataKeyWithoutPlaintext", SYMMETRIC},
                  {"ReEncryptFrom", ENCRYPTING},
                  {"ReEncryptTo", ENCRYPTING},
                  {"Sign", SIGNING},
                  {"Verify", SIGNING},
                  {"GetPublicKey", PAIR},
                  {"CreateGrant", ANY_KEY},
                  {"RetireGrant", ANY_KEY},
                  {"DescribeKey", ANY_KEY},
                  {"GenerateDataKeyPair", SYMMETRIC},
                  {"GenerateDataKeyPairWithoutPlaintext", SYMMETRIC},
                  {"GenerateMac", CODING},
                  {"VerifyMac", CODING},
                  {"DeriveSharedSecret", AGREEING}};

static const struct granted *granted_find(slice name) {
    for (size_t i = 0; i < sizeof OPERATIONS / sizeof *OPERATIONS; i++)
        if (slice_equals_text(name, OPERATIONS[i].name)) return &OPERATIONS[i];
    return NULL;
}

int grant_operation_number(slice name) {
    for (size_t i = 0; i < sizeof OPERATIONS / sizeof *OPERATIONS; i++)
        if (slice_equals_ignoring_case(name, slice_of_text(OPERATIONS[i].name))) return (int)i;
    return -1;
}

bool grant_operation_is_known(slice name) { return granted_find(name) != NULL; }

/* Those that are for any key carry none, and no constraint on one holds for them. */
bool grant_operation_has_context(int number) {
    bool is_known = number >= 0 && (size_t)number < sizeof OPERATIONS / sizeof *OPERATIONS;
    return !is_known || OPERATIONS[number].keys != ANY_KEY;
}

bool grant_operation_fits(slice name, const key_record *key) {
    const struct granted *row = granted_find(name);
    const key_spec_row *spec = key_spec_get(key->spec);
    int usage = key->usage ? key->usage : KEY_USAGE_ENCRYPT_DECRYPT;
    if (row == NULL || spec == NULL) return false;
    switch (row->keys) {
    case ANY_KEY: return true;
    case SYMMETRIC: return spec->family == KEY_FAMILY_SYMMETRIC;
    case PAIR: return spec->family == KEY_FAMILY_ASYMMETRIC;
    case ENCRYPTING: return usage == KEY_USAGE_ENCRYPT_DECRYPT;
    case SIGNING: return usage == KEY_USAGE_SIGN_VERIFY;
    case CODING: return usage == KEY_USAGE_GENERATE_VERIFY_MAC;
    case AGREEING: return usage == KEY_USAGE_KEY_AGREEMENT;
    }
    return false;
}

bool grant_id_is_valid(slice id) {
    for (size_t i = 0; i < id.len; i++)
        if (!strchr("0123456789abcdef", id.at[i]) || id.at[i] == 0) return false;
    return id.len == GRANT_ID_BYTES;
}

/* FNV-1a: it only brings grants of one grantee together; who a grant is for says the record. */
status grant_tag(slice grantee, arena *memory, slice *out) {
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < grantee.len; i++) hash = (hash ^ grantee.at[i]) * 0x100000001b3ULL;
    return arena_printf(memory, out, "%016llx", (unsigned long long)hash);
}

status grant_prefix(slice account, slice key_id, arena *memory, slice *out) {
    return arena_printf(memory, out, "grant/%.*s/%.*s/", SLICE_ARGS(account), SLICE_ARGS(key_id));
}

status grant_prefix_of_grantee(slice account, slice key_id, slice grantee, arena *memory, slice *out) {
    slice grantee_tag;
    TRY(grant_tag(grantee, memory, &grantee_tag));
    return arena_printf(memory, out, "grant/%.*s/%.*s/%.*s", SLICE_ARGS(account), SLICE_ARGS(key_id),
                        SLICE_ARGS(grantee_tag));
}

status grant_path(const grant_record *g, arena *memory, slice *out) {
    return arena_printf(memory, out, "grant/%.*s/%.*s/%.*s", SLICE_ARGS(g->account_id), SLICE_ARGS(g->key_id),
                        SLICE_ARGS(g->grant_id));
}

static bool names_operation(const grant_record *g, slice name) {
    for (size_t i = 0; i < g->operations.count; i++)
        if (slice_equals_ignoring_case(g->operations.at[i], name)) return true;
    return false;
}

/* Under any of the action's names: kms:AsymmetricSign is Sign. */
static bool gives_action(const grant_record *g, slice action) {
    action_names names;
    if (!action_names_find(action, &names)) return false;
    for (size_t i = 0; i < names.count; i++)
        if (slice_starts_with(names.whole[i], SLICE("kms:")) && names_operation(g, slice_skip(names.whole[i], 4)))
            return true;
    return false;
}

static const slice *value_in(const pair_list *pairs, slice key) {
    for (size_t i = 0; i < pairs->count; i++)
        if (slice_equals(pairs->at[i].key, key)) return &pairs->at[i].value;
    return NULL;
}

static bool pairs_contain(const pair_list *outer, const pair_list *inner) {
    for (size_t i = 0; i < inner->count; i++) {
        const slice *found = value_in(outer, inner->at[i].key);
        if (!found || !slice_equals(*found, inner->at[i].value)) return false;
    }
    return true;
}

static bool pairs_agree(const pair_list *a, const pair_list *b) { return a->count == b->count && pairs_contain(a, b); }

static bool has_no_context(slice action) {
    if (!slice_starts_with(action, SLICE("kms:"))) return false;
    return !grant_operation_has_context(grant_operation_number(slice_skip(action, 4)));
}

static bool constraints_hold(const grant_record *g, const grant_question *q) {
    static const pair_list nothing = {0};
    const pair_list *context = q->context ? q->context : &nothing;
    if (has_no_context(q->action)) return true;
    if (g->context_equals.count && !pairs_agree(&g->context_equals, context)) return false;
    return pairs_contain(context, &g->context_subset);
}

static enum policy_reach grantee_reach(const grant_record *g, const grant_question *q) {
    const policy_caller *who = q->caller;
    if (slice_is_absent(who->account)) return REACH_NONE;
    if (slice_equals(g->grantee, who->arn) || slice_equals(g->grantee, who->role)) {
        bool is_same = slice_is_empty(g->grantee_id) || slice_equals(g->grantee_id, who->id);
        return is_same ? REACH_CALLER : REACH_NONE;
    }
    slice account = who->account;
    bool is_its_account = slice_ends_with(g->grantee, SLICE(":root")) && g->grantee.len == account.len + 14 &&
                          slice_equals(slice_of(g->grantee.at + 9, account.len), account);
    return is_its_account ? REACH_ACCOUNT : REACH_NONE;
}

enum policy_reach grant_reach(const grant_record *g, const grant_question *question) {
    enum policy_reach reach = grantee_reach(g, question);
    if (reach == REACH_NONE || !gives_action(g, question->action)) return REACH_NONE;
    return constraints_hold(g, question) ? reach : REACH_NONE;
}

static bool constraint_is_narrower(const grant_record *outer, const grant_record *inner) {
    if (outer->context_equals.count) return pairs_agree(&outer->context_equals, &inner->context_equals);
    if (outer->context_subset.count == 0) return true;
    return pairs_contain(&inner->context_subset, &outer->context_subset) ||
           (inner->context_equals.count && pairs_contain(&inner->context_equals, &outer->context_subset));
}

bool grant_contains(const grant_record *outer, const grant_record *inner) {
    for (size_t i = 0; i < inner->operations.count; i++)
        if (!names_operation(outer, inner->operations.at[i])) return false;
    return constraint_is_narrower(outer, inner);
}

static bool operations_agree(const grant_record *a, const grant_record *b) {
    if (a->operations.count != b->operations.count) return false;
    for (size_t i = 0; i < a->operations.count; i++)
        if (!names_operation(b, a->operations.at[i]) || !names_operation(a, b->operations.at[i])) return false;
    return true;
}

bool grant_same_wish(const grant_record *a, const grant_record *b) {
    return slice_equals(a->key_id, b->key_id) && slice_equals(a->name, b->name) &&
           slice_equals(a->grantee, b->grantee) && slice_equals(a->grantee_id, b->grantee_id) &&
           slice_equals(a->retiring, b->retiring) && operations_agree(a, b) &&
           pairs_agree(&a->context_equals, &b->context_equals) && pairs_agree(&a->context_subset, &b->context_subset);
}
