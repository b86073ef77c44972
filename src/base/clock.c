/* Time and its text forms, independent of the locale. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static const char *const DAYS[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int64_t read_clock(clockid_t which, int64_t per_second) {
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * per_second + (int64_t)now.tv_nsec / (1000000000 / per_second);
}

int64_t clock_now_s(void) { return read_clock(CLOCK_REALTIME, 1); }
int64_t clock_now_ms(void) { return read_clock(CLOCK_REALTIME, 1000); }
int64_t clock_monotonic_ms(void) { return read_clock(CLOCK_MONOTONIC, 1000); }
int64_t clock_monotonic_us(void) { return read_clock(CLOCK_MONOTONIC, 1000000); }

/* Times that four digits of year cannot say become the nearest that they can. */
static const int64_t EARLIEST_S = INT64_C(-62167219200), LATEST_S = INT64_C(253402300799);

static struct tm calendar(int64_t time_s) {
    struct tm parts = {0};
    time_t seconds = time_s < EARLIEST_S ? EARLIEST_S : time_s > LATEST_S ? LATEST_S : time_s;
    gmtime_r(&seconds, &parts);
    return parts;
}

static void put_digits(char *out, int value, int digits) {
    for (int i = digits - 1; i >= 0; i--, value /= 10) out[i] = (char)('0' + value % 10);
}

void clock_format_iso(int64_t time_s, char out[CLOCK_ISO_BYTES]) {
    struct tm t = calendar(time_s);
    memcpy(out, "0000-00-00T00:00:00Z", CLOCK_ISO_BYTES);
    put_digits(out, t.tm_year + 1900, 4);
    put_digits(out + 5, t.tm_mon + 1, 2);
    put_digits(out + 8, t.tm_mday, 2);
    put_digits(out + 11, t.tm_hour, 2);
    put_digits(out + 14, t.tm_min, 2);
    put_digits(out + 17, t.tm_sec, 2);
}

void clock_format_basic(int64_t time_s, char out[CLOCK_BASIC_BYTES]) {
    char iso[CLOCK_ISO_BYTES];
    clock_format_iso(time_s, iso);
    size_t at = 0;
    for (size_t i = 0; i < CLOCK_ISO_BYTES; i++)
        if (iso[i] != '-' && iso[i] != ':') out[at++] = iso[i];
}

void clock_format_rfc1123(int64_t time_s, char out[CLOCK_RFC1123_BYTES]) {
    struct tm t = calendar(time_s);
    memcpy(out, "Day, 00 Mon 0000 00:00:00 GMT", CLOCK_RFC1123_BYTES);
    memcpy(out, DAYS[t.tm_wday], 3);
    memcpy(out + 8, MONTHS[t.tm_mon], 3);
    put_digits(out + 5, t.tm_mday, 2);
    put_digits(out + 12, t.tm_year + 1900, 4);
    put_digits(out + 17, t.tm_hour, 2);
    put_digits(out + 20, t.tm_min, 2);
    put_digits(out + 23, t.tm_sec, 2);
}

/* Reads `text` against a pattern: '0' takes a digit into the current number, '|' in the pattern ends it,
 * anything else must match. */
static status read_pattern(slice text, const char *pattern, int *numbers) {
    size_t at = 0;
    int value = 0;
    for (const char *p = pattern; *p; p++) {
        if (*p == '|') {
            *numbers++ = value;
            value = 0;
            continue;
        }
        ENSURE(at < text.len, MALFORMED);
        uint8_t c = text.at[at++];
        if (*p == '0') {
            ENSURE(c >= '0' && c <= '9', MALFORMED);
            value = value * 10 + (c - '0');
        } else {
            ENSURE(c == (uint8_t)*p, MALFORMED);
        }
    }
    ENSURE(at == text.len, MALFORMED);
    return OK;
}

/* numbers: year month day hour minute second */
static status to_seconds(const int n[6], int64_t *time_s) {
    ENSURE(n[0] >= 1970 && n[1] >= 1 && n[1] <= 12 && n[2] >= 1 && n[2] <= 31, MALFORMED);
    ENSURE(n[3] <= 23 && n[4] <= 59 && n[5] <= 59, MALFORMED);
    struct tm t = {.tm_year = n[0] - 1900, .tm_mon = n[1] - 1, .tm_mday = n[2], .tm_hour = n[3], .tm_min = n[4]};
    t.tm_sec = n[5];
    int64_t found_s = (int64_t)timegm(&t);
    ENSURE(t.tm_mday == n[2], MALFORMED); /* 31 February has been normalised away */
    *time_s = found_s;
    return OK;
}

static bool is_digit(slice rest) { return rest.len && rest.at[0] >= '0' && rest.at[0] <= '9'; }

/* A fraction has at least one digit; a point alone is left where it is. */
static slice without_fraction(slice rest) {
    if (rest.len < 2 || rest.at[0] != '.' || !is_digit(slice_skip(rest, 1))) return rest;
    rest = slice_skip(rest, 1);
    while (is_digit(rest)) rest = slice_skip(rest, 1);
    return rest;
}

status clock_parse_iso(slice text, int64_t *time_s) {
    int n[6], zone[2];
    TRY(read_pattern(slice_head(text, 19), "0000|-00|-00|T00|:00|:00|", n));
    int64_t local_s;
    TRY(to_seconds(n, &local_s));
    slice rest = without_fraction(slice_skip(text, 19));
    if (slice_equals(rest, SLICE("Z"))) {
        *time_s = local_s;
        return OK;
    }
    ENSURE(rest.len == 6 && (rest.at[0] == '+' || rest.at[0] == '-'), MALFORMED);
    TRY(read_pattern(slice_skip(rest, 1), "00|:00|", zone));
    ENSURE(zone[0] <= 14 && zone[1] <= 59, MALFORMED);
    int64_t offset_s = zone[0] * 3600 + zone[1] * 60;
    *time_s = rest.at[0] == '+' ? local_s - offset_s : local_s + offset_s;
    return OK;
}

status clock_parse_basic(slice text, int64_t *time_s) {
    int n[6];
    TRY(read_pattern(text, "0000|00|00|T00|00|00|Z", n));
    return to_seconds(n, time_s);
}

status clock_parse_rfc1123(slice text, int64_t *time_s) {
    ENSURE(text.len == CLOCK_RFC1123_BYTES - 1, MALFORMED);
    int n[6] = {0};
    for (int i = 0; i < 12; i++)
        if (memcmp(text.at + 8, MONTHS[i], 3) == 0) n[1] = i + 1;
    TRY(read_pattern(slice_of(text.at + 5, 2), "00|", n + 2));
    TRY(read_pattern(slice_of(text.at + 12, 4), "0000|", n));
    TRY(read_pattern(slice_of(text.at + 17, 8), "00|:00|:00|", n + 3));
    int64_t found_s;
    char same[CLOCK_RFC1123_BYTES];
    TRY(to_seconds(n, &found_s));
    clock_format_rfc1123(found_s, same); /* the day of the week and all that stands between the numbers */
    ENSURE(slice_equals_text(text, same), MALFORMED);
    *time_s = found_s;
    return OK;
}
