/* A window over the newest challenges, a bit for each. */
#include "custody/challenge.h"

#include "crypto/random.h"

static uint8_t *byte_of(challenges *all, uint64_t number) { return &all->taken[number % CHALLENGES_KEPT / 8]; }
static uint8_t bit_of(uint64_t number) { return (uint8_t)(1u << number % 8); }

status challenges_next(challenges *all, uint64_t *out) {
    if (!all->is_begun) TRY(random_fill(all->start, sizeof all->start));
    all->is_begun = true;
    *out = ++all->last;
    *byte_of(all, *out) &= (uint8_t)~bit_of(*out);
    return OK;
}

bool challenges_take(challenges *all, uint64_t number) {
    bool is_known = number > 0 && number <= all->last && all->last - number < CHALLENGES_KEPT;
    if (!is_known || (*byte_of(all, number) & bit_of(number)) != 0) return false;
    *byte_of(all, number) |= bit_of(number);
    return true;
}
