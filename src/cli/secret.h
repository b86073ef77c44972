/* For the secret noun's files. */
#ifndef CLI_SECRET_H
#define CLI_SECRET_H

#include "cli/run.h"

/* The value in an answer of GetSecretValue, as bytes; in the invocation's memory. MALFORMED when there is none. */
status secret_value_of(invocation *inv, const json *said, slice *out);

/* keyhold secret follow */
extern const command_flag secret_follow_flags[];
status secret_follow(invocation *inv);

#endif
