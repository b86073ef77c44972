/* Checksums by isa-l. */
#include "crypto/crc.h"

#include <isa-l/crc.h>
#include <isa-l/crc64.h>

enum { STEP_BYTES = 1 << 30 };

/* isa-l inverts before and after by itself here. */
uint64_t crc64_update(uint64_t crc, slice bytes) { return bytes.len ? crc64_ecma_refl(crc, bytes.at, bytes.len) : crc; }

/* … but not here; and it counts in int. */
uint32_t crc32c_update(uint32_t crc, slice bytes) {
    crc = ~crc;
    while (bytes.len) {
        slice step = slice_head(bytes, STEP_BYTES);
        crc = crc32_iscsi((unsigned char *)(uintptr_t)step.at, (int)step.len, crc);
        bytes = slice_skip(bytes, STEP_BYTES);
    }
    return ~crc;
}
