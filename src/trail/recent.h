/* The request ids seen lately, so that an event sent again is not recorded twice. Fixed size: the newest push out the
 * oldest. */
#ifndef TRAIL_RECENT_H
#define TRAIL_RECENT_H

#include "base/slice.h"
#include "base/status.h"

enum { RECENT_IDS = 65536, RECENT_PLACES = 2 * RECENT_IDS };

/* 128 bits of a keyed hash stand for an id. */
typedef struct recent_id {
    uint64_t half[2];
} recent_id;

typedef struct recent {
    recent_id *ring;  /* RECENT_IDS of them, NULL before recent_new */
    uint32_t *places; /* hash table: 1 + ring index, 0 is free */
    uint64_t added;   /* ids ever added; the newest is number added - 1 */
} recent;

/* 1.5 MiB. OUT_OF_MEMORY. The process should have called table_seed before. */
status recent_new(recent *out);
void recent_clear(recent *r);

/* Adds an id of at most 255 bytes that is not there. */
void recent_add(recent *r, slice id);
/* The number it was added under; false when it is not among the newest RECENT_IDS. */
bool recent_find(const recent *r, slice id, uint64_t *number);
/* Forgets the newest ids down to `added`. */
void recent_take_back(recent *r, uint64_t added);

#endif
