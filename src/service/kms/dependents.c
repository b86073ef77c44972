/* What depends on a key, and whether an account lets keys go on which something does. */
#include "access/identity.h"
#include "base/text.h"
#include "keys/dependents.h"
#include "service/handlers.h"

enum { RESULTS_STANDARD = 100 };

/* A token is the last row of the page before, without what every row of this key begins with. */
static status read_token(call *c, slice token, slice *after) {
    slice rest;
    if (slice_is_empty(token)) return OK;
    status decoded = base64_decode(token, &c->memory, &rest);
    if (FAILED_WITH(decoded, MALFORMED)) return call_refuse(c, FAIL(INVALID_PARAMETER), "NextToken");
    TRY(decoded);
    return arena_printf(&c->memory, after, "dependent/%.*s/%.*s", SLICE_ARGS(c->key->key_id), SLICE_ARGS(rest));
}

static status make_token(call *c, const key_dependent *last, slice *out) {
    OWNED(buffer) token = {0};
    slice path, key_id = c->key->key_id;
    TRY(dependent_row(key_id, last, &c->memory, &path));
    TRY(base64_encode(&token, slice_skip(path, SLICE("dependent/").len + key_id.len + 1)));
    return arena_copy(&c->memory, buffer_slice(&token), out);
}

status list_key_dependents_prepare(call *c, const list_key_dependents_in *in, list_key_dependents_out *out) {
    dependents_record counts;
    dependents_query query = {c->key->key_id, in->kind, in->key_version_id, {0}, RESULTS_STANDARD};
    size_t count;
    if (!slice_is_absent(in->key_version_id) && in->kind == DEPENDENT_KIND_ABSENT)
        return call_refuse(c, FAIL(INVALID_PARAMETER), "KeyVersionId goes with Kind.");
    if (in->max_results.is_set) query.limit = (size_t)in->max_results.value;
    TRY(read_token(c, in->next_token, &query.after));
    TRY(dependents_list(c->house->store, &query, &c->memory, &out->dependents.at, &count));
    TRY(dependents_load(c->house->store, c->key->key_id, &c->memory, &counts));
    out->key_id = c->key->key_id;
    out->total = SET_INT(dependents_count(&counts, in->kind, in->key_version_id));
    out->dependents.count = count > query.limit ? query.limit : count;
    if (count <= query.limit) return OK;
    return make_token(c, &out->dependents.at[query.limit - 1], &out->next_token);
}

static status load_account(call *c, account_record *out, slice *path, uint64_t *revision) {
    TRY(account_path(c->who.account_id, &c->memory, path));
    return call_load(c, *path, &account_record_shape, out, revision);
}

status set_key_deletion_guard_prepare(call *c, const set_key_deletion_guard_in *in, set_key_deletion_guard_out *out) {
    (void)out;
    account_record account;
    slice path;
    uint64_t revision;
    TRY(load_account(c, &account, &path, &revision));
    account.guards_dependents = in->refuse_while_dependents;
    return call_change(c, path, &account_record_shape, &account, revision);
}

status get_key_deletion_guard_prepare(call *c, const get_key_deletion_guard_in *in, get_key_deletion_guard_out *out) {
    (void)in;
    account_record account;
    slice path;
    uint64_t revision;
    TRY(load_account(c, &account, &path, &revision));
    out->refuse_while_dependents = SET_BOOL(account.guards_dependents.value);
    return OK;
}
