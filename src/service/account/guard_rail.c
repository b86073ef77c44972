/* Guard rails: what an account's owner forbids all its identities, the root included (service/authorise.c weighs it). */
#include "access/identity.h"
#include "service/handlers.h"

/* An absent document: none from now on. */
static status change(call *c, slice document) {
    slice path;
    account_record account;
    uint64_t revision;
    TRY(account_path(c->who.account_id, &c->memory, &path));
    TRY(call_load(c, path, &account_record_shape, &account, &revision));
    if (slice_is_absent(document)) ENSURE(!slice_is_absent(account.guard_rail), POLICY_NOT_FOUND);
    account.guard_rail = document;
    return call_change(c, path, &account_record_shape, &account, revision);
}

status set_guard_rail_prepare(call *c, const set_guard_rail_in *in, set_guard_rail_out *out) {
    (void)out;
    TRY(document_check(c, in->policy_document, POLICY_IDENTITY));
    return change(c, in->policy_document);
}

status get_guard_rail_prepare(call *c, const get_guard_rail_in *in, get_guard_rail_out *out) {
    (void)in;
    ENSURE(!slice_is_absent(c->who.guard_rail), POLICY_NOT_FOUND);
    out->policy_document = c->who.guard_rail;
    return OK;
}

status delete_guard_rail_prepare(call *c, const delete_guard_rail_in *in, delete_guard_rail_out *out) {
    (void)in, (void)out;
    return change(c, (slice){0});
}
