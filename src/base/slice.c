/* Borrowed runs of bytes. */
#include "base/slice.h"

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

/* Bytes that differ in more than the bit of the case are different letters, or none. */
static bool may_be_same_letters(const uint8_t *a, const uint8_t *b) {
    uint64_t first, second;
    memcpy(&first, a, sizeof first);
    memcpy(&second, b, sizeof second);
    return ((first ^ second) & ~UINT64_C(0x2020202020202020)) == 0;
}

bool slice_equals_ignoring_case(slice a, slice b) {
    if (a.len != b.len) return false;
    for (size_t i = 0; i + sizeof(uint64_t) <= a.len; i += sizeof(uint64_t))
        if (!may_be_same_letters(a.at + i, b.at + i)) return false;
    if (a.len == 0 || memcmp(a.at, b.at, a.len) == 0) return true;
    for (size_t i = 0; i < a.len; i++)
        if (a.at[i] != b.at[i] && lower(a.at[i]) != lower(b.at[i])) return false;
    return true;
}

int slice_compare(slice a, slice b) {
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.at, b.at, common) : 0;
    if (order) return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool slice_ends_with(slice s, slice suffix) {
    return s.len >= suffix.len && slice_equals(slice_skip(s, s.len - suffix.len), suffix);
}

size_t slice_find(slice s, slice needle) {
    if (needle.len == 0) return 0;
    const uint8_t *hit = s.len ? memmem(s.at, s.len, needle.at, needle.len) : NULL;
    return hit ? (size_t)(hit - s.at) : SIZE_MAX;
}

static bool is_blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

slice slice_trim(slice s) {
    while (s.len && is_blank(s.at[0])) s = slice_skip(s, 1);
    while (s.len && is_blank(s.at[s.len - 1])) s.len--;
    return s;
}

bool slice_to_u64(slice s, uint64_t *out) {
    if (s.len == 0 || s.len > 20) return false;
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') return false;
        if (__builtin_mul_overflow(value, 10, &value)) return false;
        if (__builtin_add_overflow(value, (uint64_t)(s.at[i] - '0'), &value)) return false;
    }
    *out = value;
    return true;
}

bool slice_to_i64(slice s, int64_t *out) {
    bool is_negative = s.len > 0 && s.at[0] == '-';
    uint64_t magnitude = 0;
    if (!slice_to_u64(is_negative ? slice_skip(s, 1) : s, &magnitude)) return false;
    if (magnitude > (uint64_t)INT64_MAX + is_negative) return false;
    *out = (int64_t)(is_negative ? -magnitude : magnitude); /* two's complement: also for INT64_MIN */
    return true;
}
