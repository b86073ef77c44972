/* Time: wall clock for what people see, monotonic for durations. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/slice.h"
#include "base/status.h"

int64_t clock_now_s(void);        /* Unix time, seconds */
int64_t clock_now_ms(void);       /* Unix time, milliseconds */
int64_t clock_monotonic_ms(void); /* since some fixed point, never goes back */
int64_t clock_monotonic_us(void);

enum { CLOCK_ISO_BYTES = 20 + 1, CLOCK_BASIC_BYTES = 16 + 1, CLOCK_RFC1123_BYTES = 29 + 1 };
/* Times before the year 0 or after 9999 are written as the first or last moment of these years.
 * 2024-05-20T06:34:21Z (ISO 8601 extended). */
void clock_format_iso(int64_t time_s, char out[CLOCK_ISO_BYTES]);
/* 20240520T063421Z (ISO 8601 basic). */
void clock_format_basic(int64_t time_s, char out[CLOCK_BASIC_BYTES]);
/* Mon, 20 May 2024 06:34:21 GMT (RFC 9110 §5.6.7). */
void clock_format_rfc1123(int64_t time_s, char out[CLOCK_RFC1123_BYTES]);

/* The three forms back, for the years 1970 to 9999 as they stand there; ISO also with a fraction (dropped) and with ±hh:mm
 * up to 14:59. MALFORMED on anything else: also for a day of the week that is not that day's, and for leap seconds, which
 * Unix time does not have. */
status clock_parse_iso(slice text, int64_t *time_s);
status clock_parse_basic(slice text, int64_t *time_s);
status clock_parse_rfc1123(slice text, int64_t *time_s);

#endif
