/* A ring of small hash tables, one a minute. */
#include "access/nonce.h"

#include <stdlib.h>

#include "base/table.h"

/* The window reaches over 31 minutes at most; one more so that two minutes in it never share a place. */
enum { MINUTE_S = 60, RING = 32, FIRST_CAPACITY = 64 };
_Static_assert(2 * NONCE_WINDOW_S / MINUTE_S + 1 < RING, "every minute of the window has its own place in the ring");

struct minute {
    int64_t number;    /* of the minute since 1970 */
    uint64_t *entries; /* 0: free */
    size_t count;
    size_t capacity; /* a power of two, or 0 */
};

struct nonces {
    size_t count; /* in all minutes */
    size_t max_entries;
    uint8_t key[NONCE_KEY_BYTES];
    struct minute ring[RING];
};

nonces *nonces_new(size_t max_entries) {
    nonces *n = calloc(1, sizeof *n);
    if (!n) return NULL;
    n->max_entries = max_entries;
    uint64_t drawn[2] = {table_hash(SLICE("nonces")), table_hash(SLICE("nonces, too"))};
    memcpy(n->key, drawn, sizeof n->key);
    return n;
}

static void forget(nonces *n, struct minute *m) {
    n->count -= m->count;
    free(m->entries);
    *m = (struct minute){0};
}

void nonces_free(nonces *n) {
    if (!n) return;
    for (size_t i = 0; i < RING; i++) forget(n, &n->ring[i]);
    free(n);
}

void nonces_use_key(nonces *n, const uint8_t key[NONCE_KEY_BYTES]) { memcpy(n->key, key, sizeof n->key); }

uint64_t nonces_hash(const nonces *n, slice access_key_id, slice nonce) {
    uint64_t both[2] = {table_hash_under(n->key, access_key_id), table_hash_under(n->key, nonce)};
    return table_hash_under(n->key, slice_of(both, sizeof both));
}

static int64_t minute_of(int64_t time_s) { return time_s / MINUTE_S; }

static size_t place_of(int64_t number) { return (size_t)number % RING; }

static uint64_t *find(const struct minute *m, uint64_t entry) {
    size_t i = entry & (m->capacity - 1);
    while (m->entries[i] != 0 && m->entries[i] != entry) i = (i + 1) & (m->capacity - 1);
    return &m->entries[i];
}

static bool holds(const struct minute *m, int64_t number, uint64_t entry) {
    return m->count > 0 && m->number == number && *find(m, entry) == entry;
}

/* 0 marks a free place, so it is stored as 1. */
static uint64_t as_entry(uint64_t hash) { return hash ? hash : 1; }

bool nonces_seen(const nonces *n, uint64_t hash, int64_t request_time_s) {
    if (request_time_s < 0) return false;
    int64_t number = minute_of(request_time_s);
    return holds(&n->ring[place_of(number)], number, as_entry(hash));
}

static status make_room(struct minute *m) {
    if ((m->count + 1) * 4 <= m->capacity * 3) return OK;
    struct minute grown = {.number = m->number, .count = m->count, .capacity = FIRST_CAPACITY};
    if (m->capacity) grown.capacity = m->capacity * 2;
    grown.entries = calloc(grown.capacity, sizeof *grown.entries);
    ENSURE(grown.entries != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < m->capacity; i++)
        if (m->entries[i]) *find(&grown, m->entries[i]) = m->entries[i];
    free(m->entries);
    *m = grown;
    return OK;
}

/* Minutes that ended before the window began can no longer be asked for. */
static void forget_past(nonces *n, int64_t now_s) {
    int64_t oldest = minute_of(now_s - NONCE_WINDOW_S);
    for (size_t i = 0; i < RING; i++)
        if (n->ring[i].capacity && n->ring[i].number < oldest) forget(n, &n->ring[i]);
}

/* Minutes beyond the window exist only after the clock was set back. They are kept, because their requests would be
 * accepted again later, until their room is needed. */
static void forget_future(nonces *n, int64_t now_s) {
    int64_t newest = minute_of(now_s + NONCE_WINDOW_S);
    for (size_t i = 0; i < RING; i++)
        if (n->ring[i].capacity && n->ring[i].number > newest) forget(n, &n->ring[i]);
}

status nonces_remember(nonces *n, uint64_t hash, int64_t request_time_s, int64_t now_s) {
    bool is_in_window =
        now_s > NONCE_WINDOW_S && request_time_s >= now_s - NONCE_WINDOW_S && request_time_s <= now_s + NONCE_WINDOW_S;
    ENSURE(is_in_window, REQUEST_EXPIRED);
    int64_t number = minute_of(request_time_s);
    struct minute *m = &n->ring[place_of(number)];
    forget_past(n, now_s);
    if (holds(m, number, as_entry(hash))) return FAIL(NONCE_USED);
    bool is_taken = m->capacity && m->number != number;
    if (is_taken || n->count >= n->max_entries) forget_future(n, now_s);
    ENSURE(n->count < n->max_entries, THROTTLED);
    m->number = number;
    TRY(make_room(m));
    *find(m, as_entry(hash)) = as_entry(hash);
    m->count++;
    n->count++;
    return OK;
}

size_t nonces_count(const nonces *n) { return n->count; }
