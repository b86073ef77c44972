/* Who vouches for identities: what the account's owner said of them in signed requests, sealed, so that nobody else can have the vault
 * believe them. */
#ifndef CUSTODY_PROVIDER_H
#define CUSTODY_PROVIDER_H

#include "custody/act.h"

enum { PROVIDER_KEYS_MOST = 32, PROVIDER_CLIENTS_MOST = 100, ISSUANCE_LIMIT_HOURS = 12 };

/* The keys of a JWK Set (RFC 7517 §5) that verify signatures and are of a kind offered; others are passed over. PROVIDER_KEYS when it
 * is none, holds private or symmetric keys, names a key twice, or has none left. */
status provider_keys_read(slice jwks, arena *memory, provider_content *out);

/* What a sealed provider holds. Slices live as long as what sealing_open keeps, or in the arena. CORRUPT. */
status provider_read(const opened *o, arena *memory, provider_content *out);

/* Whether a name is one of those divided by commas. */
bool provider_has_client(const provider_content *p, slice client);

#endif
