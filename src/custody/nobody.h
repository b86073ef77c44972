/* Nobody: an account and an access key drawn when the vault starts, of which no one knows the secret. The proof of a signer who is not there is
 * checked against these, so that it costs and answers what a wrong one of somebody costs and answers. */
#ifndef CUSTODY_NOBODY_H
#define CUSTODY_NOBODY_H

#include "base/buffer.h"
#include "custody/sealing.h"

typedef struct nobody {
    buffer account, access_key; /* sealed */
} nobody;

/* Failures as sealing_new_account. */
status nobody_draw(sealing *s, nobody *out);
void nobody_clear(nobody *n);

/* The same use with nobody in the place of the account that is missing. */
use_message nobody_stand_in(const nobody *n, const use_message *use);

#endif
