/* Turning to what another account owns. Whether anything of it may be had is for authorise.c. */
#include "contract/sealed.h"
#include "service/call.h"

const principal *call_account_record(const call *c) { return c->owner ? &c->owner->account : &c->who; }
slice call_account(const call *c) { return call_account_record(c)->account_id; }

void call_turn_home(call *c) { c->owner = NULL; }

status call_turn_to(call *c, slice account, slice named) {
    c->owner = NULL;
    if (slice_equals(account, c->who.account_id)) return OK;
    call_owner *owner = CALL_NEW(c, call_owner);
    ENSURE(owner != NULL, OUT_OF_MEMORY);
    ENSURE(c->owner_count < CALL_OWNERS_MOST, INTERNAL);
    status found = identity_of_account(c->house->identities, account, &c->memory, &owner->account);
    if (FAILED(found) && !FAILED_WITH(found, CORRUPT)) return found;
    owner->is_there = !FAILED(found) && !owner->account.is_frozen;
    if (FAILED(found)) owner->account = (principal){.account_id = account};
    owner->named = named;
    c->owners[c->owner_count++] = c->owner = owner;
    return OK;
}

/* What the header says; the vault will say whether it is true. */
bool call_is_admitted(call *c, slice sharing) {
    sealed permit;
    if (slice_is_empty(sharing)) return false;
    if (FAILED(sealed_parse(sharing, SEALED_SHARING, &c->memory, &permit))) return false;
    return sealed_admits(&permit.header, c->who.account_id);
}

void call_affects(call *c, slice account) {
    for (size_t i = 0; i < c->affected_count; i++)
        if (slice_equals(c->affected[i], account)) return;
    if (c->affected_count < CALL_OWNERS_MOST) c->affected[c->affected_count++] = account;
}
