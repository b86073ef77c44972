/* Lines of the ledger of key uses: how often a key was used in one hour, by whom and for what, and when last. One line
 * more, with the hour 0, holds the same over all time.
 *
 * Lines are ordered by the bytes of their `order`, which is also their whole identity:
 *
 *   key id (16) || u32 hour since 1970, or 0 || key version id (16) || five texts, each u16 length and bytes: name of the
 *   operation, the vault's name of the use, the caller's type, id and name, as they stand in the event's JSON */
#ifndef TRAIL_USAGE_ROW_H
#define TRAIL_USAGE_ROW_H

#include "base/arena.h"
#include "base/table.h"

enum {
    USAGE_ID_BYTES = 16,
    USAGE_HOUR_S = 3600,
    USAGE_START_BYTES = USAGE_ID_BYTES + 4,
    USAGE_ORDER_BYTES_MOST = 8192
};

typedef struct usage_row {
    slice order;
    uint64_t count;
    int64_t last_s;      /* eventTime of the last one */
    uint64_t last_index; /* and that event's place in the tree */
} usage_row;

typedef struct usage_parts {
    slice key_id, key_version_id;
    uint32_t hour;
    slice operation, use;
    slice caller_type, caller_id, caller_name; /* absent when the event has none */
} usage_parts;
/* False when the order is none. */
bool usage_row_parts(const usage_row *row, usage_parts *out);
/* Counts `more` into `row`: the same line seen twice. */
void usage_row_add(usage_row *row, const usage_row *more);

/* u16 length and order, u64 count, i64 last_s, u64 last_index. */
status usage_row_write(const usage_row *row, buffer *out);
/* False at the end, or when what is left is no whole line (*rest is then not empty). */
bool usage_row_take(slice *rest, usage_row *out);

/* Lines being counted. */
typedef struct usage_tally {
    table rows; /* order → usage_row */
    arena memory;
} usage_tally;

/* Counts the uses an entry tells of: its keyUse. An entry that is no event, or tells of none, counts nothing. */
status usage_tally_entry(usage_tally *t, slice entry, uint64_t index);
/* All lines in order; they live as long as the tally. */
status usage_tally_rows(usage_tally *t, usage_row **rows, size_t *count);
void usage_tally_clear(usage_tally *t);

#endif
