/* The ledger of key uses of one account: what the trail's entries say of uses, counted by key, version, operation, caller
 * and hour. It is computed from the entries and nothing else, and can be thrown away at any time.
 *
 * Full subtrees of 1024 entries are counted into runs (usage_run.h); sixteen runs side by side of a size become one. A
 * question reads the runs and counts the entries behind the last one, so that what it answers is what the tree holds.
 * Files: <account>/usage/<level>-<index>; each names the hash of the subtree it counts, and one that is not this
 * tree's is removed and made again. Memory: a few bytes per run. */
#ifndef TRAIL_USAGE_H
#define TRAIL_USAGE_H

#include "trail/tree.h"
#include "trail/usage_row.h"

enum {
    USAGE_LEAF_HEIGHT = 10, /* a run of level 0 counts 1024 entries */
    USAGE_FAN_HEIGHT = 4,   /* and one of the next level 16 times as many */
    USAGE_LEVELS = 12,
};

typedef struct usage_place {
    unsigned level;
    uint64_t index; /* it counts the entries from index * 2^(10 + 4 * level) on */
} usage_place;

struct usage_merge;

typedef struct usage {
    bool is_open;
    usage_place *runs; /* in the order of the entries, without gaps */
    size_t count, room;
    uint64_t counted; /* entries in runs */
    struct usage_merge *merging;
} usage;

/* Goes on with what there is to do, for about `budget_ms`: opens the folder, makes runs, joins them. *is_done: nothing is
 * left. The tree must be the same each time. */
status usage_work(usage *u, const tree *t, int budget_ms, bool *is_done);
void usage_clear(usage *u);

typedef struct usage_query {
    slice key_id;                /* 16 bytes */
    uint32_t from_hour, to_hour; /* inclusive; both 0: over all time */
    slice after;                 /* go on behind this order; absent: from the start */
    size_t limit;
} usage_query;

typedef struct usage_answer {
    usage_row *rows; /* in the arena */
    size_t count;
    bool has_more;
} usage_answer;

/* CONFLICT: usage_work has so much left to do that it must be called first. */
status usage_find(usage *u, const tree *t, const usage_query *query, arena *memory, usage_answer *out);

/* usage_merge.c, for usage.c alone: joining runs. */
status usage_merge_begin(const tree *t, const usage_place *first, struct usage_merge **out);
status usage_merge_step(struct usage_merge *m, bool *is_done); /* then the run lies under its name */
void usage_merge_free(struct usage_merge *m);

/* usage_files.c: names and files of runs. */
struct usage_reader;
uint64_t usage_place_first(const usage_place *place);
uint64_t usage_place_entries(const usage_place *place);
status usage_open_run(const tree *t, const usage_place *place, struct usage_reader *out);
status usage_create_run(const tree *t, const usage_place *place, int *fd); /* under a name beside its own */
status usage_keep_run(const tree *t, const usage_place *place);            /* gives it its own */
void usage_remove_run(const tree *t, const usage_place *place);
status usage_place_hash(const tree *t, const usage_place *place, merkle_hash *out);
status usage_list_runs(const tree *t, arena *memory, usage_place **out, size_t *count);

#endif
