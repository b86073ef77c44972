/* One frame of the journal in bytes: encoding, decoding, and looking for the next one behind damage. No I/O.
 *
 *   u32 length       of what follows the checksum; 0 ends what was written of a segment
 *   u32 checksum     CRC-32C of what follows
 *   u64 sequence     gapless through all segments, from 1
 *   u64 batch        sequence of the first frame written and synced together with this one
 *   u8  kind
 *   u64 index        the entry's place in its account's tree
 *   u8  length, account          u8 length, request id          payload: the rest
 *
 * Integers are big-endian. */
#ifndef TRAIL_FRAME_H
#define TRAIL_FRAME_H

#include "base/buffer.h"

enum {
    FRAME_FIXED_BYTES = 8 + 8 + 1 + 8 + 1 + 1, /* counted by length, with empty texts */
    FRAME_PREFIX_BYTES = 4 + 4,
    FRAME_TEXT_BYTES_MOST = 255,
    FRAME_PAYLOAD_BYTES_MOST = 65535,
    FRAME_LENGTH_MOST = FRAME_FIXED_BYTES + 2 * FRAME_TEXT_BYTES_MOST + FRAME_PAYLOAD_BYTES_MOST,
};

typedef struct frame {
    uint64_t sequence;
    uint64_t batch;
    uint8_t kind; /* not 0 */
    uint64_t index;
    slice account;    /* at most 255 bytes */
    slice request_id; /* at most 255 bytes */
    slice payload;    /* at most 65535 bytes */
} frame;

/* Appends the frame. TOO_LARGE when a part is too long, or past the buffer's limit (out is then as before). */
status frame_encode(const frame *f, buffer *out);
/* Takes one whole, undamaged frame off *rest; its slices are borrowed. False, and nothing changed, otherwise. */
bool frame_take(slice *rest, frame *out);
/* Takes everything up to and including the next undamaged frame, at whatever offset, whose sequence is at least
 * `least`. False when there is none. */
bool frame_search(slice *rest, uint64_t least, frame *out);

#endif
