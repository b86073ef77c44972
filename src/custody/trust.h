/* Whom a role's trust policy lets in because a provider vouches for them, as far as the vault can tell. Core decides by the whole policy;
 * this keeps it to what the role's owner signed. */
#ifndef CUSTODY_TRUST_H
#define CUSTODY_TRUST_H

#include "contract/contract_tables.h"

typedef struct trust_question {
    slice account;      /* whose the provider is */
    slice provider;     /* oidc-provider/NAME or saml-provider/NAME */
    slice session_name; /* of the session that is to be made */
    const vouched *who; /* whom it names */
} trust_question;

/* False when the document surely does not let them in: no statement allows it that names the provider, or the conditions of each do not
 * hold, or one denies it. What is not understood here (conditions on anything but the token, variables, wildcards in actions) is taken
 * for what lets them in, so whoever the whole policy admits is never refused. A document that cannot be read admits nobody. */
status trust_admits(slice document, const trust_question *q, arena *memory, bool *out);

#endif
