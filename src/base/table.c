/* Open addressing with linear probing; grows at 3/4. */
#include "base/table.h"

#include <stdlib.h>

struct table_entry {
    uint64_t hash;
    uint8_t *key; /* NULL: never used; &tombstone: removed */
    size_t key_len;
    void *value;
};

static uint8_t tombstone; /* only its address matters (house_rules: globals) */
static uint64_t hash_key[2] = {0x736f6d6570736575ULL, 0x646f72616e646f6dULL};

void table_seed(const uint8_t seed[16]) { memcpy(hash_key, seed, 16); }

static inline uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

/* Called in many places, and inlining it halves the time of all. */
__attribute__((always_inline)) static inline void sip_round(uint64_t v[4]) {
    v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
    v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

static inline uint64_t hash_under(const uint64_t k[2], slice key) {
    uint64_t v[4] = {k[0] ^ 0x736f6d6570736575ULL, k[1] ^ 0x646f72616e646f6dULL, k[0] ^ 0x6c7967656e657261ULL,
                     k[1] ^ 0x7465646279746573ULL};
    size_t at = 0;
    for (; at + 8 <= key.len; at += 8) {
        uint64_t word;
        memcpy(&word, key.at + at, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)key.len << 56;
    for (size_t i = 0; at + i < key.len; i++) last |= (uint64_t)key.at[at + i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t table_hash(slice key) { return hash_under(hash_key, key); }

uint64_t table_hash_under(const uint8_t seed[16], slice key) {
    uint64_t k[2];
    memcpy(k, seed, sizeof k);
    return hash_under(k, key);
}

static bool is_live(const struct table_entry *e) { return e->key != NULL && e->key != &tombstone; }

static bool holds(const struct table_entry *e, uint64_t hash, slice key) {
    return is_live(e) && e->hash == hash && slice_equals(slice_of(e->key, e->key_len), key);
}

static struct table_entry *find(const table *t, uint64_t hash, slice key) {
    if (t->capacity == 0) return NULL;
    for (size_t i = hash & (t->capacity - 1);; i = (i + 1) & (t->capacity - 1)) {
        struct table_entry *e = &t->entries[i];
        if (e->key == NULL) return NULL;
        if (holds(e, hash, key)) return e;
    }
}

static struct table_entry *free_place(struct table_entry *entries, size_t capacity, uint64_t hash) {
    size_t i = hash & (capacity - 1);
    while (is_live(&entries[i])) i = (i + 1) & (capacity - 1);
    return &entries[i];
}

static status grow(table *t) {
    if ((t->used + 1) * 4 <= t->capacity * 3) return OK;
    size_t capacity = t->capacity ? t->capacity : 16;
    while ((t->count + 1) * 2 > capacity) capacity *= 2;
    struct table_entry *entries = calloc(capacity, sizeof *entries);
    ENSURE(entries != NULL, OUT_OF_MEMORY);
    for (size_t i = 0; i < t->capacity; i++)
        if (is_live(&t->entries[i])) *free_place(entries, capacity, t->entries[i].hash) = t->entries[i];
    free(t->entries);
    *t = (table){entries, t->count, t->count, capacity};
    return OK;
}

void *table_get(const table *t, slice key) {
    struct table_entry *e = find(t, table_hash(key), key);
    return e ? e->value : NULL;
}

status table_put(table *t, slice key, void *value, void **previous) {
    uint64_t hash = table_hash(key);
    struct table_entry *e = find(t, hash, key);
    if (previous) *previous = e ? e->value : NULL;
    if (e) {
        e->value = value;
        return OK;
    }
    TRY(grow(t));
    uint8_t *copy = malloc(key.len ? key.len : 1);
    ENSURE(copy != NULL, OUT_OF_MEMORY);
    if (key.len) memcpy(copy, key.at, key.len);
    e = free_place(t->entries, t->capacity, hash);
    if (e->key == NULL) t->used++;
    *e = (struct table_entry){hash, copy, key.len, value};
    t->count++;
    return OK;
}

void *table_remove(table *t, slice key) {
    struct table_entry *e = find(t, table_hash(key), key);
    if (!e) return NULL;
    void *value = e->value;
    free(e->key);
    *e = (struct table_entry){.key = &tombstone};
    t->count--;
    return value;
}

bool table_next(const table *t, size_t *cursor, slice *key, void **value) {
    while (*cursor < t->capacity) {
        const struct table_entry *e = &t->entries[(*cursor)++];
        if (!is_live(e)) continue;
        if (key) *key = slice_of(e->key, e->key_len);
        if (value) *value = e->value;
        return true;
    }
    return false;
}

void table_clear(table *t) {
    for (size_t i = 0; i < t->capacity; i++)
        if (is_live(&t->entries[i])) free(t->entries[i].key);
    free(t->entries);
    *t = (table){0};
}
