/* Tokens of OpenID Connect providers: JSON Web Tokens signed in compact form (RFC 7515, 7519; OpenID Connect Core §3.1.3.7). */
#ifndef CUSTODY_TOKEN_H
#define CUSTODY_TOKEN_H

#include "contract/contract_tables.h"

enum { TOKEN_BYTES_MOST = 20000, TOKEN_SKEW_S = 60, SUBJECT_BYTES_MOST = 255 };

/* What the token vouches for, when a key of the provider signed it and it is meant for one of its clients. IDENTITY_TOKEN for everything
 * else, whatever the cause; IDENTITY_TOKEN_EXPIRED and SESSION_TAGS only when that is all that is wrong. Only RS256, RS384, RS512, PS256, ES256 and ES384
 * are known; what the key is for decides, not the header alone. */
status token_verify(const provider_content *p, slice token, int64_t now_s, arena *memory, vouched *out);

#endif
