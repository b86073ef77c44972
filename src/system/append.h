/* Segment files for a journal: written full of zeros ahead, so that each commit is one write and one fdatasync that
 * changes no metadata (half the time of a growing file). Bytes only: what a record is, and where the last one ends, is
 * the caller's.
 *
 * A segment is a file "NUMBER.seg" (20 decimal digits) of fixed size in the journal's folder. It appears under that
 * name only when all its zeros are on disk. Failures as in system/files.h. */
#ifndef SYSTEM_APPEND_H
#define SYSTEM_APPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "system/direct.h"

enum { APPEND_SEGMENT_BYTES = 16 << 20, APPEND_PREPARE_STEP_BYTES = 256 << 10 };

typedef struct append {
    int fd; /* 0 (as in a zeroed struct) or -1: none */
    uint64_t number;
    uint64_t bytes;    /* size of the segment */
    uint64_t position; /* where the next write goes */
    direct direct;     /* in use after append_go_direct */
} append;

/* Makes segment `number` at once (0 bytes means APPEND_SEGMENT_BYTES); durable, position 0. EXISTS. Takes tens of
 * milliseconds: see append_prepare for doing it in steps. */
status append_create(int dir_fd, uint64_t number, uint64_t bytes, append *out);
/* Opens an existing one for reading and further writing; position 0 until append_seek. NOT_FOUND. */
status append_open(int dir_fd, uint64_t number, append *out);
/* Closes; nothing is synced. */
void append_clear(append *a);

/* From now on writes go past the page cache (system/direct.h): whole blocks, with zeros behind what was written. When this
 * fails (UNSUPPORTED, OUT_OF_MEMORY or as in system/files.h) all stays as it was, and works. A write that fails this way is
 * tried again through the page cache, as all later ones are. */
status append_go_direct(int dir_fd, append *a);

/* After reading back: the next write goes here. TOO_LARGE beyond the segment. */
status append_seek(append *a, uint64_t position);
/* Bytes that still fit. */
uint64_t append_room(const append *a);
/* Writes the parts end to end at the position (one pwritev up to 1024 parts) and moves it on. TOO_LARGE when they do
 * not fit; on failure the position stays, and what lies behind it is unknown. */
status append_write(append *a, const slice *parts, size_t count);
/* Durable. After a failure do not go on with this segment: the kernel may have dropped what it could not write. */
status append_sync(append *a);
/* Reads up to `bytes` at the offset; *got is less only at the segment's end. */
status append_read(const append *a, uint64_t offset, void *into, size_t bytes, size_t *got);

/* Numbers of the segments in the folder, ascending; the list lives in the arena. Other files are passed over. */
status append_list(int dir_fd, arena *a, uint64_t **numbers, size_t *count);
/* Removes a segment, durably. NOT_FOUND. */
status append_remove(int dir_fd, uint64_t number);

/* The next segment, made in small steps between other work. */
typedef struct append_preparation {
    append segment;
    int dir_fd;
    bool begun;
    bool ready;
} append_preparation;
/* 0 bytes means APPEND_SEGMENT_BYTES. Leftovers of an unfinished preparation are overwritten. EXISTS. */
status append_prepare(int dir_fd, uint64_t number, uint64_t bytes, append_preparation *out);
/* Writes the next APPEND_PREPARE_STEP_BYTES zeros; the step after the last one makes the segment durable and ready
 * (most of it is on disk by then). Does nothing when ready. */
status append_prepare_step(append_preparation *p);
/* Does the remaining steps if there are any, and gives the segment to the caller. */
status append_prepared_take(append_preparation *p, append *out);
/* Gives up: an unfinished file is removed. */
void append_preparation_clear(append_preparation *p);

#endif
