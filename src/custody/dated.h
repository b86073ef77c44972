/* When a request was signed, and what makes it one of a kind. Core refuses what is old or came before by the time and the nonce
 * that the gateway names; here these are held against the signed text, so that a taken gateway cannot pass off yesterday's
 * request as a new one. */
#ifndef CUSTODY_DATED_H
#define CUSTODY_DATED_H

#include "base/arena.h"
#include "contract/contract_tables.h"

/* NO_PERMISSION unless the proof's time, end and nonce are those of the text that verified. The time of AwsV4 and OssV4 is part of
 * what is signed (proof.h); AwsV4 has a nonce only where the client signs the
 * number of its attempt (contract/aws_wire.h). */
status dated_check(const proof *p, slice text, arena *memory);

#endif
