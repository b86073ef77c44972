/* What core is told of a signed request: a change of records has to be the one that was signed, too, though no key is used. Secrets are left
 * out: they are none of core's business. */
#ifndef CUSTODY_SAID_H
#define CUSTODY_SAID_H

#include "custody/asked.h"

/* `text` is the one that verified. NO_PERMISSION, and nothing written, when its parameters cannot be read in one way alone. */
status said_show(const asked *a, const proof *p, slice text, arena *memory, used_message *out);

#endif
