/* Codes on paper, for when a second factor is lost: made and checked in the vault. */
#include "service/ram/passkey.h"

enum { CODES = 10 };

int64_t recovery_codes_left(const user_record *user) {
    if (!user->recovery) return 0;
    return CODES - __builtin_popcountll((unsigned long long)user->recovery->used.value);
}

/* They stand in for a second factor, so there is one, and it was shown: by the root too. */
static status load_self(call *c, user_record *user, uint64_t *revision) {
    TRY(user_load(c, (slice){0}, user, revision));
    ENSURE(has_second_factor(user), USER_MFA_NOT_FOUND);
    if (c->who.mfa_at.is_set) return OK;
    return call_refuse(c, FAIL(NO_PERMISSION), "The user has a second factor: show it first, by logging in.");
}

status create_recovery_codes_prepare(call *c, const create_recovery_codes_in *in, create_recovery_codes_out *out) {
    (void)in, (void)out;
    user_record user;
    TRY(load_self(c, &user, NULL));
    return call_ask_vault(c, &(key_act){.act = VAULT_ACT_NEW_RECOVERY_CODES});
}

status create_recovery_codes_finish(call *c, const create_recovery_codes_in *in, create_recovery_codes_out *out) {
    (void)in;
    user_record user;
    uint64_t revision;
    TRY(load_self(c, &user, &revision));
    user.recovery = CALL_NEW(c, recovery_record);
    ENSURE(user.recovery != NULL, OUT_OF_MEMORY);
    *user.recovery = (recovery_record){.sealed = c->results.at[0].output, .created_at = SET_INT(c->now_s)};
    out->recovery_codes = c->results.at[0].boxed;
    return user_save(c, &user, revision);
}
