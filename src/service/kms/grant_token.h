/* Tokens of grants. A grant works at once here, and without its token; what is given as one has to be one all the same. */
#ifndef SERVICE_GRANT_TOKEN_H
#define SERVICE_GRANT_TOKEN_H

#include "service/call.h"

/* The base64 of KEY-ID/GRANT-ID: who has it has nothing that would be secret. */
status grant_token_make(call *c, const grant_record *g, slice *out);
/* GRANT_TOKEN. Whether there is such a grant is another question. */
status grant_token_read(call *c, slice token, slice *key_id, slice *grant_id);

/* GRANT_NOT_FOUND. */
status grant_load(call *c, slice key_id, slice grant_id, grant_record *out);

/* The request's GrantTokens: each must be of a grant that is there. GRANT_TOKEN. */
status grant_tokens_check(call *c);

#endif
