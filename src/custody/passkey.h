/* For this room only: passkeys (W3C Web Authentication Level 3). Challenges are made here and taken once; what an authenticator answers is checked
 * here, §7.1 when it is registered and §7.2 when somebody logs in.
 *
 *   sealed challenge   start[16] number:u64 purpose:u8 random[32]      its header: for whom, until when
 *   sealed passkey     2 flags:u8 algorithm:u32 credential id with its length:u16, SubjectPublicKeyInfo
 *                      1 the same without the flags, as it was made before */
#ifndef CUSTODY_PASSKEY_H
#define CUSTODY_PASSKEY_H

#include "custody/act.h"

/* The answer of an authenticator to a login. LOGIN_FAILED whatever is wrong with it. *count is its counter, absent when it does not count. */
typedef struct passkey_claim {
    const passkey_answer *answer;
    slice user_name, user_id;
    maybe_int last_count; /* of the login before; the counter has to have grown */
    bool needs_verified;  /* the authenticator must have checked who holds it */
} passkey_claim;
status passkey_verify(act_scene *scene, const passkey_claim *claim, maybe_int *count);

#endif
