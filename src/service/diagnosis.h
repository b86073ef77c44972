/* Why a request was refused: who asked for what, which conditions were known, which statements matched. It goes along with the
 * refusal, sealed, so that only who may call DecodeDiagnosticMessage in the same account can read it. */
#ifndef SERVICE_DIAGNOSIS_H
#define SERVICE_DIAGNOSIS_H

#include "crypto/xaes.h"
#include "service/call.h"

/* The key that seals diagnoses, from the one that seals the store. */
status diagnosis_cipher(const secret *store_key, xaes **out);

/* Sets c->diagnosis, base64: why c->decided is what it is. */
status diagnosis_make(call *c, const authorisation *question);
/* The same where c->failure is not the word of a policy: approvals that are missing, or what nobody may. Nothing where there is one already. */
status diagnosis_make_of_rule(call *c);

#endif
