/* IP addresses and ranges of them (RFC 4632 and RFC 4291 §2.3 prefixes). */
#ifndef ACCESS_ADDRESS_H
#define ACCESS_ADDRESS_H

#include "base/arena.h"
#include "base/slice.h"

typedef struct address_range {
    uint8_t bytes[16];    /* IPv4: the first four */
    uint8_t family_bytes; /* 4 or 16 */
    uint8_t prefix_bits;  /* how many leading bits count: 32 or 128 for a single address */
} address_range;

/* "10.1.0.0/16", "2001:db8::/32", or an address alone. Bits after the prefix are ignored. IPv4 addresses mapped into
 * IPv6 (::ffff:10.1.2.3, RFC 4291 §2.5.5.2) are read as IPv4, so that no rule can be passed by the other spelling.
 * False, and nothing written, on anything else. */
bool address_range_parse(slice text, address_range *out);

/* Is this one address: does its prefix cover every bit? */
bool address_range_is_single(const address_range *range);

/* Is every address of `inner` in `outer`? Ranges of different families never contain each other. */
bool address_range_contains(const address_range *outer, const address_range *inner);

/* What counts as one place when somebody is counted: an IPv4 address alone, of IPv6 the /64 ("2001:db8:1:2::/64"), because whoever has one address
 * of it has them all (RFC 4291 §2.5.1). Anything else stands for itself. */
status address_place(slice text, arena *memory, slice *out);

#endif
