/* What setting a resource's policy takes beside keeping its text: whom the names in it mean, and, when it lets other accounts in, the
 * vault's word that the owner said so. */
#ifndef SERVICE_SHARING_H
#define SERVICE_SHARING_H

#include "service/handlers.h"

typedef struct sharing_wish {
    slice document;
    enum policy_kind kind; /* POLICY_RESOURCE or POLICY_TRUST */
    key_act
        about; /* which resource, as the vault reads it: KeyId; Text and SecretId; Text (a bucket); Session (a role) */
} sharing_wish;

/* In prepare: POLICY_MALFORMED for a document that is none, or names somebody of the account who is not there. Asks the vault when
 * other accounts are let in, or into a role somebody for whom a provider vouches. */
status sharing_ask(call *c, const sharing_wish *wish);
/* In finish: what is kept beside the document. */
status sharing_bindings(call *c, slice document, enum policy_kind kind, policy_bindings **out);

/* The same where the resource is only being made, and no other account can be let in yet: UNSUPPORTED, with `how` it is done. */
status sharing_check_new(call *c, const sharing_wish *wish, const char *how);

/* A single account to be let in, by what the request says of it; and the vault's answer, absent when it was not asked. */
status sharing_ask_for(call *c, slice account, const key_act *about);
slice sharing_given(const call *c);

/* The id behind acs:ram::A:user/NAME, role/NAME or a session of a role. NOT_FOUND; absent for anybody else. */
status sharing_id_of(call *c, slice name, slice *out);

#endif
