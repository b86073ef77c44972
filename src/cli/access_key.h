/* New credentials, of whatever kind: shown once, or kept in a profile without being shown. */
#ifndef CLI_ACCESS_KEY_H
#define CLI_ACCESS_KEY_H

#include "cli/run.h"

/* --save PROFILE. */
extern const command_flag access_key_flags[];
/* Runs the command's operation, whose answer holds AccessKeyId and AccessKeySecret, and a SecurityToken if they lapse. */
status access_key_create(invocation *inv);

#endif
