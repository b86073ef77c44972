/* A run: the counted uses of a full subtree of entries, in a file that is written once. It can always be made again from
 * the entries, so nothing is synced; whatever of it is not as it was written is found by its checksums.
 *
 *   blocks    lines (usage_row.h) in order, about 16 KiB each
 *   index     for each block: u64 offset || u32 bytes || u32 CRC-32C || key id and hour of its first line (20)
 *   footer    "KHUSAGE" 0x01 || u64 first entry || u64 entries || hash of that subtree (32) || u64 lines
 *             || u64 offset of the index || u32 blocks || u32 CRC-32C of the index || u32 CRC-32C of the footer till here */
#ifndef TRAIL_USAGE_RUN_H
#define TRAIL_USAGE_RUN_H

#include "base/buffer.h"
#include "trail/merkle.h"
#include "trail/usage_row.h"

enum { USAGE_FOOTER_BYTES = 84, USAGE_BLOCK_BYTES = 16 << 10, USAGE_INDEX_BYTES = 16 + USAGE_START_BYTES };

/* Which entries a run counts. */
typedef struct usage_range {
    uint64_t first, count;
    merkle_hash hash;
} usage_range;

typedef struct usage_writer {
    int fd;
    uint64_t offset, rows;
    buffer block, index;
    uint8_t start[USAGE_START_BYTES]; /* of the block's first line */
} usage_writer;

/* Into an empty open file, which stays the caller's. Lines come in order. */
status usage_writer_put(usage_writer *w, const usage_row *row);
status usage_writer_end(usage_writer *w, const usage_range *range);
void usage_writer_clear(usage_writer *w);

typedef struct usage_reader {
    int fd; /* -1: none */
    usage_range range;
    uint64_t rows;
    buffer index, block;
    uint32_t blocks, next_block;
    slice rest;    /* of the block */
    usage_row row; /* the line it stands at */
    bool is_end;   /* it stands behind the last one */
} usage_reader;

/* Takes the file over, also when it fails. CORRUPT when it is no run as it was written. */
status usage_reader_open(int fd, usage_reader *out);
/* To the first line not before `order`, of which only the key id and the hour need be there. CORRUPT. */
status usage_reader_seek(usage_reader *r, slice order);
status usage_reader_next(usage_reader *r);
void usage_reader_clear(usage_reader *r);

#endif
