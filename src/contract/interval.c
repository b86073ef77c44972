/* Spans of time. */
#include "contract/interval.h"

#define SECONDS_MOST (100 * 366 * 86400ULL)

static uint64_t unit_of(uint8_t letter) {
    switch (letter) {
    case 'd': return 86400;
    case 'h': return 3600;
    case 'm': return 60;
    case 's': return 1;
    default: return 0;
    }
}

status interval_parse(slice text, int64_t *seconds) {
    uint64_t number, unit = text.len ? unit_of(text.at[text.len - 1]) : 0;
    slice digits = unit ? slice_head(text, text.len - 1) : text;
    ENSURE(slice_to_u64(digits, &number) && number > 0 && number <= SECONDS_MOST, INVALID_PARAMETER);
    number *= unit ? unit : 1;
    ENSURE(number <= SECONDS_MOST, INVALID_PARAMETER);
    *seconds = (int64_t)number;
    return OK;
}

status interval_write(int64_t seconds, arena *memory, slice *out) {
    return arena_printf(memory, out, "%llds", (long long)seconds);
}
