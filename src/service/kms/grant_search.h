/* Looking through the grants of one grantee on a key; many of them are kept ready (access/grant_shelf.h). */
#ifndef SERVICE_KMS_GRANT_SEARCH_H
#define SERVICE_KMS_GRANT_SEARCH_H

#include "access/grant.h"
#include "service/call.h"

typedef struct grant_search {
    const key_record *key; /* as it is at this revision: every grant that is given or ended changes it */
    uint64_t revision;
    slice grantee;
    const grant_question *question; /* those that may answer it, and perhaps others … */
    slice name;                     /* … or, without a question, those of this name, and perhaps others */
} grant_search;

/* Called for each; *is_found ends the search. The grant is valid during the call. */
typedef status grant_visitor(call *c, const grant_record *g, void *context, bool *is_found);
status grants_search(call *c, const grant_search *s, grant_visitor *visit, void *context);

#endif
