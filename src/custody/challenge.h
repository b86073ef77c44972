/* Challenges for authenticators: made here, given out sealed, taken once. What the vault remembers is only which of those it gave out last have
 * been taken; older ones, and those from before it was started, are refused. */
#ifndef CUSTODY_CHALLENGE_H
#define CUSTODY_CHALLENGE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHALLENGES_KEPT = 1 << 18, CHALLENGE_START_BYTES = 16 };

typedef struct challenges {
    uint8_t start[CHALLENGE_START_BYTES]; /* random, of this start of the vault */
    bool is_begun;
    uint64_t last;
    uint8_t taken[CHALLENGES_KEPT / 8];
} challenges;

/* The number of a new challenge; from 1. */
status challenges_next(challenges *all, uint64_t *out);
/* Once for each number that is among the newest CHALLENGES_KEPT: false for anything else. */
bool challenges_take(challenges *all, uint64_t number);

#endif
