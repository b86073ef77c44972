/* What the handlers of one product share with each other. Their prototypes follow from the contract. */
#ifndef SERVICE_HANDLERS_H
#define SERVICE_HANDLERS_H

#include "service/call.h"

#include "contract/contract_handlers.h"

/* Plans the change of a key's record. */
status key_save(call *c, const key_record *key, uint64_t revision);

/* The user named, or, when absent, the caller. Of the account root: a record of its own that only holds access keys. USER_NOT_FOUND. */
status user_load(call *c, slice name, user_record *out, uint64_t *revision);
status user_save(call *c, const user_record *user, uint64_t revision);

/* The binary ids of a key and one of its versions, as the vault wants them. */
status key_ids(call *c, const key_record *key, const key_version_record *version, key_act *act);

/* A page of a listing by number: PageNumber from 1, PageSize 1-100, default 10. */
typedef struct page {
    int64_t number, size;
} page;
page page_of(maybe_int number, maybe_int size);
static inline bool page_holds(const page *p, int64_t index) {
    return index >= (p->number - 1) * p->size && index < p->number * p->size;
}

/* Goes over all records under a prefix, a chunk of rows at a time. `visit` is called for each; its failure ends the walk. */
typedef status record_visitor(call *c, const store_row *row, void *context);
status records_walk(call *c, slice prefix, record_visitor *visit, void *context);
status records_count(call *c, slice prefix, size_t *out);

#endif
