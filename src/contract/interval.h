/* Spans of time as Alibaba's APIs write them: a whole number and d, h, m or s; a number alone counts seconds. */
#ifndef CONTRACT_INTERVAL_H
#define CONTRACT_INTERVAL_H

#include "base/arena.h"

/* INVALID_PARAMETER for anything else, for zero, and above 100 years. */
status interval_parse(slice text, int64_t *seconds);
/* "31536000s" */
status interval_write(int64_t seconds, arena *memory, slice *out);

#endif
