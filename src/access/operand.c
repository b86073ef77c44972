/* Condition values that are more than text: numbers, dates, booleans, addresses. */
#include "access/policy_form.h"
#include "base/clock.h"

enum { WHOLE_DIGITS_MOST = 18, FRACTION_DIGITS_MOST = 9 };
enum { DAY_BYTES = sizeof "2024-05-20" - 1, MINUTE_BYTES = sizeof "2024-05-20T06:34Z" - 1 };

static bool read_fraction(slice digits, int32_t *nano) {
    uint64_t value;
    if (digits.len > FRACTION_DIGITS_MOST || !slice_to_u64(digits, &value)) return false;
    for (size_t i = digits.len; i < FRACTION_DIGITS_MOST; i++) value *= 10;
    *nano = (int32_t)value;
    return true;
}

/* [-]digits[.digits], exact: at most 18 digits before the point and 9 after it. */
static bool read_decimal(slice text, struct decimal *out) {
    bool is_negative = text.len > 0 && text.at[0] == '-';
    slice rest = is_negative ? slice_skip(text, 1) : text;
    slice whole;
    if (!slice_split(&rest, '.', &whole)) return false;
    uint64_t value;
    int32_t nano = 0;
    if (whole.len > WHOLE_DIGITS_MOST || !slice_to_u64(whole, &value)) return false;
    if (!slice_is_absent(rest) && !read_fraction(rest, &nano)) return false;
    *out = is_negative ? (struct decimal){-(int64_t)value, -nano} : (struct decimal){(int64_t)value, nano};
    return true;
}

/* ISO 8601 in full, or without the seconds, or only the day; or seconds since 1970. */
static bool read_time(slice text, int64_t *out) {
    char whole[32];
    uint64_t seconds;
    if (text.len <= WHOLE_DIGITS_MOST && slice_to_u64(text, &seconds)) {
        *out = (int64_t)seconds;
        return true;
    }
    if (!FAILED(clock_parse_iso(text, out))) return true;
    const char *rest = text.len == DAY_BYTES ? "T00:00:00Z" : text.len == MINUTE_BYTES ? ":00Z" : NULL;
    if (!rest || (text.len == MINUTE_BYTES && text.at[MINUTE_BYTES - 1] != 'Z')) return false;
    size_t kept = text.len == DAY_BYTES ? DAY_BYTES : MINUTE_BYTES - 1;
    memcpy(whole, text.at, kept);
    memcpy(whole + kept, rest, strlen(rest));
    return !FAILED(clock_parse_iso(slice_of(whole, kept + strlen(rest)), out));
}

static bool read_bool(slice text, bool *out) {
    bool is_true = slice_equals_ignoring_case(text, SLICE("true"));
    if (!is_true && !slice_equals_ignoring_case(text, SLICE("false"))) return false;
    *out = is_true;
    return true;
}

bool operand_read(enum compare compare, slice text, union operand *out) {
    switch (compare) {
    case COMPARE_NUMBER: return read_decimal(text, &out->number);
    case COMPARE_DATE: return read_time(text, &out->time_s);
    case COMPARE_ADDRESS: return address_range_parse(text, &out->range);
    case COMPARE_BOOL:
    case COMPARE_ABSENCE: return read_bool(text, &out->is_true);
    case COMPARE_TEXT:
    case COMPARE_TEXT_IN_ANY_CASE:
    case COMPARE_GLOB:
    case COMPARE_ARN:
    case COMPARE_BINARY: return false; /* they are not read but matched */
    }
    return false;
}
