/* How often somebody may try to log in: under one name, from one place, and all together, because each try with a password costs. */
#ifndef SERVICE_PACE_H
#define SERVICE_PACE_H

#include "service/sts/sts.h"

/* A try that was counted; absent: not under that. */
typedef struct login_pace {
    slice place; /* where from */
    slice person;
    slice address;
} login_pace;

typedef struct pace_wish {
    slice user_name;
    const user_record *user; /* NULL: there is nobody of that name, which shows nowhere */
    unsigned locked_from;    /* of the account's password policy */
    bool has_password;
} pace_wish;

/* Counts the try before it is known how it ends. LOGIN_SLOWED, and how long. Guesses from elsewhere do not slow people down at places they have
 * logged in from before, nor those who come with a passkey alone, which cannot be guessed: nobody is locked out by others for good. */
status pace_take(call *c, const pace_wish *wish, login_pace *out);
/* It went well. The place is one of the person's from now on. */
status pace_forgive(call *c, login_pace *pace, user_record *user);

/* The same for whoever signs and shows an old password or a one-time code besides: who has somebody's session or access key does not find these out by
 * trying. Counted by place, because nobody has verified the signature yet and others are not to slow people down; and by person once the vault has
 * found a signature good and what was shown wrong. LOGIN_SLOWED. */
status pace_take_shown(call *c);
void pace_forgive_shown(call *c);
void pace_fail_shown(call *c);

#endif
