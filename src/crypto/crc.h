/* Checksums against accidents (never against intent): CRC-64/XZ, as OSS uses it, and CRC-32C (RFC 3720 §12.1). */
#ifndef CRYPTO_CRC_H
#define CRYPTO_CRC_H

#include "base/slice.h"

/* Start with 0 and feed pieces in order: the value after each piece is the checksum of all so far. */
uint64_t crc64_update(uint64_t crc, slice bytes);
uint32_t crc32c_update(uint32_t crc, slice bytes);

#endif
