/* A ring of ids with an open-addressing index (linear probing, backward-shift removal). */
#include "trail/recent.h"

#include <stdlib.h>

#include "base/table.h"

enum { ID_BYTES_MOST = 255 };

static recent_id id_of(slice id) {
    uint8_t text[ID_BYTES_MOST + 1];
    size_t len = id.len < ID_BYTES_MOST ? id.len : ID_BYTES_MOST;
    if (len) memcpy(text, id.at, len);
    text[len] = 1; /* the second half hashes another text */
    return (recent_id){{table_hash(id), table_hash(slice_of(text, len + 1))}};
}

static bool same(const recent_id *a, const recent_id *b) {
    return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}

static uint32_t home_of(const recent_id *id) { return (uint32_t)(id->half[0] % RECENT_PLACES); }

/* The place that holds the id, or the free one where it would go. */
static uint32_t place_of(const recent *r, const recent_id *id) {
    uint32_t place = home_of(id);
    while (r->places[place] && !same(&r->ring[r->places[place] - 1], id)) place = (place + 1) % RECENT_PLACES;
    return place;
}

/* Frees a place and moves up those behind it that could not get their own. */
static void free_place(recent *r, uint32_t hole) {
    for (uint32_t next = (hole + 1) % RECENT_PLACES; r->places[next]; next = (next + 1) % RECENT_PLACES) {
        uint32_t home = home_of(&r->ring[r->places[next] - 1]);
        uint32_t from_home = (next - home) % RECENT_PLACES;
        uint32_t from_hole = (next - hole) % RECENT_PLACES;
        if (from_home < from_hole) continue;
        r->places[hole] = r->places[next];
        hole = next;
    }
    r->places[hole] = 0;
}

status recent_new(recent *out) {
    recent r = {.ring = calloc(RECENT_IDS, sizeof *r.ring), .places = calloc(RECENT_PLACES, sizeof *r.places)};
    if (!r.ring || !r.places) {
        recent_clear(&r);
        return FAIL(OUT_OF_MEMORY);
    }
    *out = r;
    return OK;
}

void recent_clear(recent *r) {
    free(r->ring);
    free(r->places);
    *r = (recent){0};
}

static void forget(recent *r, uint32_t slot) {
    uint32_t place = place_of(r, &r->ring[slot]);
    if (r->places[place] == slot + 1) free_place(r, place);
    r->ring[slot] = (recent_id){0};
}

void recent_add(recent *r, slice id) {
    uint32_t slot = (uint32_t)(r->added % RECENT_IDS);
    if (r->added >= RECENT_IDS) forget(r, slot);
    r->ring[slot] = id_of(id);
    r->places[place_of(r, &r->ring[slot])] = slot + 1;
    r->added++;
}

bool recent_find(const recent *r, slice id, uint64_t *number) {
    recent_id wanted = id_of(id);
    uint32_t slot = r->places[place_of(r, &wanted)];
    if (!slot) return false;
    uint64_t newest = r->added - 1;
    *number = newest - ((newest - (slot - 1)) % RECENT_IDS);
    return true;
}

void recent_take_back(recent *r, uint64_t added) {
    while (r->added > added) {
        r->added--;
        forget(r, (uint32_t)(r->added % RECENT_IDS));
    }
}
