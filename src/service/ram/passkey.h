/* Passkeys of users, for what asks for a second factor. */
#ifndef SERVICE_PASSKEY_H
#define SERVICE_PASSKEY_H

#include "service/ram/ram.h"

/* base64url without padding (RFC 4648 §5), as browsers' interfaces have it. */
status passkey_text(call *c, slice bytes, slice *out);

/* The challenge that the vault made, in the answer's fields. */
typedef struct challenge_view {
    slice challenge, token, rp_id;
    maybe_int expire_date;
} challenge_view;
status challenge_read(call *c, challenge_view *out);

/* NULL when the user has none of that id. */
passkey_record *passkey_find(const user_record *user, slice credential_id);

/* A device for one-time codes, or a passkey. */
static inline bool has_second_factor(const user_record *user) {
    return !slice_is_absent(user->mfa_serial) || user->passkeys.count > 0;
}

/* Of the codes on paper, those that were not taken. */
int64_t recovery_codes_left(const user_record *user);

#endif
