/* The write-ahead journal: what is acknowledged lies here, durable, before it reaches a tree.
 *
 * The folder holds segments (system/append.h): files of fixed size, written full of zeros ahead. A segment is a header,
 * then frames (frame.h), then zeros:
 *
 *   "KHJRNL" 0x00 0x01 (8) || u64 number || u64 sequence of its first frame || u32 CRC-32C of these 24 || zero (4)
 *
 * All frames of one commit go into one segment in one write, followed by four zero bytes. A commit begins only after
 * the one before is on disk: so damage within the last commit of the journal can come from a crash and is cut off
 * (nothing of it was acknowledged), damage before it cannot and is CORRUPT.
 *
 * Use: journal_open, journal_read until the end, then journal_append and journal_commit. */
#ifndef TRAIL_JOURNAL_H
#define TRAIL_JOURNAL_H

#include "system/append.h"
#include "trail/frame.h"

enum {
    JOURNAL_EVENT = 1, /* kind: an entry of a tree */
    JOURNAL_HEADER_BYTES = 32,
    JOURNAL_BATCH_BYTES_MOST = 4 << 20,
    JOURNAL_SEGMENT_BYTES_LEAST = 256 << 10,
    JOURNAL_SEGMENTS_KEPT = 1, /* full segments kept though released: the request ids seen lately */
};

typedef struct journal_options {
    uint64_t segment_bytes; /* 0: APPEND_SEGMENT_BYTES; at least JOURNAL_SEGMENT_BYTES_LEAST */
    bool is_durable;        /* false: commits are not synced (throw-away instances) */
} journal_options;

/* A place in the journal. bytes 0: there is none. */
typedef struct journal_place {
    uint64_t segment;
    uint64_t offset;
    uint64_t bytes;
} journal_place;

typedef struct journal_segment {
    uint64_t number;
    uint64_t first; /* sequence of its first frame */
} journal_segment;

typedef struct journal {
    int dir_fd;
    journal_options options;
    append active;
    append_preparation next;
    journal_segment *segments; /* oldest first; the last one is active */
    size_t segment_count;
    size_t segment_room;
    buffer pending;        /* frames since the last commit */
    buffer committed;      /* frames of the last commit */
    uint64_t sequence;     /* the next frame's */
    uint64_t batch;        /* the first pending frame's */
    bool must_switch;      /* a sync failed: the active segment must not be written any more */
    bool is_ready;         /* read to the end: may be appended to */
    size_t reading;        /* index of the segment being read */
    buffer content;        /* of that segment */
    size_t offset;         /* in it */
    uint64_t last_batch;   /* of the frame read last */
    uint64_t limit;        /* first sequence of the segment behind: frames from there on were written again */
    journal_place torn;    /* what reading cut off */
    journal_place corrupt; /* where reading failed with CORRUPT */
} journal;

typedef struct journal_entry {
    uint64_t sequence; /* set by reading and by journal_append */
    uint8_t kind;
    uint64_t index;
    slice account;
    slice request_id;
    slice payload;
} journal_entry;

/* Opens the journal in a folder (which stays the caller's). INVALID_PARAMETER: options. CORRUPT: one is missing. */
status journal_open(int dir_fd, const journal_options *options, journal *out);
void journal_clear(journal *j);

/* The next entry; its slices are valid until the next call. *is_end: there are no more, and the journal is ready to be
 * appended to (j->torn then says whether something was cut off). CORRUPT: j->corrupt says where, nothing was changed. */
status journal_read(journal *j, journal_entry *out, bool *is_end);

/* Buffers one entry and sets its sequence. TOO_LARGE: a part is too long. CONFLICT: the batch is full, commit first. */
status journal_append(journal *j, journal_entry *entry);
/* Writes and syncs what was appended. On failure (DISK_FULL, READ_ONLY, IO) nothing of it counts as written; it stays
 * buffered and the next call tries again. Also prepares the next segment, a step at a time. */
status journal_commit(journal *j);
/* The frames of the last commit that worked (frame_take eats them); valid until the next one. */
slice journal_committed(const journal *j);
/* Forgets what was appended since the last commit that worked. */
void journal_abandon(journal *j);
/* Everything up to this sequence is durable elsewhere: removes segments that hold nothing else, but for the newest
 * JOURNAL_SEGMENTS_KEPT. */
status journal_release(journal *j, uint64_t through);

/* Header bytes of a segment; false when they are not a header. For journal files only. */
void journal_header_encode(const journal_segment *segment, uint8_t out[JOURNAL_HEADER_BYTES]);
bool journal_header_decode(slice bytes, journal_segment *out);
/* Adds to the list of segments. */
status journal_segments_push(journal *j, const journal_segment *segment);
/* What is durable anyway does not need the page cache. */
void journal_go_direct(journal *j);
/* Opens a segment for the next batch unless the active one has room. */
status journal_need_segment(journal *j);

#endif
