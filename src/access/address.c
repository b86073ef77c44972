/* Reading and comparing address ranges. */
#include "access/address.h"

#include <arpa/inet.h>

enum { MAPPED_BITS = 96 };

static const uint8_t MAPPED_PREFIX[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool read_address(slice text, address_range *out) {
    char terminated[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof terminated || slice_contains_byte(text, 0)) return false;
    memcpy(terminated, text.at, text.len);
    terminated[text.len] = 0;
    bool is_v6 = slice_contains_byte(text, ':');
    *out = (address_range){.family_bytes = is_v6 ? 16 : 4, .prefix_bits = is_v6 ? 128 : 32};
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, terminated, out->bytes) == 1;
}

/* Decimal, 0 to the family's bits, no sign and no leading zero. */
static bool read_prefix(slice text, address_range *range) {
    uint64_t bits;
    if (text.len > 1 && text.at[0] == '0') return false;
    if (!slice_to_u64(text, &bits) || bits > range->prefix_bits) return false;
    range->prefix_bits = (uint8_t)bits;
    return true;
}

static void unmap(address_range *range) {
    bool is_mapped = range->family_bytes == 16 && range->prefix_bits >= MAPPED_BITS &&
                     slice_equals(slice_of(range->bytes, 12), slice_of(MAPPED_PREFIX, 12));
    if (!is_mapped) return;
    address_range v4 = {.family_bytes = 4, .prefix_bits = (uint8_t)(range->prefix_bits - MAPPED_BITS)};
    memcpy(v4.bytes, range->bytes + 12, 4);
    *range = v4;
}

bool address_range_parse(slice text, address_range *out) {
    size_t slash = slice_find_byte(text, '/');
    address_range range;
    if (!read_address(slice_head(text, slash), &range)) return false;
    if (slash != SIZE_MAX && !read_prefix(slice_skip(text, slash + 1), &range)) return false;
    unmap(&range);
    *out = range;
    return true;
}

bool address_range_is_single(const address_range *range) { return range->prefix_bits == range->family_bytes * 8; }

bool address_range_contains(const address_range *outer, const address_range *inner) {
    if (outer->family_bytes != inner->family_bytes || outer->prefix_bits > inner->prefix_bits) return false;
    size_t whole = outer->prefix_bits / 8;
    if (!slice_equals(slice_of(outer->bytes, whole), slice_of(inner->bytes, whole))) return false;
    unsigned rest = outer->prefix_bits % 8;
    if (rest == 0) return true;
    return (uint8_t)(outer->bytes[whole] ^ inner->bytes[whole]) >> (8 - rest) == 0;
}

status address_place(slice text, arena *memory, slice *out) {
    char shown[INET6_ADDRSTRLEN];
    address_range range;
    bool is_one = address_range_parse(text, &range) && address_range_is_single(&range);
    if (!is_one) return arena_copy(memory, text, out);
    bool is_v4 = range.family_bytes == 4;
    if (!is_v4) memset(range.bytes + 8, 0, 8);
    ENSURE(inet_ntop(is_v4 ? AF_INET : AF_INET6, range.bytes, shown, sizeof shown) != NULL, INTERNAL);
    return arena_printf(memory, out, is_v4 ? "%s" : "%s/64", shown);
}
