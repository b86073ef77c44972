/* The cache: a hash table over a ring of entries. Eviction is CLOCK: entries used since the hand last passed get a
 * second chance, new ones start without, so one long scan does not push out what is hot. */
#include "store/cache.h"

#include <stdlib.h>

#include "base/table.h"

enum { TABLE_BYTES_PER_ENTRY = 96 }; /* a place in the table at half load, and its copy of the key has a malloc head */

typedef struct cache_entry {
    struct cache_entry *previous;
    struct cache_entry *next;
    cache_record record;
    size_t key_bytes;
    bool is_used;
    uint8_t bytes[]; /* key, value */
} cache_entry;

struct cache {
    table entries;
    cache_entry *hand; /* NULL when empty */
    size_t bytes;
    size_t most_bytes;
};

status cache_new(size_t most_bytes, cache **out) {
    cache *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    made->most_bytes = most_bytes;
    *out = made;
    return OK;
}

static slice entry_key(const cache_entry *e) { return slice_of(e->bytes, e->key_bytes); }

static size_t entry_size(size_t key_bytes, size_t value_bytes) {
    return sizeof(cache_entry) + 2 * key_bytes + value_bytes + TABLE_BYTES_PER_ENTRY;
}

static void ring_remove(cache *c, cache_entry *e) {
    if (e->next == e) {
        c->hand = NULL;
        return;
    }
    e->previous->next = e->next;
    e->next->previous = e->previous;
    if (c->hand == e) c->hand = e->next;
}

/* Just behind the hand: the last one it will come to. */
static void ring_insert(cache *c, cache_entry *e) {
    if (!c->hand) {
        e->previous = e->next = c->hand = e;
        return;
    }
    e->next = c->hand;
    e->previous = c->hand->previous;
    e->previous->next = e;
    e->next->previous = e;
}

static void entry_drop(cache *c, cache_entry *e) {
    table_remove(&c->entries, entry_key(e));
    ring_remove(c, e);
    c->bytes -= entry_size(e->key_bytes, e->record.value.len);
    free(e);
}

static void make_room(cache *c, size_t bytes) {
    while (c->hand && c->bytes + bytes > c->most_bytes) {
        cache_entry *e = c->hand;
        c->hand = e->next;
        if (e->is_used) e->is_used = false;
        else entry_drop(c, e);
    }
}

bool cache_get(cache *c, slice key, cache_record *out) {
    cache_entry *e = table_get(&c->entries, key);
    if (!e) return false;
    e->is_used = true;
    *out = e->record;
    return true;
}

static cache_entry *entry_new(slice key, const cache_record *record) {
    cache_entry *e = malloc(sizeof *e + key.len + record->value.len);
    if (!e) return NULL;
    *e = (cache_entry){.record = *record, .key_bytes = key.len};
    if (key.len) memcpy(e->bytes, key.at, key.len);
    if (record->value.len) memcpy(e->bytes + key.len, record->value.at, record->value.len);
    if (!slice_is_absent(record->value)) e->record.value.at = e->bytes + key.len;
    return e;
}

void cache_put(cache *c, slice key, const cache_record *record) {
    size_t bytes = entry_size(key.len, record->value.len);
    cache_entry *made = bytes <= c->most_bytes / 8 ? entry_new(key, record) : NULL;
    cache_entry *known = table_get(&c->entries, key);
    if (made && known) made->is_used = known->is_used;
    if (known) entry_drop(c, known); /* after the copy: the record may point into what is dropped */
    if (!made) return;
    make_room(c, bytes);
    if (FAILED(table_put(&c->entries, entry_key(made), made, NULL))) {
        free(made);
        return;
    }
    ring_insert(c, made);
    c->bytes += bytes;
}

void cache_drop(cache *c, slice key) {
    cache_entry *e = table_get(&c->entries, key);
    if (e) entry_drop(c, e);
}

void cache_drop_batch(cache *c, uint64_t batch) {
    size_t cursor = 0;
    void *each;
    while (table_next(&c->entries, &cursor, NULL, &each)) {
        cache_entry *e = each;
        if (e->record.batch == batch) entry_drop(c, e);
    }
}

size_t cache_bytes(const cache *c) { return c->bytes; }

void cache_free(cache *c) {
    if (!c) return;
    while (c->hand) entry_drop(c, c->hand);
    table_clear(&c->entries);
    free(c);
}
