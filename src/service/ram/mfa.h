/* Devices for one-time codes, for the operations that ask for a code. */
#ifndef SERVICE_RAM_MFA_H
#define SERVICE_RAM_MFA_H

#include "service/ram/ram.h"

/* The device's name behind a serial number: acs:ram::A:mfa/NAME, arn:aws:iam::A:mfa/NAME, or the bare name. MFA_NOT_FOUND. */
status mfa_name(call *c, slice serial, slice *out);
status mfa_load(call *c, slice name, mfa_record *out, uint64_t *revision);
status mfa_save(call *c, const mfa_record *device, uint64_t revision);

/* acs:ram::A:mfa/NAME */
status mfa_serial(call *c, slice name, slice *out);

/* Somebody and the device that is bound to them. USER_MFA_NOT_FOUND. */
typedef struct bound_pair {
    user_record user;
    mfa_record device;
    uint64_t user_revision, device_revision;
} bound_pair;
status mfa_load_bound(call *c, slice user_name, bound_pair *out);
/* MFA_IN_USE when the account cannot do without it: its root must have one. NO_PERMISSION when its user has not shown it. */
status mfa_check_dispensable(call *c, const bound_pair *p);

/* A code that came along with a request, and the device it is of; both or neither. */
typedef struct mfa_claim {
    slice serial, boxed_code;
} mfa_claim;
/* Has the vault check the caller's code within the act; nothing without a claim. MFA_CODE. */
status mfa_put_code(call *c, const mfa_claim *claim, key_act *act);
/* Notes that the code was taken, so that it is not taken again. MFA_CODE when another request was quicker. */
status mfa_take_code(call *c, const mfa_claim *claim, const key_result *result);
status mfa_take_step(call *c, slice device, maybe_int step);

#endif
