/* Finding events in an account's entries, as ActionTrail's LookupEvents does: by exact values and by time. */
#ifndef TRAIL_LOOKUP_H
#define TRAIL_LOOKUP_H

#include "base/arena.h"
#include "trail/tree.h"

enum {
    LOOKUP_LIMIT_MOST = 50,
    LOOKUP_SCAN_MOST = 20000,      /* entries per call when the caller names no number */
    LOOKUP_TIME_SLACK_S = 15 * 60, /* entries stand in order of recording: eventTime may be this much out of order */
};

enum lookup_key {
    LOOKUP_EVENT_NAME,
    LOOKUP_USER_NAME,
    LOOKUP_RESOURCE_NAME, /* any of those divided by ';' or ',' */
    LOOKUP_RESOURCE_TYPE, /* likewise */
    LOOKUP_EVENT_ID,
    LOOKUP_SERVICE_NAME,
    LOOKUP_EVENT_RW,
    LOOKUP_EVENT_TYPE,
    LOOKUP_ACCESS_KEY_ID,
    LOOKUP_SOURCE_IP,
    LOOKUP_REQUEST_ID,
    LOOKUP_KEYS
};

typedef struct lookup_query {
    slice value[LOOKUP_KEYS]; /* absent: any. All that are given must match, byte for byte */
    int64_t from_s;           /* both inclusive */
    int64_t to_s;
    bool is_forward;    /* oldest first; otherwise newest first */
    bool has_start;     /* go on where an earlier call stopped */
    uint64_t start;     /* its `next` */
    unsigned limit;     /* events, 1 to LOOKUP_LIMIT_MOST */
    size_t bytes_most;  /* of all events together; 0: no limit. The first event is given whatever its size */
    uint64_t scan_most; /* entries looked at in this call; 0: LOOKUP_SCAN_MOST */
} lookup_query;

typedef struct lookup_event {
    uint64_t index;
    slice json; /* the entry, in the arena */
} lookup_event;

typedef struct lookup_result {
    lookup_event *events;
    size_t count;
    bool has_next; /* the range was not looked through to its end: call again with start = next */
    uint64_t next;
} lookup_result;

/* Fewer events than `limit` with has_next set is usual: the scan is bounded. Sees entries that are not flushed yet.
 * Entries that are not JSON objects are passed over. INVALID_PARAMETER: limit, or from_s > to_s; CORRUPT;
 * OUT_OF_MEMORY. */
status lookup_events(const tree *t, const lookup_query *query, arena *memory, lookup_result *out);

/* Entries one after the other, the newest first. */
typedef struct lookup_walk {
    int64_t from_s; /* those far before it are left out; what is near is for `visit` to tell */
    bool has_start; /* go on where an earlier call stopped */
    uint64_t start;
    uint64_t glances_most; /* 0: LOOKUP_SCAN_MOST */
    /* Adds to *glances what it took beyond the one. A failure ends the walk. */
    status (*visit)(void *context, slice entry, uint64_t *glances);
    void *context;
} lookup_walk;
/* *has_next: not to the end; the next call starts at *next. CORRUPT; failures of `visit`. */
status lookup_walk_entries(const tree *t, const lookup_walk *walk, bool *has_next, uint64_t *next);

/* The newest entry with that value among the newest `scan_most` ones (0: all). EVENT_NOT_FOUND. */
status lookup_find(const tree *t, enum lookup_key key, slice value, uint64_t scan_most, arena *memory,
                   lookup_event *out);
/* One entry. EVENT_NOT_FOUND beyond the end; CORRUPT. */
status lookup_entry(const tree *t, uint64_t index, arena *memory, slice *out);

#endif
