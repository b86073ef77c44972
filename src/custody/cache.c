/* The cache of opened things: a table by blob, and a list in the order of last use. */
#include "custody/cache.h"

#include <stdlib.h>

/* What libcrypto keeps for a cipher, and what the table and the allocators add: measured, rounded up. */
enum { CIPHER_BYTES = 1536, PAIR_BYTES = 16 * 1024, ENTRY_BYTES = 512 };

static status opened_fill(opened *o, slice blob) {
    o->blob = malloc(blob.len);
    ENSURE(o->blob != NULL, OUT_OF_MEMORY);
    memcpy(o->blob, blob.at, blob.len);
    o->blob_bytes = blob.len;
    OWNED(arena) none = {0}; /* the header is flat: nothing of it lives in an arena */
    sealed outside;
    TRY(sealed_parse(slice_of(o->blob, o->blob_bytes), o->kind, &none, &outside));
    o->header = outside.header;
    return OK;
}

status opened_new(enum sealed_kind kind, slice blob, opened **out) {
    ENSURE(blob.len > 0, MALFORMED);
    opened *made = calloc(1, sizeof *made);
    ENSURE(made != NULL, OUT_OF_MEMORY);
    made->kind = kind;
    status filled = opened_fill(made, blob);
    if (FAILED(filled)) {
        opened_free(made);
        return filled;
    }
    *out = made;
    return OK;
}

void opened_free(opened *o) {
    if (o == NULL) return;
    xaes_free(o->cipher);
    asymmetric_free(o->pair);
    secret_clear(&o->value);
    free(o->blob);
    explicit_bzero(o, sizeof *o);
    free(o);
}

static slice blob_of(const opened *o) { return slice_of(o->blob, o->blob_bytes); }

/* The blob is there twice: here and as the table's key. */
static size_t bytes_of(const opened *o) {
    return 2 * o->blob_bytes + o->value.len + ENTRY_BYTES + (o->cipher ? CIPHER_BYTES : 0) + (o->pair ? PAIR_BYTES : 0);
}

static void list_remove(cache *c, opened *o) {
    *(o->newer ? &o->newer->older : &c->newest) = o->older;
    *(o->older ? &o->older->newer : &c->oldest) = o->newer;
    o->newer = o->older = NULL;
}

static void list_add(cache *c, opened *o) {
    o->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = o;
    c->newest = o;
}

void cache_begin(cache *c, size_t entries_max, size_t bytes_max) {
    *c = (cache){.entries_max = entries_max, .bytes_max = bytes_max};
}

opened *cache_find(cache *c, slice blob) {
    opened *found = blob.len ? table_get(&c->entries, blob) : NULL;
    if (found == NULL || found == c->newest) return found;
    list_remove(c, found);
    list_add(c, found);
    return found;
}

static void forget(cache *c, opened *o) {
    list_remove(c, o);
    c->bytes -= bytes_of(o);
    opened_free(o);
}

status cache_keep(cache *c, opened *o) {
    void *previous = NULL;
    TRY(table_put(&c->entries, blob_of(o), o, &previous));
    if (previous) forget(c, previous);
    list_add(c, o);
    c->bytes += bytes_of(o);
    return OK;
}

void cache_trim(cache *c) {
    while (c->oldest && (c->entries.count > c->entries_max || c->bytes > c->bytes_max)) {
        table_remove(&c->entries, blob_of(c->oldest));
        forget(c, c->oldest);
    }
}

void cache_forget(cache *c, slice blob) {
    opened *found = blob.len ? table_remove(&c->entries, blob) : NULL;
    if (found) forget(c, found);
}

void cache_clear(cache *c) {
    while (c->oldest) forget(c, c->oldest);
    table_clear(&c->entries);
}
