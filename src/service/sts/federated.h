/* What taking a role on shares, whoever vouches for the caller: an OpenID Connect token or a SAML assertion. */
#ifndef SERVICE_FEDERATED_H
#define SERVICE_FEDERATED_H

#include "service/sts/sts.h"

/* What an ARN of either cloud says: acs:ram::ACCOUNT:KIND/NAME or arn:aws:iam::ACCOUNT:KIND/NAME. */
typedef struct named {
    slice account, name;
} named;
/* `kind` ends in '/'. False when it is another thing's, or none. */
bool named_read(slice whole, const char *kind, named *out);

/* What the request names, found or not; kept in c->memo. */
typedef struct meant {
    new_session session; /* first, as session_begin has it */
    role_record role;
    bool has_role;
    slice pace; /* what tries are counted under */
} meant;

/* Counts the try and chooses the session. ROLE_ARN, SESSION_POLICY; THROTTLED for an address that brought many bad ones. */
typedef struct federated_wish {
    slice role_arn, policy;
    int64_t lifetime_s;
} federated_wish;
status federated_begin(call *c, const federated_wish *wish, meant **out);

/* The account the role is in, and the role: what is not there is not told. `refusal` is what a bad token gives. */
status federated_find(call *c, const federated_wish *wish, status refusal, meant *m);

/* Has the vault measure what was brought; `name` of the session is absent where the assertion says it. */
typedef struct federated_order {
    slice sealed_provider, brought, session_name, policy;
} federated_order;
status federated_ask(call *c, const meant *m, const federated_order *order);

/* After the vault's part. The caller is whom the provider vouches for. */
void federated_name_caller(call *c, const meant *m, slice provider_arn, slice subject);
/* Whether the role is there and trusts the caller, conditions given: NO_PERMISSION, in the same words for both. */
status federated_check(call *c, const meant *m);
status federated_tell_role(call *c, const meant *m, slice session_name, assumed_role **out);

#endif
