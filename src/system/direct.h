/* Writing past the page cache: whole blocks go straight from memory to the disk, which takes half the processor's time
 * of writing and then syncing pages. Only for what is written once, in order, and not read soon. */
#ifndef SYSTEM_DIRECT_H
#define SYSTEM_DIRECT_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum { DIRECT_BLOCK_BYTES = 4096 };

typedef struct direct {
    int fd;           /* 0 (as in a zeroed struct): none */
    uint8_t *blocks;  /* what is being written; then the block that the next write begins in */
    size_t capacity;  /* bytes */
    uint64_t held_at; /* offset of the block held, UINT64_MAX: none */
} direct;

/* An existing file beneath the folder, whose size is a multiple of DIRECT_BLOCK_BYTES and stays so. UNSUPPORTED where the
 * file system cannot; the failures of system/files.h. */
status direct_open(int dir_fd, const char *name, direct *out);
void direct_clear(direct *d);

/* Writes the parts end to end at the offset, and zeros behind them up to the end of their last block. What lies before the
 * offset stays. Durable only after files_sync_data, as ever. */
status direct_write(direct *d, uint64_t offset, const slice *parts, size_t count);

#endif
